package jobs

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// TestSearchIsTriedAgainSoon: whenever an engine comes back, the next try of a sync or the next check is not far.
func TestSearchIsTriedAgainSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		for attempt := 1; attempt <= maxAttempts; attempt++ {
			next := syncCourse(Services{}).NextRetry(&river.Job[SyncCourse]{JobRow: &rivertype.JobRow{Attempt: attempt}})
			waits = append(waits, time.Until(next))
		}
		want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
		for i, wait := range waits {
			if i < len(want) && wait != want[i] || i >= len(want) && wait != 30*time.Second {
				t.Errorf("after failure %d the wait is %v", i+1, wait)
			}
		}
	})
	// A check that has just missed the engine's return is followed by one that does not.
	const promised = time.Minute
	if longestSyncWait >= promised || checkEvery >= promised {
		t.Errorf("tries are %v apart and checks %v: a minute is promised", longestSyncWait, checkEvery)
	}
}
