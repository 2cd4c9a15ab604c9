package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/category"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/gen/ent/question"
	"lyceum/internal/policy"
)

// Catalog is the loaders of published courses. A version is read once for a response, whatever leads to it.
type Catalog struct {
	// Version finds courses by the id of their version, as enrollments pin it.
	Version *Loader[uuid.UUID, *catalog.Course]
	// Published finds courses by id, in the version in force. One that is not published, or not for the
	// viewer, is not found.
	Published *Loader[uuid.UUID, *catalog.Course]
	// Category finds categories by id, CategoryBySlug by slug.
	Category       *Loader[uuid.UUID, *ent.Category]
	CategoryBySlug *Loader[string, *ent.Category]
	// Prerequisites finds what courses ask for.
	Prerequisites *Loader[uuid.UUID, []*ent.Prerequisite]
	// Content opens lessons, or says why they stay closed.
	Content *Loader[catalog.LessonRef, *catalog.Content]
	// Place finds the viewer's own enrollment by course.
	Place *Loader[uuid.UUID, *ent.Enrollment]
	// Progress finds what was learned of a lesson in a place.
	Progress *Loader[Step, *ent.LessonProgress]
}

// Step is a lesson in somebody's place.
type Step struct{ Enrollment, Lesson uuid.UUID }

func newCatalog(s Sources) Catalog {
	version := byID(s.Catalog.Versions, func(c *catalog.Course) uuid.UUID { return c.ID })
	return Catalog{
		Version: version,
		Published: byID(func(ctx context.Context, courses []uuid.UUID) ([]*catalog.Course, error) {
			return s.published(ctx, version, courses)
		}, func(c *catalog.Course) uuid.UUID { return c.CourseID }),
		Category: byID(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Category, error) {
			return s.DB.Category.Query().Where(category.IDIn(ids...)).All(ctx)
		}, func(c *ent.Category) uuid.UUID { return c.ID }),
		CategoryBySlug: byID(s.Catalog.CategoriesBySlug, func(c *ent.Category) string { return c.Slug }),
		Prerequisites:  grouped(s.Catalog.PrerequisitesOf, func(p *ent.Prerequisite) uuid.UUID { return p.CourseID }),
		Content:        &Loader[catalog.LessonRef, *catalog.Content]{find: s.contents},
		Place:          byID(s.places, func(e *ent.Enrollment) uuid.UUID { return e.CourseID }),
		Progress:       byID(s.progress, func(p *ent.LessonProgress) Step { return Step{p.EnrollmentID, p.LessonID} }),
	}
}

// contents says of each lesson itself why it stays closed.
func (s Sources) contents(ctx context.Context, refs []catalog.LessonRef) ([]*catalog.Content, []error) {
	if err := belongs(ctx); err != nil {
		return nil, []error{err}
	}
	return s.Catalog.Contents(ctx, refs)
}

// published follows the pointers to the versions in force.
func (s Sources) published(
	ctx context.Context, version *Loader[uuid.UUID, *catalog.Course], courses []uuid.UUID,
) ([]*catalog.Course, error) {
	pointers, err := s.Catalog.Publications(ctx, courses)
	if err != nil {
		return nil, fmt.Errorf("load publications: %w", err)
	}
	ids := make([]uuid.UUID, len(pointers))
	for i, pointer := range pointers {
		ids[i] = pointer.VersionID
	}
	return Found(ctx, version, ids)
}

// places are the viewer's own, though staff may see everybody's.
func (s Sources) places(ctx context.Context, courses []uuid.UUID) ([]*ent.Enrollment, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr // a visitor has none
	}
	return s.DB.Enrollment.Query().
		Where(enrollment.LearnerID(v.User), enrollment.CourseIDIn(courses...)).
		All(ctx)
}

func (s Sources) progress(ctx context.Context, steps []Step) ([]*ent.LessonProgress, error) {
	places, lessons := make([]uuid.UUID, len(steps)), make([]uuid.UUID, len(steps))
	for i, step := range steps {
		places[i], lessons[i] = step.Enrollment, step.Lesson
	}
	return s.DB.LessonProgress.Query().
		Where(lessonprogress.EnrollmentIDIn(places...), lessonprogress.LessonIDIn(lessons...)).
		All(ctx)
}

// Keep remembers courses that were read already.
func (c Catalog) Keep(courses ...*catalog.Course) {
	for _, course := range courses {
		c.Version.Prime(course.ID, course)
	}
}

// Authoring is the loaders of drafts.
type Authoring struct {
	// Draft finds drafts by id.
	Draft *Loader[uuid.UUID, *ent.Course]
	// Modules finds the draft modules of courses, Lessons the lessons of modules, Named some of them, Questions those of
	// quiz lessons, and History the versions of courses.
	Modules   *Loader[uuid.UUID, []*ent.Module]
	Lessons   *Loader[uuid.UUID, []*ent.Lesson]
	Named     *Loader[Named, []*ent.Lesson]
	Questions *Loader[uuid.UUID, []*ent.Question]
	History   *Loader[uuid.UUID, []*ent.CourseVersion]
	// Asset finds files by id.
	Asset *Loader[uuid.UUID, *ent.Asset]
}

// Named are those lessons of a module that have one of the keys.
type Named struct {
	Module uuid.UUID
	// Keys stand on a line each.
	Keys string
}

// named finds lessons by the keys of all modules that ask for the same ones, which they do in one field of a document.
func (s Sources) named(ctx context.Context, asked []Named) (map[Named][]*ent.Lesson, error) {
	modules := map[string][]uuid.UUID{}
	found := make(map[Named][]*ent.Lesson, len(asked))
	for _, n := range asked {
		modules[n.Keys] = append(modules[n.Keys], n.Module)
		found[n] = []*ent.Lesson{}
	}
	for keys, in := range modules {
		rows, err := s.Catalog.LessonsNamed(ctx, in, strings.Split(keys, "\n"))
		if err != nil {
			return nil, fmt.Errorf("load lessons of %d by key: %w", len(in), err)
		}
		for _, row := range rows {
			n := Named{Module: row.ModuleID, Keys: keys}
			found[n] = append(found[n], row)
		}
	}
	return found, nil
}

func newAuthoring(s Sources) Authoring {
	return Authoring{
		Draft:   byID(s.Catalog.CoursesByID, func(c *ent.Course) uuid.UUID { return c.ID }),
		Modules: grouped(s.Catalog.ModulesOf, func(m *ent.Module) uuid.UUID { return m.CourseID }),
		Lessons: grouped(s.Catalog.LessonsOf, func(l *ent.Lesson) uuid.UUID { return l.ModuleID }),
		Named:   mapped(s.named),
		Questions: grouped(func(ctx context.Context, lessons []uuid.UUID) ([]*ent.Question, error) {
			return s.DB.Question.Query().Where(question.LessonIDIn(lessons...)).Order(question.ByPosition()).All(ctx)
		}, func(q *ent.Question) uuid.UUID { return q.LessonID }),
		History: grouped(s.Catalog.HistoryOf, func(v *ent.CourseVersion) uuid.UUID { return v.CourseID }),
		Asset: byID(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Asset, error) {
			return s.DB.Asset.Query().Where(asset.IDIn(ids...)).All(ctx)
		}, func(a *ent.Asset) uuid.UUID { return a.ID }),
	}
}
