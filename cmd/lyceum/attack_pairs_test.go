//go:build attack

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"golang.org/x/sync/errgroup"

	"lyceum/docs/operations"
	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

// vacuousPairs are fields that are null even for the victim's own admin, so that attacking them proves nothing,
// each with its reason. The list can only shrink: an entry that is no longer needed fails.
var vacuousPairs = map[string]string{
	"Query.searchToken":     "without Meilisearch there are no tokens for it",
	"SearchToken.token":     "without Meilisearch there are no tokens for it",
	"SearchToken.expiresAt": "without Meilisearch there are no tokens for it",
	"SearchToken.host":      "without Meilisearch there are no tokens for it",
	"SearchToken.index":     "without Meilisearch there are no tokens for it",
}

// publicByDesign are root fields that tell visitors on the victim's own host what names the victim's learners, with
// the reason. What the victim publishes to everybody is told apart by its own marker instead.
var publicByDesign = map[string]string{
	"verifyCertificate": "a certificate says to whoever holds its code whose it is",
}

// attackWorkers is how many requests are under way at a time.
const attackWorkers = 4

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
		// Leave to search is a signed token, or null without a search engine: there is nothing of the tenant in it to see.
		if len(scanner.Scan(a.Data)) == 0 && name != "search-token" {
			t.Errorf("the stored query %s tells the victim's own key nothing: %.300s", name, a.Body)
		}
		p.ready = append(p.ready, o)
	}
}

// given are the variables of a stored query.
func (s *side) given(operation *ast.OperationDefinition) map[string]any {
	all := map[string]any{
		"courseId": s.id("Course"), "slug": s.texts["Course.slug"], "id": s.id("Lesson.QUIZ"), "query": s.word, "code": s.texts["Certificate.code"],
		"attemptId": s.id("Attempt"), "enrollmentId": s.id("Enrollment"),
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

// attackOptions say how reads are attacked.
type attackOptions struct {
	// first stops at the first leak; grouped asks for several pairs at a time, which is several times as fast.
	first, grouped bool
	// only, if set, chooses the operations.
	only func(attack.Operation) bool
	// attackers, if set, attack instead of all.
	attackers []attacker
}

// leak is what an attacker saw of the victim's.
type leak struct {
	attack.Finding

	// pairs are what was asked for, viewer and host who asked where.
	pairs        []attack.Pair
	viewer, host string
}

// String is the leak in a line.
func (l leak) String() string {
	return fmt.Sprintf("%s on %s is told %s by %v", l.viewer, l.host, l.Finding, l.pairs)
}

// attacker is one of those who attack, on one host.
type attacker struct {
	viewer, token, host string
	home                *side
	user                uuid.UUID
}

// visits reports whether the attacker is a visitor of the victim, who may see what the victim shows to visitors.
func (a attacker) visits(w *attackWorld) bool { return a.token == "" && a.host == w.victim.host }

// attackers are the nine viewers, each on the host of its own tenant and on the victim's.
func (w *attackWorld) attackers() []attacker {
	a, n := w.attacker, w.newcomer
	viewers := []attacker{
		{viewer: "anonymous", home: a},
		{viewer: "learner", home: a},
		{viewer: "instructor", home: a},
		{viewer: "admin", home: a},
		{viewer: "support", home: a},
		{viewer: "suspended", home: a},
		{viewer: "expired", home: a},
		{viewer: "key", home: a},
		{viewer: "admin", home: n},
	}
	var all []attacker
	for _, v := range viewers {
		v.token, v.user = v.home.tokens[v.viewer], v.home.people[v.viewer]
		for _, host := range []string{v.home.host, w.victim.host} {
			v.host = host
			all = append(all, v)
		}
	}
	for i := range all {
		if all[i].home == n {
			all[i].viewer = "fresh tenant's admin"
		}
	}
	return all
}

// foreigners are the attackers that are not visitors of the victim: a visitor is let in by it, and with policies felled
// sees more than visitors may, which is no other tenant's doing.
func (w *attackWorld) foreigners() []attacker {
	return slices.DeleteFunc(w.attackers(), func(a attacker) bool { return a.visits(w) })
}

// admins are the strongest of the attackers, each on the host of its own tenant: for attacks that must be quick.
func (w *attackWorld) admins() []attacker {
	return slices.DeleteFunc(w.foreigners(), func(a attacker) bool {
		return a.host != a.home.host || a.user != a.home.people["admin"]
	})
}

// raid is an attack under way.
type raid struct {
	*attackWorld

	plan *attackPlan
	// first ends the raid at the first leak.
	first bool
	stop  context.CancelFunc

	mu       sync.Mutex
	leaks    []leak
	requests int
	codes    map[string]int
	// blind are pairs that are null for the attacker's admin even of the attacker's own.
	blind []string
}

// attackReads lets all attackers ask every query with what names the victim's things, and returns what leaked. It only
// sends; walls may be down meanwhile. The plan is made, and proven, with all walls up, when it is first needed.
func (w *attackWorld) attackReads(t *testing.T, o attackOptions) []leak {
	t.Helper()
	return w.raidReads(t, o).leaks
}

func (w *attackWorld) raidReads(t *testing.T, o attackOptions) *raid {
	t.Helper()
	plan := w.attackPlan(t)
	all := slices.Concat(plan.reads, plan.ready)
	if o.grouped {
		all = slices.Concat(plan.grouped, plan.ready)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := &raid{attackWorld: w, plan: plan, first: o.first, stop: stop, codes: map[string]int{}}
	group := &errgroup.Group{}
	group.SetLimit(attackWorkers)
	who := o.attackers
	if who == nil {
		who = w.attackers()
	}
	for _, operation := range all {
		if o.only != nil && !o.only(operation.Operation) {
			continue
		}
		for _, who := range who {
			if ctx.Err() != nil {
				break
			}
			group.Go(func() error { return r.read(ctx, operation, who) })
		}
	}
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	return r
}

// read sends an operation as an attacker, with each of its sets of variables, and on the attacker's own host with what
// names the attacker's own things.
func (r *raid) read(ctx context.Context, o planned, who attacker) error {
	for _, variables := range o.sets {
		q := o.asks(who, variables)
		a, err := r.try(ctx, o, who, q)
		if err != nil {
			return err
		}
		if o.Kind == ast.Query && !r.stopped(ctx) {
			if err := r.compare(ctx, o, who, q, a); err != nil {
				return err
			}
		}
	}
	if o.own == nil || who.home != r.attacker || who.host != who.home.host {
		return nil
	}
	a, err := r.try(ctx, o, who, o.asks(who, o.own))
	if err != nil || who.viewer != "admin" || r.stopped(ctx) {
		return err
	}
	if pair := o.Pairs()[0]; r.plan.proven[pair] && len(o.found(a)) == 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.blind = append(r.blind, pair.String())
	}
	return nil
}

// asks is the question of an operation. Who may run stored documents only names them.
func (o planned) asks(who attacker, variables map[string]any) question {
	q := question{token: who.token, host: who.host, document: o.Document, variables: variables}
	if who.viewer == "key" {
		q.persisted = o.persisted
	}
	return q
}

// try sends a question, unless the raid is over, and scans the answer.
func (r *raid) try(ctx context.Context, o planned, who attacker, q question) (answer, error) {
	if r.stopped(ctx) {
		return answer{}, nil
	}
	a, err := r.send(ctx, q)
	if err != nil {
		return answer{}, err
	}
	r.look(o, who, q, a)
	return a, nil
}

// stopped reports whether the raid is over.
func (*raid) stopped(ctx context.Context) bool { return ctx.Err() != nil }

// compare asks the same for ids that never existed: the answer must be the same to the byte, or it tells something
// about the victim even where no marker stands, such as a state or a count.
func (r *raid) compare(ctx context.Context, o planned, who attacker, q question, a answer) error {
	unheard := unheardOf(q.variables)
	if ids, _ := sentValues(q.variables); len(ids) == 0 || who.visits(r.attackWorld) {
		return nil
	}
	q.variables = unheard
	b, err := r.send(ctx, q)
	if err != nil {
		return err
	}
	if a.Status == b.Status && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Errors, b.Errors) {
		return nil
	}
	f := attack.Finding{Name: "something", Form: "answered unlike what never existed", Around: fmt.Sprintf("%.200s", a.Body)}
	r.note(leak{f, o.Pairs(), who.viewer, who.host})
	return nil
}

// unheardOf is the variables with other ids of the same types.
func unheardOf(variables map[string]any) map[string]any {
	other, _ := replaceIDs(variables).(map[string]any)
	return other
}

func replaceIDs(value any) any {
	switch v := value.(type) {
	case string:
		if id, err := gid.Parse(v); err == nil {
			return gid.New(id.Type, uuid.Must(uuid.NewV7())).String()
		}
	case []any:
		other := make([]any, len(v))
		for i, item := range v {
			other[i] = replaceIDs(item)
		}
		return other
	case map[string]any:
		other := map[string]any{}
		for name, item := range v {
			other[name] = replaceIDs(item)
		}
		return other
	}
	return value
}

// note keeps leaks.
func (r *raid) note(leaks ...leak) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaks = append(r.leaks, leaks...)
	if r.first && len(r.leaks) > 0 {
		r.stop()
	}
}

// look scans an answer. What the attacker sent is no leak where it comes back, except an id in the data: nothing of
// the victim's is answered for.
func (r *raid) look(o planned, who attacker, q question, a answer) {
	if who.visits(r.attackWorld) && publicByDesign[o.Root()] != "" {
		return
	}
	scanner := r.plan.everything
	if who.visits(r.attackWorld) {
		scanner = r.plan.secrets
	}
	ids, others := sentValues(q.variables)
	var header bytes.Buffer
	_ = a.Header.Write(&header)
	findings := slices.Concat(
		scanner.Scan(a.Data, others...), scanner.Scan(a.Body, slices.Concat(ids, others)...), scanner.Scan(header.Bytes()),
	)
	told := map[string]bool{}
	for _, f := range findings {
		if !told[f.Name] {
			told[f.Name] = true
			r.note(leak{f, o.Pairs(), who.viewer, who.host})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	r.codes[a.Code()]++
}

// sentValues are the texts in variables: global ids, and others.
func sentValues(variables any) (ids, others []string) {
	switch v := variables.(type) {
	case string:
		if _, err := gid.Parse(v); err == nil {
			return []string{v}, nil
		}
		return nil, []string{v}
	case []any:
		for _, item := range v {
			i, o := sentValues(item)
			ids, others = append(ids, i...), append(others, o...)
		}
	case map[string]any:
		for _, item := range v {
			i, o := sentValues(item)
			ids, others = append(ids, i...), append(others, o...)
		}
	}
	return ids, others
}

// unattacked are codes that say that a request did not come to what it attacks.
var unattacked = []string{
	"RATE_LIMITED", "UNAVAILABLE", "INTERNAL", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED",
	"OPERATION_TOO_LARGE", "OPERATION_TOO_COSTLY",
}

// report fails for every pair that leaks, and for answers to what was no attack.
func (r *raid) report(t *testing.T) {
	t.Helper()
	byPair := map[string][]leak{}
	for _, l := range r.leaks {
		name := strings.Join(attack.Sorted(l.pairs), ", ")
		byPair[name] = append(byPair[name], l)
	}
	for _, name := range slices.Sorted(maps.Keys(byPair)) {
		t.Errorf("%s leaks %d times, first: %s", name, len(byPair[name]), byPair[name][0])
	}
	if len(r.blind) > 0 {
		t.Errorf("the attacker's admin sees nothing of its own by %v", r.blind)
	}
	for _, code := range unattacked {
		if r.codes[code] > 0 {
			t.Errorf("%d requests were answered %s, and attacked nothing", r.codes[code], code)
		}
	}
}

// controlMutations runs every mutation as the victim's admin, and notes the pairs that were found.
func (w *attackWorld) controlMutations(t *testing.T, p *attackPlan) {
	t.Helper()
	_, found := w.runMutations(t, p, w.victim)
	maps.Copy(p.proven, found)
}

// runMutations runs every mutation as the admin of a side, of its own things, and returns the answers by mutation
// and the pairs that were found.
func (w *attackWorld) runMutations(t *testing.T, p *attackPlan, of *side) (answers map[string][]answer, found map[attack.Pair]bool) {
	t.Helper()
	answers, found = map[string][]answer{}, map[attack.Pair]bool{}
	scenes := w.scenes(of)
	registry := w.providers(t, of)
	for _, o := range p.mutations {
		s := scene{}
		if arrange := scenes[o.Root()]; arrange != nil {
			s = arrange(t)
			delete(scenes, o.Root())
		}
		with := maps.Clone(registry)
		maps.Copy(with, s.with)
		if s.token == "" {
			s.token = of.tokens["admin"]
		}
		for _, variables := range attack.NewBinder(p.surface.Schema, with).Bind(o.Operation) {
			a := w.ask(t, s.token, of.host, o.Document, variables)
			answers[o.Root()] = append(answers[o.Root()], a)
			for _, pair := range o.found(a) {
				found[pair] = true
			}
		}
	}
	for name := range scenes {
		t.Errorf("a scene is made for Mutation.%s, which does not exist", name)
	}
	return answers, found
}

// scanOwnMutations runs every mutation as the attacker's admin of the attacker's own things: what it answers must not
// hold anything of the victim's either.
func (w *attackWorld) scanOwnMutations(t *testing.T, p *attackPlan) {
	t.Helper()
	answers, found := w.runMutations(t, p, w.attacker)
	for root, all := range answers {
		for _, a := range all {
			for _, f := range p.everything.Scan(a.Body) {
				t.Errorf("Mutation.%s of the attacker's own leaks %s", root, f)
			}
		}
	}
	for _, o := range p.mutations {
		for _, pair := range o.Pairs() {
			if p.proven[pair] && !found[pair] {
				t.Errorf("the attacker's admin sees nothing of its own by %s", pair)
			}
		}
	}
}

// raidMutations lets all attackers run every mutation with what names the victim's things.
func (w *attackWorld) raidMutations(t *testing.T) *raid {
	t.Helper()
	r := &raid{attackWorld: w, plan: w.attackPlan(t), stop: func() {}, codes: map[string]int{}}
	all := slices.Clone(r.plan.mutations)
	// It ends the viewer's other sessions.
	slices.SortStableFunc(all, func(a, b planned) int {
		return strings.Compare(strconv.FormatBool(a.Root() == "changePassword"), strconv.FormatBool(b.Root() == "changePassword"))
	})
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(attackWorkers)
	for pair := range slices.Chunk(w.attackers(), 2) {
		// One viewer's requests go one after another: some of them end sessions.
		group.Go(func() error {
			for _, o := range all {
				for _, who := range pair {
					if err := r.mutate(ctx, o, who); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	return r
}

// mutate runs a mutation as an attacker, in a session of its own: the one before may have ended its session.
func (r *raid) mutate(ctx context.Context, o planned, who attacker) error {
	if who.user != uuid.Nil && who.viewer != "expired" {
		token, err := r.session(ctx, who.home, who.user)
		if err != nil {
			return err
		}
		who.token = token
	}
	return r.read(ctx, o, who)
}

// eventWait is how long an attacker waits for an event that must not come.
const eventWait = 300 * time.Millisecond

// listen subscribes and returns the first event, or the answer when there is no stream, or nothing when no event
// comes in time.
func (w *attackWorld) listen(ctx context.Context, q question, wait time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	q.header = map[string]string{"Accept": "text/event-stream, application/json;q=0.5"}
	response, err := w.post(ctx, q, strconv.FormatInt(w.questions.Add(1), 10))
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{}, nil
	} else if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{Status: response.StatusCode, Header: response.Header}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := bytes.TrimPrefix(lines.Bytes(), []byte("data: "))
		if bytes.HasPrefix(line, []byte("{")) {
			a.Body = bytes.Clone(line)
			a.parse()
			break
		}
	}
	// The stream ends with the wait, or with the first event.
	return a, nil
}

// controlSubscriptions listens as the victim's admin.
func (w *attackWorld) controlSubscriptions(t *testing.T, p *attackPlan) {
	t.Helper()
	for _, o := range p.subscriptions {
		a, err := w.listen(t.Context(), question{
			token: w.victim.tokens["admin"], host: w.victim.host, document: o.Document, variables: o.sets[0],
		}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range o.found(a) {
			p.proven[pair] = true
		}
	}
}

// raidSubscriptions lets all attackers listen.
func (w *attackWorld) raidSubscriptions(t *testing.T) *raid {
	t.Helper()
	r := &raid{attackWorld: w, plan: w.attackPlan(t), stop: func() {}, codes: map[string]int{}}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(2 * attackWorkers)
	for _, o := range r.plan.subscriptions {
		for _, who := range w.attackers() {
			group.Go(func() error {
				q := question{token: who.token, host: who.host, document: o.Document, variables: o.sets[0]}
				a, err := w.listen(ctx, q, eventWait)
				if err != nil {
					return err
				}
				r.look(o, who, q, a)
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	return r
}

// vacuous names the pairs that were never anything but null for the victim's admin, and fails unless exactly those
// are listed.
func (p *attackPlan) vacuous(t *testing.T) []string {
	t.Helper()
	var never []string
	for _, operations := range [][]planned{p.reads, p.mutations, p.subscriptions} {
		for _, o := range operations {
			for _, pair := range o.Pairs() {
				if !p.proven[pair] {
					never = append(never, pair.String())
				}
			}
		}
	}
	for _, pair := range never {
		if vacuousPairs[pair] == "" {
			t.Errorf("attacking %s proves nothing: it is null for the victim's own admin", pair)
		}
	}
	for pair := range vacuousPairs {
		if !slices.Contains(never, pair) {
			t.Errorf("%s is listed as vacuous and is not: take it off the list", pair)
		}
	}
	return never
}

// TestAttackPairs attacks every field that the schema has: what is asked for is the victim's, who asks is not.
func TestAttackPairs(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	began := time.Now()
	p := w.attackPlan(t)
	w.controlMutations(t, p)
	w.controlSubscriptions(t, p)
	never := p.vacuous(t)
	w.settle(t)
	w.rescan(t, p)
	before := w.sums(t)

	reads := w.raidReads(t, attackOptions{})
	reads.report(t)
	subscriptions := w.raidSubscriptions(t)
	subscriptions.report(t)
	w.scanRedis(t, p)
	// Before the raid, which ends sessions.
	w.scanOwnMutations(t, p)
	mutations := w.raidMutations(t)
	mutations.report(t)
	w.settle(t)
	w.scanResidues(t, p)
	if after := w.sums(t); !maps.Equal(before, after) {
		for table := range after {
			if before[table] != after[table] {
				t.Errorf("attackers changed the victim's %s: %s, then %s", table, before[table], after[table])
			}
		}
	}
	t.Logf("pairs: %d attacked by %d viewers on 2 hosts with %d operations in %d requests; vacuous: %d, listed with reasons; leaks: %d; %.1f s",
		len(p.proven), len(w.attackers())/2, len(p.reads)+len(p.mutations)+len(p.subscriptions),
		reads.requests+mutations.requests+subscriptions.requests, len(never),
		len(reads.leaks)+len(mutations.leaks)+len(subscriptions.leaks), time.Since(began).Seconds())
	t.Logf("answers: reads %v, mutations %v, subscriptions %v", reads.codes, mutations.codes, subscriptions.codes)
}

// sums are the checksums of the victim.
func (w *attackWorld) sums(t *testing.T) map[string]string {
	t.Helper()
	sums, err := w.checksums(t.Context(), w.victim)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestAttackWorld makes sure that both tenants have what the attacks go after.
func TestAttackWorld(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	for _, s := range []*side{w.victim, w.attacker} {
		for _, typ := range []string{
			"ApiKey", "Asset", "Attempt", "AttemptQuestion", "AuditEntry", "Category", "Certificate", "Course", "CourseDraft", "CourseVersion",
			"Enrollment", "Lesson", "Module", "Notification", "QuestionDraft", "Session", "SupportGrant", "Tenant", "User",
		} {
			if s.id(typ) == "" {
				t.Errorf("%s has no %s", s.slug, typ)
			}
		}
	}
	if len(w.newcomer.ids["User"]) != 1 {
		t.Errorf("the newcomer has %d people", len(w.newcomer.ids["User"]))
	}
}
