package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lyceum/internal/fault"
)

// MailboxPath is where the mails are that would have been sent.
const MailboxPath = "/mail/"

// letterPolicy keeps a mail, which shows what people have typed, from doing anything: it is text, boxes and colours.
const letterPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

// Mail is a mail that would have been sent.
type Mail struct {
	ID, Tenant string
	At         time.Time
	// From and To are addresses with names.
	From, To, Subject, MessageID, Unsubscribe string
	Text, HTML                                string
	// Raw is the mail as it would have gone over the wire.
	Raw string
}

// Line is a line of a mail's text; URL is set for one that is nothing but an address.
type Line struct{ Text, URL string }

// Lines are those of the text.
func (m *Mail) Lines() []Line {
	var all []Line
	for text := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n") {
		line := Line{Text: text}
		if u, err := url.Parse(text); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
			line.URL = text
		}
		all = append(all, line)
	}
	return all
}

// Mailbox shows staff the mails that would have been sent.
type Mailbox struct {
	// List returns the newest first.
	List func(ctx context.Context) ([]Mail, error)
	// Get returns NotFound for an id that is none.
	Get func(ctx context.Context, id string) (*Mail, error)
	Log *slog.Logger
}

// Handler serves the pages below MailboxPath. Guard it: mails are personal.
func (b Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+MailboxPath+"{$}", secure(http.HandlerFunc(b.list)))
	mux.Handle("GET "+MailboxPath+"{id}", secure(http.HandlerFunc(b.mail)))
	mux.Handle("GET "+MailboxPath+"{id}/letter", secure(http.HandlerFunc(b.letter)))
	return mux
}

func (b Mailbox) list(w http.ResponseWriter, r *http.Request) {
	mails, err := b.List(r.Context())
	if err != nil {
		b.fail(w, r, err)
		return
	}
	page := struct {
		Tenant  string
		Tenants []string
		Mails   []Mail
		Path    string
	}{Tenant: r.URL.Query().Get("tenant"), Path: MailboxPath}
	known := map[string]bool{}
	for _, m := range mails {
		if !known[m.Tenant] {
			known[m.Tenant] = true
			page.Tenants = append(page.Tenants, m.Tenant)
		}
		if page.Tenant == "" || page.Tenant == m.Tenant {
			page.Mails = append(page.Mails, m)
		}
	}
	b.show(w, r, http.StatusOK, "mails.html", page)
}

func (b Mailbox) mail(w http.ResponseWriter, r *http.Request) {
	m, err := b.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		b.fail(w, r, err)
		return
	}
	b.show(w, r, http.StatusOK, "mail.html", struct {
		*Mail

		Path string
	}{m, MailboxPath})
}

// letter is the mail's HTML by itself, for a frame in which nothing runs.
func (b Mailbox) letter(w http.ResponseWriter, r *http.Request) {
	m, err := b.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		b.fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", letterPolicy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(m.HTML)) // what people typed: the policy lets nothing of it run
}

func (b Mailbox) fail(w http.ResponseWriter, r *http.Request, err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == fault.NotFound {
		b.show(w, r, http.StatusNotFound, "problem.html", f.Message)
		return
	}
	b.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "err", err)
	b.show(w, r, http.StatusInternalServerError, "problem.html", "Something went wrong on our side.")
}

func (b Mailbox) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	if err := show(w, status, name, data); err != nil {
		b.Log.ErrorContext(r.Context(), "page not rendered", "page", name, "err", err)
	}
}
