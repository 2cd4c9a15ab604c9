package pathway

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxActive is how many paths a learner can be on at a time: each completed course is held against all of them.
const maxActive = 50

// entry is somebody's way onto a path.
type entry struct {
	path, learner, by uuid.UUID
	act               act
	// dueAt is nil when there is no date, or none to change.
	dueAt *time.Time
}

// Assignment is a path that staff give to a learner.
type Assignment struct {
	Path, Learner uuid.UUID
	// DueAt is when it should be completed; nil is as the path says, and changes no date.
	DueAt *time.Time
}

// Enroll puts the viewer on the path, and gives them places in the courses that are open to them: of a course with a price,
// or whose place staff have ended, the path gives none. Asking twice returns the same place; who has completed enough
// already completes the path at once. Faults: Unauthenticated and Forbidden; NotFound; Conflict when the path is not
// offered, staff alone put learners on it or ended the viewer's place, or the viewer is on too many.
func (s *Service) Enroll(ctx context.Context, path uuid.UUID) (*ent.PathEnrollment, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	place, err := s.enter(ctx, entry{path: path, learner: who.User, by: who.User, act: enroll}, func(*pg.Tx, time.Time) error { return nil })
	if err != nil {
		return nil, fmt.Errorf("enroll in learning path: %w", err)
	}
	return place, nil
}

// Assign puts a learner on the path. Staff decide about prices themselves. A learner who is on it already stays, with the
// due date if there is one. Faults: those of Enroll; BadInput for a date that has passed and a user who cannot learn.
func (s *Service) Assign(ctx context.Context, a Assignment) (*ent.PathEnrollment, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	who, _ := viewer.From(ctx)
	in := entry{path: a.Path, learner: a.Learner, by: who.User, act: assign, dueAt: a.DueAt}
	place, err := s.enter(ctx, in, func(tx *pg.Tx, now time.Time) error { return checkAssignment(ctx, tx, a, now) })
	if err != nil {
		return nil, fmt.Errorf("assign learning path: %w", err)
	}
	return place, nil
}

// checkAssignment holds the learner and the date against the rules, as they are for courses.
func checkAssignment(ctx context.Context, tx *pg.Tx, a Assignment, now time.Time) error {
	learner, err := tx.User.Query().Where(user.ID(a.Learner)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return fault.New(fault.NotFound, "There is no such user.").Because(err)
	case err != nil:
		return fmt.Errorf("find learner: %w", err)
	case a.DueAt != nil && !a.DueAt.After(now):
		return fault.Invalid("dueAt", "A due date lies in the future.")
	case learner.Role == viewer.Support:
		return fault.Invalid("learnerId", "Support reads and changes nothing, so it cannot take a learning path.")
	case learner.Status != user.StatusACTIVE:
		return fault.New(fault.Conflict, "This account is suspended; reinstate it first.")
	default:
		return nil
	}
}

// enter finds or makes the place.
func (s *Service) enter(ctx context.Context, in entry, check func(tx *pg.Tx, now time.Time) error) (*ent.PathEnrollment, error) {
	var place *ent.PathEnrollment
	err := s.settle(ctx, func(tx *pg.Tx) error {
		now, err := takeTurn(ctx, tx, in.learner)
		if err != nil {
			return err
		}
		if err := check(tx, now); err != nil {
			return err
		}
		path, err := lockPath(ctx, tx, in.path)
		if err != nil {
			return err
		}
		found, err := find(ctx, tx, in)
		if err != nil {
			return err
		}
		place, err = s.admit(ctx, tx, walk{path: path, now: now}, found, in)
		return err
	})
	return place, err
}

// walk is a path, and when somebody is moved along it.
type walk struct {
	path *ent.LearningPath
	now  time.Time
}

// lockPath keeps the path from changing until the transaction ends: who gets on sees what it consists of, or whoever
// changes it sees them.
func lockPath(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.LearningPath, error) {
	path, err := tx.LearningPath.Query().Where(learningpath.ID(id)).ForShare().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoPath()
	} else if err != nil {
		return nil, fmt.Errorf("lock learning path: %w", err)
	}
	return path, nil
}

// find returns the learner's place on the path; it is nil when there is none.
func find(ctx context.Context, tx *pg.Tx, in entry) (*ent.PathEnrollment, error) {
	place, err := tx.PathEnrollment.Query().
		Where(pathenrollment.PathID(in.path), pathenrollment.LearnerID(in.learner)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // no place is an answer
	} else if err != nil {
		return nil, fmt.Errorf("find place in learning path: %w", err)
	}
	return place, nil
}

// admit puts the learner on the path, unless they are.
func (s *Service) admit(ctx context.Context, tx *pg.Tx, w walk, place *ent.PathEnrollment, in entry) (*ent.PathEnrollment, error) {
	to, err := next(stateOf(place), in.act)
	if err != nil {
		return nil, err
	}
	if stateOf(place) == to {
		return s.again(ctx, tx, w, place, in)
	}
	if err := offered(w.path, in.act); err != nil {
		return nil, err
	}
	if err := notTooMany(ctx, tx, in.learner); err != nil {
		return nil, err
	}
	due := dueAt(w, in.dueAt)
	if place == nil {
		place, err = tx.PathEnrollment.Create().SetPathID(in.path).SetLearnerID(in.learner).SetState(to).
			SetByStaff(in.act == assign).SetEnrolledBy(in.by).SetEnrolledAt(w.now).SetNillableDueAt(due).Save(ctx)
	} else {
		change := tx.PathEnrollment.UpdateOne(place).SetState(to).SetByStaff(in.act == assign).SetEnrolledBy(in.by).ClearLeftAt().SetNillableDueAt(due)
		if due == nil {
			change.ClearDueAt()
		}
		place, err = change.Save(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("keep place in learning path: %w", err)
	}
	if err := tx.Enqueue(ctx, enrolled(place, w.now)); err != nil {
		return nil, err
	}
	moved, err := s.move(ctx, tx, w, place, true)
	if err != nil {
		return nil, err
	}
	// Behind the courses that were locked: whoever gives places in one of them records it last, too.
	return moved, recordOfOther(ctx, tx, "pathway.assigned", place)
}

// again is for somebody who is on the path: it may get another due date, and what has become open since is given.
func (s *Service) again(ctx context.Context, tx *pg.Tx, w walk, place *ent.PathEnrollment, in entry) (*ent.PathEnrollment, error) {
	if place.State != active {
		return place, nil
	}
	if in.dueAt == nil || place.DueAt != nil && place.DueAt.Equal(*in.dueAt) {
		return s.move(ctx, tx, w, place, false)
	}
	place, err := tx.PathEnrollment.UpdateOne(place).SetDueAt(*in.dueAt).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("change due date: %w", err)
	}
	moved, err := s.move(ctx, tx, w, place, false)
	if err != nil {
		return nil, err
	}
	return moved, recordOfOther(ctx, tx, "pathway.assigned", place)
}

// offered refuses a path that nobody gets on to, or not by themselves.
func offered(p *ent.LearningPath, a act) error {
	switch {
	case p.State != learningpath.StatePUBLISHED:
		return fault.New(fault.Conflict, "This learning path is not offered at present.")
	case a == enroll && !p.SelfEnroll:
		return fault.New(fault.Conflict, "The staff put learners on this learning path; ask them.")
	default:
		return nil
	}
}

// notTooMany refuses one path more than a learner can be on.
func notTooMany(ctx context.Context, tx *pg.Tx, learner uuid.UUID) error {
	n, err := tx.PathEnrollment.Query().Where(pathenrollment.LearnerID(learner), pathenrollment.StateEQ(active)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count learning paths: %w", err)
	}
	if n >= maxActive {
		return fault.Newf(fault.Conflict, "Nobody is on more than %d learning paths at a time; complete or leave one first.", maxActive)
	}
	return nil
}

// dueAt is when somebody who gets on now should be through: when somebody says so, else as the path does.
func dueAt(w walk, said *time.Time) *time.Time {
	if said != nil || w.path.DueDays == nil {
		return said
	}
	due := w.now.AddDate(0, 0, *w.path.DueDays)
	return &due
}

// Overdue says whether the path should have been completed by now.
func Overdue(place *ent.PathEnrollment, now time.Time) bool {
	return place.State == active && place.DueAt != nil && place.DueAt.Before(now)
}

// recordOfOther appends to the audit log what somebody does to another's place.
func recordOfOther(ctx context.Context, tx *pg.Tx, action string, place *ent.PathEnrollment) error {
	if who, _ := viewer.From(ctx); who.User == place.LearnerID {
		return nil
	}
	data := map[string]string{
		"path":    gid.New(ent.GIDLearningPath, place.PathID).String(),
		"learner": gid.New(ent.GIDUser, place.LearnerID).String(),
		"state":   place.State.String(),
	}
	if place.DueAt != nil {
		data["due_at"] = place.DueAt.UTC().Format(time.RFC3339)
	}
	return tx.Record(ctx, pg.Entry{Action: action, Subject: place.GlobalID().String(), Data: data})
}
