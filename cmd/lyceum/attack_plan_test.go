//go:build attack

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"golang.org/x/sync/errgroup"

	"lyceum/docs/operations"
	"lyceum/e2e/attack"
)

// planned is an operation with the variables that it is attacked with.
type planned struct {
	attack.Operation

	sets []map[string]any
	// own is what the attacker's own things are asked with, nil if there are none: a field may leak whatever it
	// is asked of.
	own map[string]any
	// persisted is the id under which the document is stored, if it is.
	persisted string
}

// attackPlan is everything that is sent, made and proven once for a world.
type attackPlan struct {
	surface *attack.Surface
	// reads have one pair each; grouped have the same pairs in fewer requests.
	reads, grouped, mutations, subscriptions []planned
	// ready are the stored queries of docs/operations.
	ready []planned
	// proven are the pairs that were not null for the victim's admin.
	proven map[attack.Pair]bool
	// everything finds what is the victim's; secrets leaves out what the victim shows to visitors.
	everything, secrets *attack.Scanner
}

// attackPlan makes the plan of a world once: operations from the schema, arguments from the providers, and the
// proof that the victim's own admin gets something by each.
func (w *attackWorld) attackPlan(t *testing.T) *attackPlan {
	t.Helper()
	if w.plan != nil {
		return w.plan
	}
	p := &attackPlan{surface: loadSurface(t), proven: map[attack.Pair]bool{}}
	registry := w.providers(t, w.victim)
	binder := attack.NewBinder(p.surface.Schema, registry)
	bind := func(operations []attack.Operation) []planned {
		all := make([]planned, len(operations))
		for i, o := range operations {
			all[i] = planned{Operation: o, sets: binder.Bind(o)}
		}
		return all
	}
	s := p.surface
	p.reads = bind(s.Each(ast.Query, s.Queries, registry.Wanted))
	p.grouped = bind(s.Grouped(ast.Query, s.Queries, registry.Wanted))
	p.mutations = bind(s.ByRoot(ast.Mutation, s.Mutations, registry.Wanted))
	p.subscriptions = bind(s.ByRoot(ast.Subscription, s.Subscriptions, registry.Wanted))
	if err := binder.Err(); err != nil {
		t.Errorf("the providers do not fit the schema: %v", err)
	}
	w.controlReads(t, p)
	w.planReady(t, p)
	w.rescan(t, p)
	w.plan = p
	return p
}

func loadSurface(t *testing.T) *attack.Surface {
	t.Helper()
	body, err := os.ReadFile("../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(body)})
	if err != nil {
		t.Fatal(err)
	}
	surface := attack.NewSurface(schema)
	if len(surface.Unreachable) > 0 {
		t.Errorf("no operation reaches %v", surface.Unreachable)
	}
	return surface
}

// controlReads asks every read as the victim's admin. Of a pair deeper than a root field only the set of variables
// that yielded something is kept.
func (w *attackWorld) controlReads(t *testing.T, p *attackPlan) {
	t.Helper()
	yielding := make([]int, len(p.reads))
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(attackWorkers)
	for i, o := range p.reads {
		group.Go(func() error {
			n, err := w.yields(ctx, o)
			yielding[i] = n
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	best := map[attack.Pair]int{}
	own := attack.NewBinder(p.surface.Schema, w.providers(t, w.attacker))
	for i := range p.reads {
		o := &p.reads[i]
		pair := o.Pairs()[0]
		best[pair] = max(yielding[i], 0)
		p.proven[pair] = yielding[i] >= 0
		o.own = nth(own.Bind(o.Operation), best[pair])
		if len(o.Routes[0]) > 1 {
			o.sets = o.sets[best[pair]:][:1]
		}
	}
	for i := range p.grouped {
		o := &p.grouped[i]
		o.own = nth(own.Bind(o.Operation), best[o.Pairs()[0]])
		o.sets = []map[string]any{nth(o.sets, best[o.Pairs()[0]])}
	}
}

// nth is that set, or the last one.
func nth(sets []map[string]any, n int) map[string]any { return sets[min(n, len(sets)-1)] }

// planReady adds the stored queries: keys of the least scope run nothing else. Each of them must tell the victim's own
// key something.
func (w *attackWorld) planReady(t *testing.T, p *attackPlan) {
	t.Helper()
	documents, err := operations.Load()
	if err != nil {
		t.Fatal(err)
	}
	scanner, err := w.scanner(t.Context(), w.victim, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range documents.Names() {
		document, problem := parser.ParseQuery(&ast.Source{Name: name, Input: documents.Text(name)})
		if problem != nil {
			t.Fatal(problem)
		}
		operation := document.Operations[0]
		root, ok := operation.SelectionSet[0].(*ast.Field)
		if !ok || operation.Operation != ast.Query {
			continue
		}
		o := planned{persisted: name, Operation: attack.Operation{
			Kind: ast.Query, Document: documents.Text(name),
			Routes: []attack.Route{{{Type: "Query", Field: p.surface.Schema.Query.Fields.ForName(root.Name)}}},
		}}
		o.sets = []map[string]any{w.victim.given(operation)}
		o.own = w.attacker.given(operation)
		a, err := w.send(t.Context(), question{token: w.victim.tokens["key"], host: w.victim.host, persisted: name, variables: o.sets[0]})
		if err != nil {
			t.Fatal(err)
		}
		switch told := len(scanner.Scan(a.Data)) > 0; {
		case !told && anonymous[name] == "":
			t.Errorf("the stored query %s tells the victim's own key nothing: %.300s", name, a.Body)
		case told && anonymous[name] != "":
			t.Errorf("the stored query %s tells the victim's own key something: take it off the list", name)
		}
		p.ready = append(p.ready, o)
	}
}

// anonymous are the stored queries in whose answers nothing can be told to be the tenant's, each with its reason.
var anonymous = map[string]string{
	"search-token":     "a signed token, or null without a search engine",
	"storage-usage":    "sums",
	"lesson-drop-off":  "counts",
	"mail-preferences": "kinds and truths",
}

// courseFor is the course that a stored query is about.
func (s *side) courseFor(operation string) string {
	if operation == "CompletionPreview" {
		return s.id("Course.relaxed")
	}
	return s.id("Course")
}

// given are the variables of a stored query.
func (s *side) given(operation *ast.OperationDefinition) map[string]any {
	all := map[string]any{
		"courseId": s.courseFor(operation.Name), "slug": s.texts["Course.slug"], "id": s.id("Lesson.QUIZ"), "query": s.word, "code": s.texts["Certificate.code"],
		"attemptId": s.id("Attempt"), "enrollmentId": s.id("Enrollment"), "lessonId": s.id("Lesson.VIDEO"), "pathId": s.id("LearningPath"), "groupId": s.id("Group"), "pathSlug": s.texts["LearningPath.slug"],
		"assetId": s.ids["Asset"][1],
	}
	given := map[string]any{}
	for _, v := range operation.VariableDefinitions {
		if value, known := all[v.Variable]; known {
			given[v.Variable] = value
		}
	}
	return given
}

// yields returns the first set of variables with which the victim's admin gets something, or -1.
func (w *attackWorld) yields(ctx context.Context, o planned) (int, error) {
	for i, variables := range o.sets {
		a, err := w.send(ctx, question{
			token: w.victim.tokens["admin"], host: w.victim.host, document: o.Document, variables: variables,
		})
		if err != nil {
			return -1, err
		}
		if len(o.found(a)) == len(o.Routes) {
			return i, nil
		}
	}
	return -1, nil
}

// found are the pairs for which an answer has something.
func (o planned) found(a answer) []attack.Pair {
	var data any
	if json.Unmarshal(a.Data, &data) != nil {
		return nil
	}
	var pairs []attack.Pair
	for _, route := range o.Routes {
		if len(route.Values(data)) > 0 {
			pairs = append(pairs, route.Pair())
		}
	}
	return pairs
}

// rescan makes the scanners anew, with the rows that the victim has now.
func (w *attackWorld) rescan(t *testing.T, p *attackPlan) {
	t.Helper()
	var err error
	if p.everything, err = w.scanner(t.Context(), w.victim, false); err != nil {
		t.Fatal(err)
	}
	if p.secrets, err = w.scanner(t.Context(), w.victim, true); err != nil {
		t.Fatal(err)
	}
}

// scanner finds the markers of a tenant, the ids of all its rows, and the codes and tokens of its people. Without what
// it shows to visitors, if so wanted.
func (w *attackWorld) scanner(ctx context.Context, s *side, secretsOnly bool) (*attack.Scanner, error) {
	found := attack.NewScanner()
	found.Marker("the marker of "+s.slug, s.marker)
	found.Marker("the id of a request of "+s.slug, s.trace)
	for name, token := range s.tokens {
		found.Marker("the token of "+name, token)
	}
	for _, name := range []string{"Certificate.code", "Certificate.code revoked", "Asset.sha256"} {
		found.Marker(name, s.texts[name])
	}
	shown, err := w.shown(ctx, s)
	if err != nil {
		return nil, err
	}
	if !secretsOnly {
		shown = nil
		found.Marker("the public marker of "+s.slug, s.public)
		found.ID("tenant "+s.slug, s.tenant)
	}
	ids, err := w.rowIDs(ctx, s)
	if err != nil {
		return nil, err
	}
	for table, rows := range ids {
		for _, id := range rows {
			if !shown[id] {
				found.ID(table, id)
			}
		}
	}
	return found, nil
}

// shown are the ids of what a tenant shows to visitors: itself, its categories, its public course, and the people who
// teach and lead.
func (w *attackWorld) shown(ctx context.Context, s *side) (map[uuid.UUID]bool, error) {
	const ids = `
		SELECT id FROM tenants WHERE tenant_id = $1
		UNION ALL SELECT id FROM categories WHERE tenant_id = $1
		UNION ALL SELECT id FROM users WHERE tenant_id = $1 AND role IN ('INSTRUCTOR', 'TENANT_ADMIN')
		UNION ALL SELECT id FROM publications WHERE tenant_id = $1 AND visibility = 'PUBLIC'
		UNION ALL SELECT id FROM courses WHERE tenant_id = $1 AND visibility = 'PUBLIC'
		UNION ALL SELECT m.id FROM modules m JOIN courses c ON c.id = m.course_id WHERE m.tenant_id = $1 AND c.visibility = 'PUBLIC'
		UNION ALL SELECT l.id FROM lessons l JOIN courses c ON c.id = l.course_id WHERE l.tenant_id = $1 AND c.visibility = 'PUBLIC'`
	rows, err := w.walls.Query(ctx, ids, s.tenant)
	if err != nil {
		return nil, fmt.Errorf("list what is shown: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list what is shown: %w", err)
	}
	shown := map[uuid.UUID]bool{}
	for _, id := range list {
		shown[id] = true
	}
	return shown, nil
}
