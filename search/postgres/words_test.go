package postgres

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/platform/pgtest"
)

func TestWordsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]words{
		"":                  {},
		"a":                 {},
		"ab":                {last: "ab:*"},
		"light wat":         {before: "light ", last: "wat:*"},
		"été":               {last: "été:*"},
		"light -wat":        {},
		"light wat-er":      {},
		"light c++":         {},
		"light or":          {},
		"light OR wat":      {before: "light OR ", last: "wat:*"},
		`"red apples"`:      {phrases: []string{"red apples"}},
		`"red  apples" swe`: {before: `"red  apples" `, last: "swe:*", phrases: []string{"red apples"}},
		`"red" apples`:      {before: `"red" `, last: "apples:*"},
		`red "app`:          {},
		`red "green app`:    {phrases: []string{"green app"}},
		"light (wat":        {before: "light (", last: "wat:*"},
		"- -- a-b -c -":     {text: "     a-b -c  "},
		"--light":           {text: " -light"},
	} {
		if want.text == "" {
			want.text = text
		}
		if want.phrases == nil {
			want.phrases = []string{}
		}
		if diff := cmp.Diff(want, wordsOf(text), cmp.AllowUnexported(words{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestMarkAlike(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		title string
		typed []string
		want  string
	}{
		{"Photosynthesis, today", []string{"photosyntesis"}, "⟦Photosynthesis⟧, today"},
		{"(Light)", []string{"LIHGT"}, "(⟦Light⟧)"},
		{"Cat", []string{"cut"}, "Cat"},
		{"Kubernetes in practice", []string{"kuberntes", "practise"}, "⟦Kubernetes⟧ in ⟦practice⟧"},
		{"  ", []string{"light"}, "  "},
		{"", nil, ""},
	} {
		if got := markAlike(tt.title, tt.typed); got != tt.want {
			t.Errorf("%q for %q: %q, want %q", tt.title, tt.typed, got, tt.want)
		}
	}
}

// TestDictionaries checks that the migrations made what languages are mapped to.
func TestDictionaries(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tenant := pgtest.NewTenant(t, db, "acme")
	for _, name := range append(slices.Collect(maps.Values(dictionaries)), simple) {
		var lexemes string
		err := db.QueryRow(tenant.System(t.Context()), `SELECT to_tsvector($1::regconfig, 'Café')::text`, name).Scan(&lexemes)
		if err != nil || lexemes != "'cafe':1" && lexemes != "'caf':1" {
			t.Errorf("%s: %s (%v), want a word without its accent", name, lexemes, err)
		}
	}
	for tag, want := range map[string]string{
		"en": "lyceum_english", "en-GB": "lyceum_english", "pt-BR": "lyceum_portuguese", "nb": "lyceum_norwegian",
		"zh-Hans": simple, "tlh": simple, "": simple, "!": simple,
	} {
		if got := dictionary(tag); got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
}
