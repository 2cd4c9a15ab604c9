package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/e2e/stack"
)

// TestMainJourney is what Lyceum is for, from an author's archive to a certificate that anybody can check.
func TestMainJourney(t *testing.T) {
	dir := importCourse(t)
	slug := slugOf(t, dir)
	learner := running.SignIn(t, "acme", "learner")
	course := findCourse(t, learner, slug)
	findSpoken(t, learner, slug, dir)
	inbox := learner.Events(t, `subscription { notificationReceived { seq kind title link } }`, "")

	enrollment := enroll(t, learner, course.ID)
	for _, lesson := range course.lessons() {
		study(t, learner, course.ID, enrollment, lesson)
	}
	code := certificate(t, learner, enrollment, inbox)
	verify(t, code)
	stealing(t, course, enrollment, code)
}

// importCourse turns an Open edX export into a folder and puts it online with the command-line client. It
// returns the folder.
func importCourse(t *testing.T) string {
	t.Helper()
	export := filepath.Join(testData(t), "olx", "open-edx-demo-course.tar.gz")
	dir := filepath.Join(t.TempDir(), "course")
	author(t, "import", export, dir)
	author(t, "login", running.URL("acme"), "instructor@acme.example")
	if out := author(t, "push", dir, "--publish"); !strings.Contains(out, "is in force") {
		t.Fatalf("push --publish said:\n%s", out)
	}
	if out := author(t, "push", dir); !strings.Contains(out, "0 changes sent") {
		t.Errorf("a second push said:\n%s", out)
	}
	return dir
}

// testData is where the real course lies that is not part of the repository.
func testData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LYCEUM_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the test course is not here (%v); set LYCEUM_TEST_DATA to its folder", err)
	}
	return dir
}

// author runs the authoring client with a home of the test's own.
func author(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), running.Binary, append([]string{"author"}, args...)...)
	command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+configHome(t), "LYCEUM_PASSWORD="+stack.Password)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("lyceum author %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func configHome(t *testing.T) string {
	t.Helper()
	return filepath.Join(running.Home, "config-"+strings.ReplaceAll(t.Name(), "/", "-"))
}

func slugOf(t *testing.T, dir string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dir, "course.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if slug, ok := strings.CutPrefix(line, "slug:"); ok {
			return strings.TrimSpace(slug)
		}
	}
	t.Fatalf("course.yaml has no slug:\n%s", body)
	return ""
}

type lesson struct {
	ID         string
	Title      string
	Kind       string
	Required   bool
	DurationMs int
}

type course struct {
	ID, Title string
	Modules   []struct {
		Title   string
		Lessons []lesson
	}
}

func (c course) lessons() []lesson {
	var all []lesson
	for _, m := range c.Modules {
		all = append(all, m.Lessons...)
	}
	return all
}

// findCourse finds the course by search, and by a phrase of one of its lessons.
func findCourse(t *testing.T, learner *stack.Persona, slug string) course {
	t.Helper()
	stack.Eventually(t, "the course being found", 30*time.Second, func() bool {
		return len(search(t, learner, "Open edX demonstration", slug)) > 0
	})
	if lessons := search(t, learner, `"discussion forums"`, slug); len(lessons) == 0 {
		t.Error("a phrase of a lesson finds nothing")
	}
	var found struct{ Course course }
	learner.MustDo(t, `query($s: String!) { course(slug: $s) { id title modules { title lessons { id title kind required durationMs } } } }`,
		map[string]any{"s": slug}, &found)
	return found.Course
}

// spoken is what somebody says in a film of the course.
const spoken = "human knowledge base"

// findSpoken finds a film by what is said in it and written nowhere: neither in a lesson nor in any title.
func findSpoken(t *testing.T, learner *stack.Persona, slug, dir string) {
	t.Helper()
	var captions, lessons []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		kind := filepath.Ext(path)
		if kind != ".vtt" && (kind != ".md" && kind != ".yaml" || strings.HasPrefix(filepath.Base(path), "import-report")) {
			return nil
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		said := strings.Contains(strings.ToLower(strings.Join(strings.Fields(string(body)), " ")), spoken)
		switch {
		case said && kind == ".vtt":
			captions = append(captions, filepath.Base(path))
		case said:
			t.Errorf("%q is written in %s: another phrase is needed", spoken, path)
		case kind == ".yaml":
			lessons = append(lessons, string(body))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(captions) != 1 {
		t.Fatalf("%q is said in %v, want one film", spoken, captions)
	}
	film := slices.IndexFunc(lessons, func(lesson string) bool { return strings.Contains(lesson, "media/"+captions[0]) })
	if film < 0 {
		t.Fatalf("no lesson has the captions %s", captions[0])
	}
	_, title, _ := strings.Cut(lessons[film], "\ntitle: ")
	title, _, _ = strings.Cut(title, "\n")
	if found := search(t, learner, `"`+spoken+`"`, slug); !slices.Equal(found, []string{title}) {
		t.Errorf("what is said in %q finds %q", title, found)
	}
	leadsThere(t, slug)
}

// leadsThere: who may see what is said in a film is led to the second.
func leadsThere(t *testing.T, slug string) {
	t.Helper()
	var found struct {
		Search struct {
			Hits []struct {
				Course struct{ Slug string }
				AtMs   *int
				Link   string
			}
		}
	}
	as(t, "acme", "instructor").MustDo(t, `query($q: String!) { search(query: $q, first: 50) { hits { course { slug } atMs link } } }`,
		map[string]any{"q": `"` + spoken + `"`}, &found)
	for _, hit := range found.Search.Hits {
		if hit.Course.Slug != slug {
			continue
		}
		if hit.AtMs == nil || !strings.HasPrefix(hit.Link, "/learn/courses/"+slug+"/lessons/") || !strings.HasSuffix(hit.Link, "?t="+strconv.Itoa(*hit.AtMs/1000)) {
			t.Errorf("a hit leads to %s", hit.Link)
		}
		return
	}
	t.Error("an instructor does not find what is said")
}

// search returns the titles of lessons of the course that are found; the course itself counts as "".
func search(t *testing.T, p *stack.Persona, query, slug string) []string {
	t.Helper()
	var found struct {
		Search struct {
			Hits []struct {
				Course struct{ Slug string }
				Lesson *struct{ Title string }
			}
		}
	}
	p.MustDo(t, `query($q: String!) { search(query: $q, first: 50) { hits { course { slug } lesson { title } } } }`, map[string]any{"q": query}, &found)
	var titles []string
	for _, hit := range found.Search.Hits {
		if hit.Course.Slug != slug {
			continue
		}
		title := ""
		if hit.Lesson != nil {
			title = hit.Lesson.Title
		}
		titles = append(titles, title)
	}
	return titles
}

func enroll(t *testing.T, learner *stack.Persona, courseID string) string {
	t.Helper()
	var enrolled struct {
		Enroll struct {
			Enrollment struct{ ID, State string }
		}
	}
	learner.MustDo(t, `mutation($c: ID!) { enroll(input: {courseId: $c}) { enrollment { id state } } }`, map[string]any{"c": courseID}, &enrolled)
	if enrolled.Enroll.Enrollment.State != "ACTIVE" {
		t.Fatalf("enrolled as %s", enrolled.Enroll.Enrollment.State)
	}
	return enrolled.Enroll.Enrollment.ID
}

// study does what a lesson of its kind asks for.
func study(t *testing.T, learner *stack.Persona, courseID, enrollment string, l lesson) {
	t.Helper()
	var opened struct {
		Lesson struct {
			Content struct {
				Typename string `json:"__typename"`
				URL      *string
				HTML     string
			}
		}
	}
	learner.MustDo(t, `query($c: ID!, $l: ID!) { lesson(courseId: $c, id: $l) { content { __typename
		... on ArticleContent { html } ... on VideoContent { url html } ... on QuizContent { html } } } }`,
		map[string]any{"c": courseID, "l": l.ID}, &opened)
	if content := opened.Lesson.Content; content.URL != nil {
		if status, _ := learner.Get(t, *content.URL); status != 200 {
			t.Errorf("the film of %q: status %d", l.Title, status)
		}
	}
	switch {
	case l.Kind == "QUIZ":
		pass(t, learner, enrollment, l)
	case l.Kind == "VIDEO" && l.DurationMs > 0:
		learner.MustDo(t, `mutation($e: ID!, $l: ID!, $to: Int!) { recordProgress(input: {enrollmentId: $e, lessons: [{lessonId: $l,
			positionMs: $to, segments: [{fromMs: 0, toMs: $to}]}]}) { completedLessonIds } }`,
			map[string]any{"e": enrollment, "l": l.ID, "to": l.DurationMs}, nil)
	default:
		learner.MustDo(t, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
			map[string]any{"e": enrollment, "l": l.ID}, nil)
	}
}

type question struct {
	ID, Kind, Prompt string
	Choices          []struct{ Key string }
}

// pass takes a quiz with the right answers, which the instructor can see and the learner cannot.
func pass(t *testing.T, learner *stack.Persona, enrollment string, l lesson) {
	t.Helper()
	var started struct {
		StartAttempt struct {
			Attempt struct {
				ID        string
				Questions []question
			}
		}
	}
	learner.MustDo(t, `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt { id questions { id kind prompt choices { key } } } } }`,
		map[string]any{"e": enrollment, "l": l.ID}, &started)
	attempt := started.StartAttempt.Attempt
	for i, q := range attempt.Questions {
		learner.MustDo(t, `mutation($a: ID!, $q: ID!, $r: ResponseInput!) { saveAnswer(input: {attemptId: $a, questionId: $q, response: $r}) { attempt { id } } }`,
			map[string]any{"a": attempt.ID, "q": q.ID, "r": keys(t, l.ID).response(t, i, q)}, nil)
	}
	var submitted struct {
		SubmitAttempt struct {
			Attempt struct {
				Passed          bool
				Score, MaxScore float64
			}
		}
	}
	learner.MustDo(t, `mutation($a: ID!) { submitAttempt(attemptId: $a) { attempt { passed score maxScore } } }`, map[string]any{"a": attempt.ID}, &submitted)
	if result := submitted.SubmitAttempt.Attempt; !result.Passed {
		t.Errorf("quiz %q: %v of %v points with the right answers", l.Title, result.Score, result.MaxScore)
	}
}

// certificate waits for the notifications and the document, and returns the certificate's code.
func certificate(t *testing.T, learner *stack.Persona, enrollment string, inbox <-chan json.RawMessage) string {
	t.Helper()
	seen := map[string]bool{}
	deadline := time.After(60 * time.Second)
	for !seen["COURSE_COMPLETED"] || !seen["CERTIFICATE_ISSUED"] {
		select {
		case event, open := <-inbox:
			if !open {
				t.Fatal("the subscription ended")
			}
			var told struct {
				Data struct {
					NotificationReceived struct{ Kind string }
				}
			}
			if err := json.Unmarshal(event, &told); err != nil {
				t.Fatalf("event %s: %v", event, err)
			}
			seen[told.Data.NotificationReceived.Kind] = true
		case <-deadline:
			t.Fatalf("heard only of %v", seen)
		}
	}
	var mine struct {
		Node struct {
			State       string
			Certificate *struct {
				Code, Status string
				PdfURL       *string
			}
		}
	}
	stack.Eventually(t, "the document being made", 30*time.Second, func() bool {
		learner.MustDo(t, `query($e: ID!) { node(id: $e) { ... on Enrollment { state certificate { code status pdfUrl } } } }`, map[string]any{"e": enrollment}, &mine)
		return mine.Node.State == "COMPLETED" && mine.Node.Certificate != nil && mine.Node.Certificate.PdfURL != nil
	})
	status, pdf := learner.Get(t, *mine.Node.Certificate.PdfURL)
	if status != 200 || !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("the document: status %d, %d bytes", status, len(pdf))
	}
	return mine.Node.Certificate.Code
}

// verify opens the public page as anybody.
func verify(t *testing.T, code string) {
	t.Helper()
	status, page := running.Visitor("acme").Get(t, "/verify/"+code)
	if status != 200 || !strings.Contains(page, "This certificate is valid") {
		t.Errorf("the public page: status %d\n%s", status, page)
	}
	if status, _ := running.Visitor("globex").Get(t, "/verify/"+code); status != 404 {
		t.Errorf("the page on another tenant's host: status %d, want 404", status)
	}
}

// stealing is what an admin of another tenant tries.
func stealing(t *testing.T, c course, enrollment, code string) {
	t.Helper()
	thief := running.SignIn(t, "globex", "admin")
	for _, id := range []string{c.ID, enrollment} {
		var found struct{ Node *struct{ ID string } }
		thief.MustDo(t, `query($i: ID!) { node(id: $i) { id } }`, map[string]any{"i": id}, &found)
		if found.Node != nil {
			t.Errorf("globex sees %s", id)
		}
	}
	for document, variables := range map[string]map[string]any{
		`query($c: ID!) { enrollments(courseId: $c, first: 5) { nodes { id learner { name } } } }`:                      {"c": c.ID},
		`mutation($e: ID!) { withdraw(enrollmentId: $e) { enrollment { id } } }`:                                        {"e": enrollment},
		`mutation($c: ID!) { enroll(input: {courseId: $c}) { enrollment { id } } }`:                                     {"c": c.ID},
		`mutation($c: ID!) { publishCourse(input: {courseId: $c}) { created } }`:                                        {"c": c.ID},
		`mutation($c: ID!) { unpublishCourse(courseId: $c) { course { id } } }`:                                         {"c": c.ID},
		`mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`: {"e": enrollment, "l": c.lessons()[0].ID},
	} {
		if answer := thief.Do(t, document, variables); answer.Code() != "NOT_FOUND" && !strings.Contains(string(answer.Data), `"nodes":[]`) {
			t.Errorf("%s\nanswered %s %+v", document, answer.Data, answer.Errors)
		}
	}
	var verified struct{ VerifyCertificate *struct{ Status string } }
	thief.MustDo(t, `query($c: String!) { verifyCertificate(code: $c) { status } }`, map[string]any{"c": code}, &verified)
	if verified.VerifyCertificate != nil {
		t.Error("globex verifies acme's certificate")
	}
	if hits := search(t, thief, "Open edX demonstration", ""); len(hits) > 0 {
		t.Errorf("globex finds %v", hits)
	}
}
