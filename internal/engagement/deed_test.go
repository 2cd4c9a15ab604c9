package engagement_test

import (
	"testing"
	"time"

	"lyceum/internal/engagement"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/pointrule"
)

// TestWorthHasItsTime: a deed is worth what it was worth when it was done, whenever it is told.
func TestWorthHasItsTime(t *testing.T) {
	t.Parallel()
	f := setup(t, 1)
	admin, me := f.acme.AsAdmin(t.Context()), f.as(t.Context(), f.acme.Learner)
	before := f.deed(f.acme.Learner, f.courses[0], time.Now().Add(-time.Hour))
	worths, err := f.plain.SetWorth(admin, engagement.Worth{Reason: pointrule.ReasonLESSON, Points: 7})
	if err != nil || len(worths) != 3 || worths[0].Points != 7 || worths[1].Points != 20 {
		t.Fatalf("%v, %v", worths, err)
	}
	after := f.deed(f.acme.Learner, f.courses[0], time.Now().Add(time.Minute))
	f.credit(t, after, before)
	if points, err := f.plain.Points(me); err != nil || points.Total != 17 {
		t.Errorf("%+v, %v; want 10 and 7", points, err)
	}
	for _, bad := range []int{-1, 10_001} {
		if _, err := f.plain.SetWorth(admin, engagement.Worth{Reason: pointrule.ReasonLESSON, Points: bad}); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%d points: %v", bad, err)
		}
	}
	if _, err := f.plain.SetWorth(me, engagement.Worth{Reason: pointrule.ReasonLESSON}); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a learner sets worths: %v", err)
	}
}

// TestAchievements are earned with the next deed, once, and kept when they are retired or their rule asks for more.
func TestAchievements(t *testing.T) {
	t.Parallel()
	f := setup(t, 1)
	admin, me := f.acme.AsAdmin(t.Context()), f.as(t.Context(), f.acme.Learner)
	define := func(d engagement.Definition) {
		t.Helper()
		if _, err := f.plain.Define(admin, d); err != nil {
			t.Fatal(err)
		}
	}
	earned := func() (keys []string) {
		t.Helper()
		all, err := f.plain.Achievements(me)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			keys = append(keys, e.Key)
		}
		return keys
	}
	two := engagement.Definition{Key: "two", Title: "Two", Rule: "lessons >= 2 && days >= 1"}
	define(two)
	f.credit(t, f.deed(f.acme.Learner, f.courses[0], time.Now()))
	if got := earned(); len(got) != 0 {
		t.Errorf("after one lesson: %v", got)
	}
	second := f.deed(f.acme.Learner, f.courses[0], time.Now())
	f.credit(t, second, second)
	if got := earned(); len(got) != 1 || got[0] != "two" {
		t.Fatalf("after two lessons: %v", got)
	}
	announced := func() {
		t.Helper()
		if len(f.heard.events) != 1 {
			t.Fatalf("announced are %v, want one achievement", f.heard.events)
		}
		told, ok := f.heard.events[0].(engagement.AchievementEarned)
		of := f.Achievement.GetX(f.acme.System(t.Context()), told.Achievement)
		if !ok || told.Learner != f.acme.Learner || told.Tenant != f.acme.ID || told.At.IsZero() || of.Key != "two" {
			t.Errorf("announced is %+v of %s", told, of.Key)
		}
	}
	announced()
	two.Rule, two.Retired = "lessons >= 100", true
	define(two)
	define(engagement.Definition{Key: "gone", Title: "Gone", Rule: "lessons >= 1", Retired: true})
	f.credit(t, f.deed(f.acme.Learner, f.courses[0], time.Now()))
	if got := earned(); len(got) != 1 {
		t.Errorf("after the rule asks for more: %v", got)
	}
	announced()
	for name, bad := range map[string]engagement.Definition{
		"key": {Key: "A key", Title: "T", Rule: "lessons >= 1"}, "no key": {Title: "T", Rule: "lessons >= 1"},
		"title": {Key: "k", Title: " ", Rule: "lessons >= 1"}, "rule": {Key: "k", Title: "T", Rule: "lessons <= 1"},
	} {
		if _, err := f.plain.Define(admin, bad); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.plain.Define(me, two); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a learner defines: %v", err)
	}
}

// TestTravelling: days are those of the zone that the learner had, and moving loses none.
func TestTravelling(t *testing.T) {
	t.Parallel()
	f := setup(t, 1)
	me := f.as(t.Context(), f.acme.Learner)
	now := time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	f.plain.Now = func() time.Time { return now }
	for _, step := range []struct {
		zone, at       string
		current, total int
	}{
		{"Europe/Berlin", "2026-06-08T21:59:00Z", 0, 1},       // the 8th
		{"Europe/Berlin", "2026-06-08T22:01:00Z", 2, 2},       // the 9th, two minutes later
		{"Europe/Berlin", "2026-06-09T21:00:00Z", 2, 2},       // the 9th again
		{"America/Los_Angeles", "2026-06-10T05:00:00Z", 2, 2}, // still the 9th there
		{"Asia/Tokyo", "2026-06-10T11:00:00Z", 3, 3},          // the 10th
	} {
		f.User.UpdateOneID(f.acme.Learner).SetTimeZone(step.zone).ExecX(f.acme.System(t.Context()))
		at, err := time.Parse(time.RFC3339, step.at)
		if err != nil {
			t.Fatal(err)
		}
		f.credit(t, f.deed(f.acme.Learner, f.courses[0], at))
		got, err := f.plain.Streak(me)
		if err != nil || got.Current != step.current || got.Longest != step.total || got.TimeZone != step.zone {
			t.Errorf("%s in %s: %+v, %v; want %d and %d", step.at, step.zone, got, err, step.current, step.total)
		}
	}
	if _, err := f.plain.Streak(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}
