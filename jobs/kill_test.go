package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/catalog"
	"lyceum/internal/compliance"
	"lyceum/internal/credential"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/pg"
	"lyceum/jobs"
	"lyceum/search"
	"lyceum/search/postgres"
)

// The environment of a worker that is about to be killed.
const (
	doomedAt  = "LYCEUM_JOBS_TEST_DOOMED_AT" // where it stops and waits for the end
	doomedURL = "LYCEUM_JOBS_TEST_DATABASE_URL"
	doomedDir = "LYCEUM_JOBS_TEST_BLOBS"
)

// The places where a worker dies.
const (
	beforeCommit = "certificate stated, not committed"
	afterPut     = "document kept, not noted"
	insideSync   = "documents indexed, not committed"
	afterSync    = "documents committed, job not completed"
)

// here is what a doomed worker prints when it has come to its place.
const here = "HERE"

// dieHere says that the place is reached, and waits to be killed.
func dieHere() {
	_, _ = fmt.Fprintln(os.Stdout, here)
	select {}
}

// dyingStore keeps documents and dies.
type dyingStore struct{ *file.Store }

func (s dyingStore) Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error) {
	if _, err := s.Store.Put(ctx, key, body, rule); err != nil {
		return blob.Info{}, err
	}
	dieHere()
	return blob.Info{}, nil
}

// dyingEngine indexes documents and dies, inside the transaction or after its commit.
type dyingEngine struct {
	search.Store
	at string
}

func (e dyingEngine) Put(ctx context.Context, tx *pg.Tx, course uuid.UUID, documents []search.Document) (search.Settle, error) {
	if _, err := e.Store.Put(ctx, tx, course, documents); err != nil {
		return nil, err
	}
	if e.at == insideSync {
		dieHere()
	}
	return func(context.Context) error { dieHere(); return nil }, nil
}

// TestDoomedWorker is not a test: it is the process that the next one kills.
func TestDoomedWorker(t *testing.T) {
	t.Parallel()
	at := os.Getenv(doomedAt)
	if at == "" {
		t.Skip("a helper of TestKilledWorker")
	}
	pool, err := pgxpool.New(t.Context(), os.Getenv(doomedURL))
	if err != nil {
		t.Fatal(err)
	}
	store, err := openFiles(os.Getenv(doomedDir))
	if err != nil {
		t.Fatal(err)
	}
	inserter, err := jobs.NewInserter(pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	record := func(ctx context.Context, tx *pg.Tx, entry pg.Entry) error {
		if err := compliance.Record(ctx, tx, entry); err != nil {
			return err
		}
		if at == beforeCommit || at == filmUncommitted && entry.Action == "asset.converted" {
			dieHere()
		}
		return nil
	}
	db := pg.Open(pool, pg.Hooks{Announce: jobs.Announce(inserter, nil), Record: record})
	with := services(db, store)
	if at == afterPut {
		with.Credential = &credential.Service{DB: db, Blobs: dyingStore{store}, Page: page}
	}
	if at == insideSync || at == afterSync {
		with.Search = &search.Service{DB: db, Local: dyingEngine{Store: &postgres.Engine{DB: db}, at: at}}
	}
	if slices.Contains(filmPlaces, at) {
		with.Media = dyingMedia(db, store, at)
	}
	worker, err := jobs.NewWorker(pool, slog.New(slog.NewTextHandler(os.Stderr, nil)), with, mediaOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	// It does not outlive a parent that forgets to kill it.
	<-time.After(patience)
}

// doom starts a worker in a process of its own and kills it when it has come to its place.
func (f fixture) doom(t *testing.T, at string) {
	t.Helper()
	helper := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDoomedWorker$")
	helper.Env = append(os.Environ(), doomedAt+"="+at, doomedURL+"="+f.URL, doomedDir+"="+f.dir)
	var said strings.Builder
	helper.Stderr = &said
	out, err := helper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	arrived := false
	var lines []string
	for scanner := bufio.NewScanner(out); !arrived && scanner.Scan(); {
		lines = append(lines, scanner.Text())
		arrived = scanner.Text() == here
	}
	if err := helper.Process.Kill(); err != nil { // SIGKILL: nothing is cleaned up
		t.Fatal(err)
	}
	err = helper.Wait()
	if !arrived {
		t.Fatalf("the worker did not come to %q: %v\n%s\n%s", at, err, strings.Join(lines, "\n"), said.String())
	}
}

// TestKilledWorker kills a worker in the middle of its work, and has another one finish it: each effect is
// there once.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a job to be given up")
	}
	for at, kind := range map[string]string{
		beforeCommit: "certificate.issue", afterPut: "certificate.print", insideSync: "search.sync_course", afterSync: "search.sync_course",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			p := f.publish(t, f.acme)
			f.announce(t, f.acme, p.completed(f.acme),
				catalog.CoursePublished{ID: uuid.New(), Tenant: f.acme.ID, At: time.Now(), Course: p.course})
			f.doom(t, at)
			f.halfDone(t, at, p)
			f.stuckFor(t, kind, options().RescueAfter)
			f.work(t, services(f.db, f.store), options())
			eventually(t, "the killed job done", func() bool { return f.jobs(t, kind)[0].State == rivertype.JobStateCompleted })
			eventually(t, "the certificate printed", func() bool { return len(f.jobs(t, "notify.certificate_issued")) > 0 })
			f.allIn(t, rivertype.JobStateCompleted)
			f.onceEach(t, p)
			killed := f.jobs(t, kind)[0]
			if killed.Attempt != 2 || !strings.Contains(killed.Errors, "rescued") {
				t.Errorf("the killed job: attempt %d, errors %s", killed.Attempt, killed.Errors)
			}
		})
	}
}

// halfDone checks that the process died where it should: what was not committed is not there.
func (f fixture) halfDone(t *testing.T, at string, p published) {
	t.Helper()
	ctx := f.acme.System(t.Context())
	stated, printed := f.Certificate.Query().CountX(ctx), f.Certificate.Query().Where(certificate.PdfKeyNEQ("")).CountX(ctx)
	indexed := f.indexed(t, f.acme, p.course)
	switch at {
	case beforeCommit:
		if stated != 0 || len(f.jobs(t, "certificate.print")) != 0 {
			t.Errorf("%d certificates are committed", stated)
		}
	case afterPut:
		if stated != 1 || printed != 0 || f.documents(t, f.acme) != 1 {
			t.Errorf("%d certificates, %d noted, %d documents", stated, printed, f.documents(t, f.acme))
		}
	case insideSync:
		if indexed != 0 {
			t.Errorf("%d documents are committed", indexed)
		}
	case afterSync:
		if indexed != 3 {
			t.Errorf("%d documents are committed, want 3", indexed)
		}
	}
}

// stuckFor waits until the job has been running for so long, and takes the dead process's lease as the leader
// away, which would run out by itself a little later.
func (f fixture) stuckFor(t *testing.T, kind string, d time.Duration) {
	t.Helper()
	eventually(t, kind+" stuck", func() bool {
		var stuck bool
		const query = `SELECT attempted_at < now() - $2::interval FROM river.river_job WHERE kind = $1 AND state = 'running'`
		if err := f.QueryRow(t.Context(), query, kind, d).Scan(&stuck); err != nil {
			t.Fatalf("%s is not running: %v", kind, err)
		}
		return stuck
	})
	if _, err := f.Exec(t.Context(), `DELETE FROM river.river_leader`); err != nil {
		t.Fatal(err)
	}
}

// onceEach checks every effect of the completed and published course.
func (f fixture) onceEach(t *testing.T, p published) {
	t.Helper()
	ctx := f.acme.System(t.Context())
	c, err := f.Certificate.Query().Only(ctx)
	if err != nil {
		t.Fatalf("certificates: %v, want one", err)
	}
	if n := f.documents(t, f.acme); n != 1 || c.PdfKey == "" || len(c.PdfSha256) != 64 {
		t.Errorf("%d documents, noted as %q", n, c.PdfKey)
	}
	for _, kind := range []notification.Kind{notification.KindCOURSE_COMPLETED, notification.KindCERTIFICATE_ISSUED} {
		if n := f.Notification.Query().Where(notification.KindEQ(kind)).CountX(ctx); n != 1 {
			t.Errorf("told %s %d times", kind, n)
		}
	}
	if n := f.indexed(t, f.acme, p.course); n != 3 {
		t.Errorf("%d documents in the index, want 3", n)
	}
	if n := f.verify(t, f.acme); n != 1 {
		t.Errorf("%d entries in the audit log, want one", n)
	}
	if n := len(f.jobs(t, "certificate.print")); n != 1 {
		t.Errorf("%d jobs to print, want one", n)
	}
}
