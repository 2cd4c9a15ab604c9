// Package course is what an author writes: one course with its modules, lessons and questions, as plain
// values. It says what a well-formed course is, and knows neither files nor the network.
//
// Every module, lesson, question and choice carries a key that its author chose. The key is its identity:
// titles, order and text may change, and a push still finds the same thing.
package course

import "time"

// Course is a whole course as its authors see it.
type Course struct {
	// Slug names the course in its tenant and in addresses: "knots-for-sailors".
	Slug  string
	Title string
	// Summary is one or two sentences of plain text, for cards and search results.
	Summary string
	// Description is Markdown, for the course page.
	Description string
	// Language is a BCP 47 tag: "en", "pt-BR".
	Language string
	Level    Level
	// Categories are slugs, in the author's order, without repetitions.
	Categories []string
	// Tags are words of one's own choice, without repetitions.
	Tags       []string
	Visibility Visibility
	// Price is nil for a free course.
	Price *Price
	// Certificate tells whether completing the course earns one. Unless Completion says otherwise, a course is
	// completed when its required lessons are, and a quiz is when it is passed.
	Certificate bool
	// CertificateMonths is how long a certificate is good; 0 is for ever.
	CertificateMonths int
	// Completion says what completes the course; nil says nothing, and a push leaves what the server has.
	Completion *Completion
	// Prerequisites are slugs of courses of the same tenant to be completed first.
	Prerequisites []string
	Modules       []Module
}

// Level is how much a course expects its learners to know.
type Level string

// The levels of a course.
const (
	Beginner     Level = "BEGINNER"
	Intermediate Level = "INTERMEDIATE"
	Advanced     Level = "ADVANCED"
	AllLevels    Level = "ALL"
)

// Visibility says who finds a published course.
type Visibility string

// The visibilities: everybody; who is signed in; who has the address.
const (
	Public   Visibility = "PUBLIC"
	Members  Visibility = "MEMBERS"
	Unlisted Visibility = "UNLISTED"
)

// Price is what a course costs.
type Price struct {
	// Amount is in the currency's minor unit: 4900 is 49.00 USD, and 4,900 JPY.
	Amount int
	// Currency is an ISO 4217 code.
	Currency string
}

// Module is a chapter: lessons that belong together.
type Module struct {
	// Key is unique in the course.
	Key     string
	Title   string
	Summary string
	// Completion says what completes the module; nil says nothing, and a push leaves what the server has.
	Completion *Completion
	Lessons    []Lesson
}

// LessonKind says what a lesson is made of.
type LessonKind string

// The kinds of lessons, and the field of Lesson that each one uses.
const (
	// VideoLesson uses Video.
	VideoLesson LessonKind = "VIDEO"
	// ArticleLesson uses Body alone.
	ArticleLesson LessonKind = "ARTICLE"
	// QuizLesson uses Quiz.
	QuizLesson LessonKind = "QUIZ"
	// FileLesson uses File.
	FileLesson LessonKind = "FILE"
	// LinkLesson uses URL.
	LinkLesson LessonKind = "LINK"
)

// Lesson is one step of a module.
type Lesson struct {
	// Key is unique in the course, not only in its module, so that a lesson may move.
	Key   string
	Title string
	// Section is a heading over consecutive lessons of the module, or "".
	Section string
	Kind    LessonKind
	// Required lessons count for completion.
	Required bool
	// Preview lessons may be seen before enrolling.
	Preview bool
	// Completion is the rule in CEL that completes the lesson, or DefaultRule; "" says nothing, and a push leaves what
	// the server has.
	Completion string
	// Body is the article, or for the other kinds what is said beside them.
	Body Text
	// Video, Quiz, File and URL belong to one kind each, and are empty for the others.
	Video *Video
	Quiz  *Quiz
	// File is a media path: what the learner downloads.
	File string
	// URL is an http or https address.
	URL string
}

// Video is the film of a video lesson: a file of the course, or an address elsewhere.
type Video struct {
	// File is a media path, and URL an http or https address; exactly one of them is set.
	File     string
	URL      string
	Captions []Caption
	// Duration is in whole milliseconds; 0 when nobody has said.
	Duration time.Duration
}

// Caption is a WebVTT or SubRip file that goes with a video.
type Caption struct {
	// Locale is a BCP 47 tag, unique in the video.
	Locale string
	// Label is what a player's menu shows, or "".
	Label string
	// File is a media path that ends in .vtt or .srt.
	File string
}

// Quiz is what a quiz lesson asks.
type Quiz struct {
	// PassMark is the percentage of points that passes, 0 to 100.
	PassMark int
	// AttemptsAllowed is 0 when there is no limit.
	AttemptsAllowed int
	// TimeLimit of one attempt is in whole seconds, and 0 when there is none.
	TimeLimit time.Duration
	// Shuffle asks for questions and choices in another order in every attempt.
	Shuffle bool
	// Draw is how many of the questions each attempt takes; 0 asks all of them.
	Draw      int
	Questions []Question
}

// QuestionKind says how a question is answered.
type QuestionKind string

// The kinds of questions, and the field of Question that each one uses.
const (
	// SingleChoice has Choices, one of them correct.
	SingleChoice QuestionKind = "SINGLE_CHOICE"
	// MultipleChoice has Choices, any number of them correct; all and only those answer it.
	MultipleChoice QuestionKind = "MULTIPLE_CHOICE"
	// Numeric has Number.
	Numeric QuestionKind = "NUMERIC"
	// ShortText has Accepted.
	ShortText QuestionKind = "SHORT_TEXT"
)

// Question is one question of a quiz, with its answer.
type Question struct {
	// Key is unique in its quiz.
	Key  string
	Kind QuestionKind
	// Format is the notation of every text of the question: prompt, choices, feedback, explanation, hints.
	Format Format
	Prompt string
	// Points are what a right answer earns, 1 to MaxPoints.
	Points   int
	Choices  []Choice
	Number   *Number
	Accepted *Accepted
	// Explanation is shown after the answer.
	Explanation string
	// Hints are shown one after another, when asked for.
	Hints []string
}

// Choice is one option of a choice question.
type Choice struct {
	// Key is unique in its question.
	Key     string
	Text    string
	Correct bool
	// Feedback is shown to who chose it.
	Feedback string
}

// Accepted are the right answers to a short text question: plain strings, of which one has to match after
// blank space at both ends is taken away and inner runs of it are one space.
type Accepted struct {
	Answers       []string
	CaseSensitive bool
}
