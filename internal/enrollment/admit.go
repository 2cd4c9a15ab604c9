package enrollment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/gen/ent/equivalence"
	"lyceum/internal/gen/ent/prerequisite"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
)

// unmet is what a course asks of a learner who has yet to do it.
type unmet struct {
	// titles are of the courses to be completed first.
	titles []string
	// hidden is how many more there are that nobody can take at present.
	hidden int
}

// refuse returns nil when nothing is missing, or a Conflict that says what is in the way.
func (u unmet) refuse() error {
	switch {
	case len(u.titles) == 0 && u.hidden == 0:
		return nil
	case u.hidden == 0:
		return fault.Newf(fault.Conflict, "Complete these courses first: %s.", strings.Join(u.titles, "; "))
	case len(u.titles) == 0:
		return fault.New(fault.Conflict, "This course asks for a course that is not offered at present; ask the staff to assign it to you.")
	default:
		return fault.Newf(fault.Conflict, "Complete these courses first: %s. One more is not offered at present; ask the staff.",
			strings.Join(u.titles, "; "))
	}
}

// admitSelf refuses a learner who has not completed what the course asks for, and reports whether the course is yet
// to be paid for.
func (d *desk) admitSelf(ctx context.Context, in entry, place *ent.Enrollment, offer *ent.Publication) (charged bool, err error) {
	titles, hidden, err := unmetPrerequisites(ctx, d.tx, in)
	if err != nil {
		return false, err
	}
	if err := (unmet{titles, hidden}).refuse(); err != nil {
		return false, err
	}
	if offer.PriceAmount == 0 || place == nil {
		return offer.PriceAmount > 0, nil
	}
	paid, err := d.tx.EnrollmentGrant.Query().Where(
		enrollmentgrant.EnrollmentID(place.ID), enrollmentgrant.SourceEQ(enrollmentgrant.SourcePURCHASE),
		enrollmentgrant.EndedAtIsNil(),
	).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("find purchase: %w", err)
	}
	return !paid, nil
}

// unmetPrerequisites returns the titles of the courses that the learner has yet to complete, by title, and
// how many further ones are not published.
func unmetPrerequisites(ctx context.Context, tx *pg.Tx, in entry) (titles []string, hidden int, err error) {
	asked, err := tx.Prerequisite.Query().Where(prerequisite.CourseID(in.course)).All(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read prerequisites: %w", err)
	}
	if len(asked) == 0 {
		return nil, 0, nil
	}
	missing := map[uuid.UUID]bool{}
	required := make([]uuid.UUID, len(asked))
	for i, p := range asked {
		missing[p.RequiresID], required[i] = true, p.RequiresID
	}
	counts, err := counting(ctx, tx, required)
	if err != nil {
		return nil, 0, err
	}
	done, err := tx.Enrollment.Query().Where(
		enrollment.LearnerID(in.learner), enrollment.CourseIDIn(slices.Collect(maps.Keys(counts))...), enrollment.StateEQ(completed),
	).All(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read completed courses: %w", err)
	}
	for _, place := range done {
		for _, satisfied := range counts[place.CourseID] {
			delete(missing, satisfied)
		}
	}
	return offeredTitles(ctx, tx, missing)
}

// counting maps the required courses, and those that count as well, to what completing them satisfies.
func counting(ctx context.Context, tx *pg.Tx, required []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	counts := map[uuid.UUID][]uuid.UUID{}
	for _, course := range required {
		counts[course] = append(counts[course], course)
	}
	others, err := tx.Equivalence.Query().Where(equivalence.CourseIDIn(required...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read equivalent courses: %w", err)
	}
	for _, other := range others {
		counts[other.CountsID] = append(counts[other.CountsID], other.CourseID)
	}
	return counts, nil
}

// offeredTitles returns the titles of those courses that are published, and how many are not.
func offeredTitles(ctx context.Context, tx *pg.Tx, courses map[uuid.UUID]bool) (titles []string, hidden int, err error) {
	if len(courses) == 0 {
		return nil, 0, nil
	}
	ids := make([]uuid.UUID, 0, len(courses))
	for id := range courses {
		ids = append(ids, id)
	}
	offers, err := tx.Publication.Query().
		Where(publication.CourseIDIn(ids...)).Order(publication.ByTitle(), publication.ByID()).All(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read prerequisite titles: %w", err)
	}
	for _, offer := range offers {
		titles = append(titles, "“"+offer.Title+"”")
	}
	return titles, len(ids) - len(offers), nil
}
