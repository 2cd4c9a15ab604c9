package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/author/caption"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/markup"
)

// source is everything that a course is compiled from.
type source struct {
	course  *ent.Course
	modules []*ent.Module
	// lessons are in order of their positions, those of all modules together.
	lessons []*ent.Lesson
	pinned  map[uuid.UUID]quiz.Pinned
	// ready are the assets that can be read, with what is known of films.
	ready map[uuid.UUID]*ent.Asset
	// captioned are the films that have captions; nil where the tenant does not ask for them.
	captioned map[uuid.UUID]bool
}

// compiled is a course as it is published: rows that have no id, number and author yet.
type compiled struct {
	version *ent.CourseVersion
	lessons []*ent.LessonVersion
}

// compile makes the published form of a draft. The error is a BadInput fault with everything that keeps
// the course from being published; its fields are like "lessons.the-bowline.body".
func compile(from *source) (*compiled, error) {
	var c input.Checker
	keys := make(map[string]bool, len(from.lessons))
	for _, l := range from.lessons {
		keys[l.Key] = true
	}
	out := &compiled{version: from.version(&c, targets{lessons: keys})}
	modules := make([]outline.Module, len(from.modules))
	place := make(map[uuid.UUID]*outline.Module, len(from.modules))
	for i, m := range from.modules {
		modules[i] = outline.Module{ID: m.ID, Key: m.Key, Title: m.Title, Summary: m.Summary, Lessons: []outline.Lesson{}, Completion: m.Completion}
		place[m.ID] = &modules[i]
	}
	for _, l := range from.lessons {
		k := lessonCompiler{
			Checker: &c, at: input.Path("lessons", l.Key), lesson: l, from: from, may: targets{files: l.Assets, lessons: keys},
		}
		home := place[l.ModuleID]
		entry := k.entry()
		home.Lessons = append(home.Lessons, entry)
		out.lessons = append(out.lessons, k.body())
		out.version.DurationMs += entry.DurationMS
	}
	c.Check(len(from.lessons) > 0, "modules", "A course needs at least one lesson.")
	out.version.Outline = outline.Outline{Modules: modules, Completion: from.course.Completion}
	rules(&c, &out.version.Outline)
	out.version.LessonCount = len(out.lessons)
	out.version.RequiredCount = out.version.Outline.Required()
	out.version.ContentHash = out.hash()
	return out, c.Err()
}

// version is what the course says about itself.
func (s *source) version(c *input.Checker, may targets) *ent.CourseVersion {
	d := s.course
	return &ent.CourseVersion{
		CourseID: d.ID, Slug: d.Slug, Title: d.Title, Summary: d.Summary, Language: d.Language, Level: d.Level,
		Categories: d.Categories, Tags: d.Tags, Visibility: d.Visibility,
		PriceAmount: d.PriceAmount, PriceCurrency: d.PriceCurrency,
		InstructorID: d.InstructorID, Certificate: d.Certificate, CertificateMonths: d.CertificateMonths,
		DescriptionHTML: render(c, "description", outline.Markdown, d.Description, may),
	}
}

// hashed is what a version says, in the form that is hashed. What follows from the rest (counts, text for
// search) is left out.
type hashed struct {
	Slug          string             `json:"slug"`
	Title         string             `json:"title"`
	Summary       string             `json:"summary"`
	Description   string             `json:"description"`
	Language      string             `json:"language"`
	Level         outline.Level      `json:"level"`
	Categories    []string           `json:"categories"`
	Tags          []string           `json:"tags"`
	Visibility    outline.Visibility `json:"visibility"`
	PriceAmount   int                `json:"price_amount"`
	PriceCurrency string             `json:"price_currency"`
	Instructor    uuid.UUID          `json:"instructor"`
	Certificate   bool               `json:"certificate"`
	// Left out when it is 0, as it was in every version before there was this setting: their hashes stay.
	CertificateMonths int             `json:"certificate_months,omitempty"`
	Outline           outline.Outline `json:"outline"`
	Lessons           []hashedLesson  `json:"lessons"`
}

type hashedLesson struct {
	ID       uuid.UUID            `json:"id"`
	HTML     string               `json:"html"`
	Asset    *uuid.UUID           `json:"asset"`
	URL      string               `json:"url"`
	Captions []outline.Caption    `json:"captions"`
	Assets   map[string]uuid.UUID `json:"assets"`
}

// hash is the SHA-256 of the published content in hex. Equal content has the same hash, whichever draft and
// number it comes from.
func (c *compiled) hash() string {
	v := c.version
	content := hashed{
		Slug: v.Slug, Title: v.Title, Summary: v.Summary, Description: v.DescriptionHTML, Language: v.Language, Level: v.Level,
		Categories: v.Categories, Tags: v.Tags, Visibility: v.Visibility, PriceAmount: v.PriceAmount, PriceCurrency: v.PriceCurrency,
		Instructor: v.InstructorID, Certificate: v.Certificate, CertificateMonths: v.CertificateMonths,
		Outline: v.Outline, Lessons: make([]hashedLesson, len(c.lessons)),
	}
	for i, l := range c.lessons {
		content.Lessons[i] = hashedLesson{ID: l.LessonID, HTML: l.BodyHTML, Asset: l.AssetID, URL: l.URL, Captions: l.Captions, Assets: l.Assets}
	}
	encoded, err := json.Marshal(content)
	if err != nil {
		// Strings, numbers, ids and maps by string always encode.
		panic("catalog: must encode a course: " + err.Error())
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// targets are what the texts of a lesson may link to inside the course.
type targets struct {
	files   map[string]uuid.UUID
	lessons map[string]bool
}

// problem says what is wrong with an address, or "".
func (t targets) problem(address string) string {
	if name, ok := outline.FileName(address); ok && t.files[name] == uuid.Nil {
		return fmt.Sprintf("The text links to asset:%s, but the lesson has no attachment with this name.", name)
	}
	if key, ok := outline.LessonKey(address); ok && !t.lessons[key] {
		return fmt.Sprintf("The text links to lesson:%s, but the course has no lesson with this key.", key)
	}
	return ""
}

// check records the problems of the addresses, each once.
func (t targets) check(c *input.Checker, field string, addresses []string) {
	slices.Sort(addresses)
	for _, address := range slices.Compact(addresses) {
		problem := t.problem(address)
		c.Check(problem == "", field, problem)
	}
}

// render makes safe HTML of a text and records what is wrong with it.
func render(c *input.Checker, field string, format outline.Format, source string, may targets) string {
	var addresses []string
	renderer := markup.Renderer{Rewrite: func(address string) (string, bool) {
		addresses = append(addresses, address)
		return address, true
	}}
	convert := renderer.Markdown
	if format == outline.HTML {
		convert = renderer.HTML
	}
	safe, err := convert(source)
	if err != nil {
		c.Fail(field, "The text cannot be shown: %v.", err)
	}
	may.check(c, field, addresses)
	return safe
}

// lessonCompiler compiles one lesson.
type lessonCompiler struct {
	*input.Checker
	at     string
	lesson *ent.Lesson
	from   *source
	may    targets
}

func (k lessonCompiler) must(ok bool, field, message string) {
	k.Check(ok, input.Path(k.at, field), message)
}

// entry is the lesson's place in the outline.
func (k lessonCompiler) entry() outline.Lesson {
	l := k.lesson
	e := outline.Lesson{
		ID: l.ID, Key: l.Key, Title: l.Title, Section: l.Section, Kind: l.Kind,
		Required: l.Required, Preview: l.Preview, DurationMS: lengthMS(l, k.from.ready),
		Completion: l.Completion,
	}
	if l.Kind == outline.Quiz {
		e.Quiz = k.quiz()
	}
	return e
}

// quiz is how the quiz is taken, with its questions pinned.
func (k lessonCompiler) quiz() *outline.QuizSettings {
	settings := outline.QuizSettings{}
	k.must(k.lesson.Quiz != nil, "quiz", "The quiz does not say how it is passed.")
	set(&settings, k.lesson.Quiz)
	pinned := k.from.pinned[k.lesson.ID]
	settings.Questions = pinned.Versions
	k.must(len(pinned.Versions) > 0, "quiz.questions", "A quiz needs at least one question.")
	k.must(settings.Draw <= len(pinned.Versions), "quiz.draw", "An attempt cannot draw more questions than there are.")
	k.may.check(k.Checker, input.Path(k.at, "quiz.questions"), pinned.Links)
	return &settings
}

// body is what the lesson shows.
func (k lessonCompiler) body() *ent.LessonVersion {
	l := k.lesson
	html := render(k.Checker, input.Path(k.at, "body"), l.BodyFormat, l.Body, k.may)
	k.complete(html)
	return &ent.LessonVersion{
		CourseID: l.CourseID, LessonID: l.ID, Title: l.Title, Kind: l.Kind, Preview: l.Preview,
		BodyHTML: html, BodyText: textOf(html, l.Captions),
		AssetID: l.AssetID, URL: l.URL, Captions: l.Captions, Assets: l.Assets,
	}
}

// complete records what a lesson of its kind cannot do without.
func (k lessonCompiler) complete(html string) {
	l := k.lesson
	k.must(l.AssetID == nil || k.from.ready[*l.AssetID] != nil, "assetId", "The file is gone; upload it again.")
	for _, name := range slices.Sorted(maps.Keys(l.Assets)) {
		k.must(k.from.ready[l.Assets[name]] != nil, "attachments", "The file "+name+" is gone; upload it again.")
	}
	switch l.Kind {
	case outline.Video:
		k.must(l.AssetID != nil || l.URL != "", "assetId", "A video lesson needs a file, or the address of a video elsewhere.")
		k.must(k.captioned(), "captions", "The film has no captions, which every film needs here: add them to the film or to the lesson.")
	case outline.Article:
		k.must(html != "", "body", "The article is empty.")
	case outline.File:
		k.must(l.AssetID != nil, "assetId", "A file lesson needs its file.")
	case outline.Link:
		k.must(l.URL != "", "url", "A link lesson needs its address.")
	case outline.Quiz:
		// Its questions are checked where they are pinned.
	}
}

// captioned reports whether the lesson's film has the captions that it needs. What lies elsewhere may have them there.
func (k lessonCompiler) captioned() bool {
	l := k.lesson
	return k.from.captioned == nil || l.AssetID == nil || len(l.Captions) > 0 || k.from.captioned[*l.AssetID]
}

// textOf is what a lesson says, in its body and in its captions, as plain text.
func textOf(html string, captions []outline.Caption) string {
	parts := []string{markup.Text(html)}
	for _, track := range captions {
		// Captions are checked when they are saved; what cannot be read says nothing.
		if parsed, err := caption.Parse([]byte(track.VTT)); err == nil {
			parts = append(parts, parsed.Transcript())
		}
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}
