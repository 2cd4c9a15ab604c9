package folder

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"lyceum/internal/author/course"
)

// encoder collects the files of a course.
type encoder struct {
	files []File
	err   error
}

// mapping builds a YAML mapping, key by key in the order in which people read them.
type mapping struct{ node *yaml.Node }

func newMapping() mapping { return mapping{&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}} }

func (m mapping) add(key string, value *yaml.Node) {
	m.node.Content = append(m.node.Content, plain(key), value)
}

// plain is a scalar that is written without quotes: a key, a number, a truth value.
func plain(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

// scalar is a text. Texts of several lines are written as blocks.
func scalar(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	switch {
	case !strings.Contains(value, "\n"):
	case tabbed(value):
		// The library writes such a block without saying how far it is indented, and cannot read it.
		n.Style = yaml.DoubleQuotedStyle
	default:
		n.Style = yaml.LiteralStyle
	}
	return n
}

// tabbed tells whether a line begins with a tab, maybe after spaces.
func tabbed(s string) bool {
	for line := range strings.Lines(s) {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "\t") {
			return true
		}
	}
	return false
}

// text adds a text unless it is empty.
func (m mapping) text(key, value string) {
	if value != "" {
		m.add(key, scalar(value))
	}
}

// number adds a number unless it is zero.
func (m mapping) number(key string, n int) {
	if n != 0 {
		m.add(key, plain(strconv.Itoa(n)))
	}
}

// truth adds a truth value unless it is what readers assume.
func (m mapping) truth(key string, value, assumed bool) {
	if value != assumed {
		m.add(key, plain(strconv.FormatBool(value)))
	}
}

func (m mapping) duration(key string, d time.Duration) {
	if d != 0 {
		m.add(key, plain(shortDuration(d)))
	}
}

// shortDuration writes 20m where the library writes 20m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// texts adds a list unless it is empty: of several lines, or with flow on one.
func (m mapping) texts(key string, values []string, flow bool) {
	if len(values) == 0 {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if flow {
		list.Style = yaml.FlowStyle
	}
	for _, v := range values {
		list.Content = append(list.Content, scalar(v))
	}
	m.add(key, list)
}

func (m mapping) mappings(key string, values []mapping) {
	if len(values) == 0 {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, v := range values {
		list.Content = append(list.Content, v.node)
	}
	m.add(key, list)
}

// yaml returns the text of a node.
func (e *encoder) yaml(n *yaml.Node) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil && e.err == nil {
		e.err = err
	}
	if err := enc.Close(); err != nil && e.err == nil {
		e.err = err
	}
	return b.Bytes()
}

func (e *encoder) file(path string, m mapping) {
	e.files = append(e.files, File{Path: path, Data: e.yaml(m.node)})
}

func courseFields(c *course.Course) mapping {
	m := newMapping()
	m.add("slug", scalar(c.Slug))
	m.add("title", scalar(c.Title))
	m.text("summary", c.Summary)
	m.add("language", scalar(c.Language))
	m.add("level", plain(lower(c.Level)))
	if c.Visibility != course.Public {
		m.add("visibility", plain(lower(c.Visibility)))
	}
	m.texts("categories", c.Categories, true)
	m.texts("tags", c.Tags, true)
	if c.Price != nil {
		m.add("price", plain(formatPrice(*c.Price)))
	}
	m.truth("certificate", c.Certificate, true)
	m.number("certificate-months", c.CertificateMonths)
	m.texts("prerequisites", c.Prerequisites, true)
	m.completion(c.Completion)
	m.text("description", c.Description)
	return m
}

func moduleFields(m course.Module) mapping {
	fields := newMapping()
	fields.add("key", scalar(m.Key))
	fields.add("title", scalar(m.Title))
	fields.text("summary", m.Summary)
	fields.completion(m.Completion)
	return fields
}

// lesson adds the file of a lesson; path has no extension yet.
func (e *encoder) lesson(path string, l course.Lesson) {
	m := newMapping()
	m.add("key", scalar(l.Key))
	m.add("title", scalar(l.Title))
	if l.Kind != course.ArticleLesson {
		m.add("kind", plain(lower(l.Kind)))
	}
	m.text("section", l.Section)
	m.truth("required", l.Required, true)
	m.truth("preview", l.Preview, false)
	m.text("completion", l.Completion)
	if l.Kind == course.ArticleLesson {
		e.article(path, m, l.Body)
		return
	}
	m.body(l.Body)
	switch l.Kind {
	case course.VideoLesson:
		m.video(l.Video)
	case course.QuizLesson:
		m.quiz(l.Quiz)
		e.files = append(e.files, File{Path: path + ".yaml", Data: append(e.yaml(m.node), e.questions(l.Quiz.Questions)...)})
		return
	case course.FileLesson:
		m.add("file", scalar(l.File))
	case course.LinkLesson:
		m.add("url", scalar(l.URL))
	case course.ArticleLesson:
	}
	e.file(path+".yaml", m)
}

func (e *encoder) article(path string, m mapping, body course.Text) {
	m.format(body.Format)
	var b bytes.Buffer
	b.WriteString("---\n")
	b.Write(e.yaml(m.node))
	b.WriteString("---\n\n" + body.Source + "\n")
	e.files = append(e.files, File{Path: path + ".md", Data: b.Bytes()})
}

// format adds the notation unless it is Markdown.
func (m mapping) format(format course.Format) {
	if format == course.HTML {
		m.add("format", plain("html"))
	}
}

func (m mapping) body(body course.Text) {
	m.format(body.Format)
	m.text("body", body.Source)
}

func (m mapping) video(v *course.Video) {
	m.text("file", v.File)
	m.text("url", v.URL)
	m.duration("duration", v.Duration)
	captions := make([]mapping, 0, len(v.Captions))
	for _, c := range v.Captions {
		fields := newMapping()
		fields.add("locale", scalar(c.Locale))
		fields.text("label", c.Label)
		fields.add("file", scalar(c.File))
		captions = append(captions, fields)
	}
	m.mappings("captions", captions)
}

func (m mapping) quiz(q *course.Quiz) {
	m.add("pass_mark", plain(strconv.Itoa(q.PassMark)))
	m.number("attempts", q.AttemptsAllowed)
	m.duration("time_limit", q.TimeLimit)
	m.truth("shuffle", q.Shuffle, false)
	m.number("draw", q.Draw)
}

// questions returns the list of questions with a blank line between them, which the library cannot write.
func (e *encoder) questions(questions []course.Question) []byte {
	var b bytes.Buffer
	b.WriteString("questions:\n")
	for i, q := range questions {
		if i > 0 {
			b.WriteByte('\n')
		}
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{questionFields(q).node}}
		for line := range bytes.Lines(e.yaml(list)) {
			if len(line) > 1 {
				b.WriteString("  ")
			}
			b.Write(line)
		}
	}
	return b.Bytes()
}

func questionFields(q course.Question) mapping {
	m := newMapping()
	m.add("key", scalar(q.Key))
	m.add("kind", plain(lower(q.Kind)))
	if q.Points != 1 {
		m.number("points", q.Points)
	}
	m.format(q.Format)
	m.text("prompt", q.Prompt)
	choices := make([]mapping, 0, len(q.Choices))
	for _, c := range q.Choices {
		choices = append(choices, choiceFields(c))
	}
	m.mappings("choices", choices)
	if q.Number != nil {
		m.answer(*q.Number)
	}
	if q.Accepted != nil {
		m.texts("accept", q.Accepted.Answers, false)
		m.truth("case_sensitive", q.Accepted.CaseSensitive, false)
	}
	m.text("explanation", q.Explanation)
	m.texts("hints", q.Hints, false)
	return m
}

func choiceFields(c course.Choice) mapping {
	m := newMapping()
	m.add("key", scalar(c.Key))
	m.text("text", c.Text)
	m.truth("correct", c.Correct, false)
	m.text("feedback", c.Feedback)
	return m
}

func (m mapping) answer(n course.Number) {
	if n.Interval != nil {
		m.add("answer", scalar(n.Interval.String()))
		return
	}
	m.add("answer", plain(course.FormatFloat(n.Answer)))
	if n.Tolerance != 0 {
		m.add("tolerance", plain(n.ToleranceString()))
	}
}
