package graph

import (
	"context"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) SupportGrants(ctx context.Context, first *int, after *string) (*relay.SupportGrantConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	grants, err := r.services.Tenancy.Grants(ctx, request)
	if err != nil {
		return nil, err
	}
	return &relay.SupportGrantConnection{Page: relay.From(grants)}, nil
}

func (r mutationResolver) GrantSupport(ctx context.Context, in model.GrantSupportInput) (*model.SupportGrantPayload, error) {
	return grantPayload(r.services.Tenancy.GrantSupport(ctx, in.Reason, in.ExpiresInMinutes))
}

func (r mutationResolver) RevokeSupportGrant(ctx context.Context, id gid.ID) (*model.SupportGrantPayload, error) {
	grant, err := idOf(id, ent.GIDSupportGrant)
	if err != nil {
		return nil, err
	}
	return grantPayload(r.services.Tenancy.RevokeGrant(ctx, grant))
}

func grantPayload(grant *ent.SupportGrant, err error) (*model.SupportGrantPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.SupportGrantPayload{Grant: grant}, nil
}

func (supportGrantResolver) GrantedBy(ctx context.Context, g *ent.SupportGrant) (*ent.User, error) {
	return loader.Optional(loader.From(ctx).User.Load(ctx, g.GrantedBy))
}
