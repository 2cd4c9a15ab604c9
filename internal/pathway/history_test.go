package pathway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// model is what one path and its learners should be after some history, written down a second time as plainly as can be.
type model struct {
	d      pathway.Definition
	state  learningpath.State
	people []*person
}

// person is one learner in the model.
type person struct {
	state pathenrollment.State
	// done are the courses they completed, held those in which the path's reason for a place holds, had those that it ever
	// gave one for.
	done, held, had map[uuid.UUID]bool
}

// enough reports whether the courses complete the path, counted one by one.
func (m *model) enough(p *person) bool {
	count, want := 0, 0
	for _, part := range m.d.Courses {
		if part.Required {
			want++
			if p.done[part.Course] {
				count++
			}
		}
	}
	switch m.d.Need {
	case outline.NeedAny:
		want = min(want, 1)
	case outline.NeedAtLeast:
		want = min(want, m.d.Count)
	default:
	}
	return want > 0 && count >= want
}

// follow is what comes of anything that happens to somebody on the way.
func (m *model) follow(p *person, fresh bool) {
	if p.state != pathenrollment.StateACTIVE {
		return
	}
	shut := false
	for _, part := range m.d.Courses {
		needless := part.Required && m.enough(p)
		if !p.done[part.Course] && !needless && (!m.d.Ordered || !shut) && (fresh || !p.had[part.Course]) {
			p.held[part.Course], p.had[part.Course] = true, true
		}
		if part.Required && !p.done[part.Course] {
			shut = true
		}
	}
	if m.enough(p) {
		p.state = pathenrollment.StateCOMPLETED
	}
}

func (m *model) getOn(p *person, byStaff bool) fault.Code {
	switch {
	case p.state == pathenrollment.StateREVOKED && !byStaff:
		return fault.Conflict
	case p.state == pathenrollment.StateACTIVE:
		m.follow(p, false)
		return ""
	case p.state == pathenrollment.StateCOMPLETED:
		return ""
	case m.state != learningpath.StatePUBLISHED, !byStaff && !m.d.SelfEnroll:
		return fault.Conflict
	}
	p.state = pathenrollment.StateACTIVE
	m.follow(p, true)
	return ""
}

func (m *model) getOff(p *person, byStaff bool) fault.Code {
	switch {
	case p.state == "":
		return fault.NotFound
	case p.state == pathenrollment.StateACTIVE:
		p.state = pathenrollment.StateWITHDRAWN
		if byStaff {
			p.state = pathenrollment.StateREVOKED
		}
		clear(p.held)
	case !byStaff && p.state != pathenrollment.StateWITHDRAWN:
		return fault.Conflict
	}
	return ""
}

// history is a path and its model.
type history struct {
	*school

	model   *model
	path    *ent.LearningPath
	courses []uuid.UUID
	ids     []uuid.UUID
	as      []context.Context
	places  []uuid.UUID
	staff   context.Context
	system  context.Context
}

// people is how many learners take part in each history, and stops how many courses there are to choose from.
const people, stops = 3, 4

func newHistory(t *testing.T, s *school, number int) *history {
	t.Helper()
	h := &history{school: s, courses: s.courses(t, stops), staff: s.acme.AsInstructor(t.Context()), system: s.acme.System(t.Context())}
	h.model = &model{
		d:     filled(pathway.Definition{Slug: fmt.Sprintf("h%d", number), Courses: required(h.courses[:2]...), SelfEnroll: true}),
		state: learningpath.StatePUBLISHED,
	}
	h.path = s.path(t, h.model.d)
	for i := range people {
		id := pgtest.NewUser(t, s.db, s.acme, fmt.Sprintf("h%dl%d", number, i), viewer.Learner)
		h.ids, h.as, h.places = append(h.ids, id), append(h.as, s.acme.As(t.Context(), id, viewer.Learner)), append(h.places, uuid.New())
		h.model.people = append(h.model.people, &person{
			done: map[uuid.UUID]bool{}, held: map[uuid.UUID]bool{}, had: map[uuid.UUID]bool{},
		})
	}
	return h
}

// act does one step by one learner, or to them, in the model and in the database.
func (h *history) act(t *testing.T, rt *rapid.T, step string, i int) (want fault.Code, err error) {
	t.Helper()
	m, p := h.model, h.model.people[i]
	switch step {
	case "enroll", "assign":
		want = m.getOn(p, step == "assign")
		var place *ent.PathEnrollment
		if step == "enroll" {
			place, err = h.Enroll(h.as[i], h.path.ID)
		} else {
			place, err = h.Assign(h.staff, pathway.Assignment{Path: h.path.ID, Learner: h.ids[i]})
		}
		if err == nil {
			h.places[i] = place.ID
		}
	case "leave":
		want = m.getOff(p, false)
		_, err = h.Withdraw(h.as[i], h.places[i])
	case "remove":
		want = m.getOff(p, false)
		_, err = h.Withdraw(h.staff, h.places[i])
	case "revoke":
		want = m.getOff(p, true)
		_, err = h.Revoke(h.staff, h.places[i])
	case "complete":
		course := rapid.SampledFrom(h.courses).Draw(rt, "course")
		p.done[course] = true
		m.follow(p, false)
		h.finish(t, h.ids[i], course)
	default:
		err = h.author(rt, step)
	}
	return want, err
}

// author does a step that is about the path.
func (h *history) author(rt *rapid.T, step string) (err error) {
	m := h.model
	switch step {
	case "archive":
		m.state = learningpath.StateARCHIVED
		h.path, err = h.Archive(h.staff, h.path.ID)
	case "publish":
		m.state = learningpath.StatePUBLISHED
		h.path, err = h.Publish(h.staff, h.path.ID)
	default:
		m.d.Courses = nil
		for _, course := range rapid.Permutation(h.courses).Draw(rt, "order")[:rapid.IntRange(1, stops).Draw(rt, "length")] {
			m.d.Courses = append(m.d.Courses, pathway.Part{Course: course, Required: len(m.d.Courses) == 0 || rapid.Bool().Draw(rt, "required")})
		}
		m.d.Need, m.d.Count = rapid.SampledFrom([]outline.Need{outline.NeedAll, outline.NeedAny, outline.NeedAtLeast}).Draw(rt, "need"), 0
		if m.d.Need == outline.NeedAtLeast {
			m.d.Count = 1
		}
		m.d.Ordered, m.d.SelfEnroll = rapid.Bool().Draw(rt, "ordered"), rapid.Bool().Draw(rt, "self")
		h.path, err = h.Save(h.staff, m.d)
	}
	if err != nil {
		return err
	}
	for _, p := range m.people {
		m.follow(p, false)
	}
	_, err = h.Review(h.system, h.path.ID, uuid.Nil)
	return err
}

// agree holds every row against the model.
func (h *history) agree(rt *rapid.T) {
	for i, p := range h.model.people {
		rows := h.db.PathEnrollment.Query().Where(pathenrollment.PathID(h.path.ID), pathenrollment.LearnerID(h.ids[i])).AllX(h.system)
		if p.state == "" && len(rows) == 0 {
			continue
		}
		if len(rows) != 1 || rows[0].State != p.state {
			rt.Fatalf("learner %d: %+v, want %s", i, rows, p.state)
		}
		want := 0
		if p.state == pathenrollment.StateCOMPLETED {
			want = 1
		}
		if n := h.completions(rows[0].ID); n != want {
			rt.Fatalf("learner %d is %s, and that was announced %d times", i, p.state, n)
		}
		held := map[uuid.UUID]bool{}
		for _, g := range h.db.EnrollmentGrant.Query().
			Where(enrollmentgrant.LearnerID(h.ids[i]), enrollmentgrant.SourceEQ(enrollmentgrant.SourcePATH), enrollmentgrant.EndedAtIsNil()).AllX(h.system) {
			held[h.db.Enrollment.Query().Where(enrollment.ID(g.EnrollmentID)).OnlyX(h.system).CourseID] = true
		}
		if fmt.Sprint(held) != fmt.Sprint(p.held) {
			rt.Fatalf("learner %d (%s) holds %v by the path, want %v", i, p.state, held, p.held)
		}
	}
}

// TestHistories lets learners, staff and authors act at random on one path, and holds every place, what the path gave, and
// what was announced against the model after every step. A place that is completed never is anything else again.
func TestHistories(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	histories, steps := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		histories++
		h := newHistory(t, s, histories)
		acts := rapid.SampledFrom([]string{
			"enroll", "enroll", "enroll", "assign", "leave", "remove", "revoke", "complete", "complete", "complete", "complete",
			"change", "change", "archive", "publish",
		})
		for range rapid.IntRange(1, 20).Draw(rt, "length") {
			step, who := acts.Draw(rt, "act"), rapid.IntRange(0, people-1).Draw(rt, "who")
			steps++
			was := slices.Clone(h.model.people)
			if want, err := h.act(t, rt, step, who); fault.CodeOf(err) != want {
				rt.Fatalf("%s by %d (%s): %v, want %q", step, who, was[who].state, err, want)
			}
			h.agree(rt)
		}
	})
	t.Logf("%d histories, %d steps", histories, steps)
}
