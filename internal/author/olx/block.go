package olx

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The kinds of containers that the import treats by name.
const (
	courseKind     = "course"
	chapterKind    = "chapter"
	sequentialKind = "sequential"
	verticalKind   = "vertical"
	unitKind       = "unit"
)

// block is one block of the course: a container, or something to read, watch or answer.
type block struct {
	// kind is the name of the block's element: "vertical", "html".
	kind string
	// id is the url_name.
	id string
	// attrs are the settings, those of the policy file included.
	attrs map[string]string
	// def is the element that defines the block.
	def      *node
	parent   *block
	children []*block
	// missing is why the block could not be read, or "".
	missing string
}

// name returns the display name, or "".
func (b *block) name() string { return strings.Join(strings.Fields(b.attrs["display_name"]), " ") }

// isUnit tells whether the block is a page of the course: a vertical.
func (b *block) isUnit() bool { return b.kind == verticalKind || b.kind == unitKind }

// staffOnly tells whether learners never saw the block.
func (b *block) staffOnly() bool { return strings.EqualFold(b.attrs["visible_to_staff_only"], "true") }

// isContainer tells whether elements inside the block are blocks.
func isContainer(kind string) bool {
	switch kind {
	case courseKind, chapterKind, sequentialKind, verticalKind, unitKind, "library_content", "itembank", "legacy_library_content",
		"conditional", "split_test", "randomize", "wrapper", "videosequence", "problemset", "section":
		return true
	default:
		return false
	}
}

// isNoBlock tells whether an element inside a container is something else than a block.
func isNoBlock(parent, name string) bool {
	switch name {
	case "wiki", "textbook", "pdf_textbook", "html_textbook", "grading", "show":
		return true
	case "source", "metadata":
		return parent != verticalKind
	default:
		return false
	}
}

// tree reads the blocks of an export.
type tree struct {
	export *export
	policy map[string]map[string]string
	// seen are the definition files that were read, by "kind/id": the same one twice would go in circles.
	seen map[string]bool
	all  []*block
	// byID leads to the first block of an id.
	byID map[string]*block
	// extras are elements of the course that are no blocks.
	extras []*node
}

// readTree reads course.xml and all it leads to.
func readTree(e *export) (*tree, *block, error) {
	t := &tree{export: e, seen: map[string]bool{}, byID: map[string]*block{}}
	pointer, err := e.xml("course.xml")
	if err != nil {
		return nil, nil, err
	}
	if pointer.name != courseKind {
		return nil, nil, refuse("This is no Open edX export: course.xml does not hold a course.")
	}
	if t.policy, err = readPolicy(e, pointer.attr("url_name")); err != nil {
		return nil, nil, err
	}
	root, err := t.block(pointer, nil, 0)
	return t, root, err
}

// block reads the block that an element is, or points to. nth numbers blocks without an id.
func (t *tree) block(n *node, parent *block, nth int) (*block, error) {
	if len(t.all) >= t.export.limits.Files {
		return nil, refuse("The course has more than %d blocks.", t.export.limits.Files)
	}
	b := &block{kind: n.name, id: n.attr("url_name"), def: n, parent: parent}
	if b.id == "" {
		b.id = nameless(b, nth)
	}
	t.all = append(t.all, b)
	if t.byID[b.id] == nil {
		t.byID[b.id] = b
	}
	if err := t.define(b); err != nil {
		return nil, err
	}
	b.attrs = map[string]string{}
	for _, element := range []*node{n, b.def} {
		for _, a := range element.attrs {
			b.attrs[a.Name.Local] = a.Value
		}
	}
	maps.Copy(b.attrs, t.policy[b.kind+"/"+b.id])
	if b.missing != "" || !isContainer(b.kind) {
		return b, nil
	}
	for i, child := range b.def.elements() {
		if isNoBlock(b.kind, child.name) {
			t.extras = append(t.extras, child)
			continue
		}
		c, err := t.block(child, b, i)
		if err != nil {
			return nil, err
		}
		b.children = append(b.children, c)
	}
	return b, nil
}

func nameless(b *block, nth int) string {
	above := courseKind
	if b.parent != nil {
		above = b.parent.id
	}
	return above + "/" + b.kind + "-" + strconv.Itoa(nth+1)
}

// define replaces the element of a pointer by the one that it points to: kind/url_name.xml.
func (t *tree) define(b *block) error {
	id := b.def.attr("url_name")
	if id == "" {
		return nil
	}
	file := b.kind + "/" + strings.ReplaceAll(id, ":", "/") + ".xml"
	switch {
	case t.seen[b.kind+"/"+id]:
		b.missing = "The course holds this block twice, and it came along where it stands first."
	case isPointer(b.def) && t.export.has(file):
		def, err := t.export.xml(file)
		if err != nil {
			return err
		}
		if def.name != b.kind {
			b.missing = "Its file holds something else."
			break
		}
		b.def = def
	case isPointer(b.def) && len(b.def.attrs) == pointerAttrs(b.def) && (isContainer(b.kind) || slices.Contains([]string{"html", "video", "problem"}, b.kind)):
		b.missing = "Its file is not in the export."
	}
	t.seen[b.kind+"/"+id] = true
	return nil
}

// isPointer tells whether an element holds nothing, so that its definition may stand in a file.
func isPointer(n *node) bool {
	return len(n.elements()) == 0 && strings.TrimSpace(n.words()) == ""
}

// pointerAttrs counts the attributes that a pointer may have.
func pointerAttrs(n *node) int {
	count := 0
	for _, a := range n.attrs {
		if slices.Contains([]string{"url_name", "org", "course", "slug"}, a.Name.Local) {
			count++
		}
	}
	return count
}

// readPolicy reads the settings that a policy file gives to blocks, by "kind/id".
func readPolicy(e *export, run string) (map[string]map[string]string, error) {
	file := "policies/" + run + "/policy.json"
	if !e.has(file) {
		file = "policies/" + run + ".json"
	}
	var policy map[string]map[string]any
	if err := e.json(file, &policy); err != nil {
		return nil, err
	}
	settings := map[string]map[string]string{}
	for id, values := range policy {
		settings[id] = map[string]string{}
		for name, value := range values {
			settings[id][name] = settingText(value)
		}
	}
	return settings, nil
}
