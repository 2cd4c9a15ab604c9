package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/internal/fault"
)

// reset runs the command and returns what it said.
func reset(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var said bytes.Buffer
	root := newRoot()
	root.SetOut(&said)
	root.SetArgs(append([]string{"reset"}, args...))
	err := root.ExecuteContext(t.Context())
	return said.String(), err
}

func TestReset(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.MkdirAll(filepath.Join(home, "blobs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if said, err := reset(t, "--home="+home, "--dry-run"); err != nil || !strings.Contains(said, home) {
		t.Errorf("dry: %q (%v)", said, err)
	}
	if _, err := os.Stat(filepath.Join(home, "blobs")); err != nil {
		t.Errorf("a dry run deletes: %v", err)
	}
	for range 2 { // again changes nothing
		if _, err := reset(t, "--home="+home); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(home); !os.IsNotExist(err) {
			t.Errorf("it is still there: %v", err)
		}
	}
}

// TestResetSparesOthers: what is not Lyceum's alone stays, by whatever name it is called.
func TestResetSparesOthers(t *testing.T) {
	t.Parallel()
	for _, home := range []string{".", "..", "/"} { // dry, for a mistake here would be felt
		if said, err := reset(t, "--home="+home, "--dry-run"); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s: %q (%v)", home, said, err)
		}
	}
	dir := t.TempDir()
	inside, linked := filepath.Join(dir, "home", "work"), filepath.Join(dir, "link")
	if err := os.MkdirAll(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "home"), linked); err != nil {
		t.Fatal(err)
	}
	place := func() (string, error) { return inside, nil }
	nowhere := func() (string, error) { return "", os.ErrNotExist }
	for home, spared := range map[string]bool{
		filepath.Join(dir, "home"): true, linked: true, inside: true, dir: true,
		filepath.Join(dir, "home", "other"): false, filepath.Join(dir, "ho"): false, filepath.Join(inside, "below"): false,
	} {
		if err := spare(home, nowhere, place); (fault.CodeOf(err) == fault.Conflict) != spared {
			t.Errorf("%s: %v, want it spared: %t", home, err, spared)
		}
	}
}
