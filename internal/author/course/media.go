package course

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MediaDir is where the files of a course stand; every media path begins with it and a slash.
const MediaDir = "media"

const (
	maxPathLen = 200
	maxPathDir = 8
)

// MediaPathProblem says in a sentence what is wrong with a media path, or "" when nothing is. A media path
// is "media/…", written with slashes, and can be a file name on every system.
func MediaPathProblem(path string) string {
	rest, found := strings.CutPrefix(path, MediaDir+"/")
	switch {
	case !found || rest == "":
		return "Files stand in the media folder: write media/ and the name."
	case len(path) > maxPathLen:
		return "The path is too long: at most 200 bytes."
	case !utf8.ValidString(path) || !norm.NFC.IsNormalString(path):
		return "The path must be UTF-8 in composed form (NFC)."
	}
	parts := strings.Split(rest, "/")
	if len(parts) > maxPathDir {
		return "The path has too many folders: at most 8."
	}
	for _, part := range parts {
		if problem := nameProblem(part); problem != "" {
			return problem
		}
	}
	return ""
}

func nameProblem(name string) string {
	switch {
	case name == "" || name == "." || name == "..":
		return "The path must not hold empty parts, . or .. ."
	case strings.HasPrefix(name, "."):
		return "Hidden files (names that begin with a dot) do not belong to a course."
	case strings.HasSuffix(name, ".") || strings.TrimSpace(name) != name:
		return "A file name must not begin with a blank nor end with a blank or a dot."
	case strings.ContainsFunc(name, badInName):
		return `A file name must not hold control characters or any of < > : " \ | ? * .`
	case isDevice(name):
		return "This name is reserved on Windows."
	}
	return ""
}

func badInName(r rune) bool {
	return unicode.IsControl(r) || forbidden(r) || r == unicode.ReplacementChar || strings.ContainsRune(`<>:"\|?*`, r)
}

// isDevice tells whether Windows takes the name for a device.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	digit, found := strings.CutPrefix(stem, "COM")
	if !found {
		digit, found = strings.CutPrefix(stem, "LPT")
	}
	return found && len(digit) == 1 && digit >= "1" && digit <= "9"
}

// MediaName makes out of any file name one that a media path may have: blanks become underscores, what is
// not allowed is dropped.
func MediaName(name string) string {
	name = norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return '_'
		case badInName(r), r == '/':
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(name, "")))
	name = strings.Trim(name, ".")
	if len(name) > maxPathLen/2 {
		name = strings.ToValidUTF8(name[len(name)-maxPathLen/2:], "")
		name = strings.TrimLeft(name, ".")
	}
	if name == "" || isDevice(name) {
		name = "file" + name
	}
	return name
}
