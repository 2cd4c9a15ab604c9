package web

import (
	"net/http"
	"time"

	"lyceum/internal/gen/ent"
)

// verification is what the public page of a certificate shows, and nothing beyond what it states.
type verification struct {
	Certificate *ent.Certificate
	Accent      string
	// Statement is JSON-LD for machines: schema.org's EducationalOccupationalCredential.
	Statement map[string]any
}

// verify shows a certificate to whoever holds its code. A revoked one has a page too: it says so.
func (h handlers) verify(w http.ResponseWriter, r *http.Request) {
	certificate, err := h.Certificates.Verify(r.Context(), r.PathValue("code"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	if certificate == nil {
		h.render(w, r, http.StatusNotFound, "unknown.html", nil)
		return
	}
	tenant, err := h.Tenants.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, http.StatusOK, "verify.html", verification{
		Certificate: certificate, Accent: tenant.Branding.Accent, Statement: statement(certificate),
	})
}

func statement(c *ent.Certificate) map[string]any {
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
