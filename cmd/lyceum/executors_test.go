package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"lyceum/graph"
	"lyceum/graph/lean/leantest"
	"lyceum/graph/transport"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/viewer"
)

// randomDocuments is how many documents are compared, and steadyShare the share of them, in percent, whose answers have
// to be the same each time, with data in them: otherwise nothing is compared.
const (
	randomDocuments = 400
	steadyShare     = 60
)

// TestExecutorsAgree asks random documents of gqlgen's executor and of the lean one, as everybody who has data here, and
// as support without a grant and with one: the answers are the same byte for byte. What gqlgen itself answers differently a second time, such as signed addresses,
// is not compared.
func TestExecutorsAgree(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	slow, fast := s.executedBy(t, graph.ExecutorGqlgen), s.executedBy(t, graph.ExecutorLean)
	seed := rand.Uint64()
	maker := &leantest.Maker{
		Schema: graphql.NewExecutableSchema(graphql.Config{}).Schema(), Random: rand.New(rand.NewPCG(seed, seed)),
		Roots: s.roots(),
	}
	tokens := []string{"", s.learner, s.instructor, s.admin, s.signIn(t, s.person(t, viewer.Support))}
	compare := func(document, token string) (compared bool) {
		t.Helper()
		before, answer, after := slow.ask(t, document, token), fast.ask(t, document, token), slow.ask(t, document, token)
		if before.data != after.data || !slices.Equal(before.errors, after.errors) {
			return false
		}
		if answer.data != before.data || !slices.Equal(answer.errors, before.errors) {
			t.Fatalf("seed %d: the executors answer differently:\n%s\ngqlgen: %s %q\nlean:   %s %q",
				seed, document, before.data, before.errors, answer.data, answer.errors)
		}
		return strings.Contains(before.data, `{"`)
	}
	pages := func() {
		t.Helper()
		for i, document := range s.pages() {
			seen := 0
			for _, token := range tokens {
				if compare(document, token) {
					seen++
				}
			}
			if seen == 0 {
				t.Errorf("nobody is answered to document %d", i)
			}
		}
	}
	pages()
	steady := 0
	for i := range randomDocuments {
		if i == randomDocuments/2 {
			s.must(t, s.admin, s.documents.Text("grant-support"), map[string]any{"reason": "Somebody cannot sign in.", "minutes": 5}, &struct{}{})
			pages()
		}
		if compare(maker.Document(), tokens[i%len(tokens)]) {
			steady++
		}
	}
	if steady*100 < randomDocuments*steadyShare {
		t.Errorf("seed %d: %d of %d documents had answers that could be compared", seed, steady, randomDocuments)
	}
	t.Logf("%d of %d answers were compared", steady, randomDocuments)
}

// executor is the API with one of the executors.
type executor struct{ http.Handler }

// executedBy serves the school's API with the executor.
func (s *school) executedBy(t *testing.T, name string) executor {
	t.Helper()
	other := *s.app
	configured := *s.config
	configured.HTTP.Executor = name
	other.config = &configured
	handler, err := other.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	return executor{handler}
}

// executed is an answer: its data as it was written, and its errors, which come in any order.
type executed struct {
	data   string
	errors []string
}

func (e executor) ask(t *testing.T, document, token string) executed {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Host = "school.localhost"
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var parts struct {
		Data   json.RawMessage   `json:"data"`
		Errors []json.RawMessage `json:"errors"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &parts); err != nil {
		t.Fatalf("%s: %s is no answer: %v", document, w.Body, err)
	}
	answer := executed{data: string(parts.Data)}
	for _, e := range parts.Errors {
		answer.errors = append(answer.errors, string(e))
	}
	slices.Sort(answer.errors)
	return answer
}

// pages are the documents in which rows are written straight to JSON though they have resolvers and guarded fields: as far
// as their viewer may see those.
func (s *school) pages() []string {
	const place = `id state overdue learner { id name email status } course { title instructor { name email } }
		progress { state percent lastActivityAt completedLessons lessons { lessonId state watchedMs } }`
	return []string{
		fmt.Sprintf(`{ enrollments(courseId: %q, first: 5) { nodes { %s } edges { cursor node { %s } } pageInfo { endCursor } } }`, s.listed[0], place, place),
		fmt.Sprintf(`{ myEnrollments(first: 5) { nodes { %s } a: edges { b: node { c: %s } } } }`, place, place),
		fmt.Sprintf(`{ course(id: %q) { title instructor { name email } enrollment { %s } } }`, s.listed[0], place),
		fmt.Sprintf(`{ course(id: %q) { enrollment { %s } } }`, s.asking[many].id, place),
		`{ courses(first: 5) { nodes { title instructor { name email status } enrollment { state } } } }`,
		`{ users(first: 5) { nodes { id name email status role } } }`,
		`{ myCertificates { code learnerName revocationReason } }`,
		`{ viewer { role user { name email } } }`,
		fmt.Sprintf(`{ verifyCertificate(code: %q) { learnerName } }`, s.code),
	}
}

// roots are what can be asked of the school.
func (s *school) roots() []leantest.Root {
	long := s.sized[many]
	roots := []leantest.Root{
		{Name: "node", Call: fmt.Sprintf(`node(id: %q)`, s.listed[0])},
		{Name: "courses", Call: `courses(first: 3)`},
		{Name: "courses", Call: `courses(first: 2, orderBy: TITLE)`},
		{Name: "course", Call: fmt.Sprintf(`course(id: %q)`, long.id)},
		{Name: "course", Call: `course(slug: "no-such-course")`},
		{Name: "lesson", Call: fmt.Sprintf(`lesson(courseId: %q, id: %q)`, long.id, long.lessons["v0"])},
		{Name: "enrollments", Call: fmt.Sprintf(`enrollments(courseId: %q, first: 4)`, s.listed[0])},
		{Name: "courseDraft", Call: fmt.Sprintf(`courseDraft(id: %q)`, long.id)},
		{Name: "verifyCertificate", Call: fmt.Sprintf(`verifyCertificate(code: %q)`, s.code)},
		{Name: "search", Call: `search(query: "Listed", first: 3)`},
	}
	for _, name := range []string{
		"viewer", "users", "sessions", "categories", "courseDrafts", "myEnrollments", "myCertificates", "notifications", "myPoints",
		"myStreak", "myAchievements", "learnerDashboard", "auditLog", "supportGrants", "leaderboard",
	} {
		roots = append(roots, leantest.Root{Name: name, Call: name})
	}
	return roots
}
