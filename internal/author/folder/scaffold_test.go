package folder_test

import (
	"os"
	"path/filepath"
	"testing"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
)

func TestInit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ title, language, slug string }{
		"plain":                {"Knots for All", "en", "knots-for-all"},
		"a title that is YAML": {`"Knots": #1 & more`, "pt-BR", "knots-1-more"},
		"no letters for a key": {"عُقَد", "ar", "new-course"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "new course")
			if err := folder.Init(t.Context(), dir, tt.title, tt.language); err != nil {
				t.Fatalf("Init: %v", err)
			}
			f, err := folder.Read(t.Context(), dir)
			if err != nil {
				t.Fatalf("Read: %v", violations(err))
			}
			t.Cleanup(func() { closed(t, f) })
			c := f.Course
			if c.Slug != tt.slug || c.Title != tt.title || c.Language != tt.language || len(f.Unused) > 0 {
				t.Errorf("read %q, %q, %q, unused %v", c.Slug, c.Title, c.Language, f.Unused)
			}
			kinds := map[course.LessonKind]bool{}
			for _, m := range c.Modules {
				for _, l := range m.Lessons {
					kinds[l.Kind] = true
				}
			}
			if len(kinds) != 5 {
				t.Errorf("the example shows %v, want every kind", kinds)
			}
			if err := folder.Init(t.Context(), dir, tt.title, tt.language); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("Init twice: %v, want Conflict", err)
			}
		})
	}
}

func TestInitRefuses(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	for name, in := range map[string][2]string{
		"no title": {"", "en"}, "no language": {"Knots", ""}, "odd language": {"Knots", "english please"},
	} {
		if err := folder.Init(t.Context(), filepath.Join(parent, "k"), in[0], in[1]); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: %v, want BadInput", name, err)
		}
	}
	if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
