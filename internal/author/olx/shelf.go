package olx

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"lyceum/internal/author/course"
)

const staticDir = "static/"

// shelf holds the media of the course that is being made: files of the export, and files made on the way.
type shelf struct {
	export *export
	// names leads from the names that addresses may use to the paths of static files.
	names map[string]string
	// paths are the media paths given to static files, and taken the media paths in lower case.
	paths map[string]string
	taken map[string]bool
	// made are files that the export does not have as such.
	made map[string][]byte
	// turned are static files that became something else: their targets.
	turned map[string]string
}

func newShelf(e *export) *shelf {
	s := &shelf{
		export: e, names: map[string]string{}, paths: map[string]string{}, taken: map[string]bool{},
		made: map[string][]byte{}, turned: map[string]string{},
	}
	for _, file := range sortedKeys(e.files) {
		if name, found := strings.CutPrefix(file, staticDir); found {
			s.names[normal(name)] = file
		}
	}
	for file := range e.files {
		if name, found := strings.CutPrefix(file, staticDir); found {
			s.names[name] = file
		}
	}
	return s
}

// normal writes a file's name as the platform does in addresses: with an underscore for everything odd.
func normal(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_.-~/", r) {
			return r
		}
		return '_'
	}, name)
}

// find returns the path of the static file that an address calls name, or "".
func (s *shelf) find(name string) string {
	if file := s.names[name]; file != "" {
		return file
	}
	if decoded, err := url.PathUnescape(name); err == nil {
		name = decoded
	}
	return cmp.Or(s.names[name], s.names[normal(name)])
}

// put takes a static file into the course and returns its media path. ok is false for files that lessons
// do not show: scripts, style sheets, web pages.
func (s *shelf) put(file string) (media string, ok bool) {
	if isActive(file) {
		return "", false
	}
	if s.paths[file] == "" {
		s.paths[file] = s.free(course.MediaName(path.Base(file)))
	}
	return s.paths[file], true
}

// isActive tells whether a file is code or serves code.
func isActive(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".html", ".htm", ".xhtml", ".js", ".mjs", ".css", ".map", ".swf", ".woff", ".woff2", ".ttf", ".eot", ".otf", ".php", ".py", ".jar", ".exe":
		return true
	default:
		return false
	}
}

// free returns a media path for a name that no other file has, in capitals or not.
func (s *shelf) free(name string) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; ; n++ {
		candidate := course.MediaDir + "/" + name
		if n > 1 {
			candidate = fmt.Sprintf("%s/%s-%d%s", course.MediaDir, stem, n, ext)
		}
		if !s.taken[strings.ToLower(candidate)] {
			s.taken[strings.ToLower(candidate)] = true
			return candidate
		}
	}
}

// make adds a file that was made of a static file, or of nothing when from is "".
func (s *shelf) make(name, from string, data []byte) string {
	media := s.free(course.MediaName(name))
	s.made[media] = data
	if from != "" {
		s.turned[from] = media
	}
	return media
}

// open implements folder.Opener.
func (s *shelf) open(media string) (io.ReadCloser, error) {
	if data, found := s.made[media]; found {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	for file, to := range s.paths {
		if to != media {
			continue
		}
		f, err := s.export.fsys.Open(file)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", file, err)
		}
		return f, nil
	}
	return nil, fmt.Errorf("the course has no file %s", media)
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
