package main

import (
	"log/slog"
	"strings"
	"testing"

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
