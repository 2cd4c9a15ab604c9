package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// Evidence is what is known about one place in a course.
type Evidence struct {
	Course uuid.UUID
	// Facts are by lesson, module and course; dates are added from below.
	Facts map[uuid.UUID]Facts
	// Done are the lessons, modules and the course that were completed before: they stay so, whatever the rules say.
	Done map[uuid.UUID]bool
	// Now is the server's clock. A zero Due is none.
	Now, Enrolled, Due time.Time
}

// Default is the rule of a lesson whose author wrote none: four fifths of a video of known length, a passed quiz, and
// the learner's word for everything else.
func Default(l *outline.Lesson) string {
	switch {
	case l.Kind == outline.Video && l.DurationMS > 0:
		return "watched >= 0.8"
	case l.Kind == outline.Quiz:
		return "quiz.passed"
	default:
		return "read"
	}
}

// Of returns the rule of the lesson. The error is a *Problem.
func Of(l *outline.Lesson) (*Rule, error) {
	if l.Completion != "" {
		return Lesson(l.Completion)
	}
	return Lesson(Default(l))
}

// Version names the rule of a module or course: what it says, and about which parts.
func Version(policy *outline.Policy, parts []uuid.UUID) string {
	encoded, err := json.Marshal(struct {
		Policy *outline.Policy
		Parts  []uuid.UUID
	}{policy, parts})
	if err != nil {
		// Strings, numbers and ids always encode.
		panic("rule: must encode a policy: " + err.Error())
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// Done is something that the evidence completes and that was not completed before.
type Done struct {
	Node uuid.UUID
	// Version is the hash of the rule that held.
	Version string
}

// Outcome is what the evidence completes, each in the order of the course.
type Outcome struct {
	Lessons, Modules []Done
	Course           *Done
}

// Evaluate says what the evidence completes now. What was completed before is not named again, and nothing that was
// completed is ever taken back: what is done counts as done on the levels above.
func Evaluate(o *outline.Outline, e Evidence) (Outcome, error) {
	var out Outcome
	done := make(map[uuid.UUID]bool, len(e.Done))
	for node, is := range e.Done {
		done[node] = is
	}
	for m := range o.Modules {
		for l := range o.Modules[m].Lessons {
			lesson := &o.Modules[m].Lessons[l]
			if done[lesson.ID] {
				continue
			}
			rule, err := Of(lesson)
			if err != nil {
				return out, fmt.Errorf("read rule of lesson %s: %w", lesson.ID, err)
			}
			// A rule that cannot be evaluated holds for nobody; that is no failure of the learner's request.
			if held, err := rule.Holds(e.dated(e.Facts[lesson.ID])); err == nil && held {
				done[lesson.ID] = true
				out.Lessons = append(out.Lessons, Done{lesson.ID, rule.Hash})
			}
		}
	}
	groups, err := Groups(o, e, done)
	out.Modules, out.Course = groups.Modules, groups.Course
	return out, err
}

// Groups says which modules are completed when these lessons are, and whether the course is.
func Groups(o *outline.Outline, e Evidence, done map[uuid.UUID]bool) (Outcome, error) {
	var out Outcome
	through := make(map[uuid.UUID]bool, len(o.Modules))
	for m := range o.Modules {
		module := &o.Modules[m]
		group := moduleGroup(module, e)
		held, err := group.holds(done)
		if err != nil {
			return out, err
		}
		through[module.ID] = held || done[module.ID]
		if held && !done[module.ID] {
			out.Modules = append(out.Modules, Done{module.ID, group.version()})
		}
	}
	course := courseGroup(o, e)
	held, err := course.holds(through)
	if held && !done[e.Course] {
		out.Course = &Done{e.Course, course.version()}
	}
	return out, err
}

// group is a module or a course with what is known of it.
type group struct {
	policy *outline.Policy
	parts  []part
	facts  Facts
}

type part struct {
	id    uuid.UUID
	title string
	code  Asked
}

func moduleGroup(m *outline.Module, e Evidence) group {
	g := group{policy: m.Completion, facts: e.Facts[m.ID]}
	for _, lesson := range m.Parts() {
		g.parts = append(g.parts, part{lesson.ID, lesson.Title, AskLesson})
	}
	var sum sum
	for l := range m.Lessons {
		sum.add(&m.Lessons[l], e.Facts[m.Lessons[l].ID])
	}
	g.facts = e.dated(sum.into(g.facts))
	return g
}

func courseGroup(o *outline.Outline, e Evidence) group {
	g := group{policy: o.Completion, facts: e.Facts[e.Course]}
	for _, module := range o.Parts() {
		g.parts = append(g.parts, part{module.ID, module.Title, AskModule})
	}
	var sum sum
	for m := range o.Modules {
		module := &o.Modules[m]
		sum.minutes += e.Facts[module.ID].AttendanceMinutes
		for l := range module.Lessons {
			sum.add(&module.Lessons[l], e.Facts[module.Lessons[l].ID])
		}
	}
	g.facts = e.dated(sum.into(g.facts))
	return g
}

// sum is what lessons come to together.
type sum struct {
	seconds, onTask, score     float64
	attempts, minutes, quizzes int
}

func (s *sum) add(l *outline.Lesson, f Facts) {
	s.seconds += f.WatchedSeconds
	s.onTask += f.TimeOnTask
	s.attempts += f.QuizAttempts
	s.minutes += f.AttendanceMinutes
	if l.Kind == outline.Quiz {
		s.score += f.QuizScore
		s.quizzes++
	}
}

// into adds the sum to what is known of the group itself.
func (s *sum) into(f Facts) Facts {
	f.WatchedSeconds, f.TimeOnTask, f.QuizAttempts = s.seconds, s.onTask, s.attempts
	f.AttendanceMinutes += s.minutes
	f.QuizScore = s.score / float64(max(s.quizzes, 1))
	return f
}

func (e Evidence) dated(f Facts) Facts {
	f.Now, f.Enrolled, f.Due = e.Now, e.Enrolled, e.Due
	return f
}

func (g group) need() int {
	switch {
	case g.policy == nil || g.policy.Need == outline.NeedAll || g.policy.Need == "":
		return len(g.parts)
	case g.policy.Need == outline.NeedAny:
		return 1
	default:
		return g.policy.Count
	}
}

func (g group) have(done map[uuid.UUID]bool) int {
	n := 0
	for _, p := range g.parts {
		if done[p.id] {
			n++
		}
	}
	return n
}

// holds says whether enough parts are done and the rule holds. A group without parts is never completed.
func (g group) holds(done map[uuid.UUID]bool) (bool, error) {
	if len(g.parts) == 0 || g.have(done) < g.need() {
		return false, nil
	}
	if g.policy == nil || g.policy.When == "" {
		return true, nil
	}
	when, err := Group(g.policy.When)
	if err != nil {
		return false, fmt.Errorf("read rule of a group: %w", err)
	}
	held, err := when.Holds(g.counted(done))
	return held && err == nil, nil //nolint:nilerr // what cannot be evaluated holds for nobody
}

func (g group) counted(done map[uuid.UUID]bool) Facts {
	f := g.facts
	f.Completed, f.Parts = g.have(done), len(g.parts)
	return f
}

func (g group) version() string {
	ids := make([]uuid.UUID, len(g.parts))
	for i, p := range g.parts {
		ids[i] = p.id
	}
	return Version(g.policy, ids)
}

// VersionOf is the hash of the lesson's rule, without reading it.
func VersionOf(l *outline.Lesson) string {
	if l.Completion != "" {
		return hashOf(aboutLesson, l.Completion)
	}
	return hashOf(aboutLesson, Default(l))
}

// Wants says which facts the rules of the outline ask for, besides the evidence of lessons.
func Wants(o *outline.Outline) (quizzes, staff bool) {
	look := func(source string, parse func(string) (*Rule, error)) {
		if source == "" {
			return
		}
		if r, err := parse(source); err == nil {
			quizzes = quizzes || r.UsesQuiz()
			staff = staff || r.Uses(signedOff) || r.Uses(attendance)
		}
	}
	policy := func(p *outline.Policy) {
		if p != nil {
			look(p.When, Group)
		}
	}
	policy(o.Completion)
	for m := range o.Modules {
		policy(o.Modules[m].Completion)
		for l := range o.Modules[m].Lessons {
			lesson := &o.Modules[m].Lessons[l]
			quizzes = quizzes || lesson.Kind == outline.Quiz
			look(lesson.Completion, Lesson)
		}
	}
	return quizzes, staff
}
