package push

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
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
		"the same, also elsewhere": {
			course.MarkdownText("![a](media/a.png) of [b](https://example.org/media/a.png)"),
			course.MarkdownText("![a](asset:a.png) of [b](https://example.org/media/a.png)"),
		},
		"the same, also mentioned": {
			course.MarkdownText("![a](media/a.png) is `media/a.png`"), course.MarkdownText("![a](asset:a.png) is `media/a.png`"),
		},
		"the beginning of another": {
			course.MarkdownText("[a](media/a) [b](media/a.pdf) [c](media/media/a)"),
			course.MarkdownText("[a](asset:a) [b](asset:a.pdf) [c](asset:media/a)"),
		},
		"escaped":               {course.HTMLText(`<img src="media/a&amp;b.png">`), course.HTMLText(`<img src="asset:a&amp;b.png">`)},
		"the word of the marks": {course.MarkdownText("relink0/ [a](media/a)"), course.MarkdownText("relink0/ [a](asset:a)")},
		"no text":               {course.Text{}, course.Text{}},
	} {
		if got := toServer(tt.here); got != tt.there {
			t.Errorf("%s: to the server %q, want %q", name, got, tt.there)
		}
		if got := fromServer(tt.there, nil); got != tt.here {
			t.Errorf("%s: from the server %q, want %q", name, got, tt.here)
		}
	}
}

// TestPulledFilesAreKeptApart pulls files that have one name and differ: a lesson's own, and attachments of two others.
func TestPulledFilesAreKeptApart(t *testing.T) {
	t.Parallel()
	var drafts []*draftLesson
	draft := `[
		{"key": "own", "kind": "FILE", "asset": {"fileName": "notes.pdf", "sha256": "aa"}},
		{"key": "first", "kind": "ARTICLE", "bodyFormat": "MARKDOWN", "body": "[n](asset:notes.pdf#page=2) [x](asset:x/a%20b.pdf)",
			"attachments": [{"name": "notes.pdf", "asset": {"sha256": "bb"}}, {"name": "x/a b.pdf", "asset": {"sha256": "cc"}}]},
		{"key": "second", "kind": "QUIZ", "bodyFormat": "MARKDOWN", "body": "[n](asset:notes.pdf)",
			"attachments": [{"name": "notes.pdf", "asset": {"sha256": "dd"}}, {"name": "x/a b.pdf", "asset": {"sha256": "ee"}}],
			"quiz": {"questions": [{"key": "q", "kind": "SHORT_TEXT", "format": "MARKDOWN", "prompt": "[x](asset:x/a%20b.pdf)?"}]}}
	]`
	if err := json.Unmarshal([]byte(draft), &drafts); err != nil {
		t.Fatal(err)
	}
	p := &pulled{files: map[string]remoteFile{}, captions: map[string]string{}}
	lessons := p.lessons(drafts)
	got := []string{lessons[0].File, lessons[1].Body.Source, lessons[2].Body.Source, lessons[2].Quiz.Questions[0].Prompt}
	want := []string{
		"media/own-notes.pdf", "[n](media/notes.pdf#page=2) [x](media/x/a%20b.pdf)",
		"[n](media/second-notes.pdf)", "[x](media/second-x/a%20b.pdf)?",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	here, err := localState(&course.Course{Modules: []course.Module{{Key: "m", Lessons: lessons}}}, p.digests(), p.open)
	if err != nil {
		t.Fatal(err)
	}
	sums := []string{*here.lessons["own"].AssetId}
	for _, key := range []string{"first", "second"} {
		for _, a := range here.lessons[key].Attachments {
			sums = append(sums, a.AssetId)
		}
	}
	if d := cmp.Diff([]string{"aa", "bb", "cc", "dd", "ee"}, sums); d != "" {
		t.Errorf("what would be pushed again: %s", d)
	}
}

// blank gives a file with nothing in it for every path.
type blank struct{}

func (blank) Open(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }

// TestDigest: a caption file is a file like others where a text leads to it.
func TestDigest(t *testing.T) {
	t.Parallel()
	c := coursetest.Example()
	c.Modules[0].Lessons[0].Body.Source += "\n\n[What is said](media/film.en.vtt)"
	found, err := digest(c, blank{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"media/film.en.vtt", "media/film.mp4", "media/knot.png", "media/sheet.pdf"}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(found))); d != "" {
		t.Error(d)
	}
	if n := len(c.Modules[0].Lessons[1].Video.Captions); n != 2 {
		t.Errorf("the course has lost captions: %d are left", n)
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
