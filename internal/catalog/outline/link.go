package outline

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

// FileScheme begins the address by which a text names one of its lesson's files: "asset:plan.pdf". It stays
// in what is published; readers get a signed address in its place.
const FileScheme = "asset:"

// FileName returns the name in such an address, decoded, and whether it is one. What follows the name
// ("#page=2") is not part of it.
func FileName(address string) (string, bool) {
	name, _, ok := splitFile(address)
	return name, ok
}

// LessonScheme begins the address of another lesson of the same course: "lesson:the-bowline". It stays in
// what readers get, who find the lesson by its key in the outline.
const LessonScheme = "lesson:"

// LessonKey returns the key in such an address, and whether it is one.
func LessonKey(address string) (string, bool) {
	rest, found := strings.CutPrefix(address, LessonScheme)
	key, _, _ := strings.Cut(rest, "#")
	return key, found
}

func splitFile(address string) (name, fragment string, ok bool) {
	rest, found := strings.CutPrefix(address, FileScheme)
	if !found {
		return "", "", false
	}
	rest, fragment, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	name, err := url.PathUnescape(rest)
	return name, fragment, err == nil && name != ""
}

// fileLink finds such addresses in sanitised HTML. There every value of an attribute stands in double
// quotes, and a quote anywhere else is escaped, so that no text looks like this.
var fileLink = regexp.MustCompile(` (href|src)="(asset:[^"]*)"`)

// LinkFiles puts the address of each named file into sanitised HTML. Where there is none, the link or image
// loses its address and nothing else.
func LinkFiles(sanitised string, address func(name string) (string, bool)) string {
	return fileLink.ReplaceAllStringFunc(sanitised, func(attribute string) string {
		parts := fileLink.FindStringSubmatch(attribute)
		name, fragment, ok := splitFile(html.UnescapeString(parts[2]))
		if !ok {
			return ""
		}
		target, ok := address(name)
		if !ok {
			return ""
		}
		if fragment != "" {
			target += "#" + fragment
		}
		return " " + parts[1] + `="` + html.EscapeString(target) + `"`
	})
}
