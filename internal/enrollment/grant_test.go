package enrollment_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// TestPriced pays for a course, gives the place up, and comes back without paying again.
func TestPriced(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	v := s.course(t, s.acme, "go")
	s.publish(t, s.acme, v, 4900)
	learner, admin := s.acme.AsLearner(t.Context()), s.acme.AsAdmin(t.Context())

	place := must(s.Enroll(learner, v.CourseID))
	if place.State != entenrollment.StatePENDING_PAYMENT || len(told(s.db)) != 0 {
		t.Fatalf("without a payment: %s, announced %v", place.State, told(s.db))
	}
	bought := enrollment.Assignment{Course: v.CourseID, Learner: s.acme.Learner, Source: entenrollment.SourcePURCHASE, Reference: "order 7"}
	for range 2 {
		if got := must(s.Assign(admin, bought)); got.ID != place.ID || got.State != entenrollment.StateACTIVE {
			t.Errorf("paid: %s", got.State)
		}
	}
	if n := s.db.EnrollmentGrant.Query().CountX(admin); n != 1 {
		t.Errorf("one purchase told twice is %d reasons", n)
	}
	must(s.Withdraw(learner, place.ID))
	if got := must(s.Enroll(learner, v.CourseID)); got.State != entenrollment.StateACTIVE {
		t.Errorf("coming back after having paid: %s", got.State)
	}
	must(s.RevokeGrant(admin, place.ID, entenrollment.SourcePURCHASE, "order 7"))
	if got := s.db.Enrollment.GetX(admin, place.ID).State; got != entenrollment.StateREVOKED {
		t.Errorf("refunded after coming back: %s", got)
	}
	if _, err := s.Enroll(learner, v.CourseID); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("enrolling after staff ended it: %v", err)
	}
}

func TestGrantsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	instructor, admin := s.acme.AsInstructor(t.Context()), s.acme.AsAdmin(t.Context())
	soon := time.Now().Add(time.Hour)
	past := time.Now().Add(-time.Hour)
	give := func(ctx context.Context, a enrollment.Assignment) error {
		a.Course, a.Learner = course, s.acme.Learner
		_, err := s.Assign(ctx, a)
		return err
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		a    enrollment.Assignment
		code fault.Code
	}{
		"a purchase by an instructor":   {instructor, enrollment.Assignment{Source: entenrollment.SourcePURCHASE, Reference: "x"}, fault.Forbidden},
		"a purchase without an order":   {admin, enrollment.Assignment{Source: entenrollment.SourcePURCHASE}, fault.BadInput},
		"an order that is two lines":    {admin, enrollment.Assignment{Source: entenrollment.SourcePURCHASE, Reference: "a\nb"}, fault.BadInput},
		"staff with a reference":        {admin, enrollment.Assignment{Reference: "x"}, fault.BadInput},
		"for somebody by themselves":    {admin, enrollment.Assignment{Source: entenrollment.SourceSELF}, fault.BadInput},
		"an invitation that was bought": {admin, enrollment.Assignment{Source: entenrollment.SourceIMPORT, Reference: "x", Invite: true}, fault.BadInput},
		"one that has ended":            {admin, enrollment.Assignment{EndsAt: &past}, fault.BadInput},
		"one that ends":                 {instructor, enrollment.Assignment{EndsAt: &soon}, ""},
	} {
		if err := give(tt.ctx, tt.a); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", name, err, tt.code)
		}
	}
	if err := give(instructor, enrollment.Assignment{Invite: true}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an invitation to who is in: %v", err)
	}
	place := s.db.Enrollment.Query().OnlyX(admin)
	for name, tt := range map[string]struct {
		ctx       context.Context
		source    entenrollment.Source
		reference string
		code      fault.Code
	}{
		"by the learner":              {s.acme.AsLearner(t.Context()), entenrollment.SourceSTAFF, "", fault.Forbidden},
		"by another tenant's admin":   {s.globex.AsAdmin(t.Context()), entenrollment.SourceSTAFF, "", fault.NotFound},
		"a purchase by an instructor": {instructor, entenrollment.SourcePURCHASE, "x", fault.Forbidden},
		"a purchase that never was":   {admin, entenrollment.SourcePURCHASE, "x", fault.NotFound},
		"a reference with a zero":     {admin, entenrollment.SourcePURCHASE, "\x00", fault.BadInput},
	} {
		if _, err := s.RevokeGrant(tt.ctx, place.ID, tt.source, tt.reference); fault.CodeOf(err) != tt.code {
			t.Errorf("revoking %s: %v, want %q", name, err, tt.code)
		}
	}
	if got := s.db.Enrollment.GetX(admin, place.ID).State; got != entenrollment.StateACTIVE {
		t.Errorf("after refusals the place is %s", got)
	}
}

// TestExpire lets access end by time: not before the last reason's, and by the database's clock.
func TestExpire(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	admin, system := s.acme.AsAdmin(t.Context()), s.acme.System(t.Context())
	soon := time.Now().Add(time.Hour)
	place := must(s.Assign(admin, enrollment.Assignment{Course: course, Learner: s.acme.Learner, EndsAt: &soon}))
	must(s.Assign(admin, enrollment.Assignment{
		Course: course, Learner: s.acme.Learner, Source: entenrollment.SourceIMPORT, Reference: "file", EndsAt: &soon,
	}))
	lapse := func(source enrollmentgrant.Source) {
		s.db.EnrollmentGrant.Update().Where(enrollmentgrant.SourceEQ(source)).SetEndsAt(time.Now().Add(-time.Second)).ExecX(system)
	}
	for _, step := range []struct {
		lapses enrollmentgrant.Source
		ended  int
		state  entenrollment.State
	}{
		{"", 0, entenrollment.StateACTIVE},
		{enrollmentgrant.SourceSTAFF, 1, entenrollment.StateACTIVE},
		{enrollmentgrant.SourceIMPORT, 1, entenrollment.StateEXPIRED},
		{"", 0, entenrollment.StateEXPIRED},
	} {
		lapse(step.lapses)
		ended, err := s.ExpireGrants(system)
		if state := s.db.Enrollment.GetX(system, place.ID).State; err != nil || ended != step.ended || state != step.state {
			t.Errorf("after %q has passed: %d ended (%v), %s; want %d, %s", step.lapses, ended, err, state, step.ended, step.state)
		}
	}
	if _, err := s.ExpireGrants(admin); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("swept by an admin: %v", err)
	}
	if again := must(s.Assign(admin, enrollment.Assignment{Course: course, Learner: s.acme.Learner})); again.State != entenrollment.StateACTIVE {
		t.Errorf("given again: %s", again.State)
	}
}

// TestExpireGoesOn: one place that cannot end does not keep the others from it.
func TestExpireGoesOn(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	admin, system := s.acme.AsAdmin(t.Context()), s.acme.System(t.Context())
	const crowd = 4
	soon := time.Now().Add(time.Hour)
	for i := range crowd {
		id := pgtest.NewUser(t, s.db, s.acme, fmt.Sprintf("e%d", i), viewer.Learner)
		must(s.Assign(admin, enrollment.Assignment{Course: course, Learner: id, EndsAt: &soon}))
	}
	s.db.EnrollmentGrant.Update().SetEndsAt(time.Now().Add(-time.Second)).ExecX(system)
	first := true
	s.DB = pg.Open(s.db.Pool(), pg.Hooks{Announce: func(context.Context, *pg.Tx, []pg.Event) error {
		if first {
			first = false
			return errors.New("nobody can be told")
		}
		return nil
	}})
	if ended, err := s.ExpireGrants(system); err == nil || ended != crowd-1 {
		t.Errorf("%d of %d ended, %v", ended, crowd, err)
	}
	if ended, err := s.ExpireGrants(system); err != nil || ended != 1 {
		t.Errorf("%d ended the second time, %v", ended, err)
	}
	if states, _ := s.counted(t, course); states[entenrollment.StateEXPIRED] != crowd {
		t.Errorf("%v", states)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	staff, learner := s.acme.AsInstructor(t.Context()), s.acme.AsLearner(t.Context())
	other := s.acme.As(t.Context(), pgtest.NewUser(t, s.db, s.acme, "olga", viewer.Learner), viewer.Learner)
	place := must(s.Assign(staff, enrollment.Assignment{Course: course, Learner: s.acme.Learner, Invite: true}))
	if place.State != entenrollment.StateINVITED || len(told(s.db)) != 0 {
		t.Fatalf("invited: %s, announced %v", place.State, told(s.db))
	}
	for _, step := range []struct {
		name   string
		ctx    context.Context
		accept bool
		state  entenrollment.State
		code   fault.Code
	}{
		{"a visitor", s.acme.Anonymous(t.Context()), true, "", fault.Unauthenticated},
		{"another learner", other, true, "", fault.NotFound},
		{"staff, for the learner", staff, true, "", fault.NotFound},
		{"support", s.acme.AsSupport(t.Context()), true, "", fault.Forbidden},
		{"the learner declines", learner, false, entenrollment.StateWITHDRAWN, ""},
		{"and again", learner, false, entenrollment.StateWITHDRAWN, ""},
		{"and accepts what was declined", learner, true, "", fault.Conflict},
	} {
		got, err := s.AnswerInvitation(step.ctx, place.ID, step.accept)
		if fault.CodeOf(err) != step.code || err == nil && got.State != step.state {
			t.Errorf("%s: %v, %v; want %s, %q", step.name, got, err, step.state, step.code)
		}
	}
	must(s.Assign(staff, enrollment.Assignment{Course: course, Learner: s.acme.Learner, Invite: true}))
	for range 2 {
		if got := must(s.AnswerInvitation(learner, place.ID, true)); got.State != entenrollment.StateACTIVE {
			t.Errorf("accepted: %s", got.State)
		}
	}
	if _, err := s.AnswerInvitation(learner, place.ID, false); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("declining what was accepted: %v", err)
	}
}

// TestOverdue lists places that are late, by the database's clock.
func TestOverdue(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	learner, system := s.acme.AsLearner(t.Context()), s.acme.System(t.Context())
	yes, no := true, false
	late, early := must(s.Enroll(learner, s.offer(t, s.acme, "late"))), must(s.Enroll(learner, s.offer(t, s.acme, "early")))
	done := must(s.Enroll(learner, s.offer(t, s.acme, "done")))
	must(s.Enroll(learner, s.offer(t, s.acme, "never")))
	for id, due := range map[uuid.UUID]time.Duration{late.ID: -time.Hour, early.ID: time.Hour, done.ID: -time.Hour} {
		s.db.Enrollment.UpdateOneID(id).SetDueAt(time.Now().Add(due)).ExecX(system)
	}
	if err := s.finish(t, s.acme, done); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		overdue *bool
		want    int
	}{"all": {nil, 4}, "overdue": {&yes, 1}, "in time": {&no, 3}} {
		got, err := s.Mine(learner, page.Request{First: 10}, enrollment.Filter{Overdue: tt.overdue})
		if err != nil || len(got.Rows) != tt.want {
			t.Errorf("%s: %d places (%v), want %d", name, len(got.Rows), err, tt.want)
		}
		for _, place := range got.Rows {
			if tt.overdue != nil && enrollment.Overdue(place, time.Now()) != *tt.overdue {
				t.Errorf("%s: %s is among them", name, place.ID)
			}
		}
	}
}

// TestGrantByLyceum gives and takes a place in the transaction of something else.
func TestGrantByLyceum(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	system := s.acme.System(t.Context())
	rule := enrollment.Assignment{
		Course: s.offer(t, s.acme, "go"), Learner: s.acme.Learner, Source: entenrollment.SourceRULE, Reference: "rule 1",
	}
	grant := func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *pg.Tx) error { _, err := s.Grant(ctx, tx, rule); return err })
	}
	revoke := func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *pg.Tx) error { return s.Revoke(ctx, tx, rule) })
	}
	for name, fn := range map[string]func(context.Context) error{"grant": grant, "revoke": revoke} {
		if err := fn(s.acme.AsLearner(t.Context())); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s by a learner: %v", name, err)
		}
	}
	if err := revoke(system); err != nil {
		t.Errorf("revoking what was never granted: %v", err)
	}
	for _, step := range []struct {
		do   func(context.Context) error
		want entenrollment.State
	}{{grant, entenrollment.StateACTIVE}, {grant, entenrollment.StateACTIVE}, {revoke, entenrollment.StateREVOKED}, {grant, entenrollment.StateACTIVE}} {
		if err := step.do(system); err != nil {
			t.Fatal(err)
		}
		if got := s.db.Enrollment.Query().OnlyX(system).State; got != step.want {
			t.Errorf("%s, want %s", got, step.want)
		}
	}
}
