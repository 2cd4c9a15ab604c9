package file_test

import (
	"crypto/sha256"
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

// TestHostileUploadIDs asks for uploads by names that lead elsewhere.
func TestHostileUploadIDs(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	key, err := blob.NewKey(uuid.New(), "film")
	if err != nil {
		t.Fatal(err)
	}
	rule := blob.PartRule{Number: 1, Size: 1, SHA256: sha256.Sum256([]byte("x")), Expires: time.Minute}
	for _, id := range []string{"..", "../../t", "A/B", ".", "a", "A\x00", "upload.json", strings.Repeat("../", 40) + "etc"} {
		if _, err := store.Parts(t.Context(), key, id); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Parts(%q) = %v, want ErrNotFound", id, err)
		}
		if _, err := store.CompleteParts(t.Context(), key, id, nil); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("CompleteParts(%q) = %v, want ErrNotFound", id, err)
		}
		if _, err := store.PresignPart(t.Context(), key, id, rule); err == nil {
			t.Errorf("PresignPart(%q) = nil, want an error", id)
		}
	}
}

// TestPartsLeaveNothing gives up uploads and looks at the disk.
func TestPartsLeaveNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := serve(t, dir, newSigner(t, signingKey("k1")))
	for range 2 {
		key, err := blob.NewKey(uuid.New(), "film")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.BeginParts(t.Context(), key, "video/mp4"); err != nil {
			t.Fatal(err)
		}
		if err := store.AbortParts(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "parts")); err != nil {
		t.Errorf("the directory of parts: %v", err)
	}
}
