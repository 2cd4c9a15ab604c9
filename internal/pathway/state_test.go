package pathway

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/pathenrollment"
)

func TestNext(t *testing.T) {
	t.Parallel()
	const no = pathenrollment.State("refused")
	acts := []act{enroll, assign, complete, giveUp, revoke}
	for from, row := range map[pathenrollment.State][]pathenrollment.State{
		absent:    {active, active, no, no, no},
		active:    {active, active, completed, withdrawn, revoked},
		completed: {completed, completed, completed, no, completed},
		withdrawn: {active, active, no, withdrawn, withdrawn},
		revoked:   {no, active, no, no, revoked},
	} {
		for i, want := range row {
			to, err := next(from, acts[i])
			switch code := fault.CodeOf(err); {
			case want != no && (to != want || err != nil):
				t.Errorf("next(%q, %s) = %q, %v; want %q", from, acts[i], to, err, want)
			case want == no && from == absent && code != fault.NotFound:
				t.Errorf("next(%q, %s): %v, want not found", from, acts[i], err)
			case want == no && from != absent && code != fault.Conflict:
				t.Errorf("next(%q, %s): %v, want a conflict", from, acts[i], err)
			}
		}
	}
}

// TestStand spells the courses of a path as letters: those in upper case count, those in lower case are optional.
// The states are D for done, O for open and L for locked.
func TestStand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		need            outline.Need
		count           int
		ordered         bool
		courses, done   string
		states          string
		needed, reached int
		complete        bool
	}{
		"nothing required":           {need: outline.NeedAll, courses: "ab", done: "ab", states: "DD"},
		"all, none done":             {need: outline.NeedAll, courses: "AB", states: "OO", needed: 2},
		"all, one done":              {need: outline.NeedAll, courses: "AB", done: "B", states: "OD", needed: 2, reached: 1},
		"all done":                   {need: outline.NeedAll, courses: "AbC", done: "AC", states: "DOD", needed: 2, reached: 2, complete: true},
		"any":                        {need: outline.NeedAny, courses: "ABC", done: "B", states: "ODO", needed: 1, reached: 1, complete: true},
		"any, an optional one":       {need: outline.NeedAny, courses: "ABc", done: "c", states: "OOD", needed: 1},
		"two of three, one done":     {need: outline.NeedAtLeast, count: 2, courses: "ABC", done: "A", states: "DOO", needed: 2, reached: 1},
		"two of three, all done":     {need: outline.NeedAtLeast, count: 2, courses: "ABC", done: "ABC", states: "DDD", needed: 2, reached: 2, complete: true},
		"more than there are":        {need: outline.NeedAtLeast, count: 3, courses: "AB", done: "AB", states: "DD", needed: 2, reached: 2, complete: true},
		"in order, at the beginning": {need: outline.NeedAll, ordered: true, courses: "AbC", states: "OLL", needed: 2},
		"in order, past the first":   {need: outline.NeedAll, ordered: true, courses: "AbC", done: "A", states: "DOO", needed: 2, reached: 1},
		"in order, the last first":   {need: outline.NeedAll, ordered: true, courses: "AbC", done: "C", states: "OLD", needed: 2, reached: 1},
		"in order, optional first":   {need: outline.NeedAll, ordered: true, courses: "aBC", states: "OOL", needed: 2},
	} {
		ids := map[rune]uuid.UUID{}
		var parts []*ent.PathCourse
		for _, c := range tt.courses {
			ids[c] = uuid.New()
			parts = append(parts, &ent.PathCourse{CourseID: ids[c], Required: c < 'a'})
		}
		done := map[uuid.UUID]bool{}
		for _, c := range tt.done {
			done[ids[c]] = true
		}
		path := &ent.LearningPath{Need: tt.need, NeedCount: tt.count, Ordered: tt.ordered}
		got := stand(path, parts, func(course uuid.UUID) bool { return done[course] })
		states := ""
		for _, step := range got.Steps {
			states += map[StepState]string{Done: "D", Open: "O", Locked: "L"}[step.State]
		}
		if states != tt.states || got.Needed != tt.needed || got.Reached != tt.reached || got.complete() != tt.complete {
			t.Errorf("%s: %s %d of %d, complete: %t", name, states, got.Reached, got.Needed, got.complete())
		}
	}
}
