package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	// maxBlocks is how deep blocks may nest; deeper ones lose their tags and keep their content.
	maxBlocks = 48
	// maxInlines is the same for elements within text.
	maxInlines = 12
)

// block is an element that has been written and not yet closed.
type block struct {
	name string
	kind kind
	// mark is the number of inline elements that were wanted when the block began; those wanted later end with it.
	mark int
	// started says that something stands in the block.
	started bool
}

// wanted is an inline element whose start tag has been read and its end tag not. It is written when text comes,
// and again after each block that interrupts it.
type wanted struct {
	name, tag string
	written   bool
}

// builder writes a tree that obeys the content model. It looks at each token once and at no more than maxBlocks
// open elements for each, so that its time is linear in the input.
type builder struct {
	out     strings.Builder
	rewrite func(string) (string, bool)
	blocks  []block // the first is the page around the text
	inlines []wanted
	open    int // how many of inlines are written and not closed
	ids     map[string]bool
	// repeats is how many bytes of start tags may still be written a second time.
	repeats int
	// inPre says that nothing stands yet in a pre element; line feeds there are dropped, as parsers do with the first.
	inPre bool
}

// rebuild is the first wall.
func rebuild(source string, rewrite func(string) (string, bool)) string {
	source = scrub(source)
	const spare = 4096
	b := &builder{
		rewrite: rewrite, blocks: []block{{kind: flow}}, ids: map[string]bool{}, repeats: len(source) + spare,
	}
	tokens := html.NewTokenizer(strings.NewReader(source))
	skip := false
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		token := tokens.Token()
		switch kind {
		case html.TextToken:
			if !skip {
				b.text(scrub(token.Data))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			b.start(token)
		case html.EndTagToken:
			b.end(modern(token.Data))
		default: // Comments and document types are not for readers.
		}
		skip = (kind == html.StartTagToken || kind == html.SelfClosingTagToken) && hidden(token.Data)
	}
	b.popTo(1)
	b.closeInlines()
	return b.out.String()
}

func (b *builder) top() *block { return &b.blocks[len(b.blocks)-1] }

// text writes character data. White space alone needs no surroundings.
func (b *builder) text(data string) {
	if b.inPre {
		data = strings.TrimLeft(data, "\n")
	}
	if data == "" {
		return
	}
	if strings.Trim(data, " \t\n\f") != "" {
		b.prepare()
	}
	b.inPre = false
	b.out.WriteString(html.EscapeString(data))
}

// start handles a start tag.
func (b *builder) start(token html.Token) {
	token.Data = modern(token.Data)
	name := token.Data
	switch kindOf(name) {
	case inline:
		b.startInline(token)
	case voidInline:
		b.voidInline(token)
	case line:
		b.startLine(token)
	case flow:
		if len(b.blocks) < maxBlocks {
			b.beginBlock()
			b.push(name, b.tag(token))
		}
	case group, item:
		b.startPart(token)
	case voidBlock:
		b.beginBlock()
		b.write(b.tag(token))
	}
}

// startInline notes that text is to stand in an element. Links do not nest: a second one ends the first.
func (b *builder) startInline(token html.Token) {
	if token.Data == "a" {
		b.endInline("a")
	}
	tag := b.tag(token)
	if tag == "" || len(b.inlines) >= maxInlines {
		return
	}
	b.inlines = append(b.inlines, wanted{name: token.Data, tag: tag})
}

// voidInline writes a line break or an image; an image without a source leaves its description.
func (b *builder) voidInline(token html.Token) {
	tag := b.tag(token)
	if tag == "" {
		if alt, _ := value(token, "alt"); alt != "" {
			b.text(" " + scrub(alt) + " ")
		}
		return
	}
	b.prepare()
	b.write(tag)
}

// startLine begins a paragraph, a heading or another block of text.
func (b *builder) startLine(token html.Token) {
	switch token.Data {
	case "dt":
		b.startPart(token)
		return
	case "caption":
		// Only the first thing in a table can be its caption.
		if b.closeInlines(); b.top().name != table || b.top().started {
			return
		}
	default:
		b.beginBlock()
	}
	b.push(token.Data, b.tag(token))
	b.inPre = token.Data == "pre"
}

// beginBlock makes room for a block: text around it ends, and a list or table gets an item to hold it.
func (b *builder) beginBlock() {
	b.closeInlines()
	for b.top().kind == line {
		b.pop()
	}
	b.fillGroup()
}

// prepare makes room for text: in an item, inside of the inline elements that are wanted.
func (b *builder) prepare() {
	if b.top().kind == group {
		b.closeInlines()
		b.fillGroup()
	}
	for ; b.open < len(b.inlines); b.open++ {
		next := &b.inlines[b.open]
		if next.written {
			// Elements that are interrupted again and again must not make the output outgrow the input.
			if b.repeats -= len(next.tag); b.repeats < 0 {
				b.inlines = b.inlines[:b.open]
				return
			}
		}
		next.written = true
		b.write(next.tag)
	}
}

// fillGroup opens the items that are missing between a group and what is to stand in it.
func (b *builder) fillGroup() {
	for b.top().kind == group {
		name := map[string]string{
			"ul": "li", "ol": "li", "dl": "dd", table: "tbody", "thead": "tr", "tbody": "tr", "tfoot": "tr", "tr": "td",
		}[b.top().name]
		b.push(name, "<"+name+">")
	}
}

// startPart begins a list, a table or a part of one, in the group that it belongs to.
func (b *builder) startPart(token html.Token) {
	name := token.Data
	b.closeInlines()
	switch name {
	case "ul", "ol", "dl", table:
		if len(b.blocks) >= maxBlocks {
			return
		}
		b.beginBlock()
	case "li":
		b.findGroup("ul", "ul", "ol")
	case "dt", "dd":
		b.findGroup("dl", "dl")
	default:
		if !b.findTable(name) {
			return
		}
	}
	b.push(name, b.tag(token))
}

// findGroup closes what stands between the nearest of some groups and a new item of it, or opens a group.
func (b *builder) findGroup(missing string, names ...string) {
	for i := len(b.blocks) - 1; i > 0; i-- {
		current := b.blocks[i]
		if slices.Contains(names, current.name) {
			b.popTo(i + 1)
			return
		}
		if current.name != "li" && current.name != "dd" && (current.kind == item || current.kind == flow && current.name != "div") {
			break
		}
	}
	b.beginBlock()
	b.push(missing, "<"+missing+">")
}

// findTable closes what stands between the nearest table and a new part of it, and opens the parts that are
// missing. It reports false outside of tables.
func (b *builder) findTable(part string) bool {
	var parents []string
	switch part {
	case "tr":
		parents = []string{"thead", "tbody", "tfoot"}
	case "td", "th":
		parents = []string{"tr", "thead", "tbody", "tfoot"}
	}
	for i := len(b.blocks) - 1; i > 0; i-- {
		name := b.blocks[i].name
		if name != table && !slices.Contains(parents, name) {
			continue
		}
		b.popTo(i + 1)
		if name == table && part != "thead" && part != "tbody" && part != "tfoot" {
			b.push("tbody", "<tbody>")
		}
		if b.top().name != "tr" && (part == "td" || part == "th") {
			b.push("tr", "<tr>")
		}
		return true
	}
	return false
}

// end handles an end tag; one that ends nothing is dropped.
func (b *builder) end(name string) {
	switch kindOf(name) {
	case inline:
		b.endInline(name)
	case line, flow, group, item:
		b.endBlock(name)
	case voidInline, voidBlock: // A tag that ends what has no content is a mistake.
	}
}

// endInline ends the innermost wanted element of that name. Those inside of it that go on are written anew.
func (b *builder) endInline(name string) {
	for i, candidate := range slices.Backward(b.inlines) {
		if candidate.name != name {
			continue
		}
		b.closeInlinesTo(i)
		b.inlines = slices.Delete(b.inlines, i, i+1)
		return
	}
}

// endBlock closes the innermost block of that name, with all in it, but none around the cell it stands in.
func (b *builder) endBlock(name string) {
	inTable := slices.Contains([]string{table, "thead", "tbody", "tfoot", "tr", "td", "th", "caption"}, name)
	for i := len(b.blocks) - 1; i > 0; i-- {
		current := b.blocks[i].name
		if current == name {
			b.popTo(i)
			return
		}
		if current == table || !inTable && (current == "td" || current == "th" || current == "caption") {
			return
		}
	}
}

// push opens a block. The tag has been checked.
func (b *builder) push(name, tag string) {
	b.write(tag)
	b.blocks = append(b.blocks, block{name: name, kind: kindOf(name), mark: len(b.inlines)})
}

// pop closes the innermost block and forgets the inline elements that began in it.
func (b *builder) pop() {
	b.closeInlines()
	last := *b.top()
	b.blocks = b.blocks[:len(b.blocks)-1]
	b.write("</" + last.name + ">")
	b.inlines = b.inlines[:min(last.mark, len(b.inlines))]
}

// popTo closes blocks until n are left.
func (b *builder) popTo(n int) {
	for len(b.blocks) > n {
		b.pop()
	}
}

// closeInlines closes every inline element that is written; they stay wanted.
func (b *builder) closeInlines() { b.closeInlinesTo(0) }

func (b *builder) closeInlinesTo(n int) {
	for ; b.open > n; b.open-- {
		b.write("</" + b.inlines[b.open-1].name + ">")
	}
}

// write adds a tag.
func (b *builder) write(tag string) {
	b.inPre = false
	b.top().started = true
	b.out.WriteString(tag)
}

// tag is the start tag of an element with its allowed attributes, in a fixed order; empty when the element makes
// no sense without one that was refused.
func (b *builder) tag(token html.Token) string {
	var out strings.Builder
	out.WriteString("<" + token.Data)
	add := func(name, value string) { out.WriteString(" " + name + `="` + html.EscapeString(value) + `"`) }
	switch token.Data {
	case "a":
		href, ok := b.link(token)
		if !ok {
			return ""
		}
		add("href", href)
		add("rel", "noopener nofollow ugc")
	case "img":
		src, ok := b.source(token)
		if !ok {
			return ""
		}
		alt, _ := value(token, "alt")
		add("src", src)
		add("alt", strings.Join(strings.Fields(scrub(alt)), " "))
		add("loading", "lazy")
	}
	if raw, ok := value(token, "id"); ok {
		if id, ok := identifier(raw); ok && !b.ids[id] {
			b.ids[id] = true
			add("id", id)
		}
	}
	for _, a := range attributesOf(token.Data) {
		if raw, ok := value(token, a.name); ok {
			if v, ok := a.check(raw); ok {
				add(a.name, v)
			}
		}
	}
	if token.Data == "span" && out.Len() == len("<span") {
		return ""
	}
	out.WriteByte('>')
	return out.String()
}

// link is the checked and rewritten target of a link.
func (b *builder) link(token html.Token) (string, bool) {
	raw, ok := value(token, "href")
	if !ok {
		return "", false
	}
	if strings.HasPrefix(strings.TrimSpace(raw), "#") {
		return fragment(raw)
	}
	return b.rewritten(raw, linkSchemes())
}

// source is the checked and rewritten address of an image.
func (b *builder) source(token html.Token) (string, bool) {
	raw, ok := value(token, "src")
	if !ok {
		return "", false
	}
	return b.rewritten(raw, imageSchemes())
}

func (b *builder) rewritten(raw string, schemes []string) (string, bool) {
	normal, ok := address(raw, schemes)
	if !ok || b.rewrite == nil {
		return normal, ok
	}
	target, keep := b.rewrite(normal)
	if !keep {
		return "", false
	}
	return address(target, linkSchemes())
}
