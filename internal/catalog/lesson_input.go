package catalog

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/author/caption"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/input"
)

// The bounds of a lesson.
const (
	maxBody        = 200 << 10
	maxCaptions    = 50
	maxCaption     = 1 << 20
	maxLabel       = 200
	maxAttachments = 200
	maxName        = 200
	maxDuration    = 100 * time.Hour
	maxAttempts    = 1000
)

// LessonInput is the whole of a lesson as its author wants it. Nil and empty fields mean that there is none.
type LessonInput struct {
	// Module is the key of the module that holds it.
	Module string
	// Key is the lesson's identity in its course.
	Key, Title, Section string
	Kind                outline.Kind
	// Optional lessons need not be completed.
	Optional, Preview bool
	Body              string
	// Format is how the body is written; empty is Markdown.
	Format outline.Format
	// Asset is the film of a video lesson or the file of a file lesson.
	Asset *uuid.UUID
	// URL is the address of a link lesson, or of a video that lies elsewhere.
	URL        string
	DurationMS int
	Captions   []outline.Caption
	// Attachments are the files that the body and the questions link to as asset:NAME.
	Attachments []Attachment
	Quiz        *QuizInput
	// Completion is the rule that completes the lesson, in CEL; empty is its kind's.
	Completion string
}

// Attachment is a file by the name that a text uses for it.
type Attachment struct {
	Name  string
	Asset uuid.UUID
}

// QuizInput is how a quiz is taken, and what it asks.
type QuizInput struct {
	// PassMark is in percent.
	PassMark int
	// AttemptsAllowed and TimeLimitSeconds are 0 when there is no limit, Draw is 0 when every question is asked.
	AttemptsAllowed, TimeLimitSeconds, Draw int
	Shuffle                                 bool
	Questions                               []quiz.Draft
}

// check records everything that is wrong with the input by itself, and brings it into the form in which
// it is kept.
func (in *LessonInput) check(c *input.Checker) {
	c.Key("moduleKey", in.Module)
	c.Key("key", in.Key)
	c.Line("title", in.Title, 1, maxTitle)
	c.Line("section", in.Section, 0, maxTitle)
	c.Text("body", in.Body, maxBody)
	if in.Format == "" {
		in.Format = outline.Markdown
	}
	c.Check(slices.Contains(in.Format.Values(), string(in.Format)), "bodyFormat", "The format is MARKDOWN or HTML.")
	c.Check(slices.Contains(in.Kind.Values(), string(in.Kind)), "kind", "The kind is VIDEO, ARTICLE, QUIZ, FILE or LINK.")
	c.Between("durationMs", in.DurationMS, 0, int(maxDuration.Milliseconds()))
	if in.URL != "" {
		c.Web("url", in.URL)
	}
	in.checkBelongs(c)
	in.checkCaptions(c)
	in.checkAttachments(c)
	in.checkQuiz(c)
	checkRule(c, "completion", in.Completion, rule.Lesson)
}

// checkBelongs records fields that lessons of this kind do not have.
func (in *LessonInput) checkBelongs(c *input.Checker) {
	only := func(field string, is bool, kinds ...outline.Kind) {
		c.Check(!is || slices.Contains(kinds, in.Kind), field, "A lesson of this kind has none.")
	}
	only("assetId", in.Asset != nil, outline.Video, outline.File)
	only("url", in.URL != "", outline.Video, outline.Link)
	only("durationMs", in.DurationMS != 0, outline.Video)
	only("captions", len(in.Captions) > 0, outline.Video)
	only("quiz", in.Quiz != nil, outline.Quiz)
	c.Check(in.Asset == nil || in.URL == "", "url", "A video is either a file or an address elsewhere.")
}

func (in *LessonInput) checkCaptions(c *input.Checker) {
	c.Count("captions", len(in.Captions), maxCaptions)
	seen := map[string]bool{}
	for i := range in.Captions {
		track := &in.Captions[i]
		at := input.Path("captions", i)
		track.Locale = checkLanguage(c, input.Path(at, "locale"), track.Locale)
		c.Check(!seen[track.Locale], input.Path(at, "locale"), "There are captions in this language already.")
		seen[track.Locale] = true
		c.Line(input.Path(at, "label"), track.Label, 0, maxLabel)
		track.VTT = checkVTT(c, input.Path(at, "vtt"), track.VTT)
	}
}

// checkVTT returns the captions as normal WebVTT: with no markup that a player could be harmed by.
func checkVTT(c *input.Checker, field, vtt string) string {
	if len(vtt) > maxCaption {
		c.Fail(field, "Captions have at most %d KB.", maxCaption>>10)
		return vtt
	}
	track, err := caption.Parse([]byte(vtt))
	if err != nil {
		message := "The captions cannot be read."
		if refused, ok := errors.AsType[*fault.Error](err); ok {
			message = refused.Message
		}
		c.Fail(field, "%s", message)
		return vtt
	}
	return string(track.VTT())
}

func (in *LessonInput) checkAttachments(c *input.Checker) {
	c.Count("attachments", len(in.Attachments), maxAttachments)
	seen := map[string]bool{}
	for i, a := range in.Attachments {
		at := input.Path("attachments", i, "name")
		c.Line(at, a.Name, 1, maxName)
		c.Check(!strings.ContainsAny(a.Name, `"<>\`), at, `A name holds none of " < > \.`)
		c.Check(!seen[a.Name], at, "There is an attachment with this name already.")
		seen[a.Name] = true
	}
}

func (in *LessonInput) checkQuiz(c *input.Checker) {
	if in.Quiz == nil {
		return
	}
	c.Between("quiz.passMark", in.Quiz.PassMark, 0, 100)
	c.Between("quiz.attemptsAllowed", in.Quiz.AttemptsAllowed, 0, maxAttempts)
	c.Between("quiz.timeLimitSeconds", in.Quiz.TimeLimitSeconds, 0, int(maxDuration.Seconds()))
	c.Check(in.Quiz.Draw >= 0 && in.Quiz.Draw <= len(in.Quiz.Questions), "quiz.draw",
		"An attempt cannot draw more questions than there are.")
}
