package e2e

import (
	"os"
	"testing"
	"time"

	"lyceum/e2e/stack"
)

// TestTeacher looks, in a browser, at how the learners of a course get on: one has not begun, one is half way, one fails
// the quiz again and again, and one is done.
func TestTeacher(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-teacher-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := campusOf(t, "acme")
	course := c.taught(t)
	_, teacher := c.person(t, "TENANT_ADMIN")
	email := c.ask(t, teacher, `{ viewer { user { email } } }`, nil, "viewer", "user", "email")
	_, learner := c.person(t, "LEARNER")
	node(t, "browser", []string{"teacher.mjs", pictures}, "CHROMIUM="+browser, "ACME="+running.URL("acme"), "TEACHER="+email,
		"LEARNER="+c.ask(t, learner, `{ viewer { user { email } } }`, nil, "viewer", "user", "email"),
		"TITLE="+c.ask(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { title } }`, input{"c": course}, "courseDraft", "title"))
}

// taught is a course with four learners.
func (c *campus) taught(t *testing.T) string {
	t.Helper()
	course := c.draft(t, "taught")
	c.run(t, c.instructor, `mutation($c: ID!) {
		saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } }
		a: saveLesson(input: {courseId: $c, moduleKey: "m", key: "a", title: "One", kind: ARTICLE, body: "Words."}) { lesson { id } }
		b: saveLesson(input: {courseId: $c, moduleKey: "m", key: "b", title: "Two", kind: ARTICLE, body: "Words."}) { lesson { id } }
		q: saveLesson(input: {courseId: $c, moduleKey: "m", key: "q", title: "Quiz", kind: QUIZ, required: false, quiz: {passMark: 50, questions: [
			{key: "one", kind: SINGLE_CHOICE, prompt: "Which one?", choices: [{key: "a", text: "This", correct: true}, {key: "b", text: "That"}]}
		]}}) { lesson { id } }
		v: saveLesson(input: {courseId: $c, moduleKey: "m", key: "v", title: "Film", kind: VIDEO, required: false,
			url: "https://videos.example/film.mp4", durationMs: 180000}) { lesson { id } }
	}`, input{"c": course})
	c.publish(t, course)
	one, two, quiz := c.lesson(t, course, 0), c.lesson(t, course, 1), c.lesson(t, course, 2)
	for _, done := range [][]string{{}, {one}, {one, two}} {
		c.study(t, course, done)
	}
	failing, place := c.study(t, course, nil)
	for range 3 {
		attempt, _ := c.attempt(t, failing, place, quiz)
		c.run(t, failing, `mutation($a: ID!) { submitAttempt(attemptId: $a) { attempt { id } } }`, input{"a": attempt})
	}
	stack.Eventually(t, "the course is completed by one", 30*time.Second, func() bool {
		report := c.run(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { report { completed } } }`, input{"c": course})
		return dig[float64](t, report, "courseDraft", "report", "completed") == 1
	})
	return course
}

// study lets a new learner complete lessons of a course.
func (c *campus) study(t *testing.T, course string, lessons []string) (who *stack.Persona, place string) {
	t.Helper()
	id, who := c.person(t, "LEARNER")
	place = c.assign(t, course, id)
	for _, lesson := range lessons {
		c.run(t, who, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
			input{"e": place, "l": lesson})
	}
	return who, place
}
