package enrollment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// RevokeGrant ends one reason for a place. The place ends with the last of them, and not before; what is completed
// stays completed. Asking twice changes nothing. Faults: Forbidden for learners, and for instructors who name another
// source than SELF and STAFF; NotFound for a place that is not there, and for a reason that it never had.
func (s *Service) RevokeGrant(ctx context.Context, id uuid.UUID, source enrollment.Source, reference string) (*ent.Enrollment, error) {
	if err := mayGive(ctx, source); err != nil {
		return nil, err
	}
	var c input.Checker
	c.Line("reference", reference, 0, maxReference)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var place *ent.Enrollment
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		d, found, err := deskOf(ctx, tx, id)
		if err != nil {
			return err
		}
		place, err = d.revoke(ctx, found, source, reference)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("revoke grant: %w", err)
	}
	return place, nil
}

// revoke ends the grant, and the place when it was the last.
func (d *desk) revoke(
	ctx context.Context, place *ent.Enrollment, source enrollment.Source, reference string,
) (*ent.Enrollment, error) {
	which := enrollmentgrant.And(
		enrollmentgrant.SourceEQ(enrollmentgrant.Source(source)), enrollmentgrant.Reference(reference),
	)
	known, err := d.tx.EnrollmentGrant.Query().Where(enrollmentgrant.EnrollmentID(place.ID), which).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find grant: %w", err)
	}
	if !known {
		return nil, fault.New(fault.NotFound, "This place was never given for that reason.")
	}
	ended, left, err := d.end(ctx, place.ID, enrollmentgrant.EndedWhyREVOKED, which)
	if err != nil || ended == 0 {
		return place, err
	}
	if left == 0 {
		if place, err = d.leave(ctx, place, revoke); err != nil {
			return nil, err
		}
	}
	if who, _ := viewer.From(ctx); !who.SignedIn() {
		return place, nil
	}
	return place, d.record(ctx, "enrollment.grant_revoked", place)
}

// Revoke is RevokeGrant for Lyceum itself, in the transaction of what it follows from: a refund, a rule that does not
// hold any more, a learning path that was left. A reason that the place never had is no error.
func (s *Service) Revoke(ctx context.Context, tx *pg.Tx, a Assignment) error {
	if err := mayGive(ctx, a.Source); err != nil {
		return err
	}
	d, place, err := deskFor(ctx, tx, a.entry(ctx))
	if err != nil || place == nil {
		return err
	}
	_, err = d.revoke(ctx, place, a.Source, a.Reference)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}
