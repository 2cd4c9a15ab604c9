package transport_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The server audits of graphql-http, by their own code, where Node and the packages are there:
// npm ci in e2e/audit installs them.
func TestServerAudits(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "e2e", "audit")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "graphql-http")); err != nil {
		t.Skip("graphql-http is not installed: run npm ci in e2e/audit")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node here")
	}
	s := serve(t, options{})
	out, err := exec.CommandContext(t.Context(), node, filepath.Join(dir, "audit.mjs"), s.URL).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
