package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/web"
)

func mailbox(mails []web.Mail, broken error) http.Handler {
	return web.Mailbox{
		List: func(context.Context) ([]web.Mail, error) { return mails, broken },
		Get: func(_ context.Context, id string) (*web.Mail, error) {
			for i := range mails {
				if mails[i].ID == id {
					return &mails[i], broken
				}
			}
			return nil, fault.New(fault.NotFound, "No such mail.")
		},
		Log: slog.New(slog.DiscardHandler),
	}.Handler()
}

// mails are one of each tenant.
func mails() []web.Mail {
	at := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	return []web.Mail{
		{
			ID: "1", Tenant: "acme", At: at, To: "Ada " + hostile + " <ada@acme.example>", Subject: "Knots " + hostile,
			Text: "Have a look:\nhttps://acme.example/x\njavascript:alert(1)\n" + hostile, HTML: "<p>Letter</p>", Raw: "Subject: " + hostile,
			Unsubscribe: "https://acme.example/mail/stop/token",
		},
		{ID: "2", Tenant: "globex", At: at, To: "Bo <bo@globex.example>", Subject: "Ropes", Text: "Words"},
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	full, empty, broken := mailbox(mails(), nil), mailbox(nil, nil), mailbox(mails(), errors.New("the disk is gone"))
	for name, tt := range map[string]struct {
		on         http.Handler
		path       string
		status     int
		has, lacks string
	}{
		"all":                {full, "/mail/", 200, "ada@acme.example", "There are none"},
		"all of all":         {full, "/mail/", 200, "bo@globex.example", ""},
		"of one tenant":      {full, "/mail/?tenant=globex", 200, "bo@globex.example", "ada@acme.example"},
		"of no tenant":       {full, "/mail/?tenant=%3Cb%3E", 200, "There are none", "<b>"},
		"none":               {empty, "/mail/", 200, "There are none", ""},
		"unreadable":         {broken, "/mail/", 500, "Something went wrong", "disk"},
		"a mail":             {full, "/mail/1", 200, `href="https://acme.example/x"`, `href="javascript`},
		"a mail as text":     {full, "/mail/2", 200, "Words", "<iframe"},
		"an unreadable mail": {broken, "/mail/1", 500, "Something went wrong", "disk"},
		"no mail":            {full, "/mail/3", 404, "No such mail.", ""},
		"a letter":           {full, "/mail/1/letter", 200, "<p>Letter</p>", ""},
		"no letter":          {full, "/mail/3/letter", 404, "No such mail.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := get(t, tt.on, tt.path)
			body := w.Body.String()
			if w.Code != tt.status || !strings.Contains(body, tt.has) || (tt.lacks != "" && strings.Contains(body, tt.lacks)) {
				t.Errorf("status %d, want %d; %q must be there and %q must not: %s", w.Code, tt.status, tt.has, tt.lacks, body)
			}
			if strings.Contains(body, "<b onmouseover") {
				t.Errorf("what people typed is not escaped: %s", body)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("mails may be kept: %q", got)
			}
		})
	}
	// What people typed runs nowhere, and asks nobody for anything.
	for _, want := range []string{"sandbox", "default-src 'none'", "frame-ancestors 'self'"} {
		if policy := get(t, full, "/mail/1/letter").Header().Get("Content-Security-Policy"); !strings.Contains(policy, want) {
			t.Errorf("%q is missing in %q", want, policy)
		}
	}
}
