package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
)

// signedFor returns the path of a vector's asset, signed with a key for so long from now.
func signedFor(t *testing.T, key string, ttl time.Duration, keys ...blob.SigningKey) string {
	t.Helper()
	parsed, err := blob.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := blob.NewPrefix(parsed.Tenant(), strings.Split(key, "/")[2])
	if err != nil {
		t.Fatal(err)
	}
	path, err := pathSigner(t, keys...).SignPath(prefix, time.Now().Add(ttl))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(path, prefix.String()) + key
}

// answered is what must come of a request.
type answered struct {
	method string
	header []string
	status int
	body   string
	// said are headers of the answer; "" is one that must not be there.
	said map[string]string
}

const (
	keptForever = "private, max-age=31536000, immutable"
	pageOrigin  = "Origin: http://acme.localhost:8080"
)

// edgeAnswers are asked for a segment whose content is its key, of 100 bytes and more.
func edgeAnswers(content, tag string) map[string]answered {
	size := len(content)
	part := func(from, to int) map[string]string {
		return map[string]string{"Content-Range": fmt.Sprintf("bytes %d-%d/%d", from, to-1, size), "Content-Type": "video/iso.segment"}
	}
	return map[string]answered{
		"whole": {http.MethodGet, nil, http.StatusOK, content, map[string]string{
			"Content-Type": "video/iso.segment", "Cache-Control": keptForever, "X-Content-Type-Options": "nosniff", "Vary": "Origin",
			"Content-Security-Policy": "sandbox", "Referrer-Policy": "no-referrer", "Access-Control-Allow-Origin": "", "X-Amz-Request-Id": "",
		}},
		"head":                {http.MethodHead, nil, http.StatusOK, "", map[string]string{"Content-Length": strconv.Itoa(size), "Content-Type": "video/iso.segment"}},
		"first bytes":         {http.MethodGet, []string{"Range: bytes=0-3"}, http.StatusPartialContent, content[:4], part(0, 4)},
		"last bytes":          {http.MethodGet, []string{"Range: bytes=-5"}, http.StatusPartialContent, content[size-5:], part(size-5, size)},
		"from the middle":     {http.MethodGet, []string{"Range: bytes=50-"}, http.StatusPartialContent, content[50:], part(50, size)},
		"beyond the end":      {http.MethodGet, []string{"Range: bytes=9999-"}, http.StatusRequestedRangeNotSatisfiable, "*", nil},
		"the same":            {http.MethodGet, []string{"If-None-Match: " + tag}, http.StatusNotModified, "", map[string]string{"Cache-Control": keptForever}},
		"another":             {http.MethodGet, []string{`If-None-Match: "x"`}, http.StatusOK, content, nil},
		"a range of the same": {http.MethodGet, []string{"Range: bytes=0-3", "If-Range: " + tag}, http.StatusPartialContent, content[:4], part(0, 4)},
		"a range of another":  {http.MethodGet, []string{"Range: bytes=0-3", `If-Range: "x"`}, http.StatusOK, content, nil},
		"a tenant's page":     {http.MethodGet, []string{pageOrigin}, http.StatusOK, content, map[string]string{"Access-Control-Allow-Origin": pageOrigin[8:]}},
		"a listed page": {http.MethodGet, []string{"Origin: https://app.example.org"}, http.StatusOK, content, map[string]string{
			"Access-Control-Allow-Origin": "https://app.example.org", "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
		}},
		"a tenant's domain": {http.MethodGet, []string{"Origin: https://learn.acme.example"}, http.StatusOK, content, map[string]string{
			"Access-Control-Allow-Origin": "https://learn.acme.example",
		}},
		"another's page": {http.MethodGet, []string{"Origin: https://evil.example"}, http.StatusOK, content, map[string]string{"Access-Control-Allow-Origin": ""}},
		"a page with our end": {http.MethodGet, []string{"Origin: http://evil.example/.localhost:8080"}, http.StatusOK, content, map[string]string{
			"Access-Control-Allow-Origin": "",
		}},
		"a preflight": {http.MethodOptions, []string{pageOrigin, "Access-Control-Request-Method: GET"}, http.StatusNoContent, "", map[string]string{
			"Access-Control-Allow-Origin": pageOrigin[8:], "Access-Control-Allow-Methods": "GET, HEAD",
		}},
		"writing":  {http.MethodPut, []string{"Content-Length: 0"}, http.StatusMethodNotAllowed, "", nil},
		"deleting": {http.MethodDelete, nil, http.StatusMethodNotAllowed, "", nil},
	}
}

// check asks for a path in a way and compares.
func (want answered) check(t *testing.T, name, address, path string) {
	t.Helper()
	got := ask(t, address, want.method, path, want.header...)
	if got.status != want.status || (got.body != want.body && want.body != "*") {
		t.Errorf("%s: %d %q, want %d %q", name, got.status, got.body, want.status, want.body)
	}
	for header, value := range want.said {
		if said := strings.Join(got.header.Values(header), " | "); said != value {
			t.Errorf("%s: %s is %q, want %q", name, header, said, value)
		}
	}
}

// TestDeliveryByNginx asks nginx over files for ranges, conditionally and from pages; then the keys are rotated.
func TestDeliveryByNginx(t *testing.T) {
	v, keys := readSignedPaths(t)
	current, old := keys[0], keys[1]
	things := newShelf(t, pathSigner(t, keys...), v.Good)
	segment, playlist := v.Good[1].Key, v.Good[0].Key
	upload := strings.Replace(playlist, "master.m3u8", "original", 1)
	things.put(t, upload, "as it came")
	n := startNginx(t, "storage-disk.conf", map[string][]byte{"delivery.json": deliveryKeys(t, keys)}, "/var/lib/lyceum/blobs", things.dir)
	path := signedFor(t, segment, time.Hour, current)
	tag := ask(t, n.address, http.MethodGet, path).header.Get("ETag")
	for name, want := range edgeAnswers(segment, tag) {
		want.check(t, name, n.address, path)
	}
	brief := map[string]string{"Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "private, max-age=60"}
	answered{http.MethodGet, nil, http.StatusOK, playlist, brief}.check(t, "playlist", n.address, signedFor(t, playlist, time.Hour, current))
	for name, target := range map[string]string{
		"an upload as it came": signedFor(t, upload, time.Hour, current), "what is not there": strings.Replace(path, "00001", "00002", 1),
		"a folder with an extension": strings.Replace(path, "v0/00001", "v0", 1), "inside, from outside": "/object/" + segment,
	} {
		got := ask(t, n.address, http.MethodGet, target)
		if got.status != http.StatusNotFound || strings.Contains(got.body, segment) || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q %v", name, got.status, got.body, got.header)
		}
	}
	n.rotates(t, segment, current, old)
	n.keepsTokens(t, path)
}

// rotates takes the old key away, and a third one in: what is signed with the one in between is good all the time.
func (n *nginx) rotates(t *testing.T, segment string, current, old blob.SigningKey) {
	t.Helper()
	next := blob.SigningKey{ID: "k3", Secret: []byte(strings.Repeat("the next key of all ", 3))}
	byOld, byCurrent, byNext := signedFor(t, segment, time.Hour, old), signedFor(t, segment, time.Hour, current), signedFor(t, segment, time.Hour, next)
	status := func(path string) int { return ask(t, n.address, http.MethodGet, path).status }
	if a, b, c := status(byOld), status(byCurrent), status(byNext); a != http.StatusOK || b != http.StatusOK || c != http.StatusForbidden {
		t.Errorf("before the rotation: %d %d %d", a, b, c)
	}
	n.write(t, "delivery.json", deliveryKeys(t, []blob.SigningKey{next, current}))
	open(t, n.dir)
	n.reload(t)
	eventually(t, "the next key is known, and the old one is not", func() bool {
		if got := status(byCurrent); got != http.StatusOK {
			t.Fatalf("the key in between: %d", got)
		}
		return status(byNext) == http.StatusOK && status(byOld) == http.StatusForbidden
	})
	// Two seconds are enough to be asked once before the end; after it nothing is given.
	ending := signedFor(t, segment, 2*time.Second, next)
	if got := status(ending); got != http.StatusOK {
		t.Errorf("before its end: %d", got)
	}
	eventually(t, "the path ends", func() bool { return status(ending) == http.StatusForbidden })
}

// keepsTokens reads the log: who may read it may not play.
func (n *nginx) keepsTokens(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	token := strings.Split(path, "/")[2]
	if !strings.Contains(string(text), "00001.m4s") || strings.Contains(string(text), token) {
		t.Errorf("the log has no keys, or tokens:\n%.500s", text)
	}
}

// TestDeliveryByTheServer asks the running server, which serves files itself, with the keys that it keeps.
func TestDeliveryByTheServer(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(running.Home, "secrets.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		SigningKey string `json:"signing_key"`
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	key := blob.SigningKey{ID: "dev", Secret: []byte(kept.SigningKey)}
	films, err := file.Open(file.Config{Dir: filepath.Join(running.Home, "blobs"), BaseURL: "/blob", Signer: pathSigner(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = films.Close() })
	segment, err := blob.NewKey(uuid.New(), uuid.NewString(), "v0", "00001.m4s")
	if err != nil {
		t.Fatal(err)
	}
	name := segment.String()
	if _, err := films.Put(t.Context(), segment, strings.NewReader(name), blob.PutRule{ContentType: "video/mp4"}); err != nil {
		t.Fatal(err)
	}
	path := signedFor(t, name, time.Minute, key)
	address := fmt.Sprintf("127.0.0.1:%d", running.Port)
	answered{http.MethodGet, nil, http.StatusOK, name, map[string]string{"Content-Type": "video/iso.segment", "Cache-Control": keptForever}}.
		check(t, "whole", address, path)
	answered{http.MethodGet, []string{"Range: bytes=0-3"}, http.StatusPartialContent, name[:4], nil}.check(t, "first bytes", address, path)
	token := strings.Split(path, "/")[2]
	for what, bad := range map[string]string{
		"another end": strings.Replace(path, "/v/1", "/v/2", 1), "another tenant": strings.Replace(path, segment.Tenant().String(), uuid.NewString(), 1),
		"encoded dots": strings.Replace(path, "/v0/", "/x/%2e%2e/v0/", 1), "dots": strings.Replace(path, "/v0/", "/x/../v0/", 1),
		"no token": strings.Replace(path, token, "", 1), "an old path": signedFor(t, name, -time.Second, key),
		"another key": signedFor(t, name, time.Minute, blob.SigningKey{ID: "dev", Secret: []byte(strings.Repeat("x", 52))}),
	} {
		answered{http.MethodGet, nil, http.StatusForbidden, "", map[string]string{"Location": ""}}.check(t, what, address, bad)
	}
	if output := running.Output(); strings.Contains(output, token) {
		t.Error("the server logs tokens")
	}
}

// bucket is a store that speaks as much of S3 as nginx asks for, and counts.
type bucket struct {
	content map[string]string
	secret  string

	mu     sync.Mutex
	asked  []string
	refuse int
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked = append(b.asked, r.URL.Path+" "+r.Header.Get("Range"))
	refuse := b.refuse
	b.mu.Unlock()
	w.Header().Set("X-Amz-Request-Id", "secret")
	w.Header().Set("Cache-Control", "public, max-age=1")
	content, there := b.content[r.URL.Path]
	switch {
	case refuse != 0:
		http.Error(w, "<Error>secret</Error>", refuse)
	case r.URL.Query().Get("X-Amz-Signature") != b.signature(r), len(r.Header["Cookie"]) > 0, r.Header.Get("Origin") != "":
		http.Error(w, "<Error>SignatureDoesNotMatch</Error>", http.StatusForbidden)
	case !there:
		http.Error(w, "<Error>AccessDenied secret</Error>", http.StatusForbidden)
	default:
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("ETag", `"`+fmt.Sprintf("%x", sha256.Sum256([]byte(content)))+`"`)
		http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), strings.NewReader(content))
	}
}

// signature is what Signature Version 4 asks of a GET that is signed in its query.
func (b *bucket) signature(r *http.Request) string {
	query := r.URL.Query()
	query.Del("X-Amz-Signature")
	scope := strings.Split(query.Get("X-Amz-Credential"), "/")[1:]
	canonical := sha256.Sum256([]byte(strings.Join([]string{r.Method, r.URL.Path, query.Encode(), "host:" + r.Host, "", "host", "UNSIGNED-PAYLOAD"}, "\n")))
	sum := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		_, _ = h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := []byte("AWS4" + b.secret)
	for _, part := range scope {
		key = sum(key, part)
	}
	return hex.EncodeToString(sum(key, strings.Join([]string{
		"AWS4-HMAC-SHA256", query.Get("X-Amz-Date"), strings.Join(scope, "/"), hex.EncodeToString(canonical[:]),
	}, "\n")))
}

func (b *bucket) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

func (b *bucket) refuses(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = status
}

// TestDeliveryFromS3 asks nginx in front of a bucket. All who watch share what one of them fetched, and S3 never hears of
// their tokens.
func TestDeliveryFromS3(t *testing.T) {
	v, keys := readSignedPaths(t)
	segment := v.Good[1].Key
	film := strings.Replace(segment, "00001.m4s", "film.mp4", 1)
	long := strings.Repeat("0123456789abcdef", 10<<20/16)
	s3 := &bucket{secret: "read/only+secret", content: map[string]string{"/media/" + segment: segment, "/media/" + film: long}}
	server := httptest.NewServer(s3)
	t.Cleanup(server.Close)
	storage, err := json.Marshal(map[string]string{
		"scheme": "http", "host": server.Listener.Addr().String(), "region": "eu-central-1", "bucket": "media", "accessKey": "AKIDEXAMPLE", "secretKey": s3.secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	n := startNginx(t, "storage-s3.conf", map[string][]byte{"delivery.json": deliveryKeys(t, keys), "storage.json": storage})
	path := signedFor(t, segment, time.Hour, keys[0])
	tag := ask(t, n.address, http.MethodGet, path, "Cookie: session=1", pageOrigin).header.Get("ETag")
	for name, want := range edgeAnswers(segment, tag) {
		want.check(t, name, n.address, path)
	}
	again := signedFor(t, segment, 2*time.Hour, keys[1])
	answered{http.MethodGet, nil, http.StatusOK, segment, map[string]string{"Access-Control-Allow-Origin": ""}}.check(t, "another viewer", n.address, again)
	whole := 0
	for _, asked := range s3.requests() {
		if asked == "/media/"+segment+" bytes=0-4194303" {
			whole++
		} else if strings.Contains(asked, "/v/") {
			t.Errorf("S3 is told %q", asked)
		}
	}
	if whole != 1 {
		t.Errorf("the segment was fetched %d times: %q", whole, s3.requests())
	}
	// A range of a long object fetches its slice alone.
	got := ask(t, n.address, http.MethodGet, signedFor(t, film, time.Hour, keys[0]), "Range: bytes=5000000-5000015")
	if got.status != http.StatusPartialContent || got.body != long[5000000:5000016] || got.header.Get("Content-Range") != fmt.Sprintf("bytes 5000000-5000015/%d", len(long)) {
		t.Errorf("a range of the film: %d %.50q %v", got.status, got.body, got.header)
	}
	if asked := s3.requests(); asked[len(asked)-1] != "/media/"+film+" bytes=4194304-8388607" {
		t.Errorf("S3 was asked for %q", asked[len(asked)-1])
	}
	if got := ask(t, n.address, http.MethodGet, signedFor(t, film, time.Hour, keys[0])); got.status != http.StatusOK || got.body != long {
		t.Errorf("the film: %d, %d bytes, want %d", got.status, len(got.body), len(long))
	}
	absent := ask(t, n.address, http.MethodGet, strings.Replace(path, "00001", "00002", 1))
	s3.refuses(http.StatusServiceUnavailable)
	down := ask(t, n.address, http.MethodGet, strings.Replace(path, "00001", "00003", 1))
	if absent.status != http.StatusNotFound || down.status != http.StatusServiceUnavailable || strings.Contains(absent.body+down.body, "secret") {
		t.Errorf("absent: %d %q; down: %d %q", absent.status, absent.body, down.status, down.body)
	}
	answered{http.MethodGet, nil, http.StatusOK, segment, nil}.check(t, "kept, while S3 is down", n.address, path)
	before := len(s3.requests())
	if got := ask(t, n.address, http.MethodGet, signedFor(t, segment, -time.Second, keys[0])); got.status != http.StatusForbidden || len(s3.requests()) != before {
		t.Errorf("kept, with an old token: %d", got.status)
	}
}
