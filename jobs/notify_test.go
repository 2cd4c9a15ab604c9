package jobs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/jobs"
)

// inbox are the titles of what the user was told, first to last.
func (f fixture) inbox(t *testing.T, tenant pgtest.Tenant, user uuid.UUID) []string {
	t.Helper()
	var titles []string
	for _, n := range f.Notification.Query().Where(notification.UserID(user)).Order(notification.BySeq()).AllX(tenant.System(t.Context())) {
		titles = append(titles, n.Kind.String()+" "+n.Title)
	}
	return titles
}

// letters are the subjects of the mails to the user, in alphabetical order.
func (f fixture) letters(t *testing.T, tenant pgtest.Tenant, user uuid.UUID, sent *outbox) []string {
	t.Helper()
	address := f.User.GetX(tenant.System(t.Context()), user).Email
	var subjects []string
	for _, m := range sent.all() {
		if m.To.Email == address {
			subjects = append(subjects, m.Subject)
		}
	}
	slices.Sort(subjects)
	return subjects
}

// TestInvitedOnce invites a learner twice, who hears of one invitation, declines, is invited again and hears of another; in
// their language, and by mail unless they do not want it. Every job runs twice.
func TestInvitedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s, sent := f.mailing()
	ctx := f.acme.System(t.Context())
	course := f.publish(t, f.acme).course
	reads := func(name, locale string) uuid.UUID {
		user := pgtest.NewUser(t, f.Database, f.acme, name, viewer.Learner)
		f.User.UpdateOneID(user).SetLocale(locale).ExecX(ctx)
		return user
	}
	english, german := reads("english", "en"), reads("german", "de")
	f.MailPreference.Create().SetUserID(german).SetKind("INVITED").SetWanted(false).ExecX(ctx)
	for _, learner := range []uuid.UUID{english, german} {
		invite := func() uuid.UUID {
			place, err := s.Enrollment.Assign(f.acme.AsInstructor(t.Context()), enrollment.Assignment{Course: course, Learner: learner, Invite: true})
			if err != nil {
				t.Fatal(err)
			}
			return place.ID
		}
		place := invite()
		invite()
		if _, err := s.Enrollment.AnswerInvitation(f.acme.As(t.Context(), learner, viewer.Learner), place, false); err != nil {
			t.Fatal(err)
		}
		invite()
	}
	f.again(t)
	f.work(t, s, options())
	eventually(t, "everybody is told", func() bool { return len(f.inbox(t, f.acme, english)) >= 2 && len(f.inbox(t, f.acme, german)) >= 2 })
	f.allIn(t, rivertype.JobStateCompleted)
	if got, want := f.inbox(t, f.acme, english), "INVITED You are invited to “Coffee basics”"; !slices.Equal(got, []string{want, want}) {
		t.Errorf("told is %q", got)
	}
	if got, want := f.inbox(t, f.acme, german), "INVITED Du bist zu „Coffee basics“ eingeladen"; !slices.Equal(got, []string{want, want}) {
		t.Errorf("told is %q", got)
	}
	if got := f.letters(t, f.acme, english, sent); len(got) != 2 || !strings.Contains(got[0], "invited") {
		t.Errorf("mailed is %q", got)
	}
	if got := f.letters(t, f.acme, german, sent); len(got) != 0 {
		t.Errorf("mailed to who wants none is %q", got)
	}
}

// TestPromotedOnce lets somebody in who waited, twice: they hear of both seats, once each, and of nothing else.
func TestPromotedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s, sent := f.mailing()
	p := f.publish(t, f.acme)
	course := p.course
	f.Enrollment.UpdateOne(p.enrollment).SetState("WITHDRAWN").ExecX(f.acme.System(t.Context()))
	seats := 1
	if _, err := s.Enrollment.SaveTerms(f.acme.AsInstructor(t.Context()), enrollment.Terms{Course: course, Capacity: &seats}); err != nil {
		t.Fatal(err)
	}
	waiting := pgtest.NewUser(t, f.Database, f.acme, "waiting", viewer.Learner)
	who := f.acme.As(t.Context(), waiting, viewer.Learner)
	holds := f.acme.As(t.Context(), pgtest.NewUser(t, f.Database, f.acme, "holds", viewer.Learner), viewer.Learner)
	for range 2 {
		held, err := s.Enrollment.Enroll(holds, course)
		if err != nil || held.State != "ACTIVE" {
			t.Fatalf("the seat: %v (%v)", held, err)
		}
		waits, err := s.Enrollment.Enroll(who, course)
		if err != nil || waits.State != "WAITLISTED" {
			t.Fatalf("who waits: %v (%v)", waits, err)
		}
		if _, err := s.Enrollment.Withdraw(holds, held.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Enrollment.Withdraw(who, waits.ID); err != nil {
			t.Fatal(err)
		}
	}
	f.again(t)
	f.work(t, s, options())
	eventually(t, "they are told", func() bool { return len(f.inbox(t, f.acme, waiting)) >= 2 })
	f.allIn(t, rivertype.JobStateCompleted)
	if got, want := f.inbox(t, f.acme, waiting), "PROMOTED A seat in “Coffee basics” is yours"; !slices.Equal(got, []string{want, want}) {
		t.Errorf("told is %q", got)
	}
	if got := f.letters(t, f.acme, waiting, sent); len(got) != 2 {
		t.Errorf("mailed is %q", got)
	}
}

// TestAchievedOnce earns an achievement, by deeds that are told twice, and again when the accounts are made anew: it is told
// of once, in the learner's language, and to nobody else.
func TestAchievedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.define(t, f.acme)
	ctx := f.acme.System(t.Context())
	f.User.UpdateOneID(f.acme.Learner).SetLocale("de").ExecX(ctx)
	p := f.publish(t, f.acme)
	f.announce(t, f.acme, p.history(f.acme, time.Now().UTC())...)
	f.again(t)
	f.work(t, services(f.db, f.store), options())
	told := func() []string {
		return slices.DeleteFunc(f.inbox(t, f.acme, f.acme.Learner), func(n string) bool { return !strings.HasPrefix(n, "ACHIEVEMENT_EARNED") })
	}
	eventually(t, "they are told", func() bool { return len(told()) >= 2 })
	f.allIn(t, rivertype.JobStateCompleted)
	if _, err := pgtest.Superuser(t, f.Database).Exec(t.Context(), `TRUNCATE point_entries, learning_days, earned_achievements`); err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Replay(ctx, services(f.db, f.store)); err != nil {
		t.Fatal(err)
	}
	f.allIn(t, rivertype.JobStateCompleted)
	got := told()
	slices.Sort(got)
	if want := []string{"ACHIEVEMENT_EARNED Du hast die Auszeichnung „busy“ bekommen", "ACHIEVEMENT_EARNED Du hast die Auszeichnung „done“ bekommen"}; !slices.Equal(got, want) {
		t.Errorf("told is %q", got)
	}
	if n := f.Notification.Query().Where(notification.KindEQ(notification.KindACHIEVEMENT_EARNED)).CountX(ctx); n != 2 {
		t.Errorf("%d were told of two achievements of one learner", n)
	}
}
