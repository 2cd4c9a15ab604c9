// Package brand is the look of a tenant, as stored and as shown.
package brand

// Brand is what a tenant may change about how its pages and certificates look. Colours are "#rrggbb".
type Brand struct {
	// Accent is the main colour; empty means Lyceum's own.
	Accent string `json:"accent,omitempty"`
	// LogoURL is an https address of the tenant's logo; empty means its name in type.
	LogoURL string `json:"logo_url,omitempty"`
	// Signatory is the name under a certificate's signature line.
	Signatory string `json:"signatory,omitempty"`
}
