// Package limit keeps hostile GraphQL documents from costing more than they should.
//
// Three checks stand in a row. Shape looks at the parsed text before it is validated, because validation
// itself is quadratic, or worse, on documents made for it. Introspection then asks whether the caller may
// read the schema. Cost prices the validated operation, with its variables, before anything runs. Size then bounds the
// text of the answer, which no price foresees.
package limit

import (
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// The codes that this package puts into errors[].extensions.code.
const (
	// CodeTooLarge: the document, or a variable, exceeds a limit of Shape.
	CodeTooLarge = "OPERATION_TOO_LARGE"
	// CodeTooCostly: the operation asks for more nodes than Cost allows.
	CodeTooCostly = "OPERATION_TOO_COSTLY"
)

// Limits bounds the form of a document and of its variables. A limit of zero refuses everything that it
// counts, so start from DefaultLimits.
type Limits struct {
	// Text is how long the document may be, in bytes. What is long belongs into variables.
	Text int
	// Tokens is how many lexical tokens the document may have; the parser stops there.
	Tokens int
	// Operations is how many operations one document may define.
	Operations int
	// Depth is how many fields may nest, fragments followed.
	Depth int
	// Fields is how many fields an operation may select, fragments expanded at every use.
	Fields int
	// RootFields is how many of those may stand at the root.
	RootFields int
	// SameName is how often one written selection set may repeat a response name.
	SameName int
	// Merged is how many selections may meet at one place of the response, fragments expanded.
	// Validation compares each of them with each other.
	Merged int
	// Aliases is under how many response names one field may be asked for at one place.
	Aliases int
	// Directives is how many directives may stand in one place, and ten times as many in the document.
	Directives int
	// NameLength bounds every name in the document, in bytes.
	NameLength int
	// Items bounds every list, in the document and in the variables.
	Items int
	// Nesting is how deep lists and input objects may nest, in the document and in the variables.
	Nesting int
	// Values is how many values the variables may hold altogether.
	Values int
}

// DefaultLimits fits the documents of real clients, the introspection query of GraphiQL included, and
// keeps the validation of the worst document that passes to a few milliseconds.
func DefaultLimits() Limits {
	return Limits{
		Text:       256 << 10,
		Tokens:     2_000,
		Operations: 20,
		Depth:      15,
		Fields:     500,
		RootFields: 20,
		SameName:   4,
		Merged:     64,
		Aliases:    10,
		Directives: 5,
		NameLength: 100,
		Items:      1_000,
		Nesting:    10,
		Values:     20_000,
	}
}

// ValidationRules returns the rules of GraphQL validation, each in the form that suggests no names:
// suggestions tell the schema to those who may not read it, and finding them takes time in proportion to
// the length of what was sent. It is for handler.Server.SetValidationRulesFn, together with
// SetDisableSuggestion(true).
func ValidationRules() *rules.Rules {
	set := rules.NewDefaultRules()
	set.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	set.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	set.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return set
}

// refuse returns an error that the presenter passes on as it is: code and text are ours.
func refuse(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	errcode.Set(err, code)
	return err
}

// because returns an error that the presenter classifies by its cause.
func because(cause error) *gqlerror.Error {
	return &gqlerror.Error{Err: cause, Message: cause.Error()}
}
