package limit

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// place is one place of the response: the selections that meet there, from wherever they were written.
type place struct {
	selections int
	children   map[string]*place // by response name
	names      map[string]int    // by field name: under how many response names
}

// merge expands the selection set and counts what meets at each place of the response, whose root it returns. The
// caller has made sure that it expands to little, and without a circle.
func merge(limits Limits, fragments map[string]*ast.FragmentDefinition, set ast.SelectionSet) (*place, *gqlerror.Error) {
	m := merger{limits: limits, fragments: fragments}
	root := &place{}
	return root, m.add(root, set)
}

type merger struct {
	limits    Limits
	fragments map[string]*ast.FragmentDefinition
}

func (m merger) add(at *place, set ast.SelectionSet) *gqlerror.Error {
	for _, selection := range set {
		var err *gqlerror.Error
		switch selection := selection.(type) {
		case *ast.Field:
			err = m.addField(at, selection)
		case *ast.InlineFragment:
			err = m.add(at, selection.SelectionSet)
		case *ast.FragmentSpread:
			err = m.add(at, m.fragments[selection.Name].SelectionSet)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m merger) addField(at *place, field *ast.Field) *gqlerror.Error {
	child, known := at.children[field.Alias] // the parser puts the name there when there is no alias
	if !known {
		child = &place{}
		if at.children == nil {
			at.children, at.names = map[string]*place{}, map[string]int{}
		}
		at.children[field.Alias] = child
		at.names[field.Name]++
	}
	child.selections++
	switch {
	case at.names[field.Name] > m.limits.Aliases:
		return refuse(CodeTooLarge, "A field is asked for under more than %d names in one place.", m.limits.Aliases)
	case child.selections > m.limits.Merged:
		return refuse(CodeTooLarge, "More than %d selections meet in one place of the response.", m.limits.Merged)
	}
	return m.add(child, field.SelectionSet)
}
