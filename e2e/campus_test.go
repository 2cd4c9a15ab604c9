package e2e

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/e2e/stack"
)

// campus is a corner of a tenant that a test made for itself: people, courses, and what learners did there.
type campus struct {
	slug, tag                  string
	admin, instructor, learner *stack.Persona
	// ids holds one global id of each kind of thing: "course", "enrollment", …
	ids map[string]string
	// category is the slug of the category.
	category string
	// at is the server; nil is the one that all tests share.
	at *stack.Stack
}

var (
	campusMu sync.Mutex
	campuses = map[string]*campus{}
)

// campusOf returns the tenant's campus, which all tests share.
func campusOf(t *testing.T, slug string) *campus {
	t.Helper()
	campusMu.Lock()
	defer campusMu.Unlock()
	if campuses[slug] == nil {
		campuses[slug] = newCampus(t, slug)
	}
	return campuses[slug]
}

func newCampus(t *testing.T, slug string) *campus {
	t.Helper()
	c := &campus{
		slug: slug, tag: strings.ToLower(rand.Text()[:6]), admin: as(t, slug, "admin"), instructor: as(t, slug, "instructor"),
		ids: map[string]string{},
	}
	c.category = "category-" + c.tag
	c.ids["category"] = c.ask(t, c.instructor, `mutation($s: String!) { saveCategory(input: {slug: $s, name: "Category"}) { category { id } } }`,
		map[string]any{"s": c.category}, "saveCategory", "category", "id")
	c.ids["user"], c.learner = c.person(t, "LEARNER")
	c.ids["tenant"] = c.ask(t, c.admin, `{ viewer { tenant { id } } }`, nil, "viewer", "tenant", "id")
	c.ids["asset"] = c.upload(t, "asset of "+c.tag)
	c.ids["film"] = c.uploadFile(t, filmInput(c.tag), hollowFilm(c.tag))
	c.learn(t)
	c.earn(t)
	c.ids["group"] = c.group(t, c.ids["user"])
	c.ids["path"] = c.path(t, "path")
	c.ids["pathEnrollment"] = c.assignPath(t, c.ids["path"], c.ids["user"])
	c.ids["session"] = c.ask(t, c.learner, `{ sessions { id } }`, nil, "sessions", "0", "id")
	c.ids["apiKey"], _ = c.apiKey(t, c.instructor, "READ")
	c.ids["supportGrant"] = grant(t, c)
	c.ids["auditEntry"] = c.ask(t, c.admin, `{ auditLog(first: 1) { nodes { id } } }`, nil, "auditLog", "nodes", "0", "id")
	return c
}

// learn fills a course with a lesson of each kind that tests need, and lets the learner into it.
func (c *campus) learn(t *testing.T) {
	t.Helper()
	course := c.course(t, "study")
	c.publish(t, course)
	c.ids["course"] = course
	c.ids["enrollment"] = c.assign(t, course, c.ids["user"])
	c.ids["article"] = c.lesson(t, course, 0)
	c.ids["video"] = c.lesson(t, course, 1)
	c.ids["quiz"] = c.lesson(t, course, 2)
	c.ids["lesson"] = c.ids["article"]
	c.ids["attempt"], c.ids["question"] = c.attempt(t, c.learner, c.ids["enrollment"], c.ids["quiz"])
	stack.Eventually(t, "the notification of the assignment", 30*time.Second, func() bool {
		nodes := c.list(t, c.learner, `{ notifications { nodes { id } } }`, nil, "notifications", "nodes")
		return len(nodes) > 0
	})
	c.ids["notification"] = c.ask(t, c.learner, `{ notifications { nodes { id } } }`, nil, "notifications", "nodes", "0", "id")
}

// earn lets the learner complete a course of one article, for which there is a certificate.
func (c *campus) earn(t *testing.T) {
	t.Helper()
	c.ids["certificate"] = c.certificate(t, c.ids["user"], c.learner, "badge").ID
}

// earned is a certificate.
type earned struct{ ID, Code string }

// certificate lets a learner complete a course of one article and returns the certificate.
func (c *campus) certificate(t *testing.T, userID string, learner *stack.Persona, name string) earned {
	t.Helper()
	course := c.draft(t, name)
	c.run(t, c.instructor, `mutation($c: ID!) {
		saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } }
		saveLesson(input: {courseId: $c, moduleKey: "m", key: "a", title: "Article", kind: ARTICLE, body: "Words."}) { lesson { id } }
		publishCourse(input: {courseId: $c}) { created } }`, map[string]any{"c": course})
	enrollment := c.assign(t, course, userID)
	c.run(t, learner, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
		map[string]any{"e": enrollment, "l": c.lesson(t, course, 0)})
	var data struct {
		Node struct {
			Certificate *struct {
				earned
				PdfURL *string
			}
		}
	}
	stack.Eventually(t, "the certificate", 60*time.Second, func() bool {
		learner.MustDo(t, `query($e: ID!) { node(id: $e) { ... on Enrollment { certificate { id code pdfUrl } } } }`,
			map[string]any{"e": enrollment}, &data)
		return data.Node.Certificate != nil && data.Node.Certificate.PdfURL != nil
	})
	return data.Node.Certificate.earned
}

// newCertificate is certificate for a new learner.
func (c *campus) newCertificate(t *testing.T, course string) earned {
	t.Helper()
	id, who := c.person(t, "LEARNER")
	return c.certificate(t, id, who, course)
}

// person adds somebody to the tenant, signs them in and returns their id.
func (c *campus) person(t *testing.T, role string) (id string, who *stack.Persona) {
	t.Helper()
	name := strings.ToLower(role) + "-" + strings.ToLower(rand.Text()[:8])
	id = c.ask(t, c.admin, `mutation($i: CreateUserInput!) { createUser(input: $i) { user { id } } }`, map[string]any{"i": map[string]any{
		"email": name + "@" + c.slug + ".example", "name": "Somebody " + name, "role": role, "password": stack.Password,
	}}, "createUser", "user", "id")
	return id, running.SignIn(t, c.slug, name)
}

// draft makes an empty draft and returns its id.
func (c *campus) draft(t *testing.T, name string) string {
	t.Helper()
	slug := name + "-" + strings.ToLower(rand.Text()[:8])
	return c.ask(t, c.instructor, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`,
		map[string]any{"i": map[string]any{
			"slug": slug, "title": "Course " + slug, "visibility": "MEMBERS", "hasCertificate": true, "categories": []string{c.category},
		}}, "saveCourse", "course", "id")
}

// course makes a draft with an article, a film that lies elsewhere, and a quiz.
func (c *campus) course(t *testing.T, name string) string {
	t.Helper()
	id := c.draft(t, name)
	c.run(t, c.instructor, `mutation($c: ID!) {
		saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } }
		article: saveLesson(input: {courseId: $c, moduleKey: "m", key: "a", title: "Article", kind: ARTICLE, body: "Words."}) { lesson { id } }
		video: saveLesson(input: {courseId: $c, moduleKey: "m", key: "v", title: "Film", kind: VIDEO,
			url: "https://videos.example/film.mp4", durationMs: 60000}) { lesson { id } }
		quiz: saveLesson(input: {courseId: $c, moduleKey: "m", key: "q", title: "Quiz", kind: QUIZ, quiz: {passMark: 50, questions: [
			{key: "one", kind: SINGLE_CHOICE, prompt: "Which?", choices: [{key: "a", text: "This", correct: true}, {key: "b", text: "That"}]}
		]}}) { lesson { id } }
	}`, map[string]any{"c": id})
	return id
}

func (c *campus) publish(t *testing.T, course string) {
	t.Helper()
	c.run(t, c.instructor, `mutation($c: ID!) { publishCourse(input: {courseId: $c}) { created } }`, map[string]any{"c": course})
}

// lesson returns the id of a course's lesson by its place.
func (c *campus) lesson(t *testing.T, course string, at int) string {
	t.Helper()
	lessons := c.list(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { modules { lessons { id } } } }`,
		map[string]any{"c": course}, "courseDraft", "modules", "0", "lessons")
	id, _ := lessons[at].(map[string]any)["id"].(string)
	return id
}

// assign gives a person a course and returns the enrollment.
func (c *campus) assign(t *testing.T, course, user string) string {
	t.Helper()
	return c.ask(t, c.instructor, `mutation($c: ID!, $u: ID!) { assignCourse(input: {courseId: $c, learnerId: $u}) { enrollment { id } } }`,
		map[string]any{"c": course, "u": user}, "assignCourse", "enrollment", "id")
}

// group makes one with these people, and returns its id.
func (c *campus) group(t *testing.T, people ...string) string {
	t.Helper()
	id := c.ask(t, c.admin, `mutation($k: String!) { saveGroup(input: {key: $k, name: "Group"}) { group { id } } }`,
		map[string]any{"k": "group-" + strings.ToLower(rand.Text()[:8])}, "saveGroup", "group", "id")
	c.join(t, id, people...)
	return id
}

func (c *campus) join(t *testing.T, group string, people ...string) {
	t.Helper()
	c.run(t, c.admin, `mutation($g: ID!, $u: [ID!]!) { addGroupMembers(groupId: $g, userIds: $u) { changedCount } }`, map[string]any{"g": group, "u": people})
}

// path publishes a learning path of the campus's course, and returns its id.
func (c *campus) path(t *testing.T, name string) string {
	t.Helper()
	slug := name + "-" + strings.ToLower(rand.Text()[:8])
	id := c.draftPath(t, slug)
	c.run(t, c.instructor, `mutation($p: ID!) { publishLearningPath(id: $p) { path { id } } }`, map[string]any{"p": id})
	return id
}

func (c *campus) draftPath(t *testing.T, slug string) string {
	t.Helper()
	return c.ask(t, c.instructor, `mutation($s: String!, $c: ID!) { saveLearningPath(input: {slug: $s, title: "Path", courses: [{courseId: $c}]}) { path { id } } }`,
		map[string]any{"s": slug, "c": c.ids["course"]}, "saveLearningPath", "path", "id")
}

// assignPath puts a person on a learning path and returns the place.
func (c *campus) assignPath(t *testing.T, path, user string) string {
	t.Helper()
	return c.ask(t, c.instructor, `mutation($p: ID!, $u: ID!) { assignPath(input: {pathId: $p, learnerId: $u}) { enrollment { id } } }`,
		map[string]any{"p": path, "u": user}, "assignPath", "enrollment", "id")
}

// attempt starts a quiz and returns the attempt with its first question.
func (c *campus) attempt(t *testing.T, who *stack.Persona, enrollment, quiz string) (attempt, question string) {
	t.Helper()
	document := `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt { id questions { id } } } }`
	data := c.run(t, who, document, map[string]any{"e": enrollment, "l": quiz})
	return dig[string](t, data, "startAttempt", "attempt", "id"), dig[string](t, data, "startAttempt", "attempt", "questions", "0", "id")
}

// apiKey makes a key with these scopes and returns its id and its bearer.
func (c *campus) apiKey(t *testing.T, owner *stack.Persona, scopes ...string) (id string, bearer *stack.Persona) {
	t.Helper()
	data := c.run(t, owner, `mutation($s: [ApiKeyScope!]!) { createApiKey(input: {name: "Key", scopes: $s}) { token apiKey { id } } }`,
		map[string]any{"s": scopes})
	bearer = running.Visitor(c.slug)
	bearer.Token = dig[string](t, data, "createApiKey", "token")
	return dig[string](t, data, "createApiKey", "apiKey", "id"), bearer
}

// announce asks for the upload of a text and returns the asset with where to send it.
func (c *campus) announce(t *testing.T, text string) (asset string, ticket map[string]any) {
	t.Helper()
	return c.announceFile(t, fileInput(text))
}

// announceFile asks for the upload of a file.
func (c *campus) announceFile(t *testing.T, file map[string]any) (asset string, ticket map[string]any) {
	t.Helper()
	data := c.run(t, c.instructor, `mutation($i: RequestUploadInput!) { requestUpload(input: $i) {
		asset { id } upload { method url headers { name value } } } }`, map[string]any{"i": file})
	return dig[string](t, data, "requestUpload", "asset", "id"), dig[map[string]any](t, data, "requestUpload", "upload")
}

// announceLarge asks for the upload of a film that is sent in parts, and returns the asset.
func (c *campus) announceLarge(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256([]byte(rand.Text()))
	data := c.run(t, c.instructor, `mutation($i: RequestUploadInput!) { requestUpload(input: $i) { asset { id } } }`,
		map[string]any{"i": map[string]any{
			"kind": "VIDEO", "fileName": "long.mp4", "contentType": "video/mp4", "size": 100 << 20, "sha256": hex.EncodeToString(sum[:]),
		}})
	return dig[string](t, data, "requestUpload", "asset", "id")
}

// fileInput is a RequestUploadInput for a text.
func fileInput(text string) map[string]any {
	sum := sha256.Sum256([]byte(text))
	return map[string]any{
		"kind": "DOCUMENT", "fileName": "notes.txt", "contentType": "text/plain", "size": len(text), "sha256": hex.EncodeToString(sum[:]),
	}
}

// send uploads what was announced.
func (c *campus) send(t *testing.T, ticket map[string]any, text string) {
	t.Helper()
	header := map[string]string{}
	for _, h := range dig[[]any](t, ticket, "headers") {
		header[dig[string](t, h, "name")] = dig[string](t, h, "value")
	}
	address, err := url.Parse(dig[string](t, ticket, "url"))
	if err != nil {
		t.Fatal(err)
	}
	to := cmp.Or(c.at, running).Visitor("")
	if reply := to.Send(t, dig[string](t, ticket, "method"), address.RequestURI(), header, []byte(text)); reply.Status >= 300 {
		t.Fatalf("upload: status %d %s", reply.Status, reply.Body)
	}
}

// upload brings in a text file and returns the asset.
func (c *campus) upload(t *testing.T, text string) string {
	t.Helper()
	return c.uploadFile(t, fileInput(text), text)
}

// hollowFilm has the form of a film and nothing in it: it is taken, and cannot be converted.
func hollowFilm(tag string) string {
	return "\x00\x00\x00\x18ftypmp42\x00\x00\x02\x00isomiso2" + strings.Repeat("\x00\x00\x00\x08free", 8) + tag
}

func filmInput(tag string) map[string]any {
	file := fileInput(hollowFilm(tag))
	file["kind"], file["fileName"], file["contentType"] = "VIDEO", "film.mp4", "video/mp4"
	return file
}

// uploadFile brings in a file and returns the asset.
func (c *campus) uploadFile(t *testing.T, file map[string]any, content string) string {
	t.Helper()
	asset, ticket := c.announceFile(t, file)
	c.send(t, ticket, content)
	status := c.ask(t, c.instructor, `mutation($a: ID!) { completeUpload(assetId: $a) { asset { status } } }`,
		map[string]any{"a": asset}, "completeUpload", "asset", "status")
	if status != "READY" {
		t.Fatalf("the uploaded file is %s", status)
	}
	return asset
}

// run runs a document that has to succeed and returns its data.
func (c *campus) run(t *testing.T, who *stack.Persona, query string, variables map[string]any) map[string]any {
	t.Helper()
	data := map[string]any{}
	who.MustDo(t, query, variables, &data)
	return data
}

// ask is run for one text in the data.
func (c *campus) ask(t *testing.T, who *stack.Persona, query string, variables map[string]any, path ...string) string {
	t.Helper()
	return dig[string](t, c.run(t, who, query, variables), path...)
}

// list is run for one list in the data.
func (c *campus) list(t *testing.T, who *stack.Persona, query string, variables map[string]any, path ...string) []any {
	t.Helper()
	return dig[[]any](t, c.run(t, who, query, variables), path...)
}

// cursor is where the first page of a connection ends.
func (c *campus) cursor(t *testing.T, who *stack.Persona, connection string) string {
	t.Helper()
	name, _, _ := strings.Cut(connection, "(")
	return c.ask(t, who, `{ `+connection+` { pageInfo { endCursor } } }`, nil, name, "pageInfo", "endCursor")
}

// dig follows names and indexes into data.
func dig[T any](t *testing.T, data any, path ...string) T {
	t.Helper()
	at := data
	for _, step := range path {
		switch node := at.(type) {
		case map[string]any:
			at = node[step]
		case []any:
			var i int
			if err := json.Unmarshal([]byte(step), &i); err != nil || i >= len(node) {
				t.Fatalf("%v has no item %s of %v", data, step, path)
			}
			at = node[i]
		default:
			t.Fatalf("%v has no %s of %v", data, step, path)
		}
	}
	found, ok := at.(T)
	if !ok {
		t.Fatalf("%v at %v is %v", data, path, at)
	}
	return found
}
