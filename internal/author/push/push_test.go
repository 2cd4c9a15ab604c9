package push

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/author/course"
	"lyceum/internal/author/course/coursetest"
)

func TestLinksGoThereAndBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ here, there course.Text }{
		"picture":        {course.MarkdownText("![a](media/a.png)"), course.MarkdownText("![a](asset:a.png)")},
		"in a folder":    {course.MarkdownText("[a](media/x/a%20b.pdf)"), course.MarkdownText("[a](asset:x/a%20b.pdf)")},
		"html":           {course.HTMLText(`<img src="media/a.png">`), course.HTMLText(`<img src="asset:a.png">`)},
		"elsewhere":      {course.MarkdownText("[a](https://example.org/media/a.png)"), course.MarkdownText("[a](https://example.org/media/a.png)")},
		"only mentioned": {course.MarkdownText("Look into media/b.png."), course.MarkdownText("Look into media/b.png.")},
		"lesson":         {course.MarkdownText("[a](lesson:next)"), course.MarkdownText("[a](lesson:next)")},
		"no text":        {course.Text{}, course.Text{}},
	} {
		if got := toServer(tt.here); got != tt.there {
			t.Errorf("%s: to the server %q, want %q", name, got, tt.there)
		}
		if got := fromServer(tt.there); got != tt.here {
			t.Errorf("%s: from the server %q, want %q", name, got, tt.here)
		}
	}
}

func captions(string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n")), nil
}

func stateOf(t *testing.T, c *course.Course) *state {
	t.Helper()
	files := digests{}
	for _, file := range c.MediaPaths() {
		files[file] = strings.Repeat("ab", 32)
	}
	s, err := localState(c, files, captions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDiff(t *testing.T) {
	t.Parallel()
	empty := &state{}
	first := diff(stateOf(t, coursetest.Example()), empty)
	if len(first) < 3 || first[0] != (Change{What: TheCourse, How: Added}) || first[len(first)-1].What != TheOrder {
		t.Errorf("a new course: %v, want the course first and the order last", first)
	}

	for name, tt := range map[string]struct {
		edit func(c *course.Course)
		want []Change
	}{
		"nothing": {func(*course.Course) {}, nil},
		"title":   {func(c *course.Course) { c.Title += "!" }, []Change{{What: TheCourse, How: Changed}}},
		"free":    {func(c *course.Course) { c.Price = nil }, []Change{{What: TheCourse, How: Changed}}},
		"module": {
			func(c *course.Course) { c.Modules[0].Title += "!" },
			[]Change{{AModule, Changed, coursetest.Example().Modules[0].Key}},
		},
		"lesson": {
			func(c *course.Course) { c.Modules[0].Lessons[0].Title += "!" },
			[]Change{{ALesson, Changed, coursetest.Example().Modules[0].Lessons[0].Key}},
		},
		"rule": {
			func(c *course.Course) { c.Modules[0].Lessons[0].Completion = course.DefaultRule },
			[]Change{{ALesson, Changed, coursetest.Example().Modules[0].Lessons[0].Key}},
		},
		"rule of a module": {
			func(c *course.Course) { c.Modules[0].Completion.Need = course.NeedAll },
			[]Change{{AModule, Changed, coursetest.Example().Modules[0].Key}},
		},
		"rule of the course": {func(c *course.Course) { c.Completion.Count++ }, []Change{{What: TheCourse, How: Changed}}},
		"nothing said of rules": {
			func(c *course.Course) {
				c.Completion, c.Modules[0].Completion, c.Modules[0].Lessons[0].Completion = nil, nil, ""
			}, nil,
		},
		"the default by name": {
			func(c *course.Course) {
				c.Modules[1].Completion = &course.Completion{Need: course.NeedAll}
				c.Modules[1].Lessons[0].Completion = course.DefaultRule
			}, nil,
		},
		"removed lesson": {
			func(c *course.Course) { c.Modules[0].Lessons = c.Modules[0].Lessons[1:] },
			[]Change{{What: TheOrder, How: Changed}},
		},
	} {
		edited, there := coursetest.Example(), stateOf(t, coursetest.Example())
		if name == "free" {
			priced := coursetest.Example()
			priced.Price = &course.Price{Amount: 100, Currency: "EUR"}
			there = stateOf(t, priced)
		}
		there.id = "crs_x"
		tt.edit(edited)
		if d := cmp.Diff(tt.want, diff(stateOf(t, edited), there)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
