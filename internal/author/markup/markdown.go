package markup

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Markdown returns the page as CommonMark. exact tells whether rendering it gives the same page again;
// when it is false, tables and the like have become plain lines.
func (d *Doc) Markdown() (source string, exact bool) {
	want := d.HTML()
	light := writeMarkdown(d.blocks, escapeLightly)
	if rendersTo(light, want) {
		return light, true
	}
	safe := writeMarkdown(d.blocks, escapeFully)
	return safe, rendersTo(safe, want)
}

// rendersTo renders Markdown, cleans what comes out in the same way, and compares.
func rendersTo(source, want string) bool {
	if IsTangled(source) {
		return false
	}
	var rendered bytes.Buffer
	if err := goldmark.Convert([]byte(source), &rendered); err != nil {
		return false
	}
	if bytes.Contains(rendered.Bytes(), []byte("<!-- raw HTML omitted -->")) {
		return false
	}
	again, err := (&Cleaner{}).Parse(rendered.String())
	return err == nil && again.HTML() == want
}

// scribe writes Markdown. escape makes a text mean only itself.
type scribe struct{ escape func(string) string }

func writeMarkdown(blocks []*html.Node, escape func(string) string) string {
	return strings.Join((&scribe{escape: escape}).blocks(blocks, false), "\n")
}

// blocks returns the lines of blocks, with blank lines between them unless they are tight.
func (s *scribe) blocks(nodes []*html.Node, tight bool) []string {
	var lines []string
	for i := 0; i < len(nodes); i++ {
		if len(lines) > 0 && !tight {
			lines = append(lines, "")
		}
		if isBlock(nodes[i]) {
			lines = append(lines, s.block(nodes[i])...)
			continue
		}
		from := i
		for i+1 < len(nodes) && !isBlock(nodes[i+1]) {
			i++
		}
		lines = append(lines, s.lines(nodes[from:i+1])...)
	}
	return lines
}

func (s *scribe) block(n *html.Node) []string {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		line := strings.ReplaceAll(s.spans(children(n)), "\n", " ")
		return []string{strings.Repeat("#", int(n.Data[1]-'0')) + " " + line}
	case atom.Hr:
		return []string{"---"}
	case atom.Pre:
		return fenced(nodeText(n))
	case atom.Blockquote:
		return prefixed(s.blocks(children(n), false), "> ", "> ")
	case atom.Ul, atom.Ol:
		return s.list(n)
	case atom.Table, atom.Dl:
		var lines []string
		for _, line := range textLines(n) {
			lines = append(lines, "- "+s.escape(line))
		}
		return lines
	default:
		return s.lines(children(n))
	}
}

func fenced(code string) []string {
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	lines := append([]string{fence}, strings.Split(strings.TrimSuffix(code, "\n"), "\n")...)
	return append(lines, fence)
}

func prefixed(lines []string, first, rest string) []string {
	out := make([]string, 0, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		out = append(out, strings.TrimRight(prefix+line, " "))
	}
	return out
}

func (s *scribe) list(n *html.Node) []string {
	number, err := strconv.Atoi(attr(n, "start"))
	if err != nil {
		number = 1
	}
	tight := !contains(n, func(d *html.Node) bool { return d.DataAtom == atom.P && d.Parent.DataAtom == atom.Li })
	var lines []string
	for item := range n.ChildNodes() {
		marker := "- "
		if n.DataAtom == atom.Ol {
			marker = strconv.Itoa(number) + ". "
			number++
		}
		if len(lines) > 0 && !tight {
			lines = append(lines, "")
		}
		content := s.blocks(children(item), tight)
		lines = append(lines, prefixed(content, marker, strings.Repeat(" ", len(marker)))...)
	}
	return lines
}

// lines returns inline nodes as the lines of one paragraph.
func (s *scribe) lines(nodes []*html.Node) []string {
	lines := strings.Split(s.spans(nodes), "\n")
	for i, line := range lines {
		lines[i] = escapeStart(line)
	}
	return lines
}

func (s *scribe) spans(nodes []*html.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		b.WriteString(s.span(n))
	}
	return b.String()
}

func (s *scribe) span(n *html.Node) string {
	if n.Type == html.TextNode {
		return s.escape(n.Data)
	}
	switch n.DataAtom {
	case atom.Br:
		return "\\\n"
	case atom.Strong:
		return "**" + s.spans(children(n)) + "**"
	case atom.Em:
		mark := "*"
		if n.Parent != nil && n.Parent.DataAtom == atom.Strong {
			// Three stars would put the strong text into the emphasis.
			mark = "_"
		}
		return mark + s.spans(children(n)) + mark
	case atom.Code:
		return codeSpan(nodeText(n))
	case atom.Img:
		return "![" + s.escape(attr(n, "alt")) + "](" + destination(attr(n, "src")) + title(attr(n, "title")) + ")"
	case atom.A:
		return s.link(n)
	default:
		return s.spans(children(n))
	}
}

func (s *scribe) link(n *html.Node) string {
	href := attr(n, "href")
	text := nodeText(n)
	if text == href && (strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "http://")) && !strings.ContainsAny(href, "<> \\") {
		return "<" + href + ">"
	}
	return "[" + s.spans(children(n)) + "](" + destination(href) + ")"
}

func codeSpan(code string) string {
	fence := "`"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		return fence + " " + code + " " + fence
	}
	return fence + code + fence
}

// destination writes an address where a Markdown link has it.
func destination(address string) string {
	if strings.ContainsAny(address, " ()<>\\") {
		return "<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C").Replace(address) + ">"
	}
	return address
}

func title(s string) string {
	if s == "" {
		return ""
	}
	return ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// escapeStart escapes what would make a line something else than text.
func escapeStart(line string) string {
	if startPattern.MatchString(line) {
		return `\` + line
	}
	if m := orderedPattern.FindStringSubmatchIndex(line); m != nil {
		return line[:m[3]] + `\` + line[m[3]:]
	}
	return line
}

var (
	startPattern   = regexp.MustCompile("^(#{1,6}( |$)|>|[-+]( |$)|[-=_]{2,} *$|~~~|```)")
	orderedPattern = regexp.MustCompile(`^([0-9]{1,9})[.)]( |$)`)
)

// escapeLightly escapes what usually has to be. It leaves more to be read than escapeFully, and is right
// for nearly every text.
func escapeLightly(s string) string {
	var b strings.Builder
	for i, r := range s {
		rest := s[i+utf8.RuneLen(r):]
		switch {
		case r == '*', r == '`':
			b.WriteByte('\\')
		case r == '\\' && beginsWithPunctuation(rest):
			b.WriteByte('\\')
		case r == '_' && !insideWord(s, i):
			b.WriteByte('\\')
		case r == '<' && rest != "" && rest[0] != ' ':
			b.WriteByte('\\')
		case r == '&' && strings.Contains(rest, ";"):
			b.WriteByte('\\')
		case r == '~' && strings.HasPrefix(rest, "~"):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func beginsWithPunctuation(s string) bool {
	return s == "" || strings.ContainsRune(punctuation, rune(s[0]))
}

func insideWord(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return isWord(before) && isWord(after)
}

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// escapeFully escapes everything that can mean something to Markdown.
func escapeFully(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|&~=", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
