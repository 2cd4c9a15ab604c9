package learning

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg/multirange"
)

func TestAllowance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		credit int
		since  time.Duration
		want   int
	}{
		"at once":               {firstCredit, 0, 60_000},
		"after a minute":        {0, time.Minute, 120_000},
		"with something over":   {5_000, time.Second, 7_000},
		"a clock that ran back": {5_000, -time.Hour, 5_000},
	} {
		if got := allowance(tt.credit, tt.since, topSpeed); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	if got := leftOver(100, 40); got != 60 {
		t.Errorf("left over: %d, want 60", got)
	}
	if got := leftOver(10*keptCredit, 0); got != keptCredit {
		t.Errorf("left over of a long wait: %d, want %d", got, keptCredit)
	}
}

func TestWatchedEnough(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		watched, duration int
		want              bool
	}{
		{0, 0, false},
		{5_000, 0, false},
		{79_999, 100_000, false},
		{80_000, 100_000, true},
		{100_000, 100_000, true},
		{0, 1, false},
		{1, 1, true},
		{2, 3, false},
		{3, 3, true},
	} {
		if got := watchedEnough(tt.watched, tt.duration); got != tt.want {
			t.Errorf("%d of %d ms: %t, want %t", tt.watched, tt.duration, got, tt.want)
		}
	}
}

func lesson(kind outline.Kind, required bool, duration int) outline.Lesson {
	return outline.Lesson{ID: uuid.New(), Kind: kind, Required: required, DurationMS: duration}
}

func course(lessons ...outline.Lesson) *outline.Outline {
	half := len(lessons) / 2
	return &outline.Outline{Modules: []outline.Module{{Lessons: lessons[:half]}, {Lessons: lessons[half:]}}}
}

func TestCountAndNext(t *testing.T) {
	t.Parallel()
	a, b, c := lesson(outline.Article, true, 0), lesson(outline.Article, false, 0), lesson(outline.Article, true, 0)
	some, none := course(a, b, c), course(b, lesson(outline.Link, false, 0))
	last := none.Lessons()[1]
	for name, tt := range map[string]struct {
		outline *outline.Outline
		done    []outline.Lesson
		want    tally
		next    uuid.UUID
	}{
		"nothing":            {some, nil, tally{}, a.ID},
		"first":              {some, []outline.Lesson{a}, tally{lessons: 1, required: 1}, c.ID},
		"only the voluntary": {some, []outline.Lesson{b}, tally{lessons: 1}, a.ID},
		"all required":       {some, []outline.Lesson{c, a}, tally{lessons: 2, required: 2}, uuid.Nil},
		"of another version": {some, []outline.Lesson{lesson(outline.Article, true, 0)}, tally{}, a.ID},
		"none is required":   {none, []outline.Lesson{b}, tally{lessons: 1, required: 1}, last.ID},
		"all of them":        {none, []outline.Lesson{b, last}, tally{lessons: 2, required: 2}, uuid.Nil},
		"an empty course":    {course(), nil, tally{}, uuid.Nil},
	} {
		done := map[uuid.UUID]bool{}
		evidence := []*ent.LessonProgress{{LessonID: c.ID}}
		for _, l := range tt.done {
			done[l.ID] = true
			evidence = append(evidence, &ent.LessonProgress{LessonID: l.ID, CompletedAt: &time.Time{}})
		}
		if got := count(tt.outline, done); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
		var next uuid.UUID
		if l := Next(tt.outline, evidence); l != nil {
			next = l.ID
		}
		if next != tt.next {
			t.Errorf("%s: next is %s, want %s", name, next, tt.next)
		}
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, tt := range map[string]struct {
		progress *ent.CourseProgress
		state    State
		percent  int
	}{
		"untouched":         {Untouched(&ent.Enrollment{}, 4), NotStarted, 0},
		"begun":             {&ent.CourseProgress{LastActivityAt: now, RequiredLessons: 3, CompletedRequired: 2}, InProgress, 66},
		"nothing to do":     {&ent.CourseProgress{LastActivityAt: now}, InProgress, 0},
		"more than needed":  {&ent.CourseProgress{LastActivityAt: now, RequiredLessons: 1, CompletedRequired: 2}, InProgress, 100},
		"completed":         {&ent.CourseProgress{LastActivityAt: now, CompletedAt: &now, RequiredLessons: 3, CompletedRequired: 3}, Completed, 100},
		"completed earlier": {&ent.CourseProgress{LastActivityAt: now, CompletedAt: &now, RequiredLessons: 4, CompletedRequired: 3}, Completed, 100},
	} {
		if got := CourseState(tt.progress); got != tt.state {
			t.Errorf("%s: %s, want %s", name, got, tt.state)
		}
		if got := Percent(tt.progress); got != tt.percent {
			t.Errorf("%s: %d %%, want %d", name, got, tt.percent)
		}
		if got := LastActivity(tt.progress); (got == nil) != (tt.state == NotStarted) {
			t.Errorf("%s: last activity %v", name, got)
		}
	}
	if got := LessonState(&ent.LessonProgress{}); got != InProgress {
		t.Errorf("a lesson with evidence: %s", got)
	}
	if got := LessonState(&ent.LessonProgress{CompletedAt: &now}); got != Completed {
		t.Errorf("a completed lesson: %s", got)
	}
}

func TestCheckBatch(t *testing.T) {
	t.Parallel()
	segment := func(from, to int) []Played { return []Played{{Segments: []Segment{{FromMS: from, ToMS: to}}}} }
	for name, tt := range map[string]struct {
		batch  []Played
		fields string
	}{
		"one":               {segment(0, 1), ""},
		"a position alone":  {[]Played{{PositionMS: new(7)}}, ""},
		"the longest":       {segment(0, 2147483647), ""},
		"none":              {nil, "lessons"},
		"51 lessons":        {make([]Played, 51), "lessons"},
		"501 segments":      {[]Played{{Segments: make([]Segment, 501)}}, "lessons"},
		"empty":             {segment(5, 5), "lessons.0.segments.0"},
		"backwards":         {segment(5, 4), "lessons.0.segments.0"},
		"negative":          {segment(-1, 4), "lessons.0.segments.0"},
		"too far":           {segment(1, 2147483648), "lessons.0.segments.0"},
		"negative position": {[]Played{{}, {PositionMS: new(-1)}}, "lessons.1.positionMs"},
		"far position":      {[]Played{{PositionMS: new(1 << 31)}}, "lessons.0.positionMs"},
		"two mistakes":      {[]Played{{PositionMS: new(-1), Segments: []Segment{{FromMS: 0, ToMS: 1}, {FromMS: 2, ToMS: 1}}}}, "lessons.0.positionMs lessons.0.segments.1"},
	} {
		if got := fields(Batch{Lessons: tt.batch}.check()); got != tt.fields {
			t.Errorf("%s: %q, want %q", name, got, tt.fields)
		}
	}
}

func fields(err error) string {
	f, ok := err.(*fault.Error) //nolint:errorlint // the rule returns it bare
	if !ok {
		return ""
	}
	var all []string
	for _, v := range f.Violations {
		all = append(all, v.Field)
	}
	return strings.Join(all, " ")
}

func TestFold(t *testing.T) {
	t.Parallel()
	short, open, article := lesson(outline.Video, true, 10_000), lesson(outline.Video, true, 0), lesson(outline.Article, true, 0)
	o := course(short, open, article)
	got, err := fold(o, []Played{
		{Lesson: short.ID, Segments: []Segment{{FromMS: 0, ToMS: 500}, {FromMS: 9_000, ToMS: 11_000}, {FromMS: 10_500, ToMS: 12_000}}, PositionMS: new(12_000)},
		{Lesson: open.ID, Segments: []Segment{{FromMS: 0, ToMS: 2147483647}}},
		{Lesson: short.ID, Segments: []Segment{{FromMS: 400, ToMS: 600}}, PositionMS: new(600)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []folded{
		{lesson: o.Lesson(short.ID), watched: multirange.Int4{{From: 0, To: 600}, {From: 9_000, To: 10_000}}, position: new(600)},
		{lesson: o.Lesson(open.ID), watched: multirange.Int4{{From: 0, To: 2147483647}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(folded{})); diff != "" {
		t.Errorf("folded (-want +got):\n%s", diff)
	}
	if _, err := fold(o, []Played{{Lesson: uuid.New()}}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a lesson that is not there: %v", err)
	}
	_, err = fold(o, []Played{{Lesson: article.ID, Segments: []Segment{{FromMS: 0, ToMS: 1}}}, {Lesson: short.ID, Segments: []Segment{{FromMS: 0, ToMS: 1}, {FromMS: 0, ToMS: 12_001}}}})
	if got, want := fields(err), "lessons.0.segments lessons.1.segments.1.toMs"; got != want {
		t.Errorf("violations: %q, want %q", got, want)
	}
}

func TestOnTheirWord(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lesson *outline.Lesson
		want   fault.Code
	}{
		"none":                      {nil, fault.NotFound},
		"an article":                {&outline.Lesson{Kind: outline.Article}, ""},
		"a file":                    {&outline.Lesson{Kind: outline.File}, ""},
		"a link":                    {&outline.Lesson{Kind: outline.Link}, ""},
		"a video":                   {&outline.Lesson{Kind: outline.Video, DurationMS: 1}, fault.Conflict},
		"a video of unknown length": {&outline.Lesson{Kind: outline.Video}, ""},
		"a quiz":                    {&outline.Lesson{Kind: outline.Quiz}, fault.Conflict},
	} {
		if got := fault.CodeOf(onTheirWord(tt.lesson)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
