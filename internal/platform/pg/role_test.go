package pg_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

func TestCheckRole(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	if err := pg.CheckRole(t.Context(), d.Pool()); err != nil {
		t.Errorf("the application role: %v", err)
	}
	if err := pg.CheckRole(t.Context(), pgtest.Pool(t, d.OwnerURL)); !errors.Is(err, pg.ErrUnsafeRole) {
		t.Errorf("the owner: %v, want ErrUnsafeRole", err)
	}
}

func TestCheckRoleLooksBehindMemberships(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	superuser := pgtest.Superuser(t, d)
	for name, tt := range map[string]struct{ attributes, memberOf string }{
		"superuser":           {"SUPERUSER", ""},
		"bypasses":            {"BYPASSRLS", ""},
		"member of the owner": {"", "lyceum_owner"},
	} {
		role := "t_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		statements := []string{`CREATE ROLE ` + role + ` LOGIN PASSWORD 'lyceum-test' ` + tt.attributes}
		if tt.memberOf != "" {
			statements = append(statements, `GRANT `+tt.memberOf+` TO `+role)
		}
		for _, statement := range statements {
			if _, err := superuser.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() {
			if _, err := superuser.Exec(context.WithoutCancel(t.Context()), `DROP ROLE `+role); err != nil {
				t.Error(err)
			}
		})
		pool := pgtest.Pool(t, as(t, d.URL, role))
		if err := pg.CheckRole(t.Context(), pool); !errors.Is(err, pg.ErrUnsafeRole) {
			t.Errorf("%s: %v, want ErrUnsafeRole", name, err)
		}
		pool.Close()
	}
}

func as(t *testing.T, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "lyceum-test")
	return u.String()
}
