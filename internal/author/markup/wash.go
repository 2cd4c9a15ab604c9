package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// washer builds a cleaned tree beside the source tree.
type washer struct {
	cleaner *Cleaner
	doc     *Doc
	// floats are pictures that text flowed around.
	floats map[*html.Node]bool
}

// isBlock tells whether the element begins a block of its own. Elements that HTML does not define are
// told apart by what they hold.
func isBlock(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Center, atom.Details, atom.Summary,
		atom.Dialog, atom.Dd, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer,
		atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hgroup, atom.Hr, atom.Html,
		atom.Iframe, atom.Object, atom.Embed, atom.Video, atom.Audio,
		atom.Legend, atom.Li, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Table,
		atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.Caption, atom.Ul:
		return true
	default:
		return false
	}
}

func holdsBlock(n *html.Node) bool {
	return slices.ContainsFunc(children(n), func(child *html.Node) bool { return contains(child, isBlock) })
}

// vanishes tells whether the element is left out with everything in it, and counts it.
func (w *washer) vanishes(n *html.Node) bool {
	lost := &w.doc.Lost
	switch n.DataAtom {
	case atom.Script, atom.Noscript, atom.Applet:
		lost.Scripts++
	case atom.Style, atom.Link:
		lost.Styles++
	case atom.Button, atom.Input, atom.Select, atom.Textarea, atom.Datalist, atom.Meter, atom.Progress, atom.Output:
		lost.Controls++
	case atom.Svg, atom.Math, atom.Canvas, atom.Map:
		lost.Graphics++
	case atom.Head, atom.Title, atom.Meta, atom.Base, atom.Template, atom.Source, atom.Track, atom.Param, atom.Col, atom.Colgroup:
		return true
	default:
		return w.isHidden(n)
	}
	return true
}

func (w *washer) isHidden(n *html.Node) bool {
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	hidden := strings.Contains(style, "display:none")
	for _, a := range n.Attr {
		hidden = hidden || a.Key == "hidden"
	}
	if hidden {
		w.doc.Lost.Hidden++
	}
	return hidden
}

// count notes the attributes of an element that stays or is unwrapped.
func (w *washer) count(n *html.Node) {
	styled := false
	for _, a := range n.Attr {
		switch {
		case a.Key == "style" || a.Key == "class" || a.Key == "align" || a.Key == "bgcolor" || a.Key == "border":
			styled = true
		case strings.HasPrefix(a.Key, "on"):
			w.doc.Lost.Scripts++
		}
	}
	if styled {
		w.doc.Lost.Styled++
	}
}

// blocks cleans nodes that stand where blocks do. Text between blocks becomes paragraphs.
func (w *washer) blocks(nodes []*html.Node) []*html.Node {
	var out, run []*html.Node
	flush := func() {
		floated, rest := w.unfloat(run)
		for _, line := range [][]*html.Node{floated, rest} {
			if p := paragraph(line); p != nil {
				out = append(out, p)
			}
		}
		run = nil
	}
	for _, n := range nodes {
		switch {
		case n.Type == html.TextNode:
			run = append(run, textNode(visible(n.Data)))
		case n.Type != html.ElementNode || w.vanishes(n):
		case isBlock(n):
			flush()
			w.count(n)
			out = append(out, w.block(n)...)
		case n.DataAtom != atom.A && holdsBlock(n):
			flush()
			w.count(n)
			out = append(out, w.blocks(children(n))...)
		default:
			run = append(run, w.inline(n)...)
		}
	}
	flush()
	return out
}

// paragraph makes a paragraph of inline nodes, or nil when there is nothing in it.
func paragraph(run []*html.Node) *html.Node {
	run = tidy(run)
	if len(run) == 0 {
		return nil
	}
	return element(atom.P, run...)
}

// unfloat takes pictures out of a line that stood beside the text, not in it.
func (w *washer) unfloat(run []*html.Node) (floated, rest []*html.Node) {
	for _, n := range run {
		if w.floats[n] {
			floated = append(floated, n)
		} else {
			rest = append(rest, n)
		}
	}
	return floated, rest
}

// block cleans one block element.
func (w *washer) block(n *html.Node) []*html.Node {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return w.heading(n)
	case atom.Hr:
		return []*html.Node{element(atom.Hr)}
	case atom.Pre:
		return preformatted(n)
	case atom.Ul, atom.Ol, atom.Menu:
		return w.list(n)
	case atom.Blockquote:
		return nonEmpty(element(atom.Blockquote, w.blocks(children(n))...))
	case atom.Dl:
		return w.definitions(n)
	case atom.Table:
		return w.table(n)
	case atom.Iframe, atom.Object, atom.Embed, atom.Video, atom.Audio:
		return w.embed(n)
	case atom.Summary, atom.Legend, atom.Figcaption:
		if p := paragraph([]*html.Node{element(atom.Strong, w.inlines(children(n))...)}); p != nil {
			return []*html.Node{p}
		}
		return nil
	default:
		return w.blocks(children(n))
	}
}

func nonEmpty(n *html.Node) []*html.Node {
	if n.FirstChild == nil {
		return nil
	}
	return []*html.Node{n}
}

func (w *washer) heading(n *html.Node) []*html.Node {
	content := unstressed(tidy(w.inlines(children(n))))
	if len(content) == 0 {
		return nil
	}
	if strings.TrimSpace(nodeTextOnly(content)) == "" {
		return []*html.Node{element(atom.P, content...)}
	}
	return []*html.Node{element(n.DataAtom, content...)}
}

// unstressed unwraps emphasis around a whole heading, which stands out anyway.
func unstressed(content []*html.Node) []*html.Node {
	for len(content) == 1 && (content[0].DataAtom == atom.Strong || content[0].DataAtom == atom.Em) {
		inner := children(content[0])
		for _, n := range inner {
			content[0].RemoveChild(n)
		}
		content = inner
	}
	return content
}

// nodeTextOnly is the text of nodes without that of pictures.
func nodeTextOnly(nodes []*html.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		for d := range element(atom.P, clone(n)).Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data)
			}
		}
	}
	return b.String()
}

func clone(n *html.Node) *html.Node {
	c := &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Attr: slices.Clone(n.Attr)}
	for child := range n.ChildNodes() {
		c.AppendChild(clone(child))
	}
	return c
}

// preformatted keeps the text as it stands.
func preformatted(n *html.Node) []*html.Node {
	text := strings.Trim(visible(strings.ReplaceAll(nodeText(n), "\r\n", "\n")), "\n")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []*html.Node{element(atom.Pre, element(atom.Code, textNode(text+"\n")))}
}

func (w *washer) list(n *html.Node) []*html.Node {
	name := n.DataAtom
	if name == atom.Menu {
		name = atom.Ul
	}
	list := element(name)
	if start := attr(n, "start"); name == atom.Ol && start != "" && start != "1" && isNumber(start) {
		list.Attr = []html.Attribute{{Key: "start", Val: start}}
	}
	for _, child := range children(n) {
		switch {
		case child.Type == html.TextNode && strings.TrimSpace(child.Data) == "":
		case child.DataAtom == atom.Li:
			w.count(child)
			if item := w.item(children(child)); item != nil {
				list.AppendChild(item)
			}
		case isList(child) && list.LastChild != nil:
			// Editors nest a list beside the item that it belongs to.
			for _, nested := range w.blocks([]*html.Node{child}) {
				list.LastChild.AppendChild(nested)
			}
		default:
			if item := w.item([]*html.Node{child}); item != nil {
				list.AppendChild(item)
			}
		}
	}
	return nonEmpty(list)
}

func isList(n *html.Node) bool { return n.DataAtom == atom.Ul || n.DataAtom == atom.Ol }

func isNumber(s string) bool { return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == "" }

func (w *washer) item(nodes []*html.Node) *html.Node {
	item := element(atom.Li, simple(w.blocks(nodes))...)
	if item.FirstChild == nil {
		return nil
	}
	return item
}

// simple unwraps the first paragraph when it is the only one: items and cells mostly hold one line.
func simple(blocks []*html.Node) []*html.Node {
	paragraphs := 0
	for _, b := range blocks {
		if !isList(b) {
			paragraphs++
		}
	}
	if paragraphs != 1 || blocks[0].DataAtom != atom.P {
		return blocks
	}
	content := children(blocks[0])
	for _, n := range content {
		blocks[0].RemoveChild(n)
	}
	return append(content, blocks[1:]...)
}

func (w *washer) definitions(n *html.Node) []*html.Node {
	list := element(atom.Dl)
	for _, child := range children(n) {
		w.count(child)
		switch {
		case child.Type == html.ElementNode && w.vanishes(child):
		case child.DataAtom == atom.Dt:
			if content := tidy(w.inlines(children(child))); len(content) > 0 {
				list.AppendChild(element(atom.Dt, content...))
			}
		case child.DataAtom == atom.Dd:
			if content := simple(w.blocks(children(child))); len(content) > 0 {
				list.AppendChild(element(atom.Dd, content...))
			}
		case child.DataAtom == atom.Div:
			for _, inner := range w.definitions(child) {
				for _, part := range children(inner) {
					inner.RemoveChild(part)
					list.AppendChild(part)
				}
			}
		}
	}
	return nonEmpty(list)
}

// table keeps rows and cells; a table without text or pictures vanishes.
func (w *washer) table(n *html.Node) []*html.Node {
	table := element(atom.Table)
	w.rows(n, table)
	if !contains(table, func(n *html.Node) bool {
		return n.DataAtom == atom.Img || n.Type == html.TextNode && strings.TrimSpace(n.Data) != ""
	}) {
		return nil
	}
	return []*html.Node{table}
}

func (w *washer) rows(from, to *html.Node) {
	for _, child := range children(from) {
		if child.Type != html.ElementNode || w.vanishes(child) {
			continue
		}
		w.count(child)
		switch child.DataAtom {
		case atom.Thead, atom.Tbody, atom.Tfoot:
			part := element(child.DataAtom)
			w.rows(child, part)
			if part.FirstChild != nil {
				to.AppendChild(part)
			}
		case atom.Tr:
			if row := w.row(child); row.FirstChild != nil {
				to.AppendChild(row)
			}
		case atom.Caption:
			if content := tidy(w.inlines(children(child))); len(content) > 0 {
				to.AppendChild(element(atom.Caption, content...))
			}
		default:
			w.rows(child, to)
		}
	}
}

func (w *washer) row(n *html.Node) *html.Node {
	row := element(atom.Tr)
	for _, child := range children(n) {
		if child.DataAtom != atom.Td && child.DataAtom != atom.Th || w.vanishes(child) {
			continue
		}
		w.count(child)
		cell := element(child.DataAtom, simple(w.blocks(children(child)))...)
		for _, name := range []string{"colspan", "rowspan"} {
			if span := attr(child, name); isNumber(span) && span != "1" {
				cell.Attr = append(cell.Attr, html.Attribute{Key: name, Val: span})
			}
		}
		row.AppendChild(cell)
	}
	return row
}

// embed turns something shown in the page into a link to it.
func (w *washer) embed(n *html.Node) []*html.Node {
	address := attr(n, "src")
	if n.DataAtom == atom.Object {
		address = attr(n, "data")
	}
	for d := range n.Descendants() {
		if address == "" && d.DataAtom == atom.Source {
			address = attr(d, "src")
		}
	}
	target, ok := w.link(Embed, address)
	if !ok {
		return nil
	}
	w.doc.Lost.Embeds = append(w.doc.Lost.Embeds, address)
	label := attr(n, "title")
	if label == "" {
		label = target
	}
	link := element(atom.A, textNode(label))
	link.Attr = []html.Attribute{{Key: "href", Val: target}}
	return []*html.Node{element(atom.P, link)}
}

func (w *washer) link(use Use, address string) (string, bool) {
	address = strings.TrimSpace(visible(address))
	target, ok := address, address != ""
	if ok && w.cleaner.Link != nil {
		target, ok = w.cleaner.Link(use, address)
	}
	if !ok && address != "" {
		w.doc.Lost.Links = append(w.doc.Lost.Links, address)
	}
	return target, ok
}
