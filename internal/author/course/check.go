package course

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"lyceum/internal/author/markup"
	"lyceum/internal/fault"
)

// The bounds of a course, as the server has them. They are far above what people write, and keep one course
// from filling a tenant.
const (
	MaxModules   = 200
	MaxLessons   = 1000
	MaxQuestions = 200
	MaxChoices   = 50
	MaxHints     = 20
	MaxAccepted  = 100
	MaxCaptions  = 50
	MaxNames     = 50
	MaxAttempts  = 1000
	MaxPoints    = 1000
	// MaxMonths is the longest that a certificate may be good.
	MaxMonths = 600

	maxTitle    = 300
	maxSummary  = 1000
	maxLines    = 2000
	maxURL      = 2000
	maxAnswer   = 200
	maxText     = 64 << 10
	maxBody     = 200 << 10
	maxAmount   = 1_000_000_000
	maxDuration = 100 * time.Hour
)

// Finding is one thing wrong with a course.
type Finding struct {
	// Path leads to it: "modules.0.lessons.2.quiz.questions.1.prompt".
	Path string
	// Text is the text that the thing stands in, and Offset where, in bytes; "" and 0 for any other thing.
	Text   string
	Offset int
	// Message is a full sentence.
	Message string
}

// Validate returns nil for a well-formed course, else one BadInput fault with everything that Check finds.
func (c *Course) Validate() error {
	var violations fault.Collector
	for _, f := range c.Check() {
		violations.Check(false, f.Path, f.Message)
	}
	return violations.Err()
}

// Check returns everything that is wrong with the course, in the order of its fields.
func (c *Course) Check() []Finding {
	k := &checker{lessons: map[string]bool{}}
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			k.lessons[l.Key] = true
		}
	}
	k.course(c)
	return k.findings
}

// checker collects findings. at joins paths.
type checker struct {
	lessons  map[string]bool
	findings []Finding
}

func at(path string, parts ...any) string {
	for _, part := range parts {
		if path != "" {
			path += "."
		}
		path += fmt.Sprint(part)
	}
	return path
}

func quote(s string) string { return "“" + s + "”" }

func (k *checker) add(path, format string, args ...any) {
	k.findings = append(k.findings, Finding{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (k *checker) course(c *Course) {
	k.key("slug", "slug", c.Slug)
	k.title("title", c.Title)
	k.line("summary", c.Summary, maxSummary)
	k.text("description", textOf(Markdown, c.Description), maxText)
	k.language("language", c.Language)
	if !slices.Contains([]Level{Beginner, Intermediate, Advanced, AllLevels}, c.Level) {
		k.add("level", "The level is beginner, intermediate, advanced or all.")
	}
	k.slugs("categories", c.Categories)
	k.tags("tags", c.Tags)
	if !slices.Contains([]Visibility{Public, Members, Unlisted}, c.Visibility) {
		k.add("visibility", "The visibility is public, members or unlisted.")
	}
	k.price(c.Price)
	if c.CertificateMonths < 0 || c.CertificateMonths > MaxMonths {
		k.add("certificateMonths", "A certificate is good for 1 to %d months, or with 0 for ever.", MaxMonths)
	}
	k.slugs("prerequisites", c.Prerequisites)
	if i := slices.Index(c.Prerequisites, c.Slug); i >= 0 {
		k.add(at("prerequisites", i), "A course cannot be its own prerequisite.")
	}
	k.completion("completion", c.Completion)
	k.modules(c.Modules)
}

// textOf is a text as it stands, canonical or not.
func textOf(format Format, source string) Text {
	if source == "" {
		return Text{}
	}
	return Text{Format: format, Source: source}
}

func (k *checker) key(path, what, key string) {
	switch {
	case key == "":
		k.add(path, "The %s is missing.", what)
	case !IsKey(key):
		k.add(path, "The %s %s must be lower-case letters a to z and digits, in words joined by single hyphens, at most %d long.",
			what, quote(key), MaxKeyLen)
	}
}

func (k *checker) title(path, title string) {
	if title == "" {
		k.add(path, "The title is missing.")
		return
	}
	k.line(path, title, maxTitle)
}

func (k *checker) line(path, s string, limit int) {
	switch {
	case !isLine(s):
		k.add(path, "The text must stand on one line, without blanks at its ends or twice in a row.")
	case len([]rune(s)) > limit:
		k.add(path, "The text is %d characters long, and at most %d are allowed.", len([]rune(s)), limit)
	}
}

// lines checks plain text of one line or several; limit is in bytes.
func (k *checker) lines(path, s string, limit int) {
	switch {
	case !isBlock(s):
		k.add(path, "The text must be UTF-8 without control characters, with \\n as line end, and without blank lines at its ends.")
	case len(s) > limit:
		k.add(path, "The text is %d bytes long, and at most %d are allowed.", len(s), limit)
	}
}

func (k *checker) text(path string, t Text, limit int) {
	if t.IsZero() {
		if t.Format != "" {
			k.add(path, "An empty text has no format.")
		}
		return
	}
	switch {
	case t.Format != Markdown && t.Format != HTML:
		k.add(path, "The format is markdown or html.")
	case !isBlock(t.Source):
		k.add(path, "The text must be UTF-8 without control characters, with \\n as line end, and without blank lines at its ends.")
	case len(t.Source) > limit:
		k.add(path, "The text is %d KB long, and at most %d KB are allowed.", len(t.Source)>>10, limit>>10)
	case t.Format == Markdown && markup.IsTangled(t.Source):
		k.add(path, "A paragraph holds thousands of signs such as [ * _, or nests hundreds of quotations: put code between ``` lines with blank lines in it, or use html.")
	default:
		k.links(path, t)
	}
}

func (k *checker) links(path string, t Text) {
	for _, link := range t.Links() {
		if problem := linkProblem(link.Target, k.lessons); problem != "" {
			k.findings = append(k.findings, Finding{
				Path: path, Text: t.Source, Offset: link.Offset, Message: "The text " + strings.TrimSuffix(problem, ".") + ".",
			})
		}
	}
}

func (k *checker) language(path, tag string) {
	parsed, err := language.Parse(tag)
	switch {
	case tag == "":
		k.add(path, "The language is missing: write a code such as en, pt-BR or ar.")
	case err != nil || parsed == language.Und:
		k.add(path, "%s is not a language code: write one such as en, pt-BR or ar.", quote(tag))
	case parsed.String() != tag:
		k.add(path, "Write the language code %s as %s.", quote(tag), quote(parsed.String()))
	}
}

func (k *checker) slugs(path string, slugs []string) {
	k.count(path, "name", len(slugs), 0, MaxNames)
	for i, slug := range slugs {
		k.key(at(path, i), "slug", slug)
		if slices.Index(slugs, slug) < i {
			k.add(at(path, i), "%s stands here twice.", quote(slug))
		}
	}
}

func (k *checker) tags(path string, tags []string) {
	k.count(path, "tag", len(tags), 0, MaxNames)
	seen := map[string]bool{}
	for i, tag := range tags {
		k.title(at(path, i), tag)
		if folded := strings.ToLower(tag); seen[folded] {
			k.add(at(path, i), "%s stands here twice.", quote(tag))
		} else {
			seen[folded] = true
		}
	}
}

func (k *checker) media(path, file string) {
	if problem := MediaPathProblem(file); problem != "" {
		k.add(path, "%s: %s", quote(file), problem)
	}
}

func (k *checker) price(p *Price) {
	if p == nil {
		return
	}
	if unit, err := currency.ParseISO(p.Currency); err != nil || unit.String() != p.Currency {
		k.add("price", "%s is not a currency code: write one such as EUR, USD or JPY.", quote(p.Currency))
	}
	if p.Amount <= 0 || p.Amount > maxAmount {
		k.add("price", "A price is more than zero, and not absurd; a free course has none.")
	}
}

func (k *checker) percent(path string, n int) {
	if n < 0 || n > 100 {
		k.add(path, "A percentage is between 0 and 100.")
	}
}

// once reports a key that was used before; seen maps keys to the path of their first use.
func (k *checker) once(seen map[string]bool, path, what, key string) {
	if seen[key] && key != "" {
		k.add(path, "The key %s is used by two %ss. Give one of them another.", quote(key), what)
	}
	seen[key] = true
}

func (k *checker) count(path, what string, n, least, most int) {
	switch {
	case n < least && least == 1:
		k.add(path, "There is no %s yet: at least one is needed.", what)
	case n < least:
		k.add(path, "There must be at least %d %ss.", least, what)
	case n > most:
		k.add(path, "There are %d %ss, and at most %d are allowed.", n, what, most)
	}
}

func (k *checker) modules(modules []Module) {
	k.count("modules", "module", len(modules), 1, MaxModules)
	keys, lessonKeys, lessons := map[string]bool{}, map[string]bool{}, 0
	for i, m := range modules {
		path := at("modules", i)
		k.key(at(path, "key"), "key", m.Key)
		k.once(keys, at(path, "key"), "module", m.Key)
		k.title(at(path, "title"), m.Title)
		k.lines(at(path, "summary"), m.Summary, maxLines)
		k.completion(at(path, "completion"), m.Completion)
		k.count(at(path, "lessons"), "lesson", len(m.Lessons), 1, MaxLessons)
		for j, l := range m.Lessons {
			lesson := at(path, "lessons", j)
			k.once(lessonKeys, at(lesson, "key"), "lesson", l.Key)
			k.lesson(lesson, l)
		}
		lessons += len(m.Lessons)
	}
	if lessons > MaxLessons {
		k.add("modules", "There are %d lessons, and at most %d are allowed.", lessons, MaxLessons)
	}
}

func (k *checker) lesson(path string, l Lesson) {
	k.key(at(path, "key"), "key", l.Key)
	k.title(at(path, "title"), l.Title)
	k.line(at(path, "section"), l.Section, maxTitle)
	k.rule(at(path, "completion"), l.Completion)
	k.text(at(path, "body"), l.Body, maxBody)
	k.belongs(path, l)
	switch l.Kind {
	case VideoLesson:
		k.video(at(path, "video"), l.Video)
	case ArticleLesson:
		if l.Body.IsZero() {
			k.add(at(path, "body"), "The article is empty.")
		}
	case QuizLesson:
		k.quiz(at(path, "quiz"), l.Quiz)
	case FileLesson:
		k.media(at(path, "file"), l.File)
	case LinkLesson:
		if !isWeb(l.URL) {
			k.add(at(path, "url"), "%s is not an address: write one that begins with https:// or http:// .", quote(l.URL))
		}
	default:
		k.add(at(path, "kind"), "The kind is video, article, quiz, file or link.")
	}
}

// belongs reports fields that lessons of this kind do not have.
func (k *checker) belongs(path string, l Lesson) {
	fields := []struct {
		name string
		set  bool
		kind LessonKind
	}{
		{"video", l.Video != nil, VideoLesson},
		{"quiz", l.Quiz != nil, QuizLesson},
		{"file", l.File != "", FileLesson},
		{"url", l.URL != "", LinkLesson},
	}
	for _, f := range fields {
		if f.set && f.kind != l.Kind {
			k.add(at(path, f.name), "Only a %s lesson has this.", strings.ToLower(string(f.kind)))
		}
	}
}

func (k *checker) video(path string, v *Video) {
	if v == nil {
		k.add(path, "The video is missing.")
		return
	}
	switch {
	case (v.File == "") == (v.URL == ""):
		k.add(at(path, "file"), "A video has either a file or a url.")
	case v.File != "":
		k.media(at(path, "file"), v.File)
	case !isWeb(v.URL):
		k.add(at(path, "url"), "%s is not an address: write one that begins with https:// or http:// .", quote(v.URL))
	}
	if v.Duration < 0 || v.Duration > maxDuration || v.Duration%time.Millisecond != 0 {
		k.add(at(path, "duration"), "The duration is written like 4m30s, in whole milliseconds, up to 100 hours.")
	}
	k.captions(at(path, "captions"), v.Captions)
}

func (k *checker) captions(path string, captions []Caption) {
	k.count(path, "caption file", len(captions), 0, MaxCaptions)
	seen := map[string]bool{}
	for i, c := range captions {
		path := at(path, i)
		k.language(at(path, "locale"), c.Locale)
		k.line(at(path, "label"), c.Label, maxTitle)
		k.media(at(path, "file"), c.File)
		if lower := strings.ToLower(c.File); !strings.HasSuffix(lower, ".vtt") && !strings.HasSuffix(lower, ".srt") {
			k.add(at(path, "file"), "A caption file ends in .vtt or .srt.")
		}
		if seen[c.Locale] {
			k.add(path, "There are two caption files for %s.", quote(c.Locale))
		}
		seen[c.Locale] = true
	}
}

func (k *checker) quiz(path string, q *Quiz) {
	if q == nil {
		k.add(path, "The quiz is missing.")
		return
	}
	k.percent(at(path, "passMark"), q.PassMark)
	if q.AttemptsAllowed < 0 || q.AttemptsAllowed > MaxAttempts {
		k.add(at(path, "attemptsAllowed"), "Attempts are a number up to %d; leave them out for no limit.", MaxAttempts)
	}
	if q.TimeLimit < 0 || q.TimeLimit > maxDuration || q.TimeLimit%time.Second != 0 {
		k.add(at(path, "timeLimit"), "The time limit is written like 20m, in whole seconds, up to 100 hours.")
	}
	k.count(at(path, "questions"), "question", len(q.Questions), 1, MaxQuestions)
	if q.Draw < 0 || q.Draw > len(q.Questions) {
		k.add(at(path, "draw"), "The quiz draws %d of its %d questions.", q.Draw, len(q.Questions))
	}
	keys := map[string]bool{}
	for i, question := range q.Questions {
		path := at(path, "questions", i)
		k.once(keys, at(path, "key"), "question", question.Key)
		k.question(path, question)
	}
}

func (k *checker) question(path string, q Question) {
	k.key(at(path, "key"), "key", q.Key)
	if q.Format != Markdown && q.Format != HTML {
		k.add(at(path, "format"), "The format is markdown or html.")
		q.Format = Markdown
	}
	k.said(at(path, "prompt"), "The question asks nothing: write a prompt.", q.Format, q.Prompt)
	k.text(at(path, "explanation"), textOf(q.Format, q.Explanation), maxText)
	k.count(at(path, "hints"), "hint", len(q.Hints), 0, MaxHints)
	for i, hint := range q.Hints {
		k.said(at(path, "hints", i), "The hint is empty.", q.Format, hint)
	}
	if q.Points < 1 || q.Points > MaxPoints {
		k.add(at(path, "points"), "Points are a whole number from 1 to %d.", MaxPoints)
	}
	k.answer(path, q)
}

// said checks a text that must not be empty.
func (k *checker) said(path, missing string, format Format, source string) {
	if source == "" {
		k.add(path, "%s", missing)
	}
	k.text(path, textOf(format, source), maxText)
}

func (k *checker) answer(path string, q Question) {
	isChoice := q.Kind == SingleChoice || q.Kind == MultipleChoice
	if !isChoice && len(q.Choices) > 0 {
		k.add(at(path, "choices"), "Only a question of choice has choices.")
	}
	if q.Kind != Numeric && q.Number != nil {
		k.add(at(path, "number"), "Only a numeric question has this.")
	}
	if q.Kind != ShortText && q.Accepted != nil {
		k.add(at(path, "accepted"), "Only a short text question has this.")
	}
	switch q.Kind {
	case SingleChoice, MultipleChoice:
		k.choices(path, q)
	case Numeric:
		k.number(at(path, "number"), q.Number)
	case ShortText:
		k.accepted(at(path, "accepted"), q.Accepted)
	default:
		k.add(at(path, "kind"), "The kind is single_choice, multiple_choice, numeric or short_text.")
	}
}

func (k *checker) choices(path string, q Question) {
	path = at(path, "choices")
	k.count(path, "choice", len(q.Choices), 2, MaxChoices)
	keys, correct := map[string]bool{}, 0
	for i, c := range q.Choices {
		path := at(path, i)
		k.key(at(path, "key"), "key", c.Key)
		k.once(keys, at(path, "key"), "choice", c.Key)
		k.said(at(path, "text"), "The choice says nothing: write a text.", q.Format, c.Text)
		k.text(at(path, "feedback"), textOf(q.Format, c.Feedback), maxText)
		if c.Correct {
			correct++
		}
	}
	if q.Kind == SingleChoice && correct != 1 {
		k.add(path, "A single choice question has exactly one correct choice, and this one has %d.", correct)
	}
}

func (k *checker) number(path string, n *Number) {
	if n == nil {
		k.add(path, "The answer is missing.")
		return
	}
	if problem := n.Problem(); problem != "" {
		k.add(path, "%s", problem)
	}
}

func (k *checker) accepted(path string, a *Accepted) {
	if a == nil {
		k.add(path, "The accepted answers are missing.")
		return
	}
	k.count(path, "accepted answer", len(a.Answers), 1, MaxAccepted)
	seen := map[string]bool{}
	for i, answer := range a.Answers {
		path := at(path, "answers", i)
		if answer == "" {
			k.add(path, "The accepted answer is empty.")
		}
		k.line(path, answer, maxAnswer)
		if !a.CaseSensitive {
			answer = strings.ToLower(answer)
		}
		if seen[answer] {
			k.add(path, "%s stands here twice.", quote(answer))
		}
		seen[answer] = true
	}
}
