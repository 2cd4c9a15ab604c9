package catalog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/gen/ent/publication"
)

// Unpublish takes the course out of the catalog. Who is enrolled keeps it. A course that is not published
// stays as it is.
func (s *Service) Unpublish(ctx context.Context, courseID uuid.UUID) (*ent.Course, error) {
	return s.onCourse(ctx, courseID, func(e *edit) error {
		withdrawn, err := e.withdraw(ctx)
		if err != nil || !withdrawn {
			return err
		}
		return e.record(ctx, "course.unpublished", nil)
	})
}

// Archive hides the draft from lists and takes the course out of the catalog.
func (s *Service) Archive(ctx context.Context, courseID uuid.UUID) (*ent.Course, error) {
	return s.onCourse(ctx, courseID, func(e *edit) error {
		if e.course.ArchivedAt != nil {
			return nil
		}
		if _, err := e.withdraw(ctx); err != nil {
			return err
		}
		archived, err := e.tx.Course.UpdateOne(e.course).SetArchivedAt(time.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("archive course: %w", err)
		}
		e.course = archived
		return e.record(ctx, "course.archived", nil)
	})
}

// withdraw removes the pointer to the version in force, and reports whether there was one.
func (e *edit) withdraw(ctx context.Context) (bool, error) {
	n, err := e.tx.Publication.Delete().Where(publication.CourseID(e.course.ID)).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("remove publication: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	event := CourseUnpublished{ID: newID(), Tenant: e.author.Tenant, At: time.Now(), Course: e.course.ID}
	return true, wrap("announce withdrawal", e.tx.Enqueue(ctx, event))
}

// Revert puts the content of an older version in force again, under a new number: numbers only grow. When
// the newest version has that content, it is put in force and nothing is made. The draft stays as it is.
func (s *Service) Revert(ctx context.Context, courseID uuid.UUID, number int) (*Published, error) {
	var result Published
	course, err := s.onCourse(ctx, courseID, func(e *edit) error {
		if err := e.mustBeOpen(); err != nil {
			return err
		}
		old, err := e.version(ctx, number)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "The course has no version with this number.")
		} else if err != nil {
			return err
		}
		result, err = e.revert(ctx, old)
		return err
	})
	if err != nil {
		return nil, err
	}
	result.Course = course
	return &result, nil
}

func (e *edit) revert(ctx context.Context, old *ent.CourseVersion) (Published, error) {
	from := map[string]string{"from": strconv.Itoa(old.Number)}
	newest, err := e.version(ctx, e.course.PublishedNumber)
	if err != nil {
		return Published{}, err
	}
	if newest.ContentHash == old.ContentHash {
		return Published{Version: newest}, e.putInForce(ctx, newest, e.course.PublishedRevision, "course.reverted", from)
	}
	bodies, err := e.tx.LessonVersion.Query().Where(lessonversion.VersionID(old.ID)).All(ctx)
	if err != nil {
		return Published{}, fmt.Errorf("read lesson versions: %w", err)
	}
	again := *old
	again.Note = fmt.Sprintf("Version %d again.", old.Number)
	made, err := e.insertVersion(ctx, &compiled{version: &again, lessons: bodies})
	if err != nil {
		return Published{}, err
	}
	// No revision of the draft has this content, as far as we know: the draft counts as changed.
	return Published{Version: made, Created: true}, e.putInForce(ctx, made, 0, "course.reverted", from)
}
