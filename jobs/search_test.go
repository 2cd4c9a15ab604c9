package jobs_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/jobs"
	"lyceum/search"
)

// TestDriftIsRepaired plants what a lost job leaves behind: a course that search does not have, one of which it has an
// older version, and one that is published no more. A check finds all of them, in its own tenant.
func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	f := setup(t)
	missing, old, gone, theirs := f.publish(t, f.acme), f.publish(t, f.acme), f.publish(t, f.acme), f.publish(t, f.globex)
	with := services(f.db, f.store)
	for _, p := range []published{old, gone} {
		if err := with.Search.SyncCourse(f.acme.System(t.Context()), p.course); err != nil {
			t.Fatal(err)
		}
	}
	acme := f.acme.System(t.Context())
	outside := pgtest.Superuser(t, f.Database)
	for plant, course := range map[string]uuid.UUID{
		`UPDATE search_documents SET version = 0 WHERE course_id = $1`: old.course,
		`DELETE FROM publications WHERE course_id = $1`:                gone.course,
	} {
		if _, err := outside.Exec(t.Context(), plant, course); err != nil {
			t.Fatal(err)
		}
	}
	only := &repairing{Syncer: with.Search, tenant: f.acme}
	with.Search = only
	f.work(t, with, options())
	eventually(t, "acme's courses repaired", func() bool {
		return f.indexed(t, f.acme, missing.course) == 3 && f.indexed(t, f.acme, gone.course) == 0
	})
	eventually(t, "no difference being left", func() bool {
		diff, err := only.Syncer.(*search.Service).Check(acme)
		return err == nil && diff.Clean()
	})
	eventually(t, "a check of each tenant", func() bool { return only.others.Load() > 0 })
	if n := f.indexed(t, f.globex, theirs.course); n != 0 {
		t.Errorf("acme's check wrote %d documents of globex", n)
	}
}

// repairing repairs one tenant, and counts how often it was asked to repair another.
type repairing struct {
	jobs.Syncer

	tenant pgtest.Tenant
	others atomic.Int64
}

func (r *repairing) Repair(ctx context.Context) (int, error) {
	if viewer.Tenant(ctx) != r.tenant.ID {
		r.others.Add(1)
		return 0, nil
	}
	return r.Syncer.Repair(ctx)
}

// broken is a search that is down.
type broken struct{ checks atomic.Int64 }

func (*broken) SyncCourse(context.Context, uuid.UUID) error { return errors.New("down") }

func (*broken) SyncFilm(context.Context, uuid.UUID) error { return errors.New("down") }

func (b *broken) Repair(context.Context) (int, error) {
	b.checks.Add(1)
	return 0, errors.New("down")
}

// TestChecksDoNotPileUp: while nobody works on them, and while search is down, one check waits for each tenant.
func TestChecksDoNotPileUp(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 3 {
		f.insert(t, jobs.CheckSearch{Tenant: f.acme.ID})
		f.insert(t, jobs.CheckSearch{Tenant: f.globex.ID})
	}
	if n := len(f.jobs(t, jobs.CheckSearch{}.Kind())); n != 2 {
		t.Errorf("%d checks wait for two tenants", n)
	}
	with, down := services(f.db, f.store), &broken{}
	with.Search = down
	f.work(t, with, options())
	eventually(t, "the checks being given up", func() bool {
		for _, job := range f.jobs(t, jobs.CheckSearch{}.Kind()) {
			if job.State != rivertype.JobStateDiscarded {
				return false
			}
		}
		return down.checks.Load() >= 2
	})
	f.insert(t, jobs.CheckSearch{Tenant: f.acme.ID})
	eventually(t, "the next check", func() bool { return down.checks.Load() >= 3 })
}
