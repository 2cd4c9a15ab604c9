package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/gen/ent/predicate"
)

// grant keeps the reason for the place, and reports whether that changed anything: the same reason given twice is
// one, and one that ended comes to life again.
func (d *desk) grant(ctx context.Context, in entry, place *ent.Enrollment) (bool, error) {
	there, err := d.tx.EnrollmentGrant.Query().Where(
		enrollmentgrant.EnrollmentID(place.ID),
		enrollmentgrant.SourceEQ(enrollmentgrant.Source(in.source)), enrollmentgrant.Reference(in.reference),
	).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		err = d.tx.EnrollmentGrant.Create().
			SetEnrollmentID(place.ID).SetLearnerID(place.LearnerID).
			SetSource(enrollmentgrant.Source(in.source)).SetReference(in.reference).
			SetGrantedBy(in.by).SetGrantedAt(d.now).SetNillableEndsAt(in.endsAt).Exec(ctx)
	case err != nil:
		return false, fmt.Errorf("find grant: %w", err)
	case there.EndedAt == nil && sameTime(there.EndsAt, in.endsAt):
		return false, nil
	default:
		change := d.tx.EnrollmentGrant.UpdateOne(there).
			SetGrantedBy(in.by).SetGrantedAt(d.now).SetNillableEndsAt(in.endsAt).ClearEndedAt().ClearEndedWhy()
		if in.endsAt == nil {
			change.ClearEndsAt()
		}
		err = change.Exec(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("keep grant: %w", err)
	}
	return true, nil
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// end ends those of the place's live grants that match, and returns how many there were and how many are left.
func (d *desk) end(
	ctx context.Context, place uuid.UUID, why enrollmentgrant.EndedWhy, which ...predicate.EnrollmentGrant,
) (ended, left int, err error) {
	live := enrollmentgrant.And(enrollmentgrant.EnrollmentID(place), enrollmentgrant.EndedAtIsNil())
	ended, err = d.tx.EnrollmentGrant.Update().Where(live).Where(which...).SetEndedAt(d.now).SetEndedWhy(why).Save(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("end grants: %w", err)
	}
	left, err = d.tx.EnrollmentGrant.Query().Where(live).Count(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count grants: %w", err)
	}
	return ended, left, nil
}
