package blobtest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
)

// Files is a store in a directory that is served over HTTP, as the file driver's is, until the test ends.
func Files(t *testing.T) *file.Store {
	t.Helper()
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		t.Fatalf("NewSigner: %v", err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	store, err := file.Open(file.Config{Dir: t.TempDir(), BaseURL: server.URL + "/blob", Signer: signer})
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() { _ = store.Close() })
	mux.Handle("/blob/", http.StripPrefix("/blob/", store.Handler()))
	return store
}
