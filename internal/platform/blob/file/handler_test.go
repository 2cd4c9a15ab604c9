package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
)

func newKey(t *testing.T, parts ...string) blob.Key {
	t.Helper()
	key, err := blob.NewKey(uuid.New(), parts...)
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return key
}

func put(t *testing.T, store *file.Store, key blob.Key, contentType, content string) {
	t.Helper()
	if _, err := store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: contentType}); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func download(t *testing.T, store *file.Store, key blob.Key, rule blob.DownloadRule) string {
	t.Helper()
	rule.Expires = time.Minute
	link, err := store.PresignDownload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignDownload: %v", err)
	}
	return link
}

func upload(t *testing.T, store *file.Store, key blob.Key, rule blob.UploadRule) blob.UploadTicket {
	t.Helper()
	rule.Expires = time.Minute
	ticket, err := store.PresignUpload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignUpload: %v", err)
	}
	return ticket
}

// do asks the handler without a network between.
func do(t *testing.T, store *file.Store, method, link string, header http.Header, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	_, path, found := strings.Cut(link, "/blob")
	if !found {
		t.Fatalf("%q is not below the base URL", link)
	}
	u, err := url.ParseRequestURI("/blob" + path)
	if err != nil {
		return nil // A server refuses such a request line.
	}
	req := httptest.NewRequestWithContext(t.Context(), method, "/blob/", body)
	req.URL, req.RequestURI = u, "/blob"+path
	for name := range header {
		req.Header.Set(name, header.Get(name))
	}
	res := httptest.NewRecorder()
	http.StripPrefix("/blob/", store.Handler()).ServeHTTP(res, req)
	return res
}

func openStore(t *testing.T) *file.Store {
	t.Helper()
	return serve(t, t.TempDir(), newSigner(t, signingKey("k1")))
}

// TestEveryBitOfURL flips each bit of a signed URL: all of it is signed.
func TestEveryBitOfURL(t *testing.T) {
	t.Parallel()
	store, key := openStore(t), newKey(t, "asset")
	put(t, store, key, "text/plain", "secret")
	link := download(t, store, key, blob.DownloadRule{ContentType: "text/csv", Filename: "a b.csv"})
	if res := do(t, store, http.MethodGet, link, nil, http.NoBody); res.Code != http.StatusOK {
		t.Fatalf("GET: status %d", res.Code)
	}
	start := strings.Index(link, "/blob/") + len("/blob/")
	for i := start; i < len(link); i++ {
		for bit := range 8 {
			flipped := []byte(link)
			flipped[i] ^= 1 << bit
			res := do(t, store, http.MethodGet, string(flipped), nil, http.NoBody)
			if res != nil && res.Code != http.StatusForbidden {
				t.Errorf("GET %q: status %d, want 403 (byte %d, bit %d)", flipped, res.Code, i, bit)
			}
		}
	}
}

func TestSpellingsOfURL(t *testing.T) {
	t.Parallel()
	store, key := openStore(t), newKey(t, "asset")
	put(t, store, key, "text/plain", "secret")
	link := download(t, store, key, blob.DownloadRule{Filename: "a b"})
	for name, changed := range map[string]string{
		"encoded letter":      strings.Replace(link, "/asset?", "/%61sset?", 1),
		"encoded slash":       strings.Replace(link, "/asset?", "%2fasset?", 1),
		"double slash":        strings.Replace(link, "/asset?", "//asset?", 1),
		"trailing slash":      strings.Replace(link, "/asset?", "/asset/?", 1),
		"through a neighbour": strings.Replace(link, "/asset?", "/x/../asset?", 1),
		"capital escapes":     strings.Replace(link, "a+b", "a%20b", 1),
		"further parameter":   link + "&x=1",
		"parameter twice":     link + "&name=evil",
		"parameter in front":  strings.Replace(link, "?", "?name=evil&", 1),
		"semicolons":          link + ";x=1",
		"bad escape":          link + "&x=%zz",
		"no parameters":       strings.Split(link, "?")[0],
		"data itself":         strings.Replace(link, "/asset?", "/asset@/data?", 1),
		"temporary files":     strings.Split(link, "/t/")[0] + "/tmp/x?" + strings.Split(link, "?")[1],
	} {
		res := do(t, store, http.MethodGet, changed, nil, http.NoBody)
		if res == nil || res.Code != http.StatusForbidden || strings.Contains(res.Body.String(), "secret") {
			t.Errorf("GET with %s: %+v, want 403", name, res)
		}
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := signingKey("old"), signingKey("new")
	before := serve(t, dir, newSigner(t, old))
	key := newKey(t, "asset")
	put(t, before, key, "text/plain", "content")
	link := download(t, before, key, blob.DownloadRule{})
	for name, tt := range map[string]struct {
		signer *blob.Signer
		want   int
	}{
		"overlap": {newSigner(t, fresh, old), http.StatusOK},
		"after":   {newSigner(t, fresh), http.StatusForbidden},
	} {
		if res := do(t, serve(t, dir, tt.signer), http.MethodGet, link, nil, http.NoBody); res.Code != tt.want {
			t.Errorf("GET with the old key, %s: status %d, want %d", name, res.Code, tt.want)
		}
	}
}

func TestHeadersOfDownload(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	for contentType, want := range map[string]string{
		"image/png":                     "inline",
		"video/mp4":                     "inline",
		"application/pdf":               "inline",
		"text/vtt; charset=utf-8":       "inline",
		"application/vnd.apple.mpegurl": "inline",
		"text/html":                     "attachment",
		"image/svg+xml":                 "attachment",
		"IMAGE/SVG+XML; charset=utf-8":  "attachment",
		"application/xhtml+xml":         "attachment",
		"text/javascript":               "attachment",
		"application/octet-stream":      "attachment",
	} {
		key := newKey(t, "asset")
		put(t, store, key, contentType, "<script>alert(1)</script>")
		res := do(t, store, http.MethodGet, download(t, store, key, blob.DownloadRule{}), nil, http.NoBody)
		header := res.Result().Header
		for name, value := range map[string]string{
			"Content-Type":                contentType,
			"Content-Disposition":         want,
			"X-Content-Type-Options":      "nosniff",
			"Content-Security-Policy":     "sandbox",
			"Access-Control-Allow-Origin": "*",
			"Cache-Control":               "private, max-age=3600, immutable",
			"Accept-Ranges":               "bytes",
		} {
			if header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", contentType, name, header.Get(name), value)
			}
		}
	}
}

func TestOverriddenTypeDecidesDisposition(t *testing.T) {
	t.Parallel()
	store, key := openStore(t), newKey(t, "asset")
	put(t, store, key, "image/png", "<script>alert(1)</script>")
	res := do(t, store, http.MethodGet, download(t, store, key, blob.DownloadRule{ContentType: "text/html"}), nil, http.NoBody)
	if got := res.Header().Get("Content-Disposition"); got != "attachment" {
		t.Errorf("Content-Disposition %q, want attachment", got)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	store, key := openStore(t), newKey(t, "asset")
	put(t, store, key, "text/plain", "content")
	link := download(t, store, key, blob.DownloadRule{})
	for method, want := range map[string]int{
		http.MethodGet: http.StatusOK, http.MethodHead: http.StatusOK, http.MethodOptions: http.StatusNoContent,
		http.MethodPut: http.StatusForbidden, http.MethodPost: http.StatusMethodNotAllowed,
		http.MethodDelete: http.StatusMethodNotAllowed, http.MethodPatch: http.StatusMethodNotAllowed, "PROPFIND": http.StatusMethodNotAllowed,
	} {
		res := do(t, store, method, link, nil, http.NoBody)
		if res.Code != want {
			t.Errorf("%s: status %d, want %d", method, res.Code, want)
		}
		if method == http.MethodHead && (res.Body.Len() != 0 || res.Header().Get("Content-Length") != "7") {
			t.Errorf("HEAD: %d bytes, header %v", res.Body.Len(), res.Header())
		}
	}
}

func TestRefusalsAreJSON(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	absent := download(t, store, newKey(t, "asset"), blob.DownloadRule{})
	res := do(t, store, http.MethodGet, absent, nil, http.NoBody)
	var answer struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(res.Body.Bytes(), &answer); err != nil || answer.Code != "NOT_FOUND" || answer.Message != "No such file." {
		t.Errorf("answer %q, %v", res.Body, err)
	}
	if res.Header().Get("Content-Type") != "application/json" || res.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("header %v", res.Header())
	}
}

func TestUploadStatuses(t *testing.T) {
	t.Parallel()
	store, taken := openStore(t), newKey(t, "asset")
	put(t, store, taken, "text/plain", "content")
	exact := blob.UploadRule{ContentType: "text/plain", Size: 7}
	unsized := func(content string) io.Reader { return io.MultiReader(strings.NewReader(content)) }
	kind := func(s string) http.Header { return http.Header{"Content-Type": {s}} }
	for name, tt := range map[string]struct {
		key    blob.Key
		rule   blob.UploadRule
		header http.Header
		body   io.Reader
		want   int
	}{
		"good":                    {newKey(t, "a"), exact, kind("text/plain"), strings.NewReader("content"), http.StatusCreated},
		"good, unknown length":    {newKey(t, "a"), exact, kind("text/plain"), unsized("content"), http.StatusCreated},
		"bounded":                 {newKey(t, "a"), blob.UploadRule{ContentType: "text/plain", MaxSize: 7}, kind("text/plain"), unsized("con"), http.StatusCreated},
		"exists":                  {taken, exact, kind("text/plain"), strings.NewReader("content"), http.StatusPreconditionFailed},
		"too long":                {newKey(t, "a"), exact, kind("text/plain"), strings.NewReader("content!"), http.StatusBadRequest},
		"too long, unknown":       {newKey(t, "a"), exact, kind("text/plain"), unsized("content!"), http.StatusBadRequest},
		"too short, unknown":      {newKey(t, "a"), exact, kind("text/plain"), unsized("conten"), http.StatusBadRequest},
		"bounded, long, unknown":  {newKey(t, "a"), blob.UploadRule{ContentType: "text/plain", MaxSize: 7}, kind("text/plain"), unsized("content!"), http.StatusBadRequest},
		"bounded, empty, unknown": {newKey(t, "a"), blob.UploadRule{ContentType: "text/plain", MaxSize: 7}, kind("text/plain"), unsized(""), http.StatusBadRequest},
		"no type":                 {newKey(t, "a"), exact, nil, strings.NewReader("content"), http.StatusBadRequest},
		"other type":              {newKey(t, "a"), exact, kind("text/html"), strings.NewReader("content"), http.StatusBadRequest},
		"breaks off":              {newKey(t, "a"), exact, kind("text/plain"), io.MultiReader(strings.NewReader("con"), brokenReader{}), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ticket := upload(t, store, tt.key, tt.rule)
			res := do(t, store, ticket.Method, ticket.URL, tt.header, tt.body)
			if res.Code != tt.want {
				t.Errorf("status %d, want %d: %s", res.Code, tt.want, res.Body)
			}
			_, err := store.Stat(t.Context(), tt.key)
			if stored := err == nil; stored != (tt.want == http.StatusCreated || tt.key == taken) {
				t.Errorf("Stat = %v", err)
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestClientVanishes closes the connection in the middle of an upload.
func TestClientVanishes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, key := serve(t, dir, newSigner(t, signingKey("k1"))), newKey(t, "asset")
	ticket := upload(t, store, key, blob.UploadRule{ContentType: "text/plain", Size: 1 << 20})
	u, err := url.Parse(ticket.URL)
	if err != nil {
		t.Fatalf("parse %q: %v", ticket.URL, err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\nthe beginning",
		u.RequestURI(), u.Host, 1<<20)
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	waitFor(t, func() bool { return countUnfinished(t, dir) == 1 })
	if err := conn.Close(); err != nil {
		t.Fatalf("hang up: %v", err)
	}
	waitFor(t, func() bool { return countUnfinished(t, dir) == 0 })
	if _, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat = %v, want ErrNotFound", err)
	}
}

func countUnfinished(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "tmp"))
	if err != nil {
		t.Fatalf("ReadDir: %v", err)
	}
	return len(entries)
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatal("the condition does not come true")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
