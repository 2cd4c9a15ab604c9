package search_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/search"
)

// canary stands in every text of the victim, shared in the texts of both tenants.
const canary, shared = "zanzibarquux", "payroll"

// injections are texts that mean something to somebody on their way: to a filter, to a tsquery, to SQL, to a
// pattern, to JSON.
func injections(victim uuid.UUID, slug string) []string {
	return []string{
		"tenant_id = '" + victim.String() + "' OR tenant_id EXISTS", "' OR tenant_id = '" + victim.String(), "\" OR tenant_id EXISTS OR \"",
		"payroll' OR '1'='1", "payroll') OR (tenant_id EXISTS", "payroll] OR [tenant_id EXISTS", "`tenant_id` = `" + victim.String() + "`",
		"tenant_id != null", "NOT tenant_id = x", "payroll NOT visibility = PUBLIC", "_geoRadius(0, 0, 999999999)", "tenant_id IN [" + victim.String() + "]",
		"payroll OR zanzibarquux", "or or or", "-payroll", "--", "-\"payroll\" OR zanzibarquux", "\"payroll OR zanzibarquux\"", "\"", "\"\"\"", "payroll \"zanzi",
		"zanzibarquux:*", "zanzi:*", "payroll & zanzibarquux | !payroll", "!payroll", "payroll <-> zanzibarquux", "payroll <1000> zanzibarquux", "':*", "a:A", "zanzibarquux:ABCD*",
		"(((payroll", ")))", "|| 1", "payroll'); DELETE FROM search_documents; --", "$1", "$2 OR true", "%", "_", "zanzib%", "%zanzi%", "*", "zan*", "zanz?barquux",
		"\\", "\\' OR 1=1", "\\u0000", "payroll\u2028OR", "ｚａｎｚｉｂａｒｑｕｕｘ", "ZANZIBARQUUX", "zanzibarqux", "zanzibarquuxx", "xuuqrabiznaz", "zanzi barquux",
		"⟦zanzibarquux⟧", "<em>zanzibarquux</em>", "{\"q\":\"zanzibarquux\"}", "[\"zanzibarquux\"]", "filter=tenant_id EXISTS", slug, victim.String(), canary, shared, "pay", "p",
		"payroll zanzibarquux", "zanzibarquux payroll", "A summary", "tagged", "described at length", "computing", "null", "undefined", "true", "NaN", "𝓹𝓪𝔂𝓻𝓸𝓵𝓵",
		strings.Repeat("payroll ", 24), strings.Repeat("-payroll ", 20), strings.Repeat("(", 200), strings.Repeat("\"a\" ", 49), strings.Repeat("payroll|", 25),
	}
}

// badInput are texts that no engine may be asked at all.
func badInput() []string {
	return []string{"payroll\x00", "\x00", "payroll\xff", "payroll\x1b[2J", "\x7fpayroll", strings.Repeat("payroll", 29)}
}

// queries are the injections in every field of a query, and the pages of those that find something.
func queries(victim uuid.UUID, slug string) map[string]search.Query {
	found := map[string]search.Query{}
	for _, text := range append(injections(victim, slug), badInput()...) {
		for field, set := range map[string]func(*search.Query){
			"text":     func(q *search.Query) { q.Text = text },
			"language": func(q *search.Query) { q.Text, q.Language = shared, text },
			"level":    func(q *search.Query) { q.Text, q.Level = shared, text },
			"category": func(q *search.Query) { q.Text, q.Category = shared, text },
		} {
			q := search.Query{Limit: 50}
			set(&q)
			found[fmt.Sprintf("%s %q", field, text)] = q
		}
	}
	for _, offset := range []int{-1 << 62, -1, 1, 2, 3, 49, 950, 951, 1 << 62} {
		for _, limit := range []int{-1, 0, 1, 50, 51, 1 << 62} {
			for _, text := range []string{shared, canary, slug} {
				found[fmt.Sprintf("%s, %d from %d", text, limit, offset)] = search.Query{Text: text, Limit: limit, Offset: offset}
			}
		}
	}
	// What the victim has in a language, a level and a category that the attacker has nothing in.
	maps.Copy(found, map[string]search.Query{
		"the victim's language":  {Text: shared, Language: "de", Limit: 50},
		"all varieties":          {Text: shared, Language: "de-AT", Limit: 50},
		"a private language":     {Text: shared, Language: "x-zanzibar", Limit: 50},
		"a language of extremes": {Text: shared, Language: "en-u-co-phonebk-x-" + slug, Limit: 50},
		"the victim's level":     {Text: shared, Level: "ADVANCED", Limit: 50},
		"the victim's category":  {Text: shared, Category: slug, Limit: 50},
		"for members":            {Text: shared, Members: true, Limit: 50},
	})
	return found
}

// said is all that a search tells.
type said struct {
	Result search.Result
	Code   fault.Code
}

func (w *world) ask(t *testing.T, ctx context.Context, q search.Query) said {
	t.Helper()
	result, err := w.Search(ctx, q)
	code := fault.CodeOf(err)
	if err != nil && code != fault.BadInput {
		t.Errorf("%+v: %v", q, err)
	}
	if result.Degraded {
		t.Errorf("%+v: Postgres answers in place of the engine that is attacked", q)
	}
	return said{result, code}
}

// fill publishes the same number of courses for everybody and for members, each with two lessons. Every text of the
// victim has the canary.
func (w *world) fill(t *testing.T, tenant pgtest.Tenant, courses int, word string) {
	t.Helper()
	for i := range courses {
		for _, visibility := range []outline.Visibility{outline.Public, outline.Members} {
			course := w.course(t, tenant)
			title := fmt.Sprintf("Payroll %s %d %s", word, i, strings.ToLower(string(visibility)))
			w.publish(t, tenant, course, 1, visibility, title,
				text{"Payroll lesson " + word, "How the payroll of " + word + " is run."}, text{word + " exam", word + " payroll answers"})
			w.mustSync(t, tenant, course)
		}
	}
}

// TestAttackSearch asks the attacker's search everything while the victim has nothing, and again when the victim has
// much more than the attacker: each answer is the same to the byte, hits, highlights, snippets and totals.
func TestAttackSearch(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		t.Helper()
		w.fill(t, w.acme, 2, "harmless")
		viewers := map[string]context.Context{
			"visitor": w.acme.Anonymous(t.Context()), "learner": w.acme.AsLearner(t.Context()), "admin": w.acme.AsAdmin(t.Context()),
		}
		asked := queries(w.globex.ID, "globex")
		before, hits := map[string]said{}, 0
		for who, ctx := range viewers {
			for name, q := range asked {
				before[who+" "+name] = w.ask(t, ctx, q)
				hits += len(before[who+" "+name].Result.Hits)
			}
		}
		w.fill(t, w.globex, 12, canary)
		if found := w.ask(t, w.globex.AsLearner(t.Context()), search.Query{Text: canary, Limit: 50}); found.Result.Total < 24 || hits == 0 {
			t.Fatalf("the victim finds %d of its own, the attacker %d: the attack is vacuous", found.Result.Total, hits)
		}
		refused := 0
		for who, ctx := range viewers {
			for name, q := range asked {
				after := w.ask(t, ctx, q)
				if diff := cmp.Diff(before[who+" "+name], after); diff != "" {
					t.Errorf("%s, %s (-without the victim +with):\n%s", who, name, diff)
				}
				if text := fmt.Sprintf("%+v", after); strings.Contains(text, canary) {
					t.Errorf("%s, %s: %.300s", who, name, text)
				}
				if after.Code == fault.BadInput {
					refused++
				}
			}
		}
		for _, text := range badInput() {
			if got := w.ask(t, viewers["learner"], search.Query{Text: text, Limit: 1}); got.Code != fault.BadInput {
				t.Errorf("%q is asked", text)
			}
		}
		if _, err := w.Search(t.Context(), search.Query{Text: shared, Limit: 1}); err == nil {
			t.Error("nobody at all may search")
		}
		t.Logf("%d queries by %d viewers, %d refused: the same %d hits with and without the victim", len(asked), len(viewers), refused, hits)
	})
}

// TestAttackPlantedDocuments puts documents of the victim into the attacker's part of every engine, by every way of
// naming them: nothing of the victim is shown to the attacker, and nothing planted to the victim.
func TestAttackPlantedDocuments(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		t.Helper()
		theirs, ours := w.course(t, w.globex), w.course(t, w.acme)
		lessons := w.publish(t, w.globex, theirs, 1, outline.Public, "Payroll "+canary, text{canary, canary})
		w.mustSync(t, w.globex, theirs)
		w.publish(t, w.acme, ours, 1, outline.Public, "Payroll of ours")
		w.mustSync(t, w.acme, ours)
		planted := 0
		for _, ids := range [][2]uuid.UUID{{theirs, theirs}, {theirs, lessons[0]}, {ours, theirs}, {ours, lessons[0]}} {
			document := search.Document{
				ID: ids[1], Course: ids[0], Lesson: ids[0] != ids[1], Version: 1, Title: canary, CourseTitle: canary, Summary: canary, Body: canary,
				Language: "en", Level: "ALL", Visibility: "PUBLIC", Categories: []string{"computing"},
			}
			if ids[0] == theirs {
				if err := w.plant(w.acme.System(t.Context()), w.Local, document); err == nil {
					t.Error("Postgres took a document of another tenant's course")
				}
			}
			if w.Remote == nil {
				continue
			}
			if err := w.plant(w.acme.System(t.Context()), w.Remote, document); err != nil {
				t.Fatalf("plant: %v", err)
			}
			planted++
		}
		for who, ctx := range map[string]context.Context{"visitor": w.acme.Anonymous(t.Context()), "admin": w.acme.AsAdmin(t.Context())} {
			for _, query := range []string{canary, shared, "zanzi"} {
				result, err := w.Search(ctx, search.Query{Text: query, Limit: 50})
				if text := fmt.Sprintf("%+v", result.Hits); err != nil || strings.Contains(text, canary) || strings.Contains(text, theirs.String()) ||
					strings.Contains(text, lessons[0].String()) {
					t.Errorf("%s is shown what was planted: %s (%v)", who, text, err)
				}
			}
		}
		expect(t, "the victim", w.find(t, w.globex.AsLearner(t.Context()), canary), "Payroll "+canary, canary)
		t.Logf("%d documents were planted, none is shown", planted)
	})
}

// plant puts the document into the engine, which takes part in the transaction if it can.
func (w *world) plant(ctx context.Context, engine search.Engine, document search.Document) error {
	var settle search.Settle
	err := w.db.Tx(ctx, func(tx *pg.Tx) (err error) {
		settle, err = engine.Put(ctx, tx, document.Course, []search.Document{document})
		return err
	})
	if err != nil {
		return err
	}
	return settle(ctx)
}
