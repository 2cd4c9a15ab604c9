package olx_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lyceum/internal/author/course"
	"lyceum/internal/author/olx"
)

// choices builds choices with keys a, b, …; the right ones begin with a star.
func choices(texts ...string) []course.Choice {
	var all []course.Choice
	for i, text := range texts {
		text, right := strings.CutPrefix(text, "*")
		all = append(all, course.Choice{Key: string(rune('a' + i)), Text: text, Correct: right})
	}
	return all
}

func markdown(kind course.QuestionKind, prompt string) course.Question {
	return course.Question{Key: "p", Kind: kind, Format: course.Markdown, Prompt: prompt, Points: 1}
}

func with(q course.Question, change func(*course.Question)) course.Question {
	change(&q)
	return q
}

func TestProblems(t *testing.T) {
	t.Parallel()
	numeric := func(prompt string, n course.Number) course.Question {
		return with(markdown(course.Numeric, prompt), func(q *course.Question) { q.Number = &n })
	}
	short := func(prompt string, caseSensitive bool, answers ...string) course.Question {
		return with(markdown(course.ShortText, prompt), func(q *course.Question) {
			q.Accepted = &course.Accepted{Answers: answers, CaseSensitive: caseSensitive}
		})
	}
	pick := func(kind course.QuestionKind, prompt string, texts ...string) course.Question {
		return with(markdown(kind, prompt), func(q *course.Question) { q.Choices = choices(texts...) })
	}
	tests := map[string]struct {
		problem string
		want    []course.Question
		losses  []string
	}{
		"multiple choice": {
			problem: `<multiplechoiceresponse><label>Which?</label><description>One.</description><choicegroup><choice correct="false">A &amp; B</choice>
				<choice correct="true"><b>C</b><choicehint>Yes.</choicehint></choice></choicegroup><solution><div><p>Explanation</p><p>So.</p></div></solution></multiplechoiceresponse>
				<demandhint><hint>Think.</hint><hint>Again.</hint></demandhint>`,
			want: []course.Question{with(pick(course.SingleChoice, "Which?\n\nOne.", "A & B", "***C**"), func(q *course.Question) {
				q.Choices[1].Feedback, q.Explanation, q.Hints = "Yes.", "So.", []string{"Think.", "Again."}
			})},
		},
		"checkboxes": {
			problem: `<p>All of:</p><choiceresponse partial_credit="halves"><checkboxgroup><choice correct="true">A<choicehint selected="true">Right.</choicehint>` +
				`<choicehint selected="false">Missed.</choicehint></choice><choice correct="True">B</choice><choice correct="false">C</choice><compoundhint value="A B">x</compoundhint></checkboxgroup></choiceresponse>`,
			want: []course.Question{with(pick(course.MultipleChoice, "All of:", "*A", "*B", "C"), func(q *course.Question) {
				q.Choices[0].Feedback, q.Explanation = "Right.", "**A** – Missed."
			})},
			losses: []string{"It gave part of the points for part of the answer; all of it must be right.", "What it said to who missed a choice stands in the explanation."},
		},
		"dropdown": {
			problem: `<optionresponse><label>Capital?</label><optioninput><option correct="False">X</option><option correct="True">Y<optionhint>Well.</optionhint></option></optioninput></optionresponse>`,
			want:    []course.Question{with(pick(course.SingleChoice, "Capital?", "X", "*Y"), func(q *course.Question) { q.Choices[1].Feedback = "Well." })},
		},
		"dropdown, old": {
			problem: `<p>Pick</p><optionresponse><optioninput options="('it\'s','b, c')" correct="b, c"/></optionresponse>`,
			want:    []course.Question{pick(course.SingleChoice, "Pick", "it's", "*b, c")},
		},
		"text": {
			problem: `<stringresponse answer="Doc" type="ci"><label>Who?</label><additional_answer answer="Sleepy"/><additional_answer>Grumpy</additional_answer><additional_answer answer="DOC"/><textline size="20"/></stringresponse>`,
			want:    []course.Question{short("Who?", false, "Doc", "Sleepy", "Grumpy")},
		},
		"text, capitals count": {problem: `<stringresponse answer="pH"><label>Unit?</label><textline/></stringresponse>`, want: []course.Question{short("Unit?", true, "pH")}},
		"text, few patterns": {
			problem: `<stringresponse answer="^(colou?r|hue)s?$" type="ci regexp"><label>What?</label><textline/></stringresponse>`,
			want:    []course.Question{short("What?", false, "color", "colors", "colour", "colours", "hue", "hues")},
		},
		"number":           {problem: `<numericalresponse answer="3.5"><label>N?</label></numericalresponse>`, want: []course.Question{numeric("N?", course.Number{Answer: 3.5})}},
		"number, distance": {problem: `<numericalresponse answer="1e3"><label>N?</label><responseparam type="tolerance" default="0.5"/></numericalresponse>`, want: []course.Question{numeric("N?", course.Number{Answer: 1000, Tolerance: 0.5})}},
		"number, percent":  {problem: `<numericalresponse answer="-2"><label>N?</label><responseparam default="5%"/></numericalresponse>`, want: []course.Question{numeric("N?", course.Number{Answer: -2, Tolerance: 5, Percent: true})}},
		"number, range": {
			problem: `<numericalresponse answer="[5, 7)"><label>N?</label><responseparam default="1%"/></numericalresponse>`,
			want:    []course.Question{numeric("N?", course.Number{Interval: &course.Interval{Min: 5, Max: 7, ExcludeMax: true}})},
		},
		"number, more of it": {
			problem: `<numericalresponse answer="1" partial_credit="list"><label>N?</label><responseparam partial_answers="2"/><additional_answer answer="3"/><correcthint>Well done</correcthint></numericalresponse>`,
			want:    []course.Question{numeric("N?", course.Number{Answer: 1})},
			losses: []string{
				"It gave part of the points for some answers; those count as wrong.", "It had more than one right answer; only the first counts.", "What it said to certain answers is gone: “Well done”",
			},
		},
		"several in one": {
			problem: `<p>Read this.</p><multiplechoiceresponse><label>One?</label><choicegroup><choice correct="true">A</choice><choice>B</choice></choicegroup></multiplechoiceresponse>` +
				`<p>Now:</p><numericalresponse answer="2"><label>Two?</label></numericalresponse><p>The end.</p><solution><p>All.</p></solution>`,
			want: []course.Question{
				pick(course.SingleChoice, "Read this.\n\nOne?", "*A", "B"),
				with(numeric("Read this.\n\nNow:\n\nTwo?\n\nThe end.", course.Number{Answer: 2}), func(q *course.Question) { q.Key, q.Explanation = "p-2", "All." }),
			},
		},
		"prompts before": {
			problem: `<p>One?</p><stringresponse answer="a"><textline/></stringresponse><p>Two?</p><stringresponse answer="b"><textline/></stringresponse>`,
			want: []course.Question{
				short("One?", true, "a"), with(short("Two?", true, "b"), func(q *course.Question) { q.Key = "p-2" }),
			},
		},
		"in a table": {
			problem: `<p>Match.</p><table><tr><th>What</th><th>Who</th></tr><tr><td>Relativity</td><td><optionresponse><optioninput options="('E','N')" correct="E"/></optionresponse></td></tr></table>`,
			want:    []course.Question{pick(course.SingleChoice, "Match.\n\nRelativity: Who", "*E", "N")},
		},
		"label of the input": {problem: `<stringresponse answer="a"><textline label="Which letter?"/></stringresponse>`, want: []course.Question{short("Which letter?", true, "a")}},
		"no prompt":          {problem: `<stringresponse answer="a"><textline/></stringresponse>`, want: []course.Question{short("P", true, "a")}},
		"formulas and pictures": {
			problem: `<numericalresponse answer="1"><label>What is \(x_1 * 2\)? <img src="/static/pic.png" alt="x"/></label></numericalresponse>`,
			want:    []course.Question{numeric(`What is \\(x_1 \* 2\\)? ![x](media/pic.png)`, course.Number{Answer: 1})},
		},
		"raised figures": {
			problem: `<numericalresponse answer="1"><label>x<sup>2</sup>?</label><demandhint><hint>1 &lt; 2</hint></demandhint></numericalresponse>`,
			want: []course.Question{with(numeric("<p>x<sup>2</sup>?</p>", course.Number{Answer: 1}), func(q *course.Question) {
				q.Format, q.Hints = course.HTML, []string{"<p>1 &lt; 2</p>"}
			})},
		},
		"clarification": {problem: `<numericalresponse answer="1"><p>Use it<clarification>the rule</clarification>.</p></numericalresponse>`, want: []course.Question{numeric("Use it (the rule).", course.Number{Answer: 1})}},
		"script that draws nothing": {
			problem: `<script type="loncapa/python">x = 1</script><numericalresponse answer="1"><label>Costs $5?</label></numericalresponse>`,
			want:    []course.Question{numeric("Costs $5?", course.Number{Answer: 1})}, losses: []string{"Its script is gone."},
		},
		"part of it": {
			problem: `<numericalresponse answer="1"><label>N?</label></numericalresponse><customresponse cfn="f"><textline/></customresponse>`,
			want:    []course.Question{numeric("N?", course.Number{Answer: 1})},
			losses:  []string{"It is graded by a program, which is not run here (customresponse).", "1 of its 2 parts did not come along."},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lessons, report := unit(t, `<problem url_name="b" display_name="P">`+tt.problem+`</problem>`, export{"static/pic.png": "x"})
			if len(lessons) != 1 || lessons[0].Quiz == nil {
				t.Fatalf("lessons: %v\n%v", lessons, entry(t, report, "b"))
			}
			if diff := cmp.Diff(tt.want, lessons[0].Quiz.Questions); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.losses, entry(t, report, "b").Losses, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("losses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsThatCannotCome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		problem string
		outcome olx.Outcome
		loss    string
		said    string
	}{
		"program":         {`<p>Ask</p><customresponse cfn="f"><textline/></customresponse>`, olx.Dropped, "graded by a program", "Ask"},
		"drawn numbers":   {`<script>x=1</script><numericalresponse answer="$x"><label>Is it $x?</label></numericalresponse>`, olx.Dropped, "drawn by a program", "Is it $x?"},
		"formula":         {`<formularesponse answer="x^2"><label>F?</label></formularesponse>`, olx.Dropped, "formula (formularesponse)", "F?"},
		"picture":         {`<imageresponse><p>Point</p><imageinput/></imageresponse>`, olx.Dropped, "point at a picture", "Point"},
		"circuit":         {`<schematicresponse><schematic/></schematicresponse>`, olx.Dropped, "draw a circuit", ""},
		"unheard of":      {`<quantumresponse/>`, olx.Dropped, "quantumresponse", ""},
		"none right":      {`<multiplechoiceresponse><choicegroup><choice>A</choice><choice>B</choice></choicegroup></multiplechoiceresponse>`, olx.Dropped, "none or several", ""},
		"two right":       {`<multiplechoiceresponse><choicegroup><choice correct="true">A</choice><choice correct="true">B</choice></choicegroup></multiplechoiceresponse>`, olx.Dropped, "none or several", ""},
		"one choice":      {`<multiplechoiceresponse><choicegroup><choice correct="true">A</choice></choicegroup></multiplechoiceresponse>`, olx.Dropped, "too few", ""},
		"a silent choice": {`<multiplechoiceresponse><choicegroup><choice correct="true">A</choice><choice/></choicegroup></multiplechoiceresponse>`, olx.Dropped, "says nothing", ""},
		"many patterns":   {`<stringresponse answer="..bble" type="ci regexp"><label>W?</label></stringresponse>`, olx.Dropped, "too many words match: “..bble”", "W?"},
		"broken pattern":  {`<stringresponse answer="(" type="regexp"><label>W?</label></stringresponse>`, olx.Dropped, "cannot be read", "W?"},
		"no answer":       {`<stringresponse><label>W?</label></stringresponse>`, olx.Dropped, "no right answer", "W?"},
		"number in words": {`<numericalresponse answer="2*pi"><label>N?</label></numericalresponse>`, olx.Dropped, "no plain number: “2*pi”", "N?"},
		"empty range":     {`<numericalresponse answer="[7, 5]"><label>N?</label></numericalresponse>`, olx.Dropped, "no plain number", "N?"},
		"endless":         {`<numericalresponse answer="1"><label>` + strings.Repeat("word ", 20_000) + `</label></numericalresponse>`, olx.Dropped, "too long", "word"},
		"any answer":      {`<p>Think.</p><stringresponse answer=".*" type="regexp"><label>What else?</label></stringresponse>`, olx.KeptAsText, "Any answer is right", ""},
		"no response":     {`<p>Just text.</p>`, olx.KeptAsText, "It asks nothing", ""},
		"empty":           {``, olx.Dropped, "It is empty.", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, report := unit(t, filler+`<problem url_name="b" display_name="P">`+tt.problem+`</problem>`, nil)
			e := entry(t, report, "b")
			if e.Outcome != tt.outcome || !strings.Contains(strings.Join(e.Losses, " "), tt.loss) || !strings.Contains(e.Text, tt.said) {
				t.Errorf("report: %s %q %q, want %s %q %q", e.Outcome, e.Losses, e.Text, tt.outcome, tt.loss, tt.said)
			}
		})
	}
}

func TestWeightsAndAttempts(t *testing.T) {
	t.Parallel()
	problem := func(id, attrs string) string {
		return `<problem url_name="` + id + `" ` + attrs + `><numericalresponse answer="1"><label>1?</label></numericalresponse><numericalresponse answer="2"><label>2?</label></numericalresponse></problem>`
	}
	lessons, report := unit(t, problem("even", `weight="4" max_attempts="3"`)+problem("odd", `weight="1" max_attempts="2" showanswer="never"`), nil)
	quiz := lessons[0].Quiz
	var points []int
	for _, q := range quiz.Questions {
		points = append(points, q.Points)
	}
	if diff := cmp.Diff([]int{2, 2, 1, 1}, points); diff != "" || quiz.AttemptsAllowed != 3 {
		t.Errorf("attempts %d, points:\n%s", quiz.AttemptsAllowed, diff)
	}
	want := []string{
		"Its weight, 1, became points in whole numbers: 1 a question.", "Settings that did not come along: showanswer = never.", "It allowed 2 attempts, and its quiz allows 3 attempts.",
	}
	if diff := cmp.Diff(want, entry(t, report, "odd").Losses); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
}
