package web

import (
	"net/http"
	"time"
)

// Certificate is what a certificate states to anybody who holds its code.
type Certificate struct {
	Code, LearnerName, CourseTitle, TenantName string
	CompletedAt, IssuedAt                      time.Time
	// RevokedAt is nil for a certificate that is valid.
	RevokedAt *time.Time
}

// verification is what the public page of a certificate shows, and nothing beyond what it states.
type verification struct {
	Tenant      *Tenant
	Certificate *Certificate
	// Statement is JSON-LD for machines: schema.org's EducationalOccupationalCredential.
	Statement map[string]any
}

// verify shows a certificate to whoever holds its code. A revoked one has a page too: it says so.
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
	h.render(w, r, http.StatusOK, "verify.html", verification{
		Tenant: tenant, Certificate: certificate, Statement: statement(certificate),
	})
}

func statement(c *Certificate) map[string]any {
	s := map[string]any{
		"@context":           "https://schema.org",
		"@type":              "EducationalOccupationalCredential",
		"name":               c.CourseTitle,
		"credentialCategory": "Certificate of completion",
		"identifier":         c.Code,
		"dateCreated":        c.IssuedAt.UTC().Format(time.DateOnly),
		"recognizedBy":       map[string]any{"@type": "Organization", "name": c.TenantName},
		"about":              map[string]any{"@type": "Person", "name": c.LearnerName},
		"creativeWorkStatus": "Valid",
	}
	if c.RevokedAt != nil {
		s["creativeWorkStatus"] = "Revoked"
		s["expires"] = c.RevokedAt.UTC().Format(time.DateOnly)
	}
	return s
}
