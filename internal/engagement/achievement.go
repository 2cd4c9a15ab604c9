package engagement

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lyceum/internal/engagement/deserve"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/achievement"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// maxAchievements bounds what a tenant defines, and so what every deed is held against.
	maxAchievements = 100
	maxTitle        = 120
	maxDescription  = 500
)

// keyShape is what an achievement's key looks like.
var keyShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// Definition is an achievement as an admin writes it.
type Definition struct {
	// Key names it for good: lower case letters, digits and dashes.
	Key         string
	Title       string
	Description string
	// Rule is read by package deserve.
	Rule string
	// Retired says that nobody earns it any more.
	Retired bool
}

// check returns what is wrong with the definition.
func (d Definition) check() error {
	var wrong fault.Collector
	wrong.Check(keyShape.MatchString(d.Key), "key", "A key has 1 to 64 lower case letters, digits and dashes.")
	title := strings.TrimSpace(d.Title)
	wrong.Check(title != "" && utf8.RuneCountInString(title) <= maxTitle, "title", "A title has 1 to 120 characters.")
	wrong.Check(utf8.RuneCountInString(d.Description) <= maxDescription, "description", "A description has at most 500 characters.")
	if err := wrong.Err(); err != nil {
		return err
	}
	_, err := deserve.Compile(d.Rule)
	return err
}

// Define adds the achievement, or changes the one with its key. Learners earn it with the next thing they do; who has
// earned it keeps it. Faults: Forbidden; BadInput; Conflict when there are too many.
func (s *Service) Define(ctx context.Context, d Definition) (*ent.Achievement, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	var saved *ent.Achievement
	err := s.DB.Tx(ctx, func(tx *pg.Tx) (err error) {
		if saved, err = save(ctx, tx, d); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{
			Action: "achievement.saved", Subject: saved.GlobalID().String(), Data: map[string]string{"key": d.Key, "rule": d.Rule},
		})
	})
	return saved, err
}

func save(ctx context.Context, tx *pg.Tx, d Definition) (*ent.Achievement, error) {
	known, err := tx.Achievement.Query().Where(achievement.KeyEQ(d.Key)).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return add(ctx, tx, d)
	case err != nil:
		return nil, fmt.Errorf("find achievement: %w", err)
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	change := tx.Achievement.UpdateOne(known).SetTitle(strings.TrimSpace(d.Title)).SetDescription(d.Description).SetRule(d.Rule)
	switch {
	case !d.Retired:
		change.ClearRetiredAt()
	case known.RetiredAt == nil:
		change.SetRetiredAt(now)
	}
	saved, err := change.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep achievement: %w", err)
	}
	return saved, nil
}

func add(ctx context.Context, tx *pg.Tx, d Definition) (*ent.Achievement, error) {
	n, err := tx.Achievement.Query().Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count achievements: %w", err)
	}
	if n >= maxAchievements {
		return nil, fault.New(fault.Conflict, "There are 100 achievements already.")
	}
	create := tx.Achievement.Create().SetKey(d.Key).SetTitle(strings.TrimSpace(d.Title)).SetDescription(d.Description).SetRule(d.Rule)
	if d.Retired {
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		create.SetRetiredAt(now)
	}
	saved, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, fault.New(fault.Conflict, "Somebody else saved an achievement with this key a moment ago.").Because(err)
	} else if err != nil {
		return nil, fmt.Errorf("add achievement: %w", err)
	}
	return saved, nil
}

// Definitions returns the tenant's achievements by key, for those who teach.
func (s *Service) Definitions(ctx context.Context) ([]*ent.Achievement, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	all, err := s.DB.Achievement.Query().Order(ent.Asc(achievement.FieldKey)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list achievements: %w", err)
	}
	return all, nil
}

// Earned is an achievement of a learner's.
type Earned struct {
	*ent.Achievement

	At time.Time
}

// Achievements returns what the viewer has earned, newest first.
func (s *Service) Achievements(ctx context.Context) ([]*Earned, error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT achievement_id, earned_at FROM earned_achievements WHERE tenant_id = $1 AND learner_id = $2
		ORDER BY earned_at DESC, achievement_id`
	rows, err := s.DB.Query(ctx, query, who.Tenant, who.User)
	if err != nil {
		return nil, fmt.Errorf("list earned achievements: %w", err)
	}
	var (
		ids []uuid.UUID
		at  = map[uuid.UUID]time.Time{}
		id  uuid.UUID
		one time.Time
	)
	err = pg.ForEach(rows, []any{&id, &one}, func() error {
		ids, at[id] = append(ids, id), one
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list earned achievements: %w", err)
	}
	return s.described(ctx, ids, at)
}

// described finds what the achievements are called.
func (s *Service) described(ctx context.Context, ids []uuid.UUID, at map[uuid.UUID]time.Time) ([]*Earned, error) {
	found, err := s.DB.Achievement.Query().Where(achievement.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("describe achievements: %w", err)
	}
	byID := make(map[uuid.UUID]*ent.Achievement, len(found))
	for _, a := range found {
		byID[a.ID] = a
	}
	earned := make([]*Earned, 0, len(ids))
	for _, id := range ids {
		if a := byID[id]; a != nil {
			earned = append(earned, &Earned{a, at[id]})
		}
	}
	return earned, nil
}

// unearned are the achievements that the learner can still earn.
func unearned(ctx context.Context, tx *pg.Tx, learner uuid.UUID) ([]*ent.Achievement, error) {
	const query = `
		SELECT a.id, a.key, a.rule FROM achievements a
		WHERE a.tenant_id = $1 AND a.retired_at IS NULL AND NOT EXISTS (
			SELECT FROM earned_achievements e WHERE e.tenant_id = $1 AND e.learner_id = $2 AND e.achievement_id = a.id
		)
		ORDER BY a.key`
	rows, err := tx.Query(ctx, query, viewer.Tenant(ctx), learner)
	if err != nil {
		return nil, fmt.Errorf("list achievements: %w", err)
	}
	var (
		open []*ent.Achievement
		a    ent.Achievement
	)
	err = pg.ForEach(rows, []any{&a.ID, &a.Key, &a.Rule}, func() error {
		open = append(open, &ent.Achievement{ID: a.ID, Key: a.Key, Rule: a.Rule})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list achievements: %w", err)
	}
	return open, nil
}
