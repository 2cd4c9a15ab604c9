package notification

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/mail"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

// outbox keeps what is sent.
type outbox struct {
	mu   sync.Mutex
	sent []mail.Message
	// during, if not nil, runs while a mail is being sent; its error is the server's.
	during func() error
}

func (o *outbox) Send(_ context.Context, m mail.Message) error {
	o.mu.Lock()
	o.sent = append(o.sent, m)
	during := o.during
	o.mu.Unlock()
	if during == nil {
		return nil
	}
	return during()
}

func (f fixture) mailing() *outbox {
	sent := &outbox{}
	f.s.Post = Post{
		Sender: sent, From: "no-reply@lyceum.example", Keys: [][]byte{bytes.Repeat([]byte("k"), 32)},
		Page: func(slug, path string) string { return "https://" + slug + ".example" + path },
	}
	return sent
}

// told is a notification that the tenant's learner has just got.
func (f fixture) told(t *testing.T, tenant pgtest.Tenant) *ent.Notification {
	t.Helper()
	if err := f.tell(t.Context(), tenant, tenant.Learner); err != nil {
		t.Fatal(err)
	}
	rows := f.inbox(t, tenant, tenant.Learner)
	return rows[len(rows)-1]
}

func TestMail(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sent := f.mailing()
	ctx := f.acme.System(t.Context())
	f.Tenant.UpdateOneID(f.acme.ID).SetName("Acme & Söhne").
		SetBranding(brand.Brand{Accent: "#ffcc00", LogoURL: "https://acme.example/logo.png"}).ExecX(ctx)
	f.User.UpdateOneID(f.acme.Learner).SetName("Ada <b>Lovelace</b>").SetLocale("de-AT").ExecX(ctx)
	note := f.told(t, f.acme)
	for range 2 { // it goes out once, however often the job runs
		if err := f.s.Mail(ctx, note.ID); err != nil {
			t.Fatal(err)
		}
	}
	if len(sent.sent) != 1 {
		t.Fatalf("%d mails", len(sent.sent))
	}
	m := sent.sent[0]
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
	reader := f.User.GetX(ctx, f.acme.Learner)
	if m.To != (mail.Address{Name: reader.Name, Email: reader.Email}) || m.From != (mail.Address{Name: "Acme & Söhne", Email: "no-reply@lyceum.example"}) {
		t.Errorf("from %+v to %+v", m.From, m.To)
	}
	stop := "https://acme.example" + StopPath + f.s.Post.stopToken(f.acme.ID, f.acme.Learner, note.Kind)
	if m.Subject != "Title" || m.Unsubscribe != stop || m.Label != "acme" {
		t.Errorf("subject %q, unsubscribe %q, label %q", m.Subject, m.Unsubscribe, m.Label)
	}
	for _, want := range []string{"Hallo Ada <b>Lovelace</b>,", "Title\nBody", "https://acme.example/courses/x", stop, "https://acme.example/learn/inbox", "Acme & Söhne"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
	}
	for _, want := range []string{
		`lang="de"`, "Hallo Ada &lt;b&gt;Lovelace&lt;/b&gt;,", "Acme &amp; Söhne", `src="https://acme.example/logo.png"`,
		"background: #ffcc00; color: #000000", `href="https://acme.example/courses/x"`, `href="` + stop + `"`,
	} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML lacks %q:\n%s", want, m.HTML)
		}
	}
	if got := f.Notification.GetX(ctx, note.ID); got.MailedAt == nil || got.ReadAt != nil {
		t.Errorf("afterwards: mailed %v, read %v", got.MailedAt, got.ReadAt)
	}
	wantCode(t, "in globex", f.s.Mail(f.globex.System(t.Context()), note.ID), fault.NotFound)
	wantCode(t, "of nothing", f.s.Mail(ctx, uuid.New()), fault.NotFound)
}

// TestMailTwiceAtOnce lets eight workers send the same mail while a server takes its time.
func TestMailTwiceAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sent := f.mailing()
	note := f.told(t, f.acme)
	ctx := f.acme.System(t.Context())
	sent.during = func() error { // nobody else gets that far, and the inbox can be read meanwhile
		if err := f.s.Mail(ctx, note.ID); !errors.Is(err, errBusy) {
			t.Errorf("while it is being sent: %v", err)
		}
		reader := viewer.With(t.Context(), viewer.Viewer{Tenant: f.acme.ID, User: f.acme.Learner, Role: viewer.Learner})
		_, _, err := f.s.MarkRead(reader, nil)
		return err
	}
	err := race(8, func(int) error {
		if err := f.s.Mail(ctx, note.ID); err != nil && !errors.Is(err, errBusy) {
			return err
		}
		return nil
	})
	if err != nil || len(sent.sent) != 1 {
		t.Errorf("%d mails, %v", len(sent.sent), err)
	}
}

// TestMailAfterACrash: a mail whose worker died before it could say so goes out under the same Message-ID.
func TestMailAfterACrash(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sent := f.mailing()
	note := f.told(t, f.acme)
	ctx := f.acme.System(t.Context())
	dying, die := context.WithCancel(ctx)
	sent.during = func() error { die(); return nil }
	if err := f.s.Mail(dying, note.ID); err == nil {
		t.Fatal("the dead say that all is well")
	}
	sent.during = nil
	if err := f.s.Mail(ctx, note.ID); err != nil {
		t.Fatal(err)
	}
	other := f.told(t, f.acme)
	if err := f.s.Mail(ctx, other.ID); err != nil {
		t.Fatal(err)
	}
	if len(sent.sent) != 3 || sent.sent[0].ID != sent.sent[1].ID || sent.sent[1].ID == sent.sent[2].ID {
		t.Errorf("sent %d mails: %+v", len(sent.sent), sent.sent)
	}
}

func TestMailToNobody(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(t *testing.T, f fixture, ctx context.Context){
		"who wants none": func(t *testing.T, f fixture, ctx context.Context) {
			t.Helper()
			if err := f.s.prefer(ctx, f.acme.Learner, notification.KindENROLLED, false); err != nil {
				t.Fatal(err)
			}
		},
		"who is suspended": func(_ *testing.T, f fixture, ctx context.Context) {
			f.User.UpdateOneID(f.acme.Learner).SetStatus(user.StatusSUSPENDED).ExecX(ctx)
		},
		"when none are sent": func(_ *testing.T, f fixture, _ context.Context) { f.s.Post.Sender = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			sent := f.mailing()
			ctx := f.acme.System(t.Context())
			note := f.told(t, f.acme)
			arrange(t, f, ctx)
			if err := f.s.Mail(ctx, note.ID); err != nil || len(sent.sent) != 0 {
				t.Errorf("%d mails, %v", len(sent.sent), err)
			}
			if f.Notification.GetX(ctx, note.ID).MailedAt != nil {
				t.Error("it says that it was mailed")
			}
		})
	}
}

// TestMailOfHostileNames: whatever a name or a title holds, the mail has one recipient, one subject, and no more headers.
func TestMailOfHostileNames(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.System(t.Context())
	for name, hostile := range map[string]string{
		"a header":            "Ada\r\nBcc: eve@evil.example",
		"a body":              "Ada\r\n\r\n<script>alert(1)</script>",
		"bare line feeds":     "Ada\nBcc: eve@evil.example\n\n.\nQUIT",
		"the next line":       "Ada\u0085Bcc: eve@evil.example\u2028Cc: eve@evil.example",
		"quotes and brackets": `Ada" <eve@evil.example>, "`,
		"an encoded word":     "=?utf-8?q?Ada=0D=0ABcc:_eve=40evil.example?=",
		"direction":           "Ada \u202Eexe.fdp",
		"markup":              `"><img src=x onerror=alert(1)>`,
		"a template":          "{{.Stop}}",
	} {
		sink, err := mail.OpenSink(t.TempDir(), 1)
		if err != nil {
			t.Fatal(err)
		}
		f.mailing()
		f.s.Post.Sender = sink
		f.User.UpdateOneID(f.acme.Learner).SetName(hostile).ExecX(ctx)
		f.Tenant.UpdateOneID(f.acme.ID).SetName(hostile).ExecX(ctx)
		note := f.Notification.Create().SetUserID(f.acme.Learner).SetSeq(1000 + len(name)*7 + len(hostile)).SetKind(notification.KindENROLLED).
			SetSubjectID(uuid.New()).SetTitle(hostile).SetBody(hostile).SetLink("/courses/x").SaveX(ctx)
		if err := f.s.Mail(ctx, note.ID); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept, err := sink.List(t.Context())
		if err != nil || len(kept) != 1 {
			t.Fatalf("%s: %d mails, %v", name, len(kept), err)
		}
		checkRaw(t, name, kept[0].Raw, f.User.GetX(ctx, f.acme.Learner).Email)
		if html := kept[0].Message.HTML; strings.Contains(html, "<script") || strings.Contains(html, "<img src=x") {
			t.Errorf("%s: markup from a name:\n%s", name, html)
		}
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	}
}

// checkRaw reads the mail as a mail server does.
func checkRaw(t *testing.T, name, raw, address string) {
	t.Helper()
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	seen := map[string]int{}
	for line := range strings.SplitSeq(head, "\r\n") {
		if strings.ContainsAny(line, "\r\n") {
			t.Errorf("%s: a bare end of line in %q", name, line)
		}
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			header, _, _ := strings.Cut(line, ":")
			seen[strings.ToLower(header)]++
		}
	}
	for _, once := range []string{"from", "to", "subject", "message-id", "list-unsubscribe"} {
		if seen[once] != 1 {
			t.Errorf("%s: %d headers %s", name, seen[once], once)
		}
	}
	if seen["bcc"]+seen["cc"] != 0 || !strings.Contains(head, "<"+address+">") {
		t.Errorf("%s: the head is\n%s", name, head)
	}
}
