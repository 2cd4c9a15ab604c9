package markup

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTML returns the page as HTML, one block a line.
func (d *Doc) HTML() string {
	var b strings.Builder
	for i, n := range d.blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeHTML(&b, n)
	}
	return b.String()
}

func writeHTML(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(escapeHTML(n.Data))
		return
	case n.DataAtom == atom.Br, n.DataAtom == atom.Hr, n.DataAtom == atom.Img:
		writeTag(b, n)
		return
	}
	writeTag(b, n)
	broken := breaksLines(n)
	for child := range n.ChildNodes() {
		if broken || startsLine(n, child) {
			b.WriteByte('\n')
		}
		writeHTML(b, child)
	}
	if broken || n.LastChild != nil && startsLine(n, n.LastChild) {
		b.WriteByte('\n')
	}
	b.WriteString("</" + n.Data + ">")
}

// breaksLines tells whether every child of the element begins a line.
func breaksLines(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Blockquote:
		return true
	default:
		return false
	}
}

// startsLine tells whether a block inside an item or a cell begins a line.
func startsLine(parent, child *html.Node) bool {
	switch parent.DataAtom {
	case atom.Li, atom.Td, atom.Th, atom.Dd:
		return isBlock(child)
	default:
		return false
	}
}

func writeTag(b *strings.Builder, n *html.Node) {
	b.WriteString("<" + n.Data)
	for _, a := range n.Attr {
		b.WriteString(" " + a.Key + `="` + strings.ReplaceAll(escapeHTML(a.Val), `"`, "&quot;") + `"`)
	}
	b.WriteByte('>')
}

// escapeHTML escapes the three characters that must be, and leaves quotes readable.
func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
