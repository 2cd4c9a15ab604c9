package olx

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"lyceum/internal/author/markup"
)

const (
	// maxPrompt is how much text may stand beside buttons in a page that is nothing but a widget.
	maxPrompt = 80
	// maxPage is the size of the largest page that comes along: an article holds several of them.
	maxPage = 256 << 10
	// maxWidget is the size of the largest page with scripts that is still taken for prose.
	maxWidget = 64 << 10
)

// page makes prose of an html block.
func (c *converter) page(b *block) ([]piece, error) {
	doc, size, err := c.pageDoc(b)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		c.settle(b, Dropped, "Its page is not in the export.")
		return nil, nil
	}
	if reason := uselessness(doc, size); reason != "" {
		c.settle(b, Dropped, reason)
		c.entry(b).Text = excerpt(doc.Text(), maxExcerpt)
		return nil, nil
	}
	c.countStyles(doc)
	outcome, losses := losses(doc.Lost)
	if b.attrs["group_access"] != "" && !isUnset(b.attrs["group_access"]) {
		losses = append(losses, "It was for one group of learners, and is shown to all.")
		outcome = Approximated
	}
	c.settle(b, outcome, append(losses, settingLosses(b, "group_access")...)...)
	return []piece{{block: b, page: doc}}, nil
}

// pageDoc cleans the page of an html block: a file of its own, or what its element holds.
func (c *converter) pageDoc(b *block) (doc *markup.Doc, size int, err error) {
	name := b.def.attr("filename")
	if name == "" {
		return c.pages().Nodes(htmlNodes(b.def.children)), len(b.def.words()), nil
	}
	file := path.Clean("html/" + strings.ReplaceAll(name, ":", "/") + ".html")
	if !c.export.has(file) {
		return nil, 0, nil
	}
	data, err := c.export.read(file)
	if err != nil {
		return nil, 0, err
	}
	doc, err = c.pages().Parse(string(data))
	if err != nil {
		return nil, 0, refuse("The page “%s” nests too deep.", file).Because(err)
	}
	return doc, len(data), nil
}

// uselessness says why nothing is to be made of a page, or "".
func uselessness(doc *markup.Doc, size int) string {
	lost := doc.Lost
	switch {
	case doc.IsEmpty() && lost.Controls > 0:
		return "It holds only buttons and input fields."
	case doc.IsEmpty() && lost.Scripts+lost.Styles > 0:
		return "It holds only scripts and style sheets."
	case doc.IsEmpty() && len(lost.Links) > 0:
		return "It shows only things that did not come along: " + strings.Join(lost.Links, ", ") + "."
	case doc.IsEmpty():
		return "It is empty."
	case lost.Controls > 0 && len(doc.Text()) <= maxPrompt && !doc.HasMedia():
		return "It is a widget with buttons, run by scripts."
	case lost.Scripts > 0 && size > maxWidget:
		return "It is a large widget run by scripts."
	case len(doc.HTML()) > maxPage:
		return "It is too long for a page."
	default:
		return ""
	}
}

// losses says what a page lost, and how much that matters.
func losses(lost markup.Lost) (Outcome, []string) {
	outcome := Carried
	var all []string
	note := func(n int, matters bool, loss string) {
		if n == 0 {
			return
		}
		all = append(all, loss)
		if matters {
			outcome = Approximated
		}
	}
	note(lost.Scripts, true, "Its scripts are gone.")
	note(lost.Controls, true, "Its buttons and input fields are gone.")
	note(lost.Graphics, true, "Its inline drawings or formulas (svg, canvas, math) are gone.")
	note(lost.Styles, false, "Its style sheets are gone.")
	note(lost.Hidden, false, "What it kept hidden is gone.")
	for _, address := range lost.Embeds {
		note(1, true, "What was embedded from "+quote(address)+" became a link.")
	}
	for _, address := range lost.Links {
		note(1, true, "A link to "+quote(address)+" is gone, or what was shown from there.")
	}
	return outcome, all
}

// countStyles counts what pages lose everywhere alike, which is told once for all of them.
func (c *converter) countStyles(doc *markup.Doc) {
	c.icons += doc.Lost.Icons
	if doc.Lost.Styled > 0 {
		c.styled += doc.Lost.Styled
		c.styledBlocks++
	}
}

// other settles blocks that are neither pages, films nor problems. Of some of them the text is worth
// reading.
func (c *converter) other(b *block) []piece {
	var nodes []*html.Node
	var what string
	switch b.kind {
	case "poll":
		nodes, what = poll(b), "The question and its options remain as text; nobody can vote."
	case "survey":
		nodes, what = survey(b), "The questions and their options remain as text; nobody can answer."
	case "openassessment":
		nodes, what = openResponse(b), "The task and its criteria remain as text; nobody can hand in or assess."
	case "annotatable":
		nodes, what = annotatable(b), "The text remains, with its annotations as numbered notes."
	default:
		c.settle(b, Dropped, absence(b.kind))
		said := append(settings(b), c.pages().Nodes(htmlNodes(b.def.children)).Text())
		c.entry(b).Text = excerpt(strings.TrimSpace(strings.Join(said, "\n")), maxExcerpt)
		return nil
	}
	doc := c.pages().Nodes(nodes)
	if doc.IsEmpty() {
		c.settle(b, Dropped, "It is empty.")
		return nil
	}
	_, lost := losses(doc.Lost)
	c.settle(b, KeptAsText, append([]string{what}, lost...)...)
	return []piece{{block: b, page: doc}}
}

// absence says what of a kind of block cannot come along.
func absence(kind string) string {
	switch kind {
	case "discussion", "discussion-forum":
		return "Discussions are not imported."
	case "lti", "lti_consumer":
		return "Tools of other sites (LTI) are not imported."
	case "drag-and-drop-v2", "drag-and-drop":
		return "Drag-and-drop exercises are not imported."
	case "scorm", "h5pxblock":
		return "Packages (SCORM, H5P) are not imported."
	case "edx_sga", "staffgradedxblock":
		return "Assignments graded by staff are not imported."
	case "word_cloud", "poll_question":
		return "Polls of this kind are not imported."
	case "done":
		return "Buttons to mark something as done are not imported: lessons have their own."
	default:
		return "Blocks of the kind " + kind + " are not imported."
	}
}

func paragraph(children ...*html.Node) *html.Node { return tag(atom.P, children...) }

func tag(name atom.Atom, children ...*html.Node) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: name.String(), DataAtom: name}
	for _, child := range children {
		n.AppendChild(child)
	}
	return n
}

func words(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }

func bullets(items []string) *html.Node {
	list := tag(atom.Ul)
	for _, item := range items {
		list.AppendChild(tag(atom.Li, words(item)))
	}
	return list
}

// pairs reads what polls and surveys hold: a list of pairs, each of a key and a label or an object with one.
func pairs(data string) []string {
	var raw [][]any
	if err := json.Unmarshal([]byte(data), &raw); err != nil {
		return nil
	}
	var labels []string
	for _, pair := range raw {
		if len(pair) != 2 {
			continue
		}
		switch v := pair[1].(type) {
		case string:
			labels = append(labels, v)
		case map[string]any:
			labels = append(labels, fmt.Sprint(v["label"]))
		}
	}
	return labels
}

func poll(b *block) []*html.Node {
	return []*html.Node{paragraph(words(b.attrs["question"])), bullets(pairs(b.attrs["answers"]))}
}

func survey(b *block) []*html.Node {
	options := strings.Join(pairs(b.attrs["answers"]), ", ")
	var items []string
	for _, question := range pairs(b.attrs["questions"]) {
		items = append(items, question+" ("+options+")")
	}
	return []*html.Node{bullets(items)}
}

// openResponse keeps the prompts and the rubric of an open response assessment.
func openResponse(b *block) []*html.Node {
	var nodes []*html.Node
	for _, prompt := range b.def.all("prompt") {
		description := prompt.child("description")
		if description == nil {
			continue
		}
		if b.attrs["prompts_type"] != "html" {
			nodes = append(nodes, paragraph(words(description.words())))
			continue
		}
		nodes = append(nodes, parsed(description.words())...)
	}
	var criteria []string
	for _, criterion := range b.def.all("criterion") {
		criteria = append(criteria, childWords(criterion, "label")+": "+childWords(criterion, "prompt"))
	}
	return append(nodes, bullets(criteria))
}

func childWords(n *node, name string) string {
	if child := n.child(name); child != nil {
		return strings.TrimSpace(child.words())
	}
	return ""
}

// parsed reads HTML that stands in a text. What cannot be read is shown as it stands.
func parsed(source string) []*html.Node {
	nodes, err := html.ParseFragment(strings.NewReader(source), tag(atom.Body))
	if err != nil {
		return []*html.Node{paragraph(words(source))}
	}
	return nodes
}

// annotatable turns annotations into numbered notes below the text.
func annotatable(b *block) []*html.Node {
	var notes []string
	for _, a := range b.def.all("annotation") {
		title, body := a.attr("title"), a.attr("body")
		notes = append(notes, strings.TrimPrefix(title+": "+body, ": "))
		a.children = append(a.children, &node{text: fmt.Sprintf(" [%d]", len(notes))})
	}
	nodes := htmlNodes(b.def.children)
	if len(notes) == 0 {
		return nodes
	}
	list := tag(atom.Ol)
	for _, note := range notes {
		list.AppendChild(tag(atom.Li, words(note)))
	}
	return append(nodes, list)
}
