package tenancy_test

import (
	"strings"
	"testing"

	"lyceum/internal/gen/ent"
	"lyceum/internal/tenancy"
	"lyceum/internal/tenancy/brand"
)

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
	got := update(tenancy.BrandingChange{Accent: new("#1a2B3c"), LogoURL: new("https://acme.example/logo.svg"), Signatory: new("Dr. Ünal")})
	if want := (brand.Brand{Accent: "#1a2B3c", LogoURL: "https://acme.example/logo.svg", Signatory: "Dr. Ünal"}); got.Branding != want {
		t.Errorf("branding %+v, want %+v", got.Branding, want)
	}
	if got = update(tenancy.BrandingChange{Accent: new("")}); got.Branding.Accent != "" || got.Branding.Signatory != "Dr. Ünal" {
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
		"a word":              {tenancy.BrandingChange{Accent: new("red")}, []string{"accent"}},
		"three digits":        {tenancy.BrandingChange{Accent: new("#123")}, []string{"accent"}},
		"style":               {tenancy.BrandingChange{Accent: new("#123456;}body{}")}, []string{"accent"}},
		"a line behind":       {tenancy.BrandingChange{Accent: new("#123456\n")}, []string{"accent"}},
		"http":                {tenancy.BrandingChange{LogoURL: new("http://acme.example/l.svg")}, []string{"logoUrl"}},
		"script":              {tenancy.BrandingChange{LogoURL: new("javascript:alert(1)")}, []string{"logoUrl"}},
		"data":                {tenancy.BrandingChange{LogoURL: new("data:image/png;base64,AA")}, []string{"logoUrl"}},
		"credentials":         {tenancy.BrandingChange{LogoURL: new("https://u:p@acme.example/")}, []string{"logoUrl"}},
		"no host":             {tenancy.BrandingChange{LogoURL: new("https:///logo")}, []string{"logoUrl"}},
		"a long address":      {tenancy.BrandingChange{LogoURL: new("https://a/" + strings.Repeat("x", 500))}, []string{"logoUrl"}},
		"a long signatory":    {tenancy.BrandingChange{Signatory: new(strings.Repeat("ü", 201))}, []string{"signatory"}},
		"signatory of lines":  {tenancy.BrandingChange{Signatory: new("a\nb")}, []string{"signatory"}},
		"everything is wrong": {tenancy.BrandingChange{Accent: new("x"), LogoURL: new("x"), Signatory: new("\x00")}, []string{"accent", "logoUrl", "signatory"}},
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
	changes := []tenancy.BrandingChange{{Accent: new("#111111")}, {LogoURL: new("https://acme.example/")}, {Signatory: new("A")}}
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
