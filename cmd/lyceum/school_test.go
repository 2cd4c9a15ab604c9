package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"lyceum/docs/operations"
	"lyceum/graph/transport"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// school is the whole server, with a tenant in which there is a lot of everything.
type school struct {
	*app

	tenant    uuid.UUID
	documents *operations.Documents
	// server has the API; counter has the statements of the last request.
	server  *httptest.Server
	counter atomic.Pointer[pg.Counter]
	// tell is told of every statement of every request, when it is set.
	tell atomic.Pointer[pg.Tell]
	// people and addresses are how many there are so far.
	people, addresses int

	admin, instructor, learner string // tokens
	listed                     []string
	// sized can be taken by everybody; asking asks for other courses first, which the learner has completed.
	sized, asking map[int]sizedCourse
	code          string
	// revocable is the id of a certificate that nobody needs.
	revocable string
}

// sizedCourse has so many films and so many questions in its quiz.
type sizedCourse struct {
	id, slug string
	lessons  map[string]string
}

const schoolPassword = "a long password"

func newSchool(t *testing.T) *school {
	t.Helper()
	// What is counted is what an answer takes that is kept nowhere.
	s := openSchool(t, t.TempDir(), "LYCEUM_RESPONSE_CACHE=off", "LYCEUM_OUTLINE_CACHE=off")
	s.fill(t)
	return s
}

// openSchool is a school with an admin and nothing else, at home in the directory.
func openSchool(t *testing.T, home string, settings ...string) *school {
	t.Helper()
	appURL, ownerURL, _ := pgtest.Clone(t)
	return openSchoolOn(t, appURL, ownerURL, home, settings...)
}

// openSchoolOn is openSchool on a database of its own.
func openSchoolOn(t *testing.T, appURL, ownerURL, home string, settings ...string) *school {
	t.Helper()
	s := &school{sized: map[int]sizedCourse{}, asking: map[int]sizedCourse{}}
	s.app = startApp(t, testSettings(t, appURL, append([]string{
		"LYCEUM_HOME=" + home, "LYCEUM_HTTP_TRUSTED_PROXIES=127.0.0.1/32",
		// Nobody asks for the same as often; budgets are tested elsewhere.
		"LYCEUM_LIMIT_COST_USER=0", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=0",
		// Whether a token is remembered depends on how fast the machine is.
		"LYCEUM_SESSION_REMEMBER=0s",
	}, settings...)...))
	var err error
	if s.documents, err = operations.Load(); err != nil {
		t.Fatal(err)
	}
	s.found(t, ownerURL)
	return s
}

// found makes the tenant and serves the API.
func (s *school) found(t *testing.T, ownerURL string) {
	t.Helper()
	owner, err := openPool(t.Context(), ownerURL, quietPool)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	s.tenant, err = s.provisioner(owner).Create(t.Context(), tenancy.NewTenant{
		Slug: "school", Name: "School", Kind: tenant.KindSCHOOL, Locale: "en",
		Admin: tenancy.NewUser{Email: "admin@school.example", Name: "Admin", Password: schoolPassword},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := s.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if tell := s.tell.Load(); tell != nil {
			ctx = pg.TellStatements(ctx, *tell)
		}
		ctx, counter := pg.CountStatements(ctx)
		s.counter.Store(counter)
		handler.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(server.Close)
	s.server = server
}

// fill lets people teach and learn, with workers at work until all is done.
func (s *school) fill(t *testing.T) {
	t.Helper()
	_, stop, err := s.openForSeed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.admin = s.signIn(t, "admin@school.example")
	s.instructor = s.signIn(t, s.person(t, viewer.Instructor))
	s.learner = s.signIn(t, s.person(t, viewer.Learner))
	for i := range many - 1 {
		s.listed = append(s.listed, s.listedCourse(t, i))
	}
	for range many {
		s.must(t, s.signIn(t, s.person(t, viewer.Learner)), s.documents.Text("enroll"), map[string]any{"courseId": s.listed[0]}, &struct{}{})
	}
	for _, n := range []int{few, many} {
		s.sized[n] = s.sizedCourse(t, fmt.Sprint("sized-", n), n, nil)
		s.try(t, n)
		s.asking[n] = s.sizedCourse(t, fmt.Sprint("asking-", n), n, listedSlugs(n-1))
		s.enroll(t, s.learner, s.asking[n].id)
	}
	// The two newest places are one that goes on and one that is completed: a small page has both, like a large one.
	s.listed = append(s.listed, s.listedCourse(t, many-1))
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	var mine struct{ MyCertificates []struct{ ID, Code string } }
	s.must(t, s.learner, `{ myCertificates { id code } }`, nil, &mine)
	if len(mine.MyCertificates) != many {
		t.Fatalf("%d certificates, want %d", len(mine.MyCertificates), many)
	}
	s.code = mine.MyCertificates[0].Code
	s.revocable = mine.MyCertificates[1].ID
}

// listedCourse publishes a course of one article, taught by somebody else each time, and lets the learner complete it.
func (s *school) listedCourse(t *testing.T, i int) string {
	t.Helper()
	teacher := s.signIn(t, s.person(t, viewer.Instructor))
	slug := fmt.Sprint("listed-", i)
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	s.must(t, teacher, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`, map[string]any{"i": map[string]any{
		"slug": slug, "title": "Listed " + slug, "visibility": "PUBLIC", "hasCertificate": true, "categories": []string{"all", slug}, "tags": []string{slug},
	}}, &saved)
	id := saved.SaveCourse.Course.ID
	s.saveModule(t, teacher, id)
	s.saveLesson(t, teacher, id, "a", `kind: ARTICLE, body: "Words."`)
	s.must(t, teacher, s.documents.Text("publish-course"), map[string]any{"courseId": id}, &struct{}{})
	enrollment := s.enroll(t, s.learner, id)
	s.must(t, s.learner, s.documents.Text("complete-lesson"), map[string]any{"enrollmentId": enrollment, "lessonId": s.lessons(t, slug)["a"]}, &struct{}{})
	return id
}

// sizedCourse publishes a course with n films and a quiz of n questions.
func (s *school) sizedCourse(t *testing.T, slug string, n int, prerequisites []string) sizedCourse {
	t.Helper()
	c := sizedCourse{slug: slug}
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	s.must(t, s.instructor, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`, map[string]any{"i": map[string]any{
		"slug": slug, "title": "Sized", "visibility": "UNLISTED", "prerequisites": prerequisites,
	}}, &saved)
	c.id = saved.SaveCourse.Course.ID
	s.saveModule(t, s.instructor, c.id)
	for i := range n {
		s.saveLesson(t, s.instructor, c.id, fmt.Sprint("v", i), `kind: VIDEO, url: "https://videos.example/film.mp4", durationMs: 60000`)
	}
	s.saveLesson(t, s.instructor, c.id, "a", `kind: ARTICLE, body: "Words."`)
	var questions strings.Builder
	for i := range n {
		fmt.Fprintf(&questions, `{key: "k%d", kind: SHORT_TEXT, prompt: "Who?", text: {accepted: ["I"]}}`, i)
	}
	s.saveLesson(t, s.instructor, c.id, "q", `kind: QUIZ, quiz: {passMark: 50, questions: [`+questions.String()+`]}`)
	s.must(t, s.instructor, s.documents.Text("publish-course"), map[string]any{"courseId": c.id}, &struct{}{})
	c.lessons = s.lessons(t, slug)
	return c
}

// listedSlugs names the first n listed courses.
func listedSlugs(n int) []string {
	slugs := make([]string, n)
	for i := range slugs {
		slugs[i] = fmt.Sprint("listed-", i)
	}
	return slugs
}

// try lets the learner take the quiz of the sized course n times.
func (s *school) try(t *testing.T, n int) {
	t.Helper()
	enrollment := s.enroll(t, s.learner, s.sized[n].id)
	for range n {
		attempt, _ := s.attempt(t, s.learner, enrollment, n)
		s.must(t, s.learner, s.documents.Text("submit-attempt"), map[string]any{"attemptId": attempt}, &struct{}{})
	}
}

func (s *school) saveModule(t *testing.T, token, course string) {
	t.Helper()
	s.must(t, token, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } } }`,
		map[string]any{"c": course}, &struct{}{})
}

func (s *school) saveLesson(t *testing.T, token, course, key, fields string) {
	t.Helper()
	s.must(t, token, `mutation($c: ID!, $k: String!) { saveLesson(input: {courseId: $c, moduleKey: "m", key: $k, title: "Lesson", `+
		fields+`}) { lesson { id } } }`, map[string]any{"c": course, "k": key}, &struct{}{})
}

// lessons returns the ids of a course's lessons by key.
func (s *school) lessons(t *testing.T, slug string) map[string]string {
	t.Helper()
	var read struct {
		CourseDraft struct {
			Modules []struct{ Lessons []struct{ ID, Key string } }
		}
	}
	s.must(t, s.instructor, `query($s: String!) { courseDraft(slug: $s) { modules { lessons { id key } } } }`, map[string]any{"s": slug}, &read)
	ids := map[string]string{}
	for _, l := range read.CourseDraft.Modules[0].Lessons {
		ids[l.Key] = l.ID
	}
	return ids
}

func (s *school) enroll(t *testing.T, token, course string) string {
	t.Helper()
	var data struct {
		Enroll struct{ Enrollment struct{ ID string } }
	}
	s.must(t, token, s.documents.Text("enroll"), map[string]any{"courseId": course}, &data)
	return data.Enroll.Enrollment.ID
}

// attempt starts the quiz of a sized course.
func (s *school) attempt(t *testing.T, token, enrollment string, n int) (id string, questions []string) {
	t.Helper()
	var data struct {
		StartAttempt struct {
			Attempt struct {
				ID        string
				Questions []struct{ ID string }
			}
		}
	}
	s.must(t, token, s.documents.Text("start-attempt"), map[string]any{"enrollmentId": enrollment, "lessonId": s.sized[n].lessons["q"]}, &data)
	for _, q := range data.StartAttempt.Attempt.Questions {
		questions = append(questions, q.ID)
	}
	return data.StartAttempt.Attempt.ID, questions
}

// person adds somebody to the tenant and returns their address.
func (s *school) person(t *testing.T, role viewer.Role) (email string) {
	t.Helper()
	s.people++
	email = fmt.Sprintf("person-%d@school.example", s.people)
	_, err := s.services.Tenancy.CreateUser(viewer.With(t.Context(), viewer.Operator(s.tenant, "test")), tenancy.NewUser{
		Email: email, Name: email, Role: role, Password: schoolPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	return email
}

// signIn opens a session and returns its token.
func (s *school) signIn(t *testing.T, email string) string {
	t.Helper()
	var data struct{ SignIn struct{ Token string } }
	s.must(t, "", s.documents.Text("sign-in"), map[string]any{"email": email, "password": schoolPassword}, &data)
	return data.SignIn.Token
}

// student is a new learner with a place in a sized course.
func (s *school) student(t *testing.T, n int) (token, enrollment string) {
	t.Helper()
	token = s.signIn(t, s.person(t, viewer.Learner))
	return token, s.enroll(t, token, s.sized[n].id)
}

// lastNotification is the number of the learner's newest notification.
func (s *school) lastNotification(t *testing.T) int {
	t.Helper()
	var data struct {
		Notifications struct{ Nodes []struct{ Seq int } }
	}
	s.must(t, s.learner, `{ notifications(first: 1) { nodes { seq } } }`, nil, &data)
	return data.Notifications.Nodes[0].Seq
}

func (s *school) must(t *testing.T, token, document string, variables map[string]any, into any) {
	t.Helper()
	response := s.send(t, document, asked{token, variables})
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data   json.RawMessage
		Errors []any
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) > 0 {
		t.Fatalf("%.300s: %v", document, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		t.Fatal(err)
	}
}

func (s *school) send(t *testing.T, document string, request asked) *http.Response {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": request.variables})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "school.localhost"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", s.address())
	if strings.Contains(document, "\nsubscription") {
		r.Header.Set("Accept", "text/event-stream")
	}
	if request.token != "" {
		r.Header.Set("Authorization", "Bearer "+request.token)
	}
	response, err := s.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// address is another one each time: tries to sign in are limited by address.
func (s *school) address() string {
	s.addresses++
	return fmt.Sprintf("2001:db8:%x::1", s.addresses)
}
