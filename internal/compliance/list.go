package compliance

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/platform/page"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// List returns a page of the audit log, newest first; with a subject (a global id) only what was done to it.
func (s *Service) List(ctx context.Context, r page.Request, subject string) (page.Page[*ent.AuditEntry], error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return page.Page[*ent.AuditEntry]{}, err
	}
	order := "audit log, newest first " + subject
	query := s.DB.AuditEntry.Query().Order(auditentry.BySeq(sql.OrderDesc())).Limit(r.Limit())
	if subject != "" {
		query = query.Where(auditentry.Subject(subject))
	}
	var seq int
	if behind, err := r.Position(order, &seq); err != nil {
		return page.Page[*ent.AuditEntry]{}, err
	} else if behind {
		query = query.Where(auditentry.SeqLT(seq))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.AuditEntry]{}, fmt.Errorf("list the audit log: %w", err)
	}
	return page.Of(rows, r, order, func(e *ent.AuditEntry) []any { return []any{e.Seq} }), nil
}
