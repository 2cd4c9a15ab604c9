package enrollment

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/platform/page"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Mine returns a page of the viewer's own enrollments, newest first; a state narrows it, "" does not.
func (s *Service) Mine(ctx context.Context, r page.Request, state enrollment.State) (page.Page[*ent.Enrollment], error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return page.Page[*ent.Enrollment]{}, err
	}
	return s.list(ctx, r, "learner "+who.User.String(), enrollment.LearnerID(who.User), state)
}

// OfCourse returns a page of everybody's enrollments in the course, newest first, for staff and support.
// Faults: Forbidden; NotFound when there is no such course.
func (s *Service) OfCourse(
	ctx context.Context, id uuid.UUID, r page.Request, state enrollment.State,
) (page.Page[*ent.Enrollment], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return page.Page[*ent.Enrollment]{}, err
	}
	found, err := s.list(ctx, r, "course "+id.String(), enrollment.CourseID(id), state)
	if err != nil || len(found.Rows) > 0 {
		return found, err
	}
	// Somebody's place is proof that the course is there; only without one it has to be looked for.
	known, err := s.DB.Course.Query().Where(course.ID(id)).Exist(ctx)
	if err != nil {
		return page.Page[*ent.Enrollment]{}, fmt.Errorf("find course: %w", err)
	}
	if !known {
		return page.Page[*ent.Enrollment]{}, fault.New(fault.NotFound, "There is no such course.")
	}
	return found, nil
}

// list pages through the enrollments of one learner or one course; whose binds cursors to which.
func (s *Service) list(
	ctx context.Context, r page.Request, whose string, of predicate.Enrollment, state enrollment.State,
) (page.Page[*ent.Enrollment], error) {
	order := "enrollments, newest first, " + whose + " " + state.String()
	query := s.DB.Enrollment.Query().Where(of).
		Order(enrollment.ByEnrolledAt(sql.OrderDesc()), enrollment.ByID(sql.OrderDesc())).Limit(r.Limit())
	if state != "" {
		query = query.Where(enrollment.StateEQ(state))
	}
	var at time.Time
	var id uuid.UUID
	if behind, err := r.Position(order, &at, &id); err != nil {
		return page.Page[*ent.Enrollment]{}, err
	} else if behind {
		query = query.Where(before(at, id))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.Enrollment]{}, fmt.Errorf("list enrollments: %w", err)
	}
	return page.Of(rows, r, order, func(e *ent.Enrollment) []any { return []any{e.EnrolledAt, e.ID} }), nil
}

// before compares both columns as one row, which is what the index is sorted by.
func before(at time.Time, id uuid.UUID) predicate.Enrollment {
	return func(s *sql.Selector) {
		s.Where(sql.CompositeLT([]string{s.C(enrollment.FieldEnrolledAt), s.C(enrollment.FieldID)}, at, id))
	}
}
