//go:build attack

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/gid"
)

type input = map[string]any

// newSide makes a tenant and fills it, through the API, with one of everything: people of every role, courses
// with lessons of every kind, places in them, progress, attempts, certificates, files, keys, sessions and
// notifications. Its admin learns too, so that almost no field is null for an admin.
func (w *attackWorld) newSide(t *testing.T, slug string) *side {
	t.Helper()
	s := w.provision(t, slug)
	f := &filling{attackWorld: w, side: s}
	f.brand(t)
	f.hire(t)
	f.gamify(t)
	f.upload(t)
	f.author(t)
	f.learn(t)
	f.watch(t)
	f.graduate(t)
	f.walk(t)
	f.gather(t)
	f.remember(t, "Course.relaxed", f.relaxed(t))
	f.remember(t, "Course.remade", f.remade(t))
	f.keys(t)
	f.endings(t)
	w.settle(t)
	return s
}

// filling is a side on its way.
type filling struct {
	*attackWorld
	*side
}

// do runs a document as a persona, mutations under an idempotency key.
func (f *filling) do(t *testing.T, persona, document string, variables input, into any) {
	t.Helper()
	header := map[string]string{"X-Request-Id": "request-" + f.trace}
	if strings.HasPrefix(document, "mutation") {
		header["Idempotency-Key"] = uuid.NewString()
	}
	a, err := f.send(t.Context(), question{
		token: f.tokens[persona], host: f.host, document: document, variables: variables, header: header,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Codes) > 0 || a.Status != http.StatusOK {
		t.Fatalf("%.300s\n%v\nstatus %d: %.600s", strings.TrimSpace(document), variables, a.Status, a.Body)
	}
	if into != nil {
		a.take(t, into)
	}
}

func (f *filling) brand(t *testing.T) {
	t.Helper()
	f.do(t, "admin", `mutation($i: BrandingInput!) { updateBranding(input: $i) { tenant { id } } }`, input{"i": input{
		"accent": "#0f766e", "logoUrl": "https://logos.example/" + f.public, "signatory": f.open("Signatory"),
	}}, nil)
	var saved struct {
		SaveCategory struct{ Category struct{ ID string } }
	}
	f.texts["Category.slug"] = "category-" + f.public
	f.do(t, "admin", `mutation($s: String!, $n: String!) { saveCategory(input: {slug: $s, name: $n}) { category { id } } }`,
		input{"s": f.texts["Category.slug"], "n": f.open("Category")}, &saved)
	f.remember(t, "Category", saved.SaveCategory.Category.ID)
}

// hire adds the people and signs them in.
func (f *filling) hire(t *testing.T) {
	t.Helper()
	for _, p := range []struct{ persona, role string }{
		{"instructor", "INSTRUCTOR"},
		{"learner", "LEARNER"},
		{"support", "SUPPORT"},
		{"suspended", "LEARNER"},
		{"expired", "TENANT_ADMIN"},
		{"teacher", "INSTRUCTOR"},
	} {
		name, email := f.secret(p.persona), p.persona+"-"+f.marker+"@"+f.slug+".example"
		if p.role != "LEARNER" && p.role != "SUPPORT" {
			// Who teaches or leads is shown to visitors by name.
			name = f.open(p.persona)
		}
		f.addPerson(t, p.persona, p.role, name, email)
	}
}

func (f *filling) addPerson(t *testing.T, persona, role, name, email string) {
	t.Helper()
	var made struct {
		CreateUser struct{ User struct{ ID string } }
	}
	f.do(t, "admin", `mutation($i: CreateUserInput!) { createUser(input: $i) { user { id } } }`, input{"i": input{
		"email": email, "name": name, "role": role, "password": attackPassword,
	}}, &made)
	f.remember(t, "User", made.CreateUser.User.ID)
	f.people[persona] = rawOf(t, made.CreateUser.User.ID)
	f.tokens[persona] = f.signIn(t, f.side, email)
}

func rawOf(t *testing.T, id string) uuid.UUID {
	t.Helper()
	parsed, err := gid.Parse(id)
	if err != nil {
		t.Fatalf("%q is no id", id)
	}
	return parsed.UUID
}

// upload brings in a film and a text.
func (f *filling) upload(t *testing.T) {
	t.Helper()
	film := "\x00\x00\x00\x18ftypmp42\x00\x00\x02\x00isomiso2" + strings.Repeat("\x00\x00\x00\x08free", 8) + f.marker
	f.remember(t, "Asset", f.uploadFile(t, "notes-"+f.marker+".txt", "DOCUMENT", "text/plain", f.secret("Notes of")))
	f.remember(t, "Asset", f.uploadFile(t, "film-"+f.marker+".mp4", "VIDEO", "video/mp4", film))
	f.texts["Asset.sha256"] = hashOf(f.secret("Notes of"))
	// Of an edit and one that takes it back there is everything to read.
	for _, said := range []string{f.secret("Said by"), f.secret("Said later by")} {
		f.do(t, "instructor", `mutation($i: SaveCaptionsInput!) { saveCaptions(input: $i) { revision { number } } }`, input{"i": input{
			"assetId": f.ids["Asset"][1], "locale": "en", "label": f.secret("English of"), "content": captionsOf(said),
		}}, nil)
	}
	f.do(t, "instructor", `mutation($a: ID!) { revertCaptions(input: {assetId: $a, locale: "en", number: 1}) { revision { number } } }`,
		input{"a": f.ids["Asset"][1]}, nil)
	f.remember(t, "Asset", f.gone(t))
	f.remember(t, "Asset", f.half(t))
}

// gone is a file that was deleted.
func (f *filling) gone(t *testing.T) string {
	t.Helper()
	id := f.uploadFile(t, "gone-"+f.marker+".txt", "DOCUMENT", "text/plain", f.secret("Gone")+uuid.NewString())
	f.do(t, "instructor", `mutation($a: ID!) { deleteAsset(assetId: $a) { asset { status } } }`, input{"a": id}, nil)
	return id
}

// half is a large file of which one part has arrived.
func (f *filling) half(t *testing.T) string {
	t.Helper()
	const parts, partBytes = 5, 16 << 20
	end := f.marker + uuid.NewString()
	var asked struct {
		RequestUpload struct{ Asset struct{ ID string } }
	}
	f.do(t, "instructor", `mutation($i: RequestUploadInput!) { requestUpload(input: $i) { asset { id } } }`, input{"i": input{
		"kind": "VIDEO", "fileName": "half-" + f.marker + ".mp4", "contentType": "video/mp4",
		"size": (parts-1)*partBytes + len(end), "sha256": hashOf(end),
	}}, &asked)
	id := asked.RequestUpload.Asset.ID
	var signed struct {
		SignParts struct {
			Parts []struct {
				Upload struct {
					Method, URL string
					Headers     []struct{ Name, Value string }
				}
			}
		}
	}
	f.do(t, "instructor", `mutation($i: SignPartsInput!) { signParts(input: $i) { parts { upload { method url headers { name value } } } } }`,
		input{"i": input{"assetId": id, "parts": []any{input{"number": parts, "sha256": hashOf(end)}}}}, &signed)
	ticket := signed.SignParts.Parts[0].Upload
	header := map[string]string{}
	for _, h := range ticket.Headers {
		header[h.Name] = h.Value
	}
	f.put(t, ticket.Method, ticket.URL, header, end)
	return id
}

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// uploadInput announces a file.
func uploadInput(name, kind, contentType, content string) input {
	return input{"kind": kind, "fileName": name, "contentType": contentType, "size": len(content), "sha256": hashOf(content)}
}

func (f *filling) uploadFile(t *testing.T, name, kind, contentType, content string) (id string) {
	t.Helper()
	var asked struct {
		RequestUpload struct {
			Asset  struct{ ID string }
			Upload struct {
				Method, URL string
				Headers     []struct{ Name, Value string }
			}
		}
	}
	f.do(t, "instructor", `mutation($i: RequestUploadInput!) { requestUpload(input: $i) {
		asset { id } upload { method url headers { name value } } } }`, input{"i": uploadInput(name, kind, contentType, content)}, &asked)
	ticket := asked.RequestUpload.Upload
	header := map[string]string{}
	for _, h := range ticket.Headers {
		header[h.Name] = h.Value
	}
	f.put(t, ticket.Method, ticket.URL, header, content)
	var done struct {
		CompleteUpload struct{ Asset struct{ Status string } }
	}
	f.do(t, "instructor", `mutation($a: ID!) { completeUpload(assetId: $a) { asset { status } } }`,
		input{"a": asked.RequestUpload.Asset.ID}, &done)
	if done.CompleteUpload.Asset.Status != "READY" {
		t.Fatalf("%s is %s", name, done.CompleteUpload.Asset.Status)
	}
	return asked.RequestUpload.Asset.ID
}

// put sends bytes to where a ticket says.
func (w *attackWorld) put(t *testing.T, method, address string, header map[string]string, content string) {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+to.RequestURI(), bytes.NewReader([]byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = to.Host
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := w.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("upload: status %d, %v %s", response.StatusCode, err, body)
	}
}

// learn gives the admin and the learner the study, and lets them do half of it.
func (f *filling) learn(t *testing.T) {
	t.Helper()
	for _, persona := range []string{"admin", "learner"} {
		enrollment := f.assign(t, f.ids["Course"][0], f.people[persona])
		f.remember(t, "Enrollment", enrollment)
		f.do(t, persona, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
			input{"e": enrollment, "l": f.id("Lesson.ARTICLE")}, nil)
		f.do(t, persona, `mutation($e: ID!, $l: ID!, $s: String!) { recordProgress(input: {enrollmentId: $e, sessionId: $s, sequence: 1, lessons: [
			{lessonId: $l, positionMs: 9000, segments: [{fromMs: 1000, toMs: 9000}]}]}) { completedLessonIds } }`,
			input{"e": enrollment, "l": f.id("Lesson.VIDEO"), "s": uuid.NewString()}, nil)
		f.vouch(t, enrollment)
		graded := f.attempt(t, persona, enrollment)
		f.do(t, persona, `mutation($a: ID!) { submitAttempt(attemptId: $a) { attempt { id } } }`, input{"a": graded}, nil)
		f.remember(t, "Attempt", graded, f.attempt(t, persona, enrollment))
	}
	f.queue(t)
}

// queue lets the learner wait for a course without seats, for two reasons of which one has ended.
func (f *filling) queue(t *testing.T) {
	t.Helper()
	const save = `mutation($i: SaveCourseAdmissionInput!) { saveCourseAdmission(input: $i) { admission { capacity } } }`
	f.do(t, "instructor", save, input{"i": input{"courseId": f.ids["Course"][0], "capacity": 100, "dueDays": 30, "equivalentIds": []any{f.ids["Course"][1]}}}, nil)
	full := f.plainCourse(t, "instructor", "full", f.marker, "MEMBERS")
	f.do(t, "instructor", save, input{"i": input{"courseId": full, "capacity": 0}}, nil)
	place := f.assignOn(t, "instructor", full, f.people["learner"], nil)
	f.assignOn(t, "admin", full, f.people["learner"], input{"source": "PURCHASE", "reference": f.secret("Order"), "endsAt": "2090-01-01T00:00:00Z"})
	f.do(t, "instructor", `mutation($e: ID!) { revokeGrant(input: {enrollmentId: $e, source: STAFF}) { enrollment { id } } }`, input{"e": place}, nil)
	f.remember(t, "Enrollment", place)
}

// longAgo is a date to wait for that is over.
const longAgo = `now > timestamp("2020-01-01T00:00:00Z")`

// watch has a crowd watch the film, large enough to be told of.
func (f *filling) watch(t *testing.T) {
	t.Helper()
	for _, persona := range []string{"teacher", "suspended", "expired"} {
		enrollment := f.assign(t, f.ids["Course"][0], f.people[persona])
		f.do(t, persona, `mutation($e: ID!, $l: ID!, $s: String!) { recordProgress(input: {enrollmentId: $e, sessionId: $s, sequence: 1, lessons: [
			{lessonId: $l, positionMs: 9000, segments: [{fromMs: 0, toMs: 9000}]}]}) { completedLessonIds } }`,
			input{"e": enrollment, "l": f.id("Lesson.VIDEO"), "s": uuid.NewString()}, nil)
	}
}

// relaxed is a course whose rule was relaxed after two people had done what it asks for now: they would be completed.
func (f *filling) relaxed(t *testing.T) string {
	t.Helper()
	course := f.saveCourse(t, "instructor", input{"slug": "relaxed-" + uuid.NewString()[:8], "title": f.secret("Relaxed"), "visibility": "MEMBERS"})
	article := input{"key": "article", "moduleKey": "m", "title": f.secret("Article"), "kind": "ARTICLE", "body": f.secret("Body"), "completion": "read && signed_off"}
	f.saveLesson(t, "instructor", course, article)
	f.publish(t, "instructor", course)
	lesson := f.partsOf(t, course)[2]
	for _, persona := range []string{"admin", "learner"} {
		f.do(t, persona, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
			input{"e": f.assign(t, course, f.people[persona]), "l": lesson}, nil)
	}
	article["completion"] = "read"
	f.saveLesson(t, "instructor", course, article)
	f.publish(t, "instructor", course)
	return course
}

// vouch has staff say what they can of a learner.
func (f *filling) vouch(t *testing.T, enrollment string) {
	t.Helper()
	f.do(t, "instructor", `mutation($e: ID!, $p: ID!, $n: String!) {
		signOffLearner(input: {enrollmentId: $e, partId: $p, note: $n}) { completedLessonIds }
		recordAttendance(input: {enrollmentId: $e, partId: $p, minutes: 45, note: $n}) { completedLessonIds }
		completeForLearner(input: {enrollmentId: $e, lessonId: $p, reason: $n}) { completedLessonIds } }`,
		input{"e": enrollment, "p": f.id("Lesson.FILE"), "n": f.secret("Vouched")}, nil)
}

// assign gives somebody a course and returns the enrollment.
func (f *filling) assign(t *testing.T, course string, user uuid.UUID) string {
	t.Helper()
	return f.assignOn(t, "instructor", course, user, nil)
}

// assignOn is assign by somebody, on terms.
func (f *filling) assignOn(t *testing.T, persona, course string, user uuid.UUID, terms input) string {
	t.Helper()
	var assigned struct {
		AssignCourse struct{ Enrollment struct{ ID string } }
	}
	in := input{
		"courseId": course, "learnerId": gid.New("usr", user).String(), "dueAt": time.Now().Add(240 * time.Hour).UTC().Format(time.RFC3339),
	}
	maps.Copy(in, terms)
	f.do(t, persona, `mutation($i: AssignCourseInput!) { assignCourse(input: $i) { enrollment { id } } }`, input{"i": in}, &assigned)
	return assigned.AssignCourse.Enrollment.ID
}

// attempt starts the quiz, answers all of it and returns the attempt.
func (f *filling) attempt(t *testing.T, persona, enrollment string) string {
	t.Helper()
	var started struct {
		StartAttempt struct {
			Attempt struct {
				ID        string
				Questions []struct{ ID, Kind string }
			}
		}
	}
	f.do(t, persona, `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt { id questions { id kind } } } }`,
		input{"e": enrollment, "l": f.id("Lesson.QUIZ")}, &started)
	attempt := started.StartAttempt.Attempt
	for _, q := range attempt.Questions {
		f.remember(t, "AttemptQuestion", q.ID)
		f.remember(t, "AttemptQuestion."+q.Kind, q.ID)
		f.do(t, persona, `mutation($a: ID!, $q: ID!, $r: ResponseInput!) { saveAnswer(input: {attemptId: $a, questionId: $q, response: $r}) { attempt { id } } }`,
			input{"a": attempt.ID, "q": q.ID, "r": f.response(q.Kind)}, nil)
	}
	return attempt.ID
}

// response answers a question of the kind; the text is not the right one.
func (f *filling) response(kind string) input {
	switch kind {
	case "NUMERIC":
		return input{"number": "2"}
	case "SHORT_TEXT":
		return input{"text": f.secret("Answered")}
	default:
		return input{"choices": []any{"right-" + f.marker}}
	}
}

// graduate lets the admin and the learner complete a course, and takes the learner's certificate back.
func (f *filling) graduate(t *testing.T) {
	t.Helper()
	for _, persona := range []string{"admin", "learner"} {
		var enrolled struct {
			Enroll struct{ Enrollment struct{ ID string } }
		}
		f.do(t, persona, `mutation($c: ID!) { enroll(input: {courseId: $c}) { enrollment { id } } }`, input{"c": f.ids["Course"][1]}, &enrolled)
		enrollment := enrolled.Enroll.Enrollment.ID
		f.remember(t, "Enrollment", enrollment)
		f.do(t, persona, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
			input{"e": enrollment, "l": f.ids["Lesson.ARTICLE"][1]}, nil)
		id, code := f.certificate(t, persona)
		f.remember(t, "Certificate", id)
		if persona == "admin" {
			f.texts["Certificate.code"] = code
			continue
		}
		f.texts["Certificate.code revoked"] = code
		f.do(t, "admin", `mutation($c: ID!, $r: String!) { revokeCertificate(input: {certificateId: $c, reason: $r}) { certificate { id } } }`,
			input{"c": id, "r": f.secret("Reason")}, nil)
	}
}

// certificate waits for a persona's certificate and its document.
func (f *filling) certificate(t *testing.T, persona string) (id, code string) {
	t.Helper()
	var mine struct {
		MyCertificates []struct {
			ID, Code string
			PdfURL   *string
		}
	}
	f.eventually(t, "the certificate of "+persona, func() bool {
		f.do(t, persona, `{ myCertificates { id code pdfUrl } }`, nil, &mine)
		return len(mine.MyCertificates) > 0 && mine.MyCertificates[0].PdfURL != nil
	})
	return mine.MyCertificates[0].ID, mine.MyCertificates[0].Code
}

// keys makes the API keys: one that reads, one for persisted documents, one that is revoked.
func (f *filling) keys(t *testing.T) {
	t.Helper()
	add := func(persona string, scopes ...any) string {
		var made struct {
			CreateAPIKey struct {
				Token  string
				APIKey struct{ ID string }
			}
		}
		f.do(t, "admin", `mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { token apiKey { id } } }`, input{"i": input{
			"name": f.secret("Key"), "scopes": scopes, "expiresAt": "2090-01-01T00:00:00Z",
		}}, &made)
		f.tokens[persona] = made.CreateAPIKey.Token
		f.remember(t, "ApiKey", made.CreateAPIKey.APIKey.ID)
		return made.CreateAPIKey.APIKey.ID
	}
	add("reader", "READ")
	add("key", "PERSISTED")
	revoked := add("revoked key", "READ")
	f.do(t, "reader", `{ viewer { role } }`, nil, nil)
	f.do(t, "admin", `mutation($i: ID!) { revokeApiKey(id: $i) { apiKey { id } } }`, input{"i": revoked}, nil)
}

// idle lets time pass for everybody who is not done: some of them are stuck by now.
func (f *filling) idle(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		`UPDATE enrollments SET enrolled_at = enrolled_at - interval '30 days' WHERE tenant_id = $1 AND state = 'ACTIVE'`,
		`UPDATE course_progresses SET last_activity_at = last_activity_at - interval '30 days' WHERE tenant_id = $1 AND completed_at IS NULL`,
	} {
		if err := f.super(t.Context(), statement, f.tenant); err != nil {
			t.Fatal(err)
		}
	}
}

// endings notes what is left, suspends who is to be suspended, and lets a session expire.
func (f *filling) endings(t *testing.T) {
	t.Helper()
	f.settle(t)
	f.idle(t)
	var read struct {
		Sessions      []struct{ ID string }
		Notifications struct{ Nodes []struct{ ID string } }
		AuditLog      struct{ Nodes []struct{ ID string } }
	}
	f.do(t, "admin", `{ sessions { id } notifications { nodes { id } } auditLog { nodes { id } } }`, nil, &read)
	for _, session := range read.Sessions {
		f.remember(t, "Session", session.ID)
	}
	for _, notification := range read.Notifications.Nodes {
		f.remember(t, "Notification", notification.ID)
	}
	for _, entry := range read.AuditLog.Nodes {
		f.remember(t, "AuditEntry", entry.ID)
	}
	f.support(t)
	f.do(t, "admin", `mutation { setMailPreference(input: {kind: COURSE_COMPLETED, wanted: false}) { mailPreferences { wanted } } }`, nil, nil)
	f.do(t, "admin", `mutation($i: [ID!]) { markNotificationsRead(ids: $i) { marked } }`, input{"i": f.ids["Notification"][:1]}, nil)
	f.do(t, "admin", `mutation($i: ID!) { suspendUser(id: $i) { user { id } } }`,
		input{"i": gid.New("usr", f.people["suspended"]).String()}, nil)
	// Suspending ends the sessions; here it is the suspension itself that must refuse.
	if err := f.super(t.Context(), `UPDATE sessions SET revoked_at = NULL WHERE tenant_id = $1 AND user_id = $2`,
		f.tenant, f.people["suspended"]); err != nil {
		t.Fatal(err)
	}
	// What no request can write yet.
	if err := f.super(t.Context(), `UPDATE users SET locale = $3, time_zone = $3 WHERE tenant_id = $1 AND id = $2`,
		f.tenant, f.people["expired"], f.marker); err != nil {
		t.Fatal(err)
	}
	if err := f.super(t.Context(), `UPDATE assets SET failure = $3 WHERE tenant_id = $1 AND id = $2`,
		f.tenant, rawOf(t, f.ids["Asset"][1]), f.secret("Failure")); err != nil {
		t.Fatal(err)
	}
	if err := f.super(t.Context(), `UPDATE sessions SET expires_at = now() - interval '1 minute' WHERE tenant_id = $1 AND user_id = $2`,
		f.tenant, f.people["expired"]); err != nil {
		t.Fatal(err)
	}
}

// gamify says what deeds are worth and are held against, before anybody does any.
func (f *filling) gamify(t *testing.T) {
	t.Helper()
	f.texts["Achievement.key"] = "first-" + f.marker
	f.do(t, "admin", `mutation($i: SaveAchievementInput!) { saveAchievement(input: $i) { achievement { key } } }`, input{"i": input{
		"key": f.texts["Achievement.key"], "title": f.secret("Achievement"), "description": f.secret("Described"), "rule": "lessons >= 1",
	}}, nil)
	f.do(t, "admin", `mutation($k: String!) { saveAchievement(input: {key: $k, title: "Retired", rule: "lessons >= 1", retired: true}) { achievement { key } } }`,
		input{"k": "retired-" + f.marker}, nil)
	f.do(t, "admin", `mutation { setPointRule(input: {reason: LESSON, points: 10}) { rules { points } } }`, nil, nil)
	for _, persona := range []string{"admin", "learner"} {
		f.do(t, persona, `mutation($p: String!) { setLeaderboardProfile(input: {hidden: false, pseudonym: $p}) { profile { hidden } } }`,
			input{"p": f.marker}, nil)
	}
}

// support grants support and takes the grant back: nobody may read by it any more.
func (f *filling) support(t *testing.T) {
	t.Helper()
	var made struct {
		GrantSupport struct{ Grant struct{ ID string } }
	}
	f.do(t, "admin", `mutation($r: String!) { grantSupport(input: {reason: $r, expiresInMinutes: 60}) { grant { id } } }`,
		input{"r": f.secret("Reason")}, &made)
	f.remember(t, "SupportGrant", made.GrantSupport.Grant.ID)
	f.do(t, "admin", `mutation($i: ID!) { revokeSupportGrant(id: $i) { grant { id } } }`, input{"i": f.id("SupportGrant")}, nil)
}
