package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// SyncCourse makes the engines say what is true of the course now, and waits until they do. It may be
// repeated after an error, and should be.
func (s *Service) SyncCourse(ctx context.Context, course uuid.UUID) error {
	return s.sync(ctx, course, s.engines()...)
}

// SyncFilm does what SyncCourse does for every published course that shows the film, after its captions changed.
func (s *Service) SyncFilm(ctx context.Context, asset uuid.UUID) error {
	courses, err := s.showing(ctx, asset)
	if err != nil {
		return err
	}
	var errs []error
	for _, course := range courses {
		errs = append(errs, s.SyncCourse(ctx, course))
	}
	return errors.Join(errs...)
}

// showing are the published courses with a lesson about the film.
func (s *Service) showing(ctx context.Context, asset uuid.UUID) ([]uuid.UUID, error) {
	const show = `
		SELECT DISTINCT p.course_id
		FROM publications p JOIN lesson_versions l ON l.tenant_id = p.tenant_id AND l.version_id = p.version_id
		WHERE p.tenant_id = $1 AND l.asset_id = $2`
	rows, err := s.DB.Query(ctx, show, viewer.Tenant(ctx), asset)
	if err != nil {
		return nil, fmt.Errorf("find courses with the film: %w", err)
	}
	defer rows.Close()
	var courses []uuid.UUID
	for rows.Next() {
		var course uuid.UUID
		if err := rows.Scan(&course); err != nil {
			return nil, fmt.Errorf("read course: %w", err)
		}
		courses = append(courses, course)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find courses with the film: %w", err)
	}
	return courses, nil
}

// engines are all there are, the one that answers last.
func (s *Service) engines() []Engine {
	if s.Remote == nil {
		return []Engine{s.Local}
	}
	return []Engine{s.Local, s.Remote}
}

// sync writes the course to the engines, to each by itself: one that is down keeps no other behind.
func (s *Service) sync(ctx context.Context, course uuid.UUID, engines ...Engine) error {
	var errs []error
	for _, engine := range engines {
		errs = append(errs, s.put(ctx, course, engine))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sync course %s: %w", course, err)
	}
	return nil
}

// put reads the course and writes it to the engine. The lock puts syncs of one course in order, so that what
// is written last was read last; it is not held while the engine works off what it was given.
func (s *Service) put(ctx context.Context, course uuid.UUID, engine Engine) error {
	if err := engine.Ready(ctx); err != nil {
		return fmt.Errorf("prepare engine: %w", err)
	}
	var settle Settle
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		const lock = `SELECT pg_advisory_xact_lock(hashtextextended('search ' || $1::text, 0))`
		if _, err := tx.Exec(ctx, lock, course.String()); err != nil {
			return fmt.Errorf("lock course: %w", err)
		}
		documents, err := documentsOf(ctx, tx, course)
		if err != nil {
			return err
		}
		settle, err = engine.Put(ctx, tx, course, documents)
		return err
	})
	if err != nil {
		return fmt.Errorf("put documents: %w", err)
	}
	if err := settle(ctx); err != nil {
		return fmt.Errorf("settle documents: %w", err)
	}
	return nil
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
				return fmt.Errorf("reindex %s: %w", t.Slug, err)
			}
			total += n
			done()
		}
		return nil
	}
	if s.Remote == nil {
		err := fill(s.Local)
		return total, err
	}
	if err := s.Remote.Rebuild(ctx, func(fresh Engine) error { return fill(s.Local, fresh) }); err != nil {
		return 0, fmt.Errorf("rebuild index: %w", err)
	}
	return total, s.catchUp(tenants)
}

// reindexTenant writes what is published, and forgets what is held and is not. It returns how many documents
// are published.
func (s *Service) reindexTenant(ctx context.Context, engines ...Engine) (int, error) {
	wanted, err := s.published(ctx)
	if err != nil {
		return 0, err
	}
	held, err := s.Local.Held(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask Postgres: %w", err)
	}
	courses := maps.Clone(wanted)
	maps.Copy(courses, held)
	for _, course := range sorted(courses) {
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
		if _, err := s.Repair(t.Context); err != nil {
			return fmt.Errorf("catch up in %s: %w", t.Slug, err)
		}
	}
	return nil
}

// Repair syncs the courses in which the engines differ from what is published in the tenant of the context. It
// returns how many there were. One that cannot be synced keeps no other from it.
func (s *Service) Repair(ctx context.Context) (int, error) {
	diff, err := s.Check(ctx)
	if err != nil {
		return 0, fmt.Errorf("check index: %w", err)
	}
	var errs []error
	for _, course := range diff.Courses {
		errs = append(errs, s.SyncCourse(ctx, course))
	}
	return len(diff.Courses), errors.Join(errs...)
}

// published is what the engines should hold, by course.
func (s *Service) published(ctx context.Context) (map[uuid.UUID]Held, error) {
	// One statement over two tables, and only counts: ent would read every body.
	const count = `
		SELECT p.course_id, p.number, 1 + count(l.id)
		FROM publications p
		LEFT JOIN lesson_versions l ON l.tenant_id = p.tenant_id AND l.version_id = p.version_id
		WHERE p.tenant_id = $1 AND p.visibility <> 'UNLISTED'
		GROUP BY p.course_id, p.number`
	return HeldFrom(s.DB.Query(ctx, count, viewer.Tenant(ctx)))
}

// Diff is where the engines differ from what is published.
type Diff struct {
	// Published counts documents, Held those of the engine that answers.
	Published, Held int
	// Courses differ, in one engine at least, in number of documents or in version.
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

// Check compares the engines with what is published in the tenant of the context.
func (s *Service) Check(ctx context.Context) (Diff, error) {
	wanted, err := s.published(ctx)
	if err != nil {
		return Diff{}, err
	}
	var d Diff
	for _, w := range wanted {
		d.Published += w.Documents
	}
	differing := map[uuid.UUID]Held{}
	for _, engine := range s.engines() {
		held, err := engine.Held(ctx)
		if err != nil {
			return Diff{}, fmt.Errorf("ask engine: %w", err)
		}
		d.Held = 0
		for course, h := range held {
			d.Held += h.Documents
			if wanted[course] != h {
				differing[course] = h
			}
		}
		for course, w := range wanted {
			if held[course] != w {
				differing[course] = w
			}
		}
	}
	d.Courses = sorted(differing)
	return d, nil
}

func sorted(courses map[uuid.UUID]Held) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(courses), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
