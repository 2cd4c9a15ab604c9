package markup

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// Text is what a reader sees of source, for search: words as they are separated on the page,
// blocks on lines of their own, images by their descriptions. It takes any HTML and runs in linear time.
func Text(source string) string {
	t := &plainText{}
	tokens := html.NewTokenizer(strings.NewReader(source))
	skip := false
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return t.out.String()
		}
		token := tokens.Token()
		switch kind {
		case html.TextToken:
			if !skip {
				t.add(token.Data)
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			t.tag(token)
		default: // Comments and document types are not for readers.
		}
		skip = (kind == html.StartTagToken || kind == html.SelfClosingTagToken) && hidden(token.Data)
	}
}

// plainText joins words by single spaces and blocks by single line feeds.
type plainText struct {
	out     strings.Builder
	pending byte // the separator before the next word
}

// add appends character data.
func (t *plainText) add(data string) {
	for _, r := range scrub(data) {
		if unicode.IsSpace(r) {
			t.separate(' ')
			continue
		}
		if r == '\u00AD' || r == '\u200B' {
			continue // Soft hyphens and break opportunities are inside of words.
		}
		if t.pending != 0 && t.out.Len() > 0 {
			t.out.WriteByte(t.pending)
		}
		t.pending = 0
		t.out.WriteRune(r)
	}
}

// separate asks for a separator; a line feed is stronger than a space.
func (t *plainText) separate(by byte) {
	if t.pending != '\n' {
		t.pending = by
	}
}

// tag separates what the tag separates on a page. Elements within text leave words whole.
func (t *plainText) tag(token html.Token) {
	if hidden(token.Data) {
		return
	}
	switch token.Data {
	case "img":
		if alt, ok := value(token, "alt"); ok {
			t.separate(' ')
			t.add(alt)
			t.separate(' ')
		}
	case "td", "th":
		t.separate(' ')
	case "br":
		t.separate('\n')
	default:
		if k := kindOf(modern(token.Data)); k != inline && k != voidInline && !unknownInline(token.Data) {
			t.separate('\n')
		}
	}
}

// unknownInline names elements that the sanitiser drops and that do not end a word.
func unknownInline(name string) bool {
	switch name {
	case "font", "big", "nobr", "time", "data", "ruby", "rb", "bdo", "label", "output", "blink":
		return true
	}
	return false
}
