package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Assignment is a place that staff give to a learner.
type Assignment struct {
	Course, Learner uuid.UUID
	// DueAt is when the course should be completed; nil sets no date and changes none.
	DueAt *time.Time
	// Invite asks the learner instead: the place is theirs once they accept.
	Invite bool
	// Source is why the learner gets it; "" is STAFF. Reference names the order, rule or file, and is empty for STAFF.
	Source    enrollment.Source
	Reference string
	// EndsAt is when this reason ends, and with the last of them the place; nil for never.
	EndsAt *time.Time
}

// maxReference is how long a reference may be, in characters.
const maxReference = 200

// Assign gives the learner a place in the course, or invites them to it. Staff decide about price and prerequisites
// themselves, so neither is in the way; seats are, and who finds none waits. A learner who has the place already keeps
// it, with one more reason, and with the due date if there is one. Faults: Forbidden for learners, and for instructors
// who name another source than STAFF; NotFound for a course that is not published or a user who does not
// exist; Conflict for a suspended user, and for inviting somebody who is in; BadInput for a date that has passed,
// a user who cannot learn, and a source and reference that do not go together.
func (s *Service) Assign(ctx context.Context, a Assignment) (*ent.Enrollment, error) {
	if a.Source == "" {
		a.Source = enrollment.SourceSTAFF
	}
	if err := mayGive(ctx, a.Source); err != nil {
		return nil, err
	}
	if err := checkSource(a); err != nil {
		return nil, err
	}
	var place *ent.Enrollment
	err := s.settle(ctx, func(tx *pg.Tx) error {
		if err := checkAssignment(ctx, tx, a); err != nil {
			return err
		}
		found, changed, err := enter(ctx, tx, a.entry(ctx))
		place = found
		if err != nil || !changed {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "enrollment.assigned", Subject: place.GlobalID().String(), Data: data(place)})
	})
	if err != nil {
		return nil, fmt.Errorf("assign course: %w", err)
	}
	return place, nil
}

// Grant gives the learner a place in the transaction of what it follows from: a rule, a purchase, an import, a
// learning path. It is for Lyceum itself; what Assign asks of staff is the caller's matter.
func (s *Service) Grant(ctx context.Context, tx *pg.Tx, a Assignment) (*ent.Enrollment, error) {
	if err := policy.Require(ctx); err != nil {
		return nil, err
	}
	place, _, err := enter(ctx, tx, a.entry(ctx))
	if err != nil {
		return nil, fmt.Errorf("grant place: %w", err)
	}
	return place, nil
}

func (a Assignment) entry(ctx context.Context) entry {
	who, _ := viewer.From(ctx)
	in := entry{
		course: a.Course, learner: a.Learner, by: who.User, act: admit,
		source: a.Source, reference: a.Reference, endsAt: a.EndsAt, dueAt: a.DueAt,
	}
	if a.Invite {
		in.act = invite
	}
	return in
}

// mayGive lets staff give and take places in their own name, and admins whatever the reason.
func mayGive(ctx context.Context, source enrollment.Source) error {
	if source == enrollment.SourceSTAFF || source == enrollment.SourceSELF {
		return policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin)
	}
	return policy.Require(ctx, viewer.TenantAdmin)
}

// checkSource holds the source against its reference.
func checkSource(a Assignment) error {
	var c input.Checker
	switch a.Source {
	case enrollment.SourceSELF:
		c.Fail("source", "Learners enroll by themselves.")
	case enrollment.SourcePATH:
		c.Fail("source", "Learning paths give places by themselves; put the learner on the path.")
	case enrollment.SourceSTAFF:
		c.Check(a.Reference == "", "reference", "Only a rule, a purchase or an import has a reference.")
	default:
		c.Line("reference", a.Reference, 1, maxReference)
		c.Check(!a.Invite, "invite", "An invitation comes from staff.")
	}
	return c.Err()
}

// checkAssignment holds the learner and the date against the rules.
func checkAssignment(ctx context.Context, tx *pg.Tx, a Assignment) error {
	learner, err := tx.User.Query().Where(user.ID(a.Learner)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "There is no such user.").Because(err)
	} else if err != nil {
		return fmt.Errorf("find learner: %w", err)
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	return assignable(learner, a, now)
}

// assignable says whether somebody can be given a course on these terms.
func assignable(learner *ent.User, a Assignment, now time.Time) error {
	switch {
	case a.DueAt != nil && !a.DueAt.After(now):
		return fault.Invalid("dueAt", "A due date lies in the future.")
	case a.EndsAt != nil && !a.EndsAt.After(now):
		return fault.Invalid("endsAt", "Access ends in the future.")
	case learner.Role == viewer.Support:
		return fault.Invalid("learnerId", "Support reads and changes nothing, so it cannot take a course.")
	case learner.Status != user.StatusACTIVE:
		return fault.New(fault.Conflict, "This account is suspended; reinstate it first.")
	default:
		return nil
	}
}

// data is what the audit log keeps about a place.
func data(place *ent.Enrollment) map[string]string {
	kept := map[string]string{
		"course":  gid.New(ent.GIDCourse, place.CourseID).String(),
		"learner": gid.New(ent.GIDUser, place.LearnerID).String(),
		"state":   place.State.String(),
	}
	if place.DueAt != nil {
		kept["due_at"] = place.DueAt.UTC().Format(time.RFC3339)
	}
	return kept
}
