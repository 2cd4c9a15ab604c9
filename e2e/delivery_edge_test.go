package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/delivery"
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
			key, _, err := reference.VerifyPath(p.Path, time.Unix(v.Now, 0))
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
