package graph

import (
	"context"

	"lyceum/graph/relay"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
	"lyceum/internal/policy"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

func (queryResolver) Viewer(ctx context.Context) (*viewer.Viewer, error) {
	v, err := policy.Present(ctx)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

func (r queryResolver) Users(
	ctx context.Context, first *int, after *string, filter *model.UserFilter,
) (*relay.UserConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	f := value(filter)
	users, err := r.services.Tenancy.Users(ctx, request, tenancy.UserFilter{Search: value(f.Search), Role: value(f.Role)})
	if err != nil {
		return nil, err
	}
	return &relay.UserConnection{Page: relay.From(users)}, nil
}

func (r queryResolver) Sessions(ctx context.Context) ([]*ent.Session, error) {
	return r.services.Tenancy.Sessions(ctx)
}

func (r queryResolver) APIKeys(ctx context.Context) ([]*ent.APIKey, error) {
	return r.services.Tenancy.Keys(ctx)
}

func (r mutationResolver) SignIn(ctx context.Context, in model.SignInInput) (*model.SignInPayload, error) {
	tenant, err := r.signInTenant(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	opened, err := r.services.Tenancy.SignIn(ctx, tenant.Tenant, in.Email, in.Password, requestOf(ctx).Origin)
	if err != nil {
		return nil, err
	}
	return openedPayload(opened), nil
}

// signInTenant is the tenant of the host, or on a host that names none the one that was asked for. A host that names
// one looks for no other: whether there is one is not told.
func (r mutationResolver) signInTenant(ctx context.Context, asked *string) (tenancy.Place, error) {
	if asked == nil {
		return tenancy.Place{Tenant: viewer.Tenant(ctx)}, nil
	}
	here := requestOf(ctx)
	if !here.TenantNamed {
		return r.services.Directory.BySlug(ctx, *asked)
	}
	if *asked != here.TenantSlug {
		return tenancy.Place{}, fault.Invalid("tenant", "This host belongs to another tenant; leave `tenant` out.")
	}
	return tenancy.Place{Tenant: viewer.Tenant(ctx)}, nil
}

func openedPayload(opened *tenancy.Opened) *model.SignInPayload {
	v := opened.ViewerOf()
	return &model.SignInPayload{Token: opened.Token, ExpiresAt: opened.Session.ExpiresAt, Viewer: &v}
}

func (r mutationResolver) SignOut(ctx context.Context) (*model.SignOutPayload, error) {
	if err := r.services.Tenancy.SignOut(ctx); err != nil {
		return nil, err
	}
	return &model.SignOutPayload{SignedOut: true}, nil
}

func (r mutationResolver) RotateSession(ctx context.Context) (*model.SignInPayload, error) {
	opened, err := r.services.Tenancy.Rotate(ctx)
	if err != nil {
		return nil, err
	}
	return openedPayload(opened), nil
}

func (r mutationResolver) RevokeSessions(ctx context.Context, id *gid.ID) (*model.RevokeSessionsPayload, error) {
	session, err := optionalID(id, ent.GIDSession)
	if err != nil {
		return nil, err
	}
	n, err := r.services.Tenancy.RevokeSessions(ctx, session)
	if err != nil {
		return nil, err
	}
	return &model.RevokeSessionsPayload{Revoked: n}, nil
}

func (r mutationResolver) ChangePassword(
	ctx context.Context, in model.ChangePasswordInput,
) (*model.ChangePasswordPayload, error) {
	n, err := r.services.Tenancy.ChangePassword(ctx, in.Current, in.New, requestOf(ctx).Origin)
	if err != nil {
		return nil, err
	}
	return &model.ChangePasswordPayload{Revoked: n}, nil
}

func (r mutationResolver) CreateAPIKey(
	ctx context.Context, in model.CreateAPIKeyInput,
) (*model.CreateAPIKeyPayload, error) {
	key, token, err := r.services.Tenancy.CreateKey(ctx, tenancy.NewKey{Name: in.Name, Scopes: in.Scopes, ExpiresAt: in.ExpiresAt})
	if err != nil {
		return nil, err
	}
	return &model.CreateAPIKeyPayload{APIKey: key, Token: token}, nil
}

func (r mutationResolver) RevokeAPIKey(ctx context.Context, id gid.ID) (*model.RevokeAPIKeyPayload, error) {
	key, err := idOf(id, ent.GIDAPIKey)
	if err != nil {
		return nil, err
	}
	revoked, err := r.services.Tenancy.RevokeKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return &model.RevokeAPIKeyPayload{APIKey: revoked}, nil
}

func (r mutationResolver) CreateUser(ctx context.Context, in model.CreateUserInput) (*model.UserPayload, error) {
	return userPayload(r.services.Tenancy.CreateUser(ctx, tenancy.NewUser{
		Email: in.Email, Name: in.Name, Role: in.Role, Password: in.Password,
	}))
}

func (r mutationResolver) ChangeUserRole(ctx context.Context, id gid.ID, role viewer.Role) (*model.UserPayload, error) {
	user, err := idOf(id, ent.GIDUser)
	if err != nil {
		return nil, err
	}
	return userPayload(r.services.Tenancy.ChangeRole(ctx, user, role))
}

func (r mutationResolver) SuspendUser(ctx context.Context, id gid.ID) (*model.UserPayload, error) {
	user, err := idOf(id, ent.GIDUser)
	if err != nil {
		return nil, err
	}
	return userPayload(r.services.Tenancy.Suspend(ctx, user))
}

func (r mutationResolver) ReinstateUser(ctx context.Context, id gid.ID) (*model.UserPayload, error) {
	user, err := idOf(id, ent.GIDUser)
	if err != nil {
		return nil, err
	}
	return userPayload(r.services.Tenancy.Reinstate(ctx, user))
}

func userPayload(user *ent.User, err error) (*model.UserPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.UserPayload{User: user}, nil
}

func (r mutationResolver) UpdateBranding(
	ctx context.Context, in model.BrandingInput,
) (*model.UpdateBrandingPayload, error) {
	tenant, err := r.services.Tenancy.UpdateBranding(ctx, tenancy.BrandingChange{
		Accent: in.Accent, LogoURL: in.LogoURL, Signatory: in.Signatory,
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateBrandingPayload{Tenant: tenant}, nil
}

func (r mutationResolver) UpdatePublishingRules(
	ctx context.Context, in model.PublishingRulesInput,
) (*model.UpdatePublishingRulesPayload, error) {
	tenant, err := r.services.Tenancy.UpdatePublishingRules(ctx, tenancy.PublishingRules{CaptionsRequired: in.CaptionsRequired})
	if err != nil {
		return nil, err
	}
	return &model.UpdatePublishingRulesPayload{Tenant: tenant}, nil
}

func (r viewerResolver) Tenant(ctx context.Context, v *viewer.Viewer) (*ent.Tenant, error) {
	return r.services.Tenancy.Tenant(viewer.With(ctx, *v))
}

// User reads as the viewer of the object, who after signIn is not yet the viewer of the request.
func (r viewerResolver) User(ctx context.Context, v *viewer.Viewer) (*ent.User, error) {
	if !v.SignedIn() {
		return nil, nil //nolint:nilnil // a visitor is nobody
	}
	return r.services.Tenancy.Self(viewer.With(ctx, *v))
}

func (sessionResolver) Current(ctx context.Context, s *ent.Session) (bool, error) {
	v, _ := viewer.From(ctx)
	return s.ID == v.Session, nil
}
