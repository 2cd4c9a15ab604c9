package policy

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"lyceum/internal/viewer"
)

// OwnGroupsUnlessStaff shows a learner the groups that they are in and that are not archived, and staff and support all.
func OwnGroupsUnlessStaff() QueryRule {
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if seesAll(ctx, v) || v.Staff() || v.Is(viewer.Support) {
			return privacy.Skip
		}
		if !v.SignedIn() {
			return privacy.Denyf("policy: %T by a visitor", q)
		}
		return narrow(q, func(s *sql.Selector) {
			mine := sql.Dialect(s.Dialect()).Select("group_id").From(sql.Table("group_members")).
				Where(sql.And(sql.EQ("tenant_id", v.Tenant), sql.EQ("user_id", v.User)))
			s.Where(sql.And(sql.IsNull(s.C("archived_at")), sql.In(s.C("id"), mine)))
		})
	}
}
