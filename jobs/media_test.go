package jobs_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/media"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/jobs"
)

// The places where a worker on a film dies.
const (
	filmConverting  = "film half converted"
	filmStoring     = "some files stored"
	filmUncommitted = "all files stored, not committed"
)

var filmPlaces = []string{filmConverting, filmStoring, filmUncommitted}

// filmFiles is how many files are made of a film.
const filmFiles = 6

// cutter makes files of a film without looking into it.
type cutter struct {
	// at is where it dies, "" for nowhere; err is what it fails with.
	at  string
	err error
	// runs counts.
	runs *atomic.Int32
}

// Convert implements media.Converter.
func (c cutter) Convert(_ context.Context, work media.Work) (*transcode.Result, error) {
	if c.runs != nil {
		c.runs.Add(1)
	}
	if c.err != nil {
		return nil, c.err
	}
	if err := os.MkdirAll(work.Dir, 0o750); err != nil {
		return nil, err
	}
	result := &transcode.Result{Play: "0.m4s", Duration: time.Second}
	for i := range filmFiles {
		content := fmt.Sprint("part ", i)
		path := filepath.Join(work.Dir, strconv.Itoa(i))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return nil, err
		}
		if c.at == filmConverting && i == filmFiles/2 {
			dieHere()
		}
		sum := sha256.Sum256([]byte(content))
		result.Files = append(result.Files, transcode.File{
			Name: fmt.Sprintf("%d.m4s", i), ContentType: "video/iso.segment", Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Path: path,
		})
	}
	return result, nil
}

// shelf dies when it has stored some files.
type shelf struct {
	*file.Store

	stored *atomic.Int32
}

// Put implements media.Store.
func (s shelf) Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error) {
	if s.stored.Add(1) > filmFiles/2 {
		dieHere()
	}
	return s.Store.Put(ctx, key, body, rule)
}

// in is a work directory.
func in(dir string) func() (string, error) { return func() (string, error) { return dir, nil } }

func dyingMedia(db *pg.DB, store *file.Store, at string) *media.Service {
	s := &media.Service{DB: db, Blobs: store, Converter: cutter{at: at}, WorkDir: in(os.Getenv(doomedDir) + "-work")}
	if at == filmStoring {
		s.Blobs = shelf{store, &atomic.Int32{}}
	}
	return s
}

// mediaOptions are those of a worker that works on films too.
func mediaOptions() jobs.Options {
	o := options()
	o.Queues[jobs.QueueMedia] = 2
	return o
}

// converting are services that convert with the cutter.
func (f fixture) converting(c cutter) jobs.Services {
	with := services(f.db, f.store)
	with.Media.Converter, with.Media.WorkDir = c, in(f.dir+"-work")
	return with
}

// film is a film of the tenant that waits to be converted, with its job.
func (f fixture) film(t *testing.T, tenant pgtest.Tenant) *ent.Asset {
	t.Helper()
	content := "film " + uuid.NewString()
	key, err := blob.NewKey(tenant.ID, "assets", uuid.NewString()+".mp4")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "video/mp4"}); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(content))
	a := f.Asset.Create().SetOwnerID(tenant.Instructor).SetKind(asset.KindVIDEO).SetFileName("f.mp4").SetContentType("video/mp4").
		SetSize(int64(len(content))).SetSha256(hex.EncodeToString(sum[:])).SetBlobKey(key.String()).SetStatus(asset.StatusREADY).
		SetConversion(asset.ConversionWAITING).SaveX(tenant.System(t.Context()))
	f.announce(t, tenant, asks(a))
	return a
}

func asks(a *ent.Asset) media.ConversionAsked {
	return media.ConversionAsked{ID: uuid.New(), Tenant: a.TenantID, At: time.Now().UTC(), Asset: a.ID}
}

func (f fixture) filmNow(t *testing.T, a *ent.Asset) *ent.Asset {
	t.Helper()
	return f.Asset.GetX(f.acme.System(t.Context()), a.ID)
}

// oneSet checks that one complete set is there, and nothing else.
func (f fixture) oneSet(t *testing.T, a *ent.Asset) {
	t.Helper()
	ctx := f.acme.System(t.Context())
	set, err := f.RenditionSet.Query().Only(ctx)
	if err != nil || set.Status != renditionset.StatusREADY || set.Files != filmFiles {
		t.Fatalf("sets: %+v (%v), want one that is ready", set, err)
	}
	prefix, err := blob.NewPrefix(a.TenantID, a.ID.String(), set.Name)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, err := range f.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		files++
	}
	// The film itself is there too.
	if all := f.documents(t, f.acme); files != filmFiles || all != filmFiles+1 {
		t.Errorf("%d files in the set and %d in all, want %d and %d", files, all, filmFiles, filmFiles+1)
	}
	if now := f.filmNow(t, a); now.Conversion != asset.ConversionDONE || now.Playback.Set != set.Name || now.Progress != 100 {
		t.Errorf("the film: %+v", now)
	}
	eventually(t, "the work directory is gone", func() bool {
		_, err := os.Stat(filepath.Join(f.dir+"-work", a.ID.String()))
		return errors.Is(err, os.ErrNotExist)
	})
}

// TestKilledConversion kills a worker in the middle of a film. Another notices that it says nothing any more, and goes
// on: there is one complete set, and nothing besides. The job of the dead one finds that all is done.
func TestKilledConversion(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a job to be given up")
	}
	for _, at := range filmPlaces {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			a := f.film(t, f.acme)
			f.doom(t, at)
			half := f.filmNow(t, a)
			if half.Conversion != asset.ConversionRUNNING || half.Tries != 1 || half.Playback != nil {
				t.Errorf("half done: %+v", half)
			}
			if n := f.RenditionSet.Query().Where(renditionset.StatusEQ(renditionset.StatusREADY)).CountX(f.acme.System(t.Context())); n != 0 {
				t.Errorf("%d sets are ready", n)
			}
			f.silence(t, a)
			runs := &atomic.Int32{}
			f.work(t, f.converting(cutter{runs: runs}), mediaOptions())
			eventually(t, "the film converted", func() bool { return f.filmNow(t, a).Conversion == asset.ConversionDONE })
			f.oneSet(t, a)
			f.lateRescue(t)
			f.oneSet(t, a)
			if n := f.verify(t, f.acme); n != 1 || runs.Load() != 1 {
				t.Errorf("%d entries in the audit log after %d runs, want one each", n, runs.Load())
			}
		})
	}
}

// silence makes the worker's last word three minutes old, and takes its lease as the leader away.
func (f fixture) silence(t *testing.T, a *ent.Asset) {
	t.Helper()
	f.Asset.UpdateOneID(a.ID).SetWorkedAt(time.Now().Add(-3 * time.Minute)).ExecX(f.acme.System(t.Context()))
	if _, err := f.Exec(t.Context(), `DELETE FROM river.river_leader`); err != nil {
		t.Fatal(err)
	}
}

// lateRescue lets seven hours pass since the killed job was taken on.
func (f fixture) lateRescue(t *testing.T) {
	t.Helper()
	all := f.jobs(t, "media.convert")
	if len(all) != 2 || all[0].State != rivertype.JobStateRunning {
		t.Fatalf("jobs: %+v, want the killed one and another", all)
	}
	if _, err := f.Exec(t.Context(), `UPDATE river.river_job SET attempted_at = now() - interval '7 hours' WHERE id = $1`, all[0].ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the killed job done", func() bool { return f.jobs(t, "media.convert")[0].State == rivertype.JobStateCompleted })
}

// TestConversionDeliveredTwice has two jobs for one film at the same time: the film is converted, once.
func TestConversionDeliveredTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a := f.film(t, f.acme)
	f.announce(t, f.acme, asks(a))
	f.work(t, f.converting(cutter{}), mediaOptions())
	f.allIn(t, rivertype.JobStateCompleted)
	if n := len(f.jobs(t, "media.convert")); n != 2 {
		t.Errorf("%d jobs, want 2", n)
	}
	f.oneSet(t, a)
}

// TestConversionJobs: what becomes of the job of a film that is refused, of one that another converts, and of one that
// is gone.
func TestConversionJobs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		state rivertype.JobState
		want  asset.Conversion
	}{
		"refused": {fault.Invalid("file", "It is no film."), rivertype.JobStateCompleted, asset.ConversionFAILED},
		"busy":    {fault.New(fault.Conflict, "Being converted."), rivertype.JobStateScheduled, asset.ConversionRUNNING},
		"broken":  {errors.New("no room"), rivertype.JobStateRetryable, asset.ConversionRUNNING},
		"no tool": {transcode.ErrNoTools, rivertype.JobStateCompleted, asset.ConversionFAILED}, // the film is none
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			a := f.film(t, f.acme)
			f.work(t, f.converting(cutter{err: tt.err}), mediaOptions())
			eventually(t, string(tt.state), func() bool {
				job := f.jobs(t, "media.convert")[0]
				return job.State == tt.state && job.Queue == jobs.QueueMedia
			})
			if now := f.filmNow(t, a); now.Conversion != tt.want {
				t.Errorf("the film is %s, want %s", now.Conversion, tt.want)
			}
		})
	}
}
