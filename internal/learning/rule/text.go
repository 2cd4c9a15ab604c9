package rule

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/text/language"
)

// Text says what a condition asks for in the reader's language, or in English.
func (c Condition) Text(locale string) string {
	if base, _ := language.Make(locale).Base(); base.String() == "de" {
		return c.say(german(), "02.01.2006, 15:04 MST")
	}
	return c.say(english(), "2 January 2006, 15:04 MST")
}

// say fills the phrase of the code in. A condition that is met says no more than what was asked.
func (c Condition) say(phrases map[Asked]phrase, layout string) string {
	p := phrases[c.Code]
	so := ""
	if !c.Met && p.so != "" {
		so = fmt.Sprintf(p.so, c.amount(c.Have))
	}
	switch c.Code {
	case AskQuizPass, AskRead, AskSignOff:
		return p.ask
	case AskWait, AskDeadline:
		return fmt.Sprintf(p.ask, c.time().UTC().Format(layout))
	case AskLesson, AskModule:
		return fmt.Sprintf(p.ask, c.Title)
	case AskOther:
		return fmt.Sprintf(p.ask, c.Expression)
	default:
		return fmt.Sprintf(p.ask, c.amount(c.Need)) + so + "."
	}
}

func (c Condition) time() time.Time {
	if c.At == nil {
		return time.Time{}
	}
	return *c.At
}

// amount writes a number in the unit of the code: times as 1:05:00, the rest as whole numbers. What is had is
// rounded down and what is needed up, so that nobody reads that they have what they have not.
func (c Condition) amount(n float64) string {
	round := math.Ceil
	if n == c.Have && n < c.Need {
		round = math.Floor
	}
	// A share like 0.7 times 100 is a little more than 70.
	whole := int(round(math.Round(n*1000) / 1000))
	if c.Code != AskWatchTime && c.Code != AskTimeOnTask {
		return fmt.Sprint(whole)
	}
	if whole < 3600 {
		return fmt.Sprintf("%d:%02d", whole/60, whole%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", whole/3600, whole/60%60, whole%60)
}

// phrase is what is asked, and how far somebody is.
type phrase struct{ ask, so string }

func english() map[Asked]phrase {
	return map[Asked]phrase{
		AskWatched:      {"Watch %s %% of the video", " (%s %% so far)"},
		AskWatchTime:    {"Watch %s of the video", " (%s so far)"},
		AskTimeOnTask:   {"Spend %s with it", " (%s so far)"},
		AskQuizPass:     {ask: "Pass the quiz."},
		AskQuizScore:    {"Reach %s %% of the points in the quiz", " (%s %% so far)"},
		AskQuizAttempts: {"Attempts at the quiz: %s", " (%s so far)"},
		AskRead:         {ask: "Say that you are done with it."},
		AskAttendance:   {"Minutes of attendance: %s", " (%s so far)"},
		AskSignOff:      {ask: "Have your instructor sign it off."},
		AskWait:         {ask: "Wait until %s."},
		AskDeadline:     {ask: "Be done by %s."},
		AskParts:        {"Parts to complete: %s", " (%s so far)"},
		AskLesson:       {ask: "Complete the lesson “%s”."},
		AskModule:       {ask: "Complete the module “%s”."},
		AskOther:        {ask: "This has to be true: %s"},
	}
}

func german() map[Asked]phrase {
	return map[Asked]phrase{
		AskWatched:      {"Sieh %s %% des Videos", " (bisher %s %%)"},
		AskWatchTime:    {"Sieh %s vom Video", " (bisher %s)"},
		AskTimeOnTask:   {"Beschäftige dich %s damit", " (bisher %s)"},
		AskQuizPass:     {ask: "Bestehe das Quiz."},
		AskQuizScore:    {"Erreiche %s %% der Punkte im Quiz", " (bisher %s %%)"},
		AskQuizAttempts: {"Versuche im Quiz: %s", " (bisher %s)"},
		AskRead:         {ask: "Sag, dass du damit fertig bist."},
		AskAttendance:   {"Minuten anwesend: %s", " (bisher %s)"},
		AskSignOff:      {ask: "Lass es von deiner Lehrkraft abzeichnen."},
		AskWait:         {ask: "Warte bis %s."},
		AskDeadline:     {ask: "Sei fertig bis %s."},
		AskParts:        {"Teile, die abzuschließen sind: %s", " (bisher %s)"},
		AskLesson:       {ask: "Schließe die Lektion „%s“ ab."},
		AskModule:       {ask: "Schließe das Modul „%s“ ab."},
		AskOther:        {ask: "Das muss zutreffen: %s"},
	}
}
