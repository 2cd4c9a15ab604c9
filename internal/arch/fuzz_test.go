package arch

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFuzzTargetsHaveCorpora makes sure that what fuzzing found so far is tried by every test run: `make fuzz` refuses
// a target of which nothing is committed.
func TestFuzzTargetsHaveCorpora(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "grep", "-oE", `^func Fuzz\w+`, "--", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)^(.+)/[^/]+:func (Fuzz\w+)$`)
	found := target.FindAllStringSubmatch(string(out), -1)
	const least = 30
	if len(found) < least {
		t.Errorf("only %d fuzz targets could be read", len(found))
	}
	for _, match := range found {
		corpus := filepath.Join(match[1], "testdata", "fuzz", match[2])
		files, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--", corpus).Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(files)) == "" {
			t.Errorf("%s in %s has no corpus: commit some of what it found under %s", match[2], match[1], corpus)
		}
	}
}
