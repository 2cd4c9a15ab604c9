// Package rule is what completes a lesson, a module and a course: conditions in CEL over typed facts, composed
// by all, any or at least so many. It parses, bounds, evaluates and explains; it reads no database and no clock.
//
// A condition is a CEL expression without macros, lists, maps, fields and functions other than duration and
// timestamp, so that what it costs is bounded by its length: docs/decisions/0020-completion-rules.md.
package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
)

// Rule is a condition that was checked. It is safe for concurrent use.
type Rule struct {
	// Source is what its author wrote.
	Source string
	// Hash is the SHA-256 of the source and of what it is about, in hex: the rule's version.
	Hash string

	facts map[string]bool
	tree  celast.Expr
	ids   map[int64]*celast.ReferenceInfo
	run   cel.Program
	// told is made when the rule is first explained: it evaluates every part.
	told func() (cel.Program, error)
}

// Uses reports whether the rule asks for the fact.
func (r *Rule) Uses(fact string) bool { return r.facts[fact] }

// Declared reports whether the rule asks for the learner's word.
func (r *Rule) Declared() bool { return r.Uses(read) }

// UsesQuiz reports whether the rule asks how a quiz went.
func (r *Rule) UsesQuiz() bool {
	return r.Uses(quizPassed) || r.Uses(quizScore) || r.Uses(quizAttempts)
}

// Lesson parses the condition of a lesson. The error is a *Problem.
func Lesson(source string) (*Rule, error) { return parse(aboutLesson, source) }

// Group parses the condition of a module or a course. The error is a *Problem.
func Group(source string) (*Rule, error) { return parse(aboutGroup, source) }

// parse finds the rule in the process's memory, or compiles it.
func parse(of about, source string) (*Rule, error) {
	if problem := sized(source); problem != nil {
		return nil, problem
	}
	hash := hashOf(of, source)
	if known, ok := compiled().get(hash); ok {
		return known, nil
	}
	made, err := compile(of, source, hash)
	if err != nil {
		return nil, err
	}
	compiled().put(hash, made)
	return made, nil
}

func hashOf(of about, source string) string {
	sum := sha256.Sum256([]byte(string(of) + "\x00" + source))
	return hex.EncodeToString(sum[:])
}

// compile checks the source and plans its evaluation.
func compile(of about, source, hash string) (*Rule, error) {
	env, err := environment(of)
	if err != nil {
		return nil, err
	}
	checked, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, problemOf(issues)
	}
	native := checked.NativeRep()
	if problem := bounded(native); problem != nil {
		return nil, problem
	}
	if checked.OutputType() != cel.BoolType {
		return nil, &Problem{Code: NotCondition, Line: 1, Column: 1, Message: "A rule is a condition: it is true or false."}
	}
	if problem := affordable(env, checked); problem != nil {
		return nil, problem
	}
	run, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(MaxCost))
	if err != nil {
		return nil, &Problem{Code: NotAllowed, Line: 1, Column: 1, Message: "The rule cannot be evaluated: " + err.Error()}
	}
	made := &Rule{
		Source: source, Hash: hash, run: run, tree: native.Expr(), ids: native.ReferenceMap(), facts: map[string]bool{},
		told: sync.OnceValues(func() (cel.Program, error) {
			return env.Program(checked, cel.EvalOptions(cel.OptExhaustiveEval), cel.CostLimit(MaxCost))
		}),
	}
	for _, reference := range made.ids {
		made.facts[reference.Name] = true
	}
	return made, nil
}

// Holds evaluates the condition. A rule that cannot be evaluated, because a sum overflows or its cost does, holds
// for nobody: the error says why.
func (r *Rule) Holds(f Facts) (bool, error) {
	value, _, err := r.run.Eval(f.values())
	if err != nil {
		return false, fmt.Errorf("evaluate %q: %w", r.Source, err)
	}
	held, _ := value.Value().(bool)
	return held, nil
}
