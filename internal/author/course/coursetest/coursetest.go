// Package coursetest makes courses for tests: one fixed example, and a generator of valid ones.
package coursetest

import (
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"lyceum/internal/author/course"
)

// Example returns a small course in which every field of the model is used at least once.
func Example() *course.Course {
	return &course.Course{
		Slug: "knots", Title: "Knots", Summary: "Three knots for every day.", Description: "Learn to *tie*.",
		Language: "en", Level: course.Beginner, Categories: []string{"sailing"}, Tags: []string{"Rope work"},
		Visibility: course.Public, Price: &course.Price{Amount: 4900, Currency: "EUR"}, Certificate: true, CertificateMonths: 24,
		Prerequisites: []string{"ropes"},
		Completion:    &course.Completion{Need: course.NeedAtLeast, Count: 1, When: "quiz.score >= 0.5"},
		Modules: []course.Module{
			{Key: "start", Title: "Start", Summary: "What you need.", Completion: &course.Completion{Need: course.NeedAny}, Lessons: []course.Lesson{
				{
					Key: "hello", Title: "Hello", Section: "First", Kind: course.ArticleLesson, Required: true, Preview: true,
					Completion: "read || signed_off",
					Body:       course.MarkdownText("Read on in [the film](lesson:film).\n\n![A knot](media/knot.png)"),
				},
				{
					Key: "film", Title: "Film", Kind: course.VideoLesson, Required: true,
					Body: course.HTMLText("<p>Watch.</p>"),
					Video: &course.Video{File: "media/film.mp4", Duration: 90_500 * time.Millisecond, Captions: []course.Caption{
						{Locale: "en", Label: "English", File: "media/film.en.vtt"},
						{Locale: "pt-BR", File: "media/film.pt-BR.srt"},
					}},
				},
				{Key: "film-elsewhere", Title: "Elsewhere", Kind: course.VideoLesson, Video: &course.Video{URL: "https://example.com/v"}},
			}},
			{Key: "practice", Title: "Practice", Lessons: []course.Lesson{
				{Key: "quiz", Title: "Quiz", Kind: course.QuizLesson, Required: true, Quiz: exampleQuiz()},
				{Key: "sheet", Title: "Sheet", Kind: course.FileLesson, File: "media/sheet.pdf"},
				{Key: "more", Title: "More", Kind: course.LinkLesson, URL: "https://example.com/knots"},
			}},
		},
	}
}

func exampleQuiz() *course.Quiz {
	return &course.Quiz{
		PassMark: 60, AttemptsAllowed: 3, TimeLimit: 20 * time.Minute, Shuffle: true, Draw: 3,
		Questions: []course.Question{
			{
				Key: "q1", Kind: course.SingleChoice, Format: course.Markdown, Prompt: "Which *one*?", Points: 2,
				Choices: []course.Choice{
					{Key: "a", Text: "This", Correct: true, Feedback: "Yes."}, {Key: "b", Text: "That"},
				},
				Explanation: "Because.", Hints: []string{"Look.", "Look again."},
			},
			{
				Key: "q2", Kind: course.MultipleChoice, Format: course.HTML, Prompt: `<p>Which?<img src="media/knot.png" alt=""></p>`, Points: 1,
				Choices: []course.Choice{{Key: "a", Text: "<b>x</b>", Correct: true}, {Key: "b", Text: "y", Correct: true}},
			},
			{
				Key: "q3", Kind: course.Numeric, Format: course.Markdown, Prompt: "How long?", Points: 1,
				Number: &course.Number{Answer: 12.5, Tolerance: 1, Percent: true},
			},
			{
				Key: "q4", Kind: course.Numeric, Format: course.Markdown, Prompt: "How thick?", Points: 1,
				Number: &course.Number{Interval: &course.Interval{Min: 5, Max: 7, ExcludeMax: true}},
			},
			{
				Key: "q5", Kind: course.ShortText, Format: course.Markdown, Prompt: "Name it.", Points: 1,
				Accepted: &course.Accepted{Answers: []string{"Bowline", "the bowline"}, CaseSensitive: true},
			},
		},
	}
}

// Course generates valid courses.
func Course() *rapid.Generator[*course.Course] {
	return rapid.Custom(func(t *rapid.T) *course.Course {
		g := &generator{t: t}
		c := &course.Course{
			Slug: g.key("slug"), Title: g.line("title"), Summary: g.maybe("summary", g.line), Description: g.maybe("description", g.block),
			Language:   rapid.SampledFrom([]string{"en", "pt-BR", "ar", "zh-Hant"}).Draw(t, "language"),
			Level:      rapid.SampledFrom([]course.Level{course.Beginner, course.Intermediate, course.Advanced, course.AllLevels}).Draw(t, "level"),
			Visibility: rapid.SampledFrom([]course.Visibility{course.Public, course.Members, course.Unlisted}).Draw(t, "visibility"),
			Categories: g.keys("category", 0, 3), Tags: g.tags(),
			Certificate: rapid.Bool().Draw(t, "certificate"), CertificateMonths: rapid.IntRange(0, course.MaxMonths).Draw(t, "months"),
			Price: g.price(), Completion: g.completion(),
		}
		for _, key := range g.keys("prerequisite", 0, 2) {
			if key != c.Slug {
				c.Prerequisites = append(c.Prerequisites, key)
			}
		}
		g.modules(c)
		return c
	})
}

type generator struct{ t *rapid.T }

func (g *generator) key(label string) string {
	return rapid.StringMatching(`[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}`).Draw(g.t, label)
}

func (g *generator) keys(label string, least, most int) []string {
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,1}`), least, most, rapid.ID[string]).Draw(g.t, label)
	if len(keys) == 0 {
		return nil
	}
	return keys
}

// words draws text that YAML and Markdown could trip over, without links.
func (g *generator) words(label string) string {
	odd := []string{
		"a", "b c", "#", "- x", "key: value", "true", "null", "~", "012", "1e3", "'", `"`, "%", "@", "&a", "*a", "!t", "|", ">", "\\",
		"\t", "  ", "é", "漢字", "مرحبا", "🪢", "---", "...", "{a}", "[b", "?", "`", "2001-01-01", "=", "<<", "\n", "\n\n", "\n  ", "x  ", "Ω", "\u00a0",
	}
	parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(odd), rapid.StringN(0, 8, 16)), 1, 6).Draw(g.t, label)
	// No brackets followed by parentheses and no autolinks: what a link may say is tested elsewhere.
	return strings.NewReplacer("](", "] (", "]:", "] :", "]\n", "] \n", "<", "< ", "http", "h ttp", "://", ": //").Replace(strings.Join(parts, ""))
}

func (g *generator) line(label string) string {
	if s := course.Line(g.words(label)); s != "" {
		return s
	}
	return "x"
}

func (g *generator) block(label string) string {
	text := course.MarkdownText(g.words(label))
	if text.IsZero() || len(text.Links()) > 0 {
		return "x"
	}
	return text.Source
}

func (g *generator) maybe(label string, draw func(string) string) string {
	if rapid.Bool().Draw(g.t, label+"?") {
		return draw(label)
	}
	return ""
}

func (g *generator) tags() []string {
	var tags []string
	seen := map[string]bool{}
	for range rapid.IntRange(0, 3).Draw(g.t, "tags") {
		tag := g.line("tag")
		if folded := strings.ToLower(tag); !seen[folded] {
			tags = append(tags, tag)
			seen[folded] = true
		}
	}
	return tags
}

func (g *generator) price() *course.Price {
	if rapid.Bool().Draw(g.t, "free") {
		return nil
	}
	return &course.Price{
		Amount:   rapid.IntRange(1, 1_000_000_000).Draw(g.t, "amount"),
		Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "USD"}).Draw(g.t, "currency"),
	}
}

func (g *generator) completion() *course.Completion {
	c := &course.Completion{When: rapid.SampledFrom([]string{"", "completed > 1", "signed_off ||\n  now > due"}).Draw(g.t, "when")}
	switch c.Need = rapid.SampledFrom([]course.Need{"", course.NeedAll, course.NeedAny, course.NeedAtLeast}).Draw(g.t, "need"); c.Need {
	case course.NeedAtLeast:
		c.Count = rapid.IntRange(1, course.MaxLessons).Draw(g.t, "count")
	case "":
		return nil
	case course.NeedAll, course.NeedAny:
	}
	return c
}

func (g *generator) modules(c *course.Course) {
	lessonKeys := g.keys("lessons", 1, 6)
	for i, key := range g.keys("modules", 1, len(lessonKeys)) {
		m := course.Module{Key: key, Title: g.line("module title"), Summary: g.maybe("module summary", g.block), Completion: g.completion()}
		// Every module gets a lesson, the last one the rest.
		take := lessonKeys[i : i+1]
		c.Modules = append(c.Modules, m)
		for _, lesson := range take {
			c.Modules[i].Lessons = append(c.Modules[i].Lessons, g.lesson(lesson))
		}
	}
	last := len(c.Modules) - 1
	for _, lesson := range lessonKeys[len(c.Modules):] {
		c.Modules[last].Lessons = append(c.Modules[last].Lessons, g.lesson(lesson))
	}
}

func (g *generator) text(label string) course.Text {
	format := rapid.SampledFrom([]course.Format{course.Markdown, course.HTML}).Draw(g.t, label+" format")
	return course.Text{Format: format, Source: g.block(label)}
}

func (g *generator) lesson(key string) course.Lesson {
	kinds := []course.LessonKind{course.VideoLesson, course.ArticleLesson, course.QuizLesson, course.FileLesson, course.LinkLesson}
	l := course.Lesson{
		Key: key, Title: g.line("lesson title"), Section: g.maybe("section", g.line),
		Kind: rapid.SampledFrom(kinds).Draw(g.t, "kind"), Required: rapid.Bool().Draw(g.t, "required"), Preview: rapid.Bool().Draw(g.t, "preview"),
	}
	l.Completion = rapid.SampledFrom([]string{"", course.DefaultRule, "signed_off", "read &&\n  time_on_task > 60.0"}).Draw(g.t, "rule")
	if l.Kind == course.ArticleLesson || rapid.Bool().Draw(g.t, "body?") {
		l.Body = g.text("body")
	}
	switch l.Kind {
	case course.VideoLesson:
		l.Video = g.video()
	case course.QuizLesson:
		l.Quiz = g.quiz()
	case course.FileLesson:
		l.File = "media/sheet.pdf"
	case course.LinkLesson:
		l.URL = "https://example.com/?q=" + g.key("query")
	case course.ArticleLesson:
	}
	return l
}

func (g *generator) video() *course.Video {
	v := &course.Video{URL: "https://example.com/film"}
	if rapid.Bool().Draw(g.t, "file") {
		v = &course.Video{File: "media/film.mp4"}
	}
	v.Duration = time.Duration(rapid.IntRange(0, 10_000_000).Draw(g.t, "ms")) * time.Millisecond
	for _, locale := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"en", "de", "pt-BR"}), 0, 3, rapid.ID[string]).Draw(g.t, "captions") {
		v.Captions = append(v.Captions, course.Caption{Locale: locale, Label: g.maybe("label", g.line), File: "media/film." + locale + ".vtt"})
	}
	return v
}

func (g *generator) quiz() *course.Quiz {
	q := &course.Quiz{
		PassMark: rapid.IntRange(0, 100).Draw(g.t, "pass mark"), AttemptsAllowed: rapid.IntRange(0, 9).Draw(g.t, "attempts"),
		TimeLimit: time.Duration(rapid.IntRange(0, 9999).Draw(g.t, "limit")) * time.Second, Shuffle: rapid.Bool().Draw(g.t, "shuffle"),
	}
	for _, key := range g.keys("questions", 1, 4) {
		q.Questions = append(q.Questions, g.question(key))
	}
	q.Draw = rapid.IntRange(0, len(q.Questions)).Draw(g.t, "draw")
	return q
}

func (g *generator) question(key string) course.Question {
	kinds := []course.QuestionKind{course.SingleChoice, course.MultipleChoice, course.Numeric, course.ShortText}
	q := course.Question{
		Key: key, Kind: rapid.SampledFrom(kinds).Draw(g.t, "question kind"),
		Format: rapid.SampledFrom([]course.Format{course.Markdown, course.HTML}).Draw(g.t, "format"),
		Prompt: g.block("prompt"), Points: rapid.IntRange(1, 20).Draw(g.t, "points"), Explanation: g.maybe("explanation", g.block),
	}
	for range rapid.IntRange(0, 2).Draw(g.t, "hints") {
		q.Hints = append(q.Hints, g.block("hint"))
	}
	switch q.Kind {
	case course.SingleChoice, course.MultipleChoice:
		q.Choices = g.choices(q.Kind)
	case course.Numeric:
		q.Number = g.number()
	case course.ShortText:
		q.Accepted = &course.Accepted{CaseSensitive: rapid.Bool().Draw(g.t, "case")}
		for i := range rapid.IntRange(1, 3).Draw(g.t, "answers") {
			q.Accepted.Answers = append(q.Accepted.Answers, course.Line(g.line("answer")+" "+strconv.Itoa(i)))
		}
	}
	return q
}

func (g *generator) choices(kind course.QuestionKind) []course.Choice {
	keys := g.keys("choices", 2, 4)
	correct := rapid.IntRange(0, len(keys)-1).Draw(g.t, "correct")
	choices := make([]course.Choice, 0, len(keys))
	for i, key := range keys {
		right := i == correct || kind == course.MultipleChoice && rapid.Bool().Draw(g.t, "also correct")
		choices = append(choices, course.Choice{Key: key, Text: g.block("choice"), Correct: right, Feedback: g.maybe("feedback", g.block)})
	}
	return choices
}

func (g *generator) number() *course.Number {
	float := rapid.Float64Range(-1e20, 1e20)
	if rapid.Bool().Draw(g.t, "interval") {
		low, high := float.Draw(g.t, "low"), float.Draw(g.t, "high")
		i := &course.Interval{Min: min(low, high), Max: max(low, high)}
		i.ExcludeMin = i.Min < i.Max && rapid.Bool().Draw(g.t, "exclude")
		return &course.Number{Interval: i}
	}
	n := &course.Number{Answer: float.Draw(g.t, "number"), Tolerance: rapid.SampledFrom([]float64{0, 0.01, 5, 1e-12}).Draw(g.t, "tolerance")}
	n.Percent = n.Tolerance > 0 && rapid.Bool().Draw(g.t, "percent")
	return n
}
