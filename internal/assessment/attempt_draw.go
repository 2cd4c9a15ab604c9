package assessment

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
)

// shuffle puts n things in another order by swapping them.
type shuffle func(n int, swap func(i, j int))

// newShuffle returns a shuffle that nobody can foresee: its generator is seeded by the system's.
func newShuffle() (shuffle, error) {
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("seed shuffle: %w", err)
	}
	return mathrand.New(mathrand.NewChaCha8(seed)).Shuffle, nil //nolint:gosec // a strong generator, strongly seeded
}

// draw takes the questions of one attempt from the pool: all of them or as many as the quiz says, mixed if
// it says so and in the order of the pool otherwise.
func draw(settings *outline.QuizSettings, mix shuffle) []uuid.UUID {
	pool := settings.Questions
	places := make([]int, len(pool))
	for i := range places {
		places[i] = i
	}
	taken := len(pool)
	if settings.Draw > 0 {
		taken = min(settings.Draw, taken)
	}
	if settings.Shuffle || taken < len(pool) {
		mix(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	}
	places = places[:taken]
	if !settings.Shuffle {
		slices.Sort(places)
	}
	drawn := make([]uuid.UUID, taken)
	for i, place := range places {
		drawn[i] = pool[place]
	}
	return drawn
}

// frozen makes the picks of an attempt from the questions that were drawn, and sums up their points.
func frozen(questions []*ent.QuestionVersion, settings *outline.QuizSettings, mix shuffle) (picks []quiz.Pick, maxScore float64) {
	picks = make([]quiz.Pick, len(questions))
	for i, q := range questions {
		order := make([]string, len(q.Choices))
		for j, choice := range q.Choices {
			order[j] = choice.Key
		}
		if settings.Shuffle {
			mix(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		}
		picks[i] = quiz.Pick{Question: q.ID.String(), Choices: order}
		maxScore += float64(q.Points)
	}
	return picks, maxScore
}
