package folder

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"lyceum/internal/author/course"
)

// document is one YAML text, as it stands in a file.
type document struct {
	book *book
	file string
	// before is how many lines of the file stand before the text.
	before int
}

// object is a YAML mapping being read into the fields of the model below path.
type object struct {
	doc  *document
	node *yaml.Node
	path string
	// known are the keys that were asked for: all others are mistakes.
	known []string
}

func (d *document) line(n *yaml.Node) int { return n.Line + d.before }

var yamlErrorPattern = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(.*)$`)

// parse reads the mapping that a YAML text consists of, into the fields below path. It returns nil after
// telling why it cannot, and for no text at all, of which the mistake is told already.
func (d *document) parse(data []byte, path string) *object {
	if data == nil {
		return nil
	}
	if !utf8.Valid(data) {
		d.book.add(d.file, 0, "The file is not UTF-8 text. Save it as UTF-8.")
		return nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		line, reason := 0, err.Error()
		if m := yamlErrorPattern.FindStringSubmatch(reason); m != nil {
			line, _ = strconv.Atoi(m[1])
			reason = m[2]
		}
		d.book.add(d.file, line+d.before, "This is not well-formed YAML: %s.", reason)
		return nil
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		d.book.add(d.file, 1+d.before, "The file must consist of lines such as “title: Knots”.")
		return nil
	}
	if !d.plain(root.Content[0]) {
		return nil
	}
	return &object{doc: d, node: root.Content[0], path: path}
}

// plain refuses what a course never needs: anchors, aliases, tags.
func (d *document) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.book.add(d.file, d.line(n), "Anchors (&) and aliases (*) are not used in courses. Put the text in quotes if it begins so.")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.book.add(d.file, d.line(n), "Tags (!) are not used in courses. Put the text in quotes if it begins so.")
		return false
	}
	for _, child := range n.Content {
		if !d.plain(child) {
			return false
		}
	}
	return true
}

func (o *object) field(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// value returns the node of a key, or nil, and notes where the field stands.
func (o *object) value(key, field string) *yaml.Node {
	o.known = append(o.known, key)
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if o.node.Content[i].Value != key {
			continue
		}
		value := o.node.Content[i+1]
		o.doc.note(o.field(field), o.node.Content[i], value)
		if value.Kind == yaml.ScalarNode && value.Tag == "!!null" {
			return nil
		}
		return value
	}
	return nil
}

// note remembers where a field stands.
func (d *document) note(path string, key, value *yaml.Node) {
	text := d.line(value)
	if value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		text++
	}
	d.book.places[path] = spot{file: d.file, line: d.line(key), text: text}
}

// spoil tells that the value of a key is not what it must be.
func (o *object) spoil(field string, n *yaml.Node, format string, args ...any) {
	o.doc.book.spoil(o.field(field), o.doc.file, o.doc.line(n), format, args...)
}

// scalar returns the text of a key as written; ok is false when there is none.
func (o *object) scalar(key, field string) (text string, n *yaml.Node, ok bool) {
	n = o.value(key, field)
	if n == nil {
		return "", nil, false
	}
	if n.Kind != yaml.ScalarNode {
		o.spoil(field, n, "%s is one value, not a list or a block of keys.", quoted(key))
		return "", n, false
	}
	return n.Value, n, true
}

func quoted(s string) string { return "“" + s + "”" }

func (o *object) text(key, field string) string {
	s, _, _ := o.scalar(key, field)
	return course.Line(s)
}

// block reads prose.
func (o *object) block(key, field string) string {
	s, n, ok := o.scalar(key, field)
	if !ok {
		return ""
	}
	block := course.Block(s)
	o.skipBlankLines(field, n, s, block)
	return block
}

// skipBlankLines moves the place of a text to its first line that is not blank.
func (o *object) skipBlankLines(field string, n *yaml.Node, raw, block string) {
	if n.Style&yaml.LiteralStyle == 0 {
		return
	}
	at := o.doc.book.places[o.field(field)]
	if i := strings.Index(raw, block); i > 0 {
		at.text += strings.Count(raw[:i], "\n")
		o.doc.book.places[o.field(field)] = at
	}
}

func (o *object) boolean(key, field string, otherwise bool) bool {
	s, n, ok := o.scalar(key, field)
	if !ok {
		return otherwise
	}
	switch strings.ToLower(s) {
	case "true":
		return true
	case "false":
		return false
	}
	o.spoil(field, n, "%s is true or false.", quoted(key))
	return otherwise
}

func (o *object) integer(key, field string, otherwise int) int {
	s, n, ok := o.scalar(key, field)
	if !ok {
		return otherwise
	}
	i, err := strconv.Atoi(s)
	if err != nil {
		o.spoil(field, n, "%s is a whole number, not %s.", quoted(key), quoted(s))
		return otherwise
	}
	return i
}

// percent reads "60" or "60%".
func (o *object) percent(key, field string) int {
	s, n, ok := o.scalar(key, field)
	if !ok {
		return 0
	}
	i, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, "%")))
	if err != nil {
		o.spoil(field, n, "%s is a percentage such as 60, not %s.", quoted(key), quoted(s))
	}
	return i
}

func (o *object) duration(key, field string) time.Duration {
	s, n, ok := o.scalar(key, field)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		o.spoil(field, n, "%s is written like 1h30m or 4m30s, not %s.", quoted(key), quoted(s))
		return 0
	}
	return d
}

// oneOf reads a name that stands for a value. The zero value comes back for a name that is missing or wrong.
func oneOf[T ~string](o *object, key, field string, values []T, otherwise T) T {
	s, n, ok := o.scalar(key, field)
	if !ok {
		return otherwise
	}
	names := make([]string, 0, len(values))
	for _, v := range values {
		if strings.EqualFold(s, string(v)) {
			return v
		}
		names = append(names, lower(v))
	}
	o.spoil(field, n, "%s is not a %s: write %s.%s", quoted(s), key, alternatives(names), didYouMean(s, names))
	return otherwise
}

// alternatives joins names as a sentence does: "a, b or c".
func alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// items returns the nodes of a list.
func (o *object) items(key, field string) []*yaml.Node {
	n := o.value(key, field)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.spoil(field, n, "%s is a list: one line for each entry, beginning with a hyphen.", quoted(key))
		return nil
	}
	return n.Content
}

// lines reads a list of short texts.
func (o *object) lines(key, field string) []string { return o.each(key, field, course.Line) }

// blocks reads a list of prose.
func (o *object) blocks(key, field string) []string { return o.each(key, field, course.Block) }

func (o *object) each(key, field string, form func(string) string) []string {
	var texts []string
	for i, n := range o.items(key, field) {
		path := field + "." + strconv.Itoa(i)
		o.doc.note(o.field(path), n, n)
		switch {
		case n.Kind != yaml.ScalarNode:
			o.spoil(path, n, "An entry of %s is one value, not a list or a block of keys.", quoted(key))
			texts = append(texts, "")
		case n.Tag == "!!null":
			texts = append(texts, "")
		default:
			texts = append(texts, form(n.Value))
		}
	}
	return texts
}

// objects reads a list of mappings. Entries that are none are told, and left out.
func (o *object) objects(key, field string) []*object {
	var list []*object
	for _, n := range o.items(key, field) {
		if n.Kind != yaml.MappingNode {
			o.spoil(field, n, "An entry of %s consists of lines such as “key: a”.", quoted(key))
			continue
		}
		path := o.field(field + "." + strconv.Itoa(len(list)))
		o.doc.note(path, n, n)
		list = append(list, &object{doc: o.doc, node: n, path: path})
	}
	return list
}

// done tells of keys that nobody asked for, and of keys that stand twice.
func (o *object) done() {
	seen := map[string]bool{}
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		switch {
		case seen[key.Value]:
			o.doc.book.add(o.doc.file, o.doc.line(key), "%s stands here twice.", quoted(key.Value))
		case !slices.Contains(o.known, key.Value):
			o.doc.book.add(o.doc.file, o.doc.line(key), "%s means nothing here.%s", quoted(key.Value), didYouMean(key.Value, o.known))
		}
		seen[key.Value] = true
	}
}
