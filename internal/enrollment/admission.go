package enrollment

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/admission"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/equivalence"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	maxCapacity    = 1_000_000
	maxDueDays     = 3650
	maxEquivalents = 50
)

// Terms are what a course says to those who want in.
type Terms struct {
	Course uuid.UUID
	// Capacity is how many seats there are; nil for as many as come.
	Capacity *int
	// DueDays is after how many days a place is due, unless somebody says otherwise; nil for never.
	DueDays *int
	// Equivalents are the courses whose completion counts as this one's, where this one is asked for.
	Equivalents []uuid.UUID
}

// Standing is a course's terms, and how its seats are taken.
type Standing struct {
	Terms

	// Taken seats, and how many learners wait for one.
	Taken, Waiting int
}

// AdmissionOf returns the course's terms. Faults: Forbidden for learners; NotFound.
func (s *Service) AdmissionOf(ctx context.Context, id uuid.UUID) (*Standing, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return nil, err
	}
	known, err := s.DB.Course.Query().Where(course.ID(id)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find course: %w", err)
	}
	if !known {
		return nil, errNoCourse()
	}
	return standing(ctx, s.DB.Client, id)
}

// standing reads the terms of a course that is there.
func standing(ctx context.Context, db *ent.Client, id uuid.UUID) (*Standing, error) {
	found := &Standing{Terms: Terms{Course: id}}
	row, err := db.Admission.Query().Where(admission.CourseID(id)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
	case err != nil:
		return nil, fmt.Errorf("read admissions: %w", err)
	default:
		found.Capacity, found.DueDays, found.Taken = row.Capacity, row.DueDays, row.Taken
	}
	// Who waits has a ticket, which the index of who waits asks for.
	found.Waiting, err = db.Enrollment.Query().
		Where(enrollment.CourseID(id), enrollment.StateEQ(waitlisted), enrollment.TicketNotNil()).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count who waits: %w", err)
	}
	err = db.Equivalence.Query().Where(equivalence.CourseID(id)).Order(equivalence.ByID()).
		Select(equivalence.FieldCountsID).Scan(ctx, &found.Equivalents)
	if err != nil {
		return nil, fmt.Errorf("read equivalent courses: %w", err)
	}
	return found, nil
}

// SaveTerms puts the terms in place of the old ones; whoever waits is let in when there are more seats now. Faults:
// Forbidden for learners; NotFound; BadInput; Conflict for fewer seats than are taken.
func (s *Service) SaveTerms(ctx context.Context, t Terms) (*Standing, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	var saved *Standing
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		d, err := openDesk(ctx, tx, t.Course)
		if err != nil {
			return err
		}
		if err := d.setTerms(ctx, t); err != nil {
			return err
		}
		if err := d.setEquivalents(ctx, t.Equivalents); err != nil {
			return err
		}
		if err := d.promote(ctx); err != nil {
			return err
		}
		if saved, err = standing(ctx, tx.Client, t.Course); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, TermsSaved{ID: uuid.Must(uuid.NewV7()), Tenant: viewer.Tenant(ctx), At: d.now, Course: t.Course}); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "enrollment.terms_saved", Subject: gid.New(ent.GIDCourse, t.Course).String(), Data: saved.data()})
	})
	if err != nil {
		return nil, fmt.Errorf("save terms of admission: %w", err)
	}
	return saved, nil
}

func (t Terms) check() error {
	var c input.Checker
	if t.Capacity != nil {
		c.Between("capacity", *t.Capacity, 0, maxCapacity)
	}
	if t.DueDays != nil {
		c.Between("dueDays", *t.DueDays, 1, maxDueDays)
	}
	c.Count("equivalentIds", len(t.Equivalents), maxEquivalents)
	c.Check(!slices.Contains(t.Equivalents, t.Course), "equivalentIds", "A course counts as itself anyhow.")
	return c.Err()
}

func (t *Standing) data() map[string]string {
	said := map[string]string{"equivalents": strconv.Itoa(len(t.Equivalents))}
	if t.Capacity != nil {
		said["capacity"] = strconv.Itoa(*t.Capacity)
	}
	if t.DueDays != nil {
		said["due_days"] = strconv.Itoa(*t.DueDays)
	}
	return said
}

// setTerms changes the row that openDesk has locked.
func (d *desk) setTerms(ctx context.Context, t Terms) error {
	row, err := d.tx.Admission.Query().Where(admission.CourseID(d.course)).Only(ctx)
	if err != nil {
		return fmt.Errorf("read admissions: %w", err)
	}
	if t.Capacity != nil && *t.Capacity < row.Taken {
		return fault.Newf(fault.Conflict, "%d seats are taken already.", row.Taken)
	}
	change := d.tx.Admission.UpdateOne(row).SetNillableCapacity(t.Capacity).SetNillableDueDays(t.DueDays)
	if t.Capacity == nil {
		change.ClearCapacity()
	}
	if t.DueDays == nil {
		change.ClearDueDays()
	}
	if err := change.Exec(ctx); err != nil {
		return fmt.Errorf("change admissions: %w", err)
	}
	return nil
}

// setEquivalents replaces the courses that count as well.
func (d *desk) setEquivalents(ctx context.Context, wanted []uuid.UUID) error {
	wanted = slices.Clone(wanted)
	slices.SortFunc(wanted, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	wanted = slices.Compact(wanted)
	known, err := d.tx.Course.Query().Where(course.IDIn(wanted...)).Count(ctx)
	if err != nil {
		return fmt.Errorf("find equivalent courses: %w", err)
	}
	if known != len(wanted) {
		return errNoCourse()
	}
	if err := d.refuseCircle(ctx, wanted); err != nil {
		return err
	}
	if _, err := d.tx.Equivalence.Delete().Where(equivalence.CourseID(d.course)).Exec(ctx); err != nil {
		return fmt.Errorf("remove equivalent courses: %w", err)
	}
	if len(wanted) == 0 {
		return nil
	}
	fresh := make([]*ent.EquivalenceCreate, len(wanted))
	for i, id := range wanted {
		fresh[i] = d.tx.Equivalence.Create().SetCourseID(d.course).SetCountsID(id)
	}
	if err := d.tx.Equivalence.CreateBulk(fresh...).Exec(ctx); err != nil {
		return fmt.Errorf("add equivalent courses: %w", err)
	}
	return nil
}

// asking are those of the courses that ask for the course itself, directly or through others: who could take them
// has completed it already, and would complete it once more. UNION drops what was seen before, so the walk ends.
const asking = `
WITH RECURSIVE walk (start, id) AS (
	SELECT id, id FROM unnest($2::uuid[]) AS wanted (id)
	UNION
	SELECT walk.start, p.requires_id FROM walk JOIN prerequisites p ON p.tenant_id = $3 AND p.course_id = walk.id
)
SELECT count(*) FROM walk WHERE id = $1`

// refuseCircle refuses a course that counts as what it asks for.
func (d *desk) refuseCircle(ctx context.Context, wanted []uuid.UUID) error {
	var circles int
	if err := d.tx.QueryRow(ctx, asking, d.course, wanted, viewer.Tenant(ctx)).Scan(&circles); err != nil {
		return fmt.Errorf("follow prerequisites: %w", err)
	}
	if circles > 0 {
		return fault.Invalid("equivalentIds", "One of these courses asks for this one first, directly or through others.")
	}
	return nil
}
