package outline

import "github.com/google/uuid"

// Need says how many of its parts complete a module or a course.
type Need string

// The needs. The parts of a module are its required lessons, or all when it requires none; those of a course are
// the modules that require something, or have a policy.
const (
	NeedAll     Need = "ALL"
	NeedAny     Need = "ANY"
	NeedAtLeast Need = "AT_LEAST"
)

// Values lists the needs, for the schema.
func (Need) Values() []string {
	return []string{string(NeedAll), string(NeedAny), string(NeedAtLeast)}
}

// Policy says what completes a module or a course.
type Policy struct {
	Need Need `json:"need"`
	// Count is how many parts AT_LEAST asks for; 0 otherwise.
	Count int `json:"count,omitempty"`
	// When is a rule in CEL that has to hold as well; empty for none.
	When string `json:"when,omitempty"`
}

// RequiresNone says that no lesson is required: then all are.
func (o *Outline) RequiresNone() bool {
	for m := range o.Modules {
		if o.Modules[m].requires() {
			return false
		}
	}
	return true
}

func (m *Module) requires() bool {
	for l := range m.Lessons {
		if m.Lessons[l].Required {
			return true
		}
	}
	return false
}

// Parts are the lessons that complete the module: the required ones, or all when there are none.
func (m *Module) Parts() []*Lesson {
	all := !m.requires()
	var parts []*Lesson
	for l := range m.Lessons {
		if all || m.Lessons[l].Required {
			parts = append(parts, &m.Lessons[l])
		}
	}
	return parts
}

// Parts are the modules that complete the course.
func (o *Outline) Parts() []*Module {
	none := o.RequiresNone()
	var parts []*Module
	for m := range o.Modules {
		module := &o.Modules[m]
		if len(module.Lessons) > 0 && (none || module.requires() || module.Completion != nil) {
			parts = append(parts, module)
		}
	}
	return parts
}

// Asked are the lessons that complete the course's parts.
func (o *Outline) Asked() map[uuid.UUID]bool {
	asked := map[uuid.UUID]bool{}
	for _, module := range o.Parts() {
		for _, lesson := range module.Parts() {
			asked[lesson.ID] = true
		}
	}
	return asked
}

// HasRules reports whether anything is completed by a rule of its author.
func (o *Outline) HasRules() bool {
	if o.Completion != nil {
		return true
	}
	for m := range o.Modules {
		if o.Modules[m].Completion != nil {
			return true
		}
		for l := range o.Modules[m].Lessons {
			if o.Modules[m].Lessons[l].Completion != "" {
				return true
			}
		}
	}
	return false
}
