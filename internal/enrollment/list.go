package enrollment

import (
	"context"
	"fmt"
	"strconv"
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

// Filter narrows a list of enrollments. Zero fields do not narrow.
type Filter struct {
	State enrollment.State
	// Overdue narrows to places that are late, or to those that are not; nil to neither.
	Overdue *bool
}

// Overdue says whether the place should have been completed by now.
func Overdue(place *ent.Enrollment, now time.Time) bool {
	return place.State == active && place.DueAt != nil && place.DueAt.Before(now)
}

// late is Overdue for the database, by its own clock.
func late(s *sql.Selector) {
	s.Where(sql.And(sql.EQ(s.C(enrollment.FieldState), active), sql.ExprP(s.C(enrollment.FieldDueAt)+" < now()")))
}

// where are the conditions of the filter.
func (f Filter) where() []predicate.Enrollment {
	var all []predicate.Enrollment
	if f.State != "" {
		all = append(all, enrollment.StateEQ(f.State))
	}
	switch {
	case f.Overdue == nil:
	case *f.Overdue:
		all = append(all, late)
	default:
		all = append(all, enrollment.Or(enrollment.StateNEQ(active), enrollment.DueAtIsNil(), inTime))
	}
	return all
}

func inTime(s *sql.Selector) { s.Where(sql.ExprP(s.C(enrollment.FieldDueAt) + " >= now()")) }

// String binds cursors to the filter.
func (f Filter) String() string {
	if f.Overdue == nil {
		return f.State.String()
	}
	return f.State.String() + " overdue " + strconv.FormatBool(*f.Overdue)
}

// Mine returns a page of the viewer's own enrollments, newest first.
func (s *Service) Mine(ctx context.Context, r page.Request, f Filter) (page.Page[*ent.Enrollment], error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return page.Page[*ent.Enrollment]{}, err
	}
	return s.list(ctx, r, "learner "+who.User.String(), enrollment.LearnerID(who.User), f)
}

// OfCourse returns a page of everybody's enrollments in the course, newest first, for staff and support.
// Faults: Forbidden; NotFound when there is no such course.
func (s *Service) OfCourse(
	ctx context.Context, id uuid.UUID, r page.Request, f Filter,
) (page.Page[*ent.Enrollment], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return page.Page[*ent.Enrollment]{}, err
	}
	found, err := s.list(ctx, r, "course "+id.String(), enrollment.CourseID(id), f)
	if err == nil && len(found.Rows) > 0 {
		return found, nil
	}
	// Somebody's place is proof that the course is there; only without one it has to be looked for. Before anything else is
	// told, such as of a cursor, it is said that there is none.
	known, unknown := s.DB.Course.Query().Where(course.ID(id)).Exist(ctx)
	if unknown != nil {
		return page.Page[*ent.Enrollment]{}, fmt.Errorf("find course: %w", unknown)
	}
	if !known {
		return page.Page[*ent.Enrollment]{}, fault.New(fault.NotFound, "There is no such course.")
	}
	return found, err
}

// list pages through the enrollments of one learner or one course; whose binds cursors to which.
func (s *Service) list(
	ctx context.Context, r page.Request, whose string, of predicate.Enrollment, f Filter,
) (page.Page[*ent.Enrollment], error) {
	order := "enrollments, newest first, " + whose + " " + f.String()
	query := s.DB.Enrollment.Query().Where(of).Where(f.where()...).
		Order(enrollment.ByEnrolledAt(sql.OrderDesc()), enrollment.ByID(sql.OrderDesc())).Limit(r.Limit())
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
