package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/group"
	"lyceum/internal/gen/ent/groupmember"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxChanged is how many people come or go at a time.
const maxChanged = 500

// AddMembers puts the people into the group, all of them or nobody, and returns how many were not in it. Faults:
// Unauthenticated and Forbidden; BadInput for nobody, too many, and support people; NotFound for the group or one of the
// people; Conflict for an archived group, and for suspended people.
func (s *Service) AddMembers(ctx context.Context, id uuid.UUID, users []uuid.UUID) (*ent.Group, int, error) {
	return s.changeMembers(ctx, id, users, "group.members_added", func(tx *pg.Tx, to *ent.Group, people []*ent.User) ([]uuid.UUID, error) {
		if to.ArchivedAt != nil {
			return nil, fault.New(fault.Conflict, "This group is archived; save it again to use it.")
		}
		if err := joinable(people); err != nil {
			return nil, err
		}
		in, err := members(ctx, tx, id, people)
		if err != nil {
			return nil, err
		}
		var fresh []*ent.GroupMemberCreate
		var came []uuid.UUID
		for _, person := range people {
			if !slices.Contains(in, person.ID) {
				fresh = append(fresh, tx.GroupMember.Create().SetGroupID(id).SetUserID(person.ID))
				came = append(came, person.ID)
			}
		}
		if err := tx.GroupMember.CreateBulk(fresh...).Exec(ctx); err != nil {
			return nil, fmt.Errorf("keep members: %w", err)
		}
		return came, nil
	})
}

// RemoveMembers takes the people out of the group, and returns how many were in it. Faults: Unauthenticated and Forbidden;
// BadInput for nobody and for too many; NotFound for the group or one of the people.
func (s *Service) RemoveMembers(ctx context.Context, id uuid.UUID, users []uuid.UUID) (*ent.Group, int, error) {
	return s.changeMembers(ctx, id, users, "group.members_removed", func(tx *pg.Tx, _ *ent.Group, people []*ent.User) ([]uuid.UUID, error) {
		went, err := members(ctx, tx, id, people)
		if err != nil {
			return nil, err
		}
		if _, err := tx.GroupMember.Delete().Where(groupmember.GroupID(id), groupmember.UserIDIn(went...)).Exec(ctx); err != nil {
			return nil, fmt.Errorf("delete members: %w", err)
		}
		return went, nil
	})
}

// changeMembers has people come to a group or go, and says in the audit log who. Changing what is so already changes nothing.
func (s *Service) changeMembers(
	ctx context.Context, id uuid.UUID, users []uuid.UUID, action string,
	change func(tx *pg.Tx, of *ent.Group, people []*ent.User) ([]uuid.UUID, error),
) (*ent.Group, int, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, 0, err
	}
	var c input.Checker
	c.Check(len(users) > 0, "userIds", "Name one person at least.")
	c.Count("userIds", len(users), maxChanged)
	if err := c.Err(); err != nil {
		return nil, 0, err
	}
	var of *ent.Group
	var changed []uuid.UUID
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		if of, err = lockGroup(ctx, tx, id); err != nil {
			return err
		}
		people, err := named(ctx, tx, users)
		if err != nil {
			return err
		}
		if changed, err = change(tx, of, people); err != nil || len(changed) == 0 {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: action, Subject: of.GlobalID().String(), Data: map[string]string{
			"key": of.Key, "count": strconv.Itoa(len(changed)), "users": listed(changed),
		}})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("change members: %w", err)
	}
	return of, len(changed), nil
}

// named finds the people, each once, whoever is named how often.
func named(ctx context.Context, tx *pg.Tx, ids []uuid.UUID) ([]*ent.User, error) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	people, err := tx.User.Query().Where(user.IDIn(ids...)).Order(user.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	if len(people) < len(ids) {
		return nil, fault.New(fault.NotFound, "There is no such user.")
	}
	return people, nil
}

// joinable refuses whom no course could be given either.
func joinable(people []*ent.User) error {
	for _, person := range people {
		switch {
		case person.Role == viewer.Support:
			return fault.Invalid("userIds", "Support reads and changes nothing, so it is in no group.")
		case person.Status != user.StatusACTIVE:
			return fault.New(fault.Conflict, "One of these accounts is suspended; reinstate it first.")
		}
	}
	return nil
}

// members are those of the people who are in the group.
func members(ctx context.Context, tx *pg.Tx, id uuid.UUID, people []*ent.User) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(people))
	for i, person := range people {
		ids[i] = person.ID
	}
	rows, err := tx.GroupMember.Query().Where(groupmember.GroupID(id), groupmember.UserIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find members: %w", err)
	}
	in := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		in[i] = row.UserID
	}
	return in, nil
}

func listed(users []uuid.UUID) string {
	ids := make([]string, len(users))
	for i, id := range users {
		ids[i] = gid.New(ent.GIDUser, id).String()
	}
	return strings.Join(ids, " ")
}

// Member is somebody in a group.
type Member struct {
	User  uuid.UUID
	Since time.Time

	// row is the membership itself.
	row uuid.UUID
}

// MembersAsked asks for a page of the members of a group.
type MembersAsked struct {
	Group uuid.UUID
	Page  page.Request
}

// Members returns the pages, in one statement: those first who have been in their group longest. They are for staff and
// support. Faults: Unauthenticated and Forbidden; BadInput.
func (s *Service) Members(ctx context.Context, asked []MembersAsked) (map[MembersAsked]page.Page[*Member], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return nil, err
	}
	groups, behind, limits := make([]uuid.UUID, len(asked)), make([]uuid.UUID, len(asked)), make([]int, len(asked))
	for i, one := range asked {
		groups[i], limits[i] = one.Group, one.Page.Limit()
		var err error
		if behind[i], err = one.behind(); err != nil {
			return nil, err
		}
	}
	const query = `
		SELECT a.n - 1, m.id, m.user_id, m.created_at
		FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) WITH ORDINALITY AS a (group_id, behind, lines, n) CROSS JOIN LATERAL (
			SELECT id, user_id, created_at FROM group_members
			WHERE tenant_id = $1 AND group_id = a.group_id AND id > a.behind ORDER BY id LIMIT a.lines
		) m
		ORDER BY a.n, m.id`
	rows, err := s.DB.Query(ctx, query, viewer.Tenant(ctx), groups, behind, limits)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	var (
		n     int
		m     Member
		lists = make([][]*Member, len(asked))
	)
	err = pg.ForEach(rows, []any{&n, &m.row, &m.User, &m.Since}, func() error {
		one := m
		lists[n] = append(lists[n], &one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	found := make(map[MembersAsked]page.Page[*Member], len(asked))
	for i, one := range asked {
		found[one] = page.Of(lists[i], one.Page, one.order(), func(m *Member) []any { return []any{m.row} })
	}
	return found, nil
}

// Check returns BadInput for a cursor that is none of the group. Members of many groups are found together, and one such
// cursor fails them all: who asks for them checks each page by itself.
func (a MembersAsked) Check() error {
	_, err := a.behind()
	return err
}

// behind is the row that the page begins behind.
func (a MembersAsked) behind() (last uuid.UUID, err error) {
	_, err = a.Page.Position(a.order(), &last)
	return last, err
}

func (a MembersAsked) order() string { return "members of group " + a.Group.String() }

// MemberCounts says how many people are in each of the groups that the viewer sees.
func (s *Service) MemberCounts(ctx context.Context, groups []uuid.UUID) (map[uuid.UUID]int, error) {
	seen, err := s.DB.Group.Query().Where(group.IDIn(groups...)).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("find groups: %w", err)
	}
	counts := make(map[uuid.UUID]int, len(seen))
	for _, id := range seen {
		counts[id] = 0
	}
	var rows []struct {
		GroupID uuid.UUID `json:"group_id"`
		Count   int
	}
	// A learner sees one member of each, themself.
	err = s.DB.GroupMember.Query().Where(groupmember.GroupIDIn(seen...)).
		GroupBy(groupmember.FieldGroupID).Aggregate(ent.Count()).Scan(viewer.WholeTenant(ctx), &rows)
	if err != nil {
		return nil, fmt.Errorf("count members: %w", err)
	}
	for _, row := range rows {
		counts[row.GroupID] = row.Count
	}
	return counts, nil
}
