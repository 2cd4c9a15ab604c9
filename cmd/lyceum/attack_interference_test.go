//go:build attack

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"lyceum/docs/operations"
	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
	"lyceum/internal/policy"
)

// neighbours is how many times as large as the attacker the rest becomes.
const neighbours = 10

// TestAttackNonInterference asks all that one tenant can read, lets ten others come that have the same of everything
// (names, slugs, categories, tags, addresses, words, times), and asks again. The answers are the same in every byte
// but the signatures, and take as many statements. In the end the walls are taken down, and the answers differ.
func TestAttackNonInterference(t *testing.T) {
	t.Parallel()
	w := newEmptyAttackWorld(t, nothingKept...)
	// The first to ask is refused and written down; who asks again reads the same log, however long it takes.
	w.services.Compliance.RefusedEvery = time.Hour
	w.attacker = w.newSide(t, attackerSlug)
	w.victim = w.provision(t, victimSlug)
	w.remainSeen(t)
	reads := w.allReads(t, w.attacker)
	for name, one := range w.capture(t, reads) { // fills the caches
		if slices.Contains(unattacked, one.code) || one.status == http.StatusUnauthorized {
			t.Errorf("%s compares nothing: %s", name, one)
		}
	}
	alone := w.capture(t, reads)
	w.capture(t, reads).best(alone)
	rows := 0
	for i := range neighbours {
		rows += w.copySide(t, w.attacker, fmt.Sprint("neighbour-", i))
	}
	if err := w.super(t.Context(), `ANALYZE`); err != nil {
		t.Fatal(err)
	}
	crowded := w.capture(t, reads)
	for range 10 {
		if len(crowded.costlier(alone)) == 0 {
			break
		}
		w.capture(t, reads).best(crowded)
	}
	for _, name := range crowded.differing(alone) {
		t.Errorf("%s\nalone:   %.800s\ncrowded: %.800s", name, alone[name].body, crowded[name].body)
	}
	for _, name := range crowded.costlier(alone) {
		t.Errorf("%s takes %d statements, and %d among others", name, alone[name].statements, crowded[name].statements)
	}
	if rows < 1000 || len(reads) < 200 {
		t.Errorf("only %d rows, %d reads", rows, len(reads))
	}
	noticed := w.withoutWalls(t, func() []string { return w.capture(t, reads).differing(alone) })
	for _, must := range []string{"catalog of admin", "people of admin", "search of learner"} {
		if !slices.Contains(noticed, must) {
			t.Errorf("without any wall %s is the same: it would not have been noticed", must)
		}
	}
	t.Logf("non-interference: %d reads the same with %d rows of %d tenants beside; %d of them differ without walls",
		len(reads), rows, neighbours, len(noticed))
}

// read is a request that changes nothing.
type read struct {
	question

	name string
}

// captured are answers by the name of the read.
type captured map[string]observed

// best keeps the fewest statements of each: a busy machine splits what loaders gather.
func (c captured) best(into captured) {
	for name, one := range c {
		kept := into[name]
		kept.statements = min(kept.statements, one.statements)
		into[name] = kept
	}
}

// differing are the reads whose answers are not the same.
func (c captured) differing(from captured) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		one, other := c[name], from[name]
		one.statements, other.statements = 0, 0
		if one != other {
			names = append(names, name)
		}
	}
	return names
}

// costlier are the reads that take more statements.
func (c captured) costlier(than captured) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if c[name].statements > than[name].statements {
			names = append(names, name)
		}
	}
	return names
}

// signed are the parts of an answer that are made anew each time.
var signed = []struct {
	part *regexp.Regexp
	mask string
}{
	{regexp.MustCompile(`(/v/|\bsig=)\d+\.[a-z0-9]+\.[\w-]+`), "${1}SIGNATURE"},
	{regexp.MustCompile(`"(remaining|traceId|asOf)":("[^"]*"|\d+)`), `"$1":"X"`},
	{regexp.MustCompile(`("(?:content|playback)":\{[^{}]*?"expiresAt"):"[^"]*"`), `$1:"X"`},
}

// capture asks everything.
func (w *attackWorld) capture(t *testing.T, reads []read) captured {
	t.Helper()
	got := captured{}
	for _, r := range reads {
		a, err := w.send(t.Context(), r.question)
		if err != nil {
			t.Fatal(err)
		}
		body := inOrder(t, a.Body)
		for _, s := range signed {
			body = s.part.ReplaceAllString(body, s.mask)
		}
		got[r.name] = observed{a.Status, a.Code(), body, a.Header.Get("Retry-After"), a.Statements}
	}
	return got
}

// inOrder is a body whose errors are in alphabetical order: fields that fail at the same time come in any.
func inOrder(t *testing.T, body []byte) string {
	t.Helper()
	var answer struct {
		Errors []json.RawMessage `json:"errors"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Errors) < 2 {
		return string(body)
	}
	before := bytes.Join(raw(answer.Errors), []byte(","))
	slices.SortFunc(answer.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	return string(bytes.Replace(body, before, bytes.Join(raw(answer.Errors), []byte(",")), 1))
}

func raw(parts []json.RawMessage) [][]byte {
	all := make([][]byte, len(parts))
	for i, part := range parts {
		all[i] = part
	}
	return all
}

// readers are who reads: staff, a learner and a visitor.
var readers = []string{"admin", "instructor", "learner", "visitor"}

// allReads are the generated queries, the ready documents, and what people type.
func (w *attackWorld) allReads(t *testing.T, s *side) []read {
	t.Helper()
	var all []read
	as := func(personas []string, name, document string, variables map[string]any) {
		for _, persona := range personas {
			all = append(all, read{name: name + " of " + persona, question: question{
				token: s.tokens[persona], host: s.host, document: document, variables: variables,
			}})
		}
	}
	add := func(name, document string, variables map[string]any) { as(readers, name, document, variables) }
	surface, registry := loadSurface(t), w.providers(t, s)
	binder := attack.NewBinder(surface.Schema, registry)
	for _, o := range surface.Grouped(ast.Query, surface.Queries, registry.Wanted) {
		for i, variables := range binder.Bind(o) {
			// The admin sees most; for the others one set of arguments is enough.
			personas := readers[:1]
			if i == 0 {
				personas = readers
			}
			as(personas, fmt.Sprint(o.Pairs()[0], " ", i), o.Document, variables)
		}
	}
	w.readyReads(t, s, add)
	w.typedReads(s, add)
	return all
}

// readyReads adds the queries of docs/operations.
func (w *attackWorld) readyReads(t *testing.T, s *side, add func(name, document string, variables map[string]any)) {
	t.Helper()
	documents, err := operations.Load()
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]any{
		"courseId": s.id("Course"), "slug": s.texts["Course.slug"], "id": s.id("Lesson.QUIZ"), "query": s.word, "code": s.texts["Certificate.code"],
		"attemptId": s.id("Attempt"), "enrollmentId": s.id("Enrollment"), "period": "ALL", "pathId": s.id("LearningPath"), "groupId": s.id("Group"), "archived": false, "pathSlug": s.texts["LearningPath.slug"],
		"assetId": s.ids["Asset"][1], "lessonId": s.id("Lesson.VIDEO"),
	}
	added := 0
	for _, name := range documents.Names() {
		document, err := parser.ParseQuery(&ast.Source{Name: name, Input: documents.Text(name)})
		if err != nil {
			t.Fatal(err)
		}
		operation := document.Operations[0]
		if operation.Operation != ast.Query {
			continue
		}
		variables := map[string]any{}
		for _, v := range operation.VariableDefinitions {
			value, known := given[v.Variable]
			if known {
				variables[v.Variable] = value
			} else if v.Type.NonNull {
				t.Fatalf("%s: nothing is given for $%s", name, v.Variable)
			}
		}
		add(name, documents.Text(name), variables)
		added++
	}
	if added < 10 {
		t.Errorf("only %d ready queries", added)
	}
}

// typedReads adds what somebody types: parts of words, words with mistakes, words that all have, and the pages of lists.
func (*attackWorld) typedReads(s *side, add func(name, document string, variables map[string]any)) {
	const search = `query($q: String!, $n: Int, $o: Int, $f: SearchFilter) { search(query: $q, first: $n, offset: $o, filter: $f) {
		totalCount degraded hits { title snippet course { id slug } lesson { id title } } } }`
	mistaken := []byte(s.word)
	mistaken[len(mistaken)/2], mistaken[len(mistaken)/2-1] = mistaken[len(mistaken)/2-1], mistaken[len(mistaken)/2]
	for _, typed := range []string{s.word, s.word[:4], string(mistaken), s.word[:len(s.word)-1], "article", "arti", "study", "base " + s.word, `"body ` + s.word + `"`, "nothing"} {
		for _, n := range []int{1, 50} {
			add(fmt.Sprintf("search %q by %d", typed, n), search, input{"q": typed, "n": n})
		}
		add(fmt.Sprintf("search %q further on", typed), search, input{"q": typed, "n": 50, "o": 1})
	}
	add("search in a category", search, input{"q": s.word, "f": input{"category": s.texts["Category.slug"]}})
	add("search in a level", search, input{"q": s.word, "f": input{"level": "BEGINNER"}})
	const courses = `query($f: CourseFilter, $o: CourseOrder, $n: Int) { courses(first: $n, filter: $f, orderBy: $o) {
		totalCount edges { cursor node { id slug } } pageInfo { hasNextPage endCursor } } }`
	for _, order := range []string{"NEWEST", "TITLE"} {
		for _, n := range []int{1, 2, 100} {
			add(fmt.Sprintf("courses by %s, %d", order, n), courses, input{"o": order, "n": n})
		}
	}
	for _, filter := range []input{
		{"category": s.texts["Category.slug"]}, {"tag": s.texts["Course.tag"]}, {"language": "en"}, {"level": "BEGINNER"}, {"free": true}, {"free": false},
	} {
		add(fmt.Sprint("courses with ", filter), courses, input{"f": filter})
	}
	for _, typed := range []string{"a", "learner", "@", s.marker, "second"} {
		add("people called "+typed, `query($q: String!) { users(first: 100, filter: {search: $q}) { nodes { id name } pageInfo { hasNextPage } } }`, input{"q": typed})
	}
}

// copied are the texts in a row that name another row: UUIDs, and global ids.
var copied = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\b`)

// copySide makes a tenant that has the same of everything, under ids of its own, and returns how many rows it has.
func (w *attackWorld) copySide(t *testing.T, from *side, slug string) int {
	t.Helper()
	ids := map[string]string{from.tenant.String(): uuid.Must(uuid.NewV7()).String()}
	renamed := func(text string) string {
		return copied.ReplaceAllStringFunc(text, func(found string) string {
			if ids[found] == "" {
				ids[found] = counterpartID(found, slug)
			}
			return ids[found]
		})
	}
	tables, err := w.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	err = pgx.BeginFunc(t.Context(), w.walls, func(tx pgx.Tx) error {
		// Rows come in any order, and no key is checked while they do.
		if _, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), `INSERT INTO placements SELECT (jsonb_populate_record(p, jsonb_build_object('id', $2::uuid, 'slug', $3::text))).*
			FROM placements p WHERE id = $1`, from.tenant, ids[from.tenant.String()], slug); err != nil {
			return err
		}
		for _, table := range tables {
			if table == "domains" {
				continue // a host is one tenant's
			}
			n, err := copyTable(t.Context(), tx, table, from.tenant, renamed)
			if err != nil {
				return fmt.Errorf("copy %s: %w", table, err)
			}
			rows += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func copyTable(ctx context.Context, tx pgx.Tx, table string, tenant uuid.UUID, renamed func(string) string) (int, error) {
	name := pgx.Identifier{table}.Sanitize()
	found, err := tx.Query(ctx, `SELECT to_jsonb(r)::text FROM `+name+` r WHERE tenant_id = $1`, tenant)
	if err != nil {
		return 0, err
	}
	lines, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	for _, line := range lines {
		if _, err := tx.Exec(ctx, `INSERT INTO `+name+` SELECT (jsonb_populate_record(NULL::`+name+`, $1::jsonb)).*`, renamed(line)); err != nil {
			return 0, err
		}
	}
	return len(lines), nil
}

// counterpartID is another id of the same moment, and for each name always the same.
func counterpartID(text, name string) string {
	typ, raw := "", text
	if before, _, global := strings.Cut(text, "_"); global {
		parsed, err := gid.Parse(text)
		if err != nil {
			return text
		}
		typ, raw = before, parsed.UUID.String()
	}
	id, err := uuid.Parse(raw)
	if err != nil {
		return text
	}
	sum := sha256.Sum256([]byte(name + raw))
	copy(id[9:], sum[:])
	if typ != "" {
		return gid.New(typ, id).String()
	}
	return id.String()
}

// withoutWalls runs fn with all policies felled and no row-level security.
func (w *attackWorld) withoutWalls(t *testing.T, fn func() []string) []string {
	t.Helper()
	tables, err := w.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if err := w.super(t.Context(), `ALTER TABLE `+pgx.Identifier{table}.Sanitize()+` DISABLE ROW LEVEL SECURITY`); err != nil {
			t.Fatal(err)
		}
	}
	within := func(ctx context.Context) context.Context { return policy.Fell(ctx) }
	w.within.Store(&within)
	defer w.within.Store(nil)
	return fn()
}
