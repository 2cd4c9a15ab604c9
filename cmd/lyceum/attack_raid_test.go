//go:build attack

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/sync/errgroup"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

// publicByDesign are root fields that tell visitors on the victim's own host what names the victim's learners, with
// the reason. What the victim publishes to everybody is told apart by its own marker instead.
var publicByDesign = map[string]string{
	"verifyCertificate": "a certificate says to whoever holds its code whose it is",
}

// attackWorkers is how many requests are under way at a time.
const attackWorkers = 4

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
