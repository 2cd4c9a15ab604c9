// Package deserve reads the rules of achievements: CEL over numbers that only ever grow, in a part of the language in
// which what holds once holds for ever. So an achievement never depends on when its rule was looked at, nor on the order
// in which deeds were told.
//
//	points >= 500
//	lessons >= 20 && (longest_streak >= 7 || courses >= 2)
//	lessons + quizzes > 50
package deserve

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"lyceum/internal/fault"
)

const (
	// maxRule is the longest rule, in bytes.
	maxRule = 500
	// maxCost is what one look at a rule may cost, in CEL's units: more than any rule of that length does.
	maxCost = 1_000
)

// Facts are what a learner has done so far. None of them ever gets smaller.
type Facts struct {
	Points, Lessons, Quizzes, Courses int
	// Days are those on which they learned something, LongestStreak the most of them in a row.
	Days, LongestStreak int
}

func (f Facts) values() map[string]any {
	return map[string]any{
		"points": f.Points, "lessons": f.Lessons, "quizzes": f.Quizzes, "courses": f.Courses,
		"days": f.Days, "longest_streak": f.LongestStreak,
	}
}

// Rule says who deserves an achievement.
type Rule struct{ program cel.Program }

// Compile reads a rule. The error is a BadInput fault that says what is wrong with it.
func Compile(text string) (*Rule, error) {
	if text == "" || len(text) > maxRule {
		return nil, fault.Invalid("rule", "A rule has 1 to 500 characters.")
	}
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("make environment of rules: %w", err)
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, fault.Invalid("rule", "The rule cannot be read: it compares points, lessons, quizzes, courses, days and "+
			"longest_streak with numbers.").Because(issues.Err())
	}
	if err := condition(checked.NativeRep().Expr()); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("compile rule: %w", err)
	}
	return &Rule{program}, nil
}

func environment() (*cel.Env, error) {
	var options []cel.EnvOption
	for name := range (Facts{}).values() {
		options = append(options, cel.Variable(name, cel.IntType))
	}
	env, err := cel.NewEnv(append(options, cel.ClearMacros())...)
	if err != nil {
		return nil, fmt.Errorf("name the facts of rules: %w", err)
	}
	return env, nil
}

// Holds reports whether who has done so much deserves the achievement.
func (r *Rule) Holds(f Facts) (bool, error) {
	result, _, err := r.program.Eval(f.values())
	if err != nil {
		return false, fmt.Errorf("evaluate rule: %w", err)
	}
	holds, ok := result.Value().(bool)
	if !ok {
		return false, errors.New("a rule says yes or no")
	}
	return holds, nil
}

// condition refuses whatever could hold once and not hold later.
func condition(e ast.Expr) error {
	if e.Kind() != ast.CallKind {
		return refused()
	}
	call := e.AsCall()
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		for _, side := range call.Args() {
			if err := condition(side); err != nil {
				return err
			}
		}
		return nil
	case operators.GreaterEquals, operators.Greater:
		if err := amount(call.Args()[0]); err != nil {
			return err
		}
		return bound(call.Args()[1])
	default:
		return refused()
	}
}

// amount is a number that grows: a fact, or a sum of facts.
func amount(e ast.Expr) error {
	switch e.Kind() {
	case ast.IdentKind:
		return nil
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Add {
			return refused()
		}
		for _, side := range call.Args() {
			if err := amount(side); err != nil {
				return err
			}
		}
		return nil
	default:
		return refused()
	}
}

func bound(e ast.Expr) error {
	if e.Kind() != ast.LiteralKind {
		return refused()
	}
	return nil
}

func refused() error {
	return fault.Invalid("rule", "A rule compares what only grows with a number, by >= or >, joined by && and ||: lessons >= 20 && points > 100.")
}
