package catalog

import (
	"context"
	"fmt"
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/lesson"
	"lyceum/internal/gen/ent/module"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// mayAuthor returns the viewer when they may change courses.
func mayAuthor(ctx context.Context) (viewer.Viewer, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return viewer.Viewer{}, err
	}
	// The instructor of a course and the publisher of a version are people.
	return policy.Signed(ctx)
}

func noCourse() error { return fault.New(fault.NotFound, "There is no such course.") }

// edit is one change of a course that is under way: its row is locked, so edits of a course follow each
// other, and those of different courses do not meet.
type edit struct {
	tx *pg.Tx
	// course is the row as the edit leaves it.
	course *ent.Course
	author viewer.Viewer
}

// onCourse locks the course and runs fn on it in one transaction. It returns the course as fn left it.
func (s *Service) onCourse(ctx context.Context, id uuid.UUID, fn func(e *edit) error) (*ent.Course, error) {
	author, err := mayAuthor(ctx)
	if err != nil {
		return nil, err
	}
	e := &edit{author: author}
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		e.tx = tx
		if e.course, err = lockCourse(ctx, tx, course.ID(id)); err != nil {
			return err
		}
		return fn(e)
	})
	if err != nil {
		return nil, err
	}
	return e.course, nil
}

// edit is onCourse for a change of the draft. When fn reports a change the course's revision grows; when it
// does not, nothing is written at all.
func (s *Service) edit(ctx context.Context, id uuid.UUID, fn func(e *edit) (changed bool, err error)) (*ent.Course, error) {
	return s.onCourse(ctx, id, func(e *edit) error {
		if err := e.mustBeOpen(); err != nil {
			return err
		}
		changed, err := fn(e)
		if err != nil || !changed {
			return err
		}
		e.course, err = e.tx.Course.UpdateOne(e.course).AddRevision(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("raise revision: %w", err)
		}
		return recordEdit(ctx, e.tx, e.course)
	})
}

// recordEdit says in the audit log that the draft was changed, and to which revision.
func recordEdit(ctx context.Context, tx *pg.Tx, c *ent.Course) error {
	return wrap("record edit", tx.Record(ctx, pg.Entry{
		Action: "course.edited", Subject: c.GlobalID().String(), Data: map[string]string{"revision": strconv.Itoa(c.Revision)},
	}))
}

// mustBeOpen refuses to change an archived course.
func (e *edit) mustBeOpen() error {
	if e.course.ArchivedAt == nil {
		return nil
	}
	return fault.New(fault.Conflict, "The course is archived; saving the course itself brings it back.")
}

// lockCourse takes the row's lock until the transaction ends. Enrollments and other rows that only point
// at the course do not wait for it.
func lockCourse(ctx context.Context, tx *pg.Tx, which predicate.Course) (*ent.Course, error) {
	row, err := tx.Course.Query().Where(which).ForUpdate(sql.WithLockClause("FOR NO KEY UPDATE")).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCourse()
	}
	return row, wrap("lock course", err)
}

// atRevision returns a Conflict unless the draft is at the revision; nil asks for none.
func atRevision(expected *int, revision int) error {
	if expected == nil || *expected == revision {
		return nil
	}
	return fault.Newf(fault.Conflict, "The course is at revision %d, not %d: somebody else changed it.", revision, *expected)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// draftOrder names the order of Drafts in cursors.
const draftOrder = "course drafts by title"

// Drafts returns a page of the tenant's drafts by title, without the archived ones.
func (s *Service) Drafts(ctx context.Context, request page.Request) (page.Page[*ent.Course], error) {
	var none page.Page[*ent.Course]
	query := s.DB.Course.Query().Where(course.ArchivedAtIsNil())
	var title string
	var id uuid.UUID
	further, err := request.Position(draftOrder, &title, &id)
	if err != nil {
		return none, fmt.Errorf("read cursor: %w", err)
	}
	if further {
		query.Where(func(q *sql.Selector) {
			q.Where(sql.CompositeGT([]string{q.C(course.FieldTitle), q.C(course.FieldID)}, title, id))
		})
	}
	rows, err := query.Order(course.ByTitle(), course.ByID()).Limit(request.Limit()).All(ctx)
	if err != nil {
		return none, fmt.Errorf("list drafts: %w", err)
	}
	return page.Of(rows, request, draftOrder, func(c *ent.Course) []any { return []any{c.Title, c.ID} }), nil
}

// Draft returns the draft with the id, archived or not, or a NotFound fault.
func (s *Service) Draft(ctx context.Context, id uuid.UUID) (*ent.Course, error) {
	return s.draft(ctx, course.ID(id))
}

// DraftBySlug returns the draft with the slug, archived or not, or a NotFound fault.
func (s *Service) DraftBySlug(ctx context.Context, slug string) (*ent.Course, error) {
	return s.draft(ctx, course.Slug(slug))
}

func (s *Service) draft(ctx context.Context, which predicate.Course) (*ent.Course, error) {
	row, err := s.DB.Course.Query().Where(which).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCourse()
	}
	return row, wrap("find draft", err)
}

// Changed reports whether the draft was edited since its newest version was made.
func Changed(c *ent.Course) bool { return c.Revision != c.PublishedRevision }

// ModulesOf returns the draft modules of the courses, in order.
func (s *Service) ModulesOf(ctx context.Context, courses []uuid.UUID) ([]*ent.Module, error) {
	rows, err := s.DB.Module.Query().Where(module.CourseIDIn(courses...)).Order(module.ByPosition()).All(ctx)
	return rows, wrap("read modules", err)
}

// LessonsNamed returns the draft lessons of the modules that have one of the keys, in order.
func (s *Service) LessonsNamed(ctx context.Context, modules []uuid.UUID, keys []string) ([]*ent.Lesson, error) {
	rows, err := s.DB.Lesson.Query().
		Where(lesson.ModuleIDIn(modules...), lesson.KeyIn(keys...)).Order(lesson.ByPosition()).
		All(ctx)
	return rows, wrap("read lessons", err)
}

// LessonsOf returns the draft lessons of the modules, in order.
func (s *Service) LessonsOf(ctx context.Context, modules []uuid.UUID) ([]*ent.Lesson, error) {
	rows, err := s.DB.Lesson.Query().Where(lesson.ModuleIDIn(modules...)).Order(lesson.ByPosition()).All(ctx)
	return rows, wrap("read lessons", err)
}

// HistoryOf returns the versions of the courses, newest first, without outline and description.
func (s *Service) HistoryOf(ctx context.Context, courses []uuid.UUID) ([]*ent.CourseVersion, error) {
	rows, err := s.DB.CourseVersion.Query().
		Where(courseversion.CourseIDIn(courses...)).
		Order(courseversion.ByNumber(sql.OrderDesc())).
		Select(
			courseversion.FieldCourseID, courseversion.FieldNumber, courseversion.FieldTitle, courseversion.FieldContentHash,
			courseversion.FieldLessonCount, courseversion.FieldNote, courseversion.FieldCreatedAt, courseversion.FieldPublishedBy,
		).All(ctx)
	return rows, wrap("read versions", err)
}
