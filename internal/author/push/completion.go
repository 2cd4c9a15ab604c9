package push

import (
	"lyceum/internal/author/course"
	"lyceum/internal/gen/authorapi"
)

// What completes something is left as it is on the server where the folder says nothing: a course that was written
// elsewhere, or before there were rules, must not take away those that were set there.

// policyInput is what completes a module or a course as the API takes it; nil for nothing said.
func policyInput(c *course.Completion) *authorapi.CompletionPolicyInput {
	if c == nil {
		return nil
	}
	return &authorapi.CompletionPolicyInput{Need: authorapi.CompletionNeed(c.Need), Count: &c.Count, When: &c.When}
}

// policyFrom is the way back: the default needs no words.
func policyFrom(d *authorapi.DraftPolicy) *course.Completion {
	if d == nil {
		return nil
	}
	return &course.Completion{Need: course.Need(d.Need), Count: d.Count, When: course.Block(d.When)}
}

// ruleInput is the rule of a lesson as the API takes it; nil for nothing said.
func ruleInput(rule string) *string {
	switch rule {
	case "":
		return nil
	case course.DefaultRule:
		return new(string)
	default:
		return &rule
	}
}

// asCourse is the course that is there, as far as the folder says what completes it.
func asCourse(there, said *authorapi.SaveCourseInput) *authorapi.SaveCourseInput {
	seen := *there
	seen.Completion = policyThere(said.Completion, there.Completion)
	return &seen
}

// asLesson is the lesson that is there, as far as the folder says what completes it.
func asLesson(there, said *authorapi.SaveLessonInput) *authorapi.SaveLessonInput {
	seen := *there
	switch {
	case said.Completion == nil:
		seen.Completion = nil
	case there.Completion == nil:
		seen.Completion = ruleInput(course.DefaultRule)
	}
	return &seen
}

// policyThere is the policy that is there, as far as the folder says one.
func policyThere(said, there *authorapi.CompletionPolicyInput) *authorapi.CompletionPolicyInput {
	switch {
	case said == nil:
		return nil
	case there == nil:
		return policyInput(&course.Completion{Need: course.NeedAll})
	default:
		return there
	}
}
