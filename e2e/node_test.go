package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// nodeLimit bounds one program of Node.
const nodeLimit = 3 * time.Minute

// TestClients lets GraphQL clients in wide use query, sign in, mutate, subscribe, and come back to what they
// missed.
func TestClients(t *testing.T) {
	node(t, "clients", []string{"clients.mjs", running.URL("")},
		"ADMIN_TOKEN="+as(t, "acme", "admin").Token, "INSTRUCTOR_TOKEN="+as(t, "acme", "instructor").Token)
}

// TestGraphQLOverHTTP runs all audits of graphql-http.
func TestGraphQLOverHTTP(t *testing.T) {
	node(t, "audit", []string{"audit.mjs", running.URL("") + "/graphql"})
}

// TestBrowser opens the pages in Chromium and uses them.
func TestBrowser(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-pictures-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	valid, revoked := certificates(t)
	node(t, "browser", []string{"browser.mjs", pictures},
		"CHROMIUM="+browser, "ACME="+running.URL("acme"), "OPERATORS="+running.AdminURL(),
		"VALID="+valid, "REVOKED="+revoked, "INSTRUCTOR_TOKEN="+as(t, "acme", "instructor").Token)
}

// chromium finds the browser that the system has.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium on PATH: the pages are not looked at")
	return ""
}

// node runs a program of Node in a folder of its own, prints what it says, and fails with it.
func node(t *testing.T, dir string, args []string, environ ...string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skipf("e2e/%s/node_modules is not there: run `make node`", dir)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
	defer cancel()
	command := exec.CommandContext(ctx, "node", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), environ...)
	out, err := command.CombinedOutput()
	t.Logf("e2e/%s:\n%s", dir, out)
	if err != nil {
		t.Errorf("e2e/%s: %v", dir, err)
	}
}

// certificates makes a certificate that is valid and one that was revoked, and returns their codes.
func certificates(t *testing.T) (valid, revoked string) {
	t.Helper()
	c := campusOf(t, "acme")
	good, bad := c.newCertificate(t, "picture"), c.newCertificate(t, "withdrawn")
	c.run(t, c.instructor, `mutation($i: RevokeCertificateInput!) { revokeCertificate(input: $i) { certificate { id } } }`,
		input{"i": input{"certificateId": bad.ID, "reason": "A mistake."}})
	return good.Code, bad.Code
}
