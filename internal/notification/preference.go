package notification

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/mailpreference"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// MailPreference says whether a person gets mail about notifications of a kind.
type MailPreference struct {
	Kind   notification.Kind
	Wanted bool
}

// kinds are what people are told of, in the order in which they are asked about it.
func kinds() []notification.Kind {
	return []notification.Kind{
		notification.KindENROLLED, notification.KindINVITED, notification.KindPROMOTED, notification.KindCOURSE_COMPLETED,
		notification.KindCERTIFICATE_ISSUED, notification.KindCERTIFICATE_REVOKED,
		notification.KindPATH_ASSIGNED, notification.KindPATH_COMPLETED, notification.KindACHIEVEMENT_EARNED,
	}
}

// MailPreferences returns what the viewer gets mail about: every kind once.
func (s *Service) MailPreferences(ctx context.Context) ([]MailPreference, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	return preferences(ctx, s.DB.MailPreference, v.User)
}

// SetMailPreference says whether the viewer wants mail about a kind, and returns what holds now.
func (s *Service) SetMailPreference(ctx context.Context, kind notification.Kind, wanted bool) ([]MailPreference, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.prefer(ctx, v.User, kind, wanted); err != nil {
		return nil, err
	}
	return preferences(ctx, s.DB.MailPreference, v.User)
}

// prefer keeps the wish of a person.
func (s *Service) prefer(ctx context.Context, user uuid.UUID, kind notification.Kind, wanted bool) error {
	if notification.KindValidator(kind) != nil {
		return fault.Invalid("kind", "There is no such kind of notification.")
	}
	wish := func(tx *pg.Tx) error { return keepWish(ctx, tx, user, mailpreference.Kind(kind), wanted) }
	err := s.DB.Tx(ctx, wish)
	if ent.IsConstraintError(err) {
		// Another wish came first, and is there to be changed now.
		err = s.DB.Tx(ctx, wish)
	}
	return err
}

func keepWish(ctx context.Context, tx *pg.Tx, user uuid.UUID, kind mailpreference.Kind, wanted bool) error {
	row, err := tx.MailPreference.Query().
		Where(mailpreference.UserID(user), mailpreference.KindEQ(kind)).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		err = tx.MailPreference.Create().SetUserID(user).SetKind(kind).SetWanted(wanted).Exec(ctx)
	case err == nil:
		err = tx.MailPreference.UpdateOne(row).SetWanted(wanted).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("keep preference: %w", err)
	}
	return nil
}

func preferences(ctx context.Context, from *ent.MailPreferenceClient, user uuid.UUID) ([]MailPreference, error) {
	rows, err := from.Query().Where(mailpreference.UserID(user)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list preferences: %w", err)
	}
	refused := map[notification.Kind]bool{}
	for _, row := range rows {
		refused[notification.Kind(row.Kind)] = !row.Wanted
	}
	all := make([]MailPreference, 0, len(kinds()))
	for _, kind := range kinds() {
		all = append(all, MailPreference{Kind: kind, Wanted: !refused[kind]})
	}
	return all, nil
}
