package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
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
