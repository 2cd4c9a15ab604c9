package enrollment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// desk is a course while one of its places changes state. Its row of admissions is locked first, before any
// place, so that what happens to the places of one course happens in a row: no seat is given twice, nobody is
// passed over on the waiting list, and no two acts wait for each other.
//
// It holds at the end of every transaction: taken is the number of seated places, and somebody waits only
// while all seats are taken.
type desk struct {
	tx      *pg.Tx
	course  uuid.UUID
	dueDays *int
	// now is the database's clock, read behind the lock: it does not run back from one act to the next.
	now time.Time
	// migration moves places, nil when nothing does.
	migration *uuid.UUID
}

// lockAdmission makes the row if there is none, and locks it. A course of another tenant has none.
const lockAdmission = `
INSERT INTO admissions AS a (id, tenant_id, created_at, updated_at, course_id)
SELECT $1, tenant_id, clock_timestamp(), clock_timestamp(), id FROM courses WHERE tenant_id = $2 AND id = $3
ON CONFLICT (tenant_id, course_id) DO UPDATE SET updated_at = clock_timestamp()
RETURNING due_days, clock_timestamp()`

// openDesk locks the course's admissions. Faults: NotFound.
func openDesk(ctx context.Context, tx *pg.Tx, course uuid.UUID) (*desk, error) {
	d := &desk{tx: tx, course: course}
	err := tx.QueryRow(ctx, lockAdmission, uuid.Must(uuid.NewV7()), viewer.Tenant(ctx), course).Scan(&d.dueDays, &d.now)
	if errors.Is(err, pg.ErrNoRows) {
		return nil, errNoCourse().Because(err)
	} else if err != nil {
		return nil, fmt.Errorf("lock admissions: %w", err)
	}
	d.now = d.now.UTC()
	return d, nil
}

func errNoCourse() *fault.Error { return fault.New(fault.NotFound, "There is no such course.") }

// deskOf locks the course of a place and then the place itself. Faults: NotFound.
func deskOf(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*desk, *ent.Enrollment, error) {
	course, err := tx.Enrollment.Query().Where(enrollment.ID(id)).Select(enrollment.FieldCourseID).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, errNoPlace()
	} else if err != nil {
		return nil, nil, fmt.Errorf("find enrollment: %w", err)
	}
	d, err := openDesk(ctx, tx, course.CourseID)
	if err != nil {
		return nil, nil, err
	}
	place, err := tx.Enrollment.Query().Where(enrollment.ID(id)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("lock enrollment: %w", err)
	}
	return d, place, nil
}

// deskFor locks the course of an entry and then the learner's place in it, which is nil when there is none. Faults: NotFound.
func deskFor(ctx context.Context, tx *pg.Tx, in entry) (*desk, *ent.Enrollment, error) {
	d, err := openDesk(ctx, tx, in.course)
	if err != nil {
		return nil, nil, err
	}
	place, err := find(ctx, tx, in)
	if err != nil {
		return nil, nil, err
	}
	return d, place, nil
}

const (
	takeSeat = `
UPDATE admissions SET taken = taken + 1, updated_at = clock_timestamp()
WHERE tenant_id = $1 AND course_id = $2 AND (capacity IS NULL OR taken < capacity)`
	freeSeat   = `UPDATE admissions SET taken = taken - 1, updated_at = clock_timestamp() WHERE tenant_id = $1 AND course_id = $2`
	drawTicket = `
UPDATE admissions SET tickets = tickets + 1, updated_at = clock_timestamp()
WHERE tenant_id = $1 AND course_id = $2 RETURNING tickets`
)

// seat takes a seat, and reports false when there is none.
func (d *desk) seat(ctx context.Context) (bool, error) {
	n, err := d.tx.Exec(ctx, takeSeat, viewer.Tenant(ctx), d.course)
	if err != nil {
		return false, fmt.Errorf("take seat: %w", err)
	}
	return n == 1, nil
}

// ticket draws the next number of the waiting list.
func (d *desk) ticket(ctx context.Context) (int, error) {
	var number int
	if err := d.tx.QueryRow(ctx, drawTicket, viewer.Tenant(ctx), d.course).Scan(&number); err != nil {
		return 0, fmt.Errorf("draw ticket: %w", err)
	}
	return number, nil
}

// vacate gives a seat back, and hands it to whoever waits longest.
func (d *desk) vacate(ctx context.Context) error {
	if _, err := d.tx.Exec(ctx, freeSeat, viewer.Tenant(ctx), d.course); err != nil {
		return fmt.Errorf("free seat: %w", err)
	}
	return d.promote(ctx)
}

// promote gives free seats to those who wait, in their order. It is Lyceum that does so, whoever freed them: a
// learner who leaves does not touch others' places.
func (d *desk) promote(ctx context.Context) error {
	ctx = viewer.With(ctx, viewer.Job(viewer.Tenant(ctx), "enrollment.promote"))
	for {
		first, err := d.tx.Enrollment.Query().
			Where(enrollment.CourseID(d.course), enrollment.StateEQ(waitlisted), enrollment.TicketNotNil()).
			Order(enrollment.ByTicket(sql.OrderAsc())).ForUpdate().First(ctx)
		if ent.IsNotFound(err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("find who waits: %w", err)
		}
		seated, err := d.seat(ctx)
		if err != nil || !seated {
			return err
		}
		to, err := next(first.State, promote)
		if err != nil {
			return err
		}
		change := d.tx.Enrollment.UpdateOne(first).SetState(to).SetSeated(true).ClearTicket().SetNillableDueAt(d.due(first.DueAt))
		if _, err := d.keep(ctx, change, promote); err != nil {
			return err
		}
	}
}

// due is when a place that is taken up now should be completed: when somebody says so, else as the course does.
func (d *desk) due(said *time.Time) *time.Time {
	if said != nil || d.dueDays == nil {
		return said
	}
	due := d.now.AddDate(0, 0, *d.dueDays)
	return &due
}

// keep writes the place's new state, its history and its events.
func (d *desk) keep(ctx context.Context, change interface {
	Save(ctx context.Context) (*ent.Enrollment, error)
}, a act,
) (*ent.Enrollment, error) {
	place, err := change.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep place: %w", err)
	}
	who, _ := viewer.From(ctx)
	err = d.tx.EnrollmentChange.Create().
		SetEnrollmentID(place.ID).SetLearnerID(place.LearnerID).SetAct(a).SetState(changeState(place.State)).
		SetChangedBy(who.User).SetChangedAt(d.now).SetNillableMigrationID(d.migration).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep history of place: %w", err)
	}
	if err := d.tx.Enqueue(ctx, announced(place, a, d.now)); err != nil {
		return nil, fmt.Errorf("announce place: %w", err)
	}
	return place, nil
}
