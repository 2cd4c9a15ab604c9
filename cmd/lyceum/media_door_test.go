package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/transport"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// mediaText is what media are made of.
const mediaText = "MEDIA BYTES "

// theatre is a server with a film in its storage.
type theatre struct {
	*app

	server *httptest.Server
	prefix blob.Prefix
	// base is the signed path of the film.
	base string
}

// filmObjects is what is in the storage: everything but the playlists is media.
func filmObjects() map[string]string {
	media := strings.Repeat(mediaText, 1000)
	return map[string]string{
		"master.m3u8": "#EXTM3U\nv0/index.m3u8\n", "v0/index.m3u8": "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n00001.m4s\n",
		"v0/init.mp4": media, "v0/00001.m4s": media, "poster.jpg": media, "film.mp4": media,
	}
}

// newTheatre fills the bucket, or with nil what the server itself stores to.
func newTheatre(t *testing.T, bucket *s3Double, environ ...string) *theatre {
	t.Helper()
	d := pgtest.New(t)
	a := startApp(t, testSettings(t, d.URL, append([]string{
		"LYCEUM_HTTP_ALLOWED_ORIGINS=https://app.example.org", "LYCEUM_TENANT_DEFAULT=acme",
	}, environ...)...))
	th := &theatre{app: a}
	tenant := pgtest.NewTenant(t, d, "acme")
	pgtest.NewTenant(t, d, "globex")
	th.server = openDoor(t, a)
	var err error
	if th.prefix, err = blob.NewPrefix(tenant.ID, uuid.NewString()); err != nil {
		t.Fatal(err)
	}
	signer, err := a.signer()
	if err != nil {
		t.Fatal(err)
	}
	if th.base, err = signer.SignPath(th.prefix, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for name, content := range filmObjects() {
		if bucket != nil {
			bucket.objects["/lyceum/"+th.prefix.String()+name] = content
			continue
		}
		th.put(t, name, content)
	}
	return th
}

func (th *theatre) put(t *testing.T, name, content string) {
	t.Helper()
	key, err := blob.ParseKey(th.prefix.String() + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := th.blobs.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "video/mp4", Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
}

// ask sends a path as it is, and follows nothing.
func (th *theatre) ask(t *testing.T, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", th.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	lines := append([]string{method + " " + path + " HTTP/1.1", "Host: acme.localhost", "Connection: close"}, header...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res, string(body)
}

// mediaBytes asks for everything in every way, and counts the bytes of media that come. Statuses are those that a
// signed path may be answered with.
func (th *theatre) mediaBytes(t *testing.T, statuses ...int) int {
	t.Helper()
	count := 0
	for name := range filmObjects() {
		if strings.HasSuffix(name, ".m3u8") {
			continue
		}
		for _, path := range []string{
			th.base + name, "/" + th.base + name, "/x/.." + th.base + name, "/%76" + th.base[2:] + name, "/blob/" + th.prefix.String() + name,
			"/" + th.prefix.String() + name, "/object/" + th.prefix.String() + name,
		} {
			for _, header := range []string{"X-A: b", "Range: bytes=0-100", "Range: bytes=0-1,5-9", "If-None-Match: *"} {
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
					res, body := th.ask(t, method, path, header)
					count += len(mediaText) * strings.Count(body, mediaText)
					if path == th.base+name && method != http.MethodPost && !slices.Contains(statuses, res.StatusCode) {
						t.Errorf("%s %s: %d, want one of %d", method, path, res.StatusCode, statuses)
					}
				}
			}
		}
	}
	return count
}

// s3Double is as much of a bucket as reading asks for. It counts who reads.
type s3Double struct {
	objects map[string]string
	reads   atomic.Int64
}

func (s *s3Double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, there := s.objects[r.URL.Path]
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method == http.MethodGet {
		s.reads.Add(1)
	}
	w.Header().Set("ETag", `"e"`)
	w.Header().Set("Content-Type", "video/mp4")
	http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), strings.NewReader(content))
}

// TestNoMediaThroughTheAPI runs the ways of delivery that are for production, asks the process for media in every way,
// and counts the bytes that come through it: none. The control is the way for one machine.
func TestNoMediaThroughTheAPI(t *testing.T) {
	t.Parallel()
	bucket := func(t *testing.T) (*s3Double, []string) {
		t.Helper()
		double := &s3Double{objects: map[string]string{}}
		server := httptest.NewServer(double)
		t.Cleanup(server.Close)
		return double, []string{"S3_ENDPOINT=" + server.URL, "S3_BUCKET=lyceum", "S3_ACCESS_KEY=literal:access", "S3_SECRET_KEY=literal:secretsecret"}
	}
	t.Run("a CDN in front of S3", func(t *testing.T) {
		t.Parallel()
		double, environ := bucket(t)
		th := newTheatre(t, double, append(environ, "LYCEUM_MEDIA_URL=https://media.example.org")...)
		if got := th.mediaBytes(t, http.StatusNotFound); got != 0 || double.reads.Load() != 0 {
			t.Errorf("%d bytes of media came through the API, %d were read", got, double.reads.Load())
		}
		if res, _ := th.ask(t, http.MethodGet, th.base+"master.m3u8"); res.StatusCode != http.StatusNotFound {
			t.Errorf("the playlist: %d", res.StatusCode)
		}
	})
	t.Run("nginx in front of files", func(t *testing.T) {
		t.Parallel()
		th := newTheatre(t, nil, "LYCEUM_MEDIA_URL=http://127.0.0.1:8088")
		if got := th.mediaBytes(t, http.StatusNotFound); got != 0 {
			t.Errorf("%d bytes of media came through the API", got)
		}
	})
	t.Run("S3 alone", func(t *testing.T) {
		t.Parallel()
		double, environ := bucket(t)
		th := newTheatre(t, double, environ...)
		if got := th.mediaBytes(t, http.StatusTemporaryRedirect, http.StatusOK); got != 0 || double.reads.Load() != 0 {
			t.Errorf("%d bytes of media came through the API, %d were read", got, double.reads.Load())
		}
		res, list := th.ask(t, http.MethodGet, th.base+"v0/index.m3u8")
		if res.StatusCode != http.StatusOK || strings.Count(list, "X-Amz-Signature=") != 2 || strings.Contains(list, "\n00001.m4s") {
			t.Errorf("the playlist: %d\n%s", res.StatusCode, list)
		}
	})
	t.Run("control: files alone", func(t *testing.T) {
		t.Parallel()
		if got := newTheatre(t, nil).mediaBytes(t, http.StatusOK, http.StatusPartialContent, http.StatusNotModified); got == 0 {
			t.Error("no media came through, and so nothing was counted above")
		}
	})
}

// TestMediaDoor asks the server for one machine: paths that are not clean are refused and not redirected, pages may play
// what is their tenant's, and neither metrics nor logs name tokens.
func TestMediaDoor(t *testing.T) {
	t.Parallel()
	th := newTheatre(t, nil)
	for _, path := range []string{
		"/" + th.base + "poster.jpg", "/x/.." + th.base + "poster.jpg", th.base + "v0/../poster.jpg", th.base + "v0/%2e%2e/poster.jpg", th.base + "/poster.jpg",
		"/%76" + th.base[2:] + "poster.jpg", "/v/", "/v/x", th.base, strings.TrimSuffix(th.base, "/"), "http://acme.localhost" + th.base + "poster.jpg",
	} {
		res, body := th.ask(t, http.MethodGet, path)
		if res.StatusCode != http.StatusForbidden || body != "" || res.Header.Get("Location") != "" {
			t.Errorf("%s: %d %q to %q", path, res.StatusCode, body, res.Header.Get("Location"))
		}
	}
	for origin, want := range map[string]bool{
		"http://acme.localhost:8080": true, "http://localhost:8080": true, "https://app.example.org": true, "http://globex.localhost:8080": false,
		"https://acme.localhost:8080": false, "https://evil.example": false, "null": false, "http://": false, "http://acme.localhost.evil.example": false, "%zz": false,
	} {
		res, _ := th.ask(t, http.MethodGet, th.base+"poster.jpg", "Origin: "+origin)
		if got := res.Header.Get("Access-Control-Allow-Origin"); (got == origin) != want || (got != "" && !want) {
			t.Errorf("%s: allowed %q, want %v", origin, got, want)
		}
	}
	res := httptest.NewRecorder()
	th.metrics.Handler().ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	token := strings.Split(th.base, "/")[2]
	if text := res.Body.String(); strings.Contains(text, token) || !strings.Contains(text, `"/v/"`) {
		t.Error("the metrics have tokens, or no route /v/")
	}
	door, err := th.mediaDoor(http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, th.base+"poster.jpg", http.NoBody)
	res = httptest.NewRecorder()
	door.ServeHTTP(res, req)
	if res.Code != http.StatusOK || req.URL.String() != "/v/" || req.Pattern != "/v/" {
		t.Errorf("%d: traces are told %s, logs %s", res.Code, req.URL, req.Pattern)
	}
}

// TestMediaDoorAsksNoDatabase watches a film: what is signed needs no look-up.
func TestMediaDoorAsksNoDatabase(t *testing.T) {
	t.Parallel()
	th := newTheatre(t, nil)
	handler, err := th.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	ctx, counter := pg.CountStatements(t.Context())
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, th.base+"v0/00001.m4s", http.NoBody)
	res := httptest.NewRecorder()
	handler.ServeHTTP(res, req)
	if n := counter.Load(); res.Code != http.StatusOK || n != 0 {
		t.Errorf("a segment: status %d, %d statements", res.Code, n)
	}
}

func TestDeliveryKeys(t *testing.T) {
	t.Parallel()
	secret, old := strings.Repeat("s", 40), strings.Repeat("o", 40)
	out := filepath.Join(t.TempDir(), "delivery.json")
	run := func(args ...string) (string, error) {
		var said bytes.Buffer
		root := newRoot()
		root.SetOut(&said)
		root.SetErr(&said)
		root.SetArgs(append([]string{"config", "delivery-keys"}, args...))
		err := root.ExecuteContext(t.Context())
		return said.String(), err
	}
	settings := filepath.Join(t.TempDir(), "lyceum.yaml")
	yaml := fmt.Sprintf("signing: {keys: [{id: new, secret: 'literal:%s'}, {id: old, secret: 'literal:%s'}]}\n"+
		"public: {base_domain: learn.example.org, scheme: https}\nhttp: {allowed_origins: ['https://app.example.org']}\n", secret, old)
	if err := os.WriteFile(settings, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := run("--config="+settings, "--out="+out, "--origin=https://learn.acme.example"); err != nil || said != "" {
		t.Fatalf("%v %s", err, said)
	}
	info, err := os.Stat(out)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v): others can read it", info.Mode(), err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var told deliveryFile
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatal(err)
	}
	want := "[https://learn.example.org https://*.learn.example.org https://app.example.org https://learn.acme.example]"
	if fmt.Sprint(told.Origins) != want || len(told.Keys) != 2 || len(told.Keys["new"]) != 64 || told.Keys["new"] == told.Keys["old"] {
		t.Errorf("%s", text)
	}
	if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(fmt.Sprintf("%x", secret))) {
		t.Error("the signing key itself is in it")
	}
	if said, err := run("--config="+settings, "--out="+filepath.Join(t.TempDir(), "absent", "x")); err == nil {
		t.Errorf("written where nothing can be: %s", said)
	}
}
