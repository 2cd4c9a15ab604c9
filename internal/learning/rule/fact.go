package rule

import "time"

// The names of the facts, as rules use them.
const (
	watched        = "watched"
	watchedSeconds = "watched_seconds"
	timeOnTask     = "time_on_task"
	quizPassed     = "quiz.passed"
	quizScore      = "quiz.score"
	quizAttempts   = "quiz.attempts"
	read           = "read"
	attendance     = "attendance_minutes"
	signedOff      = "signed_off"
	completedParts = "completed"
	allParts       = "parts"
	// Now is the server's clock: a rule that uses it can come true without anybody doing anything.
	Now      = "now"
	enrolled = "enrolled"
	due      = "due"
)

// Facts are what is known about one learner in one lesson, module or course.
type Facts struct {
	// Watched is the part of the video that was played, 0 to 1; 0 when its length is not known.
	Watched float64
	// WatchedSeconds is the length of the union of what was played, TimeOnTask the time spent with the lesson open.
	WatchedSeconds, TimeOnTask float64
	QuizPassed                 bool
	// QuizScore is the best share of the points, 0 to 1; for a module or course the mean over its quizzes.
	QuizScore float64
	// QuizAttempts counts graded attempts.
	QuizAttempts int
	// Read says that the learner declared to be done.
	Read bool
	// AttendanceMinutes and SignedOff are what staff said.
	AttendanceMinutes int
	SignedOff         bool
	// Completed of the Parts of a module or course are completed.
	Completed, Parts int
	// Now is the server's clock. A zero Due means that there is none: every moment is before it.
	Now, Enrolled, Due time.Time
}

// never is the due date of who has none.
func never() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }

func (f Facts) values() map[string]any {
	if f.Due.IsZero() {
		f.Due = never()
	}
	return map[string]any{
		watched: f.Watched, watchedSeconds: f.WatchedSeconds, timeOnTask: f.TimeOnTask,
		quizPassed: f.QuizPassed, quizScore: f.QuizScore, quizAttempts: int64(f.QuizAttempts),
		read: f.Read, attendance: int64(f.AttendanceMinutes), signedOff: f.SignedOff,
		completedParts: int64(f.Completed), allParts: int64(f.Parts),
		Now: f.Now, enrolled: f.Enrolled, due: f.Due,
	}
}
