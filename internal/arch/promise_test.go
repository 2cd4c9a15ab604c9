package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promise is a row of docs/promises.md: what is promised, and where it is proven.
var promise = regexp.MustCompile("^\\| .+ \\| `([^`]+)` (Test\\w+) \\|$")

// TestPromisesHaveTests makes sure that the test of each promise still exists.
func TestPromisesHaveTests(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "promises.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(page)) {
		match := promise.FindStringSubmatch(strings.TrimSpace(line))
		if match == nil {
			continue
		}
		found++
		dir := filepath.Join(root, match[1])
		if err := exec.CommandContext(t.Context(), "grep", "-rqE", `^func `+match[2]+`\(`, "--include=*_test.go", dir).Run(); err != nil {
			t.Errorf("no test %s in %s: %s", match[2], match[1], strings.TrimSpace(line))
		}
	}
	const least = 20
	if found < least {
		t.Errorf("only %d promises could be read", found)
	}
}

// testName is the name of a test, benchmark or fuzz target.
var testName = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w+`)

// TestNamedTestsExist makes sure that every test which a page names exists somewhere.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var pages []string
	for _, place := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(place)))
		if err != nil || len(found) == 0 {
			t.Fatalf("%d pages at %s: %v", len(found), place, err)
		}
		pages = append(pages, found...)
	}
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "grep", "-hoE", `^func (Test|Benchmark|Fuzz)\w+`, "--", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		exists[strings.TrimPrefix(strings.TrimSpace(line), "func ")] = true
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range testName.FindAllString(string(text), -1) {
			if !exists[named] {
				t.Errorf("%s names %s, which does not exist", filepath.Base(page), named)
			}
		}
	}
}
