// Package answer keeps whole answers to queries that are the same for every visitor of a tenant.
//
// What may be kept is said in the schema, field by field, by @cacheControl. One field without it, or with scope
// PRIVATE, and the answer is kept nowhere.
package answer

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// The directive, as the schema declares it.
const (
	hintDirective = "cacheControl"
	hintMaxAge    = "maxAge"
	hintScope     = "scope"
	scopePrivate  = "PRIVATE"
	// staleDirective is on queries whose answer says as of when it is: no answer that is kept does.
	staleDirective = "stale"
)

// maxHint is the longest that a hint may say.
const maxHint = 24 * time.Hour

// Plan is for how long the answers to an operation may be kept. The zero Plan keeps none.
type Plan struct{ MaxAge time.Duration }

// Keeps reports whether answers are kept at all.
func (p Plan) Keeps() bool { return p.MaxAge > 0 }

// Hints are the hints of a schema.
type Hints struct {
	ages map[string]map[string]time.Duration
}

// NewHints reads the hints, and refuses those that cannot be meant: a lifetime that is none, or a hint for
// what visitors do not see or what is somebody's own.
func NewHints(schema *ast.Schema) (Hints, error) {
	h := Hints{ages: map[string]map[string]time.Duration{}}
	var errs []error
	for _, definition := range schema.Types {
		if definition.Kind != ast.Object {
			continue
		}
		for _, field := range definition.Fields {
			age, hinted, err := hintOf(field)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s.%s: %w", definition.Name, field.Name, err))
			}
			if !hinted {
				continue
			}
			if h.ages[definition.Name] == nil {
				h.ages[definition.Name] = map[string]time.Duration{}
			}
			h.ages[definition.Name][field.Name] = age
		}
	}
	return h, errors.Join(errs...)
}

// hintOf reads the field's hint; false is none, or one that keeps nothing.
func hintOf(field *ast.FieldDefinition) (time.Duration, bool, error) {
	hint := field.Directives.ForName(hintDirective)
	if hint == nil {
		return 0, false, nil
	}
	if scope := hint.Arguments.ForName(hintScope); scope != nil && scope.Value.Raw == scopePrivate {
		return 0, false, nil
	}
	seconds, err := strconv.Atoi(argument(hint, hintMaxAge))
	age := time.Duration(seconds) * time.Second
	if err != nil || seconds < 1 || age > maxHint {
		return 0, false, fmt.Errorf("a hint of 1 to %d seconds is expected", int(maxHint.Seconds()))
	}
	if reason := notForAll(field); reason != "" {
		return 0, false, fmt.Errorf("an answer for all cannot show it: %s", reason)
	}
	return age, true, nil
}

func argument(directive *ast.Directive, name string) string {
	if given := directive.Arguments.ForName(name); given != nil {
		return given.Value.Raw
	}
	return ""
}

// notForAll is why the field is not the same for all visitors, or "".
func notForAll(field *ast.FieldDefinition) string {
	access := field.Directives.ForName("access")
	if access == nil {
		return ""
	}
	if scope := argument(access, "scope"); scope != "TENANT" {
		return "@access gives it the scope " + scope
	}
	roles := access.Arguments.ForName("roles")
	for _, role := range roles.Value.Children {
		if role.Value.Raw == "ANONYMOUS" {
			return ""
		}
	}
	return "@access does not give it to visitors"
}

// Plan returns for how long answers to the operation, of a validated document, may be kept: as long as the
// shortest of its hints says. What @skip and @include leave out counts as if it were there.
func (h Hints) Plan(operation *ast.OperationDefinition) Plan {
	if operation == nil || operation.Operation != ast.Query || operation.Directives.ForName(staleDirective) != nil {
		return Plan{}
	}
	p := planner{hints: h, age: math.MaxInt64, followed: map[string]bool{}}
	if !p.selections(operation.SelectionSet) || p.age == math.MaxInt64 {
		return Plan{}
	}
	return Plan{MaxAge: p.age}
}

// planner finds the shortest hint.
type planner struct {
	hints    Hints
	age      time.Duration
	followed map[string]bool
}

// selections reports whether everything in the set has a hint.
func (p *planner) selections(set ast.SelectionSet) bool {
	for _, selection := range set {
		if !p.selection(selection) {
			return false
		}
	}
	return true
}

func (p *planner) selection(selection ast.Selection) bool {
	switch selection := selection.(type) {
	case *ast.Field:
		return p.field(selection)
	case *ast.InlineFragment:
		return p.selections(selection.SelectionSet)
	case *ast.FragmentSpread:
		if p.followed[selection.Name] {
			return true
		}
		p.followed[selection.Name] = true
		return selection.Definition != nil && p.selections(selection.Definition.SelectionSet)
	default:
		return false
	}
}

// field takes the field's hint into account. The name of a type is the same for everybody; the rest of what the schema
// says of itself is not for everybody.
func (p *planner) field(field *ast.Field) bool {
	if strings.HasPrefix(field.Name, "__") {
		return field.Name == "__typename"
	}
	if field.ObjectDefinition == nil {
		return false
	}
	age, hinted := p.hints.ages[field.ObjectDefinition.Name][field.Name]
	if !hinted {
		return false
	}
	p.age = min(p.age, age)
	return p.selections(field.SelectionSet)
}
