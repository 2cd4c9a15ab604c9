package markup

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// The shapes of values, compiled once: expressions are immutable and safe to share.
var (
	languageShape = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)
	classShape    = regexp.MustCompile(`^(language-[A-Za-z0-9+#_.-]{1,30}|footnotes|footnote-ref|footnote-backref|` +
		`note|tip|important|warning|caution|left|center|right|wide)$`)
	idShape = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_:.-]{1,128}$`)
)

// kind is the place of an element in HTML's content model, as far as it matters for putting tags in order.
type kind int

const (
	inline     kind = iota + 1 // within text
	voidInline                 // within text, without content
	line                       // holds text, nothing else
	flow                       // holds blocks and text
	group                      // holds items only: lists and the parts of tables
	item                       // holds blocks and text, stands in a group
	voidBlock                  // a block without content
)

// table is the element that the rules single out most often.
const table = "table"

// kindOf returns the kind of an allowed element, 0 for any other.
func kindOf(name string) kind {
	switch name {
	case "a", "abbr", "b", "bdi", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s", "samp",
		"small", "span", "strong", "sub", "sup", "u", "var":
		return inline
	case "br", "img", "wbr":
		return voidInline
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "summary", "caption", "dt":
		return line
	case "div", "blockquote", "figure", "figcaption", "details":
		return flow
	case "ul", "ol", "dl", table, "thead", "tbody", "tfoot", "tr":
		return group
	case "li", "dd", "td", "th":
		return item
	case "hr":
		return voidBlock
	}
	return 0
}

// modern names the element that stands for one that is not allowed: sections become plain blocks, so that what
// was apart stays apart, and what is obsolete becomes what replaced it.
func modern(name string) string {
	switch name {
	case "section", "article", "aside", "header", "footer", "main", "nav", "hgroup", "address", "center", "form", "fieldset",
		"legend", "option", "optgroup":
		return "div"
	case "dir", "menu":
		return "ul"
	case "strike":
		return "s"
	case "tt":
		return "code"
	case "acronym":
		return "abbr"
	}
	return name
}

// hidden lists the elements whose text is not meant to be read. All are read raw, up to their end tag.
func hidden(name string) bool {
	switch name {
	case "script", "style", "iframe", "noembed", "noframes", "noscript", "title":
		return true
	}
	return false
}

// check says whether an attribute's value is allowed, and in which form.
type check func(value string) (string, bool)

// attributesOf lists the attributes of an element in the order in which they are written. Addresses and
// identifiers are not among them: they depend on more than the value.
func attributesOf(name string) []attribute {
	common := []attribute{{"class", classes}, {"dir", oneOf("ltr", "rtl", "auto")}, {"lang", language}}
	const lastColumn, lastNumber, lastPixel = 50, 99_999, 9_999
	switch name {
	case "a":
		return append(common, attribute{"title", short}, attribute{"role", oneOf("doc-noteref", "doc-backlink")})
	case "abbr", "dfn":
		return append(common, attribute{"title", short})
	case "div":
		return append(common, attribute{"role", oneOf("doc-endnotes")})
	case "ol":
		return append(common, attribute{"start", numberUpTo(lastNumber)}, attribute{"type", oneOf("1", "a", "A", "i", "I")},
			attribute{"reversed", flag})
	case "li":
		return append(common, attribute{"value", numberUpTo(lastNumber)})
	case "td", "th":
		return append(common, attribute{"colspan", numberUpTo(lastColumn)}, attribute{"rowspan", numberUpTo(lastColumn)},
			attribute{"align", oneOf("left", "center", "right")}, attribute{"scope", oneOf("row", "col", "rowgroup", "colgroup")})
	case "img":
		return append(common, attribute{"title", short}, attribute{"width", numberUpTo(lastPixel)}, attribute{"height", numberUpTo(lastPixel)})
	case "details":
		return append(common, attribute{"open", flag})
	}
	return common
}

// attribute is a name with the values it may have.
type attribute struct {
	name  string
	check check
}

// oneOf allows a closed set. Upper and lower case differ where the set has both.
func oneOf(values ...string) check {
	return func(value string) (string, bool) {
		value = strings.TrimSpace(value)
		if !slices.Contains(values, value) {
			value = strings.ToLower(value)
		}
		return value, slices.Contains(values, value)
	}
}

// numberUpTo allows whole numbers from 0.
func numberUpTo(most int) check {
	return func(value string) (string, bool) {
		n, err := strconv.Atoi(strings.TrimSpace(value))
		return strconv.Itoa(n), err == nil && n >= 0 && n <= most
	}
}

// flag allows an attribute that matters by being there.
func flag(string) (string, bool) { return "", true }

// short allows text that fits on a line or two.
func short(value string) (string, bool) {
	const limit = 500
	value = strings.Join(strings.Fields(scrub(value)), " ")
	return value, value != "" && len(value) <= limit
}

// language allows the shape of a BCP 47 tag.
func language(value string) (string, bool) { return value, languageShape.MatchString(value) }

// classes keeps the class names that pages have styles for.
func classes(value string) (string, bool) {
	var kept []string
	for class := range strings.FieldsSeq(value) {
		if classShape.MatchString(class) && !slices.Contains(kept, class) {
			kept = append(kept, class)
		}
	}
	return strings.Join(kept, " "), len(kept) > 0
}

// idPrefix starts every identifier, so that none can be taken for one of the page around the text.
const idPrefix = "u-"

// identifier puts the prefix on an id, once.
func identifier(value string) (string, bool) {
	if !strings.HasPrefix(value, idPrefix) {
		value = idPrefix + value
	}
	return value, idShape.MatchString(value)
}

// value returns the value of an attribute of a token; of two with one name the first counts, as in browsers.
func value(token html.Token, name string) (string, bool) {
	for _, a := range token.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
