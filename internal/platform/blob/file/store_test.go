package file_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/blobtest"
	"lyceum/internal/platform/blob/file"
)

func signingKey(id string) blob.SigningKey {
	return blob.SigningKey{ID: id, Secret: bytes.Repeat([]byte(id), 32)}
}

func newSigner(t *testing.T, current blob.SigningKey, others ...blob.SigningKey) *blob.Signer {
	t.Helper()
	signer, err := blob.NewSigner(current, others...)
	if err != nil {
		t.Fatalf("NewSigner: %v", err)
	}
	return signer
}

// serve opens a store in the directory, behind a server of its own.
func serve(t *testing.T, dir string, signer *blob.Signer) *file.Store {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	store, err := file.Open(file.Config{Dir: dir, BaseURL: server.URL + "/blob", Signer: signer})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	mux.Handle("/blob/", http.StripPrefix("/blob/", store.Handler()))
	return store
}

func TestConformance(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, serve(t, t.TempDir(), newSigner(t, signingKey("k1"))))
}
