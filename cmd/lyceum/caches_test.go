package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/gen/graphql"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/pgtest"
)

// keptCatalog is a question whose answer is kept.
const keptCatalog = `{ courses(first: 50) { nodes { slug title summary instructor { name } modules { title lessons { title } } } } }`

// window is a process as visitors see it.
type window struct {
	*app

	address string
}

// another is one more process over the school's database.
func (s *school) another(t *testing.T) *app {
	t.Helper()
	return startApp(t, s.config)
}

func newWindow(t *testing.T, a *app) window {
	t.Helper()
	server := openDoor(t, a)
	if pool, ok := server.Client().Transport.(*http.Transport); ok {
		pool.MaxIdleConnsPerHost = 64
	}
	return window{a, server.URL}
}

// look asks for the catalog with GET, as a visitor.
func (w window) look(t *testing.T, etag string) (status int, body, tag string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.address+"/graphql?query="+url.QueryEscape(keptCatalog), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "school.localhost"
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header.Get("ETag")
}

// metric is the value of one of the process's metrics, such as `cache_lookups_total{cache="answers",where="filled"}`.
func (w window) metric(t *testing.T, name string) float64 {
	t.Helper()
	recorder := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(recorder.Body.String()) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			var n float64
			if _, err := fmt.Sscan(value, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// retitle gives the course another title and puts it in force.
func (s *school) retitle(t *testing.T, course, title string) {
	t.Helper()
	s.must(t, s.admin, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`,
		map[string]any{"i": map[string]any{"slug": "kept", "title": title, "visibility": "PUBLIC"}}, &struct{}{})
	s.must(t, s.admin, s.documents.Text("publish-course"), map[string]any{"courseId": course}, &struct{}{})
}

// publishKept makes and publishes a course.
func (s *school) publishKept(t *testing.T, title string) (course string) {
	t.Helper()
	s.admin = s.signIn(t, "admin@school.example")
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	s.must(t, s.admin, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`, map[string]any{"i": map[string]any{
		"slug": "kept", "title": title, "visibility": "PUBLIC", "categories": []string{"all"}, "tags": []string{"tag"},
		"price": map[string]any{"amount": 100, "currency": "EUR"},
	}}, &saved)
	course = saved.SaveCourse.Course.ID
	s.saveModule(t, s.admin, course)
	s.saveLesson(t, s.admin, course, "a", `kind: ARTICLE, body: "Words."`)
	s.must(t, s.admin, s.documents.Text("publish-course"), map[string]any{"courseId": course}, &struct{}{})
	return course
}

// sees waits until a visitor is shown the text, and returns how long that took.
func (w window) sees(t *testing.T, text string) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		status, body, _ := w.look(t, "")
		if status == http.StatusOK && strings.Contains(body, text) {
			return time.Since(began)
		}
		if time.Since(began) > twinPatience {
			t.Fatalf("after %s visitors are not shown %q: %d %.300s", twinPatience, text, status, body)
		}
	}
}

// TestWhatIsPublishedIsShown: the process that publishes shows it at once, another one within a second, with Redis and
// without; what is kept is served while Redis is away, and a metric says so. A busy machine may be late with one change or
// another, so that the soonest counts.
func TestWhatIsPublishedIsShown(t *testing.T) {
	t.Parallel()
	redis := cachetest.Start(t)
	s := openSchool(t, t.TempDir(), "REDIS_URL="+redis.URL())
	course := s.publishKept(t, "First title")
	here, there := newWindow(t, s.app), newWindow(t, s.another(t))
	const down, fromRedis, filled = `cache_redis_down`, `cache_lookups_total{cache="answers",where="redis"}`, `cache_lookups_total{cache="answers",where="filled"}`
	for _, w := range []window{here, there} {
		w.sees(t, "First title")
	}
	if here.metric(t, filled) != 1 || there.metric(t, filled) != 0 || there.metric(t, fromRedis) != 1 {
		t.Errorf("filled %v times here and %v there, where %v came from Redis", here.metric(t, filled), there.metric(t, filled), there.metric(t, fromRedis))
	}
	show := func(title string) time.Duration {
		t.Helper()
		_, _, tag := there.look(t, "")
		if status, _, _ := there.look(t, tag); status != http.StatusNotModified {
			t.Errorf("what has not changed is answered with %d", status)
		}
		s.retitle(t, course, title)
		if _, body, _ := here.look(t, ""); !strings.Contains(body, title) {
			t.Errorf("who publishes is not shown %q at once: %.300s", title, body)
		}
		took := there.sees(t, title)
		if status, _, fresh := there.look(t, tag); status != http.StatusOK || fresh == tag {
			t.Errorf("what has changed is answered with %d and the tag %s", status, fresh)
		}
		return took
	}
	told := []time.Duration{show("Second title"), show("Third title"), show("Fourth title")}
	if there.metric(t, down) != 0 {
		t.Error("Redis is said to be away")
	}
	redis.Stop(t)
	alone := []time.Duration{show("Last title")}
	before := there.metric(t, filled)
	for range 20 {
		if status, body, _ := there.look(t, ""); status != http.StatusOK || !strings.Contains(body, "Last title") {
			t.Fatalf("without Redis: %d %.300s", status, body)
		}
	}
	if n := there.metric(t, filled); n != before {
		t.Errorf("without Redis %v answers were made anew, though the process keeps one", n-before)
	}
	// The breaker opens after some looks in a row that Redis did not answer.
	for i := range 10 {
		s.retitle(t, course, fmt.Sprint("Title ", i))
		alone = append(alone, there.sees(t, fmt.Sprint("Title ", i)))
	}
	for how, took := range map[string][]time.Duration{"with Redis": told, "without": alone} {
		if soonest := slices.Min(took); soonest > time.Second {
			t.Errorf("%s another process shows a change after %s at the soonest", how, soonest)
		}
	}
	if there.metric(t, `cache_degraded_total{cache="answers"}`) == 0 || there.metric(t, down) != 1 {
		t.Error("nothing says that Redis is away")
	}
}

// TestThunderingHerd has 1,000 visitors ask at once for what nobody has asked for since it changed: one of them has it
// made, by one process, and the rest wait.
func TestThunderingHerd(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	course := s.publishKept(t, "First title")
	w := newWindow(t, s.app)
	const filled = `cache_lookups_total{cache="answers",where="filled"}`
	for _, title := range []string{"First title", "Second title"} {
		if title != "First title" {
			s.retitle(t, course, title)
		}
		before := w.metric(t, filled)
		const callers, each = 100, 10
		begin := make(chan struct{})
		var herd sync.WaitGroup
		for range callers {
			herd.Go(func() {
				<-begin
				for range each {
					if status, body, _ := w.look(t, ""); status != http.StatusOK || !strings.Contains(body, title) {
						t.Errorf("%d %.300s", status, body)
					}
				}
			})
		}
		close(begin)
		herd.Wait()
		if n := w.metric(t, filled) - before; n != 1 {
			t.Errorf("%s: %v answers were made for 1,000 visitors", title, n)
		}
	}
}

// unmoving are the tables that kept answers are made of and whose rows never change what an answer says.
var unmoving = map[string]string{
	"course_versions": "a version never changes; which one is in force is the publication's to say",
	"placements":      "says which tenant is asked, before anything is kept; remembered for five seconds",
	"domains":         "says which tenant is asked, before anything is kept; remembered for five seconds",
	"epochs":          "the number itself",
}

// TestKeptAnswersAreMadeOfWhatMovesTheEpoch takes from the application every table but those that move the epoch: every
// field that a kept answer can show is shown without them.
func TestKeptAnswersAreMadeOfWhatMovesTheEpoch(t *testing.T) {
	t.Parallel()
	appURL, ownerURL, superuserURL := pgtest.Clone(t)
	s := openSchoolOn(t, appURL, ownerURL, t.TempDir(), "LYCEUM_LIMIT_NODES=10000000")
	s.publishKept(t, "First title")
	super := pgtest.Pool(t, superuserURL)
	exec := func(sql string) {
		t.Helper()
		if _, err := super.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	moving := `SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'move_epoch'::regproc`
	rows, err := super.Query(t.Context(), moving)
	if err != nil {
		t.Fatal(err)
	}
	var granted []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		granted = append(granted, table)
	}
	if rows.Err() != nil || len(granted) < 5 {
		t.Fatalf("%v move the epoch (%v)", granted, rows.Err())
	}
	for table := range unmoving {
		granted = append(granted, table)
	}
	exec(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM lyceum_app`)
	ask := func() string {
		response := s.send(t, everythingKept(), asked{})
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if body := ask(); strings.Contains(body, "First title") {
		t.Errorf("the answer is made of nothing: %.300s", body)
	}
	exec(`GRANT SELECT ON ` + strings.Join(granted, ", ") + ` TO lyceum_app`)
	body := ask()
	var answer struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Errors) > 0 || !strings.Contains(body, "First title") {
		t.Errorf("a kept answer shows what moves no epoch: add a trigger to its table, or its reason to unmoving: %.1000s", body)
	}
}

// everythingKept selects every field that has a hint.
func everythingKept() string {
	schema := graphql.NewExecutableSchema(graphql.Config{}).Schema()
	var document strings.Builder
	var write func(definition *ast.Definition, above []string)
	write = func(definition *ast.Definition, above []string) {
		document.WriteString("{ ")
		for _, field := range definition.Fields {
			hint := field.Directives.ForName("cacheControl")
			if hint == nil || hint.Arguments.ForName("maxAge") == nil || slices.Contains(above, field.Name) {
				continue
			}
			document.WriteString(field.Name)
			if field.Name == "course" {
				document.WriteString(`(slug: "kept")`)
			}
			document.WriteString(" ")
			if below := schema.Types[field.Type.Name()]; below.Kind == ast.Object {
				write(below, append(slices.Clone(above), field.Name))
			}
		}
		document.WriteString("} ")
	}
	write(schema.Query, nil)
	return document.String()
}
