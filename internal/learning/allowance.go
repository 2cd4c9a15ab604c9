package learning

import "time"

// The wall-clock guard. Nobody watches three hours of video in ten minutes, or learns for two hours in one, so
// what a batch adds is held against the server's clock. There are three buckets:
//
//   - Video of a learner, whatever they watch at once, in however many tabs, sessions and courses. Each millisecond
//     since their last batch pours in topSpeed milliseconds of video.
//   - Video of a place, the same: whoever has learned elsewhere has not been waiting here.
//   - Time on task of a learner: a millisecond each.
//
// A new place pours firstCredit into each of them, and the very first one counts from when it was taken up. A batch
// is credited what all its buckets hold, first lesson first; what lies beyond is not stored, and counts when it is
// watched again. What a batch leaves over is kept, up to keptCredit. So a player that comes back from a
// tunnel and sends an hour's batches within a second loses nothing, and one that sends sixty batches a minute gains
// nothing: from one batch to any later one the credit is at most topSpeed times the time between them, and keptCredit.
//
// It stops a script that claims a course in one go. It does not tell a playing video from a watched one.
const (
	topSpeed    = 2
	realTime    = 1
	firstCredit = 60_000
	keptCredit  = 3_600_000
)

// allowance is how many milliseconds may be credited now, when credit was left over that long ago and each
// millisecond since has poured in speed more.
func allowance(credit int, since time.Duration, speed int) int {
	return credit + speed*int(max(since, 0).Milliseconds())
}

// leftOver is the credit that stays for the next batch.
func leftOver(allowance, used int) int { return min(allowance-used, keptCredit) }

// mostIdle is the longest between two signs of life that counts as time on task, in milliseconds.
const mostIdle = 60_000

// onTask is how long the signs of life tell of, in milliseconds. They are ascending.
func onTask(signs []int) int {
	total := 0
	for i := 1; i < len(signs); i++ {
		total += min(signs[i]-signs[i-1], mostIdle)
	}
	return total
}
