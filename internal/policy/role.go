package policy

import (
	"context"
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// QueryRule narrows a query, or denies it. It returns privacy.Skip to let the next rule decide.
type QueryRule func(ctx context.Context, q ent.Query) error

// MutationRule narrows a mutation, or denies it. It returns privacy.Skip to let the next rule decide.
type MutationRule func(ctx context.Context, m ent.Mutation) error

type rules struct {
	query    QueryRule
	mutation MutationRule
}

// Rules is what roles may do inside the tenant, after TenantIsolation.
func Rules(query QueryRule, mutation MutationRule) ent.Policy { return rules{query, mutation} }

// Writers is Rules for an entity that everybody in the tenant may read.
func Writers(mutation MutationRule) ent.Policy { return rules{anyQuery, mutation} }

// EvalQuery implements ent.Policy.
func (r rules) EvalQuery(ctx context.Context, q ent.Query) error {
	if felled(ctx, q) {
		return privacy.Skip
	}
	return r.query(ctx, q)
}

// EvalMutation implements ent.Policy.
func (r rules) EvalMutation(ctx context.Context, m ent.Mutation) error {
	if felled(ctx, m) {
		return privacy.Skip
	}
	return r.mutation(ctx, m)
}

func anyQuery(context.Context, ent.Query) error { return privacy.Skip }

// seesAll reports whether the rules of reading are lifted: for the system, and where a service said so. The
// rules of writing are lifted for the system alone.
func seesAll(ctx context.Context, v viewer.Viewer) bool {
	return v.Is(viewer.System) || viewer.SeesWholeTenant(ctx)
}

// StaffOnly shows rows to those who run the tenant's teaching, and to support.
func StaffOnly() QueryRule {
	return onlyRoles(viewer.Instructor, viewer.TenantAdmin, viewer.Support)
}

// AuthorsOnly shows rows to those who run the tenant's teaching: what is right and wrong is not for support.
func AuthorsOnly() QueryRule { return onlyRoles(viewer.Instructor, viewer.TenantAdmin) }

// AdminOnly shows rows to the tenant's admins.
func AdminOnly() QueryRule { return onlyRoles(viewer.TenantAdmin) }

func onlyRoles(roles ...viewer.Role) QueryRule {
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if seesAll(ctx, v) || slices.Contains(roles, v.Role) {
			return privacy.Skip
		}
		return privacy.Denyf("policy: %T by %s", q, v.Role)
	}
}

// OwnRowsUnlessStaff shows a learner the rows that carry the learner's id in the column, and staff all.
func OwnRowsUnlessStaff(column string) QueryRule {
	own := OwnRows(column)
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if v.Staff() || v.Is(viewer.Support) {
			return privacy.Skip
		}
		return own(ctx, q)
	}
}

// OwnRows shows everybody, staff included, only the rows that carry the viewer's id in the column.
func OwnRows(column string) QueryRule {
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if seesAll(ctx, v) {
			return privacy.Skip
		}
		if !v.SignedIn() {
			return privacy.Denyf("policy: %T by a visitor", q)
		}
		return narrow(q, sql.FieldEQ(column, v.User))
	}
}

// SelfOrTeachersUnlessStaff shows a learner themself and the people who teach, a visitor only the latter,
// and staff everybody.
func SelfOrTeachersUnlessStaff() QueryRule {
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if seesAll(ctx, v) || v.Staff() || v.Is(viewer.Support) {
			return privacy.Skip
		}
		teachers := sql.FieldIn("role", string(viewer.Instructor), string(viewer.TenantAdmin))
		return narrow(q, sql.OrPredicates(teachers, sql.FieldEQ("id", v.User)))
	}
}

// HideFromAnonymous hides rows whose column has the value from visitors who are not signed in.
func HideFromAnonymous(column, value string) QueryRule {
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if v.SignedIn() || seesAll(ctx, v) {
			return privacy.Skip
		}
		return narrow(q, sql.FieldNEQ(column, value))
	}
}

// StaffWrites lets instructors, admins and the system change rows.
func StaffWrites(ctx context.Context, m ent.Mutation) error {
	return writesBy(ctx, m, viewer.Instructor, viewer.TenantAdmin)
}

// AdminWrites lets the tenant's admins and the system change rows.
func AdminWrites(ctx context.Context, m ent.Mutation) error {
	return writesBy(ctx, m, viewer.TenantAdmin)
}

// SystemWrites lets the system alone change rows: they follow from what has happened.
func SystemWrites(ctx context.Context, m ent.Mutation) error { return writesBy(ctx, m) }

// AnyoneWrites lets everybody change rows who may write at all.
func AnyoneWrites(context.Context, ent.Mutation) error { return privacy.Skip }

func writesBy(ctx context.Context, m ent.Mutation, roles ...viewer.Role) error {
	v, _ := viewer.From(ctx)
	if v.Is(viewer.System) || slices.Contains(roles, v.Role) {
		return privacy.Skip
	}
	return privacy.Denyf("policy: %s of %s by %s", m.Op(), m.Type(), v.Role)
}

// OwnWritesUnlessStaff lets a learner add and change the rows that carry the learner's id, and staff all.
func OwnWritesUnlessStaff(column string) MutationRule {
	own := OwnWrites(column)
	return func(ctx context.Context, m ent.Mutation) error {
		if v, _ := viewer.From(ctx); v.Staff() {
			return privacy.Skip
		}
		return own(ctx, m)
	}
}

// OwnWrites lets everybody, staff included, add and change only the rows that carry the viewer's id in the
// column.
func OwnWrites(column string) MutationRule {
	return func(ctx context.Context, m ent.Mutation) error {
		v, _ := viewer.From(ctx)
		switch {
		case v.Is(viewer.System):
			return privacy.Skip
		case !v.SignedIn():
			return privacy.Denyf("policy: %s of %s by a visitor", m.Op(), m.Type())
		case !m.Op().Is(ent.OpCreate):
			return narrowMutation(m, sql.FieldEQ(column, v.User))
		}
		if owner, _ := m.Field(column); owner != ent.Value(v.User) {
			return privacy.Denyf("policy: %s for somebody else", m.Type())
		}
		return privacy.Skip
	}
}

// Kept lets rows be added and changed as the rule says, and deleted by nobody but the system.
func Kept(rule MutationRule) MutationRule {
	return func(ctx context.Context, m ent.Mutation) error {
		if v, _ := viewer.From(ctx); m.Op().Is(ent.OpDelete|ent.OpDeleteOne) && !v.Is(viewer.System) {
			return privacy.Denyf("policy: %s is kept", m.Type())
		}
		return rule(ctx, m)
	}
}

// AppendOnly lets rows be added as the rule says, and changed or deleted by nobody, the system included. The
// database's grants say the same.
func AppendOnly(rule MutationRule) MutationRule {
	return func(ctx context.Context, m ent.Mutation) error {
		if !m.Op().Is(ent.OpCreate) {
			return privacy.Denyf("policy: %s is append-only", m.Type())
		}
		return rule(ctx, m)
	}
}

// Directory is the policy of the tables that say which tenant a request is for. Everybody reads them;
// nobody writes them through this client, because provisioning goes through the owner's connection.
func Directory() ent.Policy {
	return rules{anyQuery, func(ctx context.Context, m ent.Mutation) error {
		if viewer.IsPlatform(ctx) {
			return privacy.Skip
		}
		return privacy.Denyf("policy: %s of %s outside provisioning", m.Op(), m.Type())
	}}
}

// PlatformOnly is the policy of the platform's own people and sessions.
func PlatformOnly() ent.Policy {
	return rules{
		query: func(ctx context.Context, q ent.Query) error {
			if viewer.IsPlatform(ctx) {
				return privacy.Skip
			}
			return privacy.Denyf("policy: %T outside the platform", q)
		},
		mutation: func(ctx context.Context, m ent.Mutation) error {
			if viewer.IsPlatform(ctx) {
				return privacy.Skip
			}
			return privacy.Denyf("policy: %s of %s outside the platform", m.Op(), m.Type())
		},
	}
}

// Require returns nil when the viewer has one of the roles; services use it where a whole operation
// belongs to a role and a policy would only say so later.
func Require(ctx context.Context, roles ...viewer.Role) error {
	Note(ctx)
	v, ok := viewer.From(ctx)
	switch {
	case ok && v.Is(viewer.Support) && !v.Granted():
		return errGrant()
	case ok && (v.Is(viewer.System) || slices.Contains(roles, v.Role)):
		return nil
	case !ok || v.User == uuid.Nil:
		return errSignIn()
	default:
		return errRole()
	}
}

// Present returns the viewer, who may be a visitor: for what the tenant tells everybody about themselves. The
// fault is Unauthenticated when there is no tenant to be in.
func Present(ctx context.Context) (viewer.Viewer, error) {
	Note(ctx)
	v, ok := viewer.From(ctx)
	if !ok {
		return viewer.Viewer{}, errSignIn()
	}
	return v, nil
}

// Signed returns the viewer when somebody is signed in, and an Unauthenticated fault otherwise.
func Signed(ctx context.Context) (viewer.Viewer, error) {
	Note(ctx)
	v, ok := viewer.From(ctx)
	if !ok || !v.SignedIn() {
		return viewer.Viewer{}, errSignIn()
	}
	return v, nil
}
