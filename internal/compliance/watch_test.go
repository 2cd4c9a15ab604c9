package compliance_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/compliance"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// TestDenied: the same refusal is written down once a minute, by however many processes and at once.
func TestDenied(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsLearner(t.Context())
	processes := []*compliance.Service{{DB: f.db}, {DB: f.db}, {DB: f.db}}
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			if err := processes[i%3].Denied(ctx, fmt.Sprint("Mutation.m", i/3%2)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := f.s.Denied(f.acme.AsInstructor(t.Context()), "Mutation.m0"); err != nil {
		t.Fatal(err)
	}
	system := f.acme.System(t.Context())
	rows := f.db.AuditEntry.Query().Where(auditentry.Action("access.denied")).AllX(system)
	if len(rows) != 3 {
		t.Fatalf("%d refusals of two people at two fields, want 3", len(rows))
	}
	who := gid.New(ent.GIDUser, f.acme.Learner).String()
	if row := rows[0]; row.Actor != who || row.Subject != who || row.Role != "LEARNER" || row.Data["field"] == "" {
		t.Errorf("refusal: %+v", row)
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 3 {
		t.Errorf("%d entries verified (%v)", n, err)
	}
	counting, statements := pg.CountStatements(ctx)
	if err := processes[0].Denied(counting, "Mutation.m0"); err != nil || statements.Load() != 0 {
		t.Errorf("knocking again: %d statements (%v)", statements.Load(), err)
	}
}

// TestDeniedToNobody: visitors and Lyceum itself are not written down.
func TestDeniedToNobody(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, ctx := range []context.Context{t.Context(), f.acme.Anonymous(t.Context()), f.acme.System(t.Context())} {
		if err := f.s.Denied(ctx, "Mutation.m"); err != nil {
			t.Error(err)
		}
	}
	if n := f.db.AuditEntry.Query().CountX(f.acme.System(t.Context())); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// TestHelped: what support reads is in the chain under its own name, though support writes nothing.
func TestHelped(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsSupport(t.Context())
	for range 2 {
		if err := f.s.Helped(ctx, "Roster\xff", []string{"Query.enrollments", "Query.users"}); err != nil {
			t.Fatal(err)
		}
	}
	v, _ := viewer.From(ctx)
	rows := f.db.AuditEntry.Query().Where(auditentry.Action("support.read")).AllX(f.acme.System(t.Context()))
	if len(rows) != 2 {
		t.Fatalf("%d entries, want one for each operation", len(rows))
	}
	row := rows[0]
	if row.Actor != gid.New(ent.GIDUser, v.User).String() || row.Role != "SUPPORT" || row.Subject != gid.New(ent.GIDSupportGrant, v.Grant).String() ||
		row.Data["operation"] != "Roster" || row.Data["fields"] != "Query.enrollments Query.users" {
		t.Errorf("entry: %+v", row)
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 2 {
		t.Errorf("%d entries verified (%v)", n, err)
	}
}

// TestBy: that somebody else acted is for the system to say, of its own tenant.
func TestBy(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine := viewer.Viewer{Tenant: f.acme.ID, User: uuid.New(), Role: viewer.Support}
	foreign := viewer.Viewer{Tenant: f.globex.ID, User: uuid.New(), Role: viewer.Support}
	for name, tt := range map[string]struct {
		ctx context.Context
		by  viewer.Viewer
	}{
		"an admin": {f.acme.AsAdmin(t.Context()), mine}, "a learner": {f.acme.AsLearner(t.Context()), mine},
		"the system, of another tenant": {f.acme.System(t.Context()), foreign},
	} {
		if err := f.record(tt.ctx, pg.Entry{Action: "test.done", By: tt.by}); err == nil {
			t.Errorf("%s says who acted", name)
		}
	}
	if err := f.record(f.acme.System(t.Context()), pg.Entry{Action: "test.done", By: mine}); err != nil {
		t.Error(err)
	}
}
