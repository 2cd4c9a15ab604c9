package learning

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/learning/rule"
	"lyceum/internal/viewer"
)

// timedPlaces are the active places in versions in which time alone can complete something. A version is of the course
// of its places, which is said again since there is an index of places by course, and none by version.
const timedPlaces = `
SELECT e.id FROM enrollments e
JOIN course_versions v ON v.tenant_id = e.tenant_id AND v.id = e.version_id AND v.course_id = e.course_id AND (v.outline ->> 'timed') = 'true'
WHERE e.tenant_id = $1 AND e.state = 'ACTIVE' AND e.id > $2
ORDER BY e.id LIMIT $3`

// SweepDates completes what came true by the passing of time, for all places of the tenant whose rules ask for the
// date, and returns for how many it did. A job calls it, as the system. Places for which nothing changed cost a few
// statements for each hundred of them. One that fails does not keep the others waiting; the errors are returned
// together.
func (s *Service) SweepDates(ctx context.Context) (int, error) {
	if v, ok := viewer.From(ctx); !ok || !v.Is(viewer.System) {
		return 0, fault.New(fault.Forbidden, "Only the system looks at the clock.")
	}
	var failures []error
	done := &Applied{}
	for last := uuid.Nil; ; {
		ids, err := s.timed(ctx, last)
		if err != nil {
			return done.Examined, errors.Join(append(failures, err)...)
		}
		due, err := s.ripe(ctx, ids)
		failures = append(failures, err)
		for _, id := range due {
			failures = append(failures, s.applyTo(ctx, id, decision{by: completion.ByRULE}, 0, done))
		}
		if len(ids) < placesAtOnce {
			return done.Examined, errors.Join(failures...)
		}
		last = ids[len(ids)-1]
	}
}

// ripe are those of the places for which something is complete that is not kept yet. The error is of the others.
func (s *Service) ripe(ctx context.Context, ids []uuid.UUID) ([]uuid.UUID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	places, err := s.DB.Enrollment.Query().Where(enrollment.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read places with dates: %w", err)
	}
	sittings, err := s.sittings(ctx, places)
	if err != nil {
		return nil, err
	}
	now, err := s.DB.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask what time it is: %w", err)
	}
	all, err := Find(ctx, s.DB.Client, now, sittings)
	if err != nil {
		return nil, err
	}
	var due []uuid.UUID
	var failures []error
	for id, known := range all {
		outcome, err := rule.Evaluate(known.Outline, known.Evidence)
		if err != nil {
			failures = append(failures, fmt.Errorf("evaluate rules of place %s: %w", id, err))
			continue
		}
		if len(outcome.Lessons)+len(outcome.Modules) > 0 || outcome.Course != nil {
			due = append(due, id)
		}
	}
	return due, errors.Join(failures...)
}

// sittings pairs places with the outlines of the versions that they pin.
func (s *Service) sittings(ctx context.Context, places []*ent.Enrollment) ([]Sitting, error) {
	ids := make([]uuid.UUID, len(places))
	for i, place := range places {
		ids[i] = place.VersionID
	}
	versions, err := s.DB.CourseVersion.Query().
		Where(courseversion.IDIn(ids...)).Select(courseversion.FieldOutline).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read outlines: %w", err)
	}
	outlines := make(map[uuid.UUID]*outline.Outline, len(versions))
	for _, version := range versions {
		outlines[version.ID] = &version.Outline
	}
	sittings := make([]Sitting, len(places))
	for i, place := range places {
		sittings[i] = Sitting{Place: place, Outline: outlines[place.VersionID]}
	}
	return sittings, nil
}

// timed returns the ids of the next places behind the last one.
func (s *Service) timed(ctx context.Context, last uuid.UUID) ([]uuid.UUID, error) {
	rows, err := s.DB.Query(ctx, timedPlaces, viewer.Tenant(ctx), last, placesAtOnce)
	if err != nil {
		return nil, fmt.Errorf("find places with dates: %w", err)
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read places with dates: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find places with dates: %w", err)
	}
	return ids, nil
}
