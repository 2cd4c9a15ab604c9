package catalog_test

import (
	"strings"
	"testing"

	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/lesson"
)

// TestPolicyInput saves what completes a course, a module and a lesson: nothing said keeps what is there, and what
// cannot be is refused with its field.
func TestPolicyInput(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "rules", 2)
	saveRule := func(rule *string) error {
		in := article("m1", "a1")
		in.Completion = rule
		_, err := d.SaveLesson(ctx, c.ID, in)
		return err
	}
	save := func(p *outline.Policy) {
		t.Helper()
		must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One", Completion: p}))(t)
		must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "rules", Title: "About rules", Completion: p}))(t)
	}
	kept := func(policy *outline.Policy, rule string) {
		t.Helper()
		s := d.acme.System(t.Context())
		course, module := d.db.Course.GetX(s, c.ID), d.db.Module.Query().OnlyX(s)
		first := d.db.Lesson.Query().Where(lesson.Key("a1")).OnlyX(s)
		for what, p := range map[string]*outline.Policy{"course": course.Completion, "module": module.Completion} {
			if (p == nil) != (policy == nil) || p != nil && *p != *policy {
				t.Errorf("%s: %v, want %v", what, p, policy)
			}
		}
		if first.Completion != rule {
			t.Errorf("lesson: %q, want %q", first.Completion, rule)
		}
	}

	kept(nil, "")
	some := &outline.Policy{Need: outline.NeedAtLeast, Count: 1, When: "signed_off"}
	save(some)
	if err := saveRule(new("read && signed_off")); err != nil {
		t.Fatal(err)
	}
	before := revision(t, d, c.ID)
	save(nil)
	if err := saveRule(nil); err != nil {
		t.Fatal(err)
	}
	kept(some, "read && signed_off")
	if revision(t, d, c.ID) != before {
		t.Error("saying nothing of rules changed the draft")
	}

	long := strings.Repeat("true || ", 200) + "true"
	for name, tt := range map[string]struct {
		policy *outline.Policy
		rule   *string
		field  string
	}{
		"unknown need":    {policy: &outline.Policy{Need: "MOST"}, field: "completion.need"},
		"no number":       {policy: &outline.Policy{Need: outline.NeedAtLeast}, field: "completion.count"},
		"negative number": {policy: &outline.Policy{Need: outline.NeedAtLeast, Count: -1}, field: "completion.count"},
		"absurd number":   {policy: &outline.Policy{Need: outline.NeedAtLeast, Count: 1 << 30}, field: "completion.count"},
		"number of all":   {policy: &outline.Policy{Need: outline.NeedAll, Count: 1}, field: "completion.count"},
		"rule of a group": {policy: &outline.Policy{Need: outline.NeedAny, When: "watched > 0.5"}, field: "completion.when"},
		"no condition":    {rule: new("1 + 1"), field: "completion"},
		"no rule":         {rule: new("read &&"), field: "completion"},
		"unknown fact":    {rule: new("grade > 1"), field: "completion"},
		"long rule":       {rule: &long, field: "completion"},
	} {
		t.Log(name)
		if tt.rule != nil {
			expect(t, saveRule(tt.rule), fault.BadInput, tt.field)
			continue
		}
		_, err := d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One", Completion: tt.policy})
		expect(t, err, fault.BadInput, tt.field)
		_, err = d.SaveCourse(ctx, catalog.CourseInput{Slug: "rules", Title: "About rules", Completion: tt.policy})
		expect(t, err, fault.BadInput, tt.field)
	}
	kept(some, "read && signed_off")
}

// TestDefaultPolicy goes back to what completes things when nobody says.
func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "rules", 1)
	for _, by := range []*outline.Policy{{}, {Need: outline.NeedAll}} {
		must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "rules", Title: "About rules", Completion: &outline.Policy{Need: outline.NeedAny}}))(t)
		must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One", Completion: &outline.Policy{Need: outline.NeedAny}}))(t)
		course := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "rules", Title: "About rules", Completion: by}))(t)
		module := must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One", Completion: by}))(t)
		if course.Completion != nil || module.Completion != nil {
			t.Errorf("%v is kept as %v and %v, want the default", by, course.Completion, module.Completion)
		}
	}
	in := article("m1", "a1")
	in.Completion = new("signed_off")
	must(d.SaveLesson(ctx, c.ID, in))(t)
	in.Completion = new("")
	if saved := must(d.SaveLesson(ctx, c.ID, in))(t); saved.Completion != "" {
		t.Errorf("the empty rule is kept as %q", saved.Completion)
	}
}
