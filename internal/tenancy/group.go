package tenancy

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/group"
	"lyceum/internal/gen/ent/groupmember"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxGroups bounds what a tenant defines.
const maxGroups = 10_000

// SaveGroup adds the group, or renames the one with its key; one that was archived is in use again. Faults:
// Unauthenticated and Forbidden; BadInput; Conflict for too many groups.
func (s *Service) SaveGroup(ctx context.Context, key, name string) (*ent.Group, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var c input.Checker
	c.Key("key", key)
	c.Line("name", name, 1, maxName)
	if err := c.Err(); err != nil {
		return nil, err
	}
	name = strings.TrimSpace(name)
	var saved *ent.Group
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		there, err := tx.Group.Query().Where(group.Key(key)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			saved, err = addGroup(ctx, tx, key, name)
		case err != nil:
			return fmt.Errorf("find group: %w", err)
		case there.Name == name && there.ArchivedAt == nil:
			saved = there
			return nil
		default:
			saved, err = tx.Group.UpdateOne(there).SetName(name).ClearArchivedAt().Save(ctx)
		}
		if err != nil {
			return fmt.Errorf("keep group: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "group.saved", Subject: saved.GlobalID().String(), Data: map[string]string{"key": key}})
	})
	if err != nil {
		return nil, fmt.Errorf("save group: %w", err)
	}
	return saved, nil
}

func addGroup(ctx context.Context, tx *pg.Tx, key, name string) (*ent.Group, error) {
	n, err := tx.Group.Query().Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count groups: %w", err)
	}
	if n >= maxGroups {
		return nil, fault.Newf(fault.Conflict, "There are %d groups already.", n)
	}
	added, err := tx.Group.Create().SetKey(key).SetName(name).Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, fault.New(fault.Conflict, "Somebody added this group a moment ago.").Because(err)
	} else if err != nil {
		return nil, fmt.Errorf("add group: %w", err)
	}
	return added, nil
}

// ArchiveGroup takes the group out of use; who is in it stays, for staff to see. One that is archived already stays so.
// Faults: Unauthenticated and Forbidden; NotFound.
func (s *Service) ArchiveGroup(ctx context.Context, id uuid.UUID) (*ent.Group, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var archived *ent.Group
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		found, err := lockGroup(ctx, tx, id)
		if err != nil {
			return err
		}
		if archived = found; found.ArchivedAt != nil {
			return nil
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if archived, err = tx.Group.UpdateOne(found).SetArchivedAt(now).Save(ctx); err != nil {
			return fmt.Errorf("keep group: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "group.archived", Subject: archived.GlobalID().String(), Data: map[string]string{"key": archived.Key}})
	})
	if err != nil {
		return nil, fmt.Errorf("archive group: %w", err)
	}
	return archived, nil
}

// lockGroup has those who change the group or who is in it wait for each other.
func lockGroup(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.Group, error) {
	found, err := tx.Group.Query().Where(group.ID(id)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoGroup()
	} else if err != nil {
		return nil, fmt.Errorf("find group: %w", err)
	}
	return found, nil
}

func errNoGroup() error { return fault.New(fault.NotFound, "There is no such group.") }

// Groups returns a page of the tenant's groups in use, or of the archived ones, by name, for staff and support. Faults:
// Unauthenticated and Forbidden; BadInput.
func (s *Service) Groups(ctx context.Context, r page.Request, archived bool) (page.Page[*ent.Group], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return page.Page[*ent.Group]{}, err
	}
	if archived {
		return s.groups(ctx, r, "archived groups by name", group.ArchivedAtNotNil())
	}
	return s.groups(ctx, r, "groups by name", group.ArchivedAtIsNil())
}

// MyGroups returns a page of the groups in use that the viewer is in, by name. Faults: Unauthenticated; BadInput.
func (s *Service) MyGroups(ctx context.Context, r page.Request) (page.Page[*ent.Group], error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return page.Page[*ent.Group]{}, err
	}
	mine := func(q *sql.Selector) {
		in := sql.Dialect(q.Dialect()).Select(groupmember.FieldGroupID).From(sql.Table(groupmember.Table)).
			Where(sql.And(sql.EQ(groupmember.FieldTenantID, who.Tenant), sql.EQ(groupmember.FieldUserID, who.User)))
		q.Where(sql.In(q.C(group.FieldID), in))
	}
	return s.groups(ctx, r, "groups by name of "+who.User.String(), group.And(group.ArchivedAtIsNil(), mine))
}

func (s *Service) groups(ctx context.Context, r page.Request, order string, which predicate.Group) (page.Page[*ent.Group], error) {
	query := s.DB.Group.Query().Where(which).Order(group.ByName(), group.ByID()).Limit(r.Limit())
	var (
		name string
		id   uuid.UUID
	)
	if behind, err := r.Position(order, &name, &id); err != nil {
		return page.Page[*ent.Group]{}, err
	} else if behind {
		query.Where(func(q *sql.Selector) {
			q.Where(sql.CompositeGT([]string{q.C(group.FieldName), q.C(group.FieldID)}, name, id))
		})
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.Group]{}, fmt.Errorf("list groups: %w", err)
	}
	return page.Of(rows, r, order, func(g *ent.Group) []any { return []any{g.Name, g.ID} }), nil
}

// Group returns the group with the id, if the viewer sees it. Faults: Unauthenticated; Forbidden for support without a
// grant; NotFound.
func (s *Service) Group(ctx context.Context, id uuid.UUID) (*ent.Group, error) {
	if err := policy.Require(ctx, viewer.Learner, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return nil, err
	}
	found, err := s.DB.Group.Query().Where(group.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoGroup()
	} else if err != nil {
		return nil, fmt.Errorf("find group: %w", err)
	}
	return found, nil
}
