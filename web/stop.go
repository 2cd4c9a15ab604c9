package web

import (
	"context"
	"errors"
	"net/http"

	"lyceum/internal/fault"
)

// stopping is the page that ends mails of a kind.
type stopping struct {
	Tenant *Tenant
	// About is what the mails are about, as a clause.
	About string
	// Done says that they have ended.
	Done bool
}

// stop asks whether mails should end: programs that look at the links of mails press no buttons.
func (h handlers) stop(w http.ResponseWriter, r *http.Request) { h.stopPage(w, r, h.Stop, false) }

// stopped ends them. Mail programs post here too, by themselves and from anywhere (RFC 8058): the token is all it takes.
func (h handlers) stopped(w http.ResponseWriter, r *http.Request) {
	h.stopPage(w, r, h.StopMail, true)
}

func (h handlers) stopPage(w http.ResponseWriter, r *http.Request, about func(context.Context, string) (string, error), done bool) {
	w.Header().Set("X-Robots-Tag", "noindex")
	tenant, err := h.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	clause, err := about(r.Context(), r.PathValue("token"))
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == fault.NotFound {
		h.render(w, r, http.StatusNotFound, "problem.html", f.Message)
		return
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, http.StatusOK, "stop.html", stopping{Tenant: tenant, About: clause, Done: done})
}
