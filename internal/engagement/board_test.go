package engagement_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/engagement"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/page"
)

// line is what a leaderboard shows of somebody.
type line struct {
	rank, points int
	name         string
	self         bool
}

// lines are all of a leaderboard's, page by page.
func (f *fixture) lines(t *testing.T, s *engagement.Service, who uuid.UUID, ask engagement.Ask, first int) (all []line, self *engagement.Standing) {
	t.Helper()
	request := page.Request{First: first}
	for {
		found, err := s.Leaderboard(f.as(t.Context(), who), request, ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range found.Rows {
			one := line{rank: row.Rank, points: row.Points, self: row.Self}
			if row.Name != nil {
				one.name = *row.Name
			}
			all = append(all, one)
		}
		if !found.HasNext {
			return all, found.Self
		}
		request.After = found.Cursors[len(found.Cursors)-1]
	}
}

// model adds up what the deeds are worth. Members are those of the group that is asked for.
func model(deeds []engagement.Deed, ask engagement.Ask, since time.Time, hidden, members map[uuid.UUID]bool) []line {
	points := map[uuid.UUID]int{}
	for _, d := range deeds {
		if !d.At.Before(since) && (ask.Course == nil || d.Course == *ask.Course) && (ask.Group == nil || members[d.Learner]) && !hidden[d.Learner] {
			points[d.Learner] += 10
		}
	}
	type entry struct {
		who    uuid.UUID
		points int
	}
	var order []entry
	for who, n := range points {
		order = append(order, entry{who, n})
	}
	slices.SortFunc(order, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.points, a.points), slices.Compare(a.who[:], b.who[:]))
	})
	var all []line
	for i, e := range order {
		rank := i + 1
		if i > 0 && order[i-1].points == e.points {
			rank = all[i-1].rank
		}
		all = append(all, line{rank: rank, points: e.points})
	}
	return all
}

func unnamed(lines []line) []line {
	bare := make([]line, len(lines))
	for i, l := range lines {
		bare[i] = line{rank: l.rank, points: l.points}
	}
	return bare
}

// TestLeaderboardsAreTheLedger: after every step of a random history the copy in Redis, the ledger, and a model agree on
// every board, whatever becomes of Redis in between.
func TestLeaderboardsAreTheLedger(t *testing.T) {
	t.Parallel()
	f := setup(t, 7)
	random := rand.New(rand.NewPCG(7, 5))
	now := time.Now().UTC()
	f.plain.Now, f.copied.Now = func() time.Time { return now }, func() time.Time { return now }
	starts := map[engagement.Period]time.Time{
		engagement.Week: weekOf(now), engagement.Month: time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC), engagement.AllTime: {},
	}
	var deeds []engagement.Deed
	hidden, members := map[uuid.UUID]bool{}, map[uuid.UUID]bool{f.acme.Learner: true}
	group := f.group(t, f.acme.Learner)
	for step := range 40 {
		for range random.IntN(4) {
			at := now.Add(-time.Duration(random.IntN(40*24)) * time.Hour)
			d := f.deed(f.people[random.IntN(len(f.people))], f.courses[random.IntN(2)], at)
			f.credit(t, d, d)
			deeds = append(deeds, d)
		}
		switch random.IntN(6) {
		case 0:
			who := f.people[random.IntN(len(f.people))]
			hidden[who] = !hidden[who]
			if _, err := f.plain.SetProfile(f.as(t.Context(), who), engagement.Profile{Hidden: hidden[who]}); err != nil {
				t.Fatal(err)
			}
		case 2, 3:
			who := f.people[1+random.IntN(len(f.people)-1)]
			if members[who] = !members[who]; members[who] {
				f.join(t, group, who)
			} else {
				f.leave(t, group, who)
			}
		case 1:
			// Everything in Redis is lost.
			f.redis.Stop(t)
			f.redis.Restart(t)
		}
		for _, period := range []engagement.Period{engagement.Week, engagement.Month, engagement.AllTime} {
			for _, ask := range []engagement.Ask{{}, {Course: &f.courses[0]}, {Group: &group}} {
				ask.Period = period
				want := model(deeds, ask, starts[period], hidden, members)
				copied, mine := f.lines(t, f.copied, f.acme.Learner, ask, 3)
				plain, myOwn := f.lines(t, f.plain, f.acme.Learner, ask, 100)
				if !slices.Equal(unnamed(copied), want) || !slices.Equal(copied, plain) {
					t.Fatalf("step %d, %s: copy %v, ledger %v, want %v", step, period, copied, plain, want)
				}
				if (mine == nil) != (myOwn == nil) || mine != nil && *mine != *myOwn {
					t.Fatalf("step %d, %s: I stand at %v in the copy and at %v in the ledger", step, period, mine, myOwn)
				}
			}
		}
	}
	if len(deeds) < 20 {
		t.Errorf("only %d deeds", len(deeds))
	}
}

func weekOf(now time.Time) time.Time {
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, -1)
	}
	return day
}

// TestRedisDown: the ledger answers.
func TestRedisDown(t *testing.T) {
	t.Parallel()
	f := setup(t, 3)
	for i, who := range f.people {
		for range i + 1 {
			f.credit(t, f.deed(who, f.courses[0], time.Now()))
		}
	}
	group := f.group(t, f.people[0], f.people[1])
	asks := []engagement.Ask{{Period: engagement.AllTime}, {Period: engagement.AllTime, Group: &group}}
	want := map[int][]line{}
	for i, ask := range asks {
		want[i], _ = f.lines(t, f.plain, f.acme.Learner, ask, 10)
	}
	f.redis.Stop(t)
	for i, ask := range asks {
		if got, _ := f.lines(t, f.copied, f.acme.Learner, ask, 10); len(want[i]) != 3-i || !slices.Equal(got, want[i]) {
			t.Errorf("%v without Redis, want %v", got, want[i])
		}
	}
}

// TestLooksWhilePointsArrive: what has been credited before the question is in the answer, whoever else looks and is
// credited meanwhile.
func TestLooksWhilePointsArrive(t *testing.T) {
	t.Parallel()
	f := setup(t, 4)
	ask := engagement.Ask{Period: engagement.AllTime}
	var busy sync.WaitGroup
	for _, who := range f.people {
		busy.Go(func() {
			ctx := f.as(t.Context(), who)
			for n := range 25 {
				f.credit(t, f.deed(who, f.courses[0], time.Now()))
				found, err := f.copied.Leaderboard(ctx, page.Request{First: 10}, ask)
				if err != nil || found.Self == nil || found.Self.Points != 10*(n+1) {
					t.Errorf("%d deeds: %+v, %v", n+1, found, err)
					return
				}
				for _, row := range found.Rows {
					if row.Self && row.Points != 10*(n+1) {
						t.Errorf("%d deeds: the list says %d points", n+1, row.Points)
					}
				}
			}
		})
	}
	busy.Wait()
	want, _ := f.lines(t, f.plain, f.acme.Learner, ask, 10)
	if got, _ := f.lines(t, f.copied, f.acme.Learner, ask, 10); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestGroupsHaveBoards: members stand there with what they have in the tenant, whoever is hidden is not in the list, staff
// look on without a place of their own, and a group's board is not another's.
func TestGroupsHaveBoards(t *testing.T) {
	t.Parallel()
	f := setup(t, 4)
	for i, who := range f.people {
		for range 4 - i {
			f.credit(t, f.deed(who, f.courses[i%2], time.Now()))
		}
	}
	f.credit(t, f.deed(f.acme.Instructor, f.courses[0], time.Now()))
	me, mate, stranger := f.people[1], f.people[2], f.people[0]
	group, other := f.group(t, me, mate), f.group(t, me)
	ask := engagement.Ask{Group: &group, Period: engagement.AllTime}
	for _, s := range []*engagement.Service{f.plain, f.copied} {
		lines, self := f.lines(t, s, me, ask, 10)
		if !slices.Equal(unnamed(lines), []line{{rank: 1, points: 30}, {rank: 2, points: 20}}) || self == nil || self.Rank != 1 {
			t.Errorf("my group: %+v, I am %+v", lines, self)
		}
		if lines, _ := f.lines(t, s, me, engagement.Ask{Group: &other, Period: engagement.AllTime}, 10); len(lines) != 1 {
			t.Errorf("my other group: %+v", lines)
		}
		staff := f.acme.AsInstructor(t.Context())
		found, err := s.Leaderboard(staff, page.Request{First: 10}, ask)
		if err != nil || len(found.Rows) != 2 || found.Self != nil {
			t.Errorf("staff: %+v, %v", found, err)
		}
		if _, err := s.Leaderboard(f.as(t.Context(), stranger), page.Request{First: 10}, ask); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("a stranger: %v", err)
		}
		foreign, err := f.plain.Leaderboard(f.as(t.Context(), me), page.Request{First: 1}, engagement.Ask{Period: engagement.AllTime})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Leaderboard(f.as(t.Context(), me), page.Request{First: 1, After: foreign.Cursors[0]}, ask); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("a cursor of the tenant's board: %v", err)
		}
	}
	// Who comes is there at once, and who goes is not.
	f.join(t, group, stranger)
	if lines, _ := f.lines(t, f.copied, stranger, ask, 10); len(lines) != 3 || !lines[0].self {
		t.Errorf("with one more: %+v", lines)
	}
	f.leave(t, group, stranger)
	if lines, _ := f.lines(t, f.copied, me, ask, 10); len(lines) != 2 || !lines[0].self {
		t.Errorf("without them: %+v", lines)
	}
	if _, err := f.plain.SetProfile(f.as(t.Context(), me), engagement.Profile{Hidden: true}); err != nil {
		t.Fatal(err)
	}
	if lines, self := f.lines(t, f.copied, me, ask, 10); len(lines) != 1 || self == nil || self.Rank != 1 {
		t.Errorf("hidden: %+v, I am %+v", lines, self)
	}
}

// TestAround shows the page in whose middle one stands, to the hidden, too.
func TestAround(t *testing.T) {
	t.Parallel()
	f := setup(t, 9)
	for i, who := range f.people {
		for range 9 - i {
			f.credit(t, f.deed(who, f.courses[0], time.Now()))
		}
	}
	last, middle := f.people[8], f.people[4]
	for _, s := range []*engagement.Service{f.plain, f.copied} {
		for _, tt := range []struct {
			who   uuid.UUID
			ranks []int
		}{{middle, []int{4, 5, 6}}, {last, []int{8, 9}}, {f.people[0], []int{1, 2, 3}}} {
			found, err := s.Leaderboard(f.as(t.Context(), tt.who), page.Request{First: 3}, engagement.Ask{Period: engagement.AllTime, Around: true})
			if err != nil {
				t.Fatal(err)
			}
			var ranks []int
			for _, row := range found.Rows {
				ranks = append(ranks, row.Rank)
			}
			if !slices.Equal(ranks, tt.ranks) {
				t.Errorf("around rank %d: %v, want %v", found.Self.Rank, ranks, tt.ranks)
			}
		}
	}
	if _, err := f.plain.SetProfile(f.as(t.Context(), middle), engagement.Profile{Hidden: true}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*engagement.Service{f.plain, f.copied} {
		lines, self := f.lines(t, s, middle, engagement.Ask{Period: engagement.AllTime, Around: true}, 100)
		if len(lines) != 8 || self == nil || self.Rank != 5 || self.Points != 50 || slices.ContainsFunc(lines, func(l line) bool { return l.self }) {
			t.Errorf("the hidden see %v and stand at %+v", lines, self)
		}
	}
}

// TestNames: a pseudonym stands for the name, and pupils are told no name but their own.
func TestNames(t *testing.T) {
	t.Parallel()
	f := setup(t, 2)
	me, other := f.people[0], f.people[1]
	f.credit(t, f.deed(me, f.courses[0], time.Now()), f.deed(other, f.courses[0], time.Now()))
	group := f.group(t, me, other)
	names := func(s *engagement.Service) (mine, theirs string) {
		lines, _ := f.lines(t, s, me, engagement.Ask{Period: engagement.AllTime}, 10)
		if inGroup, _ := f.lines(t, s, me, engagement.Ask{Group: &group, Period: engagement.AllTime}, 10); !slices.Equal(inGroup, lines) {
			t.Errorf("the tenant's board has %v, the group's %v", lines, inGroup)
		}
		for _, l := range lines {
			if l.self {
				mine = l.name
			} else {
				theirs = l.name
			}
		}
		return mine, theirs
	}
	if mine, theirs := names(f.copied); mine == "" || theirs == "" || mine == theirs {
		t.Errorf("I am %q, they are %q", mine, theirs)
	}
	if _, err := f.plain.SetProfile(f.as(t.Context(), other), engagement.Profile{Pseudonym: " Fox "}); err != nil {
		t.Fatal(err)
	}
	if _, theirs := names(f.copied); theirs != "Fox" {
		t.Errorf("they are %q, want their pseudonym", theirs)
	}
	f.Tenant.Update().SetKind(tenant.KindSCHOOL).ExecX(f.acme.System(t.Context()))
	if mine, theirs := names(f.copied); mine == "" || theirs != "" {
		t.Errorf("in a school I am %q, they are %q", mine, theirs)
	}
}

// forged is a cursor of the tenant's leaderboard that nobody was given: what it is bound to can be known.
func forged(period engagement.Period, skip string) string {
	sum := sha256.Sum256([]byte("leaderboard " + uuid.Nil.String() + " " + string(period)))
	return base64.RawURLEncoding.EncodeToString(append(sum[:6:6], "["+skip+"]"...))
}

func TestLeaderboardRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t, 2)
	stranger, unknown := f.people[1], uuid.New()
	group, archived := f.group(t, f.acme.Learner), f.group(t, f.acme.Learner)
	f.Group.UpdateOneID(archived).SetArchivedAt(time.Now()).ExecX(f.acme.System(t.Context()))
	f.Enrollment.Update().Where(enrollment.CourseID(f.courses[1])).SetState(enrollment.StateREVOKED).ExecX(f.acme.System(t.Context()))
	for name, tt := range map[string]struct {
		who  uuid.UUID
		ask  engagement.Ask
		page page.Request
		want fault.Code
	}{
		"a course of others":  {stranger, engagement.Ask{Course: &f.courses[0], Period: engagement.Week}, page.Request{First: 1}, fault.NotFound},
		"sent out of it":      {f.acme.Learner, engagement.Ask{Course: &f.courses[1], Period: engagement.Week}, page.Request{First: 1}, fault.NotFound},
		"no course":           {f.acme.Learner, engagement.Ask{Course: &unknown, Period: engagement.Week}, page.Request{First: 1}, fault.NotFound},
		"both":                {f.acme.Learner, engagement.Ask{Course: &f.courses[0], Group: &group, Period: engagement.Week}, page.Request{First: 1}, fault.BadInput},
		"a group of others":   {stranger, engagement.Ask{Group: &group, Period: engagement.Week}, page.Request{First: 1}, fault.NotFound},
		"an archived group":   {f.acme.Learner, engagement.Ask{Group: &archived, Period: engagement.Week}, page.Request{First: 1}, fault.NotFound},
		"no group":            {f.acme.Learner, engagement.Ask{Group: &unknown, Period: engagement.Week}, page.Request{First: 1}, fault.NotFound},
		"a cursor of nothing": {stranger, engagement.Ask{Period: engagement.Week}, page.Request{First: 1, After: "x"}, fault.BadInput},
		"before the first":    {stranger, engagement.Ask{Period: engagement.Week}, page.Request{First: 1, After: forged(engagement.Week, "-1")}, fault.BadInput},
		"behind everybody":    {stranger, engagement.Ask{Period: engagement.Week}, page.Request{First: 1, After: forged(engagement.Week, "1000000000000000000")}, fault.BadInput},
	} {
		if _, err := f.copied.Leaderboard(f.as(t.Context(), tt.who), tt.page, tt.ask); fault.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if _, err := f.copied.Leaderboard(t.Context(), page.Request{First: 1}, engagement.Ask{}); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
	for _, pseudonym := range []string{"a\nb", "\u202egnirts", string(make([]rune, 41)), "01234567890123456789012345678901234567890"} {
		if _, err := f.plain.SetProfile(f.as(t.Context(), stranger), engagement.Profile{Pseudonym: pseudonym}); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%q: %v", pseudonym, err)
		}
	}
}
