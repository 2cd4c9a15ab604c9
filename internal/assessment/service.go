package assessment

import (
	"context"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
)

// Completer completes the lesson of a quiz that was graded, if its rule says so. The learning context does.
type Completer interface {
	// QuizGraded is told of an attempt that was started in a version of the course.
	QuizGraded(ctx context.Context, tx *pg.Tx, enrollment, lesson, version uuid.UUID, passed bool) error
}

// Files says where the files of a quiz can be read. The media context does.
type Files interface {
	// URLs signs the ready assets among ids; the others are absent. It does not ask who reads them.
	URLs(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error)
}

// Service is the assessment context.
type Service struct {
	DB        *pg.DB
	Completer Completer
	Files     Files
}

// settle runs fn in a transaction, and again when a unique index refused a row because another request
// made it first: the next run finds that row.
func (s *Service) settle(ctx context.Context, fn func(tx *pg.Tx) error) error {
	const attempts = 3
	var err error
	for range attempts {
		err = s.DB.Tx(ctx, fn)
		if !ent.IsConstraintError(err) {
			return err
		}
	}
	return err
}
