package meilitest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// node is a filter that was read. A nil node lets everything through.
type node struct {
	// operator is "and", "or", "not" over the children, or a condition on the attribute.
	operator  string
	children  []*node
	attribute string
	values    []string
}

// matches reports whether the filter lets the document through.
func (n *node) matches(fields map[string]any) bool {
	if n == nil {
		return true
	}
	one := func(child *node) bool { return child.matches(fields) }
	switch n.operator {
	case "and":
		return !slices.ContainsFunc(n.children, func(child *node) bool { return !one(child) })
	case "or":
		return slices.ContainsFunc(n.children, one)
	case "not":
		return !one(n.children[0])
	case "exists":
		_, exists := fields[n.attribute]
		return exists
	default: // "in"
		return slices.ContainsFunc(n.values, func(value string) bool { return equals(fields[n.attribute], value) })
	}
}

// equals compares as facets are compared: lists by their items, without regard to case.
func equals(field any, value string) bool {
	switch f := field.(type) {
	case nil:
		return false
	case []any:
		return slices.ContainsFunc(f, func(item any) bool { return equals(item, value) })
	default:
		return strings.EqualFold(fmt.Sprint(f), value)
	}
}

// attributes are what the filter looks at.
func (n *node) attributes() []string {
	if n == nil {
		return nil
	}
	var all []string
	if n.attribute != "" {
		all = append(all, n.attribute)
	}
	for _, child := range n.children {
		all = append(all, child.attributes()...)
	}
	return all
}

// filterable returns an error when the index cannot be filtered like that.
func (i *index) filterable(n *node) error {
	for _, name := range n.attributes() {
		if !i.has("filterableAttributes", name) {
			return fmt.Errorf("Attribute `%s` is not filterable.", name) //nolint:revive,staticcheck // as Meilisearch says it
		}
	}
	return nil
}

var errNoFilter = errors.New("Invalid syntax for the filter parameter: expected String, Array") //nolint:staticcheck // as Meilisearch says it

// parse reads a filter: a text, or a list of texts and of lists, all of which must hold; of an inner list
// one must.
func parse(filter any) (*node, error) {
	switch f := filter.(type) {
	case nil:
		return nil, nil //nolint:nilnil // everything goes through
	case string:
		return parseText(f)
	case []any:
		return parseList("and", f, func(item any) (*node, error) {
			if inner, ok := item.([]any); ok {
				return parseList("or", inner, parse)
			}
			return parse(item)
		})
	default:
		return nil, errNoFilter
	}
}

func parseList(operator string, items []any, read func(any) (*node, error)) (*node, error) {
	all := &node{operator: operator}
	for _, item := range items {
		child, err := read(item)
		if err != nil {
			return nil, err
		}
		if child != nil {
			all.children = append(all.children, child)
		}
	}
	if len(all.children) == 0 {
		return nil, nil //nolint:nilnil // everything goes through
	}
	return all, nil
}

func parseText(text string) (*node, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // everything goes through
	}
	p := &parser{rest: text}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.next(); p.token != "" {
		return nil, p.unexpected()
	}
	return n, nil
}

// parser reads the grammar:
//
//	or      = and ("OR" and)*
//	and     = not ("AND" not)*
//	not     = "NOT" not | "(" or ")" | condition
//	condition = word ("=" | "!=") value | word ["NOT"] "EXISTS" | word ["NOT"] "IN" "[" [value ("," value)*] "]"
type parser struct {
	rest string
	// token is the one that was looked at last, "" at the end. A quoted one is a value whatever it says.
	token  string
	quoted bool
	peeked bool
}

// next looks at the next token.
func (p *parser) next() {
	if p.peeked {
		return
	}
	p.peeked, p.quoted = true, false
	p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace)
	switch {
	case p.rest == "":
		p.token = ""
	case p.rest[0] == '\'' || p.rest[0] == '"':
		p.quote(p.rest[0])
	case strings.HasPrefix(p.rest, "!="):
		p.cut(2)
	case strings.ContainsRune("()[],=", rune(p.rest[0])):
		p.cut(1)
	default:
		end := strings.IndexFunc(p.rest, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./", r)
		})
		switch end {
		case -1:
			end = len(p.rest)
		case 0:
			end = 1
		}
		p.cut(end)
	}
}

func (p *parser) cut(n int) { p.token, p.rest = p.rest[:n], p.rest[n:] }

// quote reads up to the closing quote. One that is missing closes at the end, as in Meilisearch's reader,
// which then misses it.
func (p *parser) quote(mark byte) {
	var value strings.Builder
	p.quoted = true
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\\' && i+1 < len(p.rest) && p.rest[i+1] == mark:
			i++
			value.WriteByte(mark)
		case c == mark:
			p.token, p.rest = value.String(), p.rest[i+1:]
			return
		default:
			value.WriteByte(c)
		}
	}
	p.token, p.quoted, p.rest = "unclosed quote", false, ""
}

// take reports whether the next token is this sign or keyword, and goes past it if so.
func (p *parser) take(token string) bool {
	p.next()
	if p.quoted || p.token != token {
		return false
	}
	p.peeked = false
	return true
}

func (p *parser) unexpected() error {
	return fmt.Errorf("Found unexpected characters at the end of the filter: `%s`.", p.token+p.rest) //nolint:revive,staticcheck // as Meilisearch says it
}

var keywords = []string{"AND", "OR", "NOT", "IN", "EXISTS", "TO", "(", ")", "[", "]", ",", "=", "!=", "unclosed quote", ""}

// value reads a word or a quoted text.
func (p *parser) value() (string, error) {
	p.next()
	if !p.quoted && (slices.Contains(keywords, p.token) || strings.ContainsAny(p.token, "<>!|&")) {
		return "", fmt.Errorf("Was expecting a value but instead got `%s`.", p.token) //nolint:revive,staticcheck // as Meilisearch says it
	}
	p.peeked = false
	return p.token, nil
}

func (p *parser) or() (*node, error)  { return p.chain("OR", "or", p.and) }
func (p *parser) and() (*node, error) { return p.chain("AND", "and", p.not) }

func (p *parser) chain(keyword, operator string, part func() (*node, error)) (*node, error) {
	n := &node{operator: operator}
	for {
		child, err := part()
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
		if !p.take(keyword) {
			return n, nil
		}
	}
}

func (p *parser) not() (*node, error) {
	if p.take("NOT") {
		child, err := p.not()
		return &node{operator: "not", children: []*node{child}}, err
	}
	if !p.take("(") {
		return p.condition()
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) condition() (*node, error) {
	attribute, err := p.value()
	if err != nil {
		return nil, err
	}
	negated := p.take("NOT")
	n := &node{operator: "in", attribute: attribute}
	switch {
	case p.take("EXISTS"):
		n.operator = "exists"
	case p.take("IN"):
		err = p.list(n)
	case !negated && p.take("="):
		err = p.single(n)
	case !negated && p.take("!="):
		negated = true
		err = p.single(n)
	default:
		return nil, p.unexpected()
	}
	if negated {
		n = &node{operator: "not", children: []*node{n}}
	}
	return n, err
}

func (p *parser) single(n *node) error {
	value, err := p.value()
	n.values = []string{value}
	return err
}

func (p *parser) list(n *node) error {
	if !p.take("[") {
		return p.unexpected()
	}
	for !p.take("]") {
		value, err := p.value()
		if err != nil {
			return err
		}
		n.values = append(n.values, value)
		if p.take("]") {
			return nil
		}
		if !p.take(",") {
			return p.unexpected()
		}
	}
	return nil
}
