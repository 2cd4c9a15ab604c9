package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
)

// catalogQuery costs catalogCost.
const (
	catalogQuery = `{ courses(first: 50) { nodes { id } } }`
	catalogCost  = 50
)

// narrow are budgets that a few queries use up, and documents small enough for them.
func narrow(person, address, tenant int) []string {
	return []string{
		"LYCEUM_LIMIT_NODES=100", fmt.Sprint("LYCEUM_LIMIT_COST_USER=", person),
		fmt.Sprint("LYCEUM_LIMIT_COST_ADDRESS=", address), fmt.Sprint("LYCEUM_LIMIT_COST_TENANT=", tenant),
	}
}

// checkLimited wants RATE_LIMITED, with when to come back in the header and the extensions, and what is left.
func checkLimited(t *testing.T, reply *edgeReply) {
	t.Helper()
	if reply.status != 429 || reply.code() != "RATE_LIMITED" || len(reply.Errors) != 1 || reply.Data != nil {
		t.Errorf("status %d: %s; want RATE_LIMITED", reply.status, reply.text)
		return
	}
	wait := reply.Errors[0].Extensions.RetryAfter
	if wait < 1 || wait > 300 || reply.header.Get("Retry-After") != strconv.Itoa(wait) {
		t.Errorf("retry after %q and %d", reply.header.Get("Retry-After"), wait)
	}
	if cost := reply.Extensions.Cost; cost.Requested == 0 || cost.Maximum == 0 || cost.Remaining == nil || *cost.Remaining >= cost.Requested {
		t.Errorf("the cost is told as %+v", cost)
	}
}

// TestAttackBudgets spends budgets in Redis until nothing is left, in every way there is to ask, and finds that
// others still have theirs.
func TestAttackBudgets(t *testing.T) {
	t.Parallel()
	redis := cachetest.Start(t)
	e := newEdge(t, append(narrow(200, 100, 1000), "REDIS_URL="+redis.URL(), "LYCEUM_REDIS_TIMEOUT=2s")...)
	learner, again := e.token(t, "acme", "learner"), e.token(t, "acme", "learner")
	ask := func(r edgeRequest, token, address string) edgeRequest {
		r.token, r.address = token, address
		return r
	}
	catalog := graphQL(t, catalogQuery, nil)
	t.Run("what is left is told", func(t *testing.T) {
		for i := range 4 {
			// Two sessions of one person, from wherever they are, share one budget.
			reply := e.ask(t, ask(catalog, []string{learner, again}[i%2], fmt.Sprint("198.51.100.", i)))
			cost := reply.Extensions.Cost
			// Between two requests a little comes back: 200 a minute.
			if left := 200 - (i+1)*catalogCost; reply.code() != "" || cost.Remaining == nil || *cost.Remaining < left || *cost.Remaining > left+40 ||
				cost.Requested != catalogCost || cost.Maximum != 100 {
				t.Errorf("query %d: %s", i, reply.text)
			}
		}
		checkLimited(t, e.ask(t, ask(catalog, learner, "198.51.100.9")))
	})
	t.Run("every way costs", func(t *testing.T) {
		for name, r := range map[string]edgeRequest{
			"GET":            {method: "GET", path: "/graphql?query=%7Bcourses(first:50)%7Bnodes%7Bid%7D%7D%7D"},
			"persisted":      {body: `{"documentId":"notifications","variables":{"first":50}}`},
			"many names":     graphQL(t, `{ a: courses(first: 40) { nodes { id } } b: courses(first: 40) { nodes { id } } }`, nil),
			"on any host":    {host: "learn.acme.example", body: catalog.body},
			"on the default": {host: "127.0.0.1", body: catalog.body},
		} {
			t.Run(name, func(t *testing.T) { checkLimited(t, e.ask(t, ask(r, learner, "198.51.100.3"))) })
		}
		t.Run("server-sent events", func(t *testing.T) {
			if heard := e.events(t, ask(catalog, learner, "")); !strings.Contains(heard, `"RATE_LIMITED"`) || !strings.Contains(heard, `"retryAfter":`) {
				t.Errorf("heard %s", heard)
			}
		})
		t.Run("a socket", func(t *testing.T) {
			socket := e.dial(t, "acme.localhost", map[string]string{"authorization": "Bearer " + learner})
			if reply := socket.ask(t, `{"id":"1","type":"subscribe","payload":`+catalog.body+`}`); reply.code() != "RATE_LIMITED" || reply.Errors[0].Extensions.RetryAfter < 1 {
				t.Errorf("heard %s", reply.text)
			}
		})
	})
	t.Run("others have theirs", func(t *testing.T) {
		for name, r := range map[string]edgeRequest{
			"somebody else":              ask(catalog, e.token(t, "acme", "instructor"), "198.51.100.3"),
			"a visitor":                  ask(catalog, "", "198.51.100.3"),
			"somebody of another tenant": at(ask(catalog, e.token(t, "globex", "learner"), "198.51.100.3"), "globex.localhost"),
		} {
			if reply := e.ask(t, r); reply.code() != "" {
				t.Errorf("%s pays for it: %s", name, reply.text)
			}
		}
	})
	t.Run("a visitor's network", func(t *testing.T) {
		// What was answered before costs next to nothing: each question is a new one.
		fresh := func(n int, address string) edgeRequest {
			return ask(graphQL(t, fmt.Sprintf("%s # %d", catalogQuery, n), nil), "", address)
		}
		for i := range 2 {
			if reply := e.ask(t, fresh(i, fmt.Sprintf("2001:db8:1:2::%d", i))); reply.code() != "" {
				t.Fatalf("query %d: %s", i, reply.text)
			}
		}
		checkLimited(t, e.ask(t, fresh(2, "2001:db8:1:2:ffff::1")))
		if reply := e.ask(t, fresh(3, "2001:db8:1:3::1")); reply.code() != "" {
			t.Errorf("another network pays for it: %s", reply.text)
		}
	})
}

// TestAttackBudgetOfSubscriptions opens streams and operations on one socket until the budget is spent.
func TestAttackBudgetOfSubscriptions(t *testing.T) {
	t.Parallel()
	// A process that counts alone gives a quarter at once: 50 operations that cost 1.
	e := newEdge(t, append(narrow(200, 0, 0), "LYCEUM_LIMIT_SUBSCRIPTIONS=1000")...)
	socket := e.dial(t, "acme.localhost", map[string]string{"authorization": "Bearer " + e.token(t, "acme", "learner")})
	limited := 0
	for i := range 60 {
		said := fmt.Sprintf(`{"id":"s%d","type":"subscribe","payload":{"query":"subscription{notificationReceived{id}}"}}`, i)
		probe := fmt.Sprintf(`{"id":"q%d","type":"subscribe","payload":{"query":"{__typename}"}}`, i)
		// The subscription is silent; a refusal of it comes before the answer to what is asked next.
		for _, text := range []string{said, probe} {
			socket.say(t, text)
		}
		for heard := ""; heard != fmt.Sprint("q", i); {
			id, kind, code := socket.hear(t)
			if code == "RATE_LIMITED" {
				limited++
			}
			if kind != "next" {
				heard = id
			}
		}
	}
	if limited == 0 {
		t.Error("120 operations, and none was refused")
	}
	t.Logf("of 60 subscriptions and 60 queries on one socket %d were refused", limited)
}

// TestAttackBudgetWithoutRedis takes Redis away under a running server: budgets are stricter then, not open, requests
// do not wait for it longer than the breaker allows, and all is well when it is back.
// It runs alone, because it measures time.
func TestAttackBudgetWithoutRedis(t *testing.T) {
	const timeout = 50 * time.Millisecond
	for name, tt := range map[string]struct {
		away, back func(s *cachetest.Server, t testing.TB)
	}{
		"paused": {(*cachetest.Server).Hang, (*cachetest.Server).Resume},
		"killed": {(*cachetest.Server).Stop, (*cachetest.Server).Restart},
	} {
		t.Run(name, func(t *testing.T) {
			redis := cachetest.Start(t)
			e := newEdge(t, append(narrow(400, 0, 0), "REDIS_URL="+redis.URL(), fmt.Sprint("LYCEUM_REDIS_TIMEOUT=", timeout))...)
			r := graphQL(t, `{ viewer { role } }`, nil)
			r.token = e.token(t, "acme", "learner")
			query := func() (*edgeReply, time.Duration) {
				began := time.Now()
				reply := e.ask(t, r)
				return reply, time.Since(began)
			}
			if reply, _ := query(); reply.code() != "" || e.bus.client.State() != cache.Up {
				t.Fatalf("with Redis: %s, %s", e.bus.client.State(), reply.text)
			}
			tt.away(redis, t)
			allowed, limited, waited := 0, 0, time.Duration(0)
			var all []time.Duration
			for range 300 {
				reply, took := query()
				switch reply.code() {
				case "":
					allowed++
				case "RATE_LIMITED":
					limited++
				default:
					t.Fatalf("without Redis: %s", reply.text)
				}
				all, waited = append(all, took), waited+took
			}
			// A quarter of 400 at once, and of each second's; no more than half of it on the slowest machine.
			if allowed > 200 || allowed < 100 || limited == 0 {
				t.Errorf("%d allowed and %d refused while the process counts alone", allowed, limited)
			}
			// Five silences open the breaker; then one request a second tries again. A machine that does something else for a
			// moment makes one or two slow.
			slices.Sort(all)
			if most, slow := timeout+400*time.Millisecond*raceFactor, all[len(all)-3]; slow > most {
				t.Errorf("three requests waited %v and more, at most %v is allowed", slow, most)
			}
			if average := waited / 300; average > timeout/2*raceFactor {
				t.Errorf("requests took %v on average", average)
			}
			t.Logf("Redis %s: %d of 300 allowed, the quickest took %v, the slowest %v, the average %v", name, allowed, all[0], all[len(all)-1], waited/300)
			tt.back(redis, t)
			deadline := time.Now().Add(20 * time.Second)
			for e.bus.client.State() != cache.Up && time.Now().Before(deadline) {
				query()
			}
			if e.bus.client.State() != cache.Up {
				t.Fatalf("Redis is back, and is %s", e.bus.client.State())
			}
		})
	}
}

// TestBudgetsNobodyMeets asks as front ends do, with the budgets that are set when nobody sets any: a classroom behind
// one address opens the catalog, and an author reads a draft after every change to it.
func TestBudgetsNobodyMeets(t *testing.T) {
	t.Parallel()
	e := newEdge(t) // without Redis, and so with a quarter of them
	author := e.token(t, "acme", "instructor")
	for name, tt := range map[string]struct {
		token, body string
		times       int
	}{
		"a classroom": {"", `{"documentId":"catalog","variables":{"first":20}}`, 60},
		"an author":   {author, `{"documentId":"course-draft","variables":{"slug":"unheard-of"}}`, 20},
	} {
		for i := range tt.times {
			if reply := e.ask(t, edgeRequest{token: tt.token, body: tt.body}); reply.code() == "RATE_LIMITED" || reply.code() == invalid {
				t.Fatalf("%s, the %d. time: %s", name, i, reply.text)
			}
		}
	}
}
