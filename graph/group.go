package graph

import (
	"context"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
	"lyceum/internal/tenancy"
)

func (r queryResolver) Groups(ctx context.Context, first *int, after *string, archived bool) (*relay.GroupConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return groupConnection(ctx)(r.services.Tenancy.Groups(ctx, request, archived))
}

func (r queryResolver) MyGroups(ctx context.Context, first *int, after *string) (*relay.GroupConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return groupConnection(ctx)(r.services.Tenancy.MyGroups(ctx, request))
}

// groupConnection makes a connection of a page, and has its groups counted all at once.
func groupConnection(ctx context.Context) func(page.Page[*ent.Group], error) (*relay.GroupConnection, error) {
	return func(found page.Page[*ent.Group], err error) (*relay.GroupConnection, error) {
		if err != nil {
			return nil, err
		}
		ahead(ctx, loader.From(ctx).GroupSize, "memberCount", found.Rows, func(g *ent.Group) uuid.UUID { return g.ID })
		return &relay.GroupConnection{Page: relay.From(found)}, nil
	}
}

func (r queryResolver) Group(ctx context.Context, id gid.ID) (*ent.Group, error) {
	key, err := idOf(id, ent.GIDGroup)
	if err != nil {
		return absent[ent.Group](nil, err)
	}
	return absent(r.services.Tenancy.Group(ctx, key))
}

func (r mutationResolver) SaveGroup(ctx context.Context, in model.SaveGroupInput) (*model.GroupPayload, error) {
	return groupPayload(r.services.Tenancy.SaveGroup(ctx, in.Key, in.Name))
}

func (r mutationResolver) ArchiveGroup(ctx context.Context, groupID gid.ID) (*model.GroupPayload, error) {
	id, err := idOf(groupID, ent.GIDGroup)
	if err != nil {
		return nil, err
	}
	return groupPayload(r.services.Tenancy.ArchiveGroup(ctx, id))
}

func groupPayload(group *ent.Group, err error) (*model.GroupPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.GroupPayload{Group: group}, nil
}

func (r mutationResolver) AddGroupMembers(ctx context.Context, groupID gid.ID, userIDs []*gid.ID) (*model.GroupMembersPayload, error) {
	return changeMembers(ctx, groupID, userIDs, r.services.Tenancy.AddMembers)
}

func (r mutationResolver) RemoveGroupMembers(ctx context.Context, groupID gid.ID, userIDs []*gid.ID) (*model.GroupMembersPayload, error) {
	return changeMembers(ctx, groupID, userIDs, r.services.Tenancy.RemoveMembers)
}

func changeMembers(
	ctx context.Context, groupID gid.ID, userIDs []*gid.ID,
	change func(ctx context.Context, group uuid.UUID, users []uuid.UUID) (*ent.Group, int, error),
) (*model.GroupMembersPayload, error) {
	id, err := idOf(groupID, ent.GIDGroup)
	if err != nil {
		return nil, err
	}
	users := make([]uuid.UUID, len(userIDs))
	for i, userID := range userIDs {
		if users[i], err = idOf(*userID, ent.GIDUser); err != nil {
			return nil, err
		}
	}
	group, n, err := change(ctx, id, users)
	if err != nil {
		return nil, err
	}
	return &model.GroupMembersPayload{Group: group, ChangedCount: n}, nil
}

func (groupResolver) MemberCount(ctx context.Context, g *ent.Group) (int, error) {
	return loader.From(ctx).GroupSize.Load(ctx, g.ID)
}

func (groupResolver) Members(ctx context.Context, g *ent.Group, first *int, after *string) (*relay.GroupMemberConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	asked := tenancy.MembersAsked{Group: g.ID, Page: request}
	if err := asked.Check(); err != nil {
		return nil, err
	}
	found, err := loader.From(ctx).GroupMembers.Load(ctx, asked)
	if err != nil {
		return nil, err
	}
	return &relay.GroupMemberConnection{Page: relay.From(found)}, nil
}

func (groupMemberResolver) User(ctx context.Context, m *tenancy.Member) (*ent.User, error) {
	return loader.From(ctx).User.Load(ctx, m.User)
}
