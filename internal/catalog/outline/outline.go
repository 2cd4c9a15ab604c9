// Package outline is the compiled shape of a published course, as stored in a course version: what there
// is to learn, in which order, and what completes it. It holds no lesson bodies and no answer keys.
package outline

import "github.com/google/uuid"

// Outline is one course version's structure. It never changes once written.
type Outline struct {
	Modules []Module `json:"modules"`
	// Completion says what completes the course; nil is all modules that require something.
	Completion *Policy `json:"completion,omitempty"`
	// Timed is true when time alone can complete something: a rule asks for the date.
	Timed bool `json:"timed,omitempty"`
}

// Module is a titled group of lessons.
type Module struct {
	ID      uuid.UUID `json:"id"`
	Key     string    `json:"key"`
	Title   string    `json:"title"`
	Summary string    `json:"summary,omitempty"`
	Lessons []Lesson  `json:"lessons"`
	// Completion says what completes the module; nil is all lessons that it requires.
	Completion *Policy `json:"completion,omitempty"`
}

// Kind is what a lesson consists of.
type Kind string

// The kinds of lesson.
const (
	Video   Kind = "VIDEO"
	Article Kind = "ARTICLE"
	Quiz    Kind = "QUIZ"
	File    Kind = "FILE"
	Link    Kind = "LINK"
)

// Values lists the kinds, for the database schema.
func (Kind) Values() []string {
	return []string{string(Video), string(Article), string(Quiz), string(File), string(Link)}
}

// Level says whom a course is for.
type Level string

// The levels.
const (
	Beginner     Level = "BEGINNER"
	Intermediate Level = "INTERMEDIATE"
	Advanced     Level = "ADVANCED"
	All          Level = "ALL"
)

// Values lists the levels, for the database schema.
func (Level) Values() []string {
	return []string{string(Beginner), string(Intermediate), string(Advanced), string(All)}
}

// Visibility says who finds a published course.
type Visibility string

// The visibilities: everybody; who is signed in; who has the address.
const (
	Public   Visibility = "PUBLIC"
	Members  Visibility = "MEMBERS"
	Unlisted Visibility = "UNLISTED"
)

// Values lists the visibilities, for the database schema.
func (Visibility) Values() []string {
	return []string{string(Public), string(Members), string(Unlisted)}
}

// Format is how an author wrote a text.
type Format string

// The formats.
const (
	Markdown Format = "MARKDOWN"
	HTML     Format = "HTML"
)

// Values lists the formats, for the database schema.
func (Format) Values() []string { return []string{string(Markdown), string(HTML)} }

// Lesson is one step of a course.
type Lesson struct {
	ID    uuid.UUID `json:"id"`
	Key   string    `json:"key"`
	Title string    `json:"title"`
	// Section is an optional heading that groups neighbouring lessons inside the module.
	Section string `json:"section,omitempty"`
	Kind    Kind   `json:"kind"`
	// Required lessons must be completed to complete the course.
	Required bool `json:"required"`
	// Preview lessons are open to everybody who sees the course.
	Preview bool `json:"preview,omitempty"`
	// DurationMS is the length of the video in milliseconds; zero when unknown or not a video.
	DurationMS int `json:"duration_ms,omitempty"`
	// Quiz holds a quiz lesson's settings; nil for other kinds.
	Quiz *QuizSettings `json:"quiz,omitempty"`
	// Completion is the rule that completes the lesson, in CEL; empty for what completes its kind.
	Completion string `json:"completion,omitempty"`
}

// QuizSettings says how a quiz is taken and which question versions it draws from.
type QuizSettings struct {
	// PassMark is the share of points needed to pass, in percent.
	PassMark int `json:"pass_mark"`
	// AttemptsAllowed is how often a learner may try; zero means any number of times.
	AttemptsAllowed int `json:"attempts_allowed,omitempty"`
	// TimeLimitSeconds is the length of an attempt; zero means no limit.
	TimeLimitSeconds int `json:"time_limit_seconds,omitempty"`
	// Shuffle mixes questions and choices for each attempt.
	Shuffle bool `json:"shuffle,omitempty"`
	// Draw is how many questions an attempt takes from the pool; zero means all.
	Draw int `json:"draw,omitempty"`
	// Questions are the ids of the pinned question versions, in order.
	Questions []uuid.UUID `json:"questions"`
}

// Lesson returns the lesson with that id, or nil.
func (o *Outline) Lesson(id uuid.UUID) *Lesson {
	for m := range o.Modules {
		for l := range o.Modules[m].Lessons {
			if o.Modules[m].Lessons[l].ID == id {
				return &o.Modules[m].Lessons[l]
			}
		}
	}
	return nil
}

// Lessons returns all lessons in order.
func (o *Outline) Lessons() []Lesson {
	var all []Lesson
	for _, m := range o.Modules {
		all = append(all, m.Lessons...)
	}
	return all
}

// Required returns how many lessons must be completed. A course that requires none requires all.
func (o *Outline) Required() int {
	n, total := 0, 0
	for _, m := range o.Modules {
		for _, l := range m.Lessons {
			total++
			if l.Required {
				n++
			}
		}
	}
	if n == 0 {
		return total
	}
	return n
}

// Caption is one language's text track of a video lesson.
type Caption struct {
	// Locale is the BCP 47 tag of the text.
	Locale string `json:"locale"`
	// Label is what a player's menu shows.
	Label string `json:"label,omitempty"`
	// VTT is the whole WebVTT file.
	VTT string `json:"vtt"`
}
