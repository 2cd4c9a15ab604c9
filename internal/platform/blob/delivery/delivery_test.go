package delivery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/delivery"
	"lyceum/internal/platform/blob/file"
)

// theTime is when the tests are.
func theTime() time.Time { return time.Unix(1_790_000_000, 0) }

func signingKey(id string) blob.SigningKey {
	return blob.SigningKey{ID: id, Secret: bytes.Repeat([]byte(id), 32)}
}

func newSigner(t *testing.T, keys ...blob.SigningKey) *blob.Signer {
	t.Helper()
	signer, err := blob.NewSigner(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// film is an asset behind a handler.
type film struct {
	*delivery.Handler

	store  *file.Store
	tenant uuid.UUID
	prefix blob.Prefix
	// base is the signed path, good for a quarter of an hour.
	base string
}

const segment = "0123456789abcdef"

func objects() map[string]string {
	return map[string]string{
		"master.m3u8": "#EXTM3U\n", "v0/index.m3u8": "#EXTM3U\n", "v0/init.mp4": "init", "v0/00001.m4s": segment, "a0.m4a": "sound",
		"en.vtt": "WEBVTT\n", "poster.jpg": "picture", "original": "as it came", "page.html": "<script>alert(1)</script>", "v0/noext": "x",
	}
}

func newFilm(t *testing.T) *film {
	t.Helper()
	signer := newSigner(t, signingKey("k2"), signingKey("k1"))
	store, err := file.Open(file.Config{Dir: t.TempDir(), BaseURL: "/blob", Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	f := &film{Handler: &delivery.Handler{Signer: signer, Objects: store, Now: theTime}, store: store, tenant: uuid.New()}
	if f.prefix, err = blob.NewPrefix(f.tenant, "asset"); err != nil {
		t.Fatal(err)
	}
	for name, content := range objects() {
		f.put(t, name, content)
	}
	f.base = f.sign(t, signer, 15*time.Minute)
	return f
}

func (f *film) put(t *testing.T, name, content string) {
	t.Helper()
	key, err := blob.NewKey(f.tenant, append([]string{"asset"}, strings.Split(name, "/")...)...)
	if err != nil {
		t.Fatal(err)
	}
	// What the store was told is not what is said to clients.
	if _, err := f.store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "text/html"}); err != nil {
		t.Fatal(err)
	}
}

func (f *film) sign(t *testing.T, signer *blob.Signer, ttl time.Duration) string {
	t.Helper()
	path, err := signer.SignPath(f.prefix, theTime().Add(ttl))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// ask sends a request line as it is.
func (f *film) ask(t *testing.T, method, target string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
	req.RequestURI = target
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res := httptest.NewRecorder()
	f.ServeHTTP(res, req)
	return res
}

func TestDelivers(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	const forever, brief = "private, max-age=31536000, immutable", "private, max-age=60"
	for name, want := range map[string]struct {
		status      int
		kind, cache string
	}{
		"master.m3u8":     {http.StatusOK, "application/vnd.apple.mpegurl", brief},
		"v0/index.m3u8":   {http.StatusOK, "application/vnd.apple.mpegurl", brief},
		"v0/init.mp4":     {http.StatusOK, "video/mp4", forever},
		"v0/00001.m4s":    {http.StatusOK, "video/iso.segment", forever},
		"a0.m4a":          {http.StatusOK, "audio/mp4", forever},
		"en.vtt":          {http.StatusOK, "text/vtt; charset=utf-8", forever},
		"poster.jpg":      {http.StatusOK, "image/jpeg", forever},
		"original":        {http.StatusNotFound, "", "no-store"},
		"page.html":       {http.StatusNotFound, "", "no-store"},
		"v0/noext":        {http.StatusNotFound, "", "no-store"},
		"v0/00002.m4s":    {http.StatusNotFound, "", "no-store"},
		"v0":              {http.StatusNotFound, "", "no-store"},
		"poster.jpg?x=..": {http.StatusOK, "image/jpeg", forever},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			res := f.ask(t, method, f.base+name, nil)
			object, _, _ := strings.Cut(name, "?")
			body := objects()[object]
			if want.status != http.StatusOK || method == http.MethodHead {
				body = ""
			}
			h := res.Header()
			if res.Code != want.status || h.Get("Content-Type") != want.kind || h.Get("Cache-Control") != want.cache || res.Body.String() != body {
				t.Errorf("%s %s: %d %v %q, want %+v", method, name, res.Code, h, res.Body, want)
			}
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Vary") != "Origin" || h.Get("Content-Security-Policy") != "sandbox" {
				t.Errorf("%s %s: %v", method, name, h)
			}
			if want.status == http.StatusOK && h.Get("Content-Length") != strconv.Itoa(len(objects()[object])) {
				t.Errorf("%s %s has %s bytes", method, name, h.Get("Content-Length"))
			}
		}
	}
}

func TestRangesAndConditions(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	target := f.base + "v0/00001.m4s"
	tag := f.ask(t, http.MethodGet, target, nil).Header().Get("ETag")
	if len(tag) < 10 {
		t.Fatalf("ETag %q", tag)
	}
	for name, tt := range map[string]struct {
		header  map[string]string
		status  int
		body    string
		content string
	}{
		"first bytes":        {map[string]string{"Range": "bytes=0-3"}, http.StatusPartialContent, "0123", "bytes 0-3/16"},
		"from the middle":    {map[string]string{"Range": "bytes=10-"}, http.StatusPartialContent, "abcdef", "bytes 10-15/16"},
		"last bytes":         {map[string]string{"Range": "bytes=-2"}, http.StatusPartialContent, "ef", "bytes 14-15/16"},
		"beyond the end":     {map[string]string{"Range": "bytes=15-99"}, http.StatusPartialContent, "f", "bytes 15-15/16"},
		"nothing there":      {map[string]string{"Range": "bytes=16-"}, http.StatusRequestedRangeNotSatisfiable, "invalid range: failed to overlap\n", "bytes */16"},
		"same":               {map[string]string{"If-None-Match": tag}, http.StatusNotModified, "", ""},
		"any":                {map[string]string{"If-None-Match": "*"}, http.StatusNotModified, "", ""},
		"another":            {map[string]string{"If-None-Match": `"x"`}, http.StatusOK, segment, ""},
		"range of the same":  {map[string]string{"Range": "bytes=0-0", "If-Range": tag}, http.StatusPartialContent, "0", "bytes 0-0/16"},
		"range of another":   {map[string]string{"Range": "bytes=0-0", "If-Range": `"x"`}, http.StatusOK, segment, ""},
		"precondition fails": {map[string]string{"If-Match": `"x"`}, http.StatusPreconditionFailed, "", ""},
	} {
		res := f.ask(t, http.MethodGet, target, tt.header)
		if res.Code != tt.status || res.Body.String() != tt.body || res.Header().Get("Content-Range") != tt.content {
			t.Errorf("%s: %d %q %v, want %+v", name, res.Code, res.Body, res.Header(), tt)
		}
	}
	if res := f.ask(t, http.MethodGet, target, map[string]string{"Range": "bytes=0-1,4-5"}); res.Code != http.StatusPartialContent ||
		!strings.HasPrefix(res.Header().Get("Content-Type"), "multipart/byteranges") {
		t.Errorf("two ranges: %d %v", res.Code, res.Header())
	}
	res := f.ask(t, http.MethodHead, target, map[string]string{"Range": "bytes=0-3"})
	if res.Code != http.StatusPartialContent || res.Body.Len() != 0 || res.Header().Get("Content-Length") != "4" {
		t.Errorf("HEAD of a range: %d %v", res.Code, res.Header())
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	for method, want := range map[string]int{
		http.MethodOptions: http.StatusNoContent, http.MethodPut: http.StatusMethodNotAllowed, http.MethodPost: http.StatusMethodNotAllowed,
		http.MethodDelete: http.StatusMethodNotAllowed, "PROPFIND": http.StatusMethodNotAllowed, "get": http.StatusMethodNotAllowed,
	} {
		res := f.ask(t, method, f.base+"poster.jpg", nil)
		if res.Code != want || res.Body.Len() != 0 {
			t.Errorf("%s: %d %q, want %d", method, res.Code, res.Body, want)
		}
		if res := f.ask(t, method, "/v/x"+f.base[3:]+"poster.jpg", nil); res.Code != http.StatusForbidden {
			t.Errorf("%s of a bad path: %d", method, res.Code)
		}
	}
}

// TestRefusalsAreAlike asks for every bad vector, and for every flipped bit of a good path: each is refused in the
// same words, which are none.
func TestRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	type path struct {
		Name string `json:"name"`
		Path string `json:"path"`
	}
	var v struct {
		Now         int64 `json:"now"`
		SigningKeys []struct {
			ID     string `json:"id"`
			Secret string `json:"secret"`
		} `json:"signingKeys"`
		Good []path `json:"good"`
		Bad  []path `json:"bad"`
	}
	text, err := os.ReadFile("../testdata/paths.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var keys []blob.SigningKey
	for _, key := range v.SigningKeys {
		keys = append(keys, blob.SigningKey{ID: key.ID, Secret: []byte(key.Secret)})
	}
	f := newFilm(t)
	f.Signer, f.Now = newSigner(t, keys...), func() time.Time { return time.Unix(v.Now, 0) }
	f.Allowed = func(context.Context, string, uuid.UUID) bool { return true }
	for _, p := range v.Good {
		if res := f.ask(t, http.MethodGet, p.Path, nil); res.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404: it is good, and there is no such object", p.Name, res.Code)
		}
	}
	targets := map[string]string{}
	for _, p := range v.Bad {
		targets[p.Name] = p.Path
	}
	good := v.Good[0].Path
	signed := strings.LastIndexByte(good, '/') + 1
	for i := range signed {
		for bit := range 8 {
			flipped := []byte(good)
			flipped[i] ^= 1 << bit
			targets["bit "+strconv.Itoa(bit)+" of byte "+strconv.Itoa(i)] = string(flipped)
		}
	}
	refusal := f.ask(t, http.MethodGet, "/v/", nil)
	want, err := json.Marshal(refusal.Header())
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range targets {
		res := f.ask(t, http.MethodGet, target, map[string]string{"Origin": "https://acme.example"})
		got, err := json.Marshal(res.Header())
		if err != nil || res.Code != http.StatusForbidden || res.Body.Len() != 0 || !bytes.Equal(got, want) {
			t.Errorf("%s: %d %s %q (%v), want 403 %s", name, res.Code, got, res.Body, err, want)
		}
	}
	t.Logf("%d paths were refused", len(targets))
}

func TestRotation(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	old := f.sign(t, newSigner(t, signingKey("k1")), time.Minute)
	if res := f.ask(t, http.MethodGet, old+"poster.jpg", nil); res.Code != http.StatusOK {
		t.Errorf("during the overlap: %d", res.Code)
	}
	f.Signer = newSigner(t, signingKey("k3"), signingKey("k2"))
	if res := f.ask(t, http.MethodGet, old+"poster.jpg", nil); res.Code != http.StatusForbidden {
		t.Errorf("after the overlap: %d", res.Code)
	}
	if res := f.ask(t, http.MethodGet, f.base+"poster.jpg", nil); res.Code != http.StatusOK {
		t.Errorf("the key that signed before: %d", res.Code)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	now := theTime()
	f.Now = func() time.Time { return now }
	for after, want := range map[time.Duration]struct {
		status int
		cache  string
	}{
		0: {http.StatusOK, "private, max-age=60"}, 14 * time.Minute: {http.StatusOK, "private, max-age=60"},
		14*time.Minute + 30*time.Second:     {http.StatusOK, "private, max-age=30"},
		15*time.Minute - time.Second:        {http.StatusOK, "private, max-age=1"},
		15*time.Minute - time.Millisecond:   {http.StatusOK, "private, max-age=0"},
		15 * time.Minute:                    {http.StatusForbidden, "no-store"},
		15*time.Minute + 10*time.Nanosecond: {http.StatusForbidden, "no-store"},
	} {
		now = theTime().Add(after)
		res := f.ask(t, http.MethodGet, f.base+"master.m3u8", nil)
		if res.Code != want.status || res.Header().Get("Cache-Control") != want.cache {
			t.Errorf("after %v: %d %q, want %+v", after, res.Code, res.Header().Get("Cache-Control"), want)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	f.Allowed = func(_ context.Context, origin string, tenant uuid.UUID) bool {
		return origin == "https://acme.example" && tenant == f.tenant
	}
	for origin, want := range map[string]string{"https://acme.example": "https://acme.example", "https://evil.example": "", "null": "", "": ""} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			res := f.ask(t, method, f.base+"poster.jpg", map[string]string{"Origin": origin})
			if got := res.Header().Get("Access-Control-Allow-Origin"); got != want || res.Code >= 300 {
				t.Errorf("%s from %q: %d, allowed %q, want %q", method, origin, res.Code, got, want)
			}
		}
	}
	res := f.ask(t, http.MethodOptions, f.base+"poster.jpg", map[string]string{"Origin": "https://acme.example"})
	if !strings.Contains(res.Header().Get("Access-Control-Allow-Headers"), "Range") || res.Header().Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: %v", res.Header())
	}
}
