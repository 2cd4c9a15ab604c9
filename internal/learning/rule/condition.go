package rule

import (
	"time"

	"github.com/google/uuid"
)

// Asked says what a condition is about. The set is closed: clients switch over it.
type Asked string

// What can be asked. Have and Need are in the unit that stands behind it.
const (
	AskWatched      Asked = "WATCH"         // percent of the video
	AskWatchTime    Asked = "WATCH_TIME"    // seconds of the video
	AskTimeOnTask   Asked = "TIME_ON_TASK"  // seconds
	AskQuizPass     Asked = "QUIZ_PASS"     // 0 or 1
	AskQuizScore    Asked = "QUIZ_SCORE"    // percent of the points
	AskQuizAttempts Asked = "QUIZ_ATTEMPTS" // attempts
	AskRead         Asked = "DECLARE"       // 0 or 1
	AskAttendance   Asked = "ATTENDANCE"    // minutes
	AskSignOff      Asked = "SIGN_OFF"      // 0 or 1
	AskWait         Asked = "WAIT"          // At says until when
	AskDeadline     Asked = "DEADLINE"      // At says when it was, or will be
	AskParts        Asked = "PARTS"         // lessons of a module, modules of a course
	AskLesson       Asked = "LESSON"        // 0 or 1
	AskModule       Asked = "MODULE"        // 0 or 1
	AskOther        Asked = "OTHER"         // whatever Expression says
)

// Values lists what can be asked, for the schema.
func (Asked) Values() []string {
	all := []Asked{
		AskWatched, AskWatchTime, AskTimeOnTask, AskQuizPass, AskQuizScore, AskQuizAttempts, AskRead, AskAttendance,
		AskSignOff, AskWait, AskDeadline, AskParts, AskLesson, AskModule, AskOther,
	}
	values := make([]string, len(all))
	for i, asked := range all {
		values[i] = string(asked)
	}
	return values
}

// Condition is one thing that a rule asks for, and how far somebody is with it.
type Condition struct {
	Code Asked
	Met  bool
	// Have and Need are in the unit of the code.
	Have, Need float64
	// At is set for WAIT and DEADLINE.
	At *time.Time
	// Group is the same for conditions of which one is enough, and another for every other condition.
	Group int
	// Part and Title name the lesson or module of LESSON and MODULE.
	Part  *uuid.UUID
	Title string
	// Expression is the part of the rule, in CEL; empty for parts.
	Expression string
}

// groups numbers conditions: all of each list are alternatives.
func groups(lists [][]Condition) []Condition {
	var all []Condition
	for group, list := range lists {
		for _, c := range list {
			c.Group = group
			all = append(all, c)
		}
	}
	return all
}
