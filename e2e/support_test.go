package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/stack"
	"lyceum/internal/platform/gid"
)

// masked is what support reads in place of what is personal.
const masked = "•••"

// helper is a new person of support.
func (c *campus) helper(t *testing.T) (id string, who *stack.Persona) {
	t.Helper()
	return c.person(t, "SUPPORT")
}

// TestSupport lets support in, looks at what they see and what they leave, and shows them out.
func TestSupport(t *testing.T) {
	c := campusOf(t, "globex")
	id, who := c.helper(t)
	ungrant(t, c)
	gives(t, who, "FORBIDDEN", request{"query": `{ users { nodes { id } } }`})
	gives(t, who, "FORBIDDEN", request{"query": `{ courses { nodes { id } } }`})
	self := c.run(t, who, `{ viewer { role user { name email } tenant { slug } } sessions { id } }`, nil)
	if name := dig[string](t, self, "viewer", "user", "name"); !strings.HasPrefix(name, "Somebody") {
		t.Errorf("their own name is %q", name)
	}

	given := grant(t, c)
	t.Run("reads, masked", func(t *testing.T) { supportReads(t, c, id, who) })
	t.Run("takes nothing along", func(t *testing.T) { supportTakesNothing(t, c, who) })
	t.Run("is written down", func(t *testing.T) { supportIsWrittenDown(t, c, id, who, given) })
	t.Run("is shown out", func(t *testing.T) { supportIsShownOut(t, c, who, given) })
	grant(t, c)
}

// supportReads looks for everything that the tenant's people are called, in all that support can select about them.
func supportReads(t *testing.T, c *campus, id string, who *stack.Persona) {
	t.Helper()
	const reads = `query($e: ID!, $a: ID!, $u: ID!, $c: ID!, $k: ID!) {
		users(first: 100) { nodes { id name email role status } edges { cursor } }
		enrollments(courseId: $c, first: 100) { nodes { learner { name email } certificate { code learnerName verifyUrl revocationReason } } }
		attempt(id: $a) { state questions { response { text number choices } } }
		node(id: $u) { ... on User { name email } }
		nodes(ids: [$e, $k]) { ... on Enrollment { learner { name } } ... on Certificate { code learnerName verifyUrl } }
		courseDraft(id: $c) { instructor { name email } versions { publishedBy { name } } }
	}`
	answerText(t, c)
	reply := who.Do(t, reads, input{"e": c.ids["enrollment"], "a": c.ids["attempt"], "u": c.ids["user"], "c": c.ids["course"], "k": c.ids["certificate"]})
	if len(reply.Errors) > 0 {
		t.Fatalf("%+v", reply.Errors)
	}
	text := string(reply.Data)
	own := c.run(t, who, `{ viewer { user { name email } } }`, nil)
	text = strings.ReplaceAll(text, dig[string](t, own, "viewer", "user", "name"), "")
	text = strings.ReplaceAll(text, dig[string](t, own, "viewer", "user", "email"), "")
	for _, personal := range []string{"Somebody", "@globex.example", "Claire", "my own words", "/verify/"} {
		if strings.Contains(text, personal) {
			t.Errorf("support reads %q: %.2000s", personal, text)
		}
	}
	if n := strings.Count(text, masked); n < 20 {
		t.Errorf("only %d masks: %.2000s", n, text)
	}
	var data struct {
		Users struct {
			Nodes []struct{ ID, Name, Email, Role, Status string }
		}
	}
	if err := json.Unmarshal(reply.Data, &data); err != nil {
		t.Fatal(err)
	}
	for _, u := range data.Users.Nodes {
		if (u.ID == id) == (u.Name == masked) || u.Status == "" {
			t.Errorf("%+v, want a mask except for themselves", u)
		}
	}
}

// answerText has the campus's learner write words into an attempt, if they have not yet.
func answerText(t *testing.T, c *campus) {
	t.Helper()
	for _, g := range goodAnswers(t, c) {
		response := dig[map[string]any](t, g.variables, "input", "response")
		if response["text"] == nil {
			continue
		}
		response["text"] = "my own words"
		answer := g.who.Do(t, `mutation($i: SaveAnswerInput!) { saveAnswer(input: $i) { attempt { id } } }`, input{"i": g.variables["input"]})
		var data struct {
			SaveAnswer struct{ Attempt struct{ ID string } }
		}
		if err := json.Unmarshal(answer.Data, &data); err != nil || len(answer.Errors) > 0 {
			t.Fatalf("%v %+v", err, answer.Errors)
		}
		c.ids["attempt"] = data.SaveAnswer.Attempt.ID
	}
}

// supportTakesNothing tries what would carry something out, or tell what is masked.
func supportTakesNothing(t *testing.T, c *campus, who *stack.Persona) {
	t.Helper()
	for _, document := range []string{
		`{ users(filter: {search: "Somebody"}) { nodes { id } } }`,
		`{ auditLog { nodes { id } } }`, `{ supportGrants { nodes { id } } }`, `{ searchToken { token } }`, `{ apiKeys { id } }`,
		`{ assetsByContent(sha256: ["` + strings.Repeat("a", 64) + `"]) { id } }`,
		`{ node(id: "` + c.ids["certificate"] + `") { ... on Certificate { pdfUrl } } }`,
		`{ node(id: "` + c.ids["asset"] + `") { ... on Asset { url } } }`,
		`{ node(id: "` + c.ids["asset"] + `") { ... on Asset { playback { hlsUrl } } } }`,
		`{ node(id: "` + c.ids["asset"] + `") { ... on Asset { parts { count } } } }`,
		`{ asset(id: "` + c.ids["asset"] + `") { id } }`,
		`{ storageUsage { used } }`,
		`mutation { createApiKey(input: {name: "Key", scopes: [READ]}) { token } }`,
		`mutation { updateBranding(input: {signatory: "Support"}) { tenant { id } } }`,
		`mutation { grantSupport(input: {reason: "More.", expiresInMinutes: 1}) { grant { id } } }`,
	} {
		gives(t, who, "FORBIDDEN", request{"query": document})
	}
	for _, id := range []string{c.ids["auditEntry"], c.ids["supportGrant"], c.ids["session"], c.ids["apiKey"], c.ids["notification"]} {
		answer := gives(t, who, "", request{"query": `query($i: ID!) { node(id: $i) { id } }`, "variables": input{"i": id}})
		if string(answer.Data) != `{"node":null}` {
			t.Errorf("%s: %s", id, answer.Data)
		}
	}
}

// supportIsWrittenDown looks for the rows that support's operations left: one each, with what was selected.
func supportIsWrittenDown(t *testing.T, c *campus, id string, who *stack.Persona, given string) {
	t.Helper()
	type entry struct {
		Action, Actor, Role, Subject string
		Data                         []struct{ Name, Value string }
	}
	read := func() []entry {
		var data struct{ AuditLog struct{ Nodes []entry } }
		c.admin.MustDo(t, `query($s: ID!) { auditLog(subject: $s, first: 100) { nodes { action actor role subject data { name value } } } }`,
			map[string]any{"s": given}, &data)
		return data.AuditLog.Nodes
	}
	before := len(read())
	who.Do(t, `query Roster { mine: viewer { role } courses(first: 1) { nodes { id } } ...More } fragment More on Query { categories { id } }`, nil)
	entries := read()
	if len(entries) != before+1 {
		t.Fatalf("%d entries more, want 1", len(entries)-before)
	}
	if e := entries[0]; e.Action != "support.read" || e.Actor != id || e.Role != "SUPPORT" ||
		fmt.Sprint(e.Data) != "[{fields Query.viewer Query.courses Query.categories} {operation Roster}]" {
		t.Errorf("%+v", e)
	}
}

// supportIsShownOut ends the grant under an open stream.
func supportIsShownOut(t *testing.T, c *campus, who *stack.Persona, given string) {
	t.Helper()
	stream := who.Subscribe(t, `subscription { notificationReceived { seq } }`, nil, "")
	defer stream.Close()
	gives(t, who, "", request{"query": `{ courses { nodes { id } } }`})
	c.run(t, c.admin, `mutation($i: ID!) { revokeSupportGrant(id: $i) { grant { revokedAt } } }`, input{"i": given})
	ended := time.Now()
	gives(t, who, "FORBIDDEN", request{"query": `{ courses { nodes { id } } }`})
	select {
	case event, open := <-stream.Events:
		if open {
			t.Errorf("an event after the grant ended: %s", event)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("the stream is open %s after the grant ended", time.Since(ended))
	}
}

// TestSchool: what a K-12 school does differently.
func TestSchool(t *testing.T) {
	c := campusOf(t, "springfield")
	id, pupil := c.person(t, "LEARNER")
	code := c.certificate(t, id, pupil, "school").Code
	name := c.ask(t, pupil, `{ viewer { user { name } } }`, nil, "viewer", "user", "name")
	_, classmate := c.person(t, "LEARNER")
	for who, persona := range map[string]*stack.Persona{"visitor": running.Visitor("springfield"), "classmate": classmate, "teacher": c.instructor} {
		shown := c.ask(t, persona, `query($c: String!) { verifyCertificate(code: $c) { learnerName } }`, input{"c": code}, "verifyCertificate", "learnerName")
		if who == "teacher" && shown != name || who != "teacher" && (shown == name || !strings.HasPrefix(shown, "S. ")) {
			t.Errorf("a %s reads %q of %q", who, shown, name)
		}
	}
	status, page := running.Visitor("springfield").Get(t, "/verify/"+code)
	if status != 200 || strings.Contains(page, name) || !strings.Contains(page, "S. ") {
		t.Errorf("the public page, status %d, spells the name: %s", status, page)
	}
	token := request{"query": `{ searchToken { token } }`}
	gives(t, running.Visitor("springfield"), "UNAUTHENTICATED", token)
	gives(t, classmate, "FORBIDDEN", token)
	gives(t, c.instructor, "", token)
	gives(t, running.Visitor("acme"), "", token)
}

// unowned are root fields with ids that are not about anybody's own things.
var unowned = map[string]string{
	"Mutation.enroll": "the course is everybody's", "Query.enrollments": "for staff alone", "Mutation.assignCourse": "for staff alone",
	"Mutation.revokeCertificate":     "for staff alone",
	"Mutation.signOffLearner":        "for staff alone",
	"Mutation.recordAttendance":      "for staff alone",
	"Mutation.completeForLearner":    "for staff alone",
	"Mutation.applyCompletions":      "for staff alone",
	"Query.completionPreview":        "for staff alone",
	"Query.completionReport":         "for staff alone",
	"Mutation.enrollInPath":          "the path is everybody's",
	"Mutation.assignPath":            "for staff alone",
	"Query.pathEnrollments":          "for staff alone",
	"Mutation.revokePathEnrollment":  "for staff alone",
	"Mutation.markNotificationsRead": "ids that name nothing in the inbox mark nothing",
}

// common are things that classmates may see of each other.
var common = map[string]string{"Query.leaderboard": "who shares a course is on its board"}

// namesSomething reports whether there is an id anywhere in the variables of a request.
func namesSomething(value any) bool {
	switch value := value.(type) {
	case string:
		_, err := gid.Parse(value)
		return err == nil
	case input:
		return slices.ContainsFunc(slices.Collect(maps.Values(value)), namesSomething)
	case []any:
		return slices.ContainsFunc(value, namesSomething)
	default:
		return false
	}
}

// TestOwn tries, for every root field that reaches somebody's own things, the thing of its owner, of a classmate in
// the same course, and of a stranger to the course: the owner finds it, the others find nothing, and so do staff
// where the things are the owner's alone.
func TestOwn(t *testing.T) {
	rows, _ := readMatrix(t)
	schema := loadSchema(t)
	c := campusOf(t, "acme")
	classmateID, classmate := c.person(t, "LEARNER")
	c.assign(t, c.ids["course"], classmateID)
	_, stranger := c.person(t, "LEARNER")
	tried := 0
	for _, r := range roots(schema) {
		i := slices.IndexFunc(rows, func(line row) bool { return line.field == r.Name() })
		line := rows[i]
		if line.scope != "SELF" && line.scope != "COURSE" || !takesID(schema, r) || unowned[r.Name()] != "" {
			continue
		}
		for _, g := range c.owned(t, r) {
			if !namesSomething(g.variables) {
				continue
			}
			tried++
			for name, other := range map[string]*stack.Persona{"classmate": classmate, "stranger": stranger} {
				if name == "classmate" && common[r.Name()] != "" {
					continue
				}
				findsNothing(t, r, name, r.do(t, other, g.variables))
			}
			staff := r.do(t, c.instructor, g.variables)
			if line.scope == "SELF" && g.who != c.instructor {
				findsNothing(t, r, "staff", staff)
			}
			if answer := r.do(t, g.who, g.variables); len(answer.Errors) > 0 || nothing(answer.Data) {
				t.Errorf("%s of their own: %+v %s", r.Name(), answer.Errors, answer.Data)
			}
		}
	}
	if tried < 14 {
		t.Errorf("only %d things were tried", tried)
	}
}

// owned are requests for things that are their owner's.
func (c *campus) owned(t *testing.T, r root) []good {
	t.Helper()
	if r.Name() != "Query.node" && r.Name() != "Query.nodes" {
		return goods[r.Name()](t, c)
	}
	var all []good
	for _, kind := range []string{"enrollment", "pathEnrollment", "attempt", "certificate", "session", "notification", "user"} {
		variables := input{"id": c.ids[kind]}
		if r.Name() == "Query.nodes" {
			variables = input{"ids": []any{c.ids[kind]}}
		}
		all = append(all, good{who: c.learner, variables: variables})
	}
	return all
}

func takesID(schema *ast.Schema, r root) bool {
	return slices.ContainsFunc(r.Field.Arguments, func(a *ast.ArgumentDefinition) bool {
		fields := schema.Types[a.Type.Name()].Fields
		return a.Type.Name() == "ID" || slices.ContainsFunc(fields, func(f *ast.FieldDefinition) bool { return f.Type.Name() == "ID" })
	})
}

// findsNothing checks the answer to somebody who asks for what is not theirs.
func findsNothing(t *testing.T, r root, who string, answer *stack.Answer) {
	t.Helper()
	if code := answer.Code(); code != "NOT_FOUND" && code != "FORBIDDEN" && (code != "" || !nothing(answer.Data)) {
		t.Errorf("%s by %s: %+v %s, want nothing", r.Name(), who, answer.Errors, answer.Data)
	}
}

// relaxed is a course whose rule was relaxed after somebody had done what it asks for now.
func (c *campus) relaxed(t *testing.T) string {
	t.Helper()
	course := c.draft(t, "relaxed")
	c.run(t, c.instructor, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } } }`, input{"c": course})
	released := func(rule string) {
		c.run(t, c.instructor, `mutation($i: SaveLessonInput!) { saveLesson(input: $i) { lesson { id } } }`, input{"i": input{
			"courseId": course, "moduleKey": "m", "key": "a", "title": "Article", "kind": "ARTICLE", "body": "Words.", "completion": rule,
		}})
		c.publish(t, course)
	}
	released("read && signed_off")
	id, who := c.person(t, "LEARNER")
	c.run(t, who, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
		input{"e": c.assign(t, course, id), "l": c.lesson(t, course, 0)})
	released("read")
	return course
}

// quiet are mutations of staff that change nothing for others.
var quiet = map[string]string{
	"Mutation.requestUpload": "a file is announced; nobody sees it until its bytes are there",
	"Mutation.signParts":     "a part of a file that was announced may come; nobody sees it until all of it is there",
}

// changing are requests that change something where those of goods find it as it should be.
var changing = map[string]func(t *testing.T, c *campus) []good{
	"Mutation.reinstateUser": func(t *testing.T, c *campus) []good {
		id, _ := c.person(t, "LEARNER")
		c.run(t, c.admin, `mutation($u: ID!) { suspendUser(id: $u) { user { id } } }`, input{"u": id})
		return []good{{who: c.admin, variables: input{"id": id}}}
	},
	"Mutation.saveCategory": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{"slug": "new-" + strings.ToLower(rand.Text()[:8]), "name": "New"}}}}
	},
	"Mutation.updatePublishingRules": func(_ *testing.T, c *campus) []good {
		return []good{
			{who: c.admin, variables: input{"input": input{"captionsRequired": true}}},
			{who: c.admin, variables: input{"input": input{"captionsRequired": false}}},
		}
	},
	"Mutation.applyCompletions": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{"courseId": c.relaxed(t), "first": 1}}}}
	},
	"Mutation.revertCourse": func(t *testing.T, c *campus) []good {
		course := c.course(t, "reverted")
		c.publish(t, course)
		c.run(t, c.instructor, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Other"}) { module { id } } }`, input{"c": course})
		c.publish(t, course)
		return []good{{who: c.instructor, variables: input{"courseId": course, "number": 1}}}
	},
}

// TestStaffActionsAreRecorded: every mutation that is for staff alone leaves a row that names who did it.
func TestStaffActionsAreRecorded(t *testing.T) {
	rows, _ := readMatrix(t)
	c := campusOf(t, "globex")
	const log = `{ auditLog(first: 1) { nodes { seq actor action subject } } }`
	recorded := 0
	for _, r := range roots(loadSchema(t)) {
		i := slices.IndexFunc(rows, func(line row) bool { return line.field == r.Name() })
		if r.Kind != ast.Mutation || rows[i].cells["learner"] == allow || quiet[r.Name()] != "" {
			continue
		}
		requests := goods[r.Name()]
		if changing[r.Name()] != nil {
			requests = changing[r.Name()]
		}
		for _, g := range requests(t, c) {
			// Whatever was prepared for it is quiet now.
			settled(t)
			before := dig[float64](t, c.run(t, c.admin, log, nil), "auditLog", "nodes", "0", "seq")
			if answer := r.do(t, g.who, g.variables); len(answer.Errors) > 0 {
				t.Errorf("%s: %+v", r.Name(), answer.Errors)
				continue
			}
			me := c.ask(t, g.who, `{ viewer { user { id } } }`, nil, "viewer", "user", "id")
			const since = `query { auditLog(first: 20) { nodes { seq actor action } } }`
			found := false
			for _, entry := range c.list(t, c.admin, since, nil, "auditLog", "nodes") {
				found = found || dig[float64](t, entry, "seq") > before && dig[string](t, entry, "actor") == me
			}
			if !found {
				t.Errorf("%s: nothing of it is in the audit log", r.Name())
			}
			recorded++
		}
	}
	if recorded < 20 {
		t.Errorf("only %d actions were looked for", recorded)
	}
}
