package main

import (
	"context"

	"lyceum/internal/enrollment"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
)

// pathPlaces lets learning paths give and take places in courses.
type pathPlaces struct{ *enrollment.Service }

func pathAssignment(p pathway.Place) enrollment.Assignment {
	return enrollment.Assignment{Course: p.Course, Learner: p.Learner, Source: entenrollment.SourcePATH, Reference: p.Reference}
}

// Give implements pathway.Placer.
func (s pathPlaces) Give(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	_, err := s.Grant(ctx, tx, pathAssignment(p))
	return err
}

// Release implements pathway.Placer.
func (s pathPlaces) Release(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	return s.Service.Release(ctx, tx, pathAssignment(p))
}

// Revoke implements pathway.Placer.
func (s pathPlaces) Revoke(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	return s.Service.Revoke(ctx, tx, pathAssignment(p))
}
