package web

import (
	"net/http"
	"strings"
)

// ForPeople answers browsers that open an address with a page where next refuses in words for programs. Whoever asks for
// something else than a page, and what next has a page for, goes through as it is.
func ForPeople(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if reads && !toPrograms(r.URL.Path) && strings.Contains(r.Header.Get("Accept"), "text/html") {
			w = &plainly{ResponseWriter: w}
		}
		next.ServeHTTP(w, r)
	})
}

// toPrograms reports whether what answers there speaks to programs, also when a person looks.
func toPrograms(path string) bool {
	switch path {
	case "/graphql", "/readyz", "/livez":
		return true
	default:
		// Media are refused without a word, here as at the edge: docs/delivery.
		return strings.HasPrefix(path, "/v/")
	}
}

// plainly puts a page in the place of a refusal that is none.
type plainly struct {
	http.ResponseWriter

	begun, replaced bool
}

// Unwrap lets http.ResponseController reach what is below.
func (p *plainly) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (p *plainly) WriteHeader(status int) {
	if p.begun {
		return
	}
	p.begun = status >= http.StatusOK
	header := p.Header()
	if status < http.StatusBadRequest || strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		p.ResponseWriter.WriteHeader(status)
		return
	}
	p.replaced = true
	header.Del("Content-Length")
	header.Set("Content-Security-Policy", policyHeader)
	// What cannot be rendered has apologised, and there is nobody else to tell.
	_ = show(p.ResponseWriter, status, "problem.html", refusalOf(status))
}

// Write implements http.ResponseWriter.
func (p *plainly) Write(body []byte) (int, error) {
	if !p.begun {
		p.WriteHeader(http.StatusOK)
	}
	if p.replaced {
		return len(body), nil
	}
	return p.ResponseWriter.Write(body) //nolint:wrapcheck // it is the caller's own
}

// refusalOf says in a sentence what a status means to a person.
func refusalOf(status int) string {
	switch status {
	case http.StatusNotFound, http.StatusGone:
		return "There is nothing at this address. It may have been mistyped, or what was here has moved."
	case http.StatusUnauthorized, http.StatusForbidden:
		return "This address does not open anything for you, or not any more. Go back to where you found it, and open it anew."
	case http.StatusTooManyRequests:
		return "These were too many tries. Wait a moment, then try again."
	}
	if status < http.StatusInternalServerError {
		return "This address is not one that we understand. It may have been mistyped."
	}
	return "We cannot answer at the moment. Try again in a minute."
}
