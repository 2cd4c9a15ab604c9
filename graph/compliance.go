package graph

import (
	"context"
	"encoding/hex"
	"maps"
	"slices"

	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) AuditLog(
	ctx context.Context, first *int, after *string, subject *gid.ID,
) (*relay.AuditConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	entries, err := r.services.Compliance.List(ctx, request, value(subject).String())
	if err != nil {
		return nil, err
	}
	return &relay.AuditConnection{Page: relay.From(entries)}, nil
}

func (auditEntryResolver) Data(_ context.Context, e *ent.AuditEntry) ([]*model.AuditDatum, error) {
	data := make([]*model.AuditDatum, 0, len(e.Data))
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		data = append(data, &model.AuditDatum{Name: name, Value: e.Data[name]})
	}
	return data, nil
}

func (auditEntryResolver) Hash(_ context.Context, e *ent.AuditEntry) (string, error) {
	return hex.EncodeToString(e.Hash), nil
}
