package policy

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"lyceum/internal/viewer"
)

// ShownPaths shows the rows whose column names a learning path that the viewer sees: staff and support all, members those
// that were ever published, and visitors those that are published and not for members alone.
func ShownPaths(column string) QueryRule {
	return func(ctx context.Context, q ent.Query) error {
		v, _ := viewer.From(ctx)
		if seesAll(ctx, v) || v.Staff() || v.Is(viewer.Support) {
			return privacy.Skip
		}
		shown := sql.And(sql.EQ("tenant_id", v.Tenant), sql.NEQ("state", "DRAFT"))
		if !v.SignedIn() {
			shown = sql.And(sql.EQ("tenant_id", v.Tenant), sql.EQ("state", "PUBLISHED"), sql.NEQ("visibility", "MEMBERS"))
		}
		return narrow(q, func(s *sql.Selector) {
			s.Where(sql.In(s.C(column), sql.Dialect(s.Dialect()).Select("id").From(sql.Table("learning_paths")).Where(shown)))
		})
	}
}
