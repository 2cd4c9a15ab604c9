package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWorkDir: a home that others may pass through has the directory in it; a shut one has it outside, for root, at the
// same place each time.
func TestWorkDir(t *testing.T) {
	t.Parallel()
	top, err := os.MkdirTemp("", "lyceum-workdir-") //nolint:usetesting // Nobody else may pass through those of tests.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o711); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"open": 0o711, "shut": 0o700} {
		home := filepath.Join(top, name)
		if err := os.Mkdir(home, mode); err != nil {
			t.Fatal(err)
		}
		dir, err := WorkDir(home, "work", "nobody")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if !strings.HasPrefix(dir, top) {
				_ = os.RemoveAll(filepath.Dir(dir))
			}
		})
		if inside := dir == filepath.Join(home, "work"); inside != (name == "open" || os.Geteuid() != 0) {
			t.Errorf("the directory of a home that is %s: %s", name, dir)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", dir, err)
		}
		if again, err := WorkDir(home, "work", "nobody"); err != nil || again != dir {
			t.Errorf("then %s (%v), before %s", again, err, dir)
		}
		user, err := unprivileged("nobody")
		if err != nil || !user.reaches(dir) {
			t.Errorf("nobody reaches %s: %v", dir, err)
		}
	}
	if _, err := WorkDir(filepath.Join(top, "open"), "work", "no-such-user-here"); (err != nil) != (os.Geteuid() == 0) {
		t.Errorf("for a user that there is not: %v", err)
	}
}
