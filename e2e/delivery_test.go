package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/delivery"
	"lyceum/internal/platform/blob/file"
)

// signedPaths are the paths that whoever checks them must agree on.
type signedPaths struct {
	Now              int64
	SigningKeys      []struct{ ID, Secret string }
	PathKeys         map[string]string
	Good, Bad, Clock []signedPath
}

type signedPath struct {
	Name, Path, Key string
	Now             int64
	Good            bool
}

// readSignedPaths reads the vectors, and adds each flipped bit of a good path: in the token and in what it is for it is
// bad; in the name below, what the reference makes of it is right.
func readSignedPaths(t *testing.T) (signedPaths, []blob.SigningKey) {
	t.Helper()
	text, err := os.ReadFile("../internal/platform/blob/testdata/paths.json")
	if err != nil {
		t.Fatal(err)
	}
	var v signedPaths
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var keys []blob.SigningKey
	for _, key := range v.SigningKeys {
		keys = append(keys, blob.SigningKey{ID: key.ID, Secret: []byte(key.Secret)})
	}
	reference := pathSigner(t, keys...)
	good := v.Good[1]
	below := strings.Index(good.Path, good.Key) + strings.Index(good.Key, "v0/")
	for i := range len(good.Path) {
		for bit := range 8 {
			changed := []byte(good.Path)
			changed[i] ^= 1 << bit
			p := signedPath{Name: fmt.Sprintf("bit %d of byte %d", bit, i), Path: string(changed)}
			key, err := reference.VerifyPath(p.Path, time.Unix(v.Now, 0))
			switch {
			case changed[i] == '?' && i > below:
				// What is left in front of it is another path, which may be good.
			case err == nil && i < below:
				t.Fatalf("%s: %q is good", p.Name, p.Path)
			case err == nil:
				p.Key = key.String()
				v.Good = append(v.Good, p)
			default:
				v.Bad = append(v.Bad, p)
			}
		}
	}
	return v, keys
}

func pathSigner(t *testing.T, keys ...blob.SigningKey) *blob.Signer {
	t.Helper()
	signer, err := blob.NewSigner(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// shelf is a directory of the file driver that anybody may read, with an object for each of the good vectors whose
// content is its key.
type shelf struct {
	dir   string
	store *file.Store
}

func newShelf(t *testing.T, signer *blob.Signer, good []signedPath) *shelf {
	t.Helper()
	s := &shelf{dir: filepath.Join(openDir(t), "blobs")}
	var err error
	if s.store, err = file.Open(file.Config{Dir: s.dir, BaseURL: "/blob", Signer: signer}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	for _, p := range good {
		if strings.HasPrefix(p.Name, "bit ") {
			continue // Nothing is there.
		}
		s.put(t, p.Key, p.Key)
	}
	return s
}

func (s *shelf) put(t *testing.T, name, content string) {
	t.Helper()
	key, err := blob.ParseKey(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Put(t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "text/html"}); err != nil {
		t.Fatal(err)
	}
	open(t, s.dir)
}

// openDir makes a directory that a server without our rights can enter; those of t.TempDir it cannot.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyceum-delivery-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edgeFiles is where what operators are given is.
const edgeFiles = "../docs/delivery/"

// nobody is who runs the server when the test runs as root.
const nobody = 65534

// open gives a tree to nobody, when we are root; else it is ours, and so is the server.
func open(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nginx is a running server.
type nginx struct {
	address string
	dir     string
	command *exec.Cmd
	output  *bytes.Buffer
}

// nginxModule is what lets nginx run scripts, where Debian puts it.
const nginxModule = "/usr/lib/nginx/modules/ngx_http_js_module.so"

// startNginx runs docs/delivery's configuration unprivileged, with everything in a directory of its own and on a free
// port. Only places are replaced in what operators are given; further are pairs of them.
func startNginx(t *testing.T, storage string, files map[string][]byte, further ...string) *nginx {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	for _, needed := range []string{program, nginxModule} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("%s is not installed (Debian: nginx, libnginx-mod-http-js): THE NGINX CONFIGURATION IS NOT RUN", needed)
		}
	}
	n := &nginx{address: freeAddress(t), dir: openDir(t), output: &bytes.Buffer{}}
	places := strings.NewReplacer(append([]string{
		"/etc/lyceum-media", n.dir, "/run/lyceum-media", n.dir, "/var/cache/lyceum-media", n.dir,
		"listen 8088", "listen " + n.address, "/dev/stdout", n.dir + "/access.log",
	}, further...)...)
	for name, from := range map[string]string{"nginx.conf": "nginx.conf", "lyceum.js": "lyceum.js", "storage.conf": storage} {
		text, err := os.ReadFile(edgeFiles + from)
		if err != nil {
			t.Fatal(err)
		}
		n.write(t, name, []byte(places.Replace(string(text))))
	}
	for name, content := range files {
		n.write(t, name, content)
	}
	open(t, n.dir)
	n.command = exec.Command(program, "-p", n.dir, "-c", filepath.Join(n.dir, "nginx.conf"), "-g", "daemon off;")
	n.command.Stdout, n.command.Stderr = n.output, n.output
	if os.Getuid() == 0 {
		n.command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := n.command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.command.Wait() }()
	t.Cleanup(func() {
		_ = n.command.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil || t.Failed() {
			t.Logf("nginx ended: %v\n%s", err, n.output)
		}
	})
	eventually(t, "nginx answers", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("nginx ended: %v\n%s", err, n.output)
		default:
		}
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", n.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return n
}

func (n *nginx) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(n.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload makes the server read its files again.
func (n *nginx) reload(t *testing.T) {
	t.Helper()
	if err := n.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within 20 s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// reply is an answer that was read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with the path as it is, which no HTTP library would.
func ask(t *testing.T, address, method, path string, header ...string) reply {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	lines := append([]string{method + " " + path + " HTTP/1.1", "Host: media.example.org", "Connection: close"}, header...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %q: %v", method, path, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %q: %v", method, path, err)
	}
	_ = res.Body.Close()
	return reply{status: res.StatusCode, header: res.Header, body: string(body)}
}

// agrees asks a server about all vectors.
func (v signedPaths) agrees(t *testing.T, address string) {
	t.Helper()
	for _, p := range v.Good {
		got := ask(t, address, http.MethodGet, p.Path)
		there := !strings.HasPrefix(p.Name, "bit ")
		switch {
		case there && (got.status != http.StatusOK || got.body != p.Key):
			t.Errorf("%s: %d %q, want %s", p.Name, got.status, got.body, p.Key)
		case !there && got.status != http.StatusNotFound:
			t.Errorf("%s: %q is %d, want 404: it is good, and nothing is there", p.Name, p.Path, got.status)
		}
	}
	malformed := 0
	for _, p := range v.Bad {
		got := ask(t, address, http.MethodGet, p.Path, "Origin: http://acme.localhost:8080")
		if got.status == http.StatusBadRequest && isNoRequestLine(p.Path) {
			malformed++
			continue
		}
		if got.status != http.StatusForbidden || got.body != "" || got.header.Get("ETag") != "" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %q is %d %q %v, want 403 and nothing else", p.Name, p.Path, got.status, got.body, got.header)
		}
	}
	t.Logf("%d good and %d bad paths, of which %d are no request", len(v.Good), len(v.Bad), malformed)
}

// isNoRequestLine reports whether a server may refuse the path before anybody looks at it: it cannot stand in a
// request, or its encoding is broken.
func isNoRequestLine(path string) bool {
	for i := range len(path) {
		if path[i] <= ' ' || path[i] >= 0x7f || path[i] == '%' {
			return true
		}
	}
	return path[0] != '/'
}

// deliveryKeys is what the command writes for an edge.
func deliveryKeys(t *testing.T, keys []blob.SigningKey) []byte {
	t.Helper()
	environ, list := os.Environ(), []string{}
	for _, key := range keys {
		list = append(list, key.ID+"=env:SECRET_"+key.ID)
		environ = append(environ, "SECRET_"+key.ID+"="+string(key.Secret))
	}
	out := filepath.Join(t.TempDir(), "delivery.json")
	command := exec.CommandContext(t.Context(), running.Binary, "config", "delivery-keys", "--out="+out, "--origin=https://learn.acme.example")
	command.Env = slices.Concat(environ, []string{
		"LYCEUM_SIGNING_KEYS=" + strings.Join(list, ","), "LYCEUM_HTTP_ALLOWED_ORIGINS=https://app.example.org",
	})
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("delivery-keys: %v\n%s", err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if bytes.Contains(text, key.Secret) {
			t.Errorf("the edge is given the signing key %s", key.ID)
		}
	}
	return text
}

// TestDeliveryAgrees asks everything that checks signed paths about the same good, bad and flipped ones.
func TestDeliveryAgrees(t *testing.T) {
	v, keys := readSignedPaths(t)
	signer := pathSigner(t, keys...)
	things := newShelf(t, signer, v.Good)
	if len(v.Bad) < 1000 {
		t.Fatalf("%d bad paths: some are gone", len(v.Bad))
	}
	t.Run("Go", func(t *testing.T) {
		server := httptest.NewServer(&delivery.Handler{
			Signer: signer, Objects: things.store, Now: func() time.Time { return time.Unix(v.Now, 0) },
			Allowed: func(context.Context, string, uuid.UUID) bool { return true },
		})
		t.Cleanup(server.Close)
		v.agrees(t, server.Listener.Addr().String())
	})
	t.Run("nginx", func(t *testing.T) {
		n := startNginx(t, "storage-disk.conf", map[string][]byte{"delivery.json": deliveryKeys(t, keys)}, "/var/lib/lyceum/blobs", things.dir)
		v.agrees(t, n.address)
	})
	for _, script := range []string{"lyceum.js", "edge.js"} {
		t.Run(script+" in Node", func(t *testing.T) { v.agreesInNode(t, script) })
	}
}

// TestEdgeFunction lets the edge function answer requests, with a fetch that says what it was asked.
func TestEdgeFunction(t *testing.T) {
	_, keys := readSignedPaths(t)
	key := "t/6f9619ff-8b86-4011-b42d-00cf4fc964ff/1b4e28ba-2fa1-41d2-883f-0016d3cca427/v0/00001.m4s"
	ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "delivery/serve.mjs", edgeModule(t, "edge.js"), signedFor(t, key, time.Hour, keys[0]), key)
	command.Stdin = bytes.NewReader(deliveryKeys(t, keys))
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// edgeModule copies a script to where Node takes it for a module, which it does by the name.
func edgeModule(t *testing.T, script string) string {
	t.Helper()
	text, err := os.ReadFile(edgeFiles + script)
	if err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(t.TempDir(), strings.TrimSuffix(script, ".js")+".mjs")
	if err := os.WriteFile(module, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return module
}

// agreesInNode asks a script about all vectors, and about those with a time of their own.
func (v signedPaths) agreesInNode(t *testing.T, script string) {
	t.Helper()
	module := edgeModule(t, script)
	type asked struct {
		Now  int64  `json:"now"`
		Text []byte `json:"text"`
	}
	var paths []asked
	var want []string
	var names []string
	add := func(p signedPath, now int64, key string) {
		paths, want, names = append(paths, asked{now, []byte(p.Path)}), append(want, key), append(names, p.Name)
	}
	for _, p := range v.Good {
		add(p, v.Now, p.Key)
	}
	for _, p := range v.Bad {
		add(p, v.Now, "")
	}
	for _, p := range v.Clock {
		key := ""
		if p.Good {
			key = p.Path[strings.Index(p.Path, "/t/")+1:]
		}
		add(p, p.Now, key)
	}
	question, err := json.Marshal(map[string]any{"keys": v.PathKeys, "paths": paths})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "delivery/verify.mjs", module)
	command.Stdin = bytes.NewReader(question)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, complaint.String())
	}
	var got []*string
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(want) {
		t.Fatalf("node gave %d answers to %d questions (%v)", len(got), len(want), err)
	}
	for i, key := range got {
		if (key == nil) != (want[i] == "") || (key != nil && *key != want[i]) {
			t.Errorf("%s: %q is %v, want %q", names[i], paths[i].Text, key, want[i])
		}
	}
	t.Logf("%d paths", len(want))
}

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
