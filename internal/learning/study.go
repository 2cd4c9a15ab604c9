package learning

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/platform/pg"
)

// study is one enrollment while its progress changes: the row of its counters is locked, so that of all
// that happens at once the next one sees what the one before did.
type study struct {
	tx       *pg.Tx
	place    *ent.Enrollment
	outline  *outline.Outline
	progress *ent.CourseProgress
	// now is the database's clock, read behind the lock: it never runs back from one study to the next.
	now time.Time
	// under says whose rules decide; the zero value is those of the pinned version, as the evidence comes.
	under decision
	// about is the lesson that the evidence is of; where the version has none that it counts for, the first evidence makes
	// nothing.
	about uuid.UUID
}

// maxMoves is how often one request looks where a place has moved to.
const maxMoves = 3

// own returns the learner's own enrollment, if it is one to learn in. Staff see everybody's, and still
// learn in nobody's but their own.
func own(ctx context.Context, tx *pg.Tx, learner, id uuid.UUID) (*ent.Enrollment, error) {
	place, err := tx.Enrollment.Query().Where(enrollment.ID(id), enrollment.LearnerID(learner)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("find enrollment: %w", err)
	}
	if err := mayLearn(place, learner); err != nil {
		return nil, err
	}
	return place, nil
}

// mayLearn says whether the learner may go on in the place; nil when there is none.
func mayLearn(place *ent.Enrollment, learner uuid.UUID) error {
	switch {
	case place == nil || place.LearnerID != learner:
		return fault.New(fault.NotFound, "There is no such enrollment.")
	case place.State == enrollment.StateWITHDRAWN:
		return fault.New(fault.Conflict, "You gave this place up; enroll again to go on.")
	case place.State != enrollment.StateACTIVE && place.State != enrollment.StateCOMPLETED:
		return fault.New(fault.Conflict, "This place is not open to you at present; the enrollment says why.")
	default:
		return nil
	}
}

func newStudy(tx *pg.Tx, place *ent.Enrollment) *study {
	return &study{tx: tx, place: place, under: decision{by: completion.ByRULE}}
}

// begin locks the progress of the place, looks at the clock and reads the version that the place is pinned to, in this order:
// as long as its progress is not locked, a place may move to a newer version.
func begin(ctx context.Context, tx *pg.Tx, place *ent.Enrollment) (*study, error) {
	st := newStudy(tx, place)
	if err := st.begin(ctx); err != nil {
		return nil, err
	}
	return st, nil
}

func (st *study) begin(ctx context.Context) error {
	err := st.lock(ctx)
	switch {
	case ent.IsNotFound(err):
		err = st.open(ctx)
	case err == nil:
		err = st.look(ctx)
	}
	if err != nil {
		return err
	}
	st.now, err = st.tx.Now(ctx)
	return err
}

// look reads the version the place is pinned to now.
func (st *study) look(ctx context.Context) error {
	version, err := st.tx.CourseVersion.Query().Where(pinnedBy(st.place.ID)).
		Select(courseversion.FieldID, courseversion.FieldOutline).Only(ctx)
	if err != nil {
		return fmt.Errorf("read outline: %w", err)
	}
	st.place.VersionID, st.outline = version.ID, &version.Outline
	return nil
}

// pinnedBy is the version that the place is pinned to.
func pinnedBy(place uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) {
		places := sql.Table(enrollment.Table)
		s.Where(sql.In(s.C(courseversion.FieldID), sql.Select(places.C(enrollment.FieldVersionID)).From(places).Where(sql.And(
			sql.ColumnsEQ(places.C(enrollment.FieldTenantID), s.C(courseversion.FieldTenantID)), sql.EQ(places.C(enrollment.FieldID), place),
		))))
	}
}

// lock locks the counters.
func (st *study) lock(ctx context.Context) error {
	progress, err := st.tx.CourseProgress.Query().
		Where(courseprogress.EnrollmentID(st.place.ID)).ForUpdate().Only(ctx)
	if err != nil {
		return fmt.Errorf("lock progress: %w", err)
	}
	st.progress = progress
	return nil
}

// open makes the counters, which the first evidence does, and locks them.
func (st *study) open(ctx context.Context) error {
	for range maxMoves {
		if err := st.look(ctx); err != nil {
			return err
		}
		if st.about != uuid.Nil {
			if _, err := st.counterpart(ctx); err != nil {
				return err
			}
		}
		made, err := st.start(ctx)
		if err != nil {
			return err
		}
		switch err := st.lock(ctx); {
		case ent.IsNotFound(err):
			continue // It moved before the counters were made.
		case err != nil || made:
			return err
		default:
			return st.look(ctx) // Somebody else made them, and it may have moved since.
		}
	}
	return errMoving()
}

// errMoving says that a place moved whenever it was looked at.
func errMoving() error {
	return fault.New(fault.Unavailable, "This place is moving to a newer version; try again shortly.").After(comeBack)
}

// done returns the lessons that are completed by now.
func (st *study) done(ctx context.Context) (map[uuid.UUID]bool, error) {
	rows, err := st.tx.LessonProgress.Query().
		Where(lessonprogress.EnrollmentID(st.place.ID), lessonprogress.CompletedAtNotNil()).
		Select(lessonprogress.FieldLessonID).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("count completed lessons: %w", err)
	}
	done := make(map[uuid.UUID]bool, len(rows))
	for _, row := range rows {
		done[row.LessonID] = true
	}
	return done, nil
}

// change starts the change of the counters that every study ends with.
func (st *study) change(lesson uuid.UUID) *ent.CourseProgressUpdateOne {
	return st.tx.CourseProgress.UpdateOne(st.progress).SetLastLessonID(lesson).SetLastActivityAt(st.now)
}

// end completes the lessons, writes the counters and announces what happened.
func (st *study) end(ctx context.Context, lessons []uuid.UUID, change *ent.CourseProgressUpdateOne) (*Recorded, error) {
	completed, events, err := st.complete(ctx, lessons, change)
	if err != nil {
		return nil, err
	}
	progress, err := change.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep progress: %w", err)
	}
	if len(events) > 0 {
		if err := st.tx.Enqueue(ctx, events...); err != nil {
			return nil, fmt.Errorf("announce completion: %w", err)
		}
	}
	return &Recorded{Progress: progress, Completed: completed}, nil
}
