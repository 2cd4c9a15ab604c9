package search

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
)

// SyncCourse makes the engines say what is true of the course now. The lock puts syncs of one course in
// order, so that what is written last was read last.
func (s *Service) SyncCourse(ctx context.Context, course uuid.UUID) error {
	return s.sync(ctx, course, s.engines()...)
}

func (s *Service) engines() []Engine {
	if s.Remote == nil {
		return []Engine{s.Local}
	}
	return []Engine{s.Local, s.Remote}
}

func (s *Service) sync(ctx context.Context, course uuid.UUID, engines ...Engine) error {
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		const lock = `SELECT pg_advisory_xact_lock(hashtextextended('search ' || $1::text, 0))`
		if _, err := tx.Exec(ctx, lock, course.String()); err != nil {
			return fmt.Errorf("lock course: %w", err)
		}
		documents, err := documentsOf(ctx, tx, course)
		if err != nil {
			return err
		}
		for _, engine := range engines {
			if err := engine.Put(ctx, tx, course, documents); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sync course %s: %w", course, err)
	}
	return nil
}

// documentsOf reads what can be found of the course: nothing when it is not published, or not listed.
func documentsOf(ctx context.Context, tx *pg.Tx, course uuid.UUID) ([]Document, error) {
	published, err := tx.Publication.Query().Where(publication.CourseID(course)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("find publication: %w", err)
	}
	if published.Visibility == outline.Unlisted {
		return nil, nil
	}
	version, err := tx.CourseVersion.Get(ctx, published.VersionID)
	if err != nil {
		return nil, fmt.Errorf("find course version: %w", err)
	}
	lessons, err := tx.LessonVersion.Query().
		Where(lessonversion.VersionID(version.ID)).
		Select(lessonversion.FieldLessonID, lessonversion.FieldTitle, lessonversion.FieldBodyText).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	base := Document{
		ID: course, Course: course, Version: version.Number, Title: version.Title, Body: version.Summary,
		Language: version.Language, Level: string(version.Level), Categories: version.Categories,
		Visibility: string(published.Visibility), PublishedAt: published.PublishedAt,
	}
	documents := []Document{base}
	for _, lesson := range lessons {
		document := base
		document.ID, document.Lesson, document.Title, document.Body = lesson.LessonID, true, lesson.Title, lesson.BodyText
		documents = append(documents, document)
	}
	return documents, nil
}

// TenantContext is a context in which the system works for one tenant.
type TenantContext struct {
	Slug    string
	Context context.Context //nolint:containedctx // it is the tenant
}

// Reindex writes every published course of the tenants to the engines anew. Done is called after each
// tenant. It returns how many documents there are.
func (s *Service) Reindex(ctx context.Context, tenants []TenantContext, done func()) (int, error) {
	total := 0
	fill := func(engines ...Engine) error {
		for _, t := range tenants {
			n, err := s.reindexTenant(t.Context, engines...)
			if err != nil {
				return fmt.Errorf("%s: %w", t.Slug, err)
			}
			total += n
			done()
		}
		return nil
	}
	if s.Remote == nil {
		return total, fill(s.Local)
	}
	if err := s.Remote.Rebuild(ctx, func(fresh Engine) error { return fill(s.Local, fresh) }); err != nil {
		return 0, fmt.Errorf("rebuild index: %w", err)
	}
	return total, s.catchUp(tenants)
}

// reindexTenant writes what is published, and forgets what is held and is not.
func (s *Service) reindexTenant(ctx context.Context, engines ...Engine) (int, error) {
	wanted, err := s.published(ctx)
	if err != nil {
		return 0, err
	}
	held, err := s.Local.Held(ctx)
	if err != nil {
		return 0, err
	}
	courses := map[uuid.UUID]bool{}
	for course := range wanted {
		courses[course] = true
	}
	for course := range held {
		courses[course] = true
	}
	for course := range courses {
		if err := s.sync(ctx, course, engines...); err != nil {
			return 0, err
		}
	}
	documents := 0
	for _, w := range wanted {
		documents += w.Documents
	}
	return documents, nil
}

// catchUp syncs what was published while the new index was being built.
func (s *Service) catchUp(tenants []TenantContext) error {
	for _, t := range tenants {
		diff, err := s.Check(t.Context)
		if err != nil {
			return err
		}
		for _, course := range diff.Courses {
			if err := s.SyncCourse(t.Context, course); err != nil {
				return err
			}
		}
	}
	return nil
}

// published is what the engines should hold, by course.
func (s *Service) published(ctx context.Context) (map[uuid.UUID]Held, error) {
	// One statement over three tables, and only counts: ent would read every body.
	const count = `
		SELECT p.course_id, p.number, 1 + count(l.id)
		FROM publications p
		LEFT JOIN lesson_versions l ON l.tenant_id = p.tenant_id AND l.version_id = p.version_id
		WHERE p.visibility <> 'UNLISTED'
		GROUP BY p.course_id, p.number`
	return HeldFrom(s.DB.Query(ctx, count))
}

// Diff is where an index differs from what is published.
type Diff struct {
	// Published and Held count documents.
	Published, Held int
	// Courses differ in number of documents or in version.
	Courses []uuid.UUID
}

// Clean reports whether there is no difference.
func (d Diff) Clean() bool { return len(d.Courses) == 0 }

// String says it in a line.
func (d Diff) String() string {
	if d.Clean() {
		return fmt.Sprintf("%d documents, all there and up to date", d.Held)
	}
	return fmt.Sprintf("%d documents published, %d held; %d courses differ", d.Published, d.Held, len(d.Courses))
}

// Check compares the engine that answers with what is published in the tenant of the context.
func (s *Service) Check(ctx context.Context) (Diff, error) {
	wanted, err := s.published(ctx)
	if err != nil {
		return Diff{}, err
	}
	engine := s.Local
	if s.Remote != nil {
		engine = s.Remote
	}
	held, err := engine.Held(ctx)
	if err != nil {
		return Diff{}, fmt.Errorf("ask the engine: %w", err)
	}
	var d Diff
	differing := map[uuid.UUID]bool{}
	for course, w := range wanted {
		d.Published += w.Documents
		if held[course] != w {
			differing[course] = true
		}
	}
	for course, h := range held {
		d.Held += h.Documents
		if wanted[course] != h {
			differing[course] = true
		}
	}
	d.Courses = slices.Collect(maps.Keys(differing))
	return d, nil
}
