package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// staffCookie holds the session of platform staff on the admin listener. Where the browser came over TLS its name
// begins with hostPrefix, with which no other host of the domain, and nobody on a plain connection, can set it.
const (
	staffCookie = "lyceum_staff"
	hostPrefix  = "__Host-"
)

// maxForm bounds a sign-in, in bytes.
const maxForm = 4 << 10

// Staff guards the admin listener's pages with a sign-in.
type Staff struct {
	// SignIn opens a session for a member of the platform's staff; ip and agent say from where.
	SignIn func(ctx context.Context, email, password, ip, agent string) (token string, ends time.Time, err error)
	// Check returns nil for the token of an open session.
	Check func(ctx context.Context, token string) error
	// SignOut ends the session of a token, if there is one.
	SignOut func(ctx context.Context, token string) error
	// Home is where a sign-in leads.
	Home string
	// Mails is where the mails are that were not sent, "" when they are sent.
	Mails string
	Log   *slog.Logger
}

// Mount adds the sign-in page. The browser's own word for where a request comes from (Sec-Fetch-Site) keeps
// other sites from posting to it or to what it guards.
func (s Staff) Mount(mux *http.ServeMux) error {
	if _, err := templates(); err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	static := http.FileServerFS(files)
	own := http.NewCrossOriginProtection()
	mux.Handle("GET /static/lyceum.css", cached(static))
	mux.Handle("GET /static/icon.svg", cached(static))
	mux.Handle("GET /{$}", secure(http.HandlerFunc(s.form)))
	mux.Handle("POST /sign-in", own.Handler(secure(http.HandlerFunc(s.signIn))))
	mux.Handle("POST /sign-out", own.Handler(secure(http.HandlerFunc(s.signOut))))
	return nil
}

// Only lets members of the staff through and sends everybody else to the sign-in page.
func (s Staff) Only(next http.Handler) http.Handler {
	own := http.NewCrossOriginProtection()
	return own.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.signedIn(r) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func (s Staff) signedIn(r *http.Request) bool {
	token := staffToken(r)
	return token != "" && s.Check(r.Context(), token) == nil
}

// overTLS reports whether the browser came over TLS, to us or to a proxy that says so. A browser cannot be made to say
// it for somebody else, and whoever says it for themselves gets a stricter cookie.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

func staffCookieName(r *http.Request) string {
	if overTLS(r) {
		return hostPrefix + staffCookie
	}
	return staffCookie
}

// staffToken is the token in the request's cookie, "" when there is none.
func staffToken(r *http.Request) string {
	cookie, err := r.Cookie(staffCookieName(r))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// keep gives the browser a token until it ends; one that has ended is forgotten.
func keep(w http.ResponseWriter, r *http.Request, token string, ends time.Time) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where the browser came over TLS
		Name: staffCookieName(r), Value: token, Path: "/", Expires: ends,
		HttpOnly: true, Secure: overTLS(r), SameSite: http.SameSiteStrictMode,
	})
}

// desk is what the sign-in page shows.
type desk struct {
	Home, Mails string
	SignedIn    bool
	Email       string
	// Problem is why a sign-in failed, "" when none did.
	Problem string
}

func (s Staff) form(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, desk{SignedIn: s.signedIn(r)})
}

func (s Staff) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	email := r.PostFormValue("email")
	token, ends, err := s.SignIn(r.Context(), email, r.PostFormValue("password"), host, r.UserAgent())
	if err != nil {
		problem := told(err, "Something went wrong on our side.")
		s.show(w, r, http.StatusUnauthorized, desk{Email: email, Problem: problem})
		return
	}
	if err := s.end(r); err != nil {
		s.Log.WarnContext(r.Context(), "earlier staff session not ended", "err", err)
	}
	keep(w, r, token, ends)
	http.Redirect(w, r, s.Home, http.StatusSeeOther)
}

// signOut ends the session for good, not just in this browser.
func (s Staff) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.end(r); err != nil {
		s.Log.ErrorContext(r.Context(), "staff session not ended", "err", err)
		s.show(w, r, http.StatusInternalServerError, desk{SignedIn: true, Problem: "You are still signed in: something went wrong on our side."})
		return
	}
	keep(w, r, "", time.Unix(1, 0))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// end ends the session that the browser holds, if it holds one.
func (s Staff) end(r *http.Request) error {
	token := staffToken(r)
	if token == "" {
		return nil
	}
	return s.SignOut(r.Context(), token)
}

func (s Staff) show(w http.ResponseWriter, r *http.Request, status int, d desk) {
	d.Home, d.Mails = s.Home, s.Mails
	if err := show(w, status, "staff.html", d); err != nil {
		s.Log.ErrorContext(r.Context(), "page not rendered", "page", "staff.html", "err", err)
	}
}
