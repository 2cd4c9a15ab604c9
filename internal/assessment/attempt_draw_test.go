package assessment

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
)

// reverse is a shuffle that can be foreseen.
func reverse(n int, swap func(i, j int)) {
	for i := range n / 2 {
		swap(i, n-1-i)
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	pool := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	for name, tt := range map[string]struct {
		settings outline.QuizSettings
		want     []int
	}{
		"all, in order":    {outline.QuizSettings{}, []int{0, 1, 2, 3}},
		"all, mixed":       {outline.QuizSettings{Shuffle: true}, []int{3, 2, 1, 0}},
		"some, in order":   {outline.QuizSettings{Draw: 2}, []int{2, 3}},
		"some, mixed":      {outline.QuizSettings{Draw: 2, Shuffle: true}, []int{3, 2}},
		"more than are":    {outline.QuizSettings{Draw: 9}, []int{0, 1, 2, 3}},
		"as many as there": {outline.QuizSettings{Draw: 4}, []int{0, 1, 2, 3}},
	} {
		tt.settings.Questions = pool
		want := make([]uuid.UUID, len(tt.want))
		for i, place := range tt.want {
			want[i] = pool[place]
		}
		if got := draw(&tt.settings, reverse); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if !slices.Equal(pool, pool[:4:4]) {
		t.Error("the pool changed")
	}
}

// TestDrawIsFair draws with the real shuffle: no question twice, none from elsewhere, and over many draws
// each of them comes.
func TestDrawIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		settings := &outline.QuizSettings{
			Questions: make([]uuid.UUID, rapid.IntRange(1, 12).Draw(t, "pool")),
			Draw:      rapid.IntRange(0, 14).Draw(t, "draw"), Shuffle: rapid.Bool().Draw(t, "shuffle"),
		}
		for i := range settings.Questions {
			settings.Questions[i] = uuid.New()
		}
		mix, err := newShuffle()
		if err != nil {
			t.Fatal(err)
		}
		came := map[uuid.UUID]bool{}
		for range 300 {
			drawn := draw(settings, mix)
			seen := map[uuid.UUID]bool{}
			for _, id := range drawn {
				if seen[id] || !slices.Contains(settings.Questions, id) {
					t.Fatalf("drew %v from %v", drawn, settings.Questions)
				}
				seen[id], came[id] = true, true
			}
		}
		if len(came) != len(settings.Questions) {
			t.Fatalf("%d of %d questions came in 300 draws", len(came), len(settings.Questions))
		}
	})
}

func TestFrozen(t *testing.T) {
	t.Parallel()
	questions := []*ent.QuestionVersion{
		{ID: uuid.New(), Points: 2, Choices: []quiz.Choice{{Key: "a"}, {Key: "b"}, {Key: "c"}}},
		{ID: uuid.New(), Points: 3},
	}
	picks, maxScore := frozen(questions, &outline.QuizSettings{Shuffle: true}, reverse)
	if maxScore != 5 || picks[0].Question != questions[0].ID.String() || !slices.Equal(picks[0].Choices, []string{"c", "b", "a"}) ||
		len(picks[1].Choices) != 0 {
		t.Errorf("%+v, %g", picks, maxScore)
	}
	if picks, _ := frozen(questions, &outline.QuizSettings{}, reverse); !slices.Equal(picks[0].Choices, []string{"a", "b", "c"}) {
		t.Errorf("unshuffled: %+v", picks)
	}
}
