package learning

import (
	"strings"
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
	is := of(&outline.Policy{Need: outline.NeedAny},
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

// TestChanges says of everything that can be asked for in another way from what to what it goes.
func TestChanges(t *testing.T) {
	t.Parallel()
	one, two := uuid.New(), uuid.New()
	quiz := func(q outline.QuizSettings) outline.Lesson {
		return outline.Lesson{Kind: outline.Quiz, Required: true, Quiz: &q}
	}
	film := func(ms int) outline.Lesson {
		return outline.Lesson{Kind: outline.Video, Required: true, DurationMS: ms}
	}
	for name, tt := range map[string]struct {
		was, is              outline.Lesson
		course, module       *outline.Policy
		wasCourse, wasModule *outline.Policy
		want                 string
	}{
		"nothing":        {was: film(90_000), is: film(90_000), wasModule: &outline.Policy{Need: outline.NeedAll}},
		"a title":        {was: film(90_000), is: outline.Lesson{Kind: outline.Video, Required: true, DurationMS: 90_000, Title: "Another"}},
		"a longer film":  {was: film(90_000), is: film(3_600_000), want: "lesson LENGTH 1m30s>1h0m0s"},
		"another kind":   {was: film(0), is: outline.Lesson{Kind: outline.Link, Required: true}, want: "lesson KIND VIDEO>LINK"},
		"a rule":         {was: film(0), is: outline.Lesson{Kind: outline.Video, Required: true, Completion: "read"}, want: "lesson RULE >read"},
		"the pass mark":  {was: quiz(outline.QuizSettings{PassMark: 60}), is: quiz(outline.QuizSettings{PassMark: 80}), want: "lesson PASS_MARK 60>80"},
		"how often":      {was: quiz(outline.QuizSettings{}), is: quiz(outline.QuizSettings{AttemptsAllowed: 2}), want: "lesson ATTEMPTS >2"},
		"how long":       {was: quiz(outline.QuizSettings{TimeLimitSeconds: 60}), is: quiz(outline.QuizSettings{}), want: "lesson TIME_LIMIT 1m0s>"},
		"other question": {was: quiz(outline.QuizSettings{Questions: []uuid.UUID{one}}), is: quiz(outline.QuizSettings{Questions: []uuid.UUID{two}}), want: "lesson QUESTIONS 1>1"},
		"fewer drawn": {
			was: quiz(outline.QuizSettings{Questions: []uuid.UUID{one, two}}), is: quiz(outline.QuizSettings{Questions: []uuid.UUID{one, two}, Draw: 1}),
			want: "lesson QUESTIONS 2>1",
		},
		"the module's need": {was: film(0), is: film(0), module: &outline.Policy{Need: outline.NeedAny}, want: "module NEED ALL>ANY"},
		"the course's rule": {
			was: film(0), is: film(0), wasCourse: &outline.Policy{Need: outline.NeedAtLeast, Count: 2},
			course: &outline.Policy{Need: outline.NeedAtLeast, Count: 1, When: "attended"}, want: "course NEED AT_LEAST 2>AT_LEAST 1, course RULE >attended",
		},
	} {
		tt.was.ID, tt.is.ID = one, one
		got := compare(
			&outline.Outline{Completion: tt.wasCourse, Modules: []outline.Module{{ID: two, Completion: tt.wasModule, Lessons: []outline.Lesson{tt.was}}}},
			&outline.Outline{Completion: tt.course, Modules: []outline.Module{{ID: two, Completion: tt.module, Lessons: []outline.Lesson{tt.is}}}})
		var told []string
		for _, c := range got.Changes {
			of := "course"
			switch {
			case c.Lesson != nil:
				of = "lesson"
			case c.Module != nil:
				of = "module"
			}
			told = append(told, of+" "+string(c.Aspect)+" "+c.From+">"+c.To)
		}
		if all := strings.Join(told, ", "); all != tt.want {
			t.Errorf("%s: %q, want %q", name, all, tt.want)
		}
		if lessons := strings.Contains(tt.want, "lesson"); lessons != (len(got.Changed) == 1) || got.PoliciesChanged != (tt.want != "" && !lessons) {
			t.Errorf("%s: %d lessons changed, policies changed: %t", name, len(got.Changed), got.PoliciesChanged)
		}
		if len(got.Added)+len(got.Removed)+len(got.Mapped) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestCompareWhatNobodyRequires: where nothing is required, everything is.
func TestCompareWhatNobodyRequires(t *testing.T) {
	t.Parallel()
	of := func(required bool, mark int) *outline.Outline {
		return &outline.Outline{Modules: []outline.Module{{ID: uuid.Nil, Lessons: []outline.Lesson{
			{ID: uuid.NewSHA1(uuid.Nil, []byte("quiz")), Kind: outline.Quiz, Quiz: &outline.QuizSettings{PassMark: mark}},
			{ID: uuid.NewSHA1(uuid.Nil, []byte("film")), Kind: outline.Video, Required: required},
		}}}}
	}
	if got := compare(of(false, 50), of(false, 60)); len(got.Changed) != 1 || len(got.Added)+len(got.Removed) != 0 {
		t.Errorf("a pass mark where nothing is required: %+v", got)
	}
	if got := compare(of(true, 50), of(false, 60)); len(got.Added) != 1 || len(got.Removed)+len(got.Changed) != 0 {
		t.Errorf("nothing is required any more: %+v", got)
	}
	if got := compare(of(true, 50), of(true, 60)); len(got.Changes)+len(got.Added)+len(got.Removed) != 0 {
		t.Errorf("a quiz that nobody asks for: %+v", got)
	}
}
