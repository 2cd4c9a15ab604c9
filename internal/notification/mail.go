package notification

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/mailpreference"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/mail"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Post is how notifications go out as mail.
type Post struct {
	// Sender may be nil: then nobody gets mails, and the inbox is all there is.
	Sender mail.Sender
	// From is the bare address that mails come from; the tenant's name stands before it.
	From string
	// Page returns the public address of a path of the frontend in the tenant with the slug.
	Page func(tenantSlug, path string) string
	// Keys sign the links that end mails; the first signs, and all of them verify.
	Keys [][]byte
}

// Told is announced once for each notification, and asks for its mail.
type Told struct {
	ID           uuid.UUID `json:"id"`
	Tenant       uuid.UUID `json:"tenant_id"`
	At           time.Time `json:"at"`
	Notification uuid.UUID `json:"notification_id"`
}

// Kind implements pg.Event.
func (Told) Kind() string { return "notification.told" }

// Once implements pg.Single: a notification is put into the inbox once.
func (t Told) Once() string { return t.Notification.String() }

func told(ctx context.Context, notification uuid.UUID) Told {
	return Told{ID: uuid.Must(uuid.NewV7()), Tenant: viewer.Tenant(ctx), At: time.Now(), Notification: notification}
}

// errBusy says that another worker is sending the same mail now.
var errBusy = errors.New("the mail is being sent")

// Mail sends the notification as mail, unless that was done, the person wants no such mail or is suspended, or no mails are sent. It may
// be killed at any moment and run again, also twice at once: the mail goes out once, but for one case. When a worker dies
// between the mail server's yes and the note of it here, the mail goes out again under the same Message-ID.
//
// The error is mail.ErrPermanent when trying again cannot help. It never holds the address.
func (s *Service) Mail(ctx context.Context, id uuid.UUID) error {
	if s.Post.Sender == nil {
		return nil
	}
	sent := false // A transaction that has to be repeated does not send again.
	return s.DB.Tx(ctx, func(tx *pg.Tx) error {
		// Nobody makes others wait for a notification that is not theirs.
		if _, err := tx.Notification.Get(ctx, id); err != nil {
			return gone(err, "notification")
		}
		if err := takeTurn(ctx, tx, id); err != nil {
			return err
		}
		l, err := s.letter(ctx, tx, id)
		if err != nil || l == nil {
			return err
		}
		if !sent {
			if err := s.Post.send(ctx, l); err != nil {
				return err
			}
			sent = true
		}
		if err := tx.Notification.UpdateOneID(id).SetMailedAt(time.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("note mail: %w", err)
		}
		return nil
	})
}

// takeTurn keeps others from sending the same mail until the transaction ends. No row is locked while a mail server is
// talked to: the person may read the notification meanwhile.
func takeTurn(ctx context.Context, tx *pg.Tx, id uuid.UUID) error {
	var mine bool
	const lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('mail ' || $1::text, 0))`
	if err := tx.QueryRow(ctx, lock, id).Scan(&mine); err != nil {
		return fmt.Errorf("lock mail: %w", err)
	}
	if !mine {
		return errBusy
	}
	return nil
}

// letter is a notification on its way, with what its mail is written from.
type letter struct {
	note   *ent.Notification
	reader *ent.User
	tenant *ent.Tenant
}

// letter returns nil when there is nothing to send.
func (s *Service) letter(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*letter, error) {
	note, err := tx.Notification.Get(ctx, id)
	if err != nil {
		return nil, gone(err, "notification")
	}
	if note.MailedAt != nil {
		return nil, nil //nolint:nilnil // it has gone out
	}
	reader, err := tx.User.Get(ctx, note.UserID)
	if err != nil {
		return nil, gone(err, "user")
	}
	unwanted, err := tx.MailPreference.Query().Where(
		mailpreference.UserID(reader.ID), mailpreference.KindEQ(mailpreference.Kind(note.Kind)), mailpreference.Wanted(false),
	).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for preference: %w", err)
	}
	if unwanted || reader.Status != user.StatusACTIVE {
		return nil, nil //nolint:nilnil // it stays in the inbox alone
	}
	tenant, err := tx.Tenant.Get(ctx, reader.TenantID)
	if err != nil {
		return nil, gone(err, "tenant")
	}
	return &letter{note: note, reader: reader, tenant: tenant}, nil
}

// send writes the mail and hands it over.
func (p Post) send(ctx context.Context, l *letter) error {
	m, err := p.write(l)
	if err != nil {
		return err
	}
	return discreet(p.Sender.Send(ctx, m), l.reader)
}

// discreet returns the error without the person's address and name: errors of jobs are kept, and logged.
func discreet(err error, reader *ent.User) error {
	if err == nil {
		return nil
	}
	hidden := strings.NewReplacer(reader.Email, "(address)", strings.ToLower(reader.Email), "(address)", reader.Name, "(name)")
	text := errors.New(hidden.Replace(err.Error()))
	if errors.Is(err, mail.ErrPermanent) {
		return fmt.Errorf("%w: %w", mail.ErrPermanent, text)
	}
	return fmt.Errorf("send mail: %w", text)
}

// write makes the mail. The same notification always has the same Message-ID.
func (p Post) write(l *letter) (mail.Message, error) {
	_, domain, ok := strings.Cut(p.From, "@")
	if !ok {
		return mail.Message{}, fault.New(fault.BadInput, "The address that mails come from is no address.")
	}
	s := l.say(p)
	html, err := s.html()
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{
		ID:   mail.MessageID(domain, "notification", l.tenant.ID.String(), l.note.ID.String()),
		From: mail.Address{Name: l.tenant.Name, Email: p.From}, To: mail.Address{Name: l.reader.Name, Email: l.reader.Email},
		Subject: l.note.Title, Text: s.text(), HTML: html, Unsubscribe: s.Stop, Label: l.tenant.Slug,
	}, nil
}

// language is that of the reader, or the tenant's.
func (l *letter) language() string {
	if l.reader.Locale != "" {
		return l.reader.Locale
	}
	return l.tenant.Locale
}

// say is what the mail says.
func (l *letter) say(p Post) said {
	phrases := phrasesIn(l.language())
	s := said{
		Phrases: phrases, Tenant: l.tenant.Name, Reader: l.reader.Name, Title: l.note.Title, Body: l.note.Body,
		LogoURL: l.tenant.Branding.LogoURL, Accent: accentOf(l.tenant.Branding.Accent),
		Settings: p.Page(l.tenant.Slug, "/learn/inbox#mail"),
		Stop:     p.Page(l.tenant.Slug, StopPath+p.stopToken(l.tenant.ID, l.reader.ID, l.note.Kind)),
	}
	if l.note.Link != "" {
		s.Link = p.Page(l.tenant.Slug, l.note.Link)
	}
	return s
}
