package rule

import (
	"fmt"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"
)

// Explain takes the condition apart: what is met, and what is missing. Conditions of one group are alternatives, and
// whoever brings one missing condition of each group completes it. Of alternatives that each ask for several things
// only the shortest is told.
func (r *Rule) Explain(f Facts) (met, missing []Condition, err error) {
	program, err := r.told()
	if err != nil {
		return nil, nil, fmt.Errorf("plan the explanation of %q: %w", r.Source, err)
	}
	// An evaluation that fails still says how far it came: what it has no value for is missing.
	_, details, err := program.Eval(f.values())
	if details == nil {
		return nil, nil, fmt.Errorf("explain %q: %w", r.Source, err)
	}
	e := explanation{rule: r, facts: f.values(), state: details.State()}
	metGroups, missingGroups := e.split(r.tree)
	return groups(metGroups), groups(missingGroups), nil
}

// explanation is one evaluation of a rule that is taken apart.
type explanation struct {
	rule  *Rule
	facts map[string]any
	state interface {
		Value(id int64) (ref.Val, bool)
	}
}

// split returns the groups of alternatives that are met and that are missing.
func (e explanation) split(part celast.Expr) (met, missing [][]Condition) {
	if part.Kind() == celast.CallKind {
		args := part.AsCall().Args()
		switch part.AsCall().FunctionName() {
		case operators.LogicalAnd:
			for _, arg := range args {
				m, n := e.split(arg)
				met, missing = append(met, m...), append(missing, n...)
			}
			return met, missing
		case operators.LogicalOr:
			return e.either(args)
		}
	}
	c := e.condition(part)
	if c.Met {
		return [][]Condition{{c}}, nil
	}
	return nil, [][]Condition{{c}}
}

// either splits alternatives. What is met of one that is enough is met, and nothing is missing then.
func (e explanation) either(args []celast.Expr) (met, missing [][]Condition) {
	var simple []Condition
	var shortest [][]Condition
	short := false
	for _, arg := range args {
		m, n := e.split(arg)
		if len(n) == 0 {
			return m, nil
		}
		if len(n) == 1 {
			simple = append(simple, n[0]...)
		}
		if !short || len(n) < len(shortest) {
			shortest, short = n, true
		}
	}
	if len(simple) > 0 {
		return nil, [][]Condition{simple}
	}
	return nil, shortest
}

// condition is a part that is not taken further apart.
func (e explanation) condition(part celast.Expr) Condition {
	c := Condition{Code: AskOther, Met: e.value(part) == true, Need: 1, Expression: e.source(part)}
	if name := e.fact(part); name != "" {
		c.Code = flags()[name]
		if c.Met {
			c.Have = 1
		}
		return c
	}
	if part.Kind() == celast.CallKind {
		e.compare(part.AsCall(), &c)
	}
	if c.Code == AskOther && c.Met {
		c.Have = 1
	}
	return c
}

// flags are the facts that are conditions by themselves.
func flags() map[string]Asked {
	return map[string]Asked{quizPassed: AskQuizPass, read: AskRead, signedOff: AskSignOff}
}

// measures are the facts that grow, and how many units of the code's there are in one of theirs.
func measures() map[string]measure {
	return map[string]measure{
		watched: {AskWatched, 100}, watchedSeconds: {AskWatchTime, 1}, timeOnTask: {AskTimeOnTask, 1},
		quizScore: {AskQuizScore, 100}, quizAttempts: {AskQuizAttempts, 1}, attendance: {AskAttendance, 1},
		completedParts: {AskParts, 1},
	}
}

type measure struct {
	code Asked
	unit float64
}

// compare understands a comparison of a fact with what it should be at least, and of the clock with a time.
func (e explanation) compare(call celast.CallExpr, c *Condition) {
	if len(call.Args()) != 2 {
		return
	}
	left, right, op := call.Args()[0], call.Args()[1], call.FunctionName()
	if e.fact(left) == "" {
		left, right, op = right, left, turned()[op]
	}
	name := e.fact(left)
	rising := op == operators.GreaterEquals || op == operators.Greater
	if m, ok := measures()[name]; ok && rising {
		have, haveOK := number(e.facts[name])
		need, needOK := number(e.value(right))
		if haveOK && needOK {
			c.Code, c.Have, c.Need = m.code, have*m.unit, need*m.unit
		}
		return
	}
	at, isTime := e.value(right).(time.Time)
	if name != Now || !isTime {
		return
	}
	c.At, c.Need = &at, 0
	switch {
	case rising:
		c.Code = AskWait
	case op == operators.LessEquals || op == operators.Less:
		c.Code = AskDeadline
	default:
		c.At = nil
	}
}

// turned are the comparisons with their sides exchanged.
func turned() map[string]string {
	return map[string]string{
		operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
		operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals,
	}
}

// fact is the name of the fact that the part is, or empty.
func (e explanation) fact(part celast.Expr) string {
	if part.Kind() == celast.LiteralKind || part.Kind() == celast.CallKind {
		return ""
	}
	if reference := e.rule.ids[part.ID()]; reference != nil {
		return reference.Name
	}
	return ""
}

// value is what the part came to, nil when it came to nothing.
func (e explanation) value(part celast.Expr) any {
	if part.Kind() == celast.LiteralKind {
		return part.AsLiteral().Value()
	}
	if name := e.fact(part); name != "" {
		return e.facts[name]
	}
	if v, ok := e.state.Value(part.ID()); ok {
		return v.Value()
	}
	return nil
}

// source writes the part in CEL.
func (e explanation) source(part celast.Expr) string {
	text, err := parser.Unparse(part, celast.NewSourceInfo(nil))
	if err != nil {
		return e.rule.Source
	}
	return text
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	default:
		return 0, false
	}
}
