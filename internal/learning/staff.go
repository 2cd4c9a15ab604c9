package learning

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attestation"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// The bounds of what staff say.
const (
	maxReason = 1000
	// maxMinutes is a day: attendance of several days is recorded day by day.
	maxMinutes = 24 * 60
)

// Attested is what staff say of a learner.
type Attested struct {
	Enrollment uuid.UUID
	// Part is a lesson or module of the course; nil is the course itself.
	Part *uuid.UUID
	// Minutes of attendance, 1 to 1440; 0 for a sign-off.
	Minutes int
	Note    string
}

// SignOff says that the learner can do what the lesson, module or course is about. What follows by the rules is
// completed. Faults: Unauthenticated, Forbidden; BadInput; NotFound for a place or part that is not there; Conflict for
// a place that was given up.
func (s *Service) SignOff(ctx context.Context, a Attested) (*Recorded, error) {
	return s.attest(ctx, a, attestation.KindSIGN_OFF)
}

// RecordAttendance says that the learner was there, once more for so many minutes. The faults are those of SignOff.
func (s *Service) RecordAttendance(ctx context.Context, a Attested) (*Recorded, error) {
	if a.Minutes < 1 || a.Minutes > maxMinutes {
		return nil, fault.Invalid("minutes", "An attendance lasts 1 to 1440 minutes.")
	}
	return s.attest(ctx, a, attestation.KindATTENDANCE)
}

func (s *Service) attest(ctx context.Context, a Attested, kind attestation.Kind) (*Recorded, error) {
	if err := checkWords("note", a.Note, 0); err != nil {
		return nil, err
	}
	return s.decide(ctx, a.Enrollment, decision{by: completion.ByRULE}, func(st *study, who viewer.Viewer) error {
		node, err := st.part(a.Part)
		if err != nil {
			return err
		}
		err = st.tx.Attestation.Create().
			SetEnrollmentID(st.place.ID).SetLearnerID(st.place.LearnerID).SetNodeID(node).SetKind(kind).
			SetMinutes(a.Minutes).SetNote(a.Note).SetMadeBy(who.User).Exec(ctx)
		if err != nil {
			return fmt.Errorf("keep attestation: %w", err)
		}
		return st.tx.Record(ctx, pg.Entry{
			Action: "learning." + strings.ToLower(string(kind)), Subject: st.place.GlobalID().String(),
			Data: map[string]string{"part": node.String(), "minutes": fmt.Sprint(a.Minutes), "note": a.Note},
		})
	})
}

// part is the id of a lesson or module of the course, or of the course.
func (st *study) part(id *uuid.UUID) (uuid.UUID, error) {
	if id == nil {
		return st.place.CourseID, nil
	}
	if st.outline.Lesson(*id) != nil {
		return *id, nil
	}
	for m := range st.outline.Modules {
		if st.outline.Modules[m].ID == *id {
			return *id, nil
		}
	}
	return uuid.Nil, fault.New(fault.NotFound, "There is no such part in the version the learner is enrolled in.")
}

// Complete completes a lesson for a learner, or the course when the lesson is nil, whatever the rules say, for a
// reason that is kept. It is not undone: what somebody was told they completed stays completed. The evidence stays as
// it is. What was completed before keeps its date. The faults are those of SignOff.
func (s *Service) Complete(ctx context.Context, enrollmentID uuid.UUID, lesson *uuid.UUID, reason string) (*Recorded, error) {
	if err := checkWords("reason", reason, 1); err != nil {
		return nil, err
	}
	under := decision{by: completion.BySTAFF, lesson: lesson, course: lesson == nil, reason: reason}
	return s.decide(ctx, enrollmentID, under, func(st *study, _ viewer.Viewer) error {
		if lesson != nil && st.outline.Lesson(*lesson) == nil {
			return errNoLesson()
		}
		node, err := st.part(lesson)
		if err != nil {
			return err
		}
		return st.tx.Record(ctx, pg.Entry{
			Action: "learning.completed_by_staff", Subject: st.place.GlobalID().String(),
			Data: map[string]string{"part": node.String(), "reason": reason},
		})
	})
}

// decide runs fn on a learner's place and completes what follows.
func (s *Service) decide(
	ctx context.Context, enrollmentID uuid.UUID, under decision, fn func(st *study, who viewer.Viewer) error,
) (*Recorded, error) {
	who, err := deciding(ctx)
	if err != nil {
		return nil, err
	}
	under.actor = &who.User
	var recorded *Recorded
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		place, err := tx.Enrollment.Query().Where(enrollment.ID(enrollmentID)).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.New(fault.NotFound, "There is no such enrollment.").Because(err)
		case err != nil:
			return fmt.Errorf("find enrollment: %w", err)
		case place.State != enrollment.StateACTIVE && place.State != enrollment.StateCOMPLETED:
			return fault.New(fault.Conflict, "The learner has no place in the course now.")
		}
		st, err := begin(ctx, tx, place)
		if err != nil {
			return err
		}
		st.under = under
		if err := fn(st, who); err != nil {
			return err
		}
		if recorded, err = st.end(ctx, nil, tx.CourseProgress.UpdateOne(st.progress)); err != nil {
			return err
		}
		return s.Feed.Tell(ctx, tx, Moved(place.ID)...)
	})
	if err != nil {
		return nil, fmt.Errorf("decide on a place: %w", err)
	}
	return recorded, nil
}

// deciding returns the viewer when they decide about learners.
func deciding(ctx context.Context) (viewer.Viewer, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return viewer.Viewer{}, err
	}
	return policy.Signed(ctx)
}

func checkWords(field, words string, least int) error {
	n := utf8.RuneCountInString(strings.TrimSpace(words))
	if !utf8.ValidString(words) || strings.ContainsRune(words, 0) || n < least || utf8.RuneCountInString(words) > maxReason {
		return fault.Invalid(field, fmt.Sprintf("Write %d to %d characters.", least, maxReason))
	}
	return nil
}
