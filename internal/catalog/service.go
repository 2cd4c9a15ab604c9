package catalog

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/gen/ent"
	"lyceum/internal/media/rendition"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
)

// Questions keeps the questions of quiz lessons. The assessment context does.
type Questions interface {
	// CheckQuestions records what is wrong with a quiz's questions; path leads to their list.
	CheckQuestions(c *input.Checker, path string, questions []quiz.Draft)
	// SaveQuestions replaces the draft questions of the lesson and reports whether anything changed.
	SaveQuestions(ctx context.Context, tx *pg.Tx, lesson uuid.UUID, questions []quiz.Draft) (bool, error)
	// Pin makes immutable versions of the lessons' draft questions and returns them by lesson; a lesson
	// without questions is absent.
	Pin(ctx context.Context, tx *pg.Tx, lessons []uuid.UUID) (map[uuid.UUID]quiz.Pinned, error)
	// Drafted returns the ids that Pin would return, by lesson, and writes nothing: what has no version yet has an id of
	// no version.
	Drafted(ctx context.Context, lessons []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error)
}

// Files says where assets can be read. The media context does.
type Files interface {
	// Addresses signs the ready assets among ids; the others are absent. It does not ask who reads them.
	Addresses(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Address, error)
}

// Address is where an asset can be read for a while.
type Address struct {
	Asset *ent.Asset
	URL   string
	// Playback is where a film is streamed from, nil when it is not.
	Playback *rendition.Playback
	// ExpiresAt is when the address stops working.
	ExpiresAt time.Time
}

// Service is the catalog context.
type Service struct {
	DB        *pg.DB
	Questions Questions
	Files     Files
	// Kept keeps published versions between requests. Nil: each is read anew.
	Kept *Kept
}
