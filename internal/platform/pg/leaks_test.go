package pg_test

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"testing"
	"time"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/migrate"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// The tests below show each known way in which an ent client with a tenant filter leaks, and that it is closed.

func TestLeakCreateForAnotherTenant(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	for name, ctx := range map[string]context.Context{
		"admin": acme.AsAdmin(t.Context()), "system": acme.System(t.Context()), "whole tenant": viewer.WholeTenant(acme.AsAdmin(t.Context())),
	} {
		err := d.Category.Create().SetTenantID(globex.ID).SetSlug("x").SetName("X").Exec(ctx)
		if !errors.Is(err, privacy.Deny) {
			t.Errorf("%s: %v, want denied", name, err)
		}
		// Every builder of a bulk is asked by itself.
		err = d.Category.CreateBulk(
			d.Category.Create().SetSlug("mine").SetName("Mine"),
			d.Category.Create().SetTenantID(globex.ID).SetSlug("y").SetName("Y"),
		).Exec(ctx)
		if !errors.Is(err, privacy.Deny) {
			t.Errorf("%s, bulk: %v, want denied", name, err)
		}
	}
	if n := d.Category.Query().CountX(globex.System(t.Context())); n != 0 {
		t.Errorf("globex has %d categories of acme's making", n)
	}
	d.Category.Create().SetSlug("x").SetName("X").ExecX(acme.AsAdmin(t.Context()))
	if got := d.Category.Query().OnlyX(acme.System(t.Context())).TenantID; got != acme.ID {
		t.Errorf("a category without a tenant was stamped %s, want acme", got)
	}
}

func TestLeakUpdateAndDeleteByID(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	made := d.Category.Create().SetSlug("x").SetName("X").SaveX(globex.AsAdmin(t.Context()))
	theirs := d.Category.GetX(globex.System(t.Context()), made.ID)
	ctx := acme.AsAdmin(t.Context())
	for name, try := range map[string]func(id uuid.UUID) error{
		"empty update": func(id uuid.UUID) error { return d.Category.UpdateOneID(id).Exec(ctx) },
		"update":       func(id uuid.UUID) error { return d.Category.UpdateOneID(id).SetName("Mallory").Exec(ctx) },
		"delete":       func(id uuid.UUID) error { return d.Category.DeleteOneID(id).Exec(ctx) },
		"get":          func(id uuid.UUID) error { _, err := d.Category.Get(ctx, id); return err },
		"of a row that was read": func(uuid.UUID) error {
			return d.Category.UpdateOne(theirs).SetName("Mallory").Exec(ctx)
		},
	} {
		foreign, unknown := try(theirs.ID), try(uuid.New())
		if !ent.IsNotFound(foreign) {
			t.Errorf("%s: %v, want not found", name, foreign)
		}
		if name != "of a row that was read" && !ent.IsNotFound(unknown) {
			t.Errorf("%s of an id that never was: %v, want not found", name, unknown)
		}
	}
	if n, err := d.Category.Update().SetName("Mallory").Save(ctx); err != nil || n != 0 {
		t.Errorf("updating everything touched %d rows (%v), want 0", n, err)
	}
	if n, err := d.Category.Delete().Exec(ctx); err != nil || n != 0 {
		t.Errorf("deleting everything touched %d rows (%v), want 0", n, err)
	}
	if got := d.Category.GetX(globex.System(t.Context()), theirs.ID); got.Name != "X" || !got.UpdatedAt.Equal(theirs.UpdatedAt) {
		t.Errorf("globex's category was touched: %+v", got)
	}
}

// TestLeakNoEdgesNoUpsertsNoRawSQL shows that the generated client lacks what cannot be made safe: edges,
// whose rows are changed and matched without their own policies; upserts, which overwrite hidden rows; and raw
// statements, which no policy sees.
func TestLeakNoEdgesNoUpsertsNoRawSQL(t *testing.T) {
	t.Parallel()
	unsafe := regexp.MustCompile(`^(OnConflict\w*|(Add|Remove|Clear|With|Query)\w+IDs|QueryContext|ExecContext|With[A-Z]\w*)$`)
	forbidden := func(of reflect.Type) {
		for method := range of.Methods() {
			if unsafe.MatchString(method.Name) {
				t.Errorf("%s has %s", of, method.Name)
			}
		}
	}
	client := reflect.TypeFor[ent.Client]()
	forbidden(reflect.PointerTo(client))
	entities := 0
	for field := range client.Fields() {
		if !field.IsExported() || field.Type.Kind() != reflect.Pointer {
			continue
		}
		entities++
		for _, maker := range []string{"Create", "CreateBulk", "Update", "UpdateOneID", "Query"} {
			if method, ok := field.Type.MethodByName(maker); ok {
				forbidden(method.Type.Out(0))
			}
		}
	}
	if entities < 25 {
		t.Errorf("only %d entities were looked at", entities)
	}
	for _, table := range migrate.Tables {
		if len(table.ForeignKeys) > 0 {
			t.Errorf("%s has edges", table.Name)
		}
	}
}

// TestLeakUniqueKeysTellNothing gives two tenants the same of everything that is unique in one.
func TestLeakUniqueKeysTellNothing(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	for _, tenant := range []pgtest.Tenant{acme, globex} {
		ctx := tenant.System(t.Context())
		d.Category.Create().SetSlug("same").SetName("Same").ExecX(ctx)
		d.User.Create().SetEmail("same@example.com").SetName("Same").SetRole(viewer.Learner).ExecX(ctx)
		d.Session.Create().SetUserID(tenant.Learner).SetTokenHash([]byte("same")).SetExpiresAt(time.Now()).ExecX(ctx)
	}
	err := d.Category.Create().SetSlug("same").SetName("Again").Exec(acme.System(t.Context()))
	if !ent.IsConstraintError(err) {
		t.Errorf("the same slug twice in one tenant: %v", err)
	}
}

// TestLeakForeignParents points rows of one tenant at another's: foreign keys carry the tenant, because their
// checks step over row-level security.
func TestLeakForeignParents(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	ctx := acme.System(t.Context())
	theirs := d.Course.Create().SetSlug("c").SetTitle("C").SetInstructorID(globex.Instructor).SaveX(globex.System(t.Context()))
	for name, err := range map[string]error{
		"session of a foreign user":       d.Session.Create().SetUserID(globex.Learner).SetTokenHash([]byte("x")).SetExpiresAt(time.Now()).Exec(ctx),
		"course of a foreign instructor":  d.Course.Create().SetSlug("c").SetTitle("C").SetInstructorID(globex.Instructor).Exec(ctx),
		"module of a foreign course":      d.Module.Create().SetCourseID(theirs.ID).SetKey("m").SetTitle("M").SetPosition(1).Exec(ctx),
		"prerequisite of foreign courses": d.Prerequisite.Create().SetCourseID(theirs.ID).SetRequiresID(theirs.ID).Exec(ctx),
	} {
		if !ent.IsConstraintError(err) {
			t.Errorf("%s: %v, want a constraint error", name, err)
		}
	}
}

// TestLeakWithoutThePolicies lifts the first wall, as a forgotten mixin or an Allow would: the second stands.
func TestLeakWithoutThePolicies(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	lifted := privacy.DecisionContext(acme.AsLearner(t.Context()), privacy.Allow) //nolint:forbidigo // it is what is attacked here
	if n := d.User.Query().CountX(lifted); n != 4 {
		t.Errorf("%d users, want acme's 4", n)
	}
	if _, err := d.User.Get(lifted, globex.Learner); !ent.IsNotFound(err) {
		t.Errorf("a foreign user: %v, want not found", err)
	}
	if err := d.User.UpdateOneID(globex.Learner).SetName("Mallory").Exec(lifted); !ent.IsNotFound(err) {
		t.Errorf("an update of a foreign user: %v, want not found", err)
	}
	err := d.User.Create().SetTenantID(globex.ID).SetEmail("m@example.com").SetName("M").SetRole(viewer.TenantAdmin).Exec(lifted)
	if err == nil {
		t.Error("an admin of globex was made by acme")
	}
	nobody := privacy.DecisionContext(t.Context(), privacy.Allow) //nolint:forbidigo // it is what is attacked here
	if n := d.User.Query().CountX(nobody); n != 0 {
		t.Errorf("%d users without a viewer, want 0", n)
	}
	if n := d.User.Query().CountX(globex.System(t.Context())); n != 4 {
		t.Errorf("globex has %d users, want 4", n)
	}
}

// TestLeakCountsSeeWhatTheyCount has a rule count rows of others, which its viewer does not see.
func TestLeakCountsSeeWhatTheyCount(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	pgtest.NewUser(t, d, globex, "another", viewer.Learner)
	ctx := acme.AsLearner(t.Context())
	if n := d.User.Query().Where(user.RoleEQ(viewer.Support)).CountX(ctx); n != 0 {
		t.Errorf("a learner sees %d support users, want 0", n)
	}
	if n := d.User.Query().CountX(viewer.WholeTenant(ctx)); n != 4 {
		t.Errorf("with the whole tenant in view %d users, want 4", n)
	}
	err := d.User.UpdateOneID(acme.Learner).SetRole(viewer.TenantAdmin).Exec(viewer.WholeTenant(ctx))
	if !errors.Is(err, privacy.Deny) {
		t.Errorf("a learner who sees the whole tenant made themself admin: %v", err)
	}
}
