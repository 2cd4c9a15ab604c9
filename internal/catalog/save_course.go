package catalog

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// SaveCourse creates the course with the slug, or changes its own fields; a course that was archived comes
// back. Saving what is there already changes nothing, not even the revision.
func (s *Service) SaveCourse(ctx context.Context, in CourseInput) (*ent.Course, error) {
	author, err := mayAuthor(ctx)
	if err != nil {
		return nil, err
	}
	var c input.Checker
	in.check(&c)
	required, err := s.findRequired(ctx, &c, in.Prerequisites)
	if err != nil {
		return nil, err
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	save := courseSave{in: &in, required: required, author: author}
	var saved *ent.Course
	err = s.retryTaken(ctx, func(tx *pg.Tx) error {
		saved, err = save.run(ctx, tx)
		return err
	})
	return saved, err
}

// retryTaken runs fn in a transaction, and again when somebody else made a row with the same slug in the
// same moment: the next run sees it.
func (s *Service) retryTaken(ctx context.Context, fn func(tx *pg.Tx) error) error {
	const attempts = 3
	var err error
	for range attempts {
		if err = s.DB.Tx(ctx, fn); !ent.IsConstraintError(err) {
			return err
		}
	}
	return err
}

// courseSave is one SaveCourse whose input is known to be good.
type courseSave struct {
	in *CourseInput
	// required are the prerequisites' ids; nil keeps what they are.
	required []uuid.UUID
	author   viewer.Viewer
}

func (s courseSave) run(ctx context.Context, tx *pg.Tx) (*ent.Course, error) {
	row, err := lockCourse(ctx, tx, course.Slug(s.in.Slug))
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return s.create(ctx, tx)
	case err != nil:
		return nil, err
	default:
		return s.change(ctx, tx, row)
	}
}

func (s courseSave) create(ctx context.Context, tx *pg.Tx) (*ent.Course, error) {
	if err := atRevision(s.in.ExpectedRevision, 0); err != nil {
		return nil, err
	}
	create := tx.Course.Create().SetSlug(s.in.Slug).SetInstructorID(s.author.User)
	unsaid().with(s.in).put(create.Mutation())
	row, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("create course: %w", err)
	}
	if err := makeCategories(ctx, tx, s.in.Categories); err != nil {
		return nil, err
	}
	if _, err = savePrerequisites(ctx, tx, row.ID, s.required); err != nil {
		return nil, err
	}
	return row, recordEdit(ctx, tx, row)
}

func (s courseSave) change(ctx context.Context, tx *pg.Tx, row *ent.Course) (*ent.Course, error) {
	if err := atRevision(s.in.ExpectedRevision, row.Revision); err != nil {
		return nil, err
	}
	if err := makeCategories(ctx, tx, s.in.Categories); err != nil {
		return nil, err
	}
	required, err := savePrerequisites(ctx, tx, row.ID, s.required)
	if err != nil {
		return nil, err
	}
	next := listingOf(row).with(s.in)
	if !required && row.ArchivedAt == nil && reflect.DeepEqual(next, listingOf(row)) {
		return row, nil
	}
	update := tx.Course.UpdateOne(row).AddRevision(1).ClearArchivedAt()
	next.put(update.Mutation())
	changed, err := update.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("change course: %w", err)
	}
	return changed, recordEdit(ctx, tx, changed)
}
