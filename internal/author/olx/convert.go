package olx

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// converter makes a course of a tree of blocks.
type converter struct {
	export  *export
	tree    *tree
	root    *block
	policy  gradingPolicy
	media   *shelf
	report  *Report
	course  *course.Course
	modules course.Keys
	lessons course.Keys
	// settled are the blocks whose entry is written.
	settled map[*block]int
	// begins leads from containers inside verticals to the first block that came out of them.
	begins map[*block]*block
	// drafts are the lessons so far; their texts are written when all keys are known.
	drafts []*draft
	// firsts are the keys of the first lesson that each block led to, by block id.
	firsts map[string]string
	// styled and icons count what pages lost everywhere alike.
	styled, styledBlocks, icons int
}

// draft is a lesson whose texts are not written yet.
type draft struct {
	lesson *course.Lesson
	// body is the article, or nil.
	body      *markup.Doc
	questions []*question
	blocks    []*block
}

func convert(ctx context.Context, e *export) (*Import, error) {
	t, root, err := readTree(e)
	if err != nil {
		return nil, err
	}
	c := &converter{
		export: e, tree: t, root: root, media: newShelf(e), settled: map[*block]int{}, begins: map[*block]*block{}, firsts: map[string]string{},
		report: &Report{Source: e.name}, course: &course.Course{},
	}
	if err := c.convert(ctx); err != nil {
		return nil, err
	}
	return &Import{Course: c.course, Report: c.report, export: e, media: c.media}, nil
}

func (c *converter) convert(ctx context.Context) error {
	if err := c.export.json("policies/"+c.root.id+"/grading_policy.json", &c.policy); err != nil {
		return err
	}
	if err := c.about(); err != nil {
		return err
	}
	if err := c.outline(ctx); err != nil {
		return err
	}
	if len(c.course.Modules) == 0 {
		return refuse("Nothing in this course can be carried over: it has no chapter with a page, film or question that learners can see.")
	}
	c.finish()
	if err := c.rest(); err != nil {
		return err
	}
	c.total()
	if err := c.course.Validate(); err != nil {
		return fmt.Errorf("validate imported course: %w", err)
	}
	return nil
}

// settle writes the entry of a block. Every block gets one, once.
func (c *converter) settle(b *block, outcome Outcome, losses ...string) {
	e := placeOf(b)
	e.Outcome = outcome
	e.Losses = slices.DeleteFunc(losses, func(s string) bool { return s == "" })
	c.settled[b] = len(c.report.Blocks)
	c.report.Blocks = append(c.report.Blocks, e)
}

// entry returns the entry of a block that is settled.
func (c *converter) entry(b *block) *Entry { return &c.report.Blocks[c.settled[b]] }

// empty settles otherwise a container that no lesson came out of.
func (c *converter) empty(b *block) {
	e := c.entry(b)
	e.Outcome, e.Losses = Dropped, append(e.Losses, "Nothing in it could be carried over.")
}

// placeOf describes where a block stands.
func placeOf(b *block) Entry {
	e := Entry{Kind: b.kind, ID: b.id, Name: b.name()}
	for above := b.parent; above != nil; above = above.parent {
		switch above.kind {
		case chapterKind:
			e.Chapter = above.name()
		case sequentialKind, "videosequence", "problemset":
			e.Sequential = above.name()
		case verticalKind, unitKind:
			e.Vertical = above.name()
		}
	}
	return e
}

// drop settles a block and all below it as dropped.
func (c *converter) drop(b *block, reason string) {
	c.settle(b, Dropped, reason)
	for _, child := range b.children {
		c.drop(child, reason)
	}
}

// unusable settles blocks that nothing can be made of, whatever their kind.
func (c *converter) unusable(b *block) bool {
	switch {
	case b.missing != "":
		c.drop(b, b.missing)
	case b.staffOnly():
		c.drop(b, "Only staff could see it.")
	default:
		return false
	}
	return true
}

// outline makes the modules.
func (c *converter) outline(ctx context.Context) error {
	if c.root.missing != "" {
		return refuse("This is no Open edX export: the file of its course is missing.")
	}
	c.settle(c.root, Carried)
	c.entry(c.root).Target = "course:" + c.course.Slug
	for _, b := range c.root.children {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.unusable(b) {
			continue
		}
		if err := c.chapter(b); err != nil {
			return err
		}
	}
	return nil
}

// chapter makes a module. A course whose sequentials stand in no chapter gets a module for each.
func (c *converter) chapter(b *block) error {
	c.settle(b, Carried, settingLosses(b)...)
	title := titled(b, "Module")
	module := course.Module{Key: c.modules.Take(title, "module"), Title: title}
	from := len(c.drafts)
	var err error
	if b.kind == chapterKind {
		err = c.sequentials(b)
	} else {
		err = c.sequential(b)
	}
	if err != nil {
		return err
	}
	if len(c.drafts) == from {
		c.empty(b)
		return nil
	}
	c.entry(b).Target = "module:" + module.Key
	c.first(b.id, c.drafts[from].lesson.Key)
	for _, d := range c.drafts[from:] {
		module.Lessons = append(module.Lessons, *d.lesson)
	}
	c.course.Modules = append(c.course.Modules, module)
	// The lessons of the module are what drafts write to from now on.
	lessons := c.course.Modules[len(c.course.Modules)-1].Lessons
	for i, d := range c.drafts[from:] {
		d.lesson = &lessons[i]
	}
	return nil
}

func (c *converter) sequentials(chapter *block) error {
	for _, b := range chapter.children {
		if c.unusable(b) {
			continue
		}
		c.settle(b, Carried, settingLosses(b, "graded")...)
		if err := c.sequential(b); err != nil {
			return err
		}
	}
	return nil
}

// sequential makes the lessons of a section. What stands in it without a vertical is one of its own.
func (c *converter) sequential(b *block) error {
	before := len(c.drafts)
	var loose []*block
	flush := func() error {
		err := c.unit(b, loose)
		loose = nil
		return err
	}
	for _, child := range b.children {
		if !child.isUnit() {
			loose = append(loose, child)
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if c.unusable(child) {
			continue
		}
		if err := c.vertical(child); err != nil {
			return err
		}
	}
	if err := flush(); err != nil {
		return err
	}
	c.opens(b, before)
	return nil
}

func (c *converter) vertical(b *block) error {
	c.settle(b, Carried, settingLosses(b)...)
	before := len(c.drafts)
	if err := c.unit(b, b.children); err != nil {
		return err
	}
	c.opens(b, before)
	return nil
}

// opens notes the lesson that a container begins with: the first one made since there were before of them.
func (c *converter) opens(b *block, before int) {
	if len(c.drafts) == before {
		c.empty(b)
		return
	}
	key := c.drafts[before].lesson.Key
	c.entry(b).Target = course.LessonScheme + key
	c.first(b.id, key)
}

func (c *converter) first(id, lesson string) {
	if c.firsts[id] == "" {
		c.firsts[id] = lesson
	}
}

// titled returns the display name, or a word for what has none.
func titled(b *block, otherwise string) string {
	if name := limit(b.name()); name != "" {
		return name
	}
	return otherwise
}

// limit shortens a name to what a title may have.
func limit(name string) string {
	const most = 200
	name = course.Line(name)
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	return course.Line(string(runes[:most-1])) + "…"
}

// finish writes the texts, now that every lesson has its key.
func (c *converter) finish() {
	for container, first := range c.begins {
		key := c.firsts[first.id]
		c.entry(container).Target = course.LessonScheme + key
		c.first(container.id, key)
	}
	for _, d := range c.drafts {
		if d.body != nil {
			d.lesson.Body = textOf(c.relinked(d, d.body))
		}
		for i, q := range d.questions {
			for _, doc := range q.docs() {
				c.relinked(d, doc)
			}
			q.write(&d.lesson.Quiz.Questions[i])
		}
	}
}

// relinked puts the keys of lessons where links to blocks stand.
func (c *converter) relinked(d *draft, doc *markup.Doc) *markup.Doc {
	if doc == nil {
		return nil
	}
	lost := doc.Relink(func(address string) (string, bool) {
		id, isJump := strings.CutPrefix(address, jumpScheme)
		if !isJump {
			return address, true
		}
		key := c.lessonOf(id)
		return course.LessonScheme + key, key != ""
	})
	for _, address := range lost {
		c.lose(d.blocks[0], "A link to the block "+strings.TrimPrefix(address, jumpScheme)+" is gone, its text remains.")
	}
	return doc
}

// lessonOf returns the key of the lesson that a block went to, or of the first one around or below it.
func (c *converter) lessonOf(id string) string {
	if key := c.firsts[id]; key != "" {
		return key
	}
	for above := c.tree.byID[id]; above != nil && above.kind != courseKind; above = above.parent {
		if key := c.firsts[above.id]; key != "" {
			return key
		}
	}
	return ""
}

// textOf writes a page as Markdown where nothing is lost by it, and as HTML otherwise.
func textOf(doc *markup.Doc) course.Text {
	if source, exact := doc.Markdown(); exact {
		return course.MarkdownText(source)
	}
	return course.HTMLText(doc.HTML())
}

func (c *converter) total() {
	t := &c.report.Totals
	t.Modules = len(c.course.Modules)
	t.Lessons, t.Questions = map[course.LessonKind]int{}, map[course.QuestionKind]int{}
	for _, m := range c.course.Modules {
		for _, l := range m.Lessons {
			t.Lessons[l.Kind]++
			if l.Video != nil {
				t.Captions += len(l.Video.Captions)
			}
			if l.Quiz == nil {
				continue
			}
			for _, q := range l.Quiz.Questions {
				t.Questions[q.Kind]++
			}
		}
	}
	t.Media = len(c.course.MediaPaths())
	c.report.Course = c.course.Title
}

// languageOf returns a canonical language tag, or "" for what is none.
func languageOf(code string) string {
	tag, err := language.Parse(strings.TrimSpace(code))
	if err != nil || tag == language.Und {
		return ""
	}
	return tag.String()
}
