package main

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/author/push"
	"lyceum/internal/viewer"
)

// ruled is a course with a rule at every level.
func ruled() *course.Course {
	return &course.Course{
		Slug: "ruled", Title: "Ruled", Language: "en", Level: course.AllLevels, Visibility: course.Public, Certificate: true,
		Completion: &course.Completion{Need: course.NeedAtLeast, Count: 1, When: "signed_off ||\n  now > due"},
		Modules: []course.Module{{
			Key: "m", Title: "Module", Completion: &course.Completion{Need: course.NeedAny}, Lessons: []course.Lesson{{
				Key: "a", Title: "A", Kind: course.ArticleLesson, Required: true, Completion: "read && time_on_task >= 60.0",
				Body: course.MarkdownText("Words."),
			}},
		}},
	}
}

// unruled forgets the rules of a course, or says that they are the default.
func unruled(c *course.Course, policy *course.Completion, rule string) *course.Course {
	c.Completion, c.Modules[0].Completion, c.Modules[0].Lessons[0].Completion = policy, policy, rule
	return c
}

// TestAuthorKeepsRules pushes and pulls what completes things: it comes back as it was, a folder that says nothing of
// it takes nothing away, and one that names the default does.
func TestAuthorKeepsRules(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	token := s.signIn(t, s.person(t, viewer.Instructor))
	client := push.NewClient("http://school.localhost", token, &rough{to: s.server.URL, stored: map[string]int{}})
	n := 0
	pushed := func(c *course.Course) (changes int, there *course.Course) {
		n++
		dir := filepath.Join(t.TempDir(), strconv.Itoa(n))
		if err := folder.Create(t.Context(), dir, c, nil); err != nil {
			t.Fatal(err)
		}
		f, err := folder.Read(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		report, err := client.Push(t.Context(), f, &tally{})
		if err != nil {
			t.Fatal(err)
		}
		there, err = client.Pull(t.Context(), c.Slug, dir+"-back")
		if err != nil {
			t.Fatal(err)
		}
		return len(report.Changes), there
	}
	check := func(step string, got, want *course.Course) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}

	_, there := pushed(ruled())
	check("pushed and pulled", there, ruled())

	silent := unruled(ruled(), nil, "")
	if changes, _ := pushed(silent); changes != 0 {
		t.Errorf("a folder that says nothing of rules has %d changes to push", changes)
	}
	silent.Title, silent.Modules[0].Title, silent.Modules[0].Lessons[0].Title = "New", "New", "New"
	changes, there := pushed(silent)
	want := ruled()
	want.Title, want.Modules[0].Title, want.Modules[0].Lessons[0].Title = "New", "New", "New"
	if changes != 3 {
		t.Errorf("three titles are %d changes", changes)
	}
	check("after a push that says nothing of rules", there, want)

	byDefault := unruled(want, &course.Completion{Need: course.NeedAll}, course.DefaultRule)
	_, there = pushed(byDefault)
	check("after a push that names the default", there, silent)
	if changes, _ := pushed(byDefault); changes != 0 {
		t.Errorf("the default a second time has %d changes to push", changes)
	}
}

// TestAbsentIsNotNull asks the API itself: what is left out of an input stays, and null is the default.
func TestAbsentIsNotNull(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	token := s.signIn(t, s.person(t, viewer.Instructor))
	type policy struct{ Need string }
	save := func(completion, rule string) (whole, part *policy, lesson string) {
		t.Helper()
		var made struct {
			SaveCourse struct{ Course struct{ ID string } }
		}
		s.must(t, token, `mutation { saveCourse(input: {slug: "rules", title: "Rules"`+completion+`}) { course { id } } }`, nil, &made)
		id := made.SaveCourse.Course.ID
		s.must(t, token, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Module"`+completion+`}) { module { id } } }`,
			map[string]any{"c": id}, &struct{}{})
		s.saveLesson(t, token, id, "a", `kind: ARTICLE, body: "Words."`+rule)
		var read struct {
			CourseDraft struct {
				Completion *policy
				Modules    []struct {
					Completion *policy
					Lessons    []struct{ Completion string }
				}
			}
		}
		s.must(t, token, `{ courseDraft(slug: "rules") { completion { need } modules { completion { need } lessons { completion } } } }`, nil, &read)
		d := read.CourseDraft
		return d.Completion, d.Modules[0].Completion, d.Modules[0].Lessons[0].Completion
	}
	for _, step := range []struct{ completion, rule, need, want string }{
		{`, completion: {need: ANY}`, `, completion: "signed_off"`, "ANY", "signed_off"},
		{"", "", "ANY", "signed_off"},
		{`, completion: null`, `, completion: null`, "", ""},
		{"", "", "", ""},
		{`, completion: {need: ANY}`, `, completion: "read"`, "ANY", "read"},
		{`, completion: {need: ALL}`, `, completion: ""`, "", ""},
	} {
		whole, part, lesson := save(step.completion, step.rule)
		needs := func(p *policy) string {
			if p == nil {
				return ""
			}
			return p.Need
		}
		if needs(whole) != step.need || needs(part) != step.need || lesson != step.want {
			t.Errorf("%q, %q: course %q, module %q, lesson %q", step.completion, step.rule, needs(whole), needs(part), lesson)
		}
	}
}
