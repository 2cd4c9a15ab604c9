package media_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/media"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/blobtest"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

const largest = 1 << 20

type fixture struct {
	*pgtest.Database

	acme, globex pgtest.Tenant
	store        *file.Store
	s            *media.Service
}

// setup serves a directory of files over HTTP, as the file driver does.
func setup(t *testing.T) fixture {
	t.Helper()
	f := fixture{Database: pgtest.New(t), store: blobtest.Files(t)}
	f.acme, f.globex = pgtest.NewTenant(t, f.Database, "acme"), pgtest.NewTenant(t, f.Database, "globex")
	f.s = &media.Service{DB: f.DB, Blobs: f.store, MaxUpload: largest}
	return f
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// picture is a small PNG; each shade has content of its own.
func picture(t *testing.T, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func archive(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	entry, err := w.Create("evil.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(entry, "evil")
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func upload(kind asset.Kind, name, contentType string, content []byte) media.Upload {
	return media.Upload{Kind: kind, FileName: name, ContentType: contentType, Size: int64(len(content)), SHA256: digest(content)}
}

// send puts the content where the ticket says and returns the answer's status.
func send(t *testing.T, ticket *blob.UploadTicket, content []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), ticket.Method, ticket.URL, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range ticket.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func fetch(t *testing.T, url string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}

// request announces a file, which is new.
func (f fixture) request(t *testing.T, ctx context.Context, u media.Upload) (*ent.Asset, *blob.UploadTicket) {
	t.Helper()
	made, ticket, err := f.s.Request(ctx, u)
	if err != nil || ticket == nil {
		t.Fatalf("request: %v, ticket %v", err, ticket)
	}
	return made, ticket
}

// ready uploads a picture of the shade.
func (f fixture) ready(t *testing.T, tenant pgtest.Tenant, shade uint8) *ent.Asset {
	t.Helper()
	content := picture(t, shade)
	made, ticket := f.request(t, tenant.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", content))
	if status := send(t, ticket, content); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	done, err := f.s.Complete(tenant.AsInstructor(t.Context()), made.ID)
	if err != nil || done.Status != asset.StatusREADY {
		t.Fatalf("complete: %+v (%v)", done, err)
	}
	return done
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

func wantViolations(t *testing.T, what string, err error, fields ...string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.BadInput {
		t.Errorf("%s: %v, want BadInput", what, err)
		return
	}
	var got []string
	for _, violation := range f.Violations {
		got = append(got, violation.Field)
	}
	slices.Sort(got)
	if !slices.Equal(got, fields) {
		t.Errorf("%s: violations of %v, want %v", what, got, fields)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	content := picture(t, 1)
	u := upload(asset.KindIMAGE, "Мона Лиза / ../x.PNG", "image/png", content)
	u.SHA256 = strings.ToUpper(u.SHA256)
	made, ticket := f.request(t, ctx, u)
	if made.Status != asset.StatusPENDING || made.OwnerID != f.acme.Instructor || strings.ContainsAny(made.FileName, "/\\") {
		t.Errorf("announced: %+v", made)
	}
	if want := "t/" + f.acme.ID.String() + "/assets/" + made.ID.String() + ".png"; made.BlobKey != want {
		t.Errorf("key %s, want %s", made.BlobKey, want)
	}
	if made.ExpiresAt == nil || time.Until(*made.ExpiresAt) > time.Hour+time.Minute {
		t.Errorf("expires %v", made.ExpiresAt)
	}
	_, err := f.s.Complete(ctx, made.ID)
	wantCode(t, "complete before the bytes", err, fault.Conflict)
	if url, err := f.s.URL(ctx, made); err != nil || url != nil {
		t.Errorf("an address before the bytes: %v (%v)", url, err)
	}
	if status := send(t, ticket, content); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	for range 2 { // again changes nothing
		done, err := f.s.Complete(ctx, made.ID)
		if err != nil || done.Status != asset.StatusREADY || done.ExpiresAt != nil || done.Failure != "" {
			t.Fatalf("complete: %+v (%v)", done, err)
		}
		made = done
	}
	url, err := f.s.URL(ctx, made)
	if err != nil || url == nil {
		t.Fatalf("address: %v (%v)", url, err)
	}
	status, header, body := fetch(t, *url)
	if status != http.StatusOK || !bytes.Equal(body, content) || header.Get("Content-Type") != "image/png" {
		t.Errorf("status %d, type %s, %d bytes", status, header.Get("Content-Type"), len(body))
	}
	if disposition := header.Get("Content-Disposition"); strings.HasPrefix(disposition, "attachment") {
		t.Errorf("a picture is saved, not shown: %s", disposition)
	}
	if status := send(t, ticket, content); status/100 == 2 {
		t.Errorf("the ticket was good twice: status %d", status)
	}
}

func TestSameContentIsKeptOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	there := f.ready(t, f.acme, 1)
	u := upload(asset.KindIMAGE, "other.png", "image/png", picture(t, 1))
	again, ticket, err := f.s.Request(f.acme.AsAdmin(t.Context()), u)
	if err != nil || ticket != nil || again.ID != there.ID {
		t.Errorf("the same content: %+v, ticket %v (%v), want what is there", again, ticket, err)
	}
	as := u
	as.Kind = asset.KindOTHER
	if other, ticket := f.request(t, f.acme.AsAdmin(t.Context()), as); other.ID == there.ID || ticket == nil {
		t.Error("the same content as another kind is what is there")
	}
	foreign, ticket, err := f.s.Request(f.globex.AsInstructor(t.Context()), u)
	if err != nil || ticket == nil || foreign.ID == there.ID || foreign.TenantID != f.globex.ID {
		t.Errorf("the same content in globex: %+v, ticket %v (%v), want a file of its own", foreign, ticket, err)
	}
	for tenant, want := range map[*pgtest.Tenant]int{&f.acme: 1, &f.globex: 0} {
		found, err := f.s.ByContent(tenant.AsInstructor(t.Context()), []string{u.SHA256, strings.ToUpper(u.SHA256), digest(nil)})
		if err != nil || len(found) != want {
			t.Errorf("%s: %d files with this content (%v), want %d", tenant.Slug, len(found), err, want)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 1))
	for name, tt := range map[string]struct {
		change func(u *media.Upload)
		fields []string
	}{
		"no name":        {func(u *media.Upload) { u.FileName = "" }, []string{"fileName"}},
		"blank name":     {func(u *media.Upload) { u.FileName = " " }, []string{"fileName"}},
		"long name":      {func(u *media.Upload) { u.FileName = strings.Repeat("ü", 256) }, []string{"fileName"}},
		"name with NUL":  {func(u *media.Upload) { u.FileName = "a\x00.png" }, []string{"fileName"}},
		"empty":          {func(u *media.Upload) { u.Size = 0 }, []string{"size"}},
		"negative":       {func(u *media.Upload) { u.Size = -1 }, []string{"size"}},
		"too large":      {func(u *media.Upload) { u.Size = largest + 1 }, []string{"size"}},
		"no digest":      {func(u *media.Upload) { u.SHA256 = "" }, []string{"sha256"}},
		"zero digest":    {func(u *media.Upload) { u.SHA256 = strings.Repeat("0", 64) }, []string{"sha256"}},
		"short digest":   {func(u *media.Upload) { u.SHA256 = u.SHA256[1:] }, []string{"sha256"}},
		"not hex":        {func(u *media.Upload) { u.SHA256 = strings.Repeat("x", 64) }, []string{"sha256"}},
		"unknown kind":   {func(u *media.Upload) { u.Kind = "PROGRAM" }, []string{"kind"}},
		"no type":        {func(u *media.Upload) { u.ContentType = "" }, []string{"contentType"}},
		"a web page":     {func(u *media.Upload) { u.Kind, u.ContentType = asset.KindOTHER, "text/html" }, []string{"contentType"}},
		"a program":      {func(u *media.Upload) { u.Kind, u.ContentType = asset.KindOTHER, "application/x-msdownload" }, []string{"contentType"}},
		"of other kind":  {func(u *media.Upload) { u.Kind = asset.KindVIDEO }, []string{"contentType"}},
		"type with line": {func(u *media.Upload) { u.ContentType = "image/png\r\nX-Evil: 1" }, []string{"contentType"}},
		"everything":     {func(u *media.Upload) { *u = media.Upload{} }, []string{"contentType", "fileName", "kind", "sha256", "size"}},
	} {
		u := good
		tt.change(&u)
		_, _, err := f.s.Request(f.acme.AsInstructor(t.Context()), u)
		wantViolations(t, name, err, tt.fields...)
	}
	for role, want := range map[viewer.Role]fault.Code{viewer.Learner: fault.Forbidden, viewer.Support: fault.Forbidden} {
		_, _, err := f.s.Request(f.acme.As(t.Context(), f.acme.Learner, role), good)
		wantCode(t, string(role), err, want)
		_, err = f.s.ByContent(f.acme.As(t.Context(), f.acme.Learner, role), nil)
		wantCode(t, string(role)+" by content", err, want)
		_, err = f.s.Complete(f.acme.As(t.Context(), f.acme.Learner, role), uuid.New())
		wantCode(t, string(role)+" completes", err, want)
	}
	_, _, err := f.s.Request(f.acme.Anonymous(t.Context()), good)
	wantCode(t, "a visitor", err, fault.Unauthenticated)
	_, err = f.s.ByContent(f.acme.AsInstructor(t.Context()), []string{"x", good.SHA256})
	wantViolations(t, "no digest", err, "sha256.0")
	_, err = f.s.ByContent(f.acme.AsInstructor(t.Context()), make([]string, 101))
	wantCode(t, "101 digests", err, fault.BadInput)
	if n := f.Asset.Query().CountX(f.acme.System(t.Context())); n != 0 {
		t.Errorf("%d assets were made", n)
	}
}

// TestTicketIsPinned sends what was not announced: the store refuses it.
func TestTicketIsPinned(t *testing.T) {
	t.Parallel()
	f := setup(t)
	content := picture(t, 1)
	for name, wrong := range map[string][]byte{
		"another content": picture(t, 2), "too short": content[:len(content)-1], "too long": append(slices.Clone(content), 0),
	} {
		made, ticket := f.request(t, f.acme.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", content))
		if status := send(t, ticket, wrong); status/100 == 2 {
			t.Errorf("%s: status %d", name, status)
		}
		_, err := f.s.Complete(f.acme.AsInstructor(t.Context()), made.ID)
		wantCode(t, name, err, fault.Conflict)
	}
	made, ticket := f.request(t, f.acme.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", content))
	ticket.Headers["Content-Type"] = "text/html"
	if status := send(t, ticket, content); status/100 == 2 {
		t.Errorf("another type: status %d", status)
	}
	ticket.URL = strings.Replace(ticket.URL, f.acme.ID.String(), f.globex.ID.String(), 1)
	ticket.Headers["Content-Type"] = "image/png"
	if status := send(t, ticket, content); status/100 == 2 {
		t.Errorf("into another tenant: status %d", status)
	}
	_, err := f.s.Complete(f.acme.AsInstructor(t.Context()), made.ID)
	wantCode(t, "nothing arrived", err, fault.Conflict)
}

// TestHostileFilesAreRejected announces files honestly that are not what their type says, or something more.
func TestHostileFilesAreRejected(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	for name, tt := range map[string]struct {
		kind        asset.Kind
		contentType string
		content     []byte
	}{
		"a page as a picture":      {asset.KindIMAGE, "image/png", []byte("<html><script>alert(1)</script></html>")},
		"a picture of other type":  {asset.KindIMAGE, "image/jpeg", picture(t, 3)},
		"a picture with archive":   {asset.KindIMAGE, "image/png", append(picture(t, 4), archive(t)...)},
		"a picture with a page":    {asset.KindIMAGE, "image/gif", []byte("GIF89a<script>alert(1)</script>")},
		"a drawing with a script":  {asset.KindIMAGE, "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		"a film that is text":      {asset.KindVIDEO, "video/mp4", []byte("hello")},
		"captions that are a page": {asset.KindCAPTION, "text/vtt", []byte("<html><body>")},
	} {
		made, ticket := f.request(t, ctx, upload(tt.kind, "f", tt.contentType, tt.content))
		if status := send(t, ticket, tt.content); status/100 != 2 {
			t.Fatalf("%s: upload: status %d", name, status)
		}
		for range 2 { // again changes nothing
			done, err := f.s.Complete(ctx, made.ID)
			if err != nil || done.Status != asset.StatusREJECTED || done.Failure == "" || done.ExpiresAt == nil {
				t.Errorf("%s: %+v (%v), want a rejection that says why", name, done, err)
			}
			if url, err := f.s.URL(ctx, done); err != nil || url != nil {
				t.Errorf("%s: has an address", name)
			}
		}
		if again, ticket, err := f.s.Request(ctx, upload(tt.kind, "f", tt.contentType, tt.content)); err != nil || ticket == nil || again.ID == made.ID {
			t.Errorf("%s: what was rejected is taken for what is there", name)
		}
	}
}

// TestCompleteRace settles one upload from sixteen sides: all hear the same.
func TestCompleteRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	content := picture(t, 1)
	made, ticket := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", content))
	if status := send(t, ticket, content); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	start := make(chan struct{})
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			<-start
			done, err := f.s.Complete(ctx, made.ID)
			if err != nil || done.Status != asset.StatusREADY {
				t.Errorf("complete: %+v (%v)", done, err)
			}
		})
	}
	close(start)
	group.Wait()
}

func TestCompleteOfOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	content := picture(t, 1)
	theirs, ticket := f.request(t, f.globex.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", content))
	if status := send(t, ticket, content); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	for name, id := range map[string]uuid.UUID{"globex's": theirs.ID, "unknown": uuid.New()} {
		_, err := f.s.Complete(f.acme.AsAdmin(t.Context()), id)
		wantCode(t, name, err, fault.NotFound)
	}
	if got := f.Asset.GetX(f.globex.System(t.Context()), theirs.ID); got.Status != asset.StatusPENDING {
		t.Errorf("globex's upload is %s", got.Status)
	}
}

// TestUnreadableIsNotRejected keeps trouble of the store from being held against the file.
func TestUnreadableIsNotRejected(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	content := picture(t, 1)
	made, ticket := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", content))
	if status := send(t, ticket, content); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	broken := *f.s
	broken.Blobs = unreadable{f.store}
	if done, err := broken.Complete(ctx, made.ID); err == nil {
		t.Errorf("complete: %+v, want the error", done)
	}
	if done, err := f.s.Complete(ctx, made.ID); err != nil || done.Status != asset.StatusREADY {
		t.Errorf("complete, when the store works again: %+v (%v)", done, err)
	}
}

// unreadable opens objects whose bytes cannot be read, and does not know their digests.
type unreadable struct{ *file.Store }

func (u unreadable) Open(ctx context.Context, key blob.Key) (*blob.Object, error) {
	object, err := u.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	object.Body, object.Info.SHA256 = brokenBody{object.Body}, blob.Digest{}
	return object, nil
}

type brokenBody struct{ blob.Body }

func (brokenBody) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk on fire") }

func TestAddresses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	one, two, foreign := f.ready(t, f.acme, 1), f.ready(t, f.acme, 2), f.ready(t, f.globex, 3)
	pending, _ := f.request(t, f.acme.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 4)))
	ids := []uuid.UUID{one.ID, two.ID, foreign.ID, pending.ID, uuid.New(), one.ID}
	// Whoever asks has decided that the viewer may read: a learner and a visitor get addresses too.
	for name, ctx := range map[string]context.Context{
		"learner": f.acme.AsLearner(t.Context()), "visitor": f.acme.Anonymous(t.Context()), "admin": f.acme.AsAdmin(t.Context()),
	} {
		counting, statements := pg.CountStatements(ctx)
		addresses, err := f.s.Addresses(counting, ids)
		if err != nil || len(addresses) != 2 || statements.Load() != 1 {
			t.Fatalf("%s: %d addresses in %d statements (%v), want the two ready ones in one", name, len(addresses), statements.Load(), err)
		}
		for _, a := range []*ent.Asset{one, two} {
			address := addresses[a.ID]
			if left := time.Until(address.ExpiresAt); left > 15*time.Minute || left < 11*time.Minute {
				t.Errorf("%s: good for %s", name, left)
			}
			if status, _, _ := fetch(t, address.URL); status != http.StatusOK {
				t.Errorf("%s: status %d", name, status)
			}
			other := strings.Replace(address.URL, f.acme.ID.String(), f.globex.ID.String(), 1)
			if status, _, _ := fetch(t, other); status == http.StatusOK {
				t.Errorf("%s: the signature is good in another tenant", name)
			}
		}
	}
	counting, statements := pg.CountStatements(f.acme.AsLearner(t.Context()))
	if addresses, err := f.s.Addresses(counting, nil); err != nil || len(addresses) != 0 || statements.Load() != 0 {
		t.Errorf("of nothing: %v (%v) in %d statements", addresses, err, statements.Load())
	}
	document := []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	made, ticket := f.request(t, f.acme.AsInstructor(t.Context()), upload(asset.KindDOCUMENT, "Notes.pdf", "application/pdf", document))
	if status := send(t, ticket, document); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	done, err := f.s.Complete(f.acme.AsInstructor(t.Context()), made.ID)
	if err != nil || done.Status != asset.StatusREADY {
		t.Fatalf("document: %+v (%v)", done, err)
	}
	url, err := f.s.URL(f.acme.AsInstructor(t.Context()), done)
	if err != nil {
		t.Fatal(err)
	}
	if _, header, _ := fetch(t, *url); !strings.Contains(header.Get("Content-Disposition"), "Notes.pdf") {
		t.Errorf("a document is handed out as %q", header.Get("Content-Disposition"))
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	kept, fresh := f.ready(t, f.acme, 1), picture(t, 2)
	young, _ := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", fresh))
	sent, ticket := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 3)))
	if status := send(t, ticket, picture(t, 3)); status/100 != 2 {
		t.Fatalf("upload: status %d", status)
	}
	unsent, _ := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 4)))
	foreign, _ := f.request(t, f.globex.AsInstructor(t.Context()), upload(asset.KindIMAGE, "p.png", "image/png", picture(t, 5)))
	old := []uuid.UUID{sent.ID, unsent.ID, kept.ID}
	f.Asset.Update().Where(asset.IDIn(old...)).SetExpiresAt(time.Now().Add(-61 * time.Minute)).ExecX(f.acme.System(t.Context()))
	f.Asset.UpdateOneID(foreign.ID).SetExpiresAt(time.Now().Add(-61 * time.Minute)).ExecX(f.globex.System(t.Context()))
	f.Asset.UpdateOneID(young.ID).SetExpiresAt(time.Now().Add(-59 * time.Minute)).ExecX(f.acme.System(t.Context()))

	key, err := blob.ParseKey(sent.BlobKey)
	if err != nil {
		t.Fatal(err)
	}
	// A store that cannot delete: the row stays, and remembers the bytes.
	broken := *f.s
	broken.Blobs = undeletable{f.store}
	if n, err := broken.Sweep(f.acme.System(t.Context())); err == nil || n != 0 {
		t.Errorf("sweep of a store that is down: %d (%v), want the error", n, err)
	}
	if n := f.Asset.Query().Where(asset.IDIn(old...)).CountX(f.acme.System(t.Context())); n != 3 {
		t.Errorf("%d rows are left, want 3", n)
	}
	if n, err := f.s.Sweep(f.acme.System(t.Context())); err != nil || n != 2 {
		t.Errorf("sweep: %d (%v), want the two that are old", n, err)
	}
	if n, err := f.s.Sweep(f.acme.System(t.Context())); err != nil || n != 0 {
		t.Errorf("second sweep: %d (%v), want nothing left to do", n, err)
	}
	if _, err := f.store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the bytes of what was swept: %v", err)
	}
	left := f.Asset.Query().Order(asset.ByID()).IDsX(f.acme.System(t.Context()))
	if !slices.Equal(left, []uuid.UUID{kept.ID, young.ID}) {
		t.Errorf("left %v, want the ready one and the young one", left)
	}
	if n := f.Asset.Query().CountX(f.globex.System(t.Context())); n != 1 {
		t.Error("globex was swept for acme")
	}
	_, err = f.s.Complete(ctx, sent.ID)
	wantCode(t, "completing what was swept", err, fault.NotFound)
}

type undeletable struct{ *file.Store }

func (undeletable) Delete(context.Context, blob.Key) error { return errors.New("store is down") }

// TestSweepAndCompleteRace: what became ready keeps its bytes.
func TestSweepAndCompleteRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsInstructor(t.Context())
	for shade := range uint8(12) {
		content := picture(t, shade)
		made, ticket := f.request(t, ctx, upload(asset.KindIMAGE, "p.png", "image/png", content))
		if status := send(t, ticket, content); status/100 != 2 {
			t.Fatalf("upload: status %d", status)
		}
		f.Asset.UpdateOneID(made.ID).SetExpiresAt(time.Now().Add(-2 * time.Hour)).ExecX(f.acme.System(t.Context()))
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := f.s.Sweep(f.acme.System(t.Context())); err != nil {
				t.Errorf("sweep: %v", err)
			}
		})
		group.Go(func() {
			if _, err := f.s.Complete(ctx, made.ID); err != nil && fault.CodeOf(err) == fault.Internal {
				t.Errorf("complete: %v", err)
			}
		})
		group.Wait()
		key, err := blob.ParseKey(made.BlobKey)
		if err != nil {
			t.Fatal(err)
		}
		row, rowErr := f.Asset.Get(f.acme.System(t.Context()), made.ID)
		_, statErr := f.store.Stat(t.Context(), key)
		switch {
		case rowErr == nil && row.Status == asset.StatusREADY && statErr != nil:
			t.Errorf("a ready asset has no bytes: %v", statErr)
		case ent.IsNotFound(rowErr) && !errors.Is(statErr, blob.ErrNotFound):
			t.Errorf("a swept asset has bytes: %v", statErr)
		}
	}
}
