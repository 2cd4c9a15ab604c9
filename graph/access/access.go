package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

// Access applies the matrix to fields as they are selected. Which rows there are is the policies' to say, and
// ownership and enrollment the services'; this is the role matrix, in one place.
type Access struct {
	*Matrix

	// Owner returns whose an object is, and false for one that belongs to nobody in particular. It may be nil.
	Owner func(object any) (uuid.UUID, bool)
	// Denied hears of signed-in callers who were turned away at a field of staff. It may be nil.
	Denied func(ctx context.Context, field Field)
}

// New reads the matrix from the schema, or returns the error of Read.
func New(schema *ast.Schema) (*Access, error) {
	m, err := Read(schema)
	if err != nil {
		return nil, err
	}
	return &Access{Matrix: m}, nil
}

// Check returns nil when the viewer may select the field of the parent, which is nil for a root field. A field
// without @access is as visible as its parent.
func (a *Access) Check(ctx context.Context, v viewer.Viewer, field Field, parent any) error {
	refused := a.refusal(v, field, parent)
	if refused == nil {
		return nil
	}
	if a.Denied != nil && v.SignedIn() && a.Rules[field].Staff() {
		a.Denied(ctx, field)
	}
	return refused
}

// refusal is why the viewer may not, or nil.
func (a *Access) refusal(v viewer.Viewer, field Field, parent any) *fault.Error {
	rule, guarded := a.Rules[field]
	switch {
	case !guarded:
		return nil
	case v.Tenant != uuid.Nil && slices.Contains(rule.Roles, v.Role) && inScope(v, field) && a.reaches(v, rule, parent):
		return nil
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated, "Sign in to do this.")
	case v.Is(viewer.Support) && rule.Support == Granted && !v.Granted():
		return fault.New(fault.Forbidden, "Ask an admin of the tenant to grant support.")
	default:
		return fault.New(fault.Forbidden, "Your role does not allow this.")
	}
}

// inScope reports whether an API key may do this kind of thing at all.
func inScope(v viewer.Viewer, field Field) bool {
	if field.Object == "Mutation" {
		return v.Can(viewer.ScopeWrite)
	}
	// Below a mutation is what the mutation answers.
	root := field.Object == "Query" || field.Object == "Subscription"
	return !root || v.Can(viewer.ScopeRead) || v.Can(viewer.ScopePersisted)
}

// reaches reports whether the rule lets a viewer with the right role at this parent: support with a grant, in a
// school those whom a school lets, and at somebody's own things themselves and, unless they are theirs alone,
// staff.
func (a *Access) reaches(v viewer.Viewer, rule Rule, parent any) bool {
	owned, own := a.ownership(v, parent)
	switch {
	case v.Is(viewer.Support) && rule.Support == Granted && !v.Granted() && !own:
		return false
	case v.School && rule.K12 == StaffOnly && !v.Staff():
		return false
	case !owned || own:
		return true
	case rule.Scope == Self:
		return false
	case rule.Scope == Course:
		return v.Staff() || v.Granted()
	default:
		return true
	}
}

// ownership reports whether the object is somebody's, and whether it is the viewer's.
func (a *Access) ownership(v viewer.Viewer, object any) (owned, own bool) {
	if a.Owner == nil || object == nil {
		return false, false
	}
	user, owned := a.Owner(object)
	return owned, owned && v.SignedIn() && user == v.User
}

// AroundFields is the gqlgen middleware that applies Check, and masks what is personal.
func (a *Access) AroundFields(ctx context.Context, next graphql.Resolver) (any, error) {
	at := graphql.GetFieldContext(ctx)
	field := Field{at.Object, at.Field.Name}
	if _, ruled := a.Rules[field]; !ruled && !a.Personal[field] {
		return next(ctx)
	}
	var parent any
	if at.Parent != nil {
		parent = at.Parent.Result
	}
	v := asker(ctx, at.Parent)
	if err := a.Check(ctx, v, field, parent); err != nil {
		return nil, err
	}
	value, err := next(ctx)
	if err != nil {
		return nil, err
	}
	return a.veil(v, field, parent, value)
}

// Asker is whom the answer is for below the field that the context is of.
func Asker(ctx context.Context) viewer.Viewer { return asker(ctx, graphql.GetFieldContext(ctx)) }

// asker is whom the answer is for: the viewer of the request, but below the viewer that a mutation has just
// signed in that one.
func asker(ctx context.Context, above *graphql.FieldContext) viewer.Viewer {
	for ; above != nil; above = above.Parent {
		if made, ok := above.Result.(*viewer.Viewer); ok && made != nil {
			return *made
		}
	}
	v, _ := viewer.From(ctx)
	return v
}

// Open reports whether the viewer reads the field of the parent as it stands there: AroundFields would neither refuse
// nor mask it.
func (a *Access) Open(v viewer.Viewer, field Field, parent any) bool {
	return a.refusal(v, field, parent) == nil && a.mask(v, field, parent) == nil
}

// veil masks what the viewer may not read as it is. A value that is no text is refused, so that nothing personal passes
// for want of a mask.
func (a *Access) veil(v viewer.Viewer, field Field, parent, value any) (any, error) {
	mask := a.mask(v, field, parent)
	if mask == nil {
		return value, nil
	}
	return over(value, mask)
}

// mask is what the viewer reads a text through: a personal one as support, and a name in a school unless they are
// staff. It is nil for what they read as it is, which is everything of their own.
func (a *Access) mask(v viewer.Viewer, field Field, parent any) func(string) string {
	if _, own := a.ownership(v, parent); own {
		return nil
	}
	switch {
	case a.Personal[field] && v.Is(viewer.Support):
		return func(string) string { return Mask }
	case a.Rules[field].K12 == Masked && v.School && !v.Staff():
		return viewer.Initials
	default:
		return nil
	}
}

// over applies a mask to a text, or to a text that may be absent.
func over(value any, mask func(string) string) (any, error) {
	switch text := value.(type) {
	case string:
		return mask(text), nil
	case *string:
		if text == nil {
			return value, nil
		}
		masked := mask(*text)
		return &masked, nil
	default:
		return nil, fmt.Errorf("access: a %T cannot be masked", value)
	}
}

// Mask is what support reads in place of what is personal.
const Mask = "•••"
