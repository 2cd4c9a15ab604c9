package tenancy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

func newUser(email string) tenancy.NewUser {
	return tenancy.NewUser{Email: email, Name: "Nora", Role: viewer.Learner, Password: password}
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made, err := f.s.CreateUser(f.acme.AsAdmin(t.Context()), tenancy.NewUser{
		Email: " Nora@Acme.example ", Name: " " + strings.Repeat("ن", 200) + " ", Role: viewer.Instructor, Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Email != "nora@acme.example" || made.Name != strings.Repeat("ن", 200) || made.TenantID != f.acme.ID {
		t.Errorf("made %+v", made)
	}
	if opened := f.signIn(t, f.acme, "nora"); opened.User.Role != viewer.Instructor {
		t.Errorf("signed in as %s", opened.User.Role)
	}
	if f.recorded("user.created") != 1 {
		t.Errorf("audit log: %+v", f.Entries())
	}
	_, err = f.s.CreateUser(f.acme.AsAdmin(t.Context()), newUser("NORA@acme.example"))
	wantCode(t, "the same address in the same tenant", err, fault.Conflict)
	if _, err = f.s.CreateUser(f.globex.AsAdmin(t.Context()), newUser("nora@acme.example")); err != nil {
		t.Errorf("the same address in another tenant: %v", err)
	}
}

func TestCreateUserRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, tt := range map[string]struct {
		change func(n *tenancy.NewUser)
		fields []string
	}{
		"no address":      {func(n *tenancy.NewUser) { n.Email = "" }, []string{"email"}},
		"no address, two": {func(n *tenancy.NewUser) { n.Email = "a@b@c" }, []string{"email"}},
		"with a name":     {func(n *tenancy.NewUser) { n.Email = "N <n@acme.example>" }, []string{"email"}},
		"with a line":     {func(n *tenancy.NewUser) { n.Email = "n@acme.example\r\nBcc: x@y.z" }, []string{"email"}},
		"with a C1":       {func(n *tenancy.NewUser) { n.Email = "n@\u0096" }, []string{"email"}},
		"with a NUL":      {func(n *tenancy.NewUser) { n.Email = "n\x00@acme.example" }, []string{"email"}},
		"long address":    {func(n *tenancy.NewUser) { n.Email = strings.Repeat("a", 250) + "@a.example" }, []string{"email"}},
		"blank name":      {func(n *tenancy.NewUser) { n.Name = " \t " }, []string{"name"}},
		"long name":       {func(n *tenancy.NewUser) { n.Name = strings.Repeat("n", 201) }, []string{"name"}},
		"name of lines":   {func(n *tenancy.NewUser) { n.Name = "a\nb" }, []string{"name"}},
		"role of nobody":  {func(n *tenancy.NewUser) { n.Role = viewer.Anonymous }, []string{"role"}},
		"role of us":      {func(n *tenancy.NewUser) { n.Role = viewer.System }, []string{"role"}},
		"no role":         {func(n *tenancy.NewUser) { n.Role = "" }, []string{"role"}},
		"short password":  {func(n *tenancy.NewUser) { n.Password = "short" }, []string{"password"}},
		"several":         {func(n *tenancy.NewUser) { *n = tenancy.NewUser{} }, []string{"email", "name", "role"}},
	} {
		n := newUser("nora@acme.example")
		tt.change(&n)
		_, err := f.s.CreateUser(f.acme.AsAdmin(t.Context()), n)
		wantViolations(t, name, err, tt.fields...)
	}
	if n := f.User.Query().CountX(f.acme.System(t.Context())); n != 4 {
		t.Errorf("%d users, want the 4 of before", n)
	}
}

// TestUsersAreForAdmins tries each change in each role.
func TestUsersAreForAdmins(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := pgtest.NewUser(t, f.Database, f.acme, "other", viewer.Learner)
	for role, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"visitor": {f.acme.Anonymous(t.Context()), fault.Unauthenticated}, "learner": {f.acme.AsLearner(t.Context()), fault.Forbidden},
		"instructor": {f.acme.AsInstructor(t.Context()), fault.Forbidden}, "support": {f.acme.AsSupport(t.Context()), fault.Forbidden},
		"admin": {f.acme.AsAdmin(t.Context()), ""},
	} {
		ctx, want := tt.ctx, tt.want
		_, err := f.s.CreateUser(ctx, newUser("nora@acme.example"))
		wantCode(t, role+" creates", err, want)
		_, err = f.s.ChangeRole(ctx, other, viewer.Instructor)
		wantCode(t, role+" changes a role", err, want)
		_, err = f.s.Suspend(ctx, other)
		wantCode(t, role+" suspends", err, want)
		_, err = f.s.Reinstate(ctx, other)
		wantCode(t, role+" reinstates", err, want)
		_, err = f.s.UpdateBranding(ctx, tenancy.BrandingChange{})
		wantCode(t, role+" changes the branding", err, want)
	}
}

func TestChangeOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsAdmin(t.Context())
	session := f.signIn(t, f.acme, "learner")
	for range 2 { // again changes nothing
		if u, err := f.s.ChangeRole(ctx, f.acme.Learner, viewer.Instructor); err != nil || u.Role != viewer.Instructor {
			t.Errorf("change role: %+v (%v)", u, err)
		}
	}
	if v, _ := viewer.From(f.as(t, session.Token)); v.Role != viewer.Instructor {
		t.Errorf("the session goes on as %s", v.Role)
	}
	for range 2 {
		if u, err := f.s.Suspend(ctx, f.acme.Learner); err != nil || u.Status != user.StatusSUSPENDED {
			t.Errorf("suspend: %+v (%v)", u, err)
		}
	}
	_, err := f.s.Authenticate(t.Context(), session.Token)
	wantCode(t, "a suspended user's session", err, fault.Unauthenticated)
	for range 2 {
		if u, err := f.s.Reinstate(ctx, f.acme.Learner); err != nil || u.Status != user.StatusACTIVE {
			t.Errorf("reinstate: %+v (%v)", u, err)
		}
	}
	_, err = f.s.Authenticate(t.Context(), session.Token)
	wantCode(t, "a session that was ended", err, fault.Unauthenticated)
	f.signIn(t, f.acme, "learner")
	for _, action := range []string{"user.role_changed", "user.suspended", "user.reinstated"} {
		if n := f.recorded(action); n != 1 {
			t.Errorf("%s stands %d times in the audit log, want once", action, n)
		}
	}
}

func TestChangeOthersRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsAdmin(t.Context())
	for name, change := range map[string]func(id uuid.UUID) (*ent.User, error){
		"role":      func(id uuid.UUID) (*ent.User, error) { return f.s.ChangeRole(ctx, id, viewer.Learner) },
		"suspend":   func(id uuid.UUID) (*ent.User, error) { return f.s.Suspend(ctx, id) },
		"reinstate": func(id uuid.UUID) (*ent.User, error) { return f.s.Reinstate(ctx, id) },
	} {
		_, err := change(f.acme.Admin)
		wantCode(t, name+" of oneself", err, fault.Conflict)
		for _, id := range []uuid.UUID{f.globex.Learner, uuid.New(), uuid.Nil} {
			_, err := change(id)
			wantCode(t, name+" of somebody else's", err, fault.NotFound)
		}
	}
	for _, role := range []viewer.Role{viewer.Anonymous, viewer.System, "", "OWNER"} {
		_, err := f.s.ChangeRole(ctx, f.acme.Learner, role)
		wantViolations(t, "the role "+string(role), err, "role")
	}
	if got := f.User.GetX(f.globex.System(t.Context()), f.globex.Learner); got.Role != viewer.Learner || got.Status != user.StatusACTIVE {
		t.Errorf("globex's learner was touched: %+v", got)
	}
	if len(f.Entries()) != 0 {
		t.Errorf("audit log: %+v", f.Entries())
	}
}

// TestAdminsTakeEachOthersRole: two admins demote each other at once, and one of them remains.
func TestAdminsTakeEachOthersRole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	second := pgtest.NewUser(t, f.Database, f.acme, "second", viewer.TenantAdmin)
	admins := []uuid.UUID{f.acme.Admin, second}
	for round := range 5 {
		errs := race(2, func(i int) error {
			ctx := f.acme.As(t.Context(), admins[i], viewer.TenantAdmin)
			_, err := f.s.ChangeRole(ctx, admins[1-i], viewer.Learner)
			return err
		})
		if codes := count(errs); codes[""] != 1 || codes[fault.Forbidden] != 1 {
			t.Fatalf("round %d: outcomes %v, want one who did and one who was late", round, codes)
		}
		if n := f.User.Query().Where(user.RoleEQ(viewer.TenantAdmin)).CountX(f.acme.System(t.Context())); n != 1 {
			t.Fatalf("round %d: %d admins are left, want 1", round, n)
		}
		f.User.Update().Where(user.IDIn(admins...)).SetRole(viewer.TenantAdmin).ExecX(f.acme.System(t.Context()))
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range 25 {
		pgtest.NewUser(t, f.Database, f.acme, fmt.Sprintf("zoe%d", i), viewer.Learner)
	}
	ctx := f.acme.AsInstructor(t.Context())
	var names []string
	r := page.Request{First: 10}
	pages := 0
	for {
		pages++
		counting, statements := pg.CountStatements(ctx)
		p, err := f.s.Users(counting, r, tenancy.UserFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if statements.Load() != 1 {
			t.Errorf("%d statements for a page", statements.Load())
		}
		for _, u := range p.Rows {
			names = append(names, u.Name+u.ID.String())
			if u.TenantID != f.acme.ID {
				t.Errorf("%s is of another tenant", u.Email)
			}
		}
		if !p.HasNext {
			break
		}
		r.After = p.Cursors[len(p.Cursors)-1]
	}
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	if pages != 3 || len(names) != 29 || len(seen) != 29 {
		t.Errorf("%d pages with %d users, %d of them different", pages, len(names), len(seen))
	}
}

func TestUsersFilters(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsAdmin(t.Context())
	pgtest.NewUser(t, f.Database, f.acme, "100%_real", viewer.Learner)
	for name, tt := range map[string]struct {
		filter tenancy.UserFilter
		want   int
	}{
		"by role":          {tenancy.UserFilter{Role: viewer.TenantAdmin}, 1},
		"by name":          {tenancy.UserFilter{Search: "LEARN"}, 1},
		"by address":       {tenancy.UserFilter{Search: "support@"}, 1},
		"by both":          {tenancy.UserFilter{Search: "e", Role: viewer.Learner}, 2},
		"nobody":           {tenancy.UserFilter{Search: "globex"}, 0},
		"per cent is text": {tenancy.UserFilter{Search: "%_"}, 1},
		"a quote is text":  {tenancy.UserFilter{Search: "' OR true --"}, 0},
		"a role of none":   {tenancy.UserFilter{Role: viewer.System}, 0},
	} {
		p, err := f.s.Users(ctx, page.Request{First: 100}, tt.filter)
		if err != nil || len(p.Rows) != tt.want {
			t.Errorf("%s: %d (%v), want %d", name, len(p.Rows), err, tt.want)
		}
	}
	_, err := f.s.Users(ctx, page.Request{First: 1}, tenancy.UserFilter{Search: strings.Repeat("a", 201)})
	wantViolations(t, "a long search", err, "filter.search")
	_, err = f.s.Users(ctx, page.Request{First: 1}, tenancy.UserFilter{Search: "a\x00"})
	wantCode(t, "a NUL", err, fault.BadInput)
	p, err := f.s.Users(ctx, page.Request{First: 1}, tenancy.UserFilter{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.s.Users(ctx, page.Request{First: 1, After: p.Cursors[0]}, tenancy.UserFilter{Role: viewer.Learner})
	wantCode(t, "a cursor of another filter", err, fault.BadInput)
	for role, want := range map[viewer.Role]fault.Code{viewer.Learner: fault.Forbidden, viewer.Support: fault.Forbidden, viewer.Instructor: ""} {
		_, err := f.s.Users(f.acme.As(t.Context(), uuid.New(), role), page.Request{First: 1}, tenancy.UserFilter{})
		wantCode(t, string(role), err, want)
	}
}

func TestSelf(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, id := range map[string]uuid.UUID{"learner": f.acme.Learner, "support": f.acme.Support, "admin": f.acme.Admin} {
		ctx := f.as(t, f.signIn(t, f.acme, name).Token)
		if u, err := f.s.Self(ctx); err != nil || u.ID != id {
			t.Errorf("%s: %+v (%v)", name, u, err)
		}
		if got, err := f.s.Tenant(ctx); err != nil || got.ID != f.acme.ID {
			t.Errorf("%s's tenant: %+v (%v)", name, got, err)
		}
	}
	_, err := f.s.Self(f.acme.Anonymous(t.Context()))
	wantCode(t, "visitor", err, fault.Unauthenticated)
}
