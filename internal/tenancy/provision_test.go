package tenancy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

// provisioner is connected as the owner, with hooks that remember what is recorded.
func provisioner(t *testing.T, f fixture) (p *tenancy.Provisioner, recorded func() []string) {
	t.Helper()
	var actions []string
	hooks := pg.Hooks{Record: func(_ context.Context, _ *pg.Tx, entry pg.Entry) error {
		actions = append(actions, entry.Action)
		return nil
	}}
	p = &tenancy.Provisioner{Owner: pg.Open(pgtest.Pool(t, f.OwnerURL), hooks), Hasher: f.s.Hasher}
	return p, func() []string { return actions }
}

func initech() tenancy.NewTenant {
	return tenancy.NewTenant{
		Slug: "initech", Name: " Initech ", Kind: tenant.KindCOMPANY, Locale: "de-ch",
		Branding: brand.Brand{Accent: "#123456"},
		Admin:    tenancy.NewUser{Email: "Bill@Initech.example", Name: "Bill", Password: password},
	}
}

func TestCreateTenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, recorded := provisioner(t, f)
	id, err := p.Create(t.Context(), initech())
	if err != nil {
		t.Fatal(err)
	}
	ctx := viewer.With(t.Context(), viewer.Job(id, "test"))
	made := f.Tenant.GetX(ctx, id)
	if made.Name != "Initech" || made.Locale != "de-CH" || made.Branding.Accent != "#123456" || made.TenantID != id {
		t.Errorf("made %+v", made)
	}
	opened, err := f.s.SignIn(t.Context(), id, "bill@initech.example", password, tenancy.Origin{})
	if err != nil || opened.User.Role != viewer.TenantAdmin {
		t.Errorf("the admin signs in: %+v (%v)", opened, err)
	}
	tenants, err := p.Tenants(t.Context())
	if err != nil || len(tenants) != 3 || tenants["initech"] != id {
		t.Errorf("tenants %v (%v)", tenants, err)
	}
	if got := recorded(); len(got) != 1 || got[0] != "tenant.created" {
		t.Errorf("recorded %v", got)
	}
	n := initech()
	n.Admin.Email = "peter@initech.example"
	_, err = p.Create(t.Context(), n)
	wantCode(t, "a slug that is taken", err, fault.Conflict)
	if n := f.User.Query().CountX(ctx); n != 1 {
		t.Errorf("%d users, want the one admin", n)
	}
}

func TestCreateTenantRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, _ := provisioner(t, f)
	for name, tt := range map[string]struct {
		change func(n *tenancy.NewTenant)
		fields []string
	}{
		"no slug":        {func(n *tenancy.NewTenant) { n.Slug = "" }, []string{"slug"}},
		"upper case":     {func(n *tenancy.NewTenant) { n.Slug = "Initech" }, []string{"slug"}},
		"two labels":     {func(n *tenancy.NewTenant) { n.Slug = "a.b" }, []string{"slug"}},
		"hyphen":         {func(n *tenancy.NewTenant) { n.Slug = "-a" }, []string{"slug"}},
		"long slug":      {func(n *tenancy.NewTenant) { n.Slug = strings.Repeat("a", 64) }, []string{"slug"}},
		"no name":        {func(n *tenancy.NewTenant) { n.Name = " " }, []string{"name"}},
		"no kind":        {func(n *tenancy.NewTenant) { n.Kind = "" }, []string{"kind"}},
		"unknown kind":   {func(n *tenancy.NewTenant) { n.Kind = "GUILD" }, []string{"kind"}},
		"no language":    {func(n *tenancy.NewTenant) { n.Locale = "not a language" }, []string{"locale"}},
		"odd accent":     {func(n *tenancy.NewTenant) { n.Branding.Accent = "red" }, []string{"accent"}},
		"odd admin":      {func(n *tenancy.NewTenant) { n.Admin.Email = "bill" }, []string{"email"}},
		"short password": {func(n *tenancy.NewTenant) { n.Admin.Password = "short" }, []string{"password"}},
	} {
		n := initech()
		tt.change(&n)
		_, err := p.Create(t.Context(), n)
		wantViolations(t, name, err, tt.fields...)
	}
	if tenants, err := p.Tenants(t.Context()); err != nil || len(tenants) != 2 {
		t.Errorf("tenants %v (%v), want the two of before", tenants, err)
	}
	n := initech()
	n.Locale = ""
	id, err := p.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Tenant.GetX(viewer.With(t.Context(), viewer.Job(id, "test")), id).Locale; got != "en" {
		t.Errorf("locale %q, want en", got)
	}
}

// TestTheApplicationProvisionsNothing has the server's own connection try what only the owner does.
func TestTheApplicationProvisionsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p := &tenancy.Provisioner{Owner: f.DB, Hasher: f.s.Hasher}
	if _, err := p.Create(t.Context(), initech()); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a tenant: %v, want a refusal by the database", err)
	}
	if err := p.AddDomain(t.Context(), f.acme.ID, "learn.acme.example"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a domain: %v, want a refusal by the database", err)
	}
	if err := p.CreateStaff(t.Context(), "ops@example.com", "Ops", password); fault.CodeOf(err) != fault.Internal {
		t.Errorf("staff: %v, want a refusal by the database", err)
	}
}

func TestAddDomain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, _ := provisioner(t, f)
	if err := p.AddDomain(t.Context(), f.acme.ID, "Learn.Acme.Example."); err != nil {
		t.Fatal(err)
	}
	place, named, err := tenancy.NewDirectory(f.DB, "localhost", "").ByHost(t.Context(), "learn.acme.example:443")
	if err != nil || !named || place.Tenant != f.acme.ID {
		t.Errorf("%+v %t (%v)", place, named, err)
	}
	for name, tt := range map[string]struct {
		tenant uuid.UUID
		host   string
		want   fault.Code
	}{
		"taken by another": {f.globex.ID, "learn.acme.example", fault.Conflict},
		"taken by itself":  {f.acme.ID, "LEARN.acme.example", fault.Conflict},
		"unknown tenant":   {uuid.New(), "learn.nobody.example", fault.NotFound},
		"an address":       {f.acme.ID, "127.0.0.1", fault.BadInput},
		"an IPv6 address":  {f.acme.ID, "[::1]", fault.BadInput},
		"one label":        {f.acme.ID, "localhost", fault.BadInput},
		"nonsense":         {f.acme.ID, "learn acme", fault.BadInput},
		"empty":            {f.acme.ID, "", fault.BadInput},
	} {
		wantCode(t, name, p.AddDomain(t.Context(), tt.tenant, tt.host), tt.want)
	}
}

func TestStaff(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, _ := provisioner(t, f)
	if err := p.CreateStaff(t.Context(), " Ops@Example.com", " Olga ", password); err != nil {
		t.Fatal(err)
	}
	from := tenancy.Origin{IP: "192.0.2.1"}
	token, ends, err := f.s.SignInStaff(t.Context(), "ops@example.com", password, from)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(ends); left < 29*time.Minute || left > 31*time.Minute {
		t.Errorf("the session ends in %s", left)
	}
	member, err := f.s.Staff(t.Context(), token)
	if err != nil || member.Email != "ops@example.com" || member.Name != "Olga" {
		t.Errorf("staff %+v (%v)", member, err)
	}
	if last := f.tries.asked[len(f.tries.asked)-1]; !strings.HasPrefix(last, uuid.Nil.String()+" ops@example.com") {
		t.Errorf("the limiter was asked %q", last)
	}
	// Another password ends what was signed in with the first.
	if err := p.CreateStaff(t.Context(), "ops@example.com", "Olga", "another long password"); err != nil {
		t.Fatal(err)
	}
	_, err = f.s.Staff(t.Context(), token)
	wantCode(t, "a session of before", err, fault.Unauthenticated)
	if n := f.StaffSession.Query().CountX(viewer.AsPlatform(t.Context())); n != 1 {
		t.Errorf("%d staff sessions", n)
	}
}

func TestStaffRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, _ := provisioner(t, f)
	if err := p.CreateStaff(t.Context(), "ops@example.com", "Olga", password); err != nil {
		t.Fatal(err)
	}
	token, _, err := f.s.SignInStaff(t.Context(), "ops@example.com", password, tenancy.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ email, password string }{
		"wrong password": {"ops@example.com", "wrong horse battery"},
		"unknown":        {"nobody@example.com", password},
		"a tenant's":     {"admin@acme.example", password},
		"not an address": {"ops", password},
	} {
		_, _, err := f.s.SignInStaff(t.Context(), tt.email, tt.password, tenancy.Origin{})
		wantCode(t, name, err, fault.Unauthenticated)
	}
	admins := f.signIn(t, f.acme, "admin").Token
	never, _ := auth.NewToken(auth.PrefixStaff, uuid.Nil)
	for name, bad := range map[string]string{"empty": "", "nonsense": "x", "a tenant's admin": admins, "never given": never} {
		_, err := f.s.Staff(t.Context(), bad)
		wantCode(t, name, err, fault.Unauthenticated)
	}
	_, err = f.s.Authenticate(t.Context(), token)
	wantCode(t, "staff in a tenant", err, fault.Unauthenticated)
	if _, err := p.Owner.Exec(t.Context(), `UPDATE staff_sessions SET expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	_, err = f.s.Staff(t.Context(), token)
	wantCode(t, "expired", err, fault.Unauthenticated)
	f.tries.refuse = true
	_, _, err = f.s.SignInStaff(t.Context(), "ops@example.com", password, tenancy.Origin{})
	wantCode(t, "too many tries", err, fault.RateLimited)
	for name, tt := range map[string]struct {
		email, name, password string
		fields                []string
	}{
		"no address":     {"ops", "Olga", password, []string{"email"}},
		"no name":        {"ops@example.com", " ", password, []string{"name"}},
		"short password": {"ops@example.com", "Olga", "short", []string{"password"}},
	} {
		wantViolations(t, name, p.CreateStaff(t.Context(), tt.email, tt.name, tt.password), tt.fields...)
	}
}
