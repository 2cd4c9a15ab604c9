package olx

import (
	"fmt"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// piece is what one block gives to the lessons of its vertical.
type piece struct {
	block *block
	// One of these is set.
	page *markup.Doc
	film *film
	quiz []*question
	// pool is true for a quiz of its own, of which draw questions are asked.
	pool bool
	draw int
}

// group is the pieces of one lesson.
type group []piece

func (g group) kind() course.LessonKind {
	switch {
	case g[0].page != nil:
		return course.ArticleLesson
	case g[0].film != nil:
		return course.VideoLesson
	default:
		return course.QuizLesson
	}
}

// joins tells whether a piece continues the lesson.
func (g group) joins(p piece) bool {
	last := g[len(g)-1]
	return last.page != nil && p.page != nil || last.quiz != nil && p.quiz != nil && !last.pool && !p.pool
}

// unit makes the lessons of a vertical, or of what stands in a sequential without one.
func (c *converter) unit(owner *block, blocks []*block) error {
	var groups []group
	for _, b := range blocks {
		pieces, err := c.pieces(b)
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if last := len(groups) - 1; last >= 0 && groups[last].joins(p) {
				groups[last] = append(groups[last], p)
				continue
			}
			groups = append(groups, group{p})
		}
	}
	for i, title := range titles(owner, groups) {
		c.lesson(owner, title, groups[i])
	}
	return nil
}

// titles names the lessons of a vertical. The vertical's name goes to its only lesson, or to the article it
// begins with; films and single problems have names of their own.
func titles(owner *block, groups []group) []string {
	unit := titled(owner, "Lesson")
	used := map[string]int{}
	var out []string
	for i, g := range groups {
		title := unit
		if len(groups) > 1 && (i > 0 || g.kind() != course.ArticleLesson) {
			title = g.title(unit)
		}
		used[title]++
		if n := used[title]; n > 1 {
			title = fmt.Sprintf("%s (%d)", title, n)
		}
		out = append(out, title)
	}
	return out
}

// title is the name of one lesson among others of the unit.
func (g group) title(unit string) string {
	name := ""
	for _, p := range g {
		if own := p.block.name(); name == "" && !isGeneric(own) {
			name = limit(own)
		}
	}
	switch {
	case g.kind() == course.QuizLesson && (len(g) > 1 || name == ""):
		return unit + ": Quiz"
	case name != "":
		return name
	case g[0].page != nil && g[0].page.Heading() != "":
		return limit(g[0].page.Heading())
	default:
		return unit
	}
}

// isGeneric tells whether a display name is the one that the editor gives.
func isGeneric(name string) bool {
	switch strings.ToLower(name) {
	case "", "text", "html", "raw html", "blank html page", "video", "problem", "blank problem", "blank common problem",
		"blank advanced problem", "multiple choice", "single select", "multi-select", "checkboxes", "dropdown", "numerical input",
		"text input", "randomized content block", "problem bank", "library content", "contents", "css", "attribution":
		return true
	default:
		return false
	}
}

// lesson makes a lesson of a group.
func (c *converter) lesson(owner *block, title string, g group) {
	sequential := owner
	if owner.isUnit() {
		sequential = owner.parent
	}
	l := &course.Lesson{
		Key: c.lessons.Take(title, "lesson"), Title: title, Section: limit(sequential.name()), Kind: g.kind(), Required: true,
	}
	d := &draft{lesson: l}
	switch l.Kind {
	case course.ArticleLesson:
		d.body = &markup.Doc{}
		for _, p := range g {
			d.body.Append(p.page)
		}
	case course.VideoLesson:
		l.Video, d.body = g[0].film.video, g[0].film.body
		c.captions(l, g[0].film)
	default:
		c.quiz(d, g, strings.EqualFold(sequential.attrs["graded"], "true"))
	}
	for _, p := range g {
		d.blocks = append(d.blocks, p.block)
		for _, q := range p.quiz {
			d.blocks = append(d.blocks, q.block)
		}
	}
	for _, b := range d.blocks {
		c.entry(b).Target = course.LessonScheme + l.Key
		c.first(b.id, l.Key)
	}
	c.first(owner.id, l.Key)
	c.drafts = append(c.drafts, d)
}

// pieces makes what a block gives, and settles it.
func (c *converter) pieces(b *block) ([]piece, error) {
	if c.unusable(b) {
		return nil, nil
	}
	switch b.kind {
	case "html":
		return c.page(b)
	case "video":
		return c.film(b)
	case "problem":
		return c.problem(b), nil
	case "library_content", "itembank", "legacy_library_content":
		return c.pool(b)
	case verticalKind, unitKind, sequentialKind, "wrapper", "section", "problemset", "videosequence":
		c.settle(b, Carried, settingLosses(b)...)
		return c.inside(b, b.children)
	case "conditional", "randomize":
		c.settle(b, Approximated, append(settingLosses(b), "Its content is shown to everybody, always.")...)
		return c.inside(b, b.children)
	case "split_test":
		return c.split(b)
	default:
		return c.other(b), nil
	}
}

// inside makes the pieces of what a container holds.
func (c *converter) inside(b *block, blocks []*block) ([]piece, error) {
	var all []piece
	for _, child := range blocks {
		pieces, err := c.pieces(child)
		if err != nil {
			return nil, err
		}
		all = append(all, pieces...)
	}
	if len(all) == 0 {
		c.empty(b)
		return nil, nil
	}
	c.begins[b] = all[0].block
	return all, nil
}

// split shows everybody what the first group of an experiment was shown.
func (c *converter) split(b *block) ([]piece, error) {
	c.settle(b, Approximated, append(settingLosses(b), "Everybody is shown what the first group of the experiment was shown.")...)
	if len(b.children) == 0 {
		c.empty(b)
		return nil, nil
	}
	pieces, err := c.inside(b, b.children[:1])
	for _, child := range b.children[1:] {
		c.drop(child, "It was for another group of an experiment.")
	}
	return pieces, err
}

// quiz makes the quiz of a group of problems.
func (c *converter) quiz(d *draft, g group, graded bool) {
	quiz := &course.Quiz{Draw: g[0].draw}
	d.lesson.Quiz, d.lesson.Required = quiz, graded
	if graded {
		quiz.PassMark = c.policy.passMark()
	}
	var keys course.Keys
	for _, p := range g {
		for _, q := range p.quiz {
			q.base.Key = keys.Take(q.block.name(), "question")
			d.questions = append(d.questions, q)
			quiz.Questions = append(quiz.Questions, q.base)
		}
	}
	c.attempts(quiz, d.questions)
}

// attempts gives a quiz the limit that its problems have. Theirs may differ; the quiz has one.
func (c *converter) attempts(quiz *course.Quiz, questions []*question) {
	var limits []int
	for _, q := range questions {
		limits = append(limits, q.attempts)
	}
	slices.Sort(limits)
	if limits[0] > 0 {
		quiz.AttemptsAllowed = min(limits[len(limits)-1], course.MaxAttempts)
	}
	for _, q := range questions {
		if q.attempts != quiz.AttemptsAllowed {
			c.lose(q.block, fmt.Sprintf("It allowed %s, and its quiz allows %s.", attempts(q.attempts), attempts(quiz.AttemptsAllowed)))
		}
	}
}

func attempts(n int) string {
	if n == 0 {
		return "any number of attempts"
	}
	return fmt.Sprintf("%d attempts", n)
}

// lose adds a loss to the entry of a block, once.
func (c *converter) lose(b *block, loss string) {
	e := c.entry(b)
	if !slices.Contains(e.Losses, loss) {
		e.Losses = append(e.Losses, loss)
	}
}
