package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// textUpload announces a text.
func textUpload(content string) map[string]any {
	return map[string]any{
		"kind": "DOCUMENT", "fileName": "notes.txt", "contentType": "text/plain", "size": len(content), "sha256": hexDigest([]byte(content)),
	}
}

// announced is what comes of announcing a file.
type announced struct {
	RequestUpload struct {
		Asset  struct{ ID, Status string }
		Upload struct {
			Method, URL string
			Headers     []struct{ Name, Value string }
		}
	}
}

// sentText is a text whose bytes have arrived.
func (s *school) sentText(t *testing.T) string {
	t.Helper()
	content := "a text " + uuid.NewString()
	var made announced
	s.must(t, s.instructor, s.documents.Text("request-upload"), map[string]any{"input": textUpload(content)}, &made)
	to, err := url.Parse(made.RequestUpload.Upload.URL)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), made.RequestUpload.Upload.Method, s.server.URL+to.RequestURI(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range made.RequestUpload.Upload.Headers {
		request.Header.Set(h.Name, h.Value)
	}
	response, err := s.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("upload: status %d", response.StatusCode)
	}
	return made.RequestUpload.Asset.ID
}

// text is a text that is ready.
func (s *school) text(t *testing.T) string {
	t.Helper()
	id := s.sentText(t)
	s.must(t, s.instructor, s.documents.Text("complete-upload"), map[string]any{"assetId": id}, &struct{}{})
	return id
}

// askParts asks for the addresses of n parts.
func (s *school) askParts(t *testing.T, n int) asked {
	t.Helper()
	var made announced
	s.must(t, s.instructor, s.documents.Text("request-upload"), map[string]any{"input": map[string]any{
		"kind": "VIDEO", "fileName": "long.mp4", "contentType": "video/mp4", "size": 1 << 30, "sha256": hexDigest([]byte(uuid.NewString())),
	}}, &made)
	var parts []any
	for i := range n {
		parts = append(parts, map[string]any{"number": i + 1, "sha256": hexDigest([]byte("part"))})
	}
	return asked{s.instructor, map[string]any{"assetId": made.RequestUpload.Asset.ID, "parts": parts}}
}
