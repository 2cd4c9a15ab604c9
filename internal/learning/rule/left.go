package rule

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// Left is what a learner still has to do, and what they did.
type Left struct {
	// Rule is the condition in CEL: of a module or course what has to hold besides its parts, and empty for none.
	Rule string
	// Policy is of a module or course; nil is all parts.
	Policy *outline.Policy
	// Version is the hash of all of it.
	Version      string
	Met, Missing []Condition
}

// LeftOfLesson explains the lesson.
func LeftOfLesson(l *outline.Lesson, e Evidence) (Left, error) {
	r, err := Of(l)
	if err != nil {
		return Left{}, fmt.Errorf("read rule of lesson %s: %w", l.ID, err)
	}
	left := Left{Rule: r.Source, Version: r.Hash}
	left.Met, left.Missing, err = r.Explain(e.dated(e.Facts[l.ID]))
	return left.closed(e.Done[l.ID]), err
}

// LeftOfModule explains the module.
func LeftOfModule(m *outline.Module, e Evidence) (Left, error) {
	left, err := moduleGroup(m, e).left(e.Done)
	return left.closed(e.Done[m.ID]), err
}

// LeftOfCourse explains the course. A module counts as done when it was completed or is by now.
func LeftOfCourse(o *outline.Outline, e Evidence) (Left, error) {
	groups, err := Groups(o, e, e.Done)
	if err != nil {
		return Left{}, err
	}
	done := make(map[uuid.UUID]bool, len(o.Modules))
	for m := range o.Modules {
		done[o.Modules[m].ID] = e.Done[o.Modules[m].ID]
	}
	for _, module := range groups.Modules {
		done[module.Node] = true
	}
	left, err := courseGroup(o, e).left(done)
	return left.closed(e.Done[e.Course]), err
}

// closed forgets what is missing when that was completed all the same: under an older rule, or by staff.
func (l Left) closed(done bool) Left {
	if done {
		l.Missing = nil
	}
	return l
}

// left explains the group: its parts first, then its rule.
func (g group) left(done map[uuid.UUID]bool) (Left, error) {
	left := Left{Policy: g.policy, Version: g.version()}
	met, missing := g.split(done)
	if g.policy != nil && g.policy.When != "" {
		when, err := Group(g.policy.When)
		if err != nil {
			return left, fmt.Errorf("read rule of a group: %w", err)
		}
		left.Rule = when.Source
		more, less, err := when.Explain(g.counted(done))
		if err != nil {
			return left, err
		}
		met, missing = after(met, more), after(missing, less)
	}
	left.Met, left.Missing = met, missing
	return left, nil
}

// split says which parts are done and which are missing. Of "any" the parts are alternatives; of "at least" only
// the number is told.
func (g group) split(done map[uuid.UUID]bool) (met, missing []Condition) {
	have, need := g.have(done), g.need()
	if g.policy != nil && g.policy.Need == outline.NeedAtLeast {
		c := Condition{Code: AskParts, Have: float64(have), Need: float64(need), Met: have >= need}
		if c.Met {
			return []Condition{c}, nil
		}
		return nil, []Condition{c}
	}
	for _, p := range g.parts {
		c := Condition{Code: p.code, Need: 1, Part: &p.id, Title: p.title, Met: done[p.id]}
		if c.Met {
			c.Have = 1
			met = after(met, []Condition{c})
			continue
		}
		if g.policy != nil && g.policy.Need == outline.NeedAny {
			missing = append(missing, c)
			continue
		}
		missing = after(missing, []Condition{c})
	}
	if have >= need {
		missing = nil
	}
	return met, missing
}

// after appends conditions whose groups come behind those that are there.
func after(list, more []Condition) []Condition {
	next := 0
	if len(list) > 0 {
		next = list[len(list)-1].Group + 1
	}
	list = slices.Clip(list)
	for _, c := range more {
		c.Group += next
		list = append(list, c)
	}
	return list
}
