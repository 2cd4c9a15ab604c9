package loader

import (
	"context"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/group"
	"lyceum/internal/platform/page"
	"lyceum/internal/tenancy"
)

// Groups is the loaders of groups of people.
type Groups struct {
	// Group finds groups by id.
	Group *Loader[uuid.UUID, *ent.Group]
	// GroupMembers finds pages of who is in groups, GroupSize how many that are.
	GroupMembers *Loader[tenancy.MembersAsked, page.Page[*tenancy.Member]]
	GroupSize    *Loader[uuid.UUID, int]
}

func newGroups(s Sources) Groups {
	return Groups{
		Group: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Group, error) {
			return s.DB.Group.Query().Where(group.IDIn(ids...)).All(ctx)
		}), func(g *ent.Group) uuid.UUID { return g.ID }),
		GroupMembers: mapped(func(ctx context.Context, asked []tenancy.MembersAsked) (map[tenancy.MembersAsked]page.Page[*tenancy.Member], error) {
			return s.Tenancy.Members(ctx, asked)
		}),
		GroupSize: mapped(func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int, error) {
			return s.Tenancy.MemberCounts(ctx, ids)
		}),
	}
}
