package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/stack"
)

// allow is the cell of a caller who may.
const allow = "allow"

// last are the fields that end what the test stands on, and so are tried after all others.
var last = []string{"changePassword", "rotateSession", "revokeSessions", "signOut"}

// row is a line of the matrix: a field, and what each kind of caller meets there.
type row struct {
	field, scope, support, k12 string
	cells                      map[string]string
}

// readMatrix reads docs/access-matrix.csv, which the generator writes from the schema.
func readMatrix(t *testing.T) (rows []row, columns []string) {
	t.Helper()
	file, err := os.Open("../docs/access-matrix.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	reader := csv.NewReader(file)
	reader.Comment = '#'
	lines, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns = lines[0][4:]
	for _, line := range lines[1:] {
		r := row{field: line[0], scope: line[1], support: line[2], k12: line[3], cells: map[string]string{}}
		for i, column := range columns {
			r.cells[column] = line[4+i]
		}
		rows = append(rows, r)
	}
	return rows, columns
}

// actor is somebody who stands for a column of the matrix.
type actor struct {
	who *stack.Persona
	// id is the person's, "" for visitors; of a key that of its owner.
	id string
}

// castOf makes a person for each column.
func castOf(t *testing.T, c *campus) map[string]*actor {
	t.Helper()
	member := func(role string) *actor {
		id, who := c.person(t, "LEARNER")
		c.assign(t, c.ids["course"], id) // so that their subscription has something to say
		c.join(t, c.ids["group"], id)    // so that there is something to refuse to who learns in it
		c.run(t, c.admin, `mutation($u: ID!, $r: Role!) { changeUserRole(id: $u, role: $r) { user { id } } }`, input{"u": id, "r": role})
		return &actor{who, id}
	}
	owner := member("TENANT_ADMIN")
	key := func(scope string) *actor {
		_, bearer := c.apiKey(t, owner.who, scope)
		return &actor{bearer, owner.id}
	}
	return map[string]*actor{
		"anonymous": {who: running.Visitor(c.slug)}, "learner": member("LEARNER"), "instructor": member("INSTRUCTOR"),
		"tenant admin": member("TENANT_ADMIN"), "support without grant": member("SUPPORT"), "support with grant": member("SUPPORT"),
		"key READ": key("READ"), "key WRITE": key("WRITE"), "key PERSISTED": key("PERSISTED"),
	}
}

// trial runs the cells of the matrix on a campus.
type trial struct {
	c       *campus
	schema  *ast.Schema
	cast    map[string]*actor
	fields  map[string]root
	guarded map[string]way
	counted map[string]int
	// open is a course that everybody sees, quiz its quiz and mine the place in it of the owner of the keys; drafts is
	// a course that was not published, and certificate somebody's.
	open, quiz, mine, drafts, certificate string
	// staff are the fields that neither learners nor visitors may select.
	staff map[string]bool
	// refused are the fields of staff at which each person was turned away.
	refused map[string]map[string]bool
}

// TestRoles runs every cell of docs/access-matrix.csv, for every root field and for every guarded field below:
// whoever is refused meets exactly that code, and nothing is written but that they tried; whoever is allowed is not
// refused.
func TestRoles(t *testing.T) {
	rows, columns := readMatrix(t)
	c := campusOf(t, "acme")
	r := &trial{c: c, schema: loadSchema(t), cast: castOf(t, c), fields: map[string]root{}, counted: map[string]int{}, staff: map[string]bool{}, refused: map[string]map[string]bool{}}
	for _, field := range roots(r.schema) {
		r.fields[field.Name()] = field
	}
	r.guarded = r.ways(t)
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Index(last, fieldName(a)) - slices.Index(last, fieldName(b)) })
	for _, line := range rows {
		r.staff[line.field] = line.cells["learner"] != allow && line.cells["anonymous"] != allow
		if _, isRoot := r.fields[line.field]; !isRoot && r.guarded[line.field] == nil {
			t.Errorf("nobody has said how to reach %s: add it to ways", line.field)
		}
	}

	ungrant(t, c)
	r.deny(t, rows, slices.DeleteFunc(slices.Clone(columns), func(column string) bool { return column == "support with grant" }))
	r.let(t, rows, []string{"support without grant"})
	grant(t, c)
	r.deny(t, rows, []string{"support with grant"})
	r.let(t, rows, slices.DeleteFunc(slices.Clone(columns), func(column string) bool { return column == "support without grant" }))
	if want := len(rows) * len(columns); r.counted["denied"]+r.counted["allowed"] != want {
		t.Errorf("%v cells were run, there are %d", r.counted, want)
	}
	t.Logf("%d fields, %d cells run: %d allowed, %d denied; %d refusals at staff fields are in the audit log",
		len(rows), r.counted["denied"]+r.counted["allowed"], r.counted["allowed"], r.counted["denied"], r.counted["noted"])
}

func fieldName(r row) string { return r.field[strings.Index(r.field, ".")+1:] }

// ungrant ends every grant of support in the tenant.
func ungrant(t *testing.T, c *campus) {
	t.Helper()
	for _, g := range c.list(t, c.admin, `{ supportGrants(first: 100) { nodes { id } } }`, nil, "supportGrants", "nodes") {
		c.run(t, c.admin, `mutation($i: ID!) { revokeSupportGrant(id: $i) { grant { id } } }`, input{"i": dig[string](t, g, "id")})
	}
}

// grant lets support in and returns the grant.
func grant(t *testing.T, c *campus) string {
	t.Helper()
	return c.ask(t, c.admin, `mutation { grantSupport(input: {reason: "A test.", expiresInMinutes: 240}) { grant { id } } }`, nil, "grantSupport", "grant", "id")
}

// deny runs the cells of these columns that refuse, and looks at what they left.
func (r *trial) deny(t *testing.T, rows []row, columns []string) {
	t.Helper()
	before := settled(t)
	for _, line := range rows {
		for _, column := range columns {
			if want := line.cells[column]; want != allow {
				r.counted["denied"]++
				r.denied(t, line, column, want)
			}
		}
	}
	after := settled(t)
	for name, hash := range after {
		if before[name] != hash && !strings.HasPrefix(name, "audit_") {
			t.Errorf("who was refused changed table %s", name)
		}
	}
	r.noted(t)
}

// denied runs one cell that refuses.
func (r *trial) denied(t *testing.T, line row, column, want string) {
	t.Helper()
	caller := r.cast[column]
	var answer *stack.Answer
	if field, isRoot := r.fields[line.field]; isRoot {
		answer = field.do(t, caller.who, values(r.schema, field, r.c))
	} else {
		document, variables := r.guarded[line.field](column)
		answer = caller.who.Do(t, document, variables)
	}
	if answer.Code() != want || len(answer.Errors) != 1 {
		t.Errorf("%s as %s: %+v %s, want %s", line.field, column, answer.Errors, answer.Data, want)
	}
	// What a key of persisted documents may not send is refused before any field is looked at.
	if caller.id == "" || column == "key PERSISTED" {
		return
	}
	at := line.field
	if path := answer.Errors; len(path) > 0 && len(path[0].Path) == 1 && r.fields[line.field].Field == nil {
		at = "Query." + firstField(path[0].Path)
	}
	if !r.staff[at] {
		return
	}
	if r.refused[caller.id] == nil {
		r.refused[caller.id] = map[string]bool{}
	}
	r.refused[caller.id][at] = true
}

func firstField(path []any) string {
	name, _ := path[0].(string)
	return name
}

// noted compares what the audit log says of refusals with those that happened.
func (r *trial) noted(t *testing.T) {
	t.Helper()
	for person, fields := range r.refused {
		logged := map[string]int{}
		document := `query($s: ID!, $a: Cursor) { auditLog(subject: $s, first: 100, after: $a) { nodes { action actor data { name value } } pageInfo { hasNextPage endCursor } } }`
		for after, more := any(nil), true; more; {
			data := r.c.run(t, r.c.admin, document, input{"s": person, "a": after})
			for _, entry := range dig[[]any](t, data, "auditLog", "nodes") {
				if dig[string](t, entry, "action") == "access.denied" && dig[string](t, entry, "actor") == person {
					logged[dig[string](t, entry, "data", "0", "value")]++
				}
			}
			more = dig[bool](t, data, "auditLog", "pageInfo", "hasNextPage")
			if more {
				after = dig[string](t, data, "auditLog", "pageInfo", "endCursor")
			}
		}
		for field := range fields {
			if logged[field] == 0 {
				t.Errorf("that %s was turned away at %s is not in the audit log: %v", person, field, slices.Sorted(maps.Keys(logged)))
			}
			r.counted["noted"] += logged[field]
		}
		for field, times := range logged {
			if !fields[field] {
				t.Errorf("%s is in the audit log at %s %d times, where they were not turned away", person, field, times)
			}
		}
	}
	clear(r.refused)
}

// let runs the cells of these columns that allow.
func (r *trial) let(t *testing.T, rows []row, columns []string) {
	t.Helper()
	documents := readyDocuments(t)
	for _, line := range rows {
		for _, column := range columns {
			if line.cells[column] != allow {
				continue
			}
			r.counted["allowed"]++
			if column == "key PERSISTED" {
				r.letPersisted(t, line, documents)
				continue
			}
			answer := r.run(t, line, column)
			if code := answer.Code(); code == "FORBIDDEN" || code == "UNAUTHENTICATED" || code == "INTERNAL" {
				t.Errorf("%s as %s: %s: %s", line.field, column, code, answer.Errors[0].Message)
			}
			if line.field == "Mutation.rotateSession" && !strings.HasPrefix(column, "key") {
				r.cast[column].who.Token = rotated(t, answer)
			}
		}
	}
}

// run selects the field as the column's caller.
func (r *trial) run(t *testing.T, line row, column string) *stack.Answer {
	t.Helper()
	if field, isRoot := r.fields[line.field]; isRoot {
		return field.do(t, elsewhere(r.cast[column].who), values(r.schema, field, r.c))
	}
	document, variables := r.guarded[line.field](column)
	if column == "key WRITE" {
		document, variables = r.written(line.field)
	}
	return r.cast[column].who.Do(t, document, variables)
}

// written reaches a guarded field below a mutation: the way of keys that write and do not read. What no mutation
// answers with is asked for below one that says who is there.
func (r *trial) written(field string) (document string, variables map[string]any) {
	const draft = `mutation($c: ID!) { publishCourse(input: {courseId: $c}) { course { %s } } }`
	const place = `mutation($c: ID!) { enroll(input: {courseId: $c}) { enrollment { course { %s } } } }`
	selections := map[string]string{
		"User.email": "instructor { email }", "User.status": "instructor { status }",
		"LessonDraft.quiz": "modules { lessons { quiz { passMark } } }", "Asset.url": "modules { lessons { asset { url } } }", "Asset.parts": "modules { lessons { asset { parts { count } } } }",
		"Asset.playback":    "modules { lessons { asset { playback { hlsUrl } } } }",
		"Course.enrollment": "enrollment { id }", "Lesson.content": "modules { lessons { content { __typename } } }",
		"Lesson.progress":      "modules { lessons { progress { state } } }",
		"QuizContent.attempts": "modules { lessons { content { ... on QuizContent { attempts { id } } } } }",
	}
	switch {
	case field == "AttemptQuestion.result":
		return `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt { questions { result { correct } } } } }`,
			input{"e": r.mine, "l": r.quiz}
	case field == "Certificate.pdfUrl":
		return `mutation($i: ID!) { revokeCertificate(input: {certificateId: $i, reason: "A test."}) { certificate { pdfUrl } } }`, input{"i": r.certificate}
	case slices.Contains([]string{"User.email", "User.status", "LessonDraft.quiz", "Asset.url", "Asset.parts", "Asset.playback"}, field):
		return fmt.Sprintf(draft, selections[field]), input{"c": r.drafts}
	case selections[field] != "":
		return fmt.Sprintf(place, selections[field]), input{"c": r.open}
	default:
		return `mutation { saveCategory(input: {slug: "roles", name: "Roles"}) { category { id } } }`, nil
	}
}

// letPersisted runs the ready document that selects the field, with a key that runs nothing else.
func (r *trial) letPersisted(t *testing.T, line row, documents map[string]string) {
	t.Helper()
	key := r.cast["key PERSISTED"].who
	field, isRoot := r.fields[line.field]
	if !isRoot || field.Kind == ast.Subscription {
		return // the documents select what they select; streams are for browsers
	}
	for name, text := range documents {
		if !strings.Contains(text, "\n  "+field.Field.Name) || !strings.Contains(text, "\nquery") {
			continue
		}
		variables := values(r.schema, field, r.c)
		maps.Copy(variables, input{"slug": "roles", "pathSlug": "roles", "code": "roles", "query": "roles", "id": unheardOf(r.c.ids["course"]), "courseId": unheardOf(r.c.ids["course"])})
		body, err := json.Marshal(request{"documentId": name, "variables": variables})
		if err != nil {
			t.Fatal(err)
		}
		reply := key.Send(t, "POST", "/graphql", map[string]string{"Content-Type": "application/json"}, body)
		answer := &stack.Answer{}
		if err := json.Unmarshal(reply.Body, answer); err != nil {
			t.Fatal(err)
		}
		if code := answer.Code(); code == "FORBIDDEN" || code == "UNAUTHENTICATED" || code == "INTERNAL" {
			t.Errorf("document %s by a key of persisted documents: %s: %s", name, code, answer.Errors[0].Message)
		}
	}
	gives(t, key, "FORBIDDEN", request{"query": field.Document, "variables": values(r.schema, field, r.c)})
}

// readyDocuments are the texts of the documents that keys of persisted documents may run, by name.
func readyDocuments(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../docs/operations/*.graphql")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no ready documents: %v", err)
	}
	documents := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		documents[strings.TrimSuffix(filepath.Base(path), ".graphql")] = string(text)
	}
	return documents
}

// rotated reads the new token of a session.
func rotated(t *testing.T, answer *stack.Answer) string {
	t.Helper()
	var data struct {
		RotateSession struct{ Token string }
	}
	if err := json.Unmarshal(answer.Data, &data); err != nil || data.RotateSession.Token == "" {
		t.Fatalf("rotateSession: %s %+v", answer.Data, answer.Errors)
	}
	return data.RotateSession.Token
}

// way is how a guarded field below the root is reached by the caller of a column: at something that is nobody's or
// everybody's, where there is such a thing.
type way func(column string) (document string, variables map[string]any)

func always(document string, variables map[string]any) way {
	return func(string) (string, map[string]any) { return document, variables }
}

// ways says it for every guarded field.
func (r *trial) ways(t *testing.T) map[string]way {
	t.Helper()
	c := r.c
	open, quiz := openCourse(t, c)
	lesson := input{"c": open, "l": quiz}
	drafts := c.course(t, "keys")
	r.open, r.quiz, r.drafts, r.mine = open, quiz, drafts, c.assign(t, open, r.cast["key WRITE"].id)
	c.run(t, c.instructor, `mutation($c: ID!, $a: ID!) { saveLesson(input: {courseId: $c, moduleKey: "m", key: "f", title: "File", kind: FILE, assetId: $a}) { lesson { id } } }`,
		input{"c": drafts, "a": c.ids["asset"]})
	c.run(t, c.instructor, `mutation($c: ID!) { arrangeCourse(input: {courseId: $c, modules: [{key: "m", lessons: ["f"]}]}) { course { id } } }`, input{"c": drafts})
	stated := c.newCertificate(t, "matrix")
	r.certificate = stated.ID
	// What is somebody's is looked at by them, so that it is the role which decides.
	own := func(field string) way {
		return always(`{ viewer { user { `+field+` } } }`, nil)
	}
	visitorsSee := func(mine way, visitors string) way {
		return func(column string) (string, map[string]any) {
			if column == "anonymous" {
				return visitors, input{"c": open}
			}
			return mine(column)
		}
	}
	// Support without a grant looks at others: at themselves they need none.
	people := func(field string) way {
		return func(column string) (string, map[string]any) {
			if strings.HasPrefix(column, "support") {
				return `query($u: ID!) { node(id: $u) { ... on User { ` + field + ` } } }`, input{"u": c.ids["user"]}
			}
			return visitorsSee(own(field), `query($c: ID!) { course(id: $c) { instructor { `+field+` } } }`)(column)
		}
	}
	byRoot := func(visitors, others string, variables map[string]any) way {
		return func(column string) (string, map[string]any) {
			if column == "anonymous" {
				return visitors, nil
			}
			return others, variables
		}
	}
	return map[string]way{
		"User.email":              people("email"),
		"User.status":             people("status"),
		"Course.enrollment":       always(`query($c: ID!) { course(id: $c) { enrollment { id } } }`, input{"c": open}),
		"Group.members":           always(`query($g: ID!) { group(id: $g) { members { nodes { since } } } }`, input{"g": c.ids["group"]}),
		"LearningPath.enrollment": always(`query($p: ID!) { learningPath(id: $p) { enrollment { id } } }`, input{"p": c.ids["path"]}),
		"LearningPathCourse.draft": func(column string) (string, map[string]any) {
			if strings.HasPrefix(column, "support") {
				return `{ allLearningPaths(first: 1) { nodes { courses { draft { id } } } } }`, nil
			}
			return `query($p: ID!) { learningPath(id: $p) { courses { draft { id } } } }`, input{"p": c.ids["path"]}
		},
		"Lesson.content":  always(`query($c: ID!, $l: ID!) { lesson(courseId: $c, id: $l) { content { __typename } } }`, lesson),
		"Lesson.progress": always(`query($c: ID!, $l: ID!) { lesson(courseId: $c, id: $l) { progress { state } } }`, lesson),
		"QuizContent.attempts": always(`query($c: ID!, $l: ID!) { lesson(courseId: $c, id: $l) { content { ... on QuizContent { attempts { id } } } } }`,
			lesson),
		"LessonDraft.quiz": always(`query($c: ID!) { courseDraft(id: $c) { modules { lessons { quiz { questions { choices { correct } } } } } } }`, input{"c": drafts}),
		"Asset.url":        always(`query($c: ID!) { courseDraft(id: $c) { modules { lessons { asset { url } } } } }`, input{"c": drafts}),
		"Asset.parts":      always(`query($c: ID!) { courseDraft(id: $c) { modules { lessons { asset { parts { count } } } } } }`, input{"c": drafts}),
		"Asset.playback":   always(`query($c: ID!) { courseDraft(id: $c) { modules { lessons { asset { playback { hlsUrl } } } } } }`, input{"c": drafts}),
		"AttemptQuestion.result": byRoot(`{ attempt(id: "`+c.ids["attempt"]+`") { id } }`,
			`query($a: ID!) { attempt(id: $a) { questions { result { correct } } } }`, input{"a": c.ids["attempt"]}),
		"Certificate.pdfUrl": byRoot(`{ myCertificates { pdfUrl } }`,
			`query($i: ID!) { node(id: $i) { ... on Certificate { pdfUrl } } }`, input{"i": c.ids["certificate"]}),
		"CertificateVerification.learnerName": always(`query($c: String!) { verifyCertificate(code: $c) { learnerName } }`, input{"c": stated.Code}),
	}
}

// openCourse publishes a course that everybody sees, with a quiz that everybody may look at.
func openCourse(t *testing.T, c *campus) (course, quiz string) {
	t.Helper()
	course = c.course(t, "open")
	slug := c.ask(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { slug } }`, input{"c": course}, "courseDraft", "slug")
	c.run(t, c.instructor, `mutation($c: ID!, $s: String!) {
		saveCourse(input: {slug: $s, title: "Open", visibility: PUBLIC}) { course { id } }
		saveLesson(input: {courseId: $c, moduleKey: "m", key: "q", title: "Quiz", kind: QUIZ, preview: true, quiz: {passMark: 50, questions: [
			{key: "one", kind: SHORT_TEXT, prompt: "Who?", text: {accepted: ["I"]}}
		]}}) { lesson { id } }
	}`, input{"c": course, "s": slug})
	c.publish(t, course)
	return course, c.lesson(t, course, 2)
}

// values fills a field's arguments with what is well-formed, and as far as possible unheard of: this is about
// roles, not about what the field then finds.
func values(schema *ast.Schema, r root, c *campus) map[string]any {
	switch r.Field.Name {
	case "signIn":
		return input{"input": input{"email": "learner@acme.example", "password": stack.Password}}
	case "changePassword":
		return input{"input": input{"current": stack.Password, "new": stack.Password + " again"}}
	case "notificationReceived":
		return input{"after": 0}
	case "rotateSession":
		return nil
	}
	filled := map[string]any{}
	for _, argument := range r.Field.Arguments {
		if argument.Type.NonNull || len(r.Field.Arguments) == 1 && argument.Type.Name() != "ID" {
			filled[argument.Name] = filler(schema, argument.Type, c)
		}
	}
	return filled
}

// filler is a well-formed value of a type.
func filler(schema *ast.Schema, typ *ast.Type, c *campus) any {
	if typ.Elem != nil {
		return []any{filler(schema, typ.Elem, c)}
	}
	definition := schema.Types[typ.Name()]
	switch definition.Kind {
	case ast.Enum:
		return definition.EnumValues[len(definition.EnumValues)-1].Name
	case ast.InputObject:
		object := map[string]any{}
		for _, field := range definition.Fields {
			if field.Type.NonNull {
				object[field.Name] = filler(schema, field.Type, c)
			}
		}
		return object
	default:
		return map[string]any{
			"ID": unheardOf(c.ids["course"]), "String": "roles", "Int": 1, "Float": 1.5, "Boolean": true, "Bytes": 1, "Time": "2090-01-01T00:00:00Z",
		}[definition.Name]
	}
}
