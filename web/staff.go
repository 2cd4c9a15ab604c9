package web

import (
	"context"
	"errors"
	"html/template"
	"net"
	"net/http"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/tenancy"
)

// staffCookie holds the session of platform staff on the admin listener.
const staffCookie = "lyceum_staff"

// StaffSessions signs platform staff in.
type StaffSessions interface {
	SignInStaff(ctx context.Context, email, password string, from tenancy.Origin) (token string, ends time.Time, err error)
	Staff(ctx context.Context, token string) (*ent.Staff, error)
}

// Staff guards the admin listener's pages with a sign-in.
type Staff struct {
	Sessions StaffSessions
	// Home is where a sign-in leads.
	Home string
}

// Mount adds the sign-in page. The browser's own word for where a request comes from (Sec-Fetch-Site) keeps
// other sites from posting to it or to what it guards.
func (s Staff) Mount(mux *http.ServeMux) {
	own := http.NewCrossOriginProtection()
	mux.Handle("GET /{$}", secure(http.HandlerFunc(s.form)))
	mux.Handle("POST /sign-in", own.Handler(secure(http.HandlerFunc(s.signIn))))
}

// Only lets members of the staff through and sends everybody else to the sign-in page.
func (s Staff) Only(next http.Handler) http.Handler {
	own := http.NewCrossOriginProtection()
	return own.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(staffCookie)
		if err == nil {
			_, err = s.Sessions.Staff(r.Context(), cookie.Value)
		}
		if err != nil {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func (s Staff) form(w http.ResponseWriter, _ *http.Request) { s.show(w, http.StatusOK, "") }

func (s Staff) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	token, ends, err := s.Sessions.SignInStaff(
		r.Context(), r.PostFormValue("email"), r.PostFormValue("password"), tenancy.Origin{IP: host, UserAgent: r.UserAgent()})
	if err != nil {
		s.show(w, http.StatusUnauthorized, told(err))
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: staffCookie, Value: token, Path: "/", Expires: ends,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, s.Home, http.StatusSeeOther)
}

func told(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Message
	}
	return "Something went wrong on our side."
}

func (Staff) show(w http.ResponseWriter, status int, message string) {
	page, err := template.ParseFS(files, "templates/*.html")
	if err != nil {
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
		return
	}
	var body strings.Builder
	if err := page.ExecuteTemplate(&body, "staff.html", message); err != nil {
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body.String()))
}
