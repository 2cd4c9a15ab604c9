package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestPlacesInTheApp looks, in a browser, at places that are not open: it accepts and declines invitations, waits for a
// seat until one is free, leaves a waiting list, does not pay, and is told that staff ended an access.
func TestPlacesInTheApp(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-places-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := campusOf(t, "acme")
	id, learner := c.person(t, "LEARNER")
	courses := map[string]any{}
	for _, name := range []string{"welcome", "unwelcome", "full", "crowded", "priced", "closed"} {
		courses[name] = c.small(t, name)
	}
	course := func(name string) string { return dig[string](t, courses, name, "id") }
	for _, name := range []string{"welcome", "unwelcome"} {
		c.run(t, c.instructor, `mutation($c: ID!, $u: ID!) { assignCourse(input: {courseId: $c, learnerId: $u, invite: true}) { enrollment { state } } }`,
			input{"c": course(name), "u": id})
	}
	for _, name := range []string{"full", "crowded"} {
		c.run(t, c.instructor, `mutation($c: ID!) { saveCourseAdmission(input: {courseId: $c, capacity: 0}) { admission { capacity } } }`,
			input{"c": course(name)})
	}
	closed := c.assign(t, course("closed"), id)
	c.run(t, c.instructor, `mutation($e: ID!) { revokeGrant(input: {enrollmentId: $e, source: STAFF}) { enrollment { state } } }`, input{"e": closed})
	told, err := json.Marshal(courses)
	if err != nil {
		t.Fatal(err)
	}
	node(t, "browser", []string{"places.mjs", pictures}, "CHROMIUM="+browser, "ACME="+running.URL("acme"), "COURSES="+string(told),
		"INSTRUCTOR_TOKEN="+c.instructor.Token, "LEARNER="+c.ask(t, learner, `{ viewer { user { email } } }`, nil, "viewer", "user", "email"))
}

// TestImpactTellsWhatChanges raises the pass mark of a quiz, asks it another question, asks a module for less, and is told before it publishes.
func TestImpactTellsWhatChanges(t *testing.T) {
	c := campusOf(t, "acme")
	course := c.course(t, "impact")
	c.publish(t, course)
	const impact = `query($c: ID!) { publishImpact(courseId: $c) { policiesChanged requirementsChanged { key }
		changes { lesson { key } module { key } aspect from to } } }`
	if told := c.list(t, c.instructor, impact, input{"c": course}, "publishImpact", "changes"); len(told) != 0 {
		t.Errorf("nothing has changed, and told is %v", told)
	}
	save := func(mark int, prompt string) {
		c.run(t, c.instructor, `mutation($c: ID!, $m: Int!, $p: String!) {
			saveLesson(input: {courseId: $c, moduleKey: "m", key: "q", title: "Quiz", kind: QUIZ, quiz: {passMark: $m, questions: [
				{key: "one", kind: SINGLE_CHOICE, prompt: $p, choices: [{key: "a", text: "This", correct: true}, {key: "b", text: "That"}]}
			]}}) { lesson { id } } }`, input{"c": course, "m": mark, "p": prompt})
	}
	told := func(want ...string) {
		t.Helper()
		var got []string
		for _, change := range c.list(t, c.instructor, impact, input{"c": course}, "publishImpact", "changes") {
			of, _ := change.(map[string]any)
			got = append(got, fmt.Sprintf("%v %v %v %v %v", of["module"], of["lesson"], of["aspect"], of["from"], of["to"]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("told is %q, want %q", got, want)
		}
	}
	save(80, "Which?")
	told("<nil> map[key:q] PASS_MARK 50 80")
	save(50, "Which one?")
	told("<nil> map[key:q] QUESTIONS 1 1")
	save(50, "Which?")
	told()
	c.run(t, c.instructor, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Module", completion: {need: ANY}}) { module { id } } }`, input{"c": course})
	told("map[key:m] <nil> NEED ALL ANY")
}

// remade is a course whose film was made anew in its second version.
func (c *campus) remade(t *testing.T) (course, gone, anew string) {
	t.Helper()
	course = c.course(t, "remade")
	c.publish(t, course)
	gone = c.lesson(t, course, 1)
	c.run(t, c.instructor, `mutation($c: ID!) {
		saveLesson(input: {courseId: $c, moduleKey: "m", key: "w", title: "Film", kind: VIDEO, url: "https://videos.example/new.mp4", durationMs: 60000}) { lesson { id } }
		arrangeCourse(input: {courseId: $c, modules: [{key: "m", lessons: ["a", "w", "q"]}]}) { course { id } }
	}`, input{"c": course})
	c.publish(t, course)
	return course, gone, c.lesson(t, course, 1)
}

// small publishes a course of one article; the one that is called "priced" has a price.
func (c *campus) small(t *testing.T, name string) map[string]any {
	t.Helper()
	slug := name + "-" + c.tag
	about := input{"slug": slug, "title": "Course " + slug, "visibility": "MEMBERS"}
	if name == "priced" {
		about["price"] = input{"amount": 1900, "currency": "EUR"}
	}
	data := c.run(t, c.instructor, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id slug title } } }`, input{"i": about})
	course := dig[map[string]any](t, data, "saveCourse", "course")
	c.run(t, c.instructor, `mutation($c: ID!) {
		saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } }
		saveLesson(input: {courseId: $c, moduleKey: "m", key: "a", title: "Article", kind: ARTICLE, body: "Words."}) { lesson { id } }
	}`, input{"c": course["id"]})
	c.publish(t, dig[string](t, course, "id"))
	return course
}
