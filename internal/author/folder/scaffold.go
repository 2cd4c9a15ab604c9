package folder

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/fault"
)

//go:embed example
var example embed.FS

// Init writes a small course into a new folder: one lesson of each kind, with comments that explain it. The
// slug comes from the title, or from the folder's name where the title has no letters for one. language is
// a BCP 47 tag.
func Init(ctx context.Context, dir, title, language string) error {
	title = course.Line(title)
	slug := cmpOr(course.Keyed(title), course.Keyed(filepath.Base(dir)))
	if err := checkNames(slug, title, language); err != nil {
		return err
	}
	files, err := scaffold(slug, title, language)
	if err != nil {
		return err
	}
	return place(ctx, dir, files, nil, nil)
}

// checkNames applies the rules of courses to what Init is given.
func checkNames(slug, title, language string) error {
	var names fault.Collector
	c := course.Course{Slug: slug, Title: title, Language: language}
	for _, f := range c.Check() {
		given := slices.Contains([]string{"slug", "title", "language"}, f.Path)
		names.Check(!given, f.Path, f.Message)
	}
	return names.Err()
}

// scaffold returns the files of the example with the names filled in.
func scaffold(slug, title, language string) ([]File, error) {
	e := &encoder{}
	inline := func(s string) string { return string(bytes.TrimSpace(e.yaml(scalar(s)))) }
	fill := strings.NewReplacer("$SLUG", inline(slug), "$TITLE", inline(title), "$LANGUAGE", inline(language))
	if e.err != nil {
		return nil, fmt.Errorf("write names: %w", e.err)
	}
	var files []File
	err := fs.WalkDir(example, "example", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := example.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		path = strings.TrimPrefix(path, "example/")
		if path == courseFile {
			data = []byte(fill.Replace(string(data)))
		}
		files = append(files, File{Path: path, Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the example: %w", err)
	}
	return files, nil
}
