package searchtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/search"
)

// RunStore checks that the engine keeps the promises of search.Store. The engine of s is the store.
func RunStore(t *testing.T, s Setup, store search.Store) {
	t.Helper()
	Run(t, s)
	t.Run("Shows", func(t *testing.T) { s.shows(t, store) })
	t.Run("Snippets", s.snippets)
	t.Run("Seconds", func(t *testing.T) { s.seconds(t, store) })
	t.Run("Excerpts", func(t *testing.T) { s.excerpts(t, store) })
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
	shown, err := store.Show(ctx, search.Query{Text: "chlorophyll", Staff: true}, hits)
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

// seconds tells when in a film it is said what an excerpt shows, to those who see the excerpt.
func (s Setup) seconds(t *testing.T, store search.Store) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	film := document(s.Course(t, tenant), "The bowline knot", "Überall: a knot for sailors.")
	for i := range 2000 {
		film.Cues = append(film.Cues, search.Cue{At: time.Duration(i) * 2 * time.Second, Text: fmt.Sprintf("Größe, step %d of the rope.", i)})
	}
	film.Cues[3].Text, film.Cues[1900].Text, film.Cues[1901].Text = "The rabbit comes out", "Around the tree", "and back into its hole."
	bare := document(film.Course, "Nothing but words", "")
	bare.Cues = []search.Cue{{At: 1500 * time.Millisecond, Text: "Hello sailor"}}
	s.put(t, tenant, film.Course, film, bare)
	hit := []search.Hit{{ID: film.ID, Course: film.Course}}
	for query, want := range map[string]int{
		"rabbit": 6000, `"around the tree and back"`: 3_800_000, "hole": 3_802_000, "sailors": -1, "bowline": -1, "bowlin": -1,
	} {
		found := s.query(t, ctx, query).Hits
		shown, err := store.Show(ctx, search.Query{Text: query, Staff: true}, hit)
		if err != nil || len(found) == 0 || len(shown) != 1 {
			t.Fatalf("%s: %d hits, %d shown (%v)", query, len(found), len(shown), err)
		}
		if at, again := said(found[0]), said(shown[0]); found[0].ID == film.ID && at != want || again != want {
			t.Errorf("%s: found at %d and shown at %d, want %d: %q", query, at, again, want, found[0].Snippet)
		}
	}
	if found := s.query(t, ctx, `"hello sailor"`).Hits; len(found) != 1 || said(found[0]) != 1500 {
		t.Errorf("a film without a text: %+v, want it at 1500", found)
	}
	if found := s.ask(t, ctx, search.Query{Text: "rabbit", Members: true}).Hits; len(found) != 1 || said(found[0]) != -1 {
		t.Errorf("who may not open the lesson is told %+v", found)
	}
}

// said is when the hit's excerpt is said, -1 for never.
func said(hit search.Hit) int {
	if hit.AtMs == nil {
		return -1
	}
	return *hit.AtMs
}

// excerpts are shown of lessons to those who may open them, however they were found.
func (s Setup) excerpts(t *testing.T, store search.Store) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	foreign, _ := s.tenant(t)
	course, other := s.Course(t, tenant), s.Course(t, tenant)
	whole := document(course, "Botany", "Chlorophyll for beginners.")
	whole.ID, whole.Lesson = course, false
	first, preview, added := document(course, "Photosynthesis one", "Chlorophyll is green."),
		document(course, "Photosynthesis two", "Chlorophyll is a preview."), document(course, "Photosynthesis three", "Chlorophyll is new.")
	all := []search.Document{whole, first, preview, added}
	s.put(t, tenant, course, all...)

	before := s.Publish(t, tenant, course, uuid.Nil, first.ID, preview.ID)
	learner, withdrawn := s.Enroll(t, tenant, course, before), s.Enroll(t, tenant, course, before)
	s.Withdraw(t, tenant, course, withdrawn)
	now := s.Publish(t, tenant, course, preview.ID, first.ID, preview.ID, added.ID)
	elsewhere := s.Enroll(t, tenant, other, s.Publish(t, tenant, other, uuid.Nil, uuid.New()))
	theirs := s.Course(t, foreign)
	stranger := s.Enroll(t, foreign, theirs, s.Publish(t, foreign, theirs, uuid.Nil, first.ID))

	hits := make([]search.Hit, len(all))
	for i, d := range all {
		hits[i] = search.Hit{ID: d.ID, Course: d.Course}
	}
	for name, tt := range map[string]struct {
		query search.Query
		open  []search.Document
	}{
		"a visitor":                    {search.Query{}, []search.Document{whole, preview}},
		"enrolled in nothing":          {search.Query{Reader: uuid.New()}, []search.Document{whole, preview}},
		"enrolled elsewhere":           {search.Query{Reader: elsewhere}, []search.Document{whole, preview}},
		"withdrawn":                    {search.Query{Reader: withdrawn}, []search.Document{whole, preview}},
		"of another tenant":            {search.Query{Reader: stranger}, []search.Document{whole, preview}},
		"enrolled in a version before": {search.Query{Reader: learner}, []search.Document{whole, first, preview}},
		"enrolled in the version now":  {search.Query{Reader: s.Enroll(t, tenant, course, now)}, all},
		"staff":                        {search.Query{Staff: true}, all},
	} {
		for _, tt.query.Text = range []string{"chlorophyll", `"chlorophyll is"`, "photosinthesis"} {
			s.excerpted(t, name, s.ask(t, ctx, tt.query).Hits, tt.open)
			shown, err := store.Show(ctx, tt.query, hits)
			if err != nil || len(shown) != len(hits) {
				t.Fatalf("%s: Show: %d hits (%v), want %d", name, len(shown), err, len(hits))
			}
			s.excerpted(t, name, shown, tt.open)
		}
	}
}

// excerpted fails unless exactly the open documents among the hits have a snippet.
func (Setup) excerpted(t *testing.T, name string, hits []search.Hit, open []search.Document) {
	t.Helper()
	if len(hits) == 0 {
		t.Errorf("%s: nothing is found", name)
	}
	for _, hit := range hits {
		may := slices.ContainsFunc(open, func(d search.Document) bool { return d.ID == hit.ID })
		if (hit.Snippet != "") != may {
			t.Errorf("%s: %q has the snippet %q, and is open to them: %t", name, hit.Title, hit.Snippet, may)
		}
	}
}
