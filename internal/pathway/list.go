package pathway

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/platform/page"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Offered returns a page of the published paths that the viewer may see, by title, without the unlisted ones.
func (s *Service) Offered(ctx context.Context, r page.Request) (page.Page[*ent.LearningPath], error) {
	if _, err := policy.Present(ctx); err != nil {
		return page.Page[*ent.LearningPath]{}, err
	}
	listed := learningpath.And(learningpath.StateEQ(learningpath.StatePUBLISHED), learningpath.VisibilityNEQ(outline.Unlisted))
	return s.paths(ctx, r, "learning paths on offer", listed)
}

// All returns a page of all paths, by title, for staff and support. Faults: Unauthenticated and Forbidden.
func (s *Service) All(ctx context.Context, r page.Request) (page.Page[*ent.LearningPath], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return page.Page[*ent.LearningPath]{}, err
	}
	return s.paths(ctx, r, "all learning paths")
}

func (s *Service) paths(
	ctx context.Context, r page.Request, order string, which ...predicate.LearningPath,
) (page.Page[*ent.LearningPath], error) {
	query := s.DB.LearningPath.Query().Where(which...).Order(learningpath.ByTitle(), learningpath.ByID()).Limit(r.Limit())
	var title string
	var id uuid.UUID
	if behind, err := r.Position(order, &title, &id); err != nil {
		return page.Page[*ent.LearningPath]{}, err
	} else if behind {
		query.Where(func(q *sql.Selector) {
			q.Where(sql.CompositeGT([]string{q.C(learningpath.FieldTitle), q.C(learningpath.FieldID)}, title, id))
		})
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.LearningPath]{}, fmt.Errorf("list learning paths: %w", err)
	}
	return page.Of(rows, r, order, func(p *ent.LearningPath) []any { return []any{p.Title, p.ID} }), nil
}

// Path returns the path with the id, if the viewer sees it. Faults: NotFound.
func (s *Service) Path(ctx context.Context, id uuid.UUID) (*ent.LearningPath, error) {
	return s.one(ctx, learningpath.ID(id))
}

// PathBySlug is Path for the path with the slug.
func (s *Service) PathBySlug(ctx context.Context, slug string) (*ent.LearningPath, error) {
	return s.one(ctx, learningpath.Slug(slug))
}

func (s *Service) one(ctx context.Context, which predicate.LearningPath) (*ent.LearningPath, error) {
	path, err := s.DB.LearningPath.Query().Where(which).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoPath()
	} else if err != nil {
		return nil, fmt.Errorf("find learning path: %w", err)
	}
	return path, nil
}

// Mine returns a page of the viewer's own places in paths, newest first. Faults: Unauthenticated.
func (s *Service) Mine(ctx context.Context, r page.Request) (page.Page[*ent.PathEnrollment], error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return page.Page[*ent.PathEnrollment]{}, err
	}
	return s.places(ctx, r, "learner "+who.User.String(), pathenrollment.LearnerID(who.User))
}

// OfPath returns a page of everybody's places in the path, newest first, for staff and support. Faults: Unauthenticated and
// Forbidden; NotFound.
func (s *Service) OfPath(ctx context.Context, id uuid.UUID, r page.Request) (page.Page[*ent.PathEnrollment], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return page.Page[*ent.PathEnrollment]{}, err
	}
	found, err := s.places(ctx, r, "path "+id.String(), pathenrollment.PathID(id))
	if err == nil && len(found.Rows) > 0 {
		return found, nil
	}
	// Before anything else is told, such as of a cursor, it is said that there is none.
	if _, unknown := s.Path(ctx, id); unknown != nil {
		return page.Page[*ent.PathEnrollment]{}, unknown
	}
	return found, err
}

func (s *Service) places(
	ctx context.Context, r page.Request, whose string, of predicate.PathEnrollment,
) (page.Page[*ent.PathEnrollment], error) {
	order := "places in learning paths, newest first, " + whose
	query := s.DB.PathEnrollment.Query().Where(of).
		Order(pathenrollment.ByEnrolledAt(sql.OrderDesc()), pathenrollment.ByID(sql.OrderDesc())).Limit(r.Limit())
	var at time.Time
	var id uuid.UUID
	if behind, err := r.Position(order, &at, &id); err != nil {
		return page.Page[*ent.PathEnrollment]{}, err
	} else if behind {
		query.Where(func(q *sql.Selector) {
			q.Where(sql.CompositeLT([]string{q.C(pathenrollment.FieldEnrolledAt), q.C(pathenrollment.FieldID)}, at, id))
		})
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.PathEnrollment]{}, fmt.Errorf("list places in learning paths: %w", err)
	}
	return page.Of(rows, r, order, func(p *ent.PathEnrollment) []any { return []any{p.EnrolledAt, p.ID} }), nil
}
