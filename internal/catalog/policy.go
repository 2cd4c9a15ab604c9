package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/input"
)

// maxParts is more than a module has lessons, and a course modules.
const maxParts = maxLessons

// checkRule records what is wrong with a rule, with its place in the text. An empty rule is the default.
func checkRule(c *input.Checker, field, source string, parse func(string) (*rule.Rule, error)) {
	if source == "" {
		return
	}
	_, err := parse(source)
	if problem, ok := errors.AsType[*rule.Problem](err); ok {
		c.Fail(field, "%s", problem.Error())
	} else if err != nil {
		c.Fail(field, "The rule cannot be read.")
	}
}

// checkPolicy records what is wrong with a policy by itself.
func checkPolicy(c *input.Checker, p *outline.Policy) {
	if p == nil {
		return
	}
	known := p.Need == "" || slices.Contains(p.Need.Values(), string(p.Need))
	c.Check(known, "completion.need", "It needs ALL, ANY or AT_LEAST so many.")
	if p.Need == outline.NeedAtLeast {
		c.Between("completion.count", p.Count, 1, maxParts)
	} else {
		c.Check(p.Count == 0, "completion.count", "Only AT_LEAST has a number.")
	}
	checkRule(c, "completion.when", p.When, rule.Group)
}

// normalPolicy is the policy in the form in which it is kept: nil for the default.
func normalPolicy(p *outline.Policy) *outline.Policy {
	if p == nil {
		return nil
	}
	normal := *p
	if normal.Need == "" {
		normal.Need = outline.NeedAll
	}
	if normal == (outline.Policy{Need: outline.NeedAll}) {
		return nil
	}
	return &normal
}

// rules records what is wrong with the rules of a course as it is published: the parts are known only now, and a rule
// is held against what rules can do today. It notes whether time alone can complete something.
func rules(c *input.Checker, o *outline.Outline) {
	group := func(field string, p *outline.Policy, parts int) {
		if p == nil {
			return
		}
		c.Check(p.Need != outline.NeedAtLeast || p.Count <= parts, field+".count",
			fmt.Sprintf("It asks for %d parts and has %d that count.", p.Count, parts))
		c.Check(parts > 0, field, "There is nothing to complete.")
		if p.When != "" {
			checkRule(c, field+".when", p.When, rule.Group)
			o.Timed = o.Timed || asksForTime(p.When, rule.Group)
		}
	}
	for m := range o.Modules {
		module := &o.Modules[m]
		for l := range module.Lessons {
			lesson := &module.Lessons[l]
			checkRule(c, input.Path("lessons", lesson.Key, "completion"), lesson.Completion, rule.Lesson)
			o.Timed = o.Timed || lesson.Completion != "" && asksForTime(lesson.Completion, rule.Lesson)
		}
		group(input.Path("modules", module.Key, "completion"), module.Completion, len(module.Parts()))
	}
	group("completion", o.Completion, len(o.Parts()))
}

func asksForTime(source string, parse func(string) (*rule.Rule, error)) bool {
	r, err := parse(source)
	return err == nil && r.Uses(rule.Now)
}

// DraftOutline returns the outline that publishing the draft would make, without the questions of quizzes. The error is
// a BadInput fault with what keeps its rules from being published.
func (s *Service) DraftOutline(ctx context.Context, courseID uuid.UUID) (*outline.Outline, error) {
	if _, err := mayAuthor(ctx); err != nil {
		return nil, err
	}
	course, err := s.Draft(ctx, courseID)
	if err != nil {
		return nil, err
	}
	modules, err := s.ModulesOf(ctx, []uuid.UUID{courseID})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(modules))
	for i, m := range modules {
		ids[i] = m.ID
	}
	lessons, err := s.LessonsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	ready, err := readyFiles(ctx, s.DB.Client, films(lessons))
	if err != nil {
		return nil, err
	}
	var c input.Checker
	o := &outline.Outline{Modules: make([]outline.Module, len(modules)), Completion: course.Completion}
	for i, m := range modules {
		o.Modules[i] = outline.Module{ID: m.ID, Key: m.Key, Title: m.Title, Completion: m.Completion}
		for _, l := range lessons {
			if l.ModuleID == m.ID {
				o.Modules[i].Lessons = append(o.Modules[i].Lessons, outline.Lesson{
					ID: l.ID, Key: l.Key, Title: l.Title, Kind: l.Kind, Required: l.Required, DurationMS: lengthMS(l, ready),
					Completion: l.Completion,
				})
			}
		}
	}
	rules(&c, o)
	return o, c.Err()
}
