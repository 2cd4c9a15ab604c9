package folder_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lyceum/internal/author/course"
	"lyceum/internal/author/course/coursetest"
	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
)

// shelf is media held in memory.
type shelf map[string]string

func (s shelf) Open(path string) (io.ReadCloser, error) {
	data, ok := s[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(strings.NewReader(data)), nil
}

func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// files returns the rendered course as a file system, with a file for every media path.
func files(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, c *course.Course,
) fstest.MapFS {
	t.Helper()
	rendered, err := folder.Render(c)
	if err != nil {
		t.Fatalf("Render: %v\n%v", err, c.Check())
	}
	fsys := fstest.MapFS{}
	for _, f := range rendered {
		fsys[f.Path] = &fstest.MapFile{Data: f.Data}
	}
	for _, path := range c.MediaPaths() {
		fsys[path] = &fstest.MapFile{Data: []byte("x")}
	}
	return fsys
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		c := coursetest.Course().Draw(t, "course")
		written := files(t, c)
		read, err := folder.ReadFS(ctx, written)
		if err != nil {
			t.Fatalf("ReadFS: %v", violations(err))
		}
		if diff := cmp.Diff(c, read.Course); diff != "" {
			t.Fatalf("the course changed (-written +read):\n%s", diff)
		}
		for path, again := range files(t, read.Course) {
			if !bytes.Equal(again.Data, written[path].Data) {
				t.Fatalf("%s changed:\n%s\n---\n%s", path, written[path].Data, again.Data)
			}
		}
	})
}

func TestExampleReadsAsWritten(t *testing.T) {
	t.Parallel()
	want := coursetest.Example()
	got, err := folder.ReadFS(t.Context(), files(t, want))
	if err != nil {
		t.Fatalf("ReadFS: %v", violations(err))
	}
	if diff := cmp.Diff(want, got.Course); diff != "" {
		t.Errorf("course (-want +got):\n%s", diff)
	}
}

// TestRenderReadsWell pins how files look to the people who edit them.
func TestRenderReadsWell(t *testing.T) {
	t.Parallel()
	rendered, err := folder.Render(coursetest.Example())
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	var b strings.Builder
	for _, f := range rendered {
		b.WriteString("==> " + f.Path + " <==\n" + string(f.Data))
	}
	golden(t, "testdata/example.txt", b.String())
}

// golden compares with a file; LYCEUM_UPDATE=1 rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("LYCEUM_UPDATE") != "" {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// violations are the mistakes as people read them.
func violations(err error) []string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return []string{"no fault: " + err.Error()}
	}
	lines := make([]string, 0, len(f.Violations))
	for _, v := range f.Violations {
		lines = append(lines, v.Field+": "+v.Message)
	}
	return lines
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	const quiz = "02-practice/01-quiz.yaml"
	tests := map[string]struct {
		change map[string]string // file to contents; "" removes it
		want   []string
	}{
		"no course file": {
			map[string]string{"course.yaml": ""},
			[]string{"course.yaml: There is no course.yaml: it holds the course's slug, title and language."},
		},
		"unknown keys": {
			map[string]string{"course.yaml": "slug: knots\ntitel: Knots\nlanguage: en\ntitle: Knots\n"},
			[]string{"course.yaml:2: “titel” means nothing here. Did you mean “title”?"},
		},
		"a key twice": {
			map[string]string{"course.yaml": "slug: knots\ntitle: A\ntitle: B\nlanguage: en\n"},
			[]string{"course.yaml:3: “title” stands here twice."},
		},
		"several at once": {
			map[string]string{"course.yaml": "slug: Knots!\ntitle: [a]\nlanguage: en\nlevel: begginer\nprice: 12\ncertificate: maybe\n"},
			[]string{
				"course.yaml:1: The slug “Knots!” must be lower-case letters a to z and digits, in words joined by single hyphens, at most 100 long.",
				"course.yaml:2: “title” is one value, not a list or a block of keys.",
				"course.yaml:4: “begginer” is not a level: write beginner, intermediate, advanced or all. Did you mean “beginner”?",
				"course.yaml:5: The price is “free”, or an amount and a currency such as “49.00 EUR”, not “12”.",
				"course.yaml:6: “certificate” is true or false.",
			},
		},
		"broken YAML": {
			map[string]string{"course.yaml": "slug: knots\ntitle: a: b\n"},
			[]string{"course.yaml:2: This is not well-formed YAML: mapping values are not allowed in this context."},
		},
		"anchors": {
			map[string]string{"course.yaml": "slug: &a knots\ntitle: *a\nlanguage: en\n"},
			[]string{"course.yaml:1: Anchors (&) and aliases (*) are not used in courses. Put the text in quotes if it begins so."},
		},
		"tags": {
			map[string]string{"course.yaml": "slug: knots\ntitle: !!binary aGk=\nlanguage: en\n"},
			[]string{"course.yaml:2: Tags (!) are not used in courses. Put the text in quotes if it begins so."},
		},
		"Latin-1": {
			map[string]string{"course.yaml": "slug: knots\ntitle: \xe9\nlanguage: en\n"},
			[]string{"course.yaml: The file is not UTF-8 text. Save it as UTF-8."},
		},
		"an article without a head": {
			map[string]string{"01-start/01-hello.md": "# Hello\n"},
			[]string{"01-start/01-hello.md:1: An article begins with a line ---, then “title: …”, then a line --- again."},
		},
		"a link that leads nowhere": {
			map[string]string{"01-start/01-hello.md": "---\ntitle: Hello\n---\n\n\nOne\n\n[two](lesson:filn) and\n![three](media/knott.png)\n"},
			[]string{
				"01-start/01-hello.md:8: The text links to the lesson “filn”, which is not in this course.",
				"01-start/01-hello.md:9: There is no file “media/knott.png”. Did you mean “media/knot.png”?",
			},
		},
		"a mistake in a head": {
			map[string]string{"01-start/01-hello.md": "---\ntitle: Hello\nrequird: true\n---\nx\n"},
			[]string{"01-start/01-hello.md:3: “requird” means nothing here. Did you mean “required”?"},
		},
		"no kind": {
			map[string]string{quiz: "title: Quiz\n"},
			[]string{quiz + ": Say which kind of lesson this is: “kind: video”, quiz, file or link."},
		},
		"a quiz full of mistakes": {
			map[string]string{quiz: strings.Join([]string{
				"title: Quiz", "kind: quiz", "pass_mark: lots", "time_limit: 20", "questions:",
				"  - key: a", "    kind: single_choice", "    prompt: Which?", "    choices:",
				"      - key: x", "        text: One", "        correct: true",
				"      - key: x", "        text: Two", "        corect: true",
				"  - key: b", "    kind: numeric", "    prompt: How many?", "    answer: many", "    tolerance: -1%",
				"  - key: c", "    kind: numric", "    prompt: How many?",
				"  - key: d", "    kind: short_text", "    prompt: Who?", "    accept: [A, a]",
			}, "\n")},
			[]string{
				quiz + ":3: “pass_mark” is a percentage such as 60, not “lots”.",
				quiz + ":4: “time_limit” is written like 1h30m or 4m30s, not “20”.",
				quiz + ":13: The key “x” is used by two choices. Give one of them another.",
				quiz + ":15: “corect” means nothing here. Did you mean “correct”?",
				quiz + ":19: The answer is a number such as 12.5, or an interval in quotes such as \"[5, 7)\", not “many”.",
				quiz + ":20: The tolerance is a number such as 0.5, or a percentage such as 1%, not “-1%”.",
				quiz + ":22: “numric” is not a kind: write single_choice, multiple_choice, numeric or short_text. Did you mean “numeric”?",
				quiz + ":27: “a” stands here twice.",
			},
		},
		"a quiz that says too little": {
			map[string]string{quiz: "title: Quiz\nkind: quiz\nquestions:\n  - prompt: a\n"},
			[]string{
				quiz + ": Say which percentage passes the quiz, as in “pass_mark: 60”.",
				quiz + ":4: The key is missing.",
				quiz + ":4: The kind is single_choice, multiple_choice, numeric or short_text.",
			},
		},
		"keys of two modules": {
			map[string]string{"02-practice/02-sheet.yaml": "key: hello\ntitle: Sheet\nkind: file\nfile: media/sheet.pdf\n"},
			[]string{"02-practice/02-sheet.yaml:1: The key “hello” is used by two lessons. Give one of them another."},
		},
		"a number twice": {
			map[string]string{"01-start/02-again.md": "---\ntitle: Again\n---\nx\n"},
			[]string{"01-start/02-film.yaml: “02-again.md” has the same number: give one of them another."},
		},
		"no number": {
			map[string]string{"01-start/intro.md": "---\ntitle: Intro\n---\nx\n"},
			[]string{"01-start/intro.md: Begin the name with a number, as in “01-intro.md”, or list it under “lessons” in 01-start/module.yaml."},
		},
		"a list with holes": {
			map[string]string{"01-start/module.yaml": "title: Start\nlessons:\n  - 01-hello.md\n  - 02-filn.yaml\n  - 01-hello.md\n"},
			[]string{
				"01-start/02-film.yaml: This is not listed under “lessons” in 01-start/module.yaml.",
				"01-start/03-film-elsewhere.yaml: This is not listed under “lessons” in 01-start/module.yaml.",
				"01-start/module.yaml:4: “02-filn.yaml” is listed but not there. Did you mean “02-film.yaml”?",
				"01-start/module.yaml:5: “01-hello.md” is listed twice.",
			},
		},
		"no module file": {
			map[string]string{"01-start/module.yaml": ""},
			[]string{"01-start/module.yaml: There is no module.yaml: it holds the module's title."},
		},
		"strangers": {
			map[string]string{"course.yml": "x", "01-start/notes.txt": "x", "01-start/deep/x.md": "x", "03-empty/module.yaml": "title: Empty\n"},
			[]string{
				"01-start/deep: A module holds lesson files, no folders. Files that lessons show stand in media.",
				"01-start/notes.txt: A lesson is a .md file (an article) or a .yaml file (a video, quiz, file or link).",
				"03-empty/module.yaml: There is no lesson yet: at least one is needed.",
				"course.yml: This file does not belong to the course. Did you mean “course.yaml”?",
			},
		},
		"media that differ in capitals": {
			map[string]string{"media/Knot.png": "x"},
			[]string{"media/knot.png: This name differs from “media/Knot.png” only in capitals, which not every system tells apart."},
		},
		"a name that Windows lacks": {
			map[string]string{"media/aux.png": "x"},
			[]string{"media/aux.png: This name is reserved on Windows."},
		},
		"what completes it": {
			map[string]string{
				"course.yaml":          "slug: knots\ntitle: Knots\nlanguage: en\ncompletion:\n  need: most\n  cuont: 2\n",
				"01-start/module.yaml": "title: Start\ncompletion: any\n",
			},
			[]string{
				"01-start/module.yaml:2: “completion” consists of lines such as “need: any”.",
				"course.yaml:5: “most” is not a need: write all, any or at_least.",
				"course.yaml:6: “cuont” means nothing here. Did you mean “count”?",
			},
		},
		"at least none": {
			map[string]string{"course.yaml": "slug: knots\ntitle: Knots\nlanguage: en\ncompletion:\n  need: at_least\n"},
			[]string{"course.yaml:4: Say how many are needed, 1 to 1000."},
		},
		"a huge file": {
			map[string]string{"course.yaml": strings.Repeat("#", folder.MaxYAML+1)},
			[]string{"course.yaml: The file is larger than 2 MB."},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := files(t, coursetest.Example())
			for path, data := range tt.change {
				fsys[path] = &fstest.MapFile{Data: []byte(data)}
				if data == "" {
					delete(fsys, path)
				}
			}
			_, err := folder.ReadFS(t.Context(), fsys)
			if fault.CodeOf(err) != fault.BadInput {
				t.Fatalf("ReadFS: %v, want BadInput", err)
			}
			if diff := cmp.Diff(tt.want, violations(err)); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorsMayWriteItTheirWay(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"course.yaml": {Data: []byte("\ufeffslug: knots\r\ntitle: >\r\n  Knots\r\n  for all\r\nlanguage: en\r\nprice: Free\r\nmodules: [basics, more/]\r\n# done\r\n")},
		"README.md":   {Data: []byte("about")}, ".git/config": {Data: []byte("x")}, "import-report.md": {Data: []byte("x")},
		"basics/module.yaml": {Data: []byte("title: Basics\nlessons:\n  - second.md\n  - first.md\n")},
		"basics/first.md":    {Data: []byte("---\ntitle: First\n---")}, "basics/second.md": {Data: []byte("---\r\ntitle: 2\r\n---\r\n\r\n\r\nHi\r\n\r\n")},
		"more/module.yaml": {Data: []byte("title: More\n")}, "more/README.txt": {Data: []byte("x")},
		"more/1. film.yaml":    {Data: []byte("title: Film\nkind: Video\nurl: https://example.com/\nduration: 90s\nrequired: False\n")},
		"more/10_quiz.yaml":    {Data: []byte("title: Quiz\nkey: the-quiz\nkind: quiz\npass_mark: 50%\nquestions:\n- {key: a, kind: numeric, prompt: p, answer: 1e3, tolerance: 5 %}\n")},
		"more/2-other.md":      {Data: []byte("---\ntitle: Other\n---\n    code\n")},
		"media/unused.png":     {Data: []byte("x")},
		"media/.DS_Store":      {Data: []byte("x")},
		"more/2-other.md~":     {Data: []byte("x")},
		"media/.thumbs/a.png":  {Data: []byte("x")},
		"media/sub/unused.pdf": {Data: []byte("xyz")},
	}
	fsys["basics/first.md"].Data = append(fsys["basics/first.md"].Data, "\nx"...)
	got, err := folder.ReadFS(t.Context(), fsys)
	if err != nil {
		t.Fatalf("ReadFS: %v", violations(err))
	}
	want := &course.Course{
		Slug: "knots", Title: "Knots for all", Language: "en", Level: course.AllLevels, Visibility: course.Public, Certificate: true,
		Modules: []course.Module{
			{Key: "basics", Title: "Basics", Lessons: []course.Lesson{
				{Key: "second", Title: "2", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("Hi")},
				{Key: "first", Title: "First", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("x")},
			}},
			{Key: "more", Title: "More", Lessons: []course.Lesson{
				{Key: "film", Title: "Film", Kind: course.VideoLesson, Video: &course.Video{URL: "https://example.com/", Duration: 90e9}},
				{Key: "other", Title: "Other", Kind: course.ArticleLesson, Required: true, Body: course.MarkdownText("    code")},
				{Key: "the-quiz", Title: "Quiz", Kind: course.QuizLesson, Required: true, Quiz: &course.Quiz{PassMark: 50, Questions: []course.Question{{
					Key: "a", Kind: course.Numeric, Format: course.Markdown, Prompt: "p", Points: 1,
					Number: &course.Number{Answer: 1000, Tolerance: 5, Percent: true},
				}}}},
			}},
		},
	}
	if diff := cmp.Diff(want, got.Course); diff != "" {
		t.Errorf("course (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]folder.MediaFile{{Path: "media/sub/unused.pdf", Size: 3}, {Path: "media/unused.png", Size: 1}}, got.Media); diff != "" {
		t.Errorf("media (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"media/sub/unused.pdf", "media/unused.png"}, got.Unused); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
}

func TestCreateAndRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sub", "knots")
	media := shelf{}
	for _, path := range coursetest.Example().MediaPaths() {
		media[path] = "bytes of " + path
	}
	report := folder.File{Path: "import-report.md", Data: []byte("nothing lost\n")}
	if err := folder.Create(t.Context(), dir, coursetest.Example(), media, report); err != nil {
		t.Fatalf("Create: %v", err)
	}
	read, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatalf("Read: %v", violations(err))
	}
	defer closed(t, read)
	if diff := cmp.Diff(coursetest.Example(), read.Course); diff != "" {
		t.Errorf("course (-want +got):\n%s", diff)
	}
	f, err := read.Open("media/sheet.pdf")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	data, err := io.ReadAll(f)
	if err != nil || string(data) != "bytes of media/sheet.pdf" {
		t.Errorf("media: %q, %v", data, err)
	}
	closed(t, f)
	for _, path := range []string{"course.yaml", "media/../course.yaml", "/etc/passwd", "media/none"} {
		if _, err := read.Open(path); err == nil {
			t.Errorf("Open(%q) succeeded", path)
		}
	}
	err = folder.Create(t.Context(), dir, coursetest.Example(), media)
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("Create over a folder: %v, want Conflict", err)
	}
}

func TestCreateLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	broken := coursetest.Example()
	broken.Title = ""
	tests := map[string]struct {
		course *course.Course
		extra  []folder.File
	}{
		"media missing":      {course: coursetest.Example()},
		"course not valid":   {course: broken},
		"extra file escapes": {course: coursetest.Example(), extra: []folder.File{{Path: "../escape", Data: []byte("x")}}},
		"extra file clashes": {course: coursetest.Example(), extra: []folder.File{{Path: "course.yaml", Data: []byte("x")}}},
	}
	for name, tt := range tests {
		if err := folder.Create(t.Context(), filepath.Join(parent, "knots"), tt.course, shelf{}, tt.extra...); err == nil {
			t.Errorf("%s: Create succeeded", name)
		}
		entries, err := os.ReadDir(parent)
		if err != nil || len(entries) > 0 {
			t.Errorf("%s: left %v, %v", name, entries, err)
		}
	}
}

func TestReadRefusesLinks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "knots")
	media := shelf{}
	for _, path := range coursetest.Example().MediaPaths() {
		media[path] = "x"
	}
	if err := folder.Create(t.Context(), dir, coursetest.Example(), media); err != nil {
		t.Fatalf("Create: %v", err)
	}
	links := map[string]string{"media/link.png": "/etc/passwd", "01-start/09-link.md": "01-hello.md", "03-link": "01-start"}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	_, err := folder.Read(t.Context(), dir)
	var got []string
	for _, v := range violations(err) {
		place, _, _ := strings.Cut(v, ":")
		got = append(got, place)
	}
	if diff := cmp.Diff([]string{"01-start/09-link.md", "03-link", "media/link.png"}, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	if _, err := folder.Read(t.Context(), filepath.Join(t.TempDir(), "none")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("Read of no folder: %v", err)
	}
	if _, err := folder.Read(t.Context(), t.TempDir()); fault.CodeOf(err) != fault.BadInput {
		t.Errorf("Read of an empty folder: %v", err)
	}
}

// FuzzRead checks that whatever is accepted survives being written and read again.
func FuzzRead(f *testing.F) {
	rendered, err := folder.Render(coursetest.Example())
	if err != nil {
		f.Fatal(err)
	}
	byPath := map[string]string{}
	for _, file := range rendered {
		byPath[file.Path] = string(file.Data)
	}
	f.Add(byPath["course.yaml"], byPath["01-start/module.yaml"], byPath["01-start/01-hello.md"], byPath["02-practice/01-quiz.yaml"])
	f.Add("slug: a\ntitle: b\nlanguage: en\nprice: 1 JPY\n", "title: |2\n   a\n", "---\ntitle: \"\\u00e9\"\n---\n\n\tx  \n", byPath["01-start/02-film.yaml"])
	f.Add("slug: a\ntitle: ? b\nlanguage: en\n", "{title: a}", "---\r\n---\r\n", "title: L\nkind: link\nurl: https://a.example\nbody: >-\n  a\n\n   b\n")
	f.Fuzz(func(t *testing.T, courseYAML, module, article, lesson string) {
		fsys := fstest.MapFS{
			"course.yaml": {Data: []byte(courseYAML)}, "01-m/module.yaml": {Data: []byte(module)},
			"01-m/01-a.md": {Data: []byte(article)}, "01-m/02-b.yaml": {Data: []byte(lesson)},
			"media/film.mp4": {Data: []byte("x")}, "media/film.en.vtt": {Data: []byte("x")}, "media/film.pt-BR.srt": {Data: []byte("x")},
			"media/knot.png": {Data: []byte("x")},
		}
		first, err := folder.ReadFS(t.Context(), fsys)
		if err != nil {
			if fault.CodeOf(err) != fault.BadInput || len(violations(err)) == 0 {
				t.Fatalf("ReadFS: %v", err)
			}
			return
		}
		written := files(t, first.Course)
		second, err := folder.ReadFS(t.Context(), written)
		if err != nil {
			t.Fatalf("ReadFS of our own: %v", violations(err))
		}
		if diff := cmp.Diff(first.Course, second.Course); diff != "" {
			t.Fatalf("the course changed:\n%s", diff)
		}
	})
}
