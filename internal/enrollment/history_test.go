package enrollment_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// model is what a place should be after some history, written down a second time and as plainly as can be.
type model struct {
	taken, gone, done bool
	activations       int
}

func (m *model) take() {
	if !m.taken || m.gone {
		m.taken, m.gone = true, false
		m.activations++
	}
}

func (m *model) state() entenrollment.State {
	switch {
	case !m.taken:
		return ""
	case m.done:
		return entenrollment.StateCOMPLETED
	case m.gone:
		return entenrollment.StateWITHDRAWN
	default:
		return entenrollment.StateACTIVE
	}
}

func (m *model) leave() fault.Code {
	switch {
	case !m.taken:
		return fault.NotFound
	case m.done:
		return fault.Conflict
	default:
		m.gone = true
		return ""
	}
}

func (m *model) complete() fault.Code {
	if !m.taken {
		return fault.NotFound
	}
	m.done, m.gone = true, false
	return ""
}

// history is one learner and one course.
type history struct {
	*school

	model   model
	course  uuid.UUID
	id      uuid.UUID
	learner context.Context
	staff   context.Context
	system  context.Context
	place   uuid.UUID
}

// act does one step, in the model and in the database, and returns what should have come of it and what did.
func (h *history) act(step string) (want fault.Code, err error) {
	switch step {
	case "enroll":
		h.model.take()
		err = h.took(h.Enroll(h.learner, h.course))
	case "assign":
		h.model.take()
		err = h.took(h.Assign(h.staff, enrollment.Assignment{Course: h.course, Learner: h.id}))
	case "withdraw":
		want = h.model.leave()
		_, err = h.Withdraw(h.learner, h.place)
	case "remove":
		want = h.model.leave()
		_, err = h.Withdraw(h.staff, h.place)
	case "complete":
		want = h.model.complete()
		err = h.finishByID(h.system, h.place)
	}
	return want, err
}

func (h *history) took(place *ent.Enrollment, err error) error {
	if err == nil {
		h.place = place.ID
	}
	return err
}

// state is the state of the only place there may be.
func (h *history) state(t *rapid.T) entenrollment.State {
	rows := h.db.Enrollment.Query().Where(entenrollment.LearnerID(h.id)).AllX(h.system)
	switch len(rows) {
	case 0:
		return ""
	case 1:
		return rows[0].State
	default:
		t.Fatalf("%d places", len(rows))
		return ""
	}
}

// TestHistories lets learners and staff act at random and holds the place against the model.
func TestHistories(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	learners := 0
	rapid.Check(t, func(rt *rapid.T) {
		learners++
		id := pgtest.NewUser(t, s.db, s.acme, fmt.Sprintf("learner%d", learners), viewer.Learner)
		h := &history{
			school: s, course: course, id: id, place: uuid.New(),
			learner: s.acme.As(t.Context(), id, viewer.Learner),
			staff:   s.acme.AsInstructor(t.Context()),
			system:  s.acme.System(t.Context()),
		}
		announced := activations(s.db)
		acts := rapid.SampledFrom([]string{"enroll", "assign", "withdraw", "remove", "complete"})
		for _, step := range rapid.SliceOfN(acts, 1, 8).Draw(rt, "steps") {
			if want, err := h.act(step); fault.CodeOf(err) != want {
				rt.Fatalf("%s: %v, want %q", step, err, want)
			}
			if got, want := h.state(rt), h.model.state(); got != want {
				rt.Fatalf("after %s: %q, want %q", step, got, want)
			}
		}
		if got := activations(s.db) - announced; got != h.model.activations {
			rt.Fatalf("%d activations announced, want %d", got, h.model.activations)
		}
	})
}
