package limit_test

import (
	"flag"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"lyceum/graph/limit"
)

// budget is what the hardest document may take of a processor, from text to verdict.
const budget = 50 * time.Millisecond

func cpu(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// cheapest is the least processor time of a few runs: what the work takes, without the neighbours.
func cheapest(t testing.TB, run func()) time.Duration {
	t.Helper()
	least := time.Hour
	for range 5 {
		before := cpu(t)
		run()
		least = min(least, cpu(t)-before)
	}
	return least
}

// doubled nests {a{…} a{…}} so deep: comparing overlapping fields doubles with each level.
func doubled(width, depth int) string {
	if depth == 0 {
		return "b"
	}
	return strings.Repeat("a{"+doubled(width, depth-1)+"} ", width)
}

// These documents took seconds to validate before Shape stood in front, or are the hardest that it lets
// through. They run one after another, because the processor time of the process is what is measured.
//
//nolint:paralleltest // it measures the processor time of the whole process
func TestHostileDocumentsAreCheap(t *testing.T) {
	inline := func(n int, inner string) string { return strings.Repeat("...on Query{"+inner+"} ", n) }
	tests := map[string]struct {
		query     string
		operation string
		allowed   bool
	}{
		"4000 of one field":              {query: "{" + strings.Repeat("b ", 4000) + "}"},
		"1900 of one field":              {query: "{" + strings.Repeat("b ", 1900) + "}"},
		"doubled 12 times":               {query: "{" + doubled(2, 12) + "}"},
		"doubled 7 times":                {query: "{" + doubled(2, 7) + "}"},
		"doubled 5 times":                {query: "{" + doubled(2, 5) + "}", allowed: true},
		"quadrupled 4 times":             {query: "{" + doubled(4, 4) + "}"},
		"quadrupled 3 times":             {query: "{" + doubled(4, 3) + "}", allowed: true},
		"quadrupled, 20 at the root":     {query: "{" + many("r%d:a{"+doubled(4, 2)+"} ", 10) + "}", allowed: true},
		"nested spreads, 25 levels":      {query: fragments(25, 2)},
		"nested spreads, 200 levels":     {query: fragments(180, 2)},
		"1000 levels of fragments":       {query: fragments(1000, 1)},
		"fragments in pairs":             {query: "{a{" + many("...f%d ", 150) + "}}" + many(" fragment f%d on Query{b}", 150)},
		"64 fragments in pairs":          {query: "{a{" + many("...f%d ", 64) + "}}" + many(" fragment f%d on Query{a{b}}", 64), allowed: true},
		"pairs below pairs":              {query: "{a{" + many("...f%d ", 60) + "}}" + many(" fragment f%d on Query{a{...g b}}", 60) + " fragment g on Query{hello}", allowed: true},
		"64 meet, 13 deep":               {query: "{a{" + inline(34, nested("a", "b", 12)) + "}}", allowed: true},
		"a fragment used everywhere":     {query: "{" + many("r%d:a{...f}", 10) + "} fragment f on Query{" + inline(20, "a{b}") + "}", allowed: true},
		"one value, very long":           {query: `{tagged(filter:{state:"` + strings.Repeat("a", 200_000) + `"})}`},
		"one comment, very long":         {query: "{b #" + strings.Repeat("a", 200_000) + "\n}", allowed: true},
		"spaces":                         {query: strings.Repeat(" ", 250_000) + "{b}", allowed: true},
		"open braces":                    {query: strings.Repeat("{", 250_000)},
		"open lists":                     {query: "{tagged(tags:" + strings.Repeat("[", 250_000)},
		"many operations":                {query: many("query q%d{...f}", 200) + " fragment f on Query{b}"},
		"20 operations, all fragments":   {operation: "q7", query: many("query q%d{...f0}", 20) + strings.TrimPrefix(fragments(150, 1), "{...f0}"), allowed: true},
		"many variables":                 {query: "query(" + many("$v%d:Int ", 300) + "){b}"},
		"many unknown fields":            {query: "{" + many("x%d ", 20) + "}"},
		"unknown fields in many places":  {query: "{" + many("r%d:a{"+many("x%d ", 40)+"}", 10) + "}"},
		"arguments":                      {query: "{hello(" + many("a%d:1 ", 480) + ")}"},
		"input fields":                   {query: "{tagged(filter:{" + many("a%d:1 ", 480) + "})}"},
		"variables in many places":       {query: "query(" + many("$v%d:Int ", 100) + "){" + many("r%d:a(x:$v99){"+many("y%d:a(x:$v99){b}", 10)+"}", 10) + "}"},
		"introspection, nested to death": {query: "{__schema{types{" + nested("fields{type", "name", 6) + strings.Repeat("}", 6) + "}}}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var errs gqlerror.List
			took := cheapest(t, func() {
				exec := newExecutor(t, limit.Introspection{}, limit.Cost{Maximum: 1 << 30})
				_, errs = exec.CreateOperationContext(graphql.StartOperationTrace(t.Context()),
					&graphql.RawParams{Query: tt.query, OperationName: tt.operation})
			})
			if allowed := len(errs) == 0; allowed != tt.allowed {
				t.Errorf("allowed: %v, want %v (%v)", allowed, tt.allowed, errs)
			}
			if len(errs) > 0 && codeOf(errs) == "" {
				t.Errorf("refused without a code: %v", errs)
			}
			if took > budget && !raceEnabled {
				t.Errorf("took %v of processor time, budget %v", took, budget)
			}
		})
	}
}

// TestShapeStandsBeforeValidation counts how often validation begins: for a document of the wrong shape never, for
// another once, and not again for the same text.
func TestShapeStandsBeforeValidation(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		query string
		want  int
	}{
		"too deep":               {"{" + nested("a", "b", 15) + "}", 0},
		"too often":              {"{a{" + strings.Repeat("b ", 5) + "}}", 0},
		"doubled":                {"{" + doubled(2, 7) + "}", 0},
		"spreads of nothing":     {"{" + many("...x%d ", 600) + "}", 0},
		"a circle":               {`{...f} fragment f on Query{...f}`, 0},
		"directives":             {`{b` + strings.Repeat(" @skip(if:false)", 6) + `}`, 0},
		"two streams":            {`subscription{a:ticks{id} b:ticks{id}}`, 0},
		"of good shape":          {`{b}`, 1},
		"of good shape, invalid": {`{unheard}`, 2}, // what is invalid is not remembered
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			validated := 0
			exec := newExecutor(t)
			exec.SetDefaultRulesFn(func() *rules.Rules {
				set := limit.ValidationRules()
				set.AddRule("Counted", func(*core.Events, core.AddErrFunc) { validated++ })
				return set
			})
			for range 2 {
				_, _ = create(t.Context(), exec, tt.query, nil)
			}
			if validated != tt.want {
				t.Errorf("validated %d times, want %d", validated, tt.want)
			}
		})
	}
}

// The parser's own token limit would stop this one; the measure must stand alone as well.
func TestThousandLevelsOfFragments(t *testing.T) {
	t.Parallel()
	limits := limit.DefaultLimits()
	limits.Tokens = 0 // the parser's word for "no limit"
	limits.Fields = 1_000
	if err := limit.CheckText(limits, fragments(1000, 1)); err != nil {
		t.Errorf("a chain of 1,000 fragments around one field: %v", err)
	}
	if err := limit.CheckText(limits, fragments(1000, 2)); err == nil {
		t.Error("2^1000 fields are allowed")
	}
}

// slowed is the time that the same work takes when its coverage is counted or its races are watched.
func slowed(d time.Duration) time.Duration {
	const watched, counted = 10, 3
	switch {
	case raceEnabled:
		return watched * d
	case flag.Lookup("test.fuzz").Value.String() != "":
		return counted * d
	default:
		return d
	}
}

// FuzzDocument looks for texts that make any of the steps before execution panic, or take longer than the budget.
func FuzzDocument(f *testing.F) {
	f.Add(`{b a(x:1){viewer{id ...f}}} fragment f on User{friends(first:3){id}}`)
	f.Add(`query q($n:Int=3 $f:Filter){courses(first:$n){nodes{id}} tagged(filter:$f)}`)
	f.Add(`mutation{signIn(password:"x"){id}}`)
	f.Add(`subscription{ticks(first:99999999999999999999){id}}`)
	f.Add(introspectionQuery)
	f.Add(fragments(20, 2))
	f.Add(`{...f} fragment f on Query{...f}`)
	exec := newExecutor(f, limit.Introspection{}, limit.Cost{})
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 256<<10 {
			t.Skip("larger than any request")
		}
		var errs gqlerror.List
		judge := func() { _, errs = create(t.Context(), exec, text, map[string]any{"n": text}) }
		before := cpu(t)
		judge()
		// What looks dear is measured again, without the neighbours.
		if took := cpu(t) - before; took > slowed(budget) && cheapest(t, judge) > slowed(budget) {
			t.Errorf("took %v of processor time, budget %v", took, slowed(budget))
		}
		if len(errs) > 0 && codeOf(errs) == "" {
			t.Errorf("refused without a code: %v", errs)
		}
	})
}
