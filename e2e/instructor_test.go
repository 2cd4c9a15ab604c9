package e2e

import (
	"os"
	"testing"
	"time"
)

// TestInstructor spends a day with an instructor in a browser: signing in, bringing in a film, and looking at how the learners
// of the own course get on.
func TestInstructor(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-instructor-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := *campusOf(t, "acme")
	_, c.instructor = c.person(t, "INSTRUCTOR")
	course := c.taught(t)
	film := freshFilm(t, "instructor "+c.tag)
	begun := time.Now()
	node(t, "browser", []string{"instructor.mjs", pictures}, "CHROMIUM="+browser, "ACME="+running.URL("acme"), "FILM="+film,
		"INSTRUCTOR="+c.ask(t, c.instructor, `{ viewer { user { email } } }`, nil, "viewer", "user", "email"),
		"TITLE="+c.ask(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { title } }`, input{"c": course}, "courseDraft", "title"))
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("the journey took %v", took)
	}
}
