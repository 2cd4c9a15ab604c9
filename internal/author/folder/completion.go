package folder

import (
	"gopkg.in/yaml.v3"

	"lyceum/internal/author/course"
)

// completion adds what completes a module or the course.
func (m mapping) completion(c *course.Completion) {
	if c == nil {
		return
	}
	fields := newMapping()
	fields.add("need", plain(lower(c.Need)))
	fields.number("count", c.Count)
	fields.text("when", c.When)
	m.add("completion", fields.node)
}

func needs() []course.Need {
	return []course.Need{course.NeedAll, course.NeedAny, course.NeedAtLeast}
}

// completion reads what completes a module or the course; nil when the file says nothing.
func (o *object) completion() *course.Completion {
	n := o.value("completion", "completion")
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		o.spoil("completion", n, "%s consists of lines such as “need: any”.", quoted("completion"))
		return nil
	}
	in := &object{doc: o.doc, node: n, path: o.field("completion")}
	c := &course.Completion{
		Need: oneOf(in, "need", "need", needs(), course.NeedAll), Count: in.integer("count", "count", 0), When: in.block("when", "when"),
	}
	in.done()
	return c
}
