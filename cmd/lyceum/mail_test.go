package main

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"

	"lyceum/internal/gen/ent/migrate"
	entnotification "lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/config"
)

// TestMailsAreKeptOnLocalhostOnly: where people are served, mails go out or nowhere, and it is said.
func TestMailsAreKeptOnLocalhostOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		environ       []string
		sent, kept    bool
		page, warning string
	}{
		"on localhost":               {nil, true, true, "/mail/", ""},
		"on localhost with a server": {[]string{"SMTP_URL=smtp://mail.example:587"}, true, false, "", ""},
		"in production":              {[]string{"LYCEUM_PUBLIC_BASE_DOMAIN=lyceum.example"}, false, false, "", "no mails are sent"},
		"in production with a server": {
			[]string{"LYCEUM_PUBLIC_BASE_DOMAIN=lyceum.example", "SMTP_URL=smtp://mail.example:587"}, true, false, "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(config.Sources{Environ: append(tt.environ,
				"DATABASE_URL=postgres://db.example/lyceum", "LYCEUM_SIGNING_KEYS=test=literal:"+strings.Repeat("k", 64), "LYCEUM_HOME="+t.TempDir(),
			)})
			if err != nil {
				t.Fatal(err)
			}
			var logged strings.Builder
			a := &app{config: c, log: slog.New(slog.NewTextHandler(&logged, nil))}
			t.Cleanup(func() { _ = a.Close(t.Context()) })
			if err := a.openMail(t.Context()); err != nil {
				t.Fatal(err)
			}
			if (a.mails != nil) != tt.sent || (a.sink != nil) != tt.kept || a.mailboxPath() != tt.page {
				t.Errorf("sent to %T, kept in %v, shown at %q", a.mails, a.sink, a.mailboxPath())
			}
			if (a.checkMail() == nil) != tt.sent {
				t.Errorf("the doctor says: %v", a.checkMail())
			}
			if got := logged.String(); tt.warning != "" && !strings.Contains(got, tt.warning) || tt.warning == "" && got != "" {
				t.Errorf("the log says: %q", got)
			}
		})
	}
}

// TestLinksOfMails: what is told of is shown in the learner app, but for certificates, which have a public page.
func TestLinksOfMails(t *testing.T) {
	t.Parallel()
	a := &app{config: &config.Config{Public: config.Public{BaseDomain: "lyceum.example"}}}
	for path, want := range map[string]string{
		"/courses/coffee": "/learn/courses/coffee", "/paths/barista": "/learn/paths/barista", "/my": "/learn/my", "/verify/abc": "/verify/abc",
	} {
		if got := a.frontPage("acme", path); got != a.page("acme", want) {
			t.Errorf("%s leads to %s", path, got)
		}
	}
}

// TestEveryMailSaysWhenItComes where people turn it off.
func TestEveryMailSaysWhenItComes(t *testing.T) {
	t.Parallel()
	kind := slices.IndexFunc(migrate.NotificationsColumns, func(c *schema.Column) bool { return c.Name == entnotification.FieldKind })
	for _, declared := range migrate.NotificationsColumns[kind].Enums {
		if mailedWhen()[entnotification.Kind(declared)] == "" {
			t.Errorf("the page does not say what mail of the kind %s is about", declared)
		}
	}
}
