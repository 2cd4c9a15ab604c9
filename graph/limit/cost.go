package limit

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/internal/fault"
)

// Defaults of Cost.
const (
	DefaultMaximum = 20_000
	DefaultPage    = 20
	MaxPage        = 100

	listSize     = 10 // what an unpaged list is taken to hold
	mutationCost = 10 // what a root field of a mutation costs before its selections
)

// Budget takes what an operation costs from what its caller may still spend.
type Budget interface {
	// Spend returns what is left, nil where nothing is counted, and the error that the caller is told when it
	// is too little; *fault.Error with RateLimited, usually.
	Spend(ctx context.Context, cost int) (remaining *int, err error)
}

// Cost prices an operation by the objects it can return, before it runs, and refuses one that is too
// costly or that its caller cannot pay.
//
// An object costs 1, a leaf nothing; connections, edges and page infos are only the paper around objects.
// A field with "first" or "last" multiplies what is below it by that number, a list without them by 10, or
// by the length of the longest list among its arguments, as in nodes(ids: […]), and the lists inside a
// connection by nothing more. The directive @cost(weight: Int!), where the schema
// declares it, sets what one object of a field costs, and @listSize(assumedSize: Int!) what its list is
// taken to hold; both after IBM's GraphQL cost directives specification.
//
// "first" and "last" outside 0 to MaxPage are refused, with the field named as a violation.
//
// The budget pays for each event of a subscription what the operation was priced at: see tab.
//
// Each answer to a query or a mutation says extensions.cost {requested, maximum}, and {remaining} where a
// budget counts.
type Cost struct {
	// Maximum is what one operation may cost; DefaultMaximum when zero.
	Maximum int
	// Budget may be nil: then operations are limited one by one only.
	Budget Budget
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
	graphql.ResponseInterceptor
} = Cost{}

const costExtension = "cost"

// Price is what extensions.cost tells.
type Price struct {
	Requested int `json:"requested"`
	Maximum   int `json:"maximum"`
	// Remaining is what the caller may spend at once after this; nil when nobody counts, and before Budget was asked.
	Remaining *int `json:"remaining,omitempty"`
}

// ExtensionName implements graphql.HandlerExtension.
func (Cost) ExtensionName() string { return "Cost" }

// Validate implements graphql.HandlerExtension.
func (Cost) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (c Cost) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	p := pricer{variables: operation.Variables, known: map[string]int{}}
	price := Price{Requested: p.operation(operation.Operation), Maximum: cmp.Or(c.Maximum, DefaultMaximum)}
	operation.Stats.SetExtension(costExtension, price)
	if err := p.violations.Err(); err != nil {
		return because(err)
	}
	if price.Requested > price.Maximum {
		return refuse(CodeTooCostly, "The operation costs %d; at most %d is allowed. Ask for less at a time.",
			price.Requested, price.Maximum)
	}
	if c.Budget == nil {
		return nil
	}
	remaining, err := c.Budget.Spend(ctx, price.Requested)
	price.Remaining = remaining
	operation.Stats.SetExtension(costExtension, price)
	if err != nil {
		return because(err)
	}
	if operation.Operation.Operation == ast.Subscription {
		operation.Stats.SetExtension(tabExtension, newTab(price))
	}
	return nil
}

// InterceptResponse implements graphql.ResponseInterceptor.
func (c Cost) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if isSubscription(ctx) {
		c.settle(ctx)
		return next(ctx)
	}
	if price, known := PriceOf(ctx); known {
		graphql.RegisterExtension(ctx, costExtension, price)
	}
	return next(ctx)
}

// PriceOf returns what the operation of the context was priced at, and false before that.
func PriceOf(ctx context.Context) (Price, bool) {
	if !graphql.HasOperationContext(ctx) {
		return Price{}, false
	}
	price, known := graphql.GetOperationContext(ctx).Stats.GetExtension(costExtension).(Price)
	return price, known
}

func isSubscription(ctx context.Context) bool {
	operation := graphql.GetOperationContext(ctx).Operation
	return operation != nil && operation.Operation == ast.Subscription
}

// pricer prices selections; each fragment once.
type pricer struct {
	variables  map[string]any
	known      map[string]int
	violations fault.Collector
}

func multiply(a, b int) int {
	if a > 0 && b > plenty/a {
		return plenty
	}
	return a * b
}

func (p *pricer) operation(operation *ast.OperationDefinition) int {
	total := p.selections(operation.SelectionSet)
	if operation.Operation == ast.Mutation {
		eachRootField(operation, func(*ast.Field) { total = add(total, mutationCost) })
	}
	return max(total, 1)
}

func (p *pricer) selections(set ast.SelectionSet) int {
	total := 0
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			total = add(total, p.field(selection))
		case *ast.InlineFragment:
			total = add(total, p.selections(selection.SelectionSet))
		case *ast.FragmentSpread:
			total = add(total, p.fragment(selection))
		}
	}
	return total
}

func (p *pricer) fragment(spread *ast.FragmentSpread) int {
	if price, ok := p.known[spread.Name]; ok {
		return price
	}
	price := 0
	if spread.Definition != nil {
		price = p.selections(spread.Definition.SelectionSet)
	}
	p.known[spread.Name] = price
	return price
}

// field prices one field. What the schema says of itself is not priced: Shape bounds it.
func (p *pricer) field(field *ast.Field) int {
	if isIntrospection(field) || field.Definition == nil {
		return 0
	}
	return multiply(p.count(field), add(weight(field), p.selections(field.SelectionSet)))
}

// weight is what one object of the field costs.
func weight(field *ast.Field) int {
	if declared, ok := declaredInt(field.Definition, "cost", "weight"); ok {
		return declared
	}
	typeName := field.Definition.Type.Name()
	if len(field.SelectionSet) == 0 || strings.HasSuffix(typeName, "Connection") ||
		strings.HasSuffix(typeName, "Edge") || typeName == "PageInfo" {
		return 0
	}
	return 1
}

// count is how many objects the field is taken to return.
func (p *pricer) count(field *ast.Field) int {
	if count, paged := p.page(field); paged {
		return count
	}
	if assumed, ok := declaredInt(field.Definition, "listSize", "assumedSize"); ok {
		return assumed
	}
	inConnection := field.ObjectDefinition != nil && strings.HasSuffix(field.ObjectDefinition.Name, "Connection")
	if field.Definition.Type.Elem == nil || inConnection {
		return 1
	}
	return max(listSize, p.longestList(field))
}

// longestList is the length of the longest list that the field is given as an argument.
func (p *pricer) longestList(field *ast.Field) int {
	longest := 0
	for _, argument := range field.Arguments {
		given, err := argument.Value.Value(p.variables)
		if list, ok := given.([]any); ok && err == nil {
			longest = max(longest, len(list))
		}
	}
	return longest
}

// page reads "first" and "last" of a field that has them: the larger of those given, else the default.
func (p *pricer) page(field *ast.Field) (count int, paged bool) {
	for _, name := range []string{"first", "last"} {
		definition := field.Definition.Arguments.ForName(name)
		if definition == nil || definition.Type.Name() != "Int" {
			continue
		}
		paged = true
		asked, given := p.argument(field, definition)
		if !given {
			continue
		}
		p.violations.Check(asked >= 0 && asked <= MaxPage, field.Name+"."+name,
			fmt.Sprintf("Ask for 0 to %d items at a time.", MaxPage))
		count = max(count, min(max(asked, 1), MaxPage))
	}
	if paged && count == 0 {
		count = DefaultPage
	}
	return count, paged
}

// argument returns the number given for an argument, in the document, a variable or the schema's default.
// A number that no int can hold comes back as one outside every page.
func (p *pricer) argument(field *ast.Field, definition *ast.ArgumentDefinition) (int, bool) {
	value := definition.DefaultValue
	if argument := field.Arguments.ForName(definition.Name); argument != nil {
		value = argument.Value
	}
	given, err := value.Value(p.variables)
	if err != nil {
		return plenty, true
	}
	switch given := given.(type) {
	case nil:
		return 0, false
	case int64:
		return int(min(max(given, -1), plenty)), true
	case int:
		return min(max(given, -1), plenty), true
	case json.Number:
		return atoi(given.String()), true
	case string:
		return atoi(given), true
	default:
		return plenty, true
	}
}

func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return plenty
	}
	return min(max(n, -1), plenty)
}

// declaredInt reads an argument of a directive that stands on the field in the schema.
func declaredInt(field *ast.FieldDefinition, directive, argument string) (int, bool) {
	declared := field.Directives.ForName(directive)
	if declared == nil {
		return 0, false
	}
	value := declared.Arguments.ForName(argument)
	if value == nil {
		return 0, false
	}
	n := atoi(value.Value.Raw)
	return max(n, 0), true
}
