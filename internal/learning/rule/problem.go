package rule

import (
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	celast "cel.dev/cel-go/common/ast"
)

// The bounds of a rule.
const (
	// MaxLength is in characters.
	MaxLength = 1000
	// MaxCost bounds an evaluation, in CEL's units: about one for each operation and each use of a fact.
	MaxCost  = 1000
	maxDepth = 32
	maxNodes = 300
)

// Code says what is wrong with a rule. The set is closed.
type Code string

// What can be wrong with a rule.
const (
	TooLong      Code = "RULE_TOO_LONG"
	TooDeep      Code = "RULE_TOO_DEEP"
	TooCostly    Code = "RULE_TOO_COSTLY"
	Syntax       Code = "RULE_SYNTAX"
	Unknown      Code = "RULE_UNKNOWN"
	NotAllowed   Code = "RULE_NOT_ALLOWED"
	NotCondition Code = "RULE_NOT_A_CONDITION"
)

// Problem is why a rule was refused.
type Problem struct {
	Code Code
	// Line and Column begin with 1.
	Line, Column int
	// Message is a sentence for the author.
	Message string
}

// Error says all of it in one line, the code last.
func (p *Problem) Error() string {
	return fmt.Sprintf("Line %d, column %d: %s (%s)", p.Line, p.Column, p.Message, p.Code)
}

// sized refuses what is not even read.
func sized(source string) *Problem {
	switch {
	case strings.TrimSpace(source) == "":
		return &Problem{Code: Syntax, Line: 1, Column: 1, Message: "The rule is empty."}
	case len(source) > 4*MaxLength || len([]rune(source)) > MaxLength:
		return &Problem{Code: TooLong, Line: 1, Column: 1, Message: fmt.Sprintf("A rule has at most %d characters.", MaxLength)}
	default:
		return nil
	}
}

// problemOf is the first of the compiler's complaints.
func problemOf(issues *cel.Issues) *Problem {
	errs := issues.Errors()
	if len(errs) == 0 {
		return &Problem{Code: Syntax, Line: 1, Column: 1, Message: "The rule cannot be read."}
	}
	first := errs[0]
	message := strings.TrimSpace(strings.ReplaceAll(first.Message, "\n", " "))
	return &Problem{
		Code: codeOf(message), Message: message,
		Line: max(first.Location.Line(), 1), Column: max(first.Location.Column()+1, 1),
	}
}

// codeOf sorts the compiler's sentences, which are all that it gives.
func codeOf(message string) Code {
	for _, sign := range []struct {
		words string
		code  Code
	}{
		{"recursion", TooDeep},
		{"nesting", TooDeep},
		{"size exceeds", TooLong},
		{"node limit", TooCostly},
		{"node count", TooCostly},
		{"undeclared reference", Unknown},
		{"no matching overload", Unknown},
		{"undefined field", Unknown},
	} {
		if strings.Contains(strings.ToLower(message), sign.words) {
			return sign.code
		}
	}
	return Syntax
}

// bounded refuses parts that a rule may not have, wherever they stand.
func bounded(tree *celast.AST) *Problem {
	var found *Problem
	nodes := 0
	celast.PreOrderVisit(tree.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		nodes++
		if found != nil {
			return
		}
		at := tree.SourceInfo().GetStartLocation(e.ID())
		if code, message := refusal(e); code != "" {
			found = &Problem{Code: code, Line: max(at.Line(), 1), Column: max(at.Column()+1, 1), Message: message}
		}
	}))
	if found == nil && nodes > maxNodes {
		return &Problem{Code: TooCostly, Line: 1, Column: 1, Message: fmt.Sprintf("A rule has at most %d parts.", maxNodes)}
	}
	return found
}

// refusal says why a rule may not have the part; an empty code lets it pass.
func refusal(e celast.Expr) (Code, string) {
	switch e.Kind() {
	case celast.IdentKind, celast.LiteralKind:
		return "", ""
	case celast.CallKind:
		return refusedCall(e.AsCall())
	default:
		return NotAllowed, "A rule has no lists, maps, fields and loops."
	}
}

// refusedCall refuses times that are not written out: only then is it known when the rule is saved that they are times.
func refusedCall(call celast.CallExpr) (Code, string) {
	name := call.FunctionName()
	if name != durationOf && name != timestampOf {
		return "", ""
	}
	if len(call.Args()) != 1 || call.Args()[0].Kind() != celast.LiteralKind {
		return NotAllowed, "Write the time out: duration(\"72h\"), timestamp(\"2030-01-31T09:00:00Z\")."
	}
	text, ok := call.Args()[0].AsLiteral().Value().(string)
	if !ok {
		return NotAllowed, "Write the time out as a text in quotes."
	}
	var err error
	if name == durationOf {
		_, err = time.ParseDuration(text)
	} else {
		_, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return Syntax, fmt.Sprintf("%q is no %s.", text, name)
	}
	return "", ""
}

// affordable refuses a rule that may cost more than an evaluation is given.
func affordable(env *cel.Env, checked *cel.Ast) *Problem {
	estimate, err := env.EstimateCost(checked, plain{})
	if err != nil || estimate.Max > MaxCost {
		return &Problem{Code: TooCostly, Line: 1, Column: 1, Message: "The rule costs too much to evaluate; make it shorter."}
	}
	return nil
}

// plain estimates nothing: no fact has a size, and every operation costs what CEL says.
type plain struct{}

// EstimateSize implements checker.CostEstimator.
func (plain) EstimateSize(checker.AstNode) *checker.SizeEstimate { return nil }

// EstimateCallCost implements checker.CostEstimator.
func (plain) EstimateCallCost(_, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	return nil
}
