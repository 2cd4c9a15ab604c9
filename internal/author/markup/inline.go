package markup

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// inlines cleans nodes that stand in a line. Blocks among them give up their content.
func (w *washer) inlines(nodes []*html.Node) []*html.Node {
	var out []*html.Node
	for _, n := range nodes {
		switch {
		case n.Type == html.TextNode:
			out = append(out, textNode(visible(n.Data)))
		case n.Type != html.ElementNode || w.vanishes(n):
		case isBlock(n):
			w.count(n)
			out = append(out, textNode(" "))
			out = append(out, w.inlines(children(n))...)
			out = append(out, textNode(" "))
		default:
			out = append(out, w.inline(n)...)
		}
	}
	return out
}

// inline cleans one inline element; what is not in the vocabulary gives up its content.
func (w *washer) inline(n *html.Node) []*html.Node {
	w.count(n)
	if isIcon(n) {
		w.doc.Lost.Icons++
		return icon(nodeText(n))
	}
	switch n.DataAtom {
	case atom.Br:
		return []*html.Node{element(atom.Br)}
	case atom.Img:
		return w.picture(n)
	case atom.A:
		return w.anchor(n)
	case atom.Strong, atom.B:
		return wrap(atom.Strong, w.inlines(children(n)))
	case atom.Em, atom.I, atom.Cite, atom.Dfn, atom.Var:
		return wrap(atom.Em, w.inlines(children(n)))
	case atom.Code, atom.Tt, atom.Kbd, atom.Samp:
		return wrap(atom.Code, []*html.Node{textNode(visible(nodeText(n)))})
	case atom.Sub, atom.Sup:
		return wrap(n.DataAtom, w.inlines(children(n)))
	case atom.S, atom.Del, atom.Strike:
		return wrap(atom.S, w.inlines(children(n)))
	default:
		return w.inlines(children(n))
	}
}

// wrap puts an element around content, and the blanks at its ends outside: "<em>your </em>own" and
// "<em>your</em> own" look the same, and only the second can be written in Markdown.
func wrap(name atom.Atom, content []*html.Node) []*html.Node {
	lead, content, trail := peel(strip(name, content))
	if len(content) == 0 {
		if lead || trail {
			return []*html.Node{textNode(" ")}
		}
		return nil
	}
	out := content
	if name == atom.A || strings.TrimSpace(nodeTextOnly(content)) != "" {
		out = []*html.Node{element(name, content...)}
	}
	if lead {
		out = append([]*html.Node{textNode(" ")}, out...)
	}
	if trail {
		out = append(out, textNode(" "))
	}
	return out
}

// peel takes blanks off both ends of content, and tells whether there were any.
func peel(content []*html.Node) (lead bool, rest []*html.Node, trail bool) {
	rest = merge(content)
	for len(rest) > 0 && rest[0].Type == html.TextNode {
		cut := strings.TrimLeftFunc(rest[0].Data, unicode.IsSpace)
		lead = lead || cut != rest[0].Data
		rest[0].Data = cut
		if cut != "" {
			break
		}
		rest = rest[1:]
	}
	for len(rest) > 0 && rest[len(rest)-1].Type == html.TextNode {
		last := rest[len(rest)-1]
		cut := strings.TrimRightFunc(last.Data, unicode.IsSpace)
		trail = trail || cut != last.Data
		last.Data = cut
		if cut != "" {
			break
		}
		rest = rest[:len(rest)-1]
	}
	return lead, rest, trail
}

func (w *washer) picture(n *html.Node) []*html.Node {
	src, ok := w.link(Picture, attr(n, "src"))
	if !ok {
		return nil
	}
	img := element(atom.Img)
	alt := strings.Join(strings.Fields(visible(attr(n, "alt"))), " ")
	img.Attr = []html.Attribute{{Key: "src", Val: src}, {Key: "alt", Val: alt}}
	if title := strings.Join(strings.Fields(visible(attr(n, "title"))), " "); title != "" {
		img.Attr = append(img.Attr, html.Attribute{Key: "title", Val: title})
	}
	w.floats[img] = floats(n)
	return []*html.Node{img}
}

func floats(n *html.Node) bool {
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	return strings.Contains(style, "float:") || attr(n, "align") == "left" || attr(n, "align") == "right"
}

func (w *washer) anchor(n *html.Node) []*html.Node {
	content := w.inlines(children(n))
	if attr(n, "href") == "" {
		return content
	}
	href, ok := w.link(Anchor, attr(n, "href"))
	if !ok {
		return content
	}
	out := wrap(atom.A, content)
	for _, a := range out {
		if a.DataAtom == atom.A {
			a.Attr = []html.Attribute{{Key: "href", Val: href}}
		}
	}
	return out
}

// strip unwraps elements of that name in what such an element is to hold: nothing is twice as bold, and a
// link in a link is forbidden in HTML, though not in XML.
func strip(name atom.Atom, nodes []*html.Node) []*html.Node {
	var out []*html.Node
	for _, n := range nodes {
		inner := children(n)
		for _, child := range inner {
			n.RemoveChild(child)
		}
		inner = strip(name, inner)
		if n.DataAtom == name {
			out = append(out, inner...)
			continue
		}
		for _, child := range inner {
			n.AppendChild(child)
		}
		out = append(out, n)
	}
	return out
}

// isIcon tells whether the element is a pictogram of an icon font, whose text is the icon's name.
func isIcon(n *html.Node) bool {
	for class := range strings.FieldsSeq(attr(n, "class")) {
		if strings.HasPrefix(class, "material-symbols") || strings.HasPrefix(class, "material-icons") {
			return true
		}
	}
	return false
}

// icon keeps the pictograms that say yes and no; the others decorate.
func icon(name string) []*html.Node {
	switch strings.TrimSpace(name) {
	case "check", "done", "check_circle", "check_box":
		return []*html.Node{textNode("✓")}
	case "close", "clear", "cancel":
		return []*html.Node{textNode("✗")}
	default:
		return nil
	}
}

// tidy normalises a line: runs of blanks are one space, none stands at its ends or beside a line break,
// and line breaks stand only between things.
func tidy(nodes []*html.Node) []*html.Node {
	nodes = merge(nodes)
	t := &tidier{}
	for _, n := range nodes {
		t.walk(n)
	}
	_, nodes, _ = peel(nodes)
	for len(nodes) > 0 && nodes[0].DataAtom == atom.Br {
		_, nodes, _ = peel(nodes[1:])
	}
	for len(nodes) > 0 && nodes[len(nodes)-1].DataAtom == atom.Br {
		_, nodes, _ = peel(nodes[:len(nodes)-1])
	}
	return nodes
}

// merge joins neighbouring texts and neighbouring elements of the same emphasis, and drops empty texts.
func merge(nodes []*html.Node) []*html.Node {
	var out []*html.Node
	for _, n := range nodes {
		if n.Type == html.TextNode && n.Data == "" {
			continue
		}
		if len(out) == 0 {
			out = append(out, n)
			continue
		}
		last := out[len(out)-1]
		switch {
		case n.Type == html.TextNode && last.Type == html.TextNode:
			last.Data += n.Data
		case n.Type == html.ElementNode && n.DataAtom == last.DataAtom && mergeable(n):
			adopt(last, n)
		default:
			out = append(out, n)
		}
	}
	return out
}

func mergeable(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Strong, atom.Em, atom.Code, atom.S, atom.Sub, atom.Sup:
		return true
	default:
		return false
	}
}

// adopt moves the children of from to the end of to.
func adopt(to, from *html.Node) {
	content := append(children(to), children(from)...)
	for _, n := range content {
		n.Parent.RemoveChild(n)
	}
	for _, n := range merge(content) {
		to.AppendChild(n)
	}
}

// tidier collapses blanks across the texts of one line.
type tidier struct {
	// afterBlank is true at the beginning of a line and after a blank.
	afterBlank bool
	// last is the text that the last blank was written to.
	last *html.Node
}

func (t *tidier) walk(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		n.Data = t.collapse(n.Data)
		if n.Data != "" {
			t.last = n
		}
	case n.DataAtom == atom.Br:
		if t.afterBlank && t.last != nil {
			t.last.Data = strings.TrimRightFunc(t.last.Data, unicode.IsSpace)
		}
		t.afterBlank, t.last = true, nil
	case n.DataAtom == atom.Img:
		t.afterBlank, t.last = false, nil
	}
	for _, child := range children(n) {
		t.walk(child)
	}
}

// collapse makes one space of every run of blanks. A lone no-break space stays: French needs it.
func (t *tidier) collapse(s string) string {
	var b strings.Builder
	run := ""
	flush := func() {
		switch {
		case run == "" || t.afterBlank:
		case run == "\u00a0":
			b.WriteString(run)
		default:
			b.WriteByte(' ')
		}
		t.afterBlank = t.afterBlank || run != ""
		run = ""
	}
	for _, r := range s {
		if unicode.IsSpace(r) {
			run += string(r)
			continue
		}
		flush()
		b.WriteRune(r)
		t.afterBlank = false
	}
	flush()
	return b.String()
}

// visible drops control characters and invisible marks that editors leave behind; blanks stay.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' {
			return -1
		}
		return r
	}, s)
}
