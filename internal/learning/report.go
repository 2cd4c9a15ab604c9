package learning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	drafted "lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/learning/rule"
)

// Drafts knows how a course would be published. The catalog context does.
type Drafts interface {
	// DraftOutline returns the outline of the draft, or a BadInput fault with what keeps its rules from being published.
	DraftOutline(ctx context.Context, course uuid.UUID) (*outline.Outline, error)
	// DraftInFull is DraftOutline with the questions of quizzes: those in force where the draft asks the same.
	DraftInFull(ctx context.Context, course uuid.UUID) (*outline.Outline, error)
}

const (
	// maxExamined bounds a report: the newest places are looked at.
	maxExamined = 500
	// placesAtOnce bounds what is held in memory and named in a statement.
	placesAtOnce = 100
	// maxNamed is how many places a report names.
	maxNamed = 20
)

// Report says what rules would do to a course's places.
type Report struct {
	// Places are those who learn or completed, Examined the newest of them that were looked at.
	Places, Examined int
	// Completed stay so, WouldComplete would be by these rules, WouldNeedMore would not.
	Completed, WouldComplete, WouldNeedMore int
	// Enrollments are the first of those that would be completed.
	Enrollments []*ent.Enrollment
}

// Preview says what the draft's rules would do, were it published and everybody moved to it. Nothing is written.
func (s *Service) Preview(ctx context.Context, courseID uuid.UUID) (*Report, error) {
	if _, err := deciding(ctx); err != nil {
		return nil, err
	}
	draft, err := s.Drafts.DraftOutline(ctx, courseID)
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	return s.report(ctx, courseID, draft)
}

// Report says what the rules of a version would do now; nil is the version in force. Nothing is written; Apply does it.
func (s *Service) Report(ctx context.Context, courseID uuid.UUID, number *int) (*Report, error) {
	if _, err := deciding(ctx); err != nil {
		return nil, err
	}
	version, err := s.version(ctx, courseID, number)
	if err != nil {
		return nil, err
	}
	return s.report(ctx, courseID, &version.Outline)
}

// version is the course's version with the number, or the one in force.
func (s *Service) version(ctx context.Context, courseID uuid.UUID, number *int) (*ent.CourseVersion, error) {
	query := s.DB.CourseVersion.Query().Where(courseversion.CourseID(courseID))
	if number != nil {
		query.Where(courseversion.Number(*number))
	} else {
		pointer, err := s.DB.Publication.Query().Where(publication.CourseID(courseID)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.New(fault.NotFound, "The course is not published; say which version is meant.")
		} else if err != nil {
			return nil, fmt.Errorf("find publication: %w", err)
		}
		query.Where(courseversion.ID(pointer.VersionID))
	}
	version, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "The course has no such version.")
	} else if err != nil {
		return nil, fmt.Errorf("find version: %w", err)
	}
	return version, nil
}

// taken are the places of a course that count.
func (s *Service) taken(courseID uuid.UUID) *ent.EnrollmentQuery {
	return s.DB.Enrollment.Query().Where(
		enrollment.CourseID(courseID), enrollment.StateIn(enrollment.StateACTIVE, enrollment.StateCOMPLETED),
	)
}

func (s *Service) report(ctx context.Context, courseID uuid.UUID, o *outline.Outline) (*Report, error) {
	known, err := s.DB.Course.Query().Where(drafted.ID(courseID)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find course: %w", err)
	}
	if !known {
		return nil, fault.New(fault.NotFound, "There is no such course.")
	}
	total, err := s.taken(courseID).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count places: %w", err)
	}
	places, err := s.taken(courseID).
		Order(enrollment.ByEnrolledAt(sql.OrderDesc()), enrollment.ByID(sql.OrderDesc())).Limit(maxExamined).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list places: %w", err)
	}
	now, err := s.DB.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask what time it is: %w", err)
	}
	r := &Report{Places: total, Examined: len(places), Enrollments: []*ent.Enrollment{}}
	for some := range slices.Chunk(places, placesAtOnce) {
		if err := r.add(ctx, s.DB.Client, now, some, o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// add looks at some places.
func (r *Report) add(
	ctx context.Context, client *ent.Client, now time.Time, places []*ent.Enrollment, o *outline.Outline,
) error {
	sittings := make([]Sitting, len(places))
	for i, place := range places {
		sittings[i] = Sitting{Place: place, Outline: o}
	}
	all, err := Find(ctx, client, now, sittings)
	if err != nil {
		return err
	}
	for _, place := range places {
		known := all[place.ID]
		if known.Done[place.CourseID] {
			r.Completed++
			continue
		}
		outcome, err := rule.Evaluate(o, known.Evidence)
		if err != nil {
			return fmt.Errorf("evaluate rules: %w", err)
		}
		if outcome.Course == nil {
			r.WouldNeedMore++
			continue
		}
		r.WouldComplete++
		if len(r.Enrollments) < maxNamed {
			r.Enrollments = append(r.Enrollments, place)
		}
	}
	return nil
}
