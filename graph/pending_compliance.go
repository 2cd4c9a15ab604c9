package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (auditEntryResolver) Data(_ context.Context, _ *ent.AuditEntry) ([]*model.AuditDatum, error) {
	panic("pending")
}

func (auditEntryResolver) Hash(_ context.Context, _ *ent.AuditEntry) (string, error) {
	panic("pending")
}

func (queryResolver) AuditLog(_ context.Context, _ *int, _ *string, _ *gid.ID) (*relay.AuditConnection, error) {
	panic("pending")
}
