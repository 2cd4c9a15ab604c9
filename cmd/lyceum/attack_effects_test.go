//go:build attack

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"lyceum/e2e/attack"
)

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
