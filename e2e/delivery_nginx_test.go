package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
)

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
