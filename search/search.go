// Package search finds published courses and lessons by their words. An Engine answers with ids only; what
// is shown is read again under the viewer's policies, so that a stale or poisoned index cannot leak.
package search

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
)

// Marks around the words found, in titles and snippets.
const (
	MarkStart = "⟦"
	MarkEnd   = "⟧"
)

// Document is what can be found: a published course, or a lesson of one.
type Document struct {
	// ID is the course's or the lesson's.
	ID     uuid.UUID
	Course uuid.UUID
	Lesson bool
	// Version is the number of the course version that this is of.
	Version int
	Title   string
	// Body is plain text.
	Body string
	// Language is a BCP 47 tag.
	Language    string
	Level       string
	Categories  []string
	Visibility  string
	PublishedAt time.Time
}

// Query is what is looked for, inside the tenant of the context.
type Query struct {
	Text string
	// Members includes what only signed-in people may find.
	Members       bool
	Limit, Offset int
	// Language, Level and Category narrow when they are not empty.
	Language, Level, Category string
}

// Hit is one document found.
type Hit struct {
	ID     uuid.UUID
	Course uuid.UUID
	Lesson bool
	// Title and Snippet are plain text with marks around what was found.
	Title, Snippet string
}

// Found is a page of hits, best first.
type Found struct {
	Hits []Hit
	// Total is how many there are in all; engines may estimate above 1000.
	Total int
}

// Held is what an engine holds of one course.
type Held struct {
	Documents int
	Version   int
}

// Engine finds documents. Every method works inside the tenant of the context and reaches nothing else.
type Engine interface {
	// Put makes the documents all there is of the course: others of it are forgotten. With none the course is
	// forgotten.
	Put(ctx context.Context, tx *pg.Tx, course uuid.UUID, documents []Document) error
	// Query finds documents.
	Query(ctx context.Context, q Query) (Found, error)
	// Held tells what is held, by course.
	Held(ctx context.Context) (map[uuid.UUID]Held, error)
	// Ping returns nil when the engine answers.
	Ping(ctx context.Context) error
}

// Token lets a search box ask the engine directly, inside one tenant.
type Token struct {
	Token     string
	ExpiresAt time.Time
	// Host is the engine's address, Index what to search there.
	Host, Index string
}

// Remote is an Engine that search boxes can reach, and that is built anew beside the one that answers.
type Remote interface {
	Engine
	// Token mints a token for the tenant of the context. Members includes what only signed-in people may find.
	Token(ctx context.Context, members bool) (Token, error)
	// Rebuild calls fill with an engine that writes to a new index, and then puts that in force.
	Rebuild(ctx context.Context, fill func(Engine) error) error
}
