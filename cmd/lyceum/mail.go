package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	entnotification "lyceum/internal/gen/ent/notification"
	"lyceum/internal/notification"
	"lyceum/internal/platform/health"
	"lyceum/internal/platform/mail"
	"lyceum/web"
)

// mailsKept is how many mails are kept where none are sent.
const mailsKept = 500

// openMail sends mails to the server that is configured. Without one they are kept under the home directory on
// localhost, and nowhere else: elsewhere they are people's, and nobody would clear them away.
func (a *app) openMail(ctx context.Context) error {
	if a.config.Mail.URL.IsSet() {
		server, err := mail.NewSMTP(mail.SMTPConfig{URL: a.config.Mail.URL.Reveal()})
		if err != nil {
			return fmt.Errorf("open mail: %w", err)
		}
		a.mails = server
		return nil
	}
	if !a.local() {
		a.log.WarnContext(ctx, "no mails are sent: mail.url is not set")
		return nil
	}
	sink, err := mail.OpenSink(filepath.Join(a.config.Home, "mail"), mailsKept)
	if err != nil {
		return err
	}
	a.mails, a.sink = sink, sink
	a.onClose(func(context.Context) error { return sink.Close() })
	return nil
}

// post is how notifications go out as mail.
func (a *app) post() notification.Post {
	keys := make([][]byte, len(a.config.Signing.Keys))
	for i, key := range a.config.Signing.Keys {
		keys[i] = []byte(key.Secret.Reveal())
	}
	return notification.Post{Sender: a.mails, From: a.config.Mail.From, Page: a.frontPage, Keys: keys}
}

// frontPage is the public address of a path of the frontend, which is the learner app: courses, learning paths and the
// learner's own page are shown there.
func (a *app) frontPage(slug, path string) string {
	if strings.HasPrefix(path, "/courses/") || strings.HasPrefix(path, "/paths/") || path == "/my" {
		path = "/learn" + path
	}
	return a.page(slug, path)
}

// stopOnPage says what the mails are about that a token ends. Looking at tokens is counted like looking at codes.
func (a *app) stopOnPage(
	find func(ctx context.Context, token string) (entnotification.Kind, error),
) func(ctx context.Context, token string) (string, error) {
	about := mailedWhen()
	return func(ctx context.Context, token string) (string, error) {
		if err := a.services.TryCode(ctx); err != nil {
			return "", err
		}
		kind, err := find(ctx, token)
		return about[kind], err
	}
}

// mailedWhen says of each kind when its mails come.
func mailedWhen() map[entnotification.Kind]string {
	return map[entnotification.Kind]string{
		entnotification.KindENROLLED:            "when you are given a course",
		entnotification.KindINVITED:             "when you are invited to a course",
		entnotification.KindPROMOTED:            "when a seat becomes free for you",
		entnotification.KindACHIEVEMENT_EARNED:  "when you earn an achievement",
		entnotification.KindCOURSE_COMPLETED:    "when you complete a course",
		entnotification.KindCERTIFICATE_ISSUED:  "when you get a certificate",
		entnotification.KindCERTIFICATE_REVOKED: "when a certificate of yours is revoked",
		entnotification.KindPATH_ASSIGNED:       "when you are put on a learning path",
		entnotification.KindPATH_COMPLETED:      "when you complete a learning path",
	}
}

// mailboxPath is where staff see the mails that were not sent, "" when none are kept.
func (a *app) mailboxPath() string {
	if a.sink == nil {
		return ""
	}
	return web.MailboxPath
}

// mailbox shows what the sink keeps.
func (a *app) mailbox() web.Mailbox {
	return web.Mailbox{
		List: func(ctx context.Context) ([]web.Mail, error) {
			kept, err := a.sink.List(ctx)
			if err != nil {
				return nil, err
			}
			mails := make([]web.Mail, len(kept))
			for i, k := range kept {
				mails[i] = *mailOnPage(k)
			}
			return mails, nil
		},
		Get: func(ctx context.Context, id string) (*web.Mail, error) {
			kept, err := a.sink.Get(ctx, id)
			if err != nil {
				return nil, err
			}
			return mailOnPage(kept), nil
		},
		Log: a.log,
	}
}

func mailOnPage(kept mail.Stored) *web.Mail {
	m := kept.Message
	return &web.Mail{
		ID: kept.ID, Tenant: m.Label, At: kept.At, From: m.From.String(), To: m.To.String(), Subject: m.Subject,
		MessageID: m.ID, Unsubscribe: m.Unsubscribe, Text: m.Text, HTML: m.HTML, Raw: kept.Raw,
	}
}

// checkMail warns where mails are neither sent nor kept.
func (a *app) checkMail() error {
	if a.mails != nil {
		return nil
	}
	return health.Worse(errors.New("mail.url is not set: notifications stay in the inbox"))
}
