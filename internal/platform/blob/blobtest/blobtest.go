// Package blobtest holds what every blob.Store must do, as tests.
package blobtest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
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
		{"Parts", s.parts},
		{"PartsRefuse", s.partsRefuse},
		{"PartsTampered", s.partsTampered},
		{"PartsComplete", s.partsComplete},
		{"PartsAbort", s.partsAbort},
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
