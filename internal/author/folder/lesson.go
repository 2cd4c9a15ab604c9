package folder

import (
	"strconv"
	"strings"

	"lyceum/internal/author/course"
)

// readLesson reads a lesson's file. What comes back always has a key, so that links to it are not told as
// mistakes when the file has some.
func (r *reader) readLesson(file, path string) (course.Lesson, error) {
	l := course.Lesson{Key: keyOf(file[strings.LastIndexByte(file, '/')+1:]), Required: true}
	r.book.places[path] = spot{file: file}
	limit := int64(MaxYAML)
	if strings.HasSuffix(file, ".md") {
		limit = MaxArticle
	}
	data, err := r.open(file, limit, "The file is gone.")
	if err != nil {
		return l, err
	}
	if data != nil && strings.HasSuffix(file, ".md") {
		r.readArticle(file, path, string(data), &l)
		return l, nil
	}
	o := (&document{book: r.book, file: file}).parse(data, path)
	if o == nil {
		r.book.spoiled[path] = true
		return l, nil
	}
	o.common(&l)
	kinds := []course.LessonKind{course.VideoLesson, course.QuizLesson, course.FileLesson, course.LinkLesson}
	l.Kind = oneOf(o, "kind", "kind", kinds, "")
	l.Body = o.body()
	switch l.Kind {
	case course.VideoLesson:
		l.Video = o.video()
	case course.QuizLesson:
		l.Quiz = o.quiz()
	case course.FileLesson:
		l.File = o.text("file", "file")
	case course.LinkLesson:
		l.URL = o.text("url", "url")
	case course.ArticleLesson:
	}
	if l.Kind == "" {
		// Without a kind nobody knows which keys belong here.
		r.book.tell(path+".kind", 0, "Say which kind of lesson this is: “kind: video”, quiz, file or link.")
		r.book.spoiled[path] = true
		return l, nil
	}
	o.done()
	return l, nil
}

// readArticle reads the fields between the first two --- lines, and the article after them.
func (r *reader) readArticle(file, path, data string, l *course.Lesson) {
	l.Kind = course.ArticleLesson
	data = strings.ReplaceAll(data, "\r\n", "\n")
	head, body, ok := splitFront(data)
	if !ok {
		r.book.spoil(path, file, 1, "An article begins with a line ---, then “title: …”, then a line --- again.")
		return
	}
	o := (&document{book: r.book, file: file, before: 1}).parse([]byte(head), path)
	if o == nil {
		r.book.spoiled[path] = true
		return
	}
	o.common(l)
	format := o.format()
	o.done()
	block := course.Block(body)
	if block == "" {
		format = ""
	}
	l.Body = course.Text{Format: format, Source: block}
	before := strings.Count(data[:len(data)-len(body)], "\n") + strings.Count(body[:max(0, strings.Index(body, block))], "\n")
	r.book.places[path+".body"] = spot{file: file, line: before + 1, text: before + 1}
}

// splitFront splits "---\nhead---\nbody".
func splitFront(data string) (head, body string, ok bool) {
	rest, ok := strings.CutPrefix(data, "---\n")
	if !ok {
		return "", "", false
	}
	if body, ok := strings.CutPrefix(rest, "---\n"); ok {
		return "", body, true
	}
	head, body, ok = strings.Cut(rest, "\n---\n")
	if !ok {
		head, ok = strings.CutSuffix(rest, "\n---")
	}
	return head, body, ok
}

// common reads what every lesson has.
func (o *object) common(l *course.Lesson) {
	l.Key = cmpOr(o.text("key", "key"), l.Key)
	l.Title = o.text("title", "title")
	l.Section = o.text("section", "section")
	l.Required = o.boolean("required", "required", true)
	l.Preview = o.boolean("preview", "preview", false)
	l.Completion = o.block("completion", "completion")
}

func (o *object) format() course.Format {
	return oneOf(o, "format", "format", []course.Format{course.Markdown, course.HTML}, course.Markdown)
}

func (o *object) body() course.Text {
	format, source := o.format(), o.block("body", "body")
	if source == "" {
		return course.Text{}
	}
	return course.Text{Format: format, Source: source}
}

// at returns the same mapping read into a field below.
func (o *object) at(field string) *object {
	below := o.field(field)
	if here, ok := o.doc.book.places[o.path]; ok {
		o.doc.book.places[below] = here
	}
	return &object{doc: o.doc, node: o.node, path: below}
}

// known of an object read at a field below count for this one too.
func (o *object) adopt(below *object) { o.known = append(o.known, below.known...) }

func (o *object) video() *course.Video {
	in := o.at("video")
	defer o.adopt(in)
	v := &course.Video{
		File: in.text("file", "file"), URL: in.text("url", "url"), Duration: in.duration("duration", "duration"),
	}
	for _, c := range in.objects("captions", "captions") {
		v.Captions = append(v.Captions, course.Caption{
			Locale: c.text("locale", "locale"), Label: c.text("label", "label"), File: c.text("file", "file"),
		})
		c.done()
	}
	return v
}

func (o *object) quiz() *course.Quiz {
	in := o.at("quiz")
	defer o.adopt(in)
	q := &course.Quiz{
		PassMark: in.percent("pass_mark", "passMark"), AttemptsAllowed: in.integer("attempts", "attemptsAllowed", 0),
		TimeLimit: in.duration("time_limit", "timeLimit"), Shuffle: in.boolean("shuffle", "shuffle", false),
		Draw: in.integer("draw", "draw", 0),
	}
	if in.value("pass_mark", "passMark") == nil {
		o.doc.book.tell(in.field("passMark"), 0, "Say which percentage passes the quiz, as in “pass_mark: 60”.")
	}
	for _, question := range in.objects("questions", "questions") {
		q.Questions = append(q.Questions, question.question())
	}
	return q
}

func questionKinds() []course.QuestionKind {
	return []course.QuestionKind{course.SingleChoice, course.MultipleChoice, course.Numeric, course.ShortText}
}

func (o *object) question() course.Question {
	q := course.Question{
		Key: o.text("key", "key"), Kind: oneOf(o, "kind", "kind", questionKinds(), ""), Format: o.format(),
		Prompt: o.block("prompt", "prompt"), Points: o.integer("points", "points", 1),
		Explanation: o.block("explanation", "explanation"), Hints: o.blocks("hints", "hints"),
	}
	switch q.Kind {
	case course.SingleChoice, course.MultipleChoice:
		q.Choices = o.choices()
	case course.Numeric:
		q.Number = o.number()
	case course.ShortText:
		q.Accepted = &course.Accepted{
			Answers: o.at("accepted").lines("accept", "answers"), CaseSensitive: o.boolean("case_sensitive", "accepted.caseSensitive", false),
		}
		o.known = append(o.known, "accept")
	default:
		// Without a kind nobody knows which keys belong here.
		return q
	}
	o.done()
	return q
}

func (o *object) choices() []course.Choice {
	var choices []course.Choice
	for _, c := range o.objects("choices", "choices") {
		choices = append(choices, course.Choice{
			Key: c.text("key", "key"), Text: c.block("text", "text"), Correct: c.boolean("correct", "correct", false),
			Feedback: c.block("feedback", "feedback"),
		})
		c.done()
	}
	return choices
}

// number reads "answer: 600" with "tolerance: 5" or "tolerance: 1%", or "answer: [5, 7)".
func (o *object) number() *course.Number {
	answer, node, ok := o.scalar("answer", "number")
	tolerance, toleranceNode, has := o.scalar("tolerance", "number.tolerance")
	if !ok {
		if node != nil {
			return &course.Number{}
		}
		return nil
	}
	if interval, isInterval := course.ParseInterval(answer); isInterval {
		if has {
			o.spoil("number.tolerance", toleranceNode, "An interval has no tolerance.")
		}
		return &course.Number{Interval: &interval}
	}
	n := &course.Number{}
	if n.Answer, ok = course.ParseFloat(answer); !ok {
		o.spoil("number", node, "The answer is a number such as 12.5, or an interval in quotes such as \"[5, 7)\", not %s.", quoted(answer))
	}
	if !has {
		return n
	}
	if n.Tolerance, n.Percent, ok = course.ParseTolerance(tolerance); !ok {
		o.spoil("number.tolerance", toleranceNode, "The tolerance is a number such as 0.5, or a percentage such as 1%%, not %s.", quoted(tolerance))
	}
	return n
}

// price reads "free", or "49.00 EUR".
func (o *object) price() *course.Price {
	s, n, ok := o.scalar("price", "price")
	if !ok || strings.EqualFold(s, "free") || s == "0" {
		return nil
	}
	price, ok := parsePrice(s)
	if !ok {
		o.spoil("price", n, "The price is “free”, or an amount and a currency such as “49.00 EUR”, not %s.", quoted(s))
		return nil
	}
	return &price
}

// parsePrice reads an amount with no more decimals than the currency has.
func parsePrice(s string) (course.Price, bool) {
	amount, code, found := strings.Cut(s, " ")
	code = strings.TrimSpace(code)
	decimals, known := currencyDecimals(code)
	whole, fraction, _ := strings.Cut(amount, ".")
	if !found || !known || len(fraction) > decimals || whole == "" || len(whole) > 10 || strings.Trim(whole+fraction, "0123456789") != "" {
		return course.Price{}, false
	}
	minor, err := strconv.Atoi(whole + fraction + strings.Repeat("0", decimals-len(fraction)))
	return course.Price{Amount: minor, Currency: code}, err == nil
}

// formatPrice writes what parsePrice reads.
func formatPrice(p course.Price) string {
	decimals, _ := currencyDecimals(p.Currency)
	digits := strconv.Itoa(p.Amount)
	if decimals == 0 {
		return digits + " " + p.Currency
	}
	digits = strings.Repeat("0", max(0, decimals+1-len(digits))) + digits
	point := len(digits) - decimals
	return digits[:point] + "." + digits[point:] + " " + p.Currency
}
