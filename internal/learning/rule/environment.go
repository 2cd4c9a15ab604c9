package rule

import (
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
)

// about is what a rule is about.
type about string

const (
	aboutLesson about = "lesson"
	aboutGroup  about = "group"
)

// environment returns the facts and functions that a rule knows. It is made once.
func environment(of about) (*cel.Env, error) {
	if of == aboutGroup {
		return groupEnvironment()
	}
	return lessonEnvironment()
}

var lessonEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	return newEnvironment(
		cel.Variable(watched, cel.DoubleType), cel.Variable(read, cel.BoolType), cel.Variable(quizPassed, cel.BoolType),
	)
})

var groupEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	return newEnvironment(cel.Variable(completedParts, cel.IntType), cel.Variable(allParts, cel.IntType))
})

// operations are all that a rule can do: nothing loops, and nothing grows.
func operations() []string {
	return []string{
		operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional,
		operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Add, operators.Subtract, operators.Multiply, operators.Negate,
		durationOf, timestampOf,
	}
}

// The functions that make a length or a point of time of a text.
const (
	durationOf  = "duration"
	timestampOf = "timestamp"
)

// newEnvironment returns an environment with the facts that all rules know, and the others.
func newEnvironment(others ...cel.EnvOption) (*cel.Env, error) {
	functions := env.NewLibrarySubset().SetDisableMacros(true)
	for _, name := range operations() {
		functions.AddIncludedFunctions(env.NewFunction(name))
	}
	options := append(others,
		cel.StdLib(cel.StdLibSubset(functions)), cel.ClearMacros(), cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(MaxLength), cel.ParserRecursionLimit(maxDepth), cel.ParserErrorRecoveryLimit(1),
		cel.ExpressionNodeLimit(maxNodes),
		cel.Variable(watchedSeconds, cel.DoubleType), cel.Variable(timeOnTask, cel.DoubleType),
		cel.Variable(quizScore, cel.DoubleType), cel.Variable(quizAttempts, cel.IntType),
		cel.Variable(attendance, cel.IntType), cel.Variable(signedOff, cel.BoolType),
		cel.Variable(Now, cel.TimestampType), cel.Variable(enrolled, cel.TimestampType), cel.Variable(due, cel.TimestampType),
	)
	made, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("make the environment of rules: %w", err)
	}
	return made, nil
}
