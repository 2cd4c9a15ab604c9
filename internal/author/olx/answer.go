package olx

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// answers makes the questions of a response. A response of a kind that cannot come along makes none.
func (r *reader) answers(n *node) []*question {
	switch n.name {
	case "multiplechoiceresponse":
		return r.single(n)
	case "choiceresponse":
		return r.multiple(n)
	case "optionresponse":
		return r.options(n)
	case "stringresponse":
		return r.short(n)
	case "numericalresponse":
		return r.numeric(n)
	default:
		r.lose(responseAbsence(n.name))
		return nil
	}
}

// responseAbsence says why a response cannot come along.
func responseAbsence(name string) string {
	switch name {
	case "customresponse":
		return "It is graded by a program, which is not run here (customresponse)."
	case "schematicresponse":
		return "It asks to draw a circuit (schematicresponse)."
	case "imageresponse":
		return "It asks to point at a picture (imageresponse)."
	case "formularesponse", "symbolicresponse":
		return "It asks for a formula (" + name + ")."
	case "annotationresponse":
		return "It asks about an annotation (annotationresponse)."
	default:
		return "Questions of the kind " + name + " are not imported."
	}
}

func (r *reader) question(kind course.QuestionKind) *question {
	return &question{block: r.block, base: course.Question{Kind: kind}}
}

// options of choice questions, as the elements choice and option have them.
type option struct {
	text    []*node
	correct string
	hints   []*node
}

func optionsOf(nodes []*node) []option {
	options := make([]option, 0, len(nodes))
	for _, n := range nodes {
		o := option{correct: strings.ToLower(n.attr("correct"))}
		for _, child := range n.children {
			if strings.HasSuffix(child.name, "hint") {
				o.hints = append(o.hints, child)
				continue
			}
			o.text = append(o.text, child)
		}
		options = append(options, o)
	}
	return options
}

func (r *reader) single(n *node) []*question {
	for _, group := range n.all("choicegroup") {
		if strings.EqualFold(group.attr("shuffle"), "true") {
			r.lose("Its choices were shuffled; they stand in their order.")
		}
		if group.attr("answer-pool") != "" {
			r.lose("It showed some of its choices; it shows them all.")
		}
	}
	return r.oneOf(optionsOf(n.all("choice")))
}

// oneOf makes a question of options of which one is right.
func (r *reader) oneOf(options []option) []*question {
	q := r.question(course.SingleChoice)
	right := 0
	for _, o := range options {
		if o.correct == "true" {
			right++
		}
	}
	if right != 1 {
		r.lose("One choice of it must be right, and it has none or several.")
		return nil
	}
	return r.withChoices(q, options)
}

func (r *reader) multiple(n *node) []*question {
	if n.attr("partial_credit") != "" {
		r.lose("It gave part of the points for part of the answer; all of it must be right.")
	}
	return r.withChoices(r.question(course.MultipleChoice), optionsOf(n.all("choice")))
}

// withChoices gives a question its choices. Keys are letters, in the order of the export.
func (r *reader) withChoices(q *question, options []option) []*question {
	if len(options) < 2 || len(options) > course.MaxChoices {
		r.lose("It has too few or too many choices.")
		return nil
	}
	var asides *markup.Doc
	for i, o := range options {
		text := r.clean(o.text)
		if text.IsEmpty() {
			r.lose("One of its choices says nothing.")
			return nil
		}
		if o.correct == "partial" {
			r.lose("A choice that gave part of the points counts as wrong.")
		}
		feedback, aside := r.feedback(o, text)
		asides = appended(asides, aside)
		q.choices = append(q.choices, choice{text: text, feedback: feedback})
		q.base.Choices = append(q.base.Choices, course.Choice{Key: letter(i), Correct: o.correct == "true"})
	}
	q.explanation = asides
	return []*question{q}
}

func appended(to, doc *markup.Doc) *markup.Doc {
	if doc == nil {
		return to
	}
	if to == nil {
		to = &markup.Doc{}
	}
	to.Append(doc)
	return to
}

// letter names the i-th choice: a, b, up to z, then a1, b1 and so on.
func letter(i int) string {
	name := string(rune('a' + i%26))
	if i < 26 {
		return name
	}
	return name + string(rune('0'+i/26))
}

// feedback returns what is said to who chose the option, and for the explanation what was said to who did
// not.
func (r *reader) feedback(o option, text *markup.Doc) (chosen, aside *markup.Doc) {
	for _, hint := range o.hints {
		if hint.name == "compoundhint" {
			r.lose("What it said to certain combinations of choices is gone.")
			continue
		}
		doc := r.clean(hint.children)
		switch {
		case doc.IsEmpty():
		case strings.EqualFold(hint.attr("selected"), "false"):
			r.lose("What it said to who missed a choice stands in the explanation.")
			aside = appended(aside, r.clean([]*node{{name: "p", children: []*node{
				{name: "strong", children: []*node{{text: text.Text()}}}, {text: " – " + doc.Text()},
			}}}))
		default:
			chosen = appended(chosen, doc)
		}
	}
	return chosen, aside
}

// options makes a question of each dropdown of a response.
func (r *reader) options(n *node) []*question {
	var all []*question
	for _, input := range n.all("optioninput") {
		options := optionsOf(input.all("option"))
		if len(options) == 0 {
			options = listedOptions(input.attr("options"), input.attr("correct"))
		}
		all = append(all, r.oneOf(options)...)
	}
	return all
}

var optionPattern = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"`)

// listedOptions reads options="('a','b')" and correct="a".
func listedOptions(list, correct string) []option {
	var options []option
	for _, m := range optionPattern.FindAllStringSubmatch(list, -1) {
		text := regexp.MustCompile(`\\(.)`).ReplaceAllString(m[1]+m[2], "$1")
		o := option{text: []*node{{text: text}}, correct: "false"}
		if text == correct {
			o.correct = "true"
		}
		options = append(options, o)
	}
	return options
}

// short makes a question of a stringresponse.
func (r *reader) short(n *node) []*question {
	answers := []string{n.attr("answer")}
	for _, more := range n.all("additional_answer") {
		answers = append(answers, more.attr("answer"), more.words())
	}
	kinds := strings.Fields(strings.ToLower(n.attr("type")))
	if slices.Contains(kinds, "regexp") {
		var ok bool
		if answers, ok = r.patterns(n, answers); !ok {
			return nil
		}
	}
	q := r.question(course.ShortText)
	q.base.Accepted = &course.Accepted{CaseSensitive: !slices.Contains(kinds, "ci")}
	for _, answer := range answers {
		q.base.Accepted.Answers = accept(*q.base.Accepted, answer)
	}
	if n := len(q.base.Accepted.Answers); n == 0 || n > course.MaxAccepted {
		r.lose("It has no right answer, or too many.")
		return nil
	}
	for _, hint := range append(n.all("correcthint"), n.all("stringequalhint")...) {
		r.lose("What it said to certain answers is gone: " + quote(course.Line(hint.words())))
	}
	return []*question{q}
}

// accept adds an answer unless it is empty, too long, or there already.
func accept(a course.Accepted, answer string) []string {
	answer = course.Line(answer)
	known := slices.ContainsFunc(a.Answers, func(s string) bool {
		return s == answer || !a.CaseSensitive && strings.EqualFold(s, answer)
	})
	if answer == "" || known || len([]rune(answer)) > 200 {
		return a.Answers
	}
	return append(a.Answers, answer)
}

// patterns turns regular expressions into the answers that they match, when those are few. ok is false when
// they are not, and for a pattern that matches everything the prompt is kept to think about.
func (r *reader) patterns(n *node, patterns []string) (answers []string, ok bool) {
	for _, pattern := range patterns {
		if pattern == "" {
			continue
		}
		parsed, err := syntax.Parse(strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$"), syntax.Perl)
		if err != nil {
			r.lose("Its answer is a pattern that cannot be read: " + quote(pattern) + ".")
			return nil, false
		}
		if matchesAnything(pattern) {
			r.reflections = append(r.reflections, slices.Concat(r.stem, responseProse(n))...)
			r.lose("Its answer is a pattern that anything matches: " + quote(pattern) + ".")
			return nil, false
		}
		words, few := expand(parsed.Simplify())
		if !few {
			r.lose("Its answer is a pattern (regular expression) that too many words match: " + quote(pattern) + ".")
			return nil, false
		}
		answers = append(answers, words...)
	}
	return answers, true
}

// matchesAnything tells whether a pattern accepts whatever is written.
func matchesAnything(pattern string) bool {
	re, err := regexp.Compile(`(?is)^(?:` + pattern + `)$`)
	if err != nil {
		return false
	}
	for _, sample := range []string{"a", "any words at all", "12.5", "…?!"} {
		if !re.MatchString(sample) {
			return false
		}
	}
	return true
}

// expand returns the words that an expression matches, when there are at most MaxAccepted.
func expand(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, true
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return []string{""}, true
	case syntax.OpCapture:
		return expand(re.Sub[0])
	case syntax.OpQuest:
		words, few := expand(re.Sub[0])
		return append([]string{""}, words...), few
	case syntax.OpAlternate:
		return expandAlternatives(re.Sub)
	case syntax.OpConcat:
		return expandSequence(re.Sub)
	case syntax.OpCharClass:
		return expandClass(re.Rune)
	default:
		return nil, false
	}
}

func expandAlternatives(subs []*syntax.Regexp) ([]string, bool) {
	var all []string
	for _, sub := range subs {
		words, few := expand(sub)
		all = append(all, words...)
		if !few || len(all) > course.MaxAccepted {
			return nil, false
		}
	}
	return all, true
}

func expandSequence(subs []*syntax.Regexp) ([]string, bool) {
	all := []string{""}
	for _, sub := range subs {
		words, few := expand(sub)
		if !few || len(words)*len(all) > course.MaxAccepted {
			return nil, false
		}
		var next []string
		for _, head := range all {
			for _, tail := range words {
				next = append(next, head+tail)
			}
		}
		all = next
	}
	return all, true
}

func expandClass(ranges []rune) ([]string, bool) {
	var all []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for c := ranges[i]; c <= ranges[i+1]; c++ {
			if all = append(all, string(c)); len(all) > course.MaxAccepted {
				return nil, false
			}
		}
	}
	return all, true
}

// numeric makes a question of a numericalresponse.
func (r *reader) numeric(n *node) []*question {
	answer := strings.TrimSpace(n.attr("answer"))
	number, ok := course.ParseNumber(answer)
	if !ok || number.Problem() != "" {
		r.lose("Its answer is no plain number: " + quote(answer) + ".")
		return nil
	}
	for _, param := range n.all("responseparam") {
		tolerance := param.attr("default")
		if param.attr("partial_answers") != "" || tolerance == "" {
			continue
		}
		value, percent, ok := course.ParseTolerance(tolerance)
		switch {
		case !ok:
			r.lose("Its tolerance is no plain number: " + quote(tolerance) + ".")
		case number.Interval == nil:
			number.Tolerance, number.Percent = value, percent && value > 0
		}
	}
	if n.attr("partial_credit") != "" {
		r.lose("It gave part of the points for some answers; those count as wrong.")
	}
	if len(n.all("additional_answer")) > 0 {
		r.lose("It had more than one right answer; only the first counts.")
	}
	for _, hint := range n.all("correcthint") {
		r.lose("What it said to certain answers is gone: " + quote(course.Line(hint.words())))
	}
	q := r.question(course.Numeric)
	q.base.Number = &number
	return []*question{q}
}
