package engagement

import (
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
)

// AchievementEarned says that a learner earned an achievement. It is announced once for each learner and achievement, also
// when the accounts are made anew.
type AchievementEarned struct {
	ID          uuid.UUID `json:"id"`
	Tenant      uuid.UUID `json:"tenant_id"`
	At          time.Time `json:"at"`
	Learner     uuid.UUID `json:"learner_id"`
	Achievement uuid.UUID `json:"achievement_id"`
}

var _ pg.Single = AchievementEarned{}

// Kind implements pg.Event.
func (AchievementEarned) Kind() string { return "engagement.achievement_earned" }

// Once implements pg.Single.
func (e AchievementEarned) Once() string { return e.Learner.String() + " " + e.Achievement.String() }
