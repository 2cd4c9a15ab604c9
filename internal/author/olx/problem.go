package olx

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// maxQuestionText is less than what a question may have, since writing Markdown adds to it.
const maxQuestionText = 48 << 10

// question is a question whose texts are not written yet.
type question struct {
	block *block
	base  course.Question
	// attempts is how often the problem may be tried, 0 for any number.
	attempts    int
	prompt      *markup.Doc
	choices     []choice
	explanation *markup.Doc
	hints       []*markup.Doc
}

// choice holds the texts of a choice; feedback may be nil.
type choice struct{ text, feedback *markup.Doc }

// docs returns every text of the question.
func (q *question) docs() []*markup.Doc {
	docs := append([]*markup.Doc{q.prompt, q.explanation}, q.hints...)
	for _, ch := range q.choices {
		docs = append(docs, ch.text, ch.feedback)
	}
	return slices.DeleteFunc(docs, func(d *markup.Doc) bool { return d == nil })
}

// tooLong tells whether a text is longer than questions may have.
func (q *question) tooLong() bool {
	return slices.ContainsFunc(q.docs(), func(d *markup.Doc) bool { return len(d.HTML()) > maxQuestionText })
}

// write writes the texts: as Markdown when all of them can be, as HTML otherwise.
func (q *question) write(to *course.Question) {
	to.Format = course.Markdown
	for _, doc := range q.docs() {
		if _, exact := doc.Markdown(); !exact {
			to.Format = course.HTML
		}
	}
	source := func(doc *markup.Doc) string {
		if doc == nil {
			return ""
		}
		if to.Format == course.HTML {
			return course.Block(doc.HTML())
		}
		s, _ := doc.Markdown()
		return course.Block(s)
	}
	to.Prompt, to.Explanation = source(q.prompt), source(q.explanation)
	for _, hint := range q.hints {
		to.Hints = append(to.Hints, source(hint))
	}
	for i, ch := range q.choices {
		to.Choices[i].Text, to.Choices[i].Feedback = source(ch.text), source(ch.feedback)
	}
}

// reader reads one problem.
type reader struct {
	c      *converter
	block  *block
	losses []string
	// before is the prose since the last response.
	before []*node
	// stem is prose that all questions of the problem share.
	stem      []*node
	questions []*question
	// reflections are prompts to which any answer is right: nothing to ask in a quiz.
	reflections []*node
	responses   int
}

// problem makes questions of a problem block.
func (c *converter) problem(b *block) []piece {
	r := &reader{c: c, block: b}
	scripted := len(b.def.all("script")) > 0
	if scripted && usesVariables(b.def) {
		return r.give("Its numbers are drawn by a program in Python, which is not run here.")
	}
	for _, n := range b.def.children {
		r.read(n, "")
	}
	if len(r.questions) == 0 {
		return r.nothing()
	}
	if scripted {
		r.lose("Its script is gone.")
	}
	return r.result()
}

// give settles the problem as dropped, with what it said.
func (r *reader) give(reason string) []piece {
	r.c.settle(r.block, Dropped, reason)
	r.c.entry(r.block).Text = excerpt(r.c.pages().Nodes(htmlNodes(withoutCode(r.block.def.children))).Text(), maxExcerpt)
	return nil
}

// problemSettings are the settings of problems that something is made of.
func problemSettings() []string {
	return []string{"max_attempts", "weight", "attempts_before_showanswer_button"}
}

func (r *reader) lose(loss string) {
	if !slices.Contains(r.losses, loss) {
		r.losses = append(r.losses, loss)
	}
}

// variablePattern is how a problem names a variable of its Python program.
var variablePattern = regexp.MustCompile(`\$\{?[A-Za-z_]`)

func usesVariables(n *node) bool {
	if n.name == "script" || n.name == "style" {
		return false
	}
	if variablePattern.MatchString(n.text) {
		return true
	}
	for _, a := range n.attrs {
		if a.Name.Local != "markdown" && variablePattern.MatchString(a.Value) {
			return true
		}
	}
	return slices.ContainsFunc(n.children, usesVariables)
}

// withoutCode drops what is not prose.
func withoutCode(nodes []*node) []*node {
	var out []*node
	for _, n := range nodes {
		if n.name == "script" || n.name == "style" || n.name == "answer" || n.name == "schematic" {
			continue
		}
		kept := *n
		kept.children = withoutCode(n.children)
		out = append(out, &kept)
	}
	return out
}

// read reads one node of a problem, in the order of the page: prose gathers until a response takes it.
func (r *reader) read(n *node, label string) {
	switch {
	case n.name == "script" || n.name == "style" || n.name == "startouttext" || n.name == "endouttext" ||
		n.name == "demandhint" || n.name == "solution" || n.name == "solutionset":
	case isResponse(n.name):
		r.response(n, label)
	case n.name == "table" && holdsResponse(n):
		r.table(n)
	case holdsResponse(n):
		for _, child := range n.children {
			r.read(child, label)
		}
	default:
		r.before = append(r.before, n)
	}
}

func isResponse(name string) bool { return strings.HasSuffix(name, "response") }

func holdsResponse(n *node) bool {
	return slices.ContainsFunc(n.children, func(c *node) bool { return isResponse(c.name) || holdsResponse(c) })
}

// table reads a table with responses in its cells. A response is named by the heads of its row and column.
func (r *reader) table(n *node) {
	var heads []string
	for _, row := range n.all("tr") {
		cells := slices.DeleteFunc(row.elements(), func(c *node) bool { return c.name != "td" && c.name != "th" })
		if !holdsResponse(row) {
			heads = nil
			for _, cell := range cells {
				heads = append(heads, course.Line(cell.words()))
			}
			continue
		}
		first := ""
		for i, cell := range cells {
			switch {
			case !holdsResponse(cell) && first == "":
				first = course.Line(cell.words())
			case i < len(heads):
				r.cell(cell, labelled(first, heads[i]))
			default:
				r.cell(cell, first)
			}
		}
	}
}

func labelled(row, column string) string { return strings.Trim(row+": "+column, ": ") }

func (r *reader) cell(cell *node, label string) {
	for _, child := range cell.children {
		r.read(child, label)
	}
}

// response reads one response. The prose before it is its prompt, or the stem of all questions when the
// response brings a prompt of its own.
func (r *reader) response(n *node, label string) {
	r.responses++
	own := responseProse(n)
	if label != "" {
		own = append([]*node{{name: "p", children: []*node{{text: label}}}}, own...)
	}
	first := r.responses == 1
	if first && len(own) > 0 {
		r.stem, r.before = r.before, nil
	}
	prompt := slices.Concat(r.before, own)
	r.before = nil
	questions := r.answers(n)
	for _, q := range questions {
		q.prompt = r.prompt(prompt, n)
		if q.prompt.IsEmpty() {
			r.lose("It asks nothing.")
			continue
		}
		q.explanation = r.explanation(n.all("solution"), q.explanation)
		q.hints = r.hints(n.all("demandhint"))
		r.questions = append(r.questions, q)
	}
}

// responseProse is what a response says: everything in it that is not an input, hint or solution.
func responseProse(n *node) []*node {
	var prose []*node
	for _, child := range n.children {
		switch {
		case isInput(child.name), child.name == "solution", child.name == "demandhint", child.name == "responseparam",
			strings.HasSuffix(child.name, "hint"), child.name == "script", child.name == "additional_answer", child.name == "answer":
			continue
		case child.name == "label", child.name == "description":
			prose = append(prose, &node{name: "p", children: child.children})
		case child.name == "" && strings.TrimSpace(child.text) == "":
			continue
		case holdsInput(child):
			inner := *child
			inner.children = responseProse(child)
			prose = append(prose, &inner)
		default:
			prose = append(prose, child)
		}
	}
	return prose
}

func isInput(name string) bool {
	switch name {
	case "choicegroup", "checkboxgroup", "radiogroup", "optioninput", "textline", "formulaequationinput", "textbox", "numericalinput", "stringequalhint":
		return true
	default:
		return strings.HasSuffix(name, "input") || name == "schematic"
	}
}

func holdsInput(n *node) bool {
	return slices.ContainsFunc(n.children, func(c *node) bool { return isInput(c.name) || holdsInput(c) })
}

// prompt cleans the prompt of a question. A question that asks nothing is asked by the label of its input,
// or by the name of the problem.
func (r *reader) prompt(prose []*node, response *node) *markup.Doc {
	doc := r.clean(prose)
	for _, fallback := range []string{inputLabel(response), r.block.name()} {
		if doc.IsEmpty() {
			doc = r.clean([]*node{{text: fallback}})
		}
	}
	return doc
}

func inputLabel(n *node) string {
	for _, child := range n.children {
		if label := child.attr("label"); label != "" {
			return label
		}
		if label := inputLabel(child); label != "" {
			return label
		}
	}
	return n.attr("label")
}

// clean cleans prose of the problem, and notes what that loses.
func (r *reader) clean(nodes []*node) *markup.Doc {
	return r.cleanHTML(htmlNodes(clarified(nodes)))
}

func (r *reader) cleanHTML(nodes []*html.Node) *markup.Doc {
	doc := r.c.pages().Nodes(nodes)
	_, lost := losses(doc.Lost)
	for _, loss := range lost {
		r.lose(loss)
	}
	r.c.countStyles(doc)
	return doc
}

// clarified puts the explanations that stand behind a word into brackets after it.
func clarified(nodes []*node) []*node {
	var out []*node
	for _, n := range nodes {
		if n.name == "clarification" {
			out = append(out, &node{text: " (" + course.Line(n.words()) + ")"})
			continue
		}
		kept := *n
		kept.children = clarified(n.children)
		out = append(out, &kept)
	}
	return out
}

// explanation cleans solutions, and adds to what the question explains already.
func (r *reader) explanation(solutions []*node, so *markup.Doc) *markup.Doc {
	doc := &markup.Doc{}
	for _, s := range solutions {
		part := r.clean(s.children)
		part.DropLeading("explanation", "solution")
		doc.Append(part)
	}
	if so != nil {
		doc.Append(so)
	}
	if doc.IsEmpty() {
		return nil
	}
	return doc
}

func (r *reader) hints(groups []*node) []*markup.Doc {
	var hints []*markup.Doc
	for _, group := range groups {
		for _, hint := range group.all("hint") {
			if doc := r.clean(hint.children); !doc.IsEmpty() && len(hints) < course.MaxHints {
				hints = append(hints, doc)
			}
		}
	}
	return hints
}

// result settles the problem and returns its questions, with what belongs to all of them.
func (r *reader) result() []piece {
	r.share()
	r.questions = slices.DeleteFunc(r.questions, (*question).tooLong)
	if len(r.questions) == 0 {
		return r.give("Its texts are too long for questions.")
	}
	attempts, err := strconv.Atoi(r.block.attrs["max_attempts"])
	if err != nil || attempts < 0 {
		attempts = 0
	}
	r.points()
	for _, q := range r.questions {
		q.attempts = attempts
	}
	if missing := r.responses - r.answered(); missing > 0 {
		r.lose(strconv.Itoa(missing) + " of its " + strconv.Itoa(r.responses) + " parts did not come along.")
	}
	outcome := Carried
	if len(r.losses) > 0 {
		outcome = Approximated
	}
	r.c.settle(r.block, outcome, append(r.losses, settingLosses(r.block, problemSettings()...)...)...)
	return []piece{{block: r.block, quiz: r.questions}}
}

// answered counts the responses that became questions.
func (r *reader) answered() int { return min(len(r.questions), r.responses) }

// share gives every question the stem, the solution and the hints of the problem, and the last one the
// prose that follows it.
func (r *reader) share() {
	last := r.questions[len(r.questions)-1]
	last.prompt.Append(r.clean(r.before))
	for _, q := range r.questions {
		whole := r.clean(r.stem)
		whole.Append(q.prompt)
		q.prompt = whole
	}
	var solutions, hints []*node
	for _, n := range r.outside() {
		if n.name == "demandhint" {
			hints = append(hints, n)
		} else {
			solutions = append(solutions, n)
		}
	}
	last.explanation = r.explanation(solutions, last.explanation)
	for _, q := range r.questions {
		q.hints = append(q.hints, r.hints(hints)...)
		q.hints = q.hints[:min(len(q.hints), course.MaxHints)]
	}
}

// outside returns the solutions and hints that stand in no response.
func (r *reader) outside() []*node {
	var found []*node
	var walk func(n *node)
	walk = func(n *node) {
		for _, child := range n.children {
			switch {
			case child.name == "solution" || child.name == "demandhint":
				found = append(found, child)
			case !isResponse(child.name):
				walk(child)
			}
		}
	}
	walk(r.block.def)
	return found
}

// points divides the weight of the problem among its questions; without one, each is a point.
func (r *reader) points() {
	each := 1.0
	weight, given := course.ParseFloat(r.block.attrs["weight"])
	if given {
		each = weight / float64(len(r.questions))
	}
	whole := max(1, min(course.MaxPoints, int(each+0.5)))
	if given && float64(whole) != each {
		r.lose("Its weight, " + r.block.attrs["weight"] + ", became points in whole numbers: " + strconv.Itoa(whole) + " a question.")
	}
	for _, q := range r.questions {
		q.base.Points = whole
	}
}

// nothing settles a problem without questions: prose when any answer is right, or there is nothing to
// answer, else dropped.
func (r *reader) nothing() []piece {
	switch {
	case len(r.reflections) > 0:
		doc := r.clean(r.reflections)
		r.c.settle(r.block, KeptAsText, append(r.losses, "Any answer is right: the question remains as text to think about.")...)
		return []piece{{block: r.block, page: doc}}
	case r.responses == 0:
		doc := r.clean(r.before)
		if doc.IsEmpty() {
			return r.give("It is empty.")
		}
		r.c.settle(r.block, KeptAsText, append(r.losses, "It asks nothing: its text remains.")...)
		return []piece{{block: r.block, page: doc}}
	default:
		return r.give(strings.Join(r.losses, " "))
	}
}
