package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/viewer"
)

func (mutationResolver) SignIn(_ context.Context, _ model.SignInInput) (*model.SignInPayload, error) {
	panic("pending")
}

func (mutationResolver) SignOut(_ context.Context) (*model.SignOutPayload, error) { panic("pending") }

func (mutationResolver) RotateSession(_ context.Context) (*model.SignInPayload, error) {
	panic("pending")
}

func (mutationResolver) RevokeSessions(_ context.Context, _ *gid.ID) (*model.RevokeSessionsPayload, error) {
	panic("pending")
}

func (mutationResolver) ChangePassword(_ context.Context, _ model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	panic("pending")
}

func (mutationResolver) CreateAPIKey(_ context.Context, _ model.CreateAPIKeyInput) (*model.CreateAPIKeyPayload, error) {
	panic("pending")
}

func (mutationResolver) RevokeAPIKey(_ context.Context, _ gid.ID) (*model.RevokeAPIKeyPayload, error) {
	panic("pending")
}

func (mutationResolver) CreateUser(_ context.Context, _ model.CreateUserInput) (*model.UserPayload, error) {
	panic("pending")
}

func (mutationResolver) ChangeUserRole(_ context.Context, _ gid.ID, _ viewer.Role) (*model.UserPayload, error) {
	panic("pending")
}

func (mutationResolver) SuspendUser(_ context.Context, _ gid.ID) (*model.UserPayload, error) {
	panic("pending")
}

func (mutationResolver) ReinstateUser(_ context.Context, _ gid.ID) (*model.UserPayload, error) {
	panic("pending")
}

func (mutationResolver) UpdateBranding(_ context.Context, _ model.BrandingInput) (*model.UpdateBrandingPayload, error) {
	panic("pending")
}

func (queryResolver) Viewer(_ context.Context) (*viewer.Viewer, error) { panic("pending") }

func (queryResolver) Users(_ context.Context, _ *int, _ *string, _ *model.UserFilter) (*relay.UserConnection, error) {
	panic("pending")
}

func (queryResolver) Sessions(_ context.Context) ([]*ent.Session, error) { panic("pending") }

func (queryResolver) APIKeys(_ context.Context) ([]*ent.APIKey, error) { panic("pending") }

func (sessionResolver) Current(_ context.Context, _ *ent.Session) (bool, error) { panic("pending") }

func (userResolver) Email(_ context.Context, _ *ent.User) (*string, error) { panic("pending") }

func (viewerResolver) Tenant(_ context.Context, _ *viewer.Viewer) (*ent.Tenant, error) {
	panic("pending")
}

func (viewerResolver) User(_ context.Context, _ *viewer.Viewer) (*ent.User, error) { panic("pending") }
