// Package blobtest holds what every blob.Store must do, as tests.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/blob"
)

// patience bounds how long a test waits for a URL to expire.
const patience = 30 * time.Second

// suite is a store under test. Every test works for tenants of its own, so that a store may be shared.
type suite struct {
	store  blob.Store
	client *http.Client
}

// Run checks that the store keeps the promises of blob.Store, those of its signed URLs included: they must be
// absolute, and answered.
func Run(t *testing.T, store blob.Store) {
	t.Helper()
	s := &suite{store: store, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(s.client.CloseIdleConnections)
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"PutAndRead", s.putAndRead},
		{"Seek", s.seek},
		{"PutTwice", s.putTwice},
		{"PutConcurrently", s.putConcurrently},
		{"PutRefuses", s.putRefuses},
		{"PutLarge", s.putLarge},
		{"Absent", s.absent},
		{"ZeroKey", s.zeroKey},
		{"List", s.list},
		{"DeletePrefix", s.deletePrefix},
		{"CancelledContext", s.cancelled},
		{"Upload", s.upload},
		{"UploadOnce", s.uploadOnce},
		{"UploadConcurrently", s.uploadConcurrently},
		{"UploadRefuses", s.uploadRefuses},
		{"UploadTampered", s.uploadTampered},
		{"UploadExpires", s.uploadExpires},
		{"RuleRefuses", s.ruleRefuses},
		{"Download", s.download},
		{"DownloadRange", s.downloadRange},
		{"DownloadRules", s.downloadRules},
		{"DownloadTampered", s.downloadTampered},
		{"DownloadExpires", s.downloadExpires},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t)
		})
	}
}

func newKey(t *testing.T, tenant uuid.UUID, parts ...string) blob.Key {
	t.Helper()
	key, err := blob.NewKey(tenant, parts...)
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return key
}

func newPrefix(t *testing.T, tenant uuid.UUID, parts ...string) blob.Prefix {
	t.Helper()
	prefix, err := blob.NewPrefix(tenant, parts...)
	if err != nil {
		t.Fatalf("NewPrefix: %v", err)
	}
	return prefix
}

func (s *suite) put(t *testing.T, key blob.Key, content string) blob.Info {
	t.Helper()
	info, err := s.store.Put(t.Context(), key, strings.NewReader(content),
		blob.PutRule{ContentType: "text/plain", Size: int64(len(content))})
	if err != nil {
		t.Fatalf("Put(%s): %v", key, err)
	}
	return info
}

func (s *suite) read(t *testing.T, key blob.Key) string {
	t.Helper()
	object, err := s.store.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open(%s): %v", key, err)
	}
	content, err := io.ReadAll(object)
	if err := errors.Join(err, object.Close()); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return string(content)
}

func (s *suite) wantAbsent(t *testing.T, key blob.Key) {
	t.Helper()
	if _, err := s.store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) || fault.CodeOf(err) != fault.NotFound {
		t.Errorf("Stat(%s) = %v, want ErrNotFound", key, err)
	}
}

func (s *suite) putAndRead(t *testing.T) {
	const content = "The quick brown fox."
	digest := blob.Digest(sha256.Sum256([]byte(content)))
	for name, rule := range map[string]blob.PutRule{
		"known size":   {ContentType: "text/plain; charset=utf-8", Size: int64(len(content)), SHA256: digest},
		"unknown size": {ContentType: "text/plain; charset=utf-8", SHA256: digest},
		"no digest":    {ContentType: "text/plain; charset=utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "course", "notes.txt")
			// One byte at a time: a driver must not take a short read for the end.
			put, err := s.store.Put(t.Context(), key, iotest.OneByteReader(strings.NewReader(content)), rule)
			if err != nil {
				t.Fatalf("Put: %v", err)
			}
			stat, err := s.store.Stat(t.Context(), key)
			if err != nil {
				t.Fatalf("Stat: %v", err)
			}
			if put != stat {
				t.Errorf("Put = %+v, but Stat = %+v", put, stat)
			}
			if stat.Key != key || stat.Size != int64(len(content)) || stat.ContentType != rule.ContentType || stat.ETag == "" {
				t.Errorf("Stat = %+v", stat)
			}
			if !rule.SHA256.IsZero() && stat.SHA256 != digest {
				t.Errorf("Stat: SHA256 %q, want %q", stat.SHA256, digest)
			}
			if age := time.Since(stat.Created); age < -time.Minute || age > time.Hour {
				t.Errorf("Stat: created %v", stat.Created)
			}
			if got := s.read(t, key); got != content {
				t.Errorf("read %q, want %q", got, content)
			}
		})
	}
}

func (s *suite) seek(t *testing.T) {
	key := newKey(t, uuid.New(), "letters")
	s.put(t, key, "abcdefghij")
	object, err := s.store.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = object.Close() }()
	if object.Info.Size != 10 || object.Info.ContentType != "text/plain" {
		t.Errorf("Info = %+v", object.Info)
	}
	for _, step := range []struct {
		offset int64
		whence int
		want   string
	}{{3, io.SeekStart, "de"}, {2, io.SeekCurrent, "hi"}, {-1, io.SeekEnd, "j"}, {0, io.SeekStart, "ab"}} {
		if _, err := object.Seek(step.offset, step.whence); err != nil {
			t.Fatalf("Seek(%d, %d): %v", step.offset, step.whence, err)
		}
		got := make([]byte, len(step.want))
		if _, err := io.ReadFull(object, got); err != nil || string(got) != step.want {
			t.Errorf("after Seek(%d, %d): read %q, %v; want %q", step.offset, step.whence, got, err, step.want)
		}
	}
	tail := make([]byte, 4)
	if n, err := object.ReadAt(tail, 8); n != 2 || !errors.Is(err, io.EOF) || string(tail[:n]) != "ij" {
		t.Errorf("ReadAt(8) = %q, %v; want \"ij\" and EOF", tail[:n], err)
	}
}

func (s *suite) putTwice(t *testing.T) {
	key := newKey(t, uuid.New(), "once")
	s.put(t, key, "first")
	for _, content := range []string{"second", "first"} {
		_, err := s.store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "text/plain", Size: int64(len(content))})
		if !errors.Is(err, blob.ErrExists) || fault.CodeOf(err) != fault.Conflict {
			t.Errorf("second Put = %v, want ErrExists", err)
		}
	}
	if got := s.read(t, key); got != "first" {
		t.Errorf("read %q after a refused Put, want %q", got, "first")
	}
	if err := s.store.Delete(t.Context(), key); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	s.wantAbsent(t, key)
	s.put(t, key, "third")
	if got := s.read(t, key); got != "third" {
		t.Errorf("read %q after Delete and Put, want %q", got, "third")
	}
}

func (s *suite) putConcurrently(t *testing.T) {
	key := newKey(t, uuid.New(), "race")
	const writers = 8
	errs := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			content := strings.Repeat(string(rune('a'+i)), 1000)
			_, errs[i] = s.store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "text/plain", Size: 1000})
		})
	}
	group.Wait()
	winner := slices.Index(errs, nil)
	if winner < 0 {
		t.Fatalf("nobody won: %v", errors.Join(errs...))
	}
	for i, err := range errs {
		if i != winner && !errors.Is(err, blob.ErrExists) {
			t.Errorf("writer %d: %v, want ErrExists", i, err)
		}
	}
	if got := s.read(t, key); got != strings.Repeat(string(rune('a'+winner)), 1000) {
		t.Errorf("the object is not the winner's: %.20q…", got)
	}
}

func (s *suite) putRefuses(t *testing.T) {
	broken := errors.New("broken pipe")
	body := func(content string) io.Reader { return strings.NewReader(content) }
	other := blob.Digest(sha256.Sum256([]byte("something else")))
	for name, tt := range map[string]struct {
		body io.Reader
		rule blob.PutRule
		want error
	}{
		"too long":            {body("12345678901"), blob.PutRule{ContentType: "text/plain", Size: 10}, blob.ErrMismatch},
		"much too long":       {body(strings.Repeat("1", 1<<20)), blob.PutRule{ContentType: "text/plain", Size: 10}, blob.ErrMismatch},
		"too short":           {body("123456789"), blob.PutRule{ContentType: "text/plain", Size: 10}, blob.ErrMismatch},
		"empty":               {body(""), blob.PutRule{ContentType: "text/plain", Size: 10}, blob.ErrMismatch},
		"other digest":        {body("1234567890"), blob.PutRule{ContentType: "text/plain", Size: 10, SHA256: other}, blob.ErrMismatch},
		"other, unknown size": {body("1234567890"), blob.PutRule{ContentType: "text/plain", SHA256: other}, blob.ErrMismatch},
		"broken reader":       {io.MultiReader(body("12345"), iotest.ErrReader(broken)), blob.PutRule{ContentType: "text/plain"}, broken},
		"broken, known size":  {io.MultiReader(body("12345"), iotest.ErrReader(broken)), blob.PutRule{ContentType: "text/plain", Size: 10}, broken},
		"broken at the end":   {io.MultiReader(body("1234567890"), iotest.ErrReader(broken)), blob.PutRule{ContentType: "text/plain", Size: 10}, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "refused")
			if _, err := s.store.Put(t.Context(), key, tt.body, tt.rule); !errors.Is(err, tt.want) {
				t.Errorf("Put = %v, want %v", err, tt.want)
			}
			s.wantAbsent(t, key)
		})
	}
	for name, rule := range map[string]blob.PutRule{
		"no type":       {Size: 10},
		"no media type": {ContentType: "text"},
		"injection":     {ContentType: "text/plain\r\nSet-Cookie: a=b"},
		"negative size": {ContentType: "text/plain", Size: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "refused")
			if _, err := s.store.Put(t.Context(), key, body("1234567890"), rule); fault.CodeOf(err) != fault.BadInput {
				t.Errorf("Put = %v, want BadInput", err)
			}
			s.wantAbsent(t, key)
		})
	}
}

// putLarge passes the size at which S3 drivers split an object into parts.
func (s *suite) putLarge(t *testing.T) {
	content := make([]byte, 17<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	digest := blob.Digest(sha256.Sum256(content))
	for name, size := range map[string]int64{"known size": int64(len(content)), "unknown size": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "large")
			rule := blob.PutRule{ContentType: "video/mp4", Size: size, SHA256: digest}
			if _, err := s.store.Put(t.Context(), key, bytes.NewReader(content), rule); err != nil {
				t.Fatalf("Put: %v", err)
			}
			if got := sha256.Sum256([]byte(s.read(t, key))); blob.Digest(got) != digest {
				t.Error("read other bytes than were put")
			}
			if _, err := s.store.Put(t.Context(), key, bytes.NewReader(content), rule); !errors.Is(err, blob.ErrExists) {
				t.Errorf("second Put = %v, want ErrExists", err)
			}
			rule.SHA256[0]++
			other := newKey(t, uuid.New(), "large")
			if _, err := s.store.Put(t.Context(), other, bytes.NewReader(content), rule); !errors.Is(err, blob.ErrMismatch) {
				t.Errorf("Put with another digest = %v, want ErrMismatch", err)
			}
			s.wantAbsent(t, other)
		})
	}
}

func (s *suite) absent(t *testing.T) {
	key := newKey(t, uuid.New(), "nothing")
	s.wantAbsent(t, key)
	if _, err := s.store.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open = %v, want ErrNotFound", err)
	}
	if err := s.store.Delete(t.Context(), key); err != nil {
		t.Errorf("Delete = %v, want nil", err)
	}
	if err := s.store.DeletePrefix(t.Context(), newPrefix(t, key.Tenant())); err != nil {
		t.Errorf("DeletePrefix = %v, want nil", err)
	}
	for entry, err := range s.store.List(t.Context(), newPrefix(t, key.Tenant())) {
		t.Errorf("List gives %+v, %v; want nothing", entry, err)
	}
	rule := blob.DownloadRule{Expires: time.Minute}
	link, err := s.store.PresignDownload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignDownload: %v", err)
	}
	if status, _, _ := s.get(t, link, nil); status != http.StatusNotFound {
		t.Errorf("GET of nothing: status %d, want 404", status)
	}
}

func (s *suite) zeroKey(t *testing.T) {
	var key blob.Key
	ctx := t.Context()
	_, put := s.store.Put(ctx, key, strings.NewReader("x"), blob.PutRule{ContentType: "text/plain", Size: 1})
	_, open := s.store.Open(ctx, key)
	_, stat := s.store.Stat(ctx, key)
	_, upload := s.store.PresignUpload(ctx, key, blob.UploadRule{ContentType: "text/plain", Size: 1, Expires: time.Minute})
	_, post := s.store.PresignUpload(ctx, key, blob.UploadRule{ContentType: "text/plain", MaxSize: 1, Expires: time.Minute})
	_, download := s.store.PresignDownload(ctx, key, blob.DownloadRule{Expires: time.Minute})
	var list error
	for _, err := range s.store.List(ctx, blob.Prefix{}) {
		list = err
	}
	for name, err := range map[string]error{
		"Put": put, "Open": open, "Stat": stat, "PresignUpload": upload, "PresignUpload by form": post,
		"PresignDownload": download, "List": list,
		"Delete":       s.store.Delete(ctx, key),
		"DeletePrefix": s.store.DeletePrefix(ctx, blob.Prefix{}),
	} {
		if !errors.Is(err, blob.ErrMalformedKey) {
			t.Errorf("%s with the zero key = %v, want ErrMalformedKey", name, err)
		}
	}
}

func (s *suite) keys(t *testing.T, prefix blob.Prefix) []string {
	t.Helper()
	var keys []string
	for entry, err := range s.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%s): %v", prefix, err)
		}
		if entry.Size != int64(len("content")) || entry.Created.IsZero() {
			t.Errorf("List gives %+v", entry)
		}
		keys = append(keys, strings.TrimPrefix(entry.Key.String(), newPrefix(t, prefix.Tenant()).String()))
	}
	slices.Sort(keys)
	return keys
}

// plant gives two tenants the same objects.
func (s *suite) plant(t *testing.T) (mine, theirs uuid.UUID) {
	t.Helper()
	mine, theirs = uuid.New(), uuid.New()
	for _, tenant := range []uuid.UUID{mine, theirs} {
		for _, path := range []string{"a/1", "a/2", "a/b/3", "ab/4", "a-b", "c"} {
			s.put(t, newKey(t, tenant, strings.Split(path, "/")...), "content")
		}
	}
	return mine, theirs
}

func (s *suite) list(t *testing.T) {
	mine, _ := s.plant(t)
	for name, tt := range map[string]struct {
		prefix []string
		want   []string
	}{
		"tenant":  {nil, []string{"a-b", "a/1", "a/2", "a/b/3", "ab/4", "c"}},
		"folder":  {[]string{"a"}, []string{"a/1", "a/2", "a/b/3"}},
		"deeper":  {[]string{"a", "b"}, []string{"a/b/3"}},
		"nothing": {[]string{"x"}, nil},
		"object":  {[]string{"c"}, nil},
	} {
		if got := s.keys(t, newPrefix(t, mine, tt.prefix...)); !slices.Equal(got, tt.want) {
			t.Errorf("List of the %s = %v, want %v", name, got, tt.want)
		}
	}
	for _, err := range s.store.List(t.Context(), newPrefix(t, mine)) {
		if err != nil {
			t.Errorf("List: %v", err)
		}
		break // A caller may stop at any entry.
	}
}

func (s *suite) deletePrefix(t *testing.T) {
	mine, theirs := s.plant(t)
	if err := s.store.DeletePrefix(t.Context(), newPrefix(t, mine, "a")); err != nil {
		t.Fatalf("DeletePrefix: %v", err)
	}
	if got, want := s.keys(t, newPrefix(t, mine)), []string{"a-b", "ab/4", "c"}; !slices.Equal(got, want) {
		t.Errorf("left after DeletePrefix of a folder: %v, want %v", got, want)
	}
	if err := s.store.DeletePrefix(t.Context(), newPrefix(t, mine)); err != nil {
		t.Fatalf("DeletePrefix: %v", err)
	}
	if got := s.keys(t, newPrefix(t, mine)); len(got) != 0 {
		t.Errorf("left after DeletePrefix of the tenant: %v", got)
	}
	if got := s.keys(t, newPrefix(t, theirs)); len(got) != 6 {
		t.Errorf("the other tenant is left with %v", got)
	}
}

func (s *suite) cancelled(t *testing.T) {
	key := newKey(t, uuid.New(), "late")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.store.Put(ctx, key, strings.NewReader("x"), blob.PutRule{ContentType: "text/plain", Size: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want context.Canceled", err)
	}
	s.wantAbsent(t, key)
	s.put(t, key, "x")
	if _, err := s.store.Stat(ctx, key); !errors.Is(err, context.Canceled) {
		t.Errorf("Stat = %v, want context.Canceled", err)
	}
	if err := s.store.Delete(ctx, key); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete = %v, want context.Canceled", err)
	}
	if got := s.read(t, key); got != "x" {
		t.Errorf("read %q after a cancelled Delete", got)
	}
}

// submission is what a client makes of a ticket.
type submission struct {
	ticket  blob.UploadTicket
	content string
	headers map[string]string
}

func (s *suite) ticket(t *testing.T, key blob.Key, rule blob.UploadRule) blob.UploadTicket {
	t.Helper()
	ticket, err := s.store.PresignUpload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignUpload: %v", err)
	}
	if until := time.Until(ticket.Expires); until > rule.Expires || until < rule.Expires-time.Minute {
		t.Errorf("the ticket expires in %v, want %v", until, rule.Expires)
	}
	return ticket
}

// submit uploads as a client would and returns the status, or 0 when the store hung up in the middle.
func (s *suite) submit(t *testing.T, sub submission) int {
	t.Helper()
	body, kind := io.Reader(strings.NewReader(sub.content)), ""
	if sub.ticket.Method == http.MethodPost {
		body, kind = form(t, sub)
	}
	req, err := http.NewRequestWithContext(t.Context(), sub.ticket.Method, sub.ticket.URL, body)
	if err != nil {
		t.Fatalf("NewRequest: %v", err)
	}
	for name, value := range sub.ticket.Headers {
		req.Header.Set(name, value)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range sub.headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Logf("%s: %v", sub.ticket.Method, err)
		return 0
	}
	answer, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatalf("read answer: %v", err)
	}
	t.Logf("%s: %d %.200s", sub.ticket.Method, res.StatusCode, answer)
	return res.StatusCode
}

func form(t *testing.T, sub submission) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range sub.ticket.FormFields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatalf("write form: %v", err)
		}
	}
	file, err := w.CreateFormFile("file", "upload")
	if err != nil {
		t.Fatalf("write form: %v", err)
	}
	if _, err := io.WriteString(file, sub.content); err != nil {
		t.Fatalf("write form: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write form: %v", err)
	}
	return &body, w.FormDataContentType()
}

func isOK(status int) bool { return status >= 200 && status <= 299 }

const uploaded = "%PDF-1.7 hello"

func exactRule() blob.UploadRule {
	return blob.UploadRule{ContentType: "application/pdf", Size: int64(len(uploaded)), Expires: time.Minute}
}

func boundedRule() blob.UploadRule {
	return blob.UploadRule{ContentType: "application/pdf", MaxSize: 100, Expires: time.Minute}
}

func (s *suite) upload(t *testing.T) {
	digest := blob.Digest(sha256.Sum256([]byte(uploaded)))
	withDigest := func(rule blob.UploadRule) blob.UploadRule {
		rule.SHA256 = digest
		return rule
	}
	for name, rule := range map[string]blob.UploadRule{
		"exact": exactRule(), "exact with digest": withDigest(exactRule()),
		"bounded": boundedRule(), "bounded with digest": withDigest(boundedRule()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "asset", "original")
			ticket := s.ticket(t, key, rule)
			if status := s.submit(t, submission{ticket: ticket, content: uploaded}); !isOK(status) {
				t.Fatalf("upload: status %d", status)
			}
			info, err := s.store.Stat(t.Context(), key)
			if err != nil || info.ContentType != rule.ContentType || info.Size != int64(len(uploaded)) {
				t.Errorf("Stat = %+v, %v", info, err)
			}
			if !info.SHA256.IsZero() && info.SHA256 != digest {
				t.Errorf("Stat: SHA256 %q, want %q", info.SHA256, digest)
			}
			if got := s.read(t, key); got != uploaded {
				t.Errorf("read %q, want %q", got, uploaded)
			}
		})
	}
}

func (s *suite) uploadOnce(t *testing.T) {
	key := newKey(t, uuid.New(), "once")
	ticket := s.ticket(t, key, exactRule())
	if status := s.submit(t, submission{ticket: ticket, content: uploaded}); !isOK(status) {
		t.Fatalf("upload: status %d", status)
	}
	other := strings.ToUpper(uploaded)
	if status := s.submit(t, submission{ticket: ticket, content: other}); status != http.StatusPreconditionFailed && status != http.StatusConflict {
		t.Errorf("second upload: status %d, want 412 or 409", status)
	}
	if got := s.read(t, key); got != uploaded {
		t.Errorf("read %q after a refused upload, want %q", got, uploaded)
	}
}

func (s *suite) uploadConcurrently(t *testing.T) {
	key := newKey(t, uuid.New(), "race")
	ticket := s.ticket(t, key, exactRule())
	const clients = 8
	statuses := make([]int, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			content := strings.Repeat(string(rune('a'+i)), len(uploaded))
			statuses[i] = s.submit(t, submission{ticket: ticket, content: content})
		})
	}
	group.Wait()
	winner := slices.IndexFunc(statuses, isOK)
	if winner < 0 || slices.ContainsFunc(statuses[winner+1:], isOK) {
		t.Fatalf("statuses %v, want one success", statuses)
	}
	if got := s.read(t, key); got != strings.Repeat(string(rune('a'+winner)), len(uploaded)) {
		t.Errorf("the object is not the winner's: %q", got)
	}
}

func (s *suite) uploadRefuses(t *testing.T) {
	exact, bounded := exactRule(), boundedRule()
	digest := exactRule()
	digest.SHA256 = sha256.Sum256([]byte("something else"))
	for name, tt := range map[string]struct {
		rule    blob.UploadRule
		content string
		headers map[string]string
	}{
		"too long":           {exact, uploaded + "!", nil},
		"much too long":      {exact, strings.Repeat(uploaded, 100_000), nil},
		"too short":          {exact, uploaded[1:], nil},
		"empty":              {exact, "", nil},
		"other digest":       {digest, uploaded, nil},
		"other type":         {exact, uploaded, map[string]string{"Content-Type": "text/html"}},
		"bounded, too long":  {bounded, strings.Repeat("x", 101), nil},
		"bounded, empty":     {bounded, "", nil},
		"bounded, far more":  {bounded, strings.Repeat("x", 1<<20), nil},
		"type in other case": {exact, uploaded, map[string]string{"Content-Type": "application/PDF"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "refused")
			sub := submission{ticket: s.ticket(t, key, tt.rule), content: tt.content, headers: tt.headers}
			if status := s.submit(t, sub); status != 0 && (status < 400 || status > 499) {
				t.Errorf("upload: status %d, want a refusal", status)
			}
			s.wantAbsent(t, key)
		})
	}
}

func (s *suite) uploadTampered(t *testing.T) {
	mine, theirs := uuid.New(), uuid.New()
	key := newKey(t, mine, "asset")
	foreign := newKey(t, theirs, "asset")
	other := newKey(t, mine, "other")
	for name, rule := range map[string]blob.UploadRule{"exact": exactRule(), "bounded": boundedRule()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, victim := range []blob.Key{foreign, other} {
				ticket := s.ticket(t, key, rule)
				ticket.URL = strings.ReplaceAll(ticket.URL, key.String(), victim.String())
				for field, value := range ticket.FormFields {
					ticket.FormFields[field] = strings.ReplaceAll(value, key.String(), victim.String())
				}
				if status := s.submit(t, submission{ticket: ticket, content: uploaded}); status < 400 || status > 499 {
					t.Errorf("upload to %s with the ticket of %s: status %d, want a refusal", victim, key, status)
				}
				s.wantAbsent(t, victim)
			}
			s.wantAbsent(t, key)
		})
	}
	t.Run("download with an upload's ticket", func(t *testing.T) {
		t.Parallel()
		stored := newKey(t, uuid.New(), "asset")
		s.put(t, stored, "secret")
		ticket := s.ticket(t, stored, exactRule())
		if status, _, body := s.get(t, ticket.URL, nil); status < 400 || strings.Contains(body, "secret") {
			t.Errorf("GET: status %d, body %q", status, body)
		}
	})
	t.Run("upload with a download's URL", func(t *testing.T) {
		t.Parallel()
		empty := newKey(t, uuid.New(), "asset")
		link, err := s.store.PresignDownload(t.Context(), empty, blob.DownloadRule{Expires: time.Minute})
		if err != nil {
			t.Fatalf("PresignDownload: %v", err)
		}
		ticket := s.ticket(t, empty, exactRule())
		ticket.URL = link
		if status := s.submit(t, submission{ticket: ticket, content: uploaded}); status < 400 || status > 499 {
			t.Errorf("PUT: status %d, want a refusal", status)
		}
		s.wantAbsent(t, empty)
	})
}

func (s *suite) uploadExpires(t *testing.T) {
	for name, rule := range map[string]blob.UploadRule{"exact": exactRule(), "bounded": boundedRule()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "late")
			rule.Expires = time.Second
			ticket := s.ticket(t, key, rule)
			waitUntil(t, ticket.Expires.Add(2*time.Second))
			if status := s.submit(t, submission{ticket: ticket, content: uploaded}); status < 400 || status > 499 {
				t.Errorf("upload: status %d, want a refusal", status)
			}
			s.wantAbsent(t, key)
		})
	}
}

// waitUntil waits for a time of day to come. Expiry is in whole seconds.
func waitUntil(t *testing.T, end time.Time) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(min(patience, time.Until(end))):
	}
}

func (s *suite) ruleRefuses(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	for name, change := range map[string]func(*blob.UploadRule){
		"no type":          func(r *blob.UploadRule) { r.ContentType = "" },
		"type of one word": func(r *blob.UploadRule) { r.ContentType = "video" },
		"type injects":     func(r *blob.UploadRule) { r.ContentType = "video/mp4\r\nX: y" },
		"type not ASCII":   func(r *blob.UploadRule) { r.ContentType = "vidéo/mp4" },
		"no size":          func(r *blob.UploadRule) { r.Size = 0 },
		"negative size":    func(r *blob.UploadRule) { r.Size = -1 },
		"two sizes":        func(r *blob.UploadRule) { r.MaxSize = 10 },
		"size too large":   func(r *blob.UploadRule) { r.Size = 6 << 40 },
		"no expiry":        func(r *blob.UploadRule) { r.Expires = 0 },
		"past expiry":      func(r *blob.UploadRule) { r.Expires = -time.Hour },
		"expiry too far":   func(r *blob.UploadRule) { r.Expires = 8 * 24 * time.Hour },
	} {
		rule := exactRule()
		change(&rule)
		if _, err := s.store.PresignUpload(t.Context(), key, rule); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("PresignUpload, %s: %v, want BadInput", name, err)
		}
	}
	for name, rule := range map[string]blob.DownloadRule{
		"no expiry":      {},
		"expiry too far": {Expires: 8 * 24 * time.Hour},
		"type injects":   {Expires: time.Minute, ContentType: "text/plain\r\nX: y"},
	} {
		if _, err := s.store.PresignDownload(t.Context(), key, rule); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("PresignDownload, %s: %v, want BadInput", name, err)
		}
	}
}

func (s *suite) get(t *testing.T, link string, headers map[string]string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
	if err != nil {
		t.Fatalf("NewRequest: %v", err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return res.StatusCode, res.Header, string(body)
}

func (s *suite) link(t *testing.T, key blob.Key, rule blob.DownloadRule) string {
	t.Helper()
	link, err := s.store.PresignDownload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignDownload: %v", err)
	}
	return link
}

func (s *suite) download(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "content")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Minute})
	status, header, body := s.get(t, link, nil)
	if status != http.StatusOK || body != "content" || header.Get("Content-Type") != "text/plain" ||
		header.Get("Content-Length") != "7" || header.Get("ETag") == "" || header.Get("Content-Disposition") != "inline" {
		t.Errorf("GET: status %d, body %q, header %v", status, body, header)
	}
	if status, _, body := s.get(t, link, map[string]string{"If-None-Match": header.Get("ETag")}); status != http.StatusNotModified || body != "" {
		t.Errorf("GET with If-None-Match: status %d, body %q, want 304", status, body)
	}
}

func (s *suite) downloadRange(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "abcdefghij")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Minute})
	for asked, want := range map[string]struct{ body, contentRange string }{
		"bytes=0-2":   {"abc", "bytes 0-2/10"},
		"bytes=5-":    {"fghij", "bytes 5-9/10"},
		"bytes=-2":    {"ij", "bytes 8-9/10"},
		"bytes=8-100": {"ij", "bytes 8-9/10"},
	} {
		status, header, body := s.get(t, link, map[string]string{"Range": asked})
		if status != http.StatusPartialContent || body != want.body || header.Get("Content-Range") != want.contentRange {
			t.Errorf("GET %s: status %d, body %q, range %q", asked, status, body, header.Get("Content-Range"))
		}
	}
	if status, _, _ := s.get(t, link, map[string]string{"Range": "bytes=10-"}); status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("GET past the end: status %d, want 416", status)
	}
}

func (s *suite) downloadRules(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "content")
	for filename, want := range map[string]string{
		"report.pdf":            `attachment; filename=report.pdf`,
		"my report.pdf":         `attachment; filename="my report.pdf"`,
		"Отчёт.pdf":             `attachment; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.pdf`,
		"a\"b\\c.pdf":           `attachment; filename="a\"b_c.pdf"`,
		"../../etc/passwd":      `attachment; filename=.._.._etc_passwd`,
		"a\r\nSet-Cookie: b=c":  `attachment; filename="a__Set-Cookie: b=c"`,
		"exe\u202egnp.evil":     `attachment; filename=exe_gnp.evil`,
		"a&type=text/html#frag": `attachment; filename="a&type=text_html#frag"`,
	} {
		_, header, body := s.get(t, s.link(t, key, blob.DownloadRule{Expires: time.Minute, Filename: filename}), nil)
		if got := header.Get("Content-Disposition"); got != want || body != "content" {
			t.Errorf("download as %q: %s, want %s (body %q)", filename, got, want, body)
		}
		if header.Get("Set-Cookie") != "" {
			t.Errorf("download as %q sets a cookie", filename)
		}
	}
	_, header, _ := s.get(t, s.link(t, key, blob.DownloadRule{Expires: time.Minute, ContentType: "text/csv; charset=utf-8"}), nil)
	if got := header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("Content-Type %q, want that of the rule", got)
	}
}

func (s *suite) downloadTampered(t *testing.T) {
	mine, theirs := uuid.New(), uuid.New()
	key := newKey(t, mine, "asset")
	s.put(t, key, "mine")
	for _, tenant := range []uuid.UUID{mine, theirs} {
		s.put(t, newKey(t, tenant, "secret"), "secret")
	}
	s.put(t, newKey(t, theirs, "asset"), "secret")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Minute, Filename: "name.txt", ContentType: "text/plain"})
	if status, _, body := s.get(t, link, nil); status != http.StatusOK || body != "mine" {
		t.Fatalf("GET: status %d, body %q", status, body)
	}
	changed := map[string]string{
		"other tenant":   strings.Replace(link, mine.String(), theirs.String(), 1),
		"other object":   strings.Replace(link, "/asset?", "/secret?", 1),
		"dots":           strings.Replace(link, "/asset?", "/x/../secret?", 1),
		"encoded dots":   strings.Replace(link, "/asset?", "/x/%2e%2e/secret?", 1),
		"encoded slash":  strings.Replace(link, "/asset?", "/x%2f..%2fsecret?", 1),
		"double encoded": strings.Replace(link, "/asset?", "/x%252f..%252fsecret?", 1),
		"no query":       strings.Split(link, "?")[0],
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatalf("parse %q: %v", link, err)
	}
	for name, values := range u.Query() {
		query := u.Query()
		query.Del(name)
		changed["without "+name] = strings.Split(link, "?")[0] + "?" + query.Encode()
		query.Set(name, values[0]+"1")
		changed["other "+name] = strings.Split(link, "?")[0] + "?" + query.Encode()
	}
	for name, link := range changed {
		if status, _, body := s.get(t, link, nil); status < 400 || status > 499 || strings.Contains(body, "mine") {
			t.Errorf("GET with %s: status %d, body %q", name, status, body)
		}
	}
}

func (s *suite) downloadExpires(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "content")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Second})
	waitUntil(t, time.Now().Add(3*time.Second))
	if status, _, body := s.get(t, link, nil); status != http.StatusForbidden || strings.Contains(body, "content") {
		t.Errorf("GET after expiry: status %d, body %q, want 403", status, body)
	}
}
