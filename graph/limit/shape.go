package limit

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Shape refuses documents and variables that exceed Limits, before the document is validated.
//
// gqlgen parses and validates in one step that nothing can enter, so Shape works on the request
// parameters and parses the text itself. A text that the executor's cache holds has been through here
// already, and is not parsed again: a document is parsed twice when it is new, and never after that.
type Shape struct {
	Limits Limits
	// Accepted is the cache given to handler.Server.SetQueryCache.
	Accepted graphql.Cache[*ast.QueryDocument]
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = Shape{}

// ExtensionName implements graphql.HandlerExtension.
func (Shape) ExtensionName() string { return "Shape" }

// Validate implements graphql.HandlerExtension.
func (s Shape) Validate(graphql.ExecutableSchema) error {
	if s.Accepted == nil {
		return errors.New("limit: Shape needs the executor's cache of documents")
	}
	return nil
}

// MutateOperationParameters implements graphql.OperationParameterMutator. It changes nothing.
func (s Shape) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if err := checkVariables(s.Limits, request.Variables); err != nil {
		return err
	}
	if _, known := s.Accepted.Get(ctx, request.Query); known {
		return nil
	}
	return CheckText(s.Limits, request.Query)
}

// CheckText parses the text of a document and holds it against the limits. The error carries
// GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED (fragments in a circle) or CodeTooLarge.
//
// It takes time in proportion to the text.
func CheckText(limits Limits, text string) *gqlerror.Error {
	if len(text) > limits.Text {
		return refuse(CodeTooLarge, "The document is longer than %d bytes; send what is long in variables.", limits.Text)
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return parseError(err)
	}
	return checkDocument(limits, doc)
}

func parseError(err error) *gqlerror.Error {
	parseErr := gqlerror.WrapIfUnwrapped(err)
	errcode.Set(parseErr, errcode.ParseFailed)
	return parseErr
}

func checkDocument(limits Limits, doc *ast.QueryDocument) *gqlerror.Error {
	if len(doc.Operations) > limits.Operations {
		return refuse(CodeTooLarge, "The document defines more than %d operations.", limits.Operations)
	}
	if err := checkParts(limits, doc); err != nil {
		return err
	}
	fragments, err := fragmentsByName(doc)
	if err != nil {
		return err
	}
	m := measurer{fragments: fragments, known: map[string]size{}, open: map[string]bool{}}
	for _, operation := range doc.Operations {
		if err := checkOperation(limits, &m, operation); err != nil {
			return err
		}
	}
	return m.checkAllUsed()
}

func checkOperation(limits Limits, m *measurer, operation *ast.OperationDefinition) *gqlerror.Error {
	total, err := m.selections(operation.SelectionSet)
	if err != nil {
		return err
	}
	switch {
	case total.depth > limits.Depth:
		return refuse(CodeTooLarge, "The operation nests deeper than %d levels.", limits.Depth)
	case total.fields > limits.Fields:
		return refuse(CodeTooLarge, "The operation selects more than %d fields.", limits.Fields)
	case total.here > limits.RootFields:
		return refuse(CodeTooLarge, "The operation selects more than %d fields at its root.", limits.RootFields)
	case total.steps > stepsPerField*limits.Fields:
		return refuse(CodeTooLarge, "The operation spreads too many fragments.")
	}
	// The bounds above make it safe to expand the operation, which the merged view needs.
	root, err := merge(limits, m.fragments, operation.SelectionSet)
	if err != nil {
		return err
	}
	if operation.Operation == ast.Subscription && len(root.children) > 1 {
		// Validation counts the names of fields, and takes two aliases of one for one.
		return refuse(errcode.ValidationFailed, "A subscription selects one field.")
	}
	return nil
}

// stepsPerField bounds the fragments and inline fragments that an operation expands: so many for each
// field that it may select.
const stepsPerField = 4

// fragmentsByName indexes the fragments. Two of one name are refused here, as validation would: one of
// them would go unmeasured.
func fragmentsByName(doc *ast.QueryDocument) (map[string]*ast.FragmentDefinition, *gqlerror.Error) {
	byName := make(map[string]*ast.FragmentDefinition, len(doc.Fragments))
	for _, fragment := range doc.Fragments {
		if _, taken := byName[fragment.Name]; taken {
			return nil, refuse(errcode.ValidationFailed, `There can be only one fragment named "%s".`, fragment.Name)
		}
		byName[fragment.Name] = fragment
	}
	return byName, nil
}

// size is what a selection set amounts to when every fragment in it is expanded.
type size struct {
	depth  int // nested fields
	fields int // fields, saturating
	here   int // fields at this level, saturating
	steps  int // fields, inline fragments and spreads, saturating
}

// plenty is where counting stops: far above every limit, far below overflow.
const plenty = 1 << 30

func add(a, b int) int { return min(a+b, plenty) }

// measurer sizes selection sets in linear time: each fragment is sized once.
type measurer struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]size
	open      map[string]bool // the fragments being sized, to notice a circle
}

func (m *measurer) selections(set ast.SelectionSet) (size, *gqlerror.Error) {
	var total size
	for _, selection := range set {
		part, err := m.selection(selection)
		if err != nil {
			return size{}, err
		}
		total.depth = max(total.depth, part.depth)
		total.fields = add(total.fields, part.fields)
		total.here = add(total.here, part.here)
		total.steps = add(total.steps, part.steps)
	}
	return total, nil
}

func (m *measurer) selection(selection ast.Selection) (size, *gqlerror.Error) {
	switch selection := selection.(type) {
	case *ast.Field:
		inner, err := m.selections(selection.SelectionSet)
		return size{
			depth:  inner.depth + 1,
			fields: add(inner.fields, 1),
			here:   1,
			steps:  add(inner.steps, 1),
		}, err
	case *ast.InlineFragment:
		inner, err := m.selections(selection.SelectionSet)
		inner.steps = add(inner.steps, 1)
		return inner, err
	case *ast.FragmentSpread:
		fragment, defined := m.fragments[selection.Name]
		if !defined {
			// Validation would say so as well, after it has compared each of a thousand such spreads with each other.
			return size{}, refuse(errcode.ValidationFailed, `Unknown fragment "%s".`, selection.Name)
		}
		inner, err := m.fragment(fragment)
		inner.steps = add(inner.steps, 1)
		return inner, err
	}
	return size{}, nil
}

func (m *measurer) fragment(fragment *ast.FragmentDefinition) (size, *gqlerror.Error) {
	if sized, ok := m.known[fragment.Name]; ok {
		return sized, nil
	}
	if m.open[fragment.Name] {
		return size{}, refuse(errcode.ValidationFailed, `Fragment "%s" spreads itself.`, fragment.Name)
	}
	m.open[fragment.Name] = true
	sized, err := m.selections(fragment.SelectionSet)
	delete(m.open, fragment.Name)
	if err == nil {
		m.known[fragment.Name] = sized
	}
	return sized, err
}

// checkAllUsed refuses fragments that no operation reaches, as validation would: they were not measured,
// and validation would walk them all the same.
func (m *measurer) checkAllUsed() *gqlerror.Error {
	for name := range m.fragments {
		if _, measured := m.known[name]; !measured {
			return refuse(errcode.ValidationFailed, `Fragment "%s" is never used.`, name)
		}
	}
	return nil
}
