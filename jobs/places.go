package jobs

import (
	"context"

	"lyceum/internal/enrollment"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
)

// PathPlaces lets learning paths give and take places in courses, in the transaction of what they follow from.
type PathPlaces struct{ *enrollment.Service }

func ofPath(p pathway.Place) enrollment.Assignment {
	return enrollment.Assignment{Course: p.Course, Learner: p.Learner, Source: entenrollment.SourcePATH, Reference: p.Reference}
}

// Give implements pathway.Placer.
func (s PathPlaces) Give(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	_, err := s.Grant(ctx, tx, ofPath(p))
	return err
}

// Release implements pathway.Placer.
func (s PathPlaces) Release(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	return s.Service.Release(ctx, tx, ofPath(p))
}

// Revoke implements pathway.Placer.
func (s PathPlaces) Revoke(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	return s.Service.Revoke(ctx, tx, ofPath(p))
}
