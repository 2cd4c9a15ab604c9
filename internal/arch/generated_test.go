package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// marker is the line by which Go's tools know generated code.
var marker = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// attribute is the line of .gitattributes by which reviews fold it.
var attribute = regexp.MustCompile(`(?m)^internal/gen/\*\* .*linguist-generated=true`)

// misplacedGenerated names generated files outside internal/gen, and files in it that no generator wrote.
func misplacedGenerated(t *testing.T, tree string) []string {
	t.Helper()
	var found []string
	walk(t, tree, func(name string, content []byte) {
		home := strings.HasPrefix(name, "internal/gen/")
		header, _, _ := strings.Cut(string(content), "\npackage ")
		switch generated := marker.MatchString(header); {
		case generated && !home:
			found = append(found, name+" is generated, outside internal/gen")
		case !generated && home:
			found = append(found, name+" is in internal/gen, not marked as generated")
		}
	})
	return found
}

func TestGeneratedCodeHasOneHome(t *testing.T) {
	t.Parallel()
	expect(t, misplacedGenerated(t, ours))
	attributes, err := os.ReadFile(filepath.Join(ours, ".gitattributes"))
	if err != nil {
		t.Fatal(err)
	}
	if !attribute.Match(attributes) {
		t.Error(".gitattributes does not mark internal/gen/** as linguist-generated")
	}
}

func TestGeneratedCodeHasOneHomeFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, misplacedGenerated(t, planted),
		"internal/catalog/generated.go is generated, outside internal/gen",
		"internal/gen/ent/byhand.go is in internal/gen, not marked as generated",
	)
}
