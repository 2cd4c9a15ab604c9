package searchtest

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/search"
)

// RunStore checks that the engine keeps the promises of search.Store. The engine of s is the store.
func RunStore(t *testing.T, s Setup, store search.Store) {
	t.Helper()
	Run(t, s)
	t.Run("Shows", func(t *testing.T) { s.shows(t, store) })
	t.Run("Snippets", s.snippets)
}

func (s Setup) shows(t *testing.T, store search.Store) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	foreign, _ := s.tenant(t)
	documents := s.publish(t, tenant, "Light|Chlorophyll absorbs light.", "Shade|No light, no chlorophyll.")
	closed := document(documents[0].Course, "Closed", "Chlorophyll.")
	closed.Visibility = "MEMBERS"
	s.put(t, tenant, closed.Course, documents[0], documents[1], closed)
	theirs := s.publish(t, foreign, "Theirs|Chlorophyll of others.")

	var hits []search.Hit
	for _, d := range []search.Document{closed, documents[1], theirs[0], documents[0]} {
		hits = append(hits, search.Hit{ID: d.ID, Course: d.Course, Title: "⟦poison⟧", Snippet: "poison"})
	}
	hits = append(hits,
		search.Hit{ID: documents[0].ID, Course: theirs[0].Course},
		search.Hit{ID: uuid.New(), Course: uuid.New()},
	)
	shown, err := store.Show(ctx, search.Query{Text: "chlorophyll"}, hits)
	if err != nil {
		t.Fatalf("Show: %v", err)
	}
	want := []search.Hit{
		{ID: documents[1].ID, Course: closed.Course, Lesson: true, Title: "Shade", Snippet: "No light, no ⟦chlorophyll⟧"},
		{ID: documents[0].ID, Course: closed.Course, Lesson: true, Title: "Light", Snippet: "⟦Chlorophyll⟧ absorbs light"},
	}
	if len(shown) != len(want) || shown[0] != want[0] || shown[1] != want[1] {
		t.Errorf("Show: %+v, want %+v", shown, want)
	}
	if shown, err = store.Show(ctx, search.Query{Text: "chlorophyll", Members: true}, hits); err != nil || len(shown) != 3 {
		t.Errorf("Show to a member: %+v (%v), want three hits", shown, err)
	}
	if shown, err = store.Show(ctx, search.Query{Text: "???"}, hits); err != nil || len(shown) != 2 {
		t.Errorf("Show without words: %+v (%v), want two hits", shown, err)
	}
	if shown, err = store.Show(ctx, search.Query{Text: "chlorophyll"}, nil); err != nil || len(shown) != 0 {
		t.Errorf("Show of nothing: %+v (%v), want nothing", shown, err)
	}
}

func (s Setup) snippets(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	filler := strings.Repeat("Nothing to see in this sentence. ", 3000)
	s.publish(t, tenant,
		"Long|"+filler+"Then the running foxes jump over dogs. "+filler,
		"Accents|In the Café of the Hauptstraße there is crème brûlée.",
		"Mistyped hippopotamus|It begins like this and goes on for a while.",
	)
	for query, want := range map[string]string{
		"fox":                 "⟦foxes⟧",
		"foxes run":           "⟦running⟧ ⟦foxes⟧",
		`"foxes jump"`:        "⟦foxes⟧ ⟦jump⟧",
		"creme":               "⟦crème⟧ brûlée",
		"hauptstrasse":        "⟦Hauptstraße⟧",
		"hippopotmus":         "It begins like this",
		"mistyped":            "It begins like this",
		"jum":                 "⟦jump⟧",
		"accents brulee cafe": "⟦Café⟧",
	} {
		found := s.query(t, ctx, query)
		if len(found.Hits) != 1 {
			t.Errorf("%q: %d hits, want 1", query, len(found.Hits))
			continue
		}
		if got := found.Hits[0].Snippet; !strings.Contains(got, want) || len(got) > 600 {
			t.Errorf("%q: snippet %q, want an excerpt with %q", query, got, want)
		}
	}
}
