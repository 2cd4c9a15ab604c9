package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// staffCookie holds the session of platform staff on the admin listener.
const staffCookie = "lyceum_staff"

// maxForm bounds a sign-in, in bytes.
const maxForm = 4 << 10

// Staff guards the admin listener's pages with a sign-in.
type Staff struct {
	// SignIn opens a session for a member of the platform's staff; ip and agent say from where.
	SignIn func(ctx context.Context, email, password, ip, agent string) (token string, ends time.Time, err error)
	// Check returns nil for the token of an open session.
	Check func(ctx context.Context, token string) error
	// Home is where a sign-in leads.
	Home string
	Log  *slog.Logger
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
	cookie, err := r.Cookie(staffCookie)
	return err == nil && s.Check(r.Context(), cookie.Value) == nil
}

// desk is what the sign-in page shows.
type desk struct {
	Home     string
	SignedIn bool
	Email    string
	// Problem is why a sign-in failed, "" when none did.
	Problem string
}

func (s Staff) form(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, desk{Home: s.Home, SignedIn: s.signedIn(r)})
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
		s.show(w, r, http.StatusUnauthorized, desk{Home: s.Home, Email: email, Problem: problem})
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where the listener speaks TLS itself
		Name: staffCookie, Value: token, Path: "/", Expires: ends,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, s.Home, http.StatusSeeOther)
}

func (s Staff) show(w http.ResponseWriter, r *http.Request, status int, d desk) {
	if err := show(w, status, "staff.html", d); err != nil {
		s.Log.ErrorContext(r.Context(), "page not rendered", "page", "staff.html", "err", err)
	}
}
