package jobs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/gen/ent/usage"
	"lyceum/internal/media"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/pg"
)

// The places where a worker dies that checks an upload.
const (
	uploadCopying   = "parts half copied into one file"
	uploadJoined    = "parts copied, not looked at"
	uploadCleared   = "looked at and cleared up, not decided"
	uploadUndecided = "decided, not committed"
)

// The places where a worker dies that removes a deleted file.
const (
	purgeBegun     = "upload given up, nothing removed"
	purgeHalf      = "what was made of the file removed"
	purgeCommitted = "all objects removed, not committed"
)

var (
	uploadPlaces = []string{uploadCopying, uploadJoined, uploadCleared, uploadUndecided}
	purgePlaces  = []string{purgeBegun, purgeHalf, purgeCommitted}
)

// mortalStore dies at a place.
type mortalStore struct {
	*file.Store

	at string
}

// CompleteParts implements media.Parts.
func (s mortalStore) CompleteParts(ctx context.Context, key blob.Key, upload string, parts []blob.Part) (blob.Info, error) {
	if s.at == uploadCopying {
		ctx = mortalContext{ctx, &atomic.Int32{}}
	}
	info, err := s.Store.CompleteParts(ctx, key, upload, parts)
	s.end(uploadJoined)
	return info, err
}

// AbortParts implements media.Parts.
func (s mortalStore) AbortParts(ctx context.Context, key blob.Key) error {
	err := s.Store.AbortParts(ctx, key)
	s.end(uploadCleared)
	s.end(purgeBegun)
	return err
}

// DeletePrefix implements media.Store.
func (s mortalStore) DeletePrefix(ctx context.Context, prefix blob.Prefix) error {
	err := s.Store.DeletePrefix(ctx, prefix)
	s.end(purgeHalf)
	return err
}

// Delete implements media.Store.
func (s mortalStore) Delete(ctx context.Context, key blob.Key) error {
	err := s.Store.Delete(ctx, key)
	s.end(purgeCommitted)
	return err
}

func (s mortalStore) end(place string) {
	if s.at == place {
		dieHere()
	}
}

// mortalContext dies when it has been asked some times whether it has ended: a copy asks with every piece.
type mortalContext struct {
	context.Context

	asked *atomic.Int32
}

// Err implements context.Context.
func (c mortalContext) Err() error {
	const pieces = 4
	if c.asked.Add(1) > pieces {
		dieHere()
	}
	return c.Context.Err()
}

func mortalMedia(db *pg.DB, store *file.Store, at string) *media.Service {
	return &media.Service{DB: db, Blobs: mortalStore{store, at}}
}

const partSize = 64 << 10

// arrive uploads a text in parts as an instructor does, and says that it has arrived: its check waits.
func (f fixture) arrive(t *testing.T) (*ent.Asset, []byte) {
	t.Helper()
	s := &media.Service{DB: f.db, Blobs: f.store, MaxUpload: 1 << 20, PartSize: partSize}
	ctx, content := f.acme.AsInstructor(t.Context()), []byte(strings.Repeat("A long text, and so on.\n", 5*partSize/24))
	a, _, err := s.Request(ctx, media.Upload{
		Kind: asset.KindDOCUMENT, FileName: "long.txt", ContentType: "text/plain", Size: int64(len(content)), SHA256: hexSum(content),
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(content); at += partSize {
		piece := content[at:min(at+partSize, len(content))]
		tickets, err := s.SignParts(ctx, a.ID, []media.PartAsked{{Number: at/partSize + 1, SHA256: hexSum(piece)}})
		if err != nil {
			t.Fatal(err)
		}
		to := tickets[0].Ticket
		taken := httptest.NewRecorder()
		http.StripPrefix("/blob/", f.store.Handler()).ServeHTTP(taken, httptest.NewRequestWithContext(t.Context(), to.Method, to.URL, bytes.NewReader(piece)))
		if taken.Code != http.StatusOK {
			t.Fatalf("part: status %d: %s", taken.Code, taken.Body)
		}
	}
	if a, err = s.Complete(ctx, a.ID); err != nil || a.Status != asset.StatusCHECKING {
		t.Fatalf("arrived: %+v (%v)", a, err)
	}
	return a, content
}

func hexSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// TestKilledCheck kills a worker in the middle of checking an upload, and has another one finish it: there is one good
// file, no part, and the account and the audit log have it once.
func TestKilledCheck(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a job to be given up")
	}
	for _, at := range uploadPlaces {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			a, content := f.arrive(t)
			f.doom(t, at)
			if now := f.filmNow(t, a); now.Status != asset.StatusCHECKING {
				t.Errorf("half checked: %s", now.Status)
			}
			f.longAgo(t, "media.check")
			f.work(t, services(f.db, f.store), options())
			eventually(t, "the upload checked", func() bool { return f.jobs(t, "media.check")[0].State == rivertype.JobStateCompleted })
			f.oneFile(t, a, content)
			if killed := f.jobs(t, "media.check"); len(killed) != 1 || killed[0].Attempt != 2 || !strings.Contains(killed[0].Errors, "rescued") {
				t.Errorf("the killed job: %+v", killed)
			}
		})
	}
}

// longAgo lets two hours pass since the killed job was taken on: a check may take one. The dead process's lease as the
// leader is taken away.
func (f fixture) longAgo(t *testing.T, kind string) {
	t.Helper()
	const age = `UPDATE river.river_job SET attempted_at = now() - interval '2 hours' WHERE kind = $1 AND state = 'running'`
	if aged, err := f.Exec(t.Context(), age, kind); err != nil || aged == 0 {
		t.Fatalf("%d jobs are running (%v)", aged, err)
	}
	if _, err := f.Exec(t.Context(), `DELETE FROM river.river_leader`); err != nil {
		t.Fatal(err)
	}
}

// oneFile checks that the file is there whole, and nothing else.
func (f fixture) oneFile(t *testing.T, a *ent.Asset, content []byte) {
	t.Helper()
	ctx := f.acme.System(t.Context())
	now := f.filmNow(t, a)
	if now.Status != asset.StatusREADY || now.ExpiresAt != nil || f.Asset.Query().CountX(ctx) != 1 {
		t.Errorf("the file: %+v", now)
	}
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.store.Stat(t.Context(), key)
	if err != nil || info.Size != int64(len(content)) || f.documents(t, f.acme) != 1 {
		t.Errorf("%d objects, the file %+v (%v)", f.documents(t, f.acme), info, err)
	}
	if _, err := f.store.Parts(t.Context(), key, now.UploadID); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("its parts: %v", err)
	}
	stored := f.Usage.Query().Where(usage.KindEQ(usage.KindBYTES_STORED)).AllX(ctx)
	if len(stored) != 1 || stored[0].Quantity != int64(len(content)) || f.verify(t, f.acme) != 1 {
		t.Errorf("accounted for %+v, %d entries in the audit log", stored, f.verify(t, f.acme))
	}
}

// TestKilledPurge kills a worker in the middle of removing a deleted film, and has another one finish it: nothing is left
// but its account.
func TestKilledPurge(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a job to be given up")
	}
	for _, at := range purgePlaces {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			a := f.discarded(t)
			f.doom(t, at)
			if now := f.filmNow(t, a); now.Status != asset.StatusDELETED {
				t.Errorf("half removed: %s", now.Status)
			}
			f.stuckFor(t, "sweep.tenant", options().RescueAfter)
			f.work(t, services(f.db, f.store), options())
			ctx := f.acme.System(t.Context())
			eventually(t, "the film removed", func() bool { return f.Asset.Query().CountX(ctx) == 0 })
			if n, sets := f.documents(t, f.acme), f.RenditionSet.Query().CountX(ctx); n != 0 || sets != 0 {
				t.Errorf("%d objects and %d sets are left", n, sets)
			}
			removed := f.Usage.Query().Where(usage.KindEQ(usage.KindBYTES_REMOVED)).AllX(ctx)
			if len(removed) != 2 {
				t.Errorf("accounted for %+v, want the film and its set once each", removed)
			}
		})
	}
}

// discarded is a converted film that was deleted, and is to be removed.
func (f fixture) discarded(t *testing.T) *ent.Asset {
	t.Helper()
	ctx := f.acme.System(t.Context())
	key, err := blob.NewKey(f.acme.ID, "assets", "film.mp4")
	if err != nil {
		t.Fatal(err)
	}
	a := f.Asset.Create().SetOwnerID(f.acme.Instructor).SetKind(asset.KindVIDEO).SetFileName("f.mp4").SetContentType("video/mp4").
		SetSize(4).SetSha256(hexSum([]byte("film"))).SetBlobKey(key.String()).SetStatus(asset.StatusDELETED).
		SetConversion(asset.ConversionDONE).SetExpiresAt(time.Now().Add(-time.Minute)).SaveX(ctx)
	set := f.RenditionSet.Create().SetAssetID(a.ID).SetName("set").SetStatus(renditionset.StatusREADY).
		SetResult([]byte("{}")).SetFiles(2).SetBytes(8).SaveX(ctx)
	f.Usage.Create().SetKind(usage.KindBYTES_STORED).SetSourceID(a.ID).SetQuantity(4).ExecX(ctx)
	f.Usage.Create().SetKind(usage.KindBYTES_STORED).SetSourceID(set.ID).SetQuantity(8).ExecX(ctx)
	keys := []blob.Key{key}
	for _, name := range []string{"master.m3u8", "0.m4s"} {
		made, err := blob.NewKey(f.acme.ID, a.ID.String(), "set", name)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, made)
	}
	for _, key := range keys {
		if _, err := f.store.Put(t.Context(), key, strings.NewReader("film"), blob.PutRule{ContentType: "video/mp4"}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}
