package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: make([]byte, 32)})
	if err != nil {
		t.Fatalf("NewSigner: %v", err)
	}
	store, err := Open(Config{Dir: dir, BaseURL: "/blob/", Signer: signer})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func newKey(t *testing.T, parts ...string) blob.Key {
	t.Helper()
	key, err := blob.NewKey(uuid.New(), parts...)
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return key
}

func put(t *testing.T, store *Store, key blob.Key, content string) {
	t.Helper()
	if _, err := store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "text/plain"}); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Open(Config{Dir: t.TempDir()}); err == nil {
		t.Error("Open without a signer = nil, want an error")
	}
	signer := open(t, t.TempDir()).signer
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatalf("WriteFile: %v", err)
	}
	if _, err := Open(Config{Dir: occupied, Signer: signer}); err == nil {
		t.Error("Open of a file = nil, want an error")
	}
}

// TestLayout fixes what is on the disk: a proxy may serve it.
func TestLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, key := open(t, dir), newKey(t, "asset", "hls", "seg.m4s")
	put(t, store, key, "content")
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(key.String())+"@", "data"))
	if err != nil || string(data) != "content" {
		t.Errorf("data = %q, %v", data, err)
	}
	link, err := store.PresignDownload(t.Context(), key, blob.DownloadRule{Expires: time.Minute})
	if err != nil || !strings.HasPrefix(link, "/blob/"+key.String()+"?sig=") {
		t.Errorf("PresignDownload = %q, %v", link, err)
	}
}

// TestNothingIsLeft looks into tmp after everything that can fail.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	store, key := open(t, t.TempDir()), newKey(t, "a")
	put(t, store, key, "content")
	other := newKey(t, "b")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"exists":    putError(t.Context(), store, key, blob.PutRule{ContentType: "text/plain"}),
		"too short": putError(t.Context(), store, other, blob.PutRule{ContentType: "text/plain", Size: 100}),
		"cancelled": putError(cancelled, store, other, blob.PutRule{ContentType: "text/plain"}),
	} {
		if err == nil {
			t.Errorf("Put, %s: no error", name)
		}
	}
	prefix, err := blob.NewPrefix(key.Tenant())
	if err != nil {
		t.Fatalf("NewPrefix: %v", err)
	}
	if err := errors.Join(store.Delete(t.Context(), key), store.DeletePrefix(t.Context(), prefix), store.Ping(t.Context())); err != nil {
		t.Errorf("delete: %v", err)
	}
	left, err := fs.ReadDir(store.root.FS(), tmpDir)
	if err != nil || len(left) != 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
}

func putError(ctx context.Context, store *Store, key blob.Key, rule blob.PutRule) error {
	_, err := store.Put(ctx, key, strings.NewReader("content"), rule)
	return err
}

func TestOpenSweepsOldUploads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "fresh": time.Hour} {
		path := filepath.Join(dir, tmpDir, name)
		if err := os.MkdirAll(path, 0o750); err != nil {
			t.Fatalf("MkdirAll: %v", err)
		}
		if err := os.WriteFile(filepath.Join(path, dataName), []byte("half"), 0o600); err != nil {
			t.Fatalf("WriteFile: %v", err)
		}
		begun := time.Now().Add(-age)
		if err := os.Chtimes(path, begun, begun); err != nil {
			t.Fatalf("Chtimes: %v", err)
		}
	}
	store := open(t, dir)
	if _, err := store.root.Stat("tmp/old"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("old upload: %v, want ErrNotExist", err)
	}
	if _, err := store.root.Stat("tmp/fresh"); err != nil {
		t.Errorf("fresh upload: %v", err)
	}
}

// TestInterruptedWriterIsInvisible kills a writer in thought: its directory is complete but not renamed.
func TestInterruptedWriterIsInvisible(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, key := open(t, dir), newKey(t, "a")
	staged, err := store.stage()
	if err != nil {
		t.Fatalf("stage: %v", err)
	}
	w := want{contentType: "text/plain", largest: unbounded}
	if _, err := store.write(t.Context(), staged, key, strings.NewReader("content"), w); err != nil {
		t.Fatalf("write: %v", err)
	}
	again := open(t, dir)
	if _, err := again.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat = %v, want ErrNotFound", err)
	}
	put(t, again, key, "content")
	if err := store.publish(staged, key); !errors.Is(err, blob.ErrExists) {
		t.Errorf("publish over an object = %v, want ErrExists", err)
	}
}

// TestSymlinkDoesNotEscape plants a link to another directory where a tenant's directory should be.
func TestSymlinkDoesNotEscape(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	store, key := open(t, dir), newKey(t, "a")
	secret := filepath.Join(outside, "a@")
	if err := os.MkdirAll(secret, 0o750); err != nil {
		t.Fatalf("MkdirAll: %v", err)
	}
	description := `{"contentType":"text/plain","size":6,"sha256":"` + strings.Repeat("0f", 32) + `"}`
	for name, content := range map[string]string{dataName: "secret", metaName: description} {
		if err := os.WriteFile(filepath.Join(secret, name), []byte(content), 0o600); err != nil {
			t.Fatalf("WriteFile: %v", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "t"), 0o750); err != nil {
		t.Fatalf("MkdirAll: %v", err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "t", key.Tenant().String())); err != nil {
		t.Fatalf("Symlink: %v", err)
	}
	if _, err := store.Open(t.Context(), key); err == nil {
		t.Error("Open followed a symbolic link out of the directory")
	}
	if err := store.Delete(t.Context(), key); err == nil {
		t.Error("Delete followed a symbolic link out of the directory")
	}
	if _, err := os.Stat(filepath.Join(secret, dataName)); err != nil {
		t.Errorf("the file outside: %v", err)
	}
}

func TestDamagedDescription(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	for name, content := range map[string]string{"empty": "", "no JSON": "{", "no digest": `{"size":7}`} {
		key := newKey(t, "a")
		put(t, store, key, "content")
		path := filepath.Join(dir, filepath.FromSlash(key.String())+"@", metaName)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatalf("WriteFile: %v", err)
		}
		if _, err := store.Stat(t.Context(), key); err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Stat with the description %q = %v, want an internal error", name, err)
		}
	}
}
