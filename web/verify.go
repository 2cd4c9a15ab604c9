package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"
)

// Certificate is what a certificate states to anybody who holds its code.
type Certificate struct {
	Code, LearnerName, CourseTitle, TenantName string
	CompletedAt, IssuedAt                      time.Time
	// ExpiresAt is the end of the last day on which it is good, nil for ever.
	ExpiresAt *time.Time
	// RevokedAt is nil for a certificate that was not taken back.
	RevokedAt *time.Time
	// URL is where this page is.
	URL string
}

// The states of a certificate, which are also names of styles.
const (
	stateValid   = "valid"
	stateExpired = "expired"
	stateRevoked = "revoked"
)

func (c *Certificate) state(now time.Time) string {
	switch {
	case c.RevokedAt != nil:
		return stateRevoked
	case c.ExpiresAt != nil && now.After(*c.ExpiresAt):
		return stateExpired
	default:
		return stateValid
	}
}

// verification is what the public page of a certificate shows, and nothing beyond what it states.
type verification struct {
	Tenant      *Tenant
	Certificate *Certificate
	State       string
	// Statement is JSON-LD for machines: schema.org's EducationalOccupationalCredential.
	Statement map[string]any
	Picture   *picture
}

// verify shows a certificate to whoever holds its code. One that does not count any more has a page too: it says so.
func (h handlers) verify(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Robots-Tag", "noindex")
	tenant, err := h.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	certificate, err := h.Certificate(r.Context(), r.PathValue("code"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if certificate == nil {
		h.render(w, r, http.StatusNotFound, "unknown.html", verification{Tenant: tenant})
		return
	}
	drawn, err := draw(certificate.URL)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	state := certificate.state(time.Now())
	h.render(w, r, http.StatusOK, "verify.html", verification{
		Tenant: tenant, Certificate: certificate, State: state, Statement: statement(certificate, state), Picture: drawn,
	})
}

// verifyForm asks for a code, and leads to its certificate.
func (h handlers) verifyForm(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Robots-Tag", "noindex")
	if code := strings.ToLower(strings.Join(strings.Fields(r.URL.Query().Get("code")), "")); code != "" {
		http.Redirect(w, r, "/verify/"+url.PathEscape(code), http.StatusSeeOther)
		return
	}
	tenant, err := h.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, http.StatusOK, "ask.html", verification{Tenant: tenant})
}

func statement(c *Certificate, state string) map[string]any {
	s := map[string]any{
		"@context":           "https://schema.org",
		"@type":              "EducationalOccupationalCredential",
		"name":               c.CourseTitle,
		"credentialCategory": "Certificate of completion",
		"identifier":         c.Code,
		"url":                c.URL,
		"dateCreated":        c.IssuedAt.UTC().Format(time.DateOnly),
		"recognizedBy":       map[string]any{"@type": "Organization", "name": c.TenantName},
		"about":              map[string]any{"@type": "Person", "name": c.LearnerName},
		"creativeWorkStatus": strings.ToUpper(state[:1]) + state[1:],
	}
	if c.ExpiresAt != nil {
		s["expires"] = c.ExpiresAt.UTC().Format(time.DateOnly)
	}
	if c.RevokedAt != nil {
		s["expires"] = c.RevokedAt.UTC().Format(time.DateOnly)
	}
	return s
}

// picture is a QR code as the path of an SVG, in modules, with the margin that scanners need.
type picture struct {
	Size int
	Path string
}

// quiet is the margin around a QR code, in modules (ISO/IEC 18004).
const quiet = 4

func draw(text string) (*picture, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				_, _ = fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	return &picture{Size: code.Size + 2*quiet, Path: path.String()}, nil
}
