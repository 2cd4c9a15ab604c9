package learning

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// TestCompare says of two outlines what publishing the second would change.
func TestCompare(t *testing.T) {
	t.Parallel()
	lesson := func(key string, kind outline.Kind, required bool, rule string) outline.Lesson {
		return outline.Lesson{ID: uuid.NewSHA1(uuid.Nil, []byte(key)), Key: key, Title: "About " + key, Kind: kind, Required: required, Completion: rule}
	}
	module := uuid.New()
	of := func(policy *outline.Policy, lessons ...outline.Lesson) *outline.Outline {
		return &outline.Outline{Modules: []outline.Module{{ID: module, Completion: policy, Lessons: lessons}}}
	}
	renamed := lesson("fresh film", outline.Video, true, "")
	renamed.Title = "about FILM"
	was := of(nil,
		lesson("stays", outline.Article, true, "read"), lesson("ruled", outline.Article, true, "read"), lesson("eased", outline.Article, true, ""),
		lesson("film", outline.Video, true, ""), lesson("gone", outline.Quiz, false, ""), lesson("raised", outline.Link, false, ""))
	is := of(&outline.Policy{},
		lesson("stays", outline.Article, true, "read"), lesson("ruled", outline.Article, true, "signed_off"), lesson("eased", outline.Article, false, ""),
		renamed, lesson("raised", outline.Link, true, ""))
	keys := func(lessons []outline.Lesson) (all string) {
		for _, l := range lessons {
			all += l.Key + " "
		}
		return all
	}
	got := compare(was, is)
	for what, tt := range map[string][2]string{
		"added": {keys(got.Added), "fresh film raised "}, "removed": {keys(got.Removed), "eased film "}, "changed": {keys(got.Changed), "ruled "},
	} {
		if tt[0] != tt[1] {
			t.Errorf("%s: %q, want %q", what, tt[0], tt[1])
		}
	}
	if len(got.Mapped) != 1 || got.Mapped[0].From.Key != "film" || got.Mapped[0].To.Key != "fresh film" {
		t.Errorf("mapped: %+v", got.Mapped)
	}
	if !got.PoliciesChanged || compare(is, is).PoliciesChanged {
		t.Error("what the module asks for changed once, and once not")
	}
	if nothing := compare(was, was); len(nothing.Added)+len(nothing.Removed)+len(nothing.Changed)+len(nothing.Mapped) != 0 {
		t.Errorf("no change: %+v", nothing)
	}
}
