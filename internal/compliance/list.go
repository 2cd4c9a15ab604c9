package compliance

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/platform/page"
)

func (s *Service) after(ctx context.Context, seq, limit int) ([]*ent.AuditEntry, error) {
	entries, err := s.DB.AuditEntry.Query().
		Where(auditentry.SeqGT(seq)).Order(auditentry.BySeq()).Limit(limit).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return entries, nil
}

// List returns a page of the audit log, newest first; with a subject (a global id) only what was done to it.
func (s *Service) List(ctx context.Context, r page.Request, subject string) (page.Page[*ent.AuditEntry], error) {
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
