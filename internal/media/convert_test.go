package media_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/media"
	"lyceum/internal/media/rendition"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// maker is a converter that makes a few files, after what its hook says.
type maker struct {
	mu     sync.Mutex
	before func(work media.Work) error
	// variant makes other files of the same film, as another ffmpeg does.
	variant string
	// captions are in its caption file, when not "".
	captions string
	runs     int
}

func (m *maker) Convert(_ context.Context, work media.Work) (*transcode.Result, error) {
	m.mu.Lock()
	m.runs++
	before := m.before
	m.mu.Unlock()
	source, err := os.ReadFile(work.Source)
	if err != nil {
		return nil, err
	}
	if before != nil {
		if err := before(work); err != nil {
			return nil, err
		}
	}
	work.Progress(40)
	work.Progress(20) // what falls is not shown
	result := &transcode.Result{
		Play: "master.m3u8", Poster: "poster.jpg", Storyboard: "storyboard/index.vtt", Duration: 90 * time.Second, Segment: 6 * time.Second,
		Video:    []transcode.Rendition{{Name: "v90", Codec: "avc1", Peak: 1000, Width: 160, Height: 90}, {Name: "v180", Codec: "avc1", Peak: 2000, Width: 320, Height: 180}},
		Audio:    []transcode.Rendition{{Name: "a0", Codec: "mp4a.40.2", Peak: 64, Channels: 2, Language: "de"}},
		Captions: []transcode.CaptionTrack{{Language: "de", Label: "Deutsch", File: "captions/0-de.vtt", Default: true}},
		Notes:    []string{"A track was left out."},
	}
	if err := os.MkdirAll(work.Dir, 0o750); err != nil {
		return nil, err
	}
	for i, name := range []string{"captions/0-de.vtt", "master.m3u8", "poster.jpg", "storyboard/index.vtt", "v180/seg_1.m4s", "v90/seg_1.m4s"} {
		content := name + m.variant + string(source)
		if m.captions != "" && strings.HasSuffix(name, ".vtt") && strings.HasPrefix(name, "captions/") {
			content = m.captions
		}
		path := filepath.Join(work.Dir, strconv.Itoa(i))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(content))
		result.Files = append(result.Files, transcode.File{
			Name: name, ContentType: "text/plain", Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Path: path,
		})
	}
	return result, nil
}

// in is a work directory.
func in(dir string) func() (string, error) { return func() (string, error) { return dir, nil } }

// converting is a fixture whose films are converted by the maker.
func converting(t *testing.T) (fixture, *maker) {
	t.Helper()
	f, m := setup(t), &maker{}
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	f.s.Converter, f.s.WorkDir, f.s.Paths, f.s.Origin = m, in(t.TempDir()), signer, "https://media.example"
	return f, m
}

// film uploads a film and returns it as it waits to be converted.
func (f fixture) film(t *testing.T, tenant pgtest.Tenant, name string) *ent.Asset {
	t.Helper()
	content := []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x02\x00isomiso2" + strings.Repeat("\x00\x00\x00\x08free", 8) + name)
	return f.film1(t, tenant, asset.KindVIDEO, "f.mp4", "video/mp4", content)
}

func (f fixture) film1(t *testing.T, tenant pgtest.Tenant, kind asset.Kind, name, contentType string, content []byte) *ent.Asset {
	t.Helper()
	ctx := tenant.AsInstructor(t.Context())
	made, ticket := f.request(t, ctx, upload(kind, name, contentType, content))
	if status := send(t, ticket, content); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	done, err := f.s.Complete(ctx, made.ID)
	if err != nil || done.Status != asset.StatusREADY || done.Conversion != asset.ConversionWAITING {
		t.Fatalf("complete: %+v (%v)", done, err)
	}
	return done
}

// ends counts how often conversions were finished.
type ends struct {
	mu sync.Mutex
	n  int
}

func (e *ends) finish(context.Context, *pg.Tx) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	return nil
}

func (e *ends) want(t *testing.T, n int) {
	t.Helper()
	if e.n != n {
		t.Errorf("finished %d times, want %d", e.n, n)
	}
}

func (f fixture) now(t *testing.T, a *ent.Asset) *ent.Asset {
	t.Helper()
	ctx := f.acme.System(t.Context())
	if a.TenantID == f.globex.ID {
		ctx = f.globex.System(t.Context())
	}
	return f.Asset.GetX(ctx, a.ID)
}

// prefixOf is where all lies that was made of the asset.
func prefixOf(t *testing.T, a *ent.Asset) blob.Prefix {
	t.Helper()
	prefix, err := blob.NewPrefix(a.TenantID, a.ID.String())
	if err != nil {
		t.Fatal(err)
	}
	return prefix
}

// files are the names of the objects of the asset's sets, without the asset's prefix.
func (f fixture) files(t *testing.T, a *ent.Asset) (names []string) {
	t.Helper()
	prefix := prefixOf(t, a)
	for entry, err := range f.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimPrefix(entry.Key.String(), prefix.String()))
	}
	slices.Sort(names)
	return names
}

// idle fails when there is anything left in the work directory.
func (f fixture) idle(t *testing.T) {
	t.Helper()
	dir, err := f.s.WorkDir()
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || len(left) > 0 {
		t.Errorf("left in the work directory: %v (%v)", left, err)
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	a, e := f.film(t, f.acme, "one"), &ends{}
	asked := f.Events()
	if last, ok := asked[len(asked)-1].(media.ConversionAsked); !ok || len(asked) != 1 || last.Asset != a.ID || last.Tenant != f.acme.ID {
		t.Fatalf("announced: %+v", asked)
	}
	before, err := f.s.Addresses(f.acme.AsLearner(t.Context()), []uuid.UUID{a.ID})
	if err != nil || before[a.ID].URL == "" || before[a.ID].Playback != nil {
		t.Errorf("before it is converted: %+v (%v), want the film as it was uploaded", before, err)
	}
	ctx := f.acme.System(t.Context())
	for range 2 { // delivered twice, one after the other
		if err := f.s.Convert(ctx, a.ID, e.finish); err != nil {
			t.Fatal(err)
		}
	}
	e.want(t, 2)
	done := f.now(t, a)
	if done.Conversion != asset.ConversionDONE || done.Progress != 100 || done.Status != asset.StatusREADY || m.runs != 1 || done.WorkedAt != nil {
		t.Errorf("converted: %+v after %d runs", done, m.runs)
	}
	set := f.RenditionSet.Query().OnlyX(ctx)
	want := rendition.Summary{
		Set: set.Name, Play: "master.m3u8", Poster: "poster.jpg", Storyboard: "storyboard/index.vtt", DurationMs: 90000, Width: 320, Height: 180,
		Renditions: []rendition.Rendition{
			{Name: "v90", Codec: "avc1", Bitrate: 1000, Width: 160, Height: 90},
			{Name: "v180", Codec: "avc1", Bitrate: 2000, Width: 320, Height: 180},
			{Name: "a0", Codec: "mp4a.40.2", Bitrate: 64, Channels: 2, Language: "de"},
		},
		Captions: []rendition.Caption{{Locale: "de", Label: "Deutsch", File: "captions/0-de.vtt", Default: true}}, Notes: []string{"A track was left out."},
	}
	if got := fmt.Sprintf("%+v", *done.Playback); got != fmt.Sprintf("%+v", want) {
		t.Errorf("playback %s\nwant %+v", got, want)
	}
	if files := f.files(t, a); len(files) != 6 || set.Files != 6 || set.Status != renditionset.StatusREADY || files[1] != set.Name+"/master.m3u8" {
		t.Errorf("set %+v of files %v", set, files)
	}
	f.idle(t)
	f.streams(t, a, set)
}

// streams looks at the addresses of a converted film.
func (f fixture) streams(t *testing.T, a *ent.Asset, set *ent.RenditionSet) {
	t.Helper()
	after, err := f.s.Addresses(f.acme.AsLearner(t.Context()), []uuid.UUID{a.ID})
	if err != nil || after[a.ID].Playback == nil {
		t.Fatalf("once it is converted: %+v (%v)", after, err)
	}
	p := after[a.ID].Playback
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	for address, name := range map[string]string{
		p.HLSURL: "master.m3u8", p.PosterURL: "poster.jpg", p.StoryboardURL: "storyboard/index.vtt", p.Captions[0].URL: "captions/0-de.vtt",
	} {
		path, found := strings.CutPrefix(address, "https://media.example")
		key, _, err := signer.VerifyPath(path, time.Now())
		if want := "t/" + f.acme.ID.String() + "/" + a.ID.String() + "/" + set.Name + "/" + name; !found || err != nil || key.String() != want {
			t.Errorf("%s addresses %s (%v), want %s", address, key, err, want)
		}
		if _, err := f.store.Stat(t.Context(), key); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if _, _, err := signer.VerifyPath(path, p.ExpiresAt.Add(time.Second)); err == nil {
			t.Errorf("%s is good for longer than it says", address)
		}
	}
	other, err := f.s.Addresses(f.globex.AsAdmin(t.Context()), []uuid.UUID{a.ID})
	if err != nil || len(other) != 0 {
		t.Errorf("another tenant is given %+v (%v)", other, err)
	}
}

// TestConvertRefuses: a file that is to blame is played no more, and its owner is told why.
func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	a, e := f.film(t, f.acme, "broken"), &ends{}
	m.before = func(media.Work) error { return fault.Invalid("file", "The picture is 60000 pixels wide.") }
	if err := f.s.Convert(f.acme.System(t.Context()), a.ID, e.finish); err != nil {
		t.Fatal(err)
	}
	e.want(t, 1)
	done := f.now(t, a)
	if done.Status != asset.StatusFAILED || done.Conversion != asset.ConversionFAILED || done.Failure != "The picture is 60000 pixels wide." {
		t.Errorf("%+v", done)
	}
	if found, err := f.s.Addresses(f.acme.AsLearner(t.Context()), []uuid.UUID{a.ID}); err != nil || len(found) != 0 {
		t.Errorf("it is still played: %+v (%v)", found, err)
	}
	if files := f.files(t, a); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
	f.idle(t)
}

// TestConvertTries: what may pass is tried again, so often, and then the film is played as it was uploaded. Being shut
// down and finding another at work are no tries.
func TestConvertTries(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	a, e := f.film(t, f.acme, "unlucky"), &ends{}
	stopped, stop := context.WithCancel(f.acme.System(t.Context()))
	m.before = func(media.Work) error { stop(); return errors.New("killed") }
	if err := f.s.Convert(stopped, a.ID, e.finish); err == nil {
		t.Error("a conversion that was shut down has ended")
	}
	m.before = func(media.Work) error { return fault.New(fault.Conflict, "This file is being converted already.") }
	if err := f.s.Convert(f.acme.System(t.Context()), a.ID, e.finish); !errors.Is(err, media.ErrBusy) {
		t.Errorf("while another is at it: %v", err)
	}
	if now := f.now(t, a); now.Tries != 0 || now.Conversion != asset.ConversionRUNNING {
		t.Errorf("after no try: %+v", now)
	}
	m.before = func(media.Work) error { return errors.New("no room on the disk") }
	tries := 0
	for ; !over(f.now(t, a)) && tries < 20; tries++ {
		if err := f.s.Convert(f.acme.System(t.Context()), a.ID, e.finish); err == nil {
			break
		}
	}
	done := f.now(t, a)
	if done.Conversion != asset.ConversionFAILED || done.Status != asset.StatusREADY || done.Failure == "" || tries != 7 {
		t.Errorf("after %d failures: %+v", tries, done)
	}
	e.want(t, 1)
	if found, err := f.s.Addresses(f.acme.AsLearner(t.Context()), []uuid.UUID{a.ID}); err != nil || found[a.ID].URL == "" {
		t.Errorf("it is not played as it was uploaded: %+v (%v)", found, err)
	}
}

func over(a *ent.Asset) bool {
	return a.Conversion != asset.ConversionWAITING && a.Conversion != asset.ConversionRUNNING
}

// TestConvertAfterManyCrashes: a film that took its worker along eight times is not given to a ninth.
func TestConvertAfterManyCrashes(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	a, e := f.film(t, f.acme, "deadly"), &ends{}
	ctx := f.acme.System(t.Context())
	f.Asset.UpdateOneID(a.ID).SetTries(8).SetConversion(asset.ConversionRUNNING).ExecX(ctx)
	if err := f.s.Convert(ctx, a.ID, e.finish); err != nil {
		t.Fatal(err)
	}
	if now := f.now(t, a); m.runs != 0 || now.Conversion != asset.ConversionFAILED || now.Status != asset.StatusREADY {
		t.Errorf("%d runs, %+v", m.runs, now)
	}
	e.want(t, 1)
}

// TestConvertTwiceAtOnce has two machines convert the same film, with the same ffmpeg and with another: there is one
// set, the other one's files are swept, and nothing else is.
func TestConvertTwiceAtOnce(t *testing.T) {
	t.Parallel()
	for name, variant := range map[string]string{"the same ffmpeg": "", "another ffmpeg": "other"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, m := converting(t)
			a, e := f.film(t, f.acme, "twice"), &ends{}
			second := *f.s
			var both sync.WaitGroup
			both.Add(2)
			meet := func(media.Work) error { both.Done(); both.Wait(); return nil }
			m.before = meet
			second.Converter, second.WorkDir = &maker{before: meet, variant: variant}, in(t.TempDir())
			var work sync.WaitGroup
			for _, s := range []*media.Service{f.s, &second} {
				work.Go(func() {
					if err := s.Convert(f.acme.System(t.Context()), a.ID, e.finish); err != nil {
						t.Error(err)
					}
				})
			}
			work.Wait()
			e.want(t, 2)
			ctx := f.acme.System(t.Context())
			ready := f.RenditionSet.Query().Where(renditionset.StatusEQ(renditionset.StatusREADY)).OnlyX(ctx)
			if done := f.now(t, a); done.Conversion != asset.ConversionDONE || done.Playback.Set != ready.Name {
				t.Errorf("%+v", done)
			}
			f.sweepsAllBut(t, a, ready)
		})
	}
}

// sweepsAllBut lets a day pass, and looks at what is left.
func (f fixture) sweepsAllBut(t *testing.T, a *ent.Asset, ready *ent.RenditionSet) {
	t.Helper()
	if n, err := f.s.SweepSets(f.acme.System(t.Context())); n != 0 || err != nil {
		t.Errorf("%d young sets were swept (%v)", n, err)
	}
	conn := pgtest.Superuser(t, f.Database)
	if _, err := conn.Exec(t.Context(), `UPDATE rendition_sets SET updated_at = now() - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.SweepSets(f.globex.System(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.SweepSets(f.acme.System(t.Context())); err != nil {
		t.Fatal(err)
	}
	files := f.files(t, a)
	for _, name := range files {
		if !strings.HasPrefix(name, ready.Name+"/") {
			t.Errorf("%s is left", name)
		}
	}
	if sets := f.RenditionSet.Query().CountX(f.acme.System(t.Context())); sets != 1 || len(files) != 6 {
		t.Errorf("%d sets and %d files are left", sets, len(files))
	}
}

// TestConvertGoesOn: files that are there already are left alone, and a set that was swept meanwhile is made again.
func TestConvertGoesOn(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	a, e := f.film(t, f.acme, "again"), &ends{}
	ctx := f.acme.System(t.Context())
	crash := errors.New("the process died before its commit")
	if err := f.s.Convert(ctx, a.ID, func(context.Context, *pg.Tx) error { return crash }); !errors.Is(err, crash) {
		t.Fatal(err)
	}
	half := f.RenditionSet.Query().OnlyX(ctx)
	if now := f.now(t, a); half.Status != renditionset.StatusBUILDING || now.Conversion != asset.ConversionRUNNING || len(f.files(t, a)) != 6 {
		t.Fatalf("a set without its commit: %+v, %+v", half, now)
	}
	counting := &countingStore{Store: f.store}
	f.s.Blobs = counting
	if err := f.s.Convert(ctx, a.ID, e.finish); err != nil {
		t.Fatal(err)
	}
	if ready := f.RenditionSet.Query().OnlyX(ctx); ready.ID != half.ID || ready.Status != renditionset.StatusREADY || counting.puts != 0 {
		t.Errorf("%+v after %d further files, want the same set and none", ready, counting.puts)
	}
	e.want(t, 1)
}

// countingStore counts what is stored.
type countingStore struct {
	media.Store

	puts int
}

// Put implements media.Store.
func (s *countingStore) Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error) {
	s.puts++
	return s.Store.Put(ctx, key, body, rule)
}

// TestPassThrough is a server without ffmpeg.
func TestPassThrough(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	sound := []byte("RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + strings.Repeat("\x00", 2100))
	missing := &maker{before: func(media.Work) error { return fmt.Errorf("look: %w", transcode.ErrNoTools) }}
	for name, converter := range map[string]media.Converter{"none": nil, "one that finds nothing": missing} {
		f.s.Converter = converter
		e := &ends{}
		wave := f.film1(t, f.acme, asset.KindAUDIO, "s.wav", "audio/wav", append(slices.Clone(sound), name...))
		broken := f.film(t, f.acme, "no index "+name)
		for _, a := range []*ent.Asset{wave, broken} {
			if err := f.s.Convert(f.acme.System(t.Context()), a.ID, e.finish); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		e.want(t, 2)
		played := f.now(t, wave)
		if played.Conversion != asset.ConversionPASSED_THROUGH || played.Status != asset.StatusREADY || len(played.Playback.Notes) == 0 || played.Failure != "" {
			t.Errorf("%s: %+v", name, played)
		}
		if found, err := f.s.Addresses(f.acme.AsLearner(t.Context()), []uuid.UUID{wave.ID}); err != nil || found[wave.ID].URL == "" || found[wave.ID].Playback != nil {
			t.Errorf("%s: %+v (%v)", name, found, err)
		}
		if refused := f.now(t, broken); refused.Status != asset.StatusFAILED || refused.Failure == "" {
			t.Errorf("%s: a film without an index: %+v", name, refused)
		}
	}
	f.idle(t)
}

// TestConvertIsOfItsTenant: a job of one tenant cannot touch the film of another.
func TestConvertIsOfItsTenant(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	a, e := f.film(t, f.globex, "theirs"), &ends{}
	wantCode(t, "another tenant's film", f.s.Convert(f.acme.System(t.Context()), a.ID, e.finish), fault.NotFound)
	wantCode(t, "no film", f.s.Convert(f.acme.System(t.Context()), uuid.New(), e.finish), fault.NotFound)
	if now := f.now(t, a); m.runs != 0 || now.Conversion != asset.ConversionWAITING || now.Tries != 0 {
		t.Errorf("%d runs, %+v", m.runs, now)
	}
	e.want(t, 0)
}

// TestRequeue: a film whose worker is silent is asked for again, once, and so is one from before there were conversions.
func TestRequeue(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	ctx := f.acme.System(t.Context())
	silent, alive, old, theirs := f.film(t, f.acme, "a"), f.film(t, f.acme, "b"), f.film(t, f.acme, "c"), f.film(t, f.globex, "d")
	f.Asset.UpdateOne(silent).SetConversion(asset.ConversionRUNNING).SetWorkedAt(time.Now().Add(-3 * time.Minute)).ExecX(ctx)
	f.Asset.UpdateOne(alive).SetConversion(asset.ConversionRUNNING).SetWorkedAt(time.Now().Add(-time.Minute)).ExecX(ctx)
	f.Asset.UpdateOne(old).SetConversion(asset.ConversionNONE).ExecX(ctx)
	f.Asset.UpdateOne(theirs).SetConversion(asset.ConversionNONE).ExecX(f.globex.System(t.Context()))
	f.ready(t, f.acme, 3) // a picture is not converted
	before := len(f.Events())
	if n, err := f.s.Requeue(ctx); n != 2 || err != nil {
		t.Errorf("%d were asked for again (%v), want 2", n, err)
	}
	asked := map[uuid.UUID]bool{}
	for _, event := range f.Events()[before:] {
		asked[event.(media.ConversionAsked).Asset] = true
	}
	if len(asked) != 2 || !asked[silent.ID] || !asked[old.ID] {
		t.Errorf("asked for %v, want %s and %s", asked, silent.ID, old.ID)
	}
	if n, err := f.s.Requeue(ctx); n != 0 || err != nil {
		t.Errorf("and then %d (%v)", n, err)
	}
}

// TestFinishedSetsNeverChange: not even by the application.
func TestFinishedSetsNeverChange(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	a, e := f.film(t, f.acme, "kept"), &ends{}
	ctx := f.acme.System(t.Context())
	if err := f.s.Convert(ctx, a.ID, e.finish); err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"name = 'x'", "result = '{}'", "files = 1", "bytes = 1", "asset_id = id", "tenant_id = id"} {
		if _, err := f.Exec(ctx, `UPDATE rendition_sets SET `+column); err == nil {
			t.Errorf("SET %s was let through", column)
		}
	}
	if _, err := f.Exec(ctx, `INSERT INTO rendition_sets (id, tenant_id, created_at, updated_at, asset_id, name, status, result, files, bytes)
		SELECT gen_random_uuid(), tenant_id, now(), now(), asset_id, 'second', 'READY', '{}', 1, 1 FROM rendition_sets`); err == nil {
		t.Error("a second finished set was let through")
	}
	if n, err := f.s.SweepSets(ctx); n != 0 || err != nil {
		t.Errorf("%d finished sets were swept (%v)", n, err)
	}
}
