package course_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lyceum/internal/author/course"
	"lyceum/internal/author/course/coursetest"
	"lyceum/internal/fault"
)

func TestCheckAcceptsTheExample(t *testing.T) {
	t.Parallel()
	if err := coursetest.Example().Validate(); err != nil {
		t.Errorf("Validate: %v\n%v", err, coursetest.Example().Check())
	}
}

func TestCheckAcceptsGenerated(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		if found := coursetest.Course().Draw(t, "course").Check(); len(found) > 0 {
			t.Fatalf("Check: %v", found)
		}
	})
}

// TestCheckAcceptsTheHighestPrice: what the server sells can be pushed and pulled; a currency with small units needs large numbers.
func TestCheckAcceptsTheHighestPrice(t *testing.T) {
	t.Parallel()
	c := coursetest.Example()
	c.Price = &course.Price{Amount: 1_000_000_000, Currency: "IDR"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	lesson := func(c *course.Course, module, i int) *course.Lesson { return &c.Modules[module].Lessons[i] }
	question := func(c *course.Course, i int) *course.Question { return &lesson(c, 1, 0).Quiz.Questions[i] }
	const quiz = "modules.1.lessons.0.quiz"
	tests := map[string]struct {
		spoil func(c *course.Course)
		paths []string
	}{
		"no slug":            {func(c *course.Course) { c.Slug = "" }, []string{"slug"}},
		"odd slug":           {func(c *course.Course) { c.Slug = "Knots_1" }, []string{"slug"}},
		"long slug":          {func(c *course.Course) { c.Slug = strings.Repeat("a", course.MaxKeyLen+1) }, []string{"slug"}},
		"no title":           {func(c *course.Course) { c.Title = "" }, []string{"title"}},
		"two lines of title": {func(c *course.Course) { c.Title = "a\nb" }, []string{"title"}},
		"long title":         {func(c *course.Course) { c.Title = strings.Repeat("x", 301) }, []string{"title"}},
		"control character":  {func(c *course.Course) { c.Summary = "a\x07" }, []string{"summary"}},
		"not UTF-8":          {func(c *course.Course) { c.Description = "a\xff" }, []string{"description"}},
		"untrimmed text":     {func(c *course.Course) { c.Description = "\na" }, []string{"description"}},
		"no language":        {func(c *course.Course) { c.Language = "" }, []string{"language"}},
		"odd language":       {func(c *course.Course) { c.Language = "klingon!" }, []string{"language"}},
		"language by habit":  {func(c *course.Course) { c.Language = "pt_br" }, []string{"language"}},
		"level":              {func(c *course.Course) { c.Level = "EASY" }, []string{"level"}},
		"visibility":         {func(c *course.Course) { c.Visibility = "" }, []string{"visibility"}},
		"category":           {func(c *course.Course) { c.Categories = []string{"A b", "c", "c"} }, []string{"categories.0", "categories.2"}},
		"tags":               {func(c *course.Course) { c.Tags = []string{"a", "A", ""} }, []string{"tags.1", "tags.2"}},
		"negative months":    {func(c *course.Course) { c.CertificateMonths = -1 }, []string{"certificateMonths"}},
		"many months":        {func(c *course.Course) { c.CertificateMonths = course.MaxMonths + 1 }, []string{"certificateMonths"}},
		"currency":           {func(c *course.Course) { c.Price.Currency = "eur" }, []string{"price"}},
		"negative price":     {func(c *course.Course) { c.Price.Amount = -1 }, []string{"price"}},
		"absurd price":       {func(c *course.Course) { c.Price.Amount = 1_000_000_001 }, []string{"price"}},
		"its own premise":    {func(c *course.Course) { c.Prerequisites = []string{"knots"} }, []string{"prerequisites.0"}},
		"need":               {func(c *course.Course) { c.Completion.Need = "MOST" }, []string{"completion.need"}},
		"at least none":      {func(c *course.Course) { c.Completion.Count = 0 }, []string{"completion.count"}},
		"absurd number":      {func(c *course.Course) { c.Completion.Count = 1001 }, []string{"completion.count"}},
		"number of any":      {func(c *course.Course) { c.Modules[0].Completion.Count = 1 }, []string{"modules.0.completion.count"}},
		"long rule":          {func(c *course.Course) { c.Completion.When = strings.Repeat("x", 1001) }, []string{"completion.when"}},
		"untrimmed rule":     {func(c *course.Course) { lesson(c, 0, 0).Completion = "read\n" }, []string{"modules.0.lessons.0.completion"}},
		"no modules":         {func(c *course.Course) { c.Modules = nil }, []string{"modules"}},
		"empty module":       {func(c *course.Course) { c.Modules[1].Lessons = nil }, []string{"modules.1.lessons"}},
		"module key twice":   {func(c *course.Course) { c.Modules[1].Key = "start" }, []string{"modules.1.key"}},
		"lesson key twice":   {func(c *course.Course) { lesson(c, 1, 1).Key = "hello" }, []string{"modules.1.lessons.1.key"}},
		"empty article":      {func(c *course.Course) { lesson(c, 0, 0).Body = course.Text{} }, []string{"modules.0.lessons.0.body"}},
		"kind":               {func(c *course.Course) { lesson(c, 0, 0).Kind = "SCORM" }, []string{"modules.0.lessons.0.kind"}},
		"no format":          {func(c *course.Course) { lesson(c, 0, 0).Body.Format = "" }, []string{"modules.0.lessons.0.body"}},
		"field of another kind": {
			func(c *course.Course) { lesson(c, 0, 0).URL = "https://example.com/" },
			[]string{"modules.0.lessons.0.url"},
		},
		"no video":       {func(c *course.Course) { lesson(c, 0, 1).Video = nil }, []string{"modules.0.lessons.1.video"}},
		"file and url":   {func(c *course.Course) { lesson(c, 0, 1).Video.URL = "https://a.example/" }, []string{"modules.0.lessons.1.video.file"}},
		"video script":   {func(c *course.Course) { lesson(c, 0, 2).Video.URL = "javascript:x" }, []string{"modules.0.lessons.2.video.url"}},
		"file elsewhere": {func(c *course.Course) { lesson(c, 0, 1).Video.File = "media/../x" }, []string{"modules.0.lessons.1.video.file"}},
		"duration":       {func(c *course.Course) { lesson(c, 0, 1).Video.Duration = time.Microsecond }, []string{"modules.0.lessons.1.video.duration"}},
		"captions": {
			func(c *course.Course) {
				lesson(c, 0, 1).Video.Captions = []course.Caption{{Locale: "en", File: "media/a.txt"}, {Locale: "en", File: "media/b.vtt"}}
			},
			[]string{"modules.0.lessons.1.video.captions.0.file", "modules.0.lessons.1.video.captions.1"},
		},
		"file lesson":      {func(c *course.Course) { lesson(c, 1, 1).File = "sheet.pdf" }, []string{"modules.1.lessons.1.file"}},
		"link lesson":      {func(c *course.Course) { lesson(c, 1, 2).URL = "/x" }, []string{"modules.1.lessons.2.url"}},
		"no quiz":          {func(c *course.Course) { lesson(c, 1, 0).Quiz = nil }, []string{quiz}},
		"pass mark":        {func(c *course.Course) { lesson(c, 1, 0).Quiz.PassMark = 101 }, []string{quiz + ".passMark"}},
		"attempts":         {func(c *course.Course) { lesson(c, 1, 0).Quiz.AttemptsAllowed = -1 }, []string{quiz + ".attemptsAllowed"}},
		"time limit":       {func(c *course.Course) { lesson(c, 1, 0).Quiz.TimeLimit = time.Millisecond }, []string{quiz + ".timeLimit"}},
		"draw":             {func(c *course.Course) { lesson(c, 1, 0).Quiz.Draw = 6 }, []string{quiz + ".draw"}},
		"no questions":     {func(c *course.Course) { lesson(c, 1, 0).Quiz.Questions, lesson(c, 1, 0).Quiz.Draw = nil, 0 }, []string{quiz + ".questions"}},
		"question key":     {func(c *course.Course) { question(c, 1).Key = "q1" }, []string{quiz + ".questions.1.key"}},
		"no prompt":        {func(c *course.Course) { question(c, 0).Prompt = "" }, []string{quiz + ".questions.0.prompt"}},
		"question format":  {func(c *course.Course) { question(c, 0).Format = "TEX" }, []string{quiz + ".questions.0.format"}},
		"points":           {func(c *course.Course) { question(c, 0).Points = 0 }, []string{quiz + ".questions.0.points"}},
		"empty hint":       {func(c *course.Course) { question(c, 0).Hints[1] = "" }, []string{quiz + ".questions.0.hints.1"}},
		"two right":        {func(c *course.Course) { question(c, 0).Choices[1].Correct = true }, []string{quiz + ".questions.0.choices"}},
		"none right":       {func(c *course.Course) { question(c, 0).Choices[0].Correct = false }, []string{quiz + ".questions.0.choices"}},
		"one choice":       {func(c *course.Course) { question(c, 0).Choices = question(c, 0).Choices[:1] }, []string{quiz + ".questions.0.choices"}},
		"choice key twice": {func(c *course.Course) { question(c, 0).Choices[1].Key = "a" }, []string{quiz + ".questions.0.choices.1.key"}},
		"silent choice":    {func(c *course.Course) { question(c, 0).Choices[1].Text = "" }, []string{quiz + ".questions.0.choices.1.text"}},
		"choices of a number": {
			func(c *course.Course) { question(c, 2).Choices = question(c, 0).Choices },
			[]string{quiz + ".questions.2.choices"},
		},
		"no number":      {func(c *course.Course) { question(c, 2).Number = nil }, []string{quiz + ".questions.2.number"}},
		"not a number":   {func(c *course.Course) { question(c, 2).Number.Answer = math.NaN() }, []string{quiz + ".questions.2.number"}},
		"tolerance":      {func(c *course.Course) { question(c, 2).Number.Tolerance = -1 }, []string{quiz + ".questions.2.number"}},
		"empty interval": {func(c *course.Course) { question(c, 3).Number.Interval.Max = 5 }, []string{quiz + ".questions.3.number"}},
		"no answers":     {func(c *course.Course) { question(c, 4).Accepted.Answers = nil }, []string{quiz + ".questions.4.accepted"}},
		"equal answers": {
			func(c *course.Course) { question(c, 4).Accepted = &course.Accepted{Answers: []string{"a", "A"}} },
			[]string{quiz + ".questions.4.accepted.answers.1"},
		},
		"kind of question": {func(c *course.Course) { question(c, 4).Kind = "ESSAY" }, []string{
			quiz + ".questions.4.accepted", quiz + ".questions.4.kind",
		}},
		"everything at once": {func(c *course.Course) { c.Slug, c.Title, c.Level = "", "", "" }, []string{"slug", "title", "level"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := coursetest.Example()
			tt.spoil(c)
			var paths []string
			for _, f := range c.Check() {
				paths = append(paths, f.Path)
				if !strings.HasSuffix(f.Message, ".") && !strings.HasSuffix(f.Message, "allowed") {
					t.Errorf("not a sentence: %q", f.Message)
				}
			}
			if diff := cmp.Diff(tt.paths, paths); diff != "" {
				t.Errorf("paths (-want +got):\n%s\n%v", diff, c.Check())
			}
			var f *fault.Error
			if err := c.Validate(); !errors.As(err, &f) || f.Code != fault.BadInput || len(f.Violations) != len(tt.paths) {
				t.Errorf("Validate: %v", err)
			}
		})
	}
}

func TestCheckLinks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text course.Text
		bad  string
	}{
		"outside":             {text: course.MarkdownText("[a](https://example.com) <mailto:a@b.example> [c](mailto:c@d.example)")},
		"inside":              {text: course.MarkdownText("[a](lesson:film) [b](#top) ![c](media/a%20b.png)")},
		"unknown lesson":      {text: course.MarkdownText("see\n\n[a](lesson:nope)"), bad: "nope"},
		"another file":        {text: course.MarkdownText("[a](other.md)"), bad: "other.md"},
		"absolute":            {text: course.HTMLText(`<a href="/courses/1">a</a>`), bad: "/courses/1"},
		"script":              {text: course.HTMLText(`<a href=" javascript:alert(1)">a</a>`), bad: "javascript:alert(1)"},
		"out of the folder":   {text: course.HTMLText(`<img src="media/../../etc/passwd">`), bad: "media/../../etc/passwd"},
		"escaped way out":     {text: course.HTMLText(`<img src="media/%2e%2e/x">`), bad: "media/../x"},
		"malformed escape":    {text: course.HTMLText(`<img src="media/%zz">`), bad: "media/%zz"},
		"scheme without host": {text: course.MarkdownText("[a](https:x)"), bad: "https:x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := coursetest.Example()
			c.Modules[0].Lessons[0].Body = tt.text
			found := c.Check()
			if tt.bad == "" {
				if len(found) > 0 {
					t.Errorf("Check: %v", found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].Message, tt.bad) {
				t.Fatalf("Check: %v, want one finding about %q", found, tt.bad)
			}
		})
	}
}

// TestTangledTextsAreRefusedAtOnce checks that texts made to keep a Markdown reader busy for minutes are not
// read at all.
func TestTangledTextsAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{"[", "[a](", "_a*", "> ", "![", "*a ", "- ", "`a"} {
		c := coursetest.Example()
		c.Modules[0].Lessons[0].Body = course.MarkdownText(strings.Repeat(sign, 199_000/len(sign)))
		if found := c.Check(); len(found) != 1 || !strings.Contains(found[0].Message, "thousands of signs") {
			t.Errorf("%q: %v", sign, found)
		}
		if uses := c.MediaUses(); len(uses) == 0 {
			t.Errorf("%q hides the other uses", sign)
		}
	}
}

func TestMediaPaths(t *testing.T) {
	t.Parallel()
	want := []string{"media/film.en.vtt", "media/film.mp4", "media/film.pt-BR.srt", "media/knot.png", "media/sheet.pdf"}
	if diff := cmp.Diff(want, coursetest.Example().MediaPaths()); diff != "" {
		t.Errorf("MediaPaths (-want +got):\n%s", diff)
	}
}

func TestMediaPathProblem(t *testing.T) {
	t.Parallel()
	good := []string{"media/a.png", "media/a b.png", "media/sub/ä.png", "media/漢字.pdf"}
	bad := []string{
		"", "media", "media/", "a.png", "/media/a.png", "media/../a", "media/./a", "media//a", "media/.hidden", "media/a.", "media/a ",
		"media/ a", `media/a\b`, "media/a:b", "media/a\x00b", "media/a\nb", "media/CON", "media/com1.txt", "media/a\xff", "media/A\u0308.png",
		"media/" + strings.Repeat("x", 200), "media/1/2/3/4/5/6/7/8/9",
	}
	for _, path := range good {
		if problem := course.MediaPathProblem(path); problem != "" {
			t.Errorf("%q: %s", path, problem)
		}
	}
	for _, path := range bad {
		if course.MediaPathProblem(path) == "" {
			t.Errorf("%q is accepted", path)
		}
	}
}

func TestMediaNameIsAlwaysAllowed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "..", "con.txt", " a b ", "x/y", strings.Repeat("é", 300)})).Draw(t, "name")
		if got := course.MediaName(name); course.MediaPathProblem("media/"+got) != "" {
			t.Fatalf("MediaName(%q) = %q: %s", name, got, course.MediaPathProblem("media/"+got))
		}
	})
}

func TestKeyed(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Open edX® vs. edX.org®": "open-edx-vs-edx-org", "Où va-t-on ?": "ou-va-t-on", "What's new": "whats-new",
		"漢字": "", " -- ": "", "İstanbul": "istanbul", strings.Repeat("word ", 40): strings.TrimSuffix(strings.Repeat("word-", 20), "-"),
	}
	for title, want := range tests {
		if got := course.Keyed(title); got != want {
			t.Errorf("Keyed(%q) = %q, want %q", title, got, want)
		}
	}
}

func TestKeysAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var keys course.Keys
		var given []string
		for range 20 {
			title := rapid.OneOf(rapid.StringMatching(`[a-b]{0,2}`), rapid.Just(strings.Repeat("x", 120))).Draw(t, "title")
			key := keys.Take(title, "lesson")
			if !course.IsKey(key) || slices.Contains(given, key) {
				t.Fatalf("Take(%q) = %q after %v", title, key, given)
			}
			given = append(given, key)
		}
	})
}

func TestNumber(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		number course.Number
		bounds course.Interval
	}{
		"600":         {course.Number{Answer: 600}, course.Interval{Min: 600, Max: 600}},
		"600 ± 5":     {course.Number{Answer: 600, Tolerance: 5}, course.Interval{Min: 595, Max: 605}},
		"-200 ± 1.5%": {course.Number{Answer: -200, Tolerance: 1.5, Percent: true}, course.Interval{Min: -203, Max: -197}},
		"[5, 7)": {
			course.Number{Interval: &course.Interval{Min: 5, Max: 7, ExcludeMax: true}},
			course.Interval{Min: 5, Max: 7, ExcludeMax: true},
		},
	}
	for s, tt := range tests {
		if got := tt.number.String(); got != s {
			t.Errorf("String: %q, want %q", got, s)
		}
		parsed, ok := course.ParseNumber(s)
		if diff := cmp.Diff(tt.number, parsed); !ok || diff != "" {
			t.Errorf("ParseNumber(%q): %v\n%s", s, ok, diff)
		}
		if diff := cmp.Diff(tt.bounds, tt.number.Bounds()); diff != "" {
			t.Errorf("Bounds of %s (-want +got):\n%s", s, diff)
		}
	}
	for _, bad := range []string{"", "x", "1 ± x", "1 ± -1", "[1]", "[1, x]", "1e999", "NaN", "Inf", "0x10", "[", "1_0"} {
		if n, ok := course.ParseNumber(bad); ok {
			t.Errorf("ParseNumber(%q) = %v", bad, n)
		}
	}
}

func TestNumberRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(-1e300, 1e300).Draw(t, "f")
		if got, ok := course.ParseFloat(course.FormatFloat(f)); !ok || got != f {
			t.Fatalf("%v became %v", f, got)
		}
	})
}

func TestBlockAndLineAreIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := course.Block(s); course.Block(once) != once {
			t.Fatalf("Block(%q) = %q, then %q", s, once, course.Block(once))
		}
		if once := course.Line(s); course.Line(once) != once {
			t.Fatalf("Line(%q) = %q, then %q", s, once, course.Line(once))
		}
	})
}
