package enrollment

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/prerequisite"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
)

// terms are what a course asks of a learner who enrolls without help.
type terms struct {
	// price is in minor units of the currency; 0 is free.
	price int
	// unmet are the titles of the courses to be completed first.
	unmet []string
	// hidden is how many more there are that nobody can take at present.
	hidden int
}

// admit returns nil when the learner may enroll, or a Conflict that says what is in the way.
func admit(t terms) error {
	switch {
	case t.price > 0:
		return fault.New(fault.Conflict, "This course has a price and cannot be bought here yet; ask the staff to assign it to you.")
	case len(t.unmet) == 0 && t.hidden == 0:
		return nil
	case t.hidden == 0:
		return fault.Newf(fault.Conflict, "Complete these courses first: %s.", strings.Join(t.unmet, "; "))
	case len(t.unmet) == 0:
		return fault.New(fault.Conflict, "This course asks for a course that is not offered at present; ask the staff to assign it to you.")
	default:
		return fault.Newf(fault.Conflict, "Complete these courses first: %s. One more is not offered at present; ask the staff.",
			strings.Join(t.unmet, "; "))
	}
}

// admitSelf applies admit to the learner of the entry.
func admitSelf(ctx context.Context, tx *pg.Tx, in entry, offer *ent.Publication) error {
	unmet, hidden, err := unmetPrerequisites(ctx, tx, in)
	if err != nil {
		return err
	}
	return admit(terms{price: offer.PriceAmount, unmet: unmet, hidden: hidden})
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
	done, err := tx.Enrollment.Query().Where(
		enrollment.LearnerID(in.learner), enrollment.CourseIDIn(required...), enrollment.StateEQ(enrollment.StateCOMPLETED),
	).All(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read completed courses: %w", err)
	}
	for _, place := range done {
		delete(missing, place.CourseID)
	}
	return offeredTitles(ctx, tx, missing)
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
