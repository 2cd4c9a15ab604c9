package engagement

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/engagementprofile"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// maxPseudonym is the longest pseudonym, in characters.
const maxPseudonym = 40

// Profile is how the viewer stands in leaderboards.
type Profile struct {
	// Hidden takes them out of everybody's list.
	Hidden bool
	// Pseudonym stands for the name, unless it is empty.
	Pseudonym string
}

// Profile returns the viewer's own.
func (s *Service) Profile(ctx context.Context) (Profile, error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return Profile{}, err
	}
	return s.profile(ctx, who.User)
}

func (s *Service) profile(ctx context.Context, who uuid.UUID) (Profile, error) {
	kept, err := s.DB.EngagementProfile.Query().Where(engagementprofile.UserID(who)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return Profile{}, nil
	case err != nil:
		return Profile{}, fmt.Errorf("find profile: %w", err)
	default:
		return Profile{Hidden: kept.Hidden, Pseudonym: kept.Pseudonym}, nil
	}
}

// SetProfile keeps how the viewer stands in leaderboards from now on. Faults: Unauthenticated; Forbidden; BadInput.
func (s *Service) SetProfile(ctx context.Context, p Profile) (Profile, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return Profile{}, err
	}
	p.Pseudonym = strings.TrimSpace(p.Pseudonym)
	if utf8.RuneCountInString(p.Pseudonym) > maxPseudonym || strings.ContainsFunc(p.Pseudonym, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return Profile{}, fault.Invalid("pseudonym", "A pseudonym has at most 40 printed characters.")
	}
	return p, s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if err := takeTurn(ctx, tx, who.User); err != nil {
			return err
		}
		return keep(ctx, tx, who.User, p)
	})
}

func keep(ctx context.Context, tx *pg.Tx, who uuid.UUID, p Profile) error {
	changed, err := tx.EngagementProfile.Update().Where(engagementprofile.UserID(who)).
		SetHidden(p.Hidden).SetPseudonym(p.Pseudonym).Save(ctx)
	if err != nil {
		return fmt.Errorf("keep profile: %w", err)
	}
	if changed > 0 {
		return nil
	}
	err = tx.EngagementProfile.Create().SetUserID(who).SetHidden(p.Hidden).SetPseudonym(p.Pseudonym).Exec(ctx)
	if err != nil {
		return fmt.Errorf("add profile: %w", err)
	}
	return nil
}

func (s *Service) profiles(ctx context.Context, users []uuid.UUID) ([]*ent.EngagementProfile, error) {
	found, err := s.DB.EngagementProfile.Query().
		Where(engagementprofile.UserIDIn(users...), engagementprofile.PseudonymNEQ("")).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find pseudonyms: %w", err)
	}
	return found, nil
}

func (s *Service) people(ctx context.Context, ids []uuid.UUID) ([]*ent.User, error) {
	found, err := s.DB.User.Query().Where(user.IDIn(ids...)).Select(user.FieldID, user.FieldName).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find names: %w", err)
	}
	return found, nil
}
