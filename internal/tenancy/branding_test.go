package tenancy_test

import (
	"strings"
	"testing"

	"lyceum/internal/gen/ent"
	"lyceum/internal/tenancy"
	"lyceum/internal/tenancy/brand"
)

func ptr[T any](v T) *T { return &v }

func TestUpdateBranding(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsAdmin(t.Context())
	update := func(change tenancy.BrandingChange) *ent.Tenant {
		t.Helper()
		changed, err := f.s.UpdateBranding(ctx, change)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	got := update(tenancy.BrandingChange{Accent: ptr("#1a2B3c"), LogoURL: ptr("https://acme.example/logo.svg"), Signatory: ptr("Dr. Ünal")})
	if want := (brand.Brand{Accent: "#1a2B3c", LogoURL: "https://acme.example/logo.svg", Signatory: "Dr. Ünal"}); got.Branding != want {
		t.Errorf("branding %+v, want %+v", got.Branding, want)
	}
	if got = update(tenancy.BrandingChange{Accent: ptr("")}); got.Branding.Accent != "" || got.Branding.Signatory != "Dr. Ünal" {
		t.Errorf("branding %+v, want the accent taken away and nothing else", got.Branding)
	}
	if f.recorded("tenant.branding_changed") != 2 {
		t.Errorf("audit log: %+v", f.Entries())
	}
	if other := f.Tenant.GetX(f.globex.System(t.Context()), f.globex.ID); other.Branding != (brand.Brand{}) {
		t.Errorf("globex looks like %+v", other.Branding)
	}
}

func TestUpdateBrandingRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, tt := range map[string]struct {
		change tenancy.BrandingChange
		fields []string
	}{
		"a word":              {tenancy.BrandingChange{Accent: ptr("red")}, []string{"accent"}},
		"three digits":        {tenancy.BrandingChange{Accent: ptr("#123")}, []string{"accent"}},
		"style":               {tenancy.BrandingChange{Accent: ptr("#123456;}body{}")}, []string{"accent"}},
		"a line behind":       {tenancy.BrandingChange{Accent: ptr("#123456\n")}, []string{"accent"}},
		"http":                {tenancy.BrandingChange{LogoURL: ptr("http://acme.example/l.svg")}, []string{"logoUrl"}},
		"script":              {tenancy.BrandingChange{LogoURL: ptr("javascript:alert(1)")}, []string{"logoUrl"}},
		"data":                {tenancy.BrandingChange{LogoURL: ptr("data:image/png;base64,AA")}, []string{"logoUrl"}},
		"credentials":         {tenancy.BrandingChange{LogoURL: ptr("https://u:p@acme.example/")}, []string{"logoUrl"}},
		"no host":             {tenancy.BrandingChange{LogoURL: ptr("https:///logo")}, []string{"logoUrl"}},
		"a long address":      {tenancy.BrandingChange{LogoURL: ptr("https://a/" + strings.Repeat("x", 500))}, []string{"logoUrl"}},
		"a long signatory":    {tenancy.BrandingChange{Signatory: ptr(strings.Repeat("ü", 201))}, []string{"signatory"}},
		"signatory of lines":  {tenancy.BrandingChange{Signatory: ptr("a\nb")}, []string{"signatory"}},
		"everything is wrong": {tenancy.BrandingChange{Accent: ptr("x"), LogoURL: ptr("x"), Signatory: ptr("\x00")}, []string{"accent", "logoUrl", "signatory"}},
	} {
		_, err := f.s.UpdateBranding(f.acme.AsAdmin(t.Context()), tt.change)
		wantViolations(t, name, err, tt.fields...)
	}
	if got := f.Tenant.GetX(f.acme.System(t.Context()), f.acme.ID).Branding; got != (brand.Brand{}) {
		t.Errorf("branding %+v", got)
	}
}

// TestBrandingChangesAtOnce changes different things at the same time: neither is lost.
func TestBrandingChangesAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	changes := []tenancy.BrandingChange{{Accent: ptr("#111111")}, {LogoURL: ptr("https://acme.example/")}, {Signatory: ptr("A")}}
	for _, err := range race(len(changes), func(i int) error {
		_, err := f.s.UpdateBranding(f.acme.AsAdmin(t.Context()), changes[i])
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	want := brand.Brand{Accent: "#111111", LogoURL: "https://acme.example/", Signatory: "A"}
	if got := f.Tenant.GetX(f.acme.System(t.Context()), f.acme.ID).Branding; got != want {
		t.Errorf("branding %+v, want %+v", got, want)
	}
}
