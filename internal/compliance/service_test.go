package compliance_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/compliance"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

type fixture struct {
	*pgtest.Database

	db           *pg.DB // with the chain wired, as the server has it
	acme, globex pgtest.Tenant
	s            *compliance.Service
}

func setup(t *testing.T) fixture {
	t.Helper()
	f := fixture{Database: pgtest.New(t)}
	f.acme, f.globex = pgtest.NewTenant(t, f.Database, "acme"), pgtest.NewTenant(t, f.Database, "globex")
	f.db = pg.Open(f.Pool(), pg.Hooks{Record: compliance.Record})
	f.s = &compliance.Service{DB: f.db}
	return f
}

func (f fixture) record(ctx context.Context, entries ...pg.Entry) error {
	return f.db.Tx(ctx, func(tx *pg.Tx) error {
		for _, entry := range entries {
			if err := tx.Record(ctx, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// fill records n entries of the tenant's admin.
func (f fixture) fill(t *testing.T, tenant pgtest.Tenant, n int) {
	t.Helper()
	for i := range n {
		entry := pg.Entry{Action: "test.done", Subject: fmt.Sprintf("tst_%d", i), Data: map[string]string{"n": strconv.Itoa(i)}}
		if err := f.record(tenant.AsAdmin(t.Context()), entry); err != nil {
			t.Fatal(err)
		}
	}
}

func (f fixture) verify(t *testing.T, tenant pgtest.Tenant) (int, error) {
	t.Helper()
	return f.s.Verify(viewer.With(t.Context(), viewer.Operator(tenant.ID, "audit verify")))
}

func TestRecord(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if n, err := f.verify(t, f.acme); err != nil || n != 0 {
		t.Errorf("an empty log: %d (%v)", n, err)
	}
	broken := map[string]string{"title": "caf\xe9", "quote": `"'\`, "line": "a\u2028b"}
	for name, ctx := range map[string]context.Context{
		"learner": f.acme.AsLearner(t.Context()), "instructor": f.acme.AsInstructor(t.Context()),
		"admin": f.acme.AsAdmin(t.Context()), "job": f.acme.System(t.Context()),
	} {
		if err := f.record(ctx, pg.Entry{Action: "test." + name, Subject: "tst_1", Data: broken}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 4 {
		t.Errorf("%d entries verified (%v), want 4", n, err)
	}
	byAdmin := f.db.AuditEntry.Query().Where(auditentry.Action("test.admin")).OnlyX(f.acme.AsAdmin(t.Context()))
	if want := gid.New(ent.GIDUser, f.acme.Admin).String(); byAdmin.Actor != want || byAdmin.Role != "TENANT_ADMIN" {
		t.Errorf("actor %s as %s, want %s", byAdmin.Actor, byAdmin.Role, want)
	}
	if byAdmin.Data["title"] != "caf\uFFFD" || byAdmin.Data["quote"] != `"'\` {
		t.Errorf("data %q", byAdmin.Data)
	}
	byJob := f.db.AuditEntry.Query().Where(auditentry.Action("test.job")).OnlyX(f.acme.AsAdmin(t.Context()))
	if byJob.Actor != "test" || byJob.Role != "SYSTEM" {
		t.Errorf("actor %s as %s, want the job", byJob.Actor, byJob.Role)
	}
	if n, err := f.verify(t, f.globex); err != nil || n != 0 {
		t.Errorf("globex has %d entries (%v)", n, err)
	}
}

// TestWhoChangesNothingRecordsNothing, because there is nothing to tell of.
func TestWhoChangesNothingRecordsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, ctx := range map[string]context.Context{
		"support": f.acme.AsSupport(t.Context()), "visitor": f.acme.Anonymous(t.Context()), "nobody": t.Context(),
	} {
		if err := f.record(ctx, pg.Entry{Action: "test.done"}); err == nil {
			t.Errorf("%s recorded", name)
		}
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 0 {
		t.Errorf("%d entries (%v), want none", n, err)
	}
}

// TestConcurrentRecords has 32 transactions append at once, in two tenants, the first entry included. A third
// of them roll back.
func TestConcurrentRecords(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const writers, each = 32, 4
	boom := errors.New("boom")
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			<-start
			tenant := []pgtest.Tenant{f.acme, f.globex}[i%2]
			ctx := tenant.AsInstructor(t.Context())
			for n := range each {
				err := f.db.Tx(ctx, func(tx *pg.Tx) error {
					if err := tx.Record(ctx, pg.Entry{Action: "test.done", Subject: "tst_1"}); err != nil {
						return err
					}
					if n == 2 {
						return boom // its number is given again
					}
					return nil
				})
				if err != nil && !errors.Is(err, boom) {
					t.Errorf("record: %v", err)
				}
			}
		})
	}
	close(start)
	group.Wait()
	for _, tenant := range []pgtest.Tenant{f.acme, f.globex} {
		if n, err := f.verify(t, tenant); err != nil || n != writers/2*(each-1) {
			t.Errorf("%s: %d entries verified (%v), want %d without a gap", tenant.Slug, n, err, writers/2*(each-1))
		}
		rows := f.db.AuditEntry.Query().Order(auditentry.BySeq()).AllX(tenant.AsAdmin(t.Context()))
		for i := 1; i < len(rows); i++ {
			if rows[i].At.Before(rows[i-1].At) {
				t.Errorf("%s: entry %d is of an earlier time than the one before", tenant.Slug, rows[i].Seq)
			}
		}
	}
}

func TestRecordStatements(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, 1)
	ctx, statements := pg.CountStatements(f.acme.AsAdmin(t.Context()))
	if err := f.record(ctx, pg.Entry{Action: "test.done"}); err != nil {
		t.Fatal(err)
	}
	if n := statements.Load(); n != 3 {
		t.Errorf("%d statements while everybody waits, want 3: lock, append, move", n)
	}
}

// TestVerifyFindsTampering changes a chain as somebody whom no wall stops.
func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	f := setup(t)
	superuser := pgtest.Superuser(t, f.Database)
	const mine = ` WHERE tenant_id = (SELECT id FROM placements WHERE slug = 'acme')`
	f.fill(t, f.acme, 6)
	f.fill(t, f.globex, 6)
	if n, err := f.verify(t, f.acme); err != nil || n != 6 {
		t.Fatalf("before: %d (%v)", n, err)
	}
	for name, tt := range map[string]struct{ tamper, says string }{
		"data":        {`UPDATE audit_entries SET data = '{"n":"9"}'` + mine + ` AND seq = 3`, "entry 3 was changed"},
		"actor":       {`UPDATE audit_entries SET actor = 'usr_mallory'` + mine + ` AND seq = 1`, "entry 1 was changed"},
		"time":        {`UPDATE audit_entries SET at = at - interval '1 day'` + mine + ` AND seq = 2`, "entry 2 was changed"},
		"hash":        {`UPDATE audit_entries SET hash = decode(repeat('00', 32), 'hex')` + mine + ` AND seq = 4`, "entry 4 was changed"},
		"middle gone": {`DELETE FROM audit_entries` + mine + ` AND seq = 3`, "entry 3 is missing"},
		"start gone":  {`DELETE FROM audit_entries` + mine + ` AND seq = 1`, "entry 1 is missing"},
		"end gone":    {`DELETE FROM audit_entries` + mine + ` AND seq > 4`, "there are 4 entries, and the log says that it has 6"},
		"all gone":    {`DELETE FROM audit_entries` + mine, "there are 0 entries, and the log says that it has 6"},
		"head gone":   {`DELETE FROM audit_heads` + mine, "there are 6 entries, and the log says that it has 0"},
		"head back":   {`UPDATE audit_heads SET seq = 4` + mine, "entry 4 is not the one that the log ended with"},
		"renumbered":  {`DELETE FROM audit_entries` + mine + ` AND seq = 3; UPDATE audit_entries SET seq = seq - 1` + mine + ` AND seq > 3`, "entry 3 does not follow entry 2"},
		"swapped": {`UPDATE audit_entries SET seq = -seq` + mine + ` AND seq IN (2, 3);
			UPDATE audit_entries SET seq = 5 + seq` + mine + ` AND seq < 0`, "entry 2 does not follow entry 1"},
		"from another tenant": {`DELETE FROM audit_entries` + mine + ` AND seq = 6;
			UPDATE audit_entries SET tenant_id = (SELECT id FROM placements WHERE slug = 'acme') WHERE seq = 6`, "entry 6 does not follow entry 5"},
	} {
		tx, err := superuser.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		keep := []string{`CREATE TEMP TABLE entries AS TABLE audit_entries`, `CREATE TEMP TABLE heads AS TABLE audit_heads`}
		restore := []string{
			`DELETE FROM audit_entries`, `DELETE FROM audit_heads`, `INSERT INTO audit_entries TABLE entries`,
			`INSERT INTO audit_heads TABLE heads`, `DROP TABLE entries, heads`,
		}
		for _, statement := range append(keep, tt.tamper) {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.verify(t, f.acme); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
		for _, statement := range restore {
			if _, err := superuser.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 6 {
		t.Errorf("restored: %d (%v)", n, err)
	}
}

// TestVerifyWhileRecording walks a log that grows: nothing is reported that is not broken.
func TestVerifyWhileRecording(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.fill(t, f.acme, 60)
	}()
	for walking := true; walking; {
		select {
		case <-done:
			walking = false
		default:
		}
		if _, err := f.verify(t, f.acme); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 61 {
		t.Errorf("%d entries (%v), want 61", n, err)
	}
}

// TestApplicationCannotRewrite tries raw SQL and ent, as the system.
func TestApplicationCannotRewrite(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, 2)
	ctx := f.acme.System(t.Context())
	for _, statement := range []string{
		`UPDATE audit_entries SET data = '{}'`, `DELETE FROM audit_entries`, `TRUNCATE audit_entries`, `DELETE FROM audit_heads`,
	} {
		if _, err := f.db.Exec(ctx, statement); err == nil {
			t.Errorf("%s succeeded", statement)
		}
	}
	if err := f.db.AuditEntry.Update().Exec(ctx); err == nil {
		t.Error("ent updates entries")
	}
	if _, err := f.db.AuditEntry.Delete().Exec(ctx); err == nil {
		t.Error("ent deletes entries")
	}
	if n, err := f.verify(t, f.acme); err != nil || n != 2 {
		t.Errorf("%d entries (%v)", n, err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, 25)
	f.fill(t, f.globex, 3)
	ctx := f.acme.AsAdmin(t.Context())
	var seen []int
	for r := (page.Request{First: 10}); ; {
		counting, statements := pg.CountStatements(ctx)
		p, err := f.s.List(counting, r, "")
		if err != nil {
			t.Fatal(err)
		}
		if statements.Load() != 1 {
			t.Errorf("%d statements for a page", statements.Load())
		}
		for _, e := range p.Rows {
			seen = append(seen, e.Seq)
			if e.TenantID != f.acme.ID {
				t.Errorf("entry %d is of another tenant", e.Seq)
			}
		}
		if !p.HasNext {
			break
		}
		r.After = p.Cursors[len(p.Cursors)-1]
	}
	var want []int
	for n := 25; n > 0; n-- {
		want = append(want, n)
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("numbers, newest first (-want +got):\n%s", diff)
	}
	p, err := f.s.List(ctx, page.Request{First: 10}, "tst_7")
	if err != nil || len(p.Rows) != 1 || p.Rows[0].Seq != 8 {
		t.Errorf("by subject: %v (%v)", p.Rows, err)
	}
	_, err = f.s.List(ctx, page.Request{First: 10, After: p.Cursors[0]}, "")
	if fault.CodeOf(err) != fault.BadInput {
		t.Errorf("a cursor of another list: %v", err)
	}
	for role, want := range map[viewer.Role]fault.Code{
		viewer.Learner: fault.Forbidden, viewer.Instructor: fault.Forbidden, viewer.Support: fault.Forbidden,
	} {
		_, err := f.s.List(f.acme.As(t.Context(), uuid.New(), role), page.Request{First: 1}, "")
		if fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", role, err, want)
		}
	}
	if _, err := f.s.List(f.acme.Anonymous(t.Context()), page.Request{First: 1}, ""); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}
