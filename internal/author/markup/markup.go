// Package markup turns the HTML that course editors leave behind into a small, semantic vocabulary: what
// remains are headings, paragraphs, lists, tables, quotations, code, links, pictures and emphasis. What
// that loses is counted, so that whoever asked can say so.
//
// A cleaned document can be written as HTML, as Markdown where that loses nothing more, and as plain text.
package markup

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Use says how a page uses an address.
type Use int

// The uses of an address.
const (
	// Anchor is a link to follow.
	Anchor Use = iota
	// Picture is an image shown in the page.
	Picture
	// Embed is a page, film, sound or document shown in the page. It becomes a link.
	Embed
)

// Cleaner cleans pages.
type Cleaner struct {
	// Link gives the address to write for one that the page uses. When ok is false the picture or embedded
	// thing is left out, and of a link only its text stays. A nil Link keeps every address.
	Link func(use Use, address string) (rewritten string, ok bool)
}

// Lost counts what cleaning took away.
type Lost struct {
	// Scripts counts script elements and event handlers, Styles style sheets.
	Scripts, Styles int
	// Controls counts buttons, input fields and the like.
	Controls int
	// Hidden counts elements that the page did not show.
	Hidden int
	// Styled counts elements that had classes or style attributes.
	Styled int
	// Icons counts pictograms made of an icon font.
	Icons int
	// Graphics counts inline drawings and formulas: svg, canvas, math.
	Graphics int
	// Embeds are the addresses of embedded things that became links.
	Embeds []string
	// Links are the addresses that Link refused: links, pictures and embedded things.
	Links []string
}

// Doc is a cleaned page: a list of blocks.
type Doc struct {
	Lost   Lost
	blocks []*html.Node
}

// Parse cleans a page or a part of one. The error is what the HTML parser says of input that is nested
// absurdly deep; any other input is HTML of some kind.
func (c *Cleaner) Parse(source string) (*Doc, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(strings.ToValidUTF8(source, "\ufffd")), body)
	if err != nil {
		return nil, fmt.Errorf("parse html: %w", err)
	}
	return c.Nodes(nodes), nil
}

// Nodes cleans a list of nodes; they are not changed.
func (c *Cleaner) Nodes(nodes []*html.Node) *Doc {
	w := &washer{cleaner: c, doc: &Doc{}, floats: map[*html.Node]bool{}}
	w.doc.blocks = w.blocks(nodes)
	return w.doc
}

// IsEmpty tells whether nothing remains to be read or seen.
func (d *Doc) IsEmpty() bool { return len(d.blocks) == 0 }

// Append adds the blocks of another document, and what it lost.
func (d *Doc) Append(other *Doc) {
	d.blocks = append(d.blocks, other.blocks...)
	d.Lost.Scripts += other.Lost.Scripts
	d.Lost.Styles += other.Lost.Styles
	d.Lost.Controls += other.Lost.Controls
	d.Lost.Hidden += other.Lost.Hidden
	d.Lost.Styled += other.Lost.Styled
	d.Lost.Icons += other.Lost.Icons
	d.Lost.Graphics += other.Lost.Graphics
	d.Lost.Embeds = append(d.Lost.Embeds, other.Lost.Embeds...)
	d.Lost.Links = append(d.Lost.Links, other.Lost.Links...)
}

// DropLeading removes the first block when its text is one of the given, ignoring case and a colon at the
// end: headings such as "Explanation" that a place already has.
func (d *Doc) DropLeading(texts ...string) {
	if len(d.blocks) == 0 {
		return
	}
	first := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(nodeText(d.blocks[0]))), ":")
	if slices.Contains(texts, first) {
		d.blocks = d.blocks[1:]
	}
}

// Heading returns the text of the first heading, or "".
func (d *Doc) Heading() string {
	for _, n := range d.blocks {
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.DataAtom != atom.Hr {
			return strings.Join(strings.Fields(nodeText(n)), " ")
		}
	}
	return ""
}

// HasMedia tells whether the page shows pictures or links to anything.
func (d *Doc) HasMedia() bool {
	return slices.ContainsFunc(d.blocks, func(n *html.Node) bool {
		return contains(n, func(n *html.Node) bool { return n.DataAtom == atom.Img || n.DataAtom == atom.A })
	})
}

// Text returns the words of the page: a line for each block, list item and table row.
func (d *Doc) Text() string {
	var lines []string
	for _, n := range d.blocks {
		lines = append(lines, textLines(n)...)
	}
	return strings.Join(lines, "\n")
}

func textLines(n *html.Node) []string {
	switch n.DataAtom {
	case atom.Ul, atom.Ol, atom.Blockquote, atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Dl:
		var lines []string
		for child := range n.ChildNodes() {
			lines = append(lines, textLines(child)...)
		}
		return lines
	case atom.Tr:
		var cells []string
		for cell := range n.ChildNodes() {
			cells = append(cells, strings.Join(strings.Fields(nodeText(cell)), " "))
		}
		return []string{strings.Join(cells, " | ")}
	case atom.Li, atom.Dd:
		return itemLines(n)
	default:
		if line := strings.Join(strings.Fields(nodeText(n)), " "); line != "" {
			return []string{line}
		}
		return nil
	}
}

// itemLines gives the inline text of an item one line, and each block in it its own.
func itemLines(n *html.Node) []string {
	var lines []string
	var run strings.Builder
	flush := func() {
		if line := strings.Join(strings.Fields(run.String()), " "); line != "" {
			lines = append(lines, line)
		}
		run.Reset()
	}
	for child := range n.ChildNodes() {
		if isBlock(child) {
			flush()
			lines = append(lines, textLines(child)...)
			continue
		}
		run.WriteString(nodeText(child))
	}
	flush()
	return lines
}

// nodeText is the text of a node, a picture's being its alternative text.
func nodeText(n *html.Node) string {
	var b strings.Builder
	writeText(&b, n)
	return b.String()
}

func writeText(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(n.Data)
	case n.DataAtom == atom.Br:
		b.WriteByte('\n')
	case n.DataAtom == atom.Img:
		b.WriteString(attr(n, "alt"))
	}
	for child := range n.ChildNodes() {
		writeText(b, child)
		if isBlock(child) {
			b.WriteByte(' ')
		}
	}
}

func contains(n *html.Node, want func(*html.Node) bool) bool {
	if want(n) {
		return true
	}
	for child := range n.ChildNodes() {
		if contains(child, want) {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func element(name atom.Atom, children ...*html.Node) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: name.String(), DataAtom: name}
	for _, child := range children {
		n.AppendChild(child)
	}
	return n
}

func textNode(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }

func children(n *html.Node) []*html.Node { return slices.Collect(n.ChildNodes()) }

// Relink rewrites the addresses of links, and unwraps the links whose address is refused. It returns the
// refused addresses.
func (d *Doc) Relink(link func(address string) (rewritten string, ok bool)) []string {
	var lost []string
	for _, block := range d.blocks {
		for _, n := range slices.Collect(block.Descendants()) {
			if n.DataAtom != atom.A {
				continue
			}
			address, ok := link(attr(n, "href"))
			if !ok {
				lost = append(lost, attr(n, "href"))
				unwrap(n)
				continue
			}
			n.Attr = []html.Attribute{{Key: "href", Val: address}}
		}
	}
	return lost
}

// unwrap puts the children of a node in its place.
func unwrap(n *html.Node) {
	for _, child := range children(n) {
		n.RemoveChild(child)
		n.Parent.InsertBefore(child, n)
	}
	n.Parent.RemoveChild(n)
}
