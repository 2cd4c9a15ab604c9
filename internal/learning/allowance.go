package learning

import "time"

// The wall-clock guard. Nobody watches three hours of video in ten minutes, so what a batch adds to the
// union of watched ranges is held against the clock:
//
//   - An enrollment starts with firstCredit, and each millisecond since its last batch (for the first one:
//     since it was taken up) adds topSpeed milliseconds of video. A batch is credited at most that much,
//     first lesson first, and what lies beyond is not stored: sent again later, it counts then.
//   - What a batch leaves over is kept for the next, up to keptCredit. So a player that comes back from a
//     tunnel and sends its queue of batches within a second loses nothing, and one that sends sixty batches
//     a minute gains nothing: from one batch to any later one the credit is at most topSpeed times the time
//     between them, and keptCredit.
//
// It stops a script that claims a course in one go. It does not tell a playing video from a watched one.
const (
	topSpeed    = 2
	firstCredit = 60_000
	keptCredit  = 3_600_000
)

// allowance is how many milliseconds of video may be credited now, when credit was left over that long ago.
func allowance(credit int, since time.Duration) int {
	return credit + topSpeed*int(max(since, 0).Milliseconds())
}

// leftOver is the credit that stays for the next batch.
func leftOver(allowance, used int) int { return min(allowance-used, keptCredit) }
