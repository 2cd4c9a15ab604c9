// Package search finds published courses and lessons by their words. An Engine answers with ids; what is
// shown is read again under the viewer's policies, so that a stale or poisoned index cannot leak.
package search

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
)

// Marks around the words found, in titles and snippets. Documents hold neither.
const (
	MarkStart = "⟦"
	MarkEnd   = "⟧"
)

// MaxTotal is how many hits a search counts to: there may be more, and nobody pages that far.
const MaxTotal = 1000

// Document is what can be found: a published course, or a lesson of one. Its texts are plain.
type Document struct {
	// ID is the course's or the lesson's.
	ID     uuid.UUID
	Course uuid.UUID
	Lesson bool
	// Version is the number of the course version that this is of.
	Version int
	// Title is the course's or the lesson's, CourseTitle always the course's.
	Title, CourseTitle string
	// Summary may be read by whoever may find the document.
	Summary string
	// Body is searched. A course's is shown in excerpts; a lesson's to those who may open the lesson, since phrase
	// after phrase would make the whole.
	Body string
	// Cues are what is said in a lesson's film, in one language after the other: searched and shown as the body is,
	// which they follow.
	Cues []Cue
	// Language is a BCP 47 tag.
	Language string
	Level    string
	// Categories are slugs.
	Categories []string
	// Visibility is PUBLIC or MEMBERS.
	Visibility  string
	PublishedAt time.Time
}

// Cue is a line of a film's captions.
type Cue struct {
	// At is when it is said, since the beginning of the film.
	At   time.Duration
	Text string
}

// Text is all that is searched beside the title, one thing a line.
func (d Document) Text() string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(d.Summary + "\n" + d.Body))
	for _, cue := range d.Cues {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(cue.Text)
	}
	return b.String()
}

// Query is what is looked for, inside the tenant of the context. All words must be there; words in double
// quotes must stand together, and a word after a hyphen must not be there. The last word may be unfinished.
type Query struct {
	Text string
	// Members includes what only signed-in people may find.
	Members bool
	// Reader is who asks, uuid.Nil a visitor. They see excerpts of the lessons that they may open: those that a
	// place of theirs gives, and previews. Staff see excerpts of all.
	Reader        uuid.UUID
	Staff         bool
	Limit, Offset int
	// Language, Level and Category narrow when they are not empty. Language "pt" finds "pt-BR" too. They are
	// a canonical BCP 47 tag, a level and a slug: engines put them into filters.
	Language, Level, Category string
}

// Hit is one document found.
type Hit struct {
	ID     uuid.UUID
	Course uuid.UUID
	Lesson bool
	// Title and Snippet are plain text with marks around what was found. Snippet is empty for a lesson that the
	// query's asker may not open.
	Title, Snippet string
	// AtMs is when the snippet is said, in milliseconds of the lesson's film; nil for what is not from captions.
	AtMs *int
}

// Found is a page of hits, best first.
type Found struct {
	Hits []Hit
	// Total is how many there are in all, or MaxTotal when there are more.
	Total int
}

// Held is what an engine holds of one course.
type Held struct {
	Documents int
	// Version is the number of the oldest version that one of them is of.
	Version int
}

// Settle waits until queries see what was put.
type Settle func(ctx context.Context) error

// Settled is for what queries see at once.
func Settled(context.Context) error { return nil }

// Engine finds documents. Every method works inside the tenant of the context and reaches nothing else.
type Engine interface {
	// Ready returns when the engine can take documents. It may take long, and so comes before a transaction.
	Ready(ctx context.Context) error
	// Put makes the documents all there is of the course: others of it are forgotten. With none the course is
	// forgotten. What is put later wins. The caller may put the same again after an error.
	Put(ctx context.Context, tx *pg.Tx, course uuid.UUID, documents []Document) (Settle, error)
	// Query finds documents.
	Query(ctx context.Context, q Query) (Found, error)
	// Held tells what is held, by course.
	Held(ctx context.Context) (map[uuid.UUID]Held, error)
	// Ping returns nil when the engine answers.
	Ping(ctx context.Context) error
}

// Store is the engine in our own database, under row-level security. What it holds is always up to date.
type Store interface {
	Engine
	// Show returns those of the hits that are held and that the query's asker may find, in the same order, with
	// titles and snippets of what is held.
	Show(ctx context.Context, q Query, hits []Hit) ([]Hit, error)
}

// Token lets a search box ask the engine directly, inside one tenant.
type Token struct {
	Token     string
	ExpiresAt time.Time
	// Host is the engine's address, Index what to search there.
	Host, Index string
}

// Remote is an Engine that search boxes can reach, and that is built anew beside the one that answers. Its
// hits have no snippets.
type Remote interface {
	Engine
	// Token mints a token for the tenant of the context. Members includes what only signed-in people may find.
	Token(ctx context.Context, members bool) (Token, error)
	// Rebuild calls fill with an engine that writes to a new index, and then puts that in force. When fill
	// fails, what is in force stays.
	Rebuild(ctx context.Context, fill func(Engine) error) error
}
