package enrollment_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// model is what the places of one course should be after some history, written down a second time and as plainly as
// can be: no table of transitions, but what each act means to people.
type model struct {
	// capacity is -1 for as many as come.
	capacity int
	priced   bool
	people   []*person
	// queue holds who waits, in order.
	queue []*person
}

// person is one learner in the model.
type person struct {
	state  entenrollment.State
	seated bool
	// grants are the reasons that hold; old are those that ever did.
	grants, old map[reason]bool
	// lapsing are those of the reasons that end with the next sweep.
	lapsing map[reason]bool
	acts    int
}

type reason struct {
	source    entenrollment.Source
	reference string
}

var (
	self     = reason{entenrollment.SourceSELF, ""}
	byStaff  = reason{entenrollment.SourceSTAFF, ""}
	purchase = reason{entenrollment.SourcePURCHASE, "order"}
)

func (m *model) taken() int {
	n := 0
	for _, p := range m.people {
		if p.seated {
			n++
		}
	}
	return n
}

func (m *model) room() bool { return m.capacity < 0 || m.taken() < m.capacity }

// fill lets in who waits, while there is room.
func (m *model) fill() {
	for len(m.queue) > 0 && m.room() {
		first := m.queue[0]
		m.queue = m.queue[1:]
		first.state, first.seated = entenrollment.StateACTIVE, true
		first.acts++
	}
}

// sit gives a seat or a place in the queue.
func (m *model) sit(p *person) {
	p.acts++
	if !m.room() {
		p.state = entenrollment.StateWAITLISTED
		m.queue = append(m.queue, p)
		return
	}
	p.state, p.seated = entenrollment.StateACTIVE, true
}

// out takes somebody off the course or the queue.
func (m *model) out(p *person, state entenrollment.State) {
	p.state, p.seated = state, false
	p.acts++
	m.queue = slices.DeleteFunc(m.queue, func(q *person) bool { return q == p })
	m.fill()
}

func (p *person) in() bool {
	return p.state == entenrollment.StateACTIVE || p.state == entenrollment.StateCOMPLETED || p.state == entenrollment.StateWAITLISTED
}

func (p *person) give(r reason, lapses bool) {
	p.grants[r], p.old[r] = true, true
	delete(p.lapsing, r)
	if lapses {
		p.lapsing[r] = true
	}
}

func (p *person) end(which func(reason) bool) {
	for r := range p.grants {
		if which(r) {
			delete(p.grants, r)
			delete(p.lapsing, r)
		}
	}
}

func (m *model) enroll(p *person) fault.Code {
	switch {
	case p.in():
	case p.state == entenrollment.StateREVOKED:
		return fault.Conflict
	case p.state == entenrollment.StateINVITED:
		m.sit(p)
	case m.priced && !p.grants[purchase]:
		if p.state != entenrollment.StatePENDING_PAYMENT {
			p.state = entenrollment.StatePENDING_PAYMENT
			p.acts++
		}
	default:
		if !m.priced {
			p.give(self, false)
		}
		m.sit(p)
	}
	return ""
}

func (m *model) grant(p *person, r reason, lapses bool) {
	p.give(r, lapses)
	if !p.in() {
		m.sit(p)
	}
}

func (m *model) invite(p *person) fault.Code {
	if p.in() {
		return fault.Conflict
	}
	p.give(byStaff, false)
	if p.state != entenrollment.StateINVITED {
		p.state = entenrollment.StateINVITED
		p.acts++
	}
	return ""
}

func (m *model) answer(p *person, accept bool) fault.Code {
	switch {
	case p.state == "":
		return fault.NotFound
	case p.state == entenrollment.StateINVITED && accept:
		m.sit(p)
	case p.state == entenrollment.StateINVITED:
		p.end(func(r reason) bool { return r != purchase })
		m.out(p, entenrollment.StateWITHDRAWN)
	case accept && p.in(), !accept && p.state == entenrollment.StateWITHDRAWN:
	default:
		return fault.Conflict
	}
	return ""
}

func (m *model) withdraw(p *person) fault.Code {
	switch p.state {
	case "":
		return fault.NotFound
	case entenrollment.StateCOMPLETED, entenrollment.StateEXPIRED, entenrollment.StateREVOKED:
		return fault.Conflict
	case entenrollment.StateWITHDRAWN:
		return ""
	default:
	}
	p.end(func(r reason) bool { return r != purchase })
	m.out(p, entenrollment.StateWITHDRAWN)
	return ""
}

// lose ends a place whose last reason ended.
func (m *model) lose(p *person, state entenrollment.State) {
	if len(p.grants) == 0 && p.state != entenrollment.StateCOMPLETED && p.state != entenrollment.StateWITHDRAWN {
		m.out(p, state)
	}
}

func (m *model) revoke(p *person, r reason) fault.Code {
	if !p.old[r] {
		return fault.NotFound
	}
	if p.grants[r] {
		p.end(func(other reason) bool { return other == r })
		m.lose(p, entenrollment.StateREVOKED)
	}
	return ""
}

// sweep ends what has lapsed, for those who wait first.
func (m *model) sweep() {
	for _, p := range append(slices.Clone(m.queue), m.people...) {
		if len(p.lapsing) > 0 {
			p.end(func(r reason) bool { return p.lapsing[r] })
			m.lose(p, entenrollment.StateEXPIRED)
		}
	}
}

func (m *model) complete(p *person) fault.Code {
	switch p.state {
	case "":
		return fault.NotFound
	case entenrollment.StateCOMPLETED:
		return ""
	default:
	}
	m.queue = slices.DeleteFunc(m.queue, func(q *person) bool { return q == p })
	p.state = entenrollment.StateCOMPLETED
	p.acts++
	return ""
}

func (m *model) resize(capacity int) fault.Code {
	if capacity >= 0 && m.taken() > capacity {
		return fault.Conflict
	}
	m.capacity = capacity
	m.fill()
	return ""
}

// history is a course and its model.
type history struct {
	*school

	model   *model
	version *ent.CourseVersion
	ids     []uuid.UUID
	as      []context.Context
	places  []uuid.UUID
	staff   context.Context
	system  context.Context
}

// people is how many learners take part in each history.
const people = 4

func newHistory(t *testing.T, s *school, number int) *history {
	t.Helper()
	h := &history{
		school: s, model: &model{capacity: -1}, version: s.course(t, s.acme, fmt.Sprintf("h%d", number)),
		staff: s.acme.AsAdmin(t.Context()), system: s.acme.System(t.Context()),
	}
	s.publish(t, s.acme, h.version, 0)
	for i := range people {
		id := pgtest.NewUser(t, s.db, s.acme, fmt.Sprintf("h%dl%d", number, i), viewer.Learner)
		h.ids, h.as, h.places = append(h.ids, id), append(h.as, s.acme.As(t.Context(), id, viewer.Learner)), append(h.places, uuid.New())
		h.model.people = append(h.model.people, &person{grants: map[reason]bool{}, old: map[reason]bool{}, lapsing: map[reason]bool{}})
	}
	return h
}

func (h *history) took(i int, place *ent.Enrollment, err error) error {
	if err == nil {
		h.places[i] = place.ID
	}
	return err
}

// assign gives a reason by staff; one that lapses has ended before the next sweep.
func (h *history) assign(i int, r reason, invite, lapses bool) error {
	a := enrollment.Assignment{Course: h.version.CourseID, Learner: h.ids[i], Source: r.source, Reference: r.reference, Invite: invite}
	if lapses {
		soon := time.Now().Add(time.Hour)
		a.EndsAt = &soon
	}
	place, err := h.Assign(h.staff, a)
	return h.took(i, place, err)
}

// sweep lets an hour pass for the reasons that lapse, and sweeps.
func (h *history) sweep() error {
	h.db.EnrollmentGrant.Update().Where(enrollmentgrant.EnrollmentIDIn(h.places...), enrollmentgrant.EndsAtNotNil(), enrollmentgrant.EndedAtIsNil()).
		SetEndsAt(time.Now().Add(-time.Second)).ExecX(h.system)
	_, err := h.ExpireGrants(h.system)
	return err
}

// act does one step, in the model and in the database, and returns what should have come of it and what did.
func (h *history) act(t *testing.T, step string, i int) (want fault.Code, err error) {
	t.Helper()
	m, p := h.model, h.model.people[i]
	switch step {
	case "enroll":
		want = m.enroll(p)
		place, failed := h.Enroll(h.as[i], h.version.CourseID)
		err = h.took(i, place, failed)
	case "assign":
		m.grant(p, byStaff, false)
		err = h.assign(i, byStaff, false, false)
	case "assign for an hour":
		m.grant(p, byStaff, true)
		err = h.assign(i, byStaff, false, true)
	case "buy":
		m.grant(p, purchase, false)
		err = h.assign(i, purchase, false, false)
	case "invite":
		want = m.invite(p)
		err = h.assign(i, byStaff, true, false)
	case "accept", "decline":
		want = m.answer(p, step == "accept")
		_, err = h.AnswerInvitation(h.as[i], h.places[i], step == "accept")
	case "withdraw":
		want = m.withdraw(p)
		_, err = h.Withdraw(h.as[i], h.places[i])
	case "remove":
		want = m.withdraw(p)
		_, err = h.Withdraw(h.staff, h.places[i])
	case "revoke":
		want = h.revoked(p, byStaff)
		_, err = h.RevokeGrant(h.staff, h.places[i], byStaff.source, "")
	case "refund":
		want = h.revoked(p, purchase)
		_, err = h.RevokeGrant(h.staff, h.places[i], purchase.source, purchase.reference)
	case "complete":
		want = m.complete(p)
		err = h.finishByID(h.system, h.places[i])
	default:
		want, err = h.course(t, step)
	}
	return want, err
}

func (h *history) revoked(p *person, r reason) fault.Code {
	if p.state == "" {
		return fault.NotFound
	}
	return h.model.revoke(p, r)
}

// course does a step that is about nobody in particular.
func (h *history) course(t *testing.T, step string) (want fault.Code, err error) {
	t.Helper()
	var capacity *int
	switch step {
	case "an hour passes":
		h.model.sweep()
		return "", h.sweep()
	case "price":
		h.model.priced = !h.model.priced
		price := map[bool]int{true: 4900}[h.model.priced]
		h.publish(t, h.acme, h.version, price)
		return "", nil
	case "no limit":
		want = h.model.resize(-1)
	default:
		n := map[string]int{"no seat": 0, "one seat": 1, "two seats": 2, "three seats": 3}[step]
		want, capacity = h.model.resize(n), &n
	}
	_, err = h.SaveTerms(h.staff, enrollment.Terms{Course: h.version.CourseID, Capacity: capacity})
	return want, err
}

// agree holds every row against the model.
func (h *history) agree(t *testing.T, rt *rapid.T) {
	t.Helper()
	for i, p := range h.model.people {
		rows := h.db.Enrollment.Query().Where(entenrollment.CourseID(h.version.CourseID), entenrollment.LearnerID(h.ids[i])).AllX(h.system)
		if p.state == "" && len(rows) == 0 {
			continue
		}
		if len(rows) != 1 || rows[0].State != p.state || rows[0].Seated != p.seated {
			rt.Fatalf("learner %d: %+v, want %s, seated: %t", i, rows, p.state, p.seated)
		}
		live := map[reason]bool{}
		for _, g := range h.db.EnrollmentGrant.Query().Where(enrollmentgrant.EnrollmentID(rows[0].ID), enrollmentgrant.EndedAtIsNil()).AllX(h.system) {
			live[reason{entenrollment.Source(g.Source), g.Reference}] = true
		}
		if fmt.Sprint(live) != fmt.Sprint(p.grants) {
			rt.Fatalf("learner %d (%s) has the reasons %v, want %v", i, p.state, live, p.grants)
		}
		if n := h.db.EnrollmentChange.Query().Where(enrollmentchange.EnrollmentID(rows[0].ID)).CountX(h.system); n != p.acts {
			rt.Fatalf("learner %d: %d steps are on record, want %d", i, n, p.acts)
		}
		positions, err := h.Positions(h.as[i], []uuid.UUID{rows[0].ID})
		if want := slices.Index(h.model.queue, p) + 1; err != nil || positions[rows[0].ID] != want {
			rt.Fatalf("learner %d stands at %v (%v), want %d", i, positions, err, want)
		}
	}
	h.counted(t, h.version.CourseID)
}

// TestHistories lets learners, staff and time act at random on one course, and holds every place, reason, seat and
// number of the waiting list against the model after every step.
func TestHistories(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	histories, steps := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		histories++
		h := newHistory(t, s, histories)
		acts := rapid.SampledFrom([]string{
			"enroll", "enroll", "enroll", "assign", "assign for an hour", "buy", "invite", "accept", "decline", "withdraw", "remove",
			"revoke", "refund", "complete", "an hour passes", "price", "no seat", "one seat", "two seats", "three seats", "no limit",
		})
		for range rapid.IntRange(1, 25).Draw(rt, "length") {
			step, who := acts.Draw(rt, "act"), rapid.IntRange(0, people-1).Draw(rt, "who")
			steps++
			if want, err := h.act(t, step, who); fault.CodeOf(err) != want {
				rt.Fatalf("%s by %d: %v, want %q", step, who, err, want)
			}
			h.agree(t, rt)
		}
	})
	t.Logf("%d histories, %d steps", histories, steps)
}
