package course

// Need says how many of its parts complete a module or a course. The parts of a module are its required lessons, those
// of a course its modules.
type Need string

// The needs.
const (
	NeedAll     Need = "ALL"
	NeedAny     Need = "ANY"
	NeedAtLeast Need = "AT_LEAST"
)

// Completion says what completes a module or a course. One that needs all, and nothing more, is the default by name.
type Completion struct {
	Need Need
	// Count is how many parts NeedAtLeast asks for; 0 otherwise.
	Count int
	// When is a rule in CEL that has to hold as well, or "".
	When string
}

// DefaultRule is the rule of a lesson that is completed by what completes its kind. It is a name, and no rule.
const DefaultRule = "default"

// maxRule is in characters, as the server has it.
const maxRule = 1000

func (k *checker) completion(path string, c *Completion) {
	if c == nil {
		return
	}
	switch c.Need {
	case NeedAll, NeedAny:
		if c.Count != 0 {
			k.add(at(path, "count"), "Only at_least has a number.")
		}
	case NeedAtLeast:
		if c.Count < 1 || c.Count > MaxLessons {
			k.add(at(path, "count"), "Say how many are needed, 1 to %d.", MaxLessons)
		}
	default:
		k.add(at(path, "need"), "It needs all, any or at_least so many.")
	}
	k.rule(at(path, "when"), c.When)
}

// rule looks at the form of a rule: what it says is checked by the server, which knows what rules can ask for.
func (k *checker) rule(path, source string) {
	switch n := len([]rune(source)); {
	case !isBlock(source):
		k.add(path, "The rule must be UTF-8 without control characters, with \\n as line end, and without blank lines at its ends.")
	case n > maxRule:
		k.add(path, "The rule is %d characters long, and at most %d are allowed.", n, maxRule)
	}
}
