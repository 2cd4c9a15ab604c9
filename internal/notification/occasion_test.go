package notification

import (
	"context"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/migrate"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// occasion tells of something by its id.
type occasion func(ctx context.Context, tx *pg.Tx, id uuid.UUID) error

func (f fixture) happen(ctx context.Context, what occasion, id uuid.UUID) error {
	return f.Tx(ctx, func(tx *pg.Tx) error { return what(ctx, tx, id) })
}

func TestOccasions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	// The longest title there can be, in characters of four bytes.
	title := strings.Repeat("𝕏", 300)
	place := f.place(t, f.acme, title)
	certificate := f.certificate(t, place, title)
	ctx := f.acme.System(t.Context())
	for name, tt := range map[string]struct {
		what occasion
		id   uuid.UUID
		kind notification.Kind
		link string
	}{
		"assigned":  {f.s.Assigned, place.ID, notification.KindENROLLED, "/courses/c"},
		"completed": {f.s.CourseCompleted, place.ID, notification.KindCOURSE_COMPLETED, "/courses/c"},
		"issued":    {f.s.CertificateIssued, certificate.ID, notification.KindCERTIFICATE_ISSUED, "/verify/" + certificate.Code},
		"revoked":   {f.s.CertificateRevoked, certificate.ID, notification.KindCERTIFICATE_REVOKED, "/verify/" + certificate.Code},
	} {
		for range 2 { // told once, however often it runs
			if err := f.happen(ctx, tt.what, tt.id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		got, err := f.Notification.Query().Where(notification.KindEQ(tt.kind)).Only(ctx)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.UserID != f.acme.Learner || got.SubjectID != tt.id || !strings.HasPrefix(got.Link, tt.link) || !strings.Contains(got.Title, title) {
			t.Errorf("%s: %+v", name, got)
		}
		wantCode(t, name+" of nothing", f.happen(ctx, tt.what, uuid.New()), fault.NotFound)
		wantCode(t, name+" in globex", f.happen(f.globex.System(t.Context()), tt.what, tt.id), fault.NotFound)
	}
	if n := f.Notification.Query().CountX(f.globex.System(t.Context())); n != 0 {
		t.Errorf("globex was told %d things", n)
	}
}

// TestLanguage is the reader's, else the tenant's.
func TestLanguage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	german := "Dir wurde „Kaffee“ zugewiesen"
	english := "You have been given “Kaffee”"
	for name, tt := range map[string]struct {
		tenant pgtest.Tenant
		locale string
		want   string
	}{
		"nobody says":        {f.acme, "", english},
		"the reader says":    {f.acme, "de-AT", german},
		"one we do not do":   {f.acme, "fr", english},
		"the tenant says":    {f.globex, "", german},
		"the reader differs": {f.globex, "en-GB", english},
	} {
		ctx := tt.tenant.System(t.Context())
		if tt.tenant.ID == f.globex.ID {
			f.Tenant.UpdateOneID(f.globex.ID).SetLocale("de").ExecX(ctx)
		}
		f.User.UpdateOneID(tt.tenant.Learner).SetLocale(tt.locale).ExecX(ctx)
		place := f.place(t, tt.tenant, "Kaffee")
		if err := f.happen(ctx, f.s.Assigned, place.ID); err != nil {
			t.Fatal(err)
		}
		got := f.Notification.Query().Where(notification.SubjectID(place.ID)).OnlyX(ctx)
		if got.Title != tt.want {
			t.Errorf("%s: %q, want %q", name, got.Title, tt.want)
		}
	}
}

// TestEveryKindHasWords in every language, and a mail preference.
func TestEveryKindHasWords(t *testing.T) {
	t.Parallel()
	kind := slices.IndexFunc(migrate.NotificationsColumns, func(c *schema.Column) bool { return c.Name == notification.FieldKind })
	for _, declared := range migrate.NotificationsColumns[kind].Enums {
		if !slices.Contains(kinds(), notification.Kind(declared)) {
			t.Errorf("nobody is asked whether they want mail about %s", declared)
		}
	}
	for _, locale := range []string{"en", "de", "", "xx-invalid-locale-\x00"} {
		said := map[string]bool{}
		for _, kind := range kinds() {
			if err := notification.KindValidator(kind); err != nil {
				t.Fatal(err)
			}
			words := write(locale, kind, "100 % Go")
			if !strings.Contains(words.title, "100 % Go") || strings.Contains(words.title, "%!") || words.body == "" || said[words.title] {
				t.Errorf("%q %s: %+v", locale, kind, words)
			}
			said[words.title] = true
		}
	}
}
