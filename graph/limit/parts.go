package limit

import (
	"strconv"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// directivesInDocument is how many times Limits.Directives the whole document may hold.
const directivesInDocument = 10

// checkParts looks at every part of the document once, as it was written: names, directives, values, and
// response names within one selection set.
func checkParts(limits Limits, doc *ast.QueryDocument) *gqlerror.Error {
	c := parts{limits: limits}
	for _, operation := range doc.Operations {
		c.name(operation.Name)
		c.directives(operation.Directives)
		c.variables(operation.VariableDefinitions)
		c.selections(operation.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		c.name(fragment.Name)
		c.name(fragment.TypeCondition)
		c.directives(fragment.Directives)
		c.selections(fragment.SelectionSet)
	}
	return c.err
}

// parts remembers the first thing that is wrong with a document.
type parts struct {
	limits          Limits
	directivesSoFar int
	err             *gqlerror.Error
}

func (c *parts) refuse(code, format string, args ...any) {
	if c.err == nil {
		c.err = refuse(code, format, args...)
	}
}

func (c *parts) name(name string) {
	if len(name) > c.limits.NameLength {
		c.refuse(CodeTooLarge, "The document holds a name longer than %d characters.", c.limits.NameLength)
	}
}

func (c *parts) variables(definitions ast.VariableDefinitionList) {
	for _, definition := range definitions {
		c.name(definition.Variable)
		c.name(definition.Type.Name())
		c.directives(definition.Directives)
		c.value(definition.DefaultValue, 0)
	}
}

func (c *parts) selections(set ast.SelectionSet) {
	repeated := make(map[string]int, len(set))
	for _, selection := range set {
		if c.err != nil {
			return
		}
		switch selection := selection.(type) {
		case *ast.Field:
			if repeated[selection.Alias]++; repeated[selection.Alias] > c.limits.SameName {
				c.refuse(CodeTooLarge, "A selection repeats one response name more than %d times.", c.limits.SameName)
			}
			c.field(selection)
		case *ast.InlineFragment:
			c.name(selection.TypeCondition)
			c.directives(selection.Directives)
			c.selections(selection.SelectionSet)
		case *ast.FragmentSpread:
			c.name(selection.Name)
			c.directives(selection.Directives)
		}
	}
}

func (c *parts) field(field *ast.Field) {
	c.name(field.Name)
	c.name(field.Alias)
	c.directives(field.Directives)
	c.arguments(field.Arguments)
	c.selections(field.SelectionSet)
}

func (c *parts) directives(list ast.DirectiveList) {
	if len(list) > c.limits.Directives {
		c.refuse(CodeTooLarge, "More than %d directives stand in one place.", c.limits.Directives)
	}
	c.directivesSoFar += len(list)
	if c.directivesSoFar > directivesInDocument*c.limits.Directives {
		c.refuse(CodeTooLarge, "The document holds more than %d directives.", directivesInDocument*c.limits.Directives)
	}
	for _, directive := range list {
		if directive.Name == "defer" || directive.Name == "stream" {
			c.refuse(errcode.ValidationFailed, "Incremental delivery (@defer, @stream) is not supported.")
		}
		c.name(directive.Name)
		c.arguments(directive.Arguments)
	}
}

func (c *parts) arguments(list ast.ArgumentList) {
	for _, argument := range list {
		c.name(argument.Name)
		c.value(argument.Value, 0)
	}
}

// value checks a literal. Numbers that Go cannot hold are refused here because gqlgen panics when one is
// given to a custom scalar.
func (c *parts) value(value *ast.Value, depth int) {
	if value == nil {
		return
	}
	switch value.Kind {
	case ast.IntValue:
		if _, err := strconv.ParseInt(value.Raw, 10, 64); err != nil {
			c.refuse(errcode.ValidationFailed, "The document holds a number that is too large.")
		}
	case ast.FloatValue:
		if _, err := strconv.ParseFloat(value.Raw, 64); err != nil {
			c.refuse(errcode.ValidationFailed, "The document holds a number that is too large.")
		}
	case ast.Variable, ast.EnumValue:
		c.name(value.Raw)
	case ast.ListValue, ast.ObjectValue:
		c.children(value, depth+1)
	case ast.StringValue, ast.BlockValue, ast.BooleanValue, ast.NullValue:
	}
}

func (c *parts) children(value *ast.Value, depth int) {
	if depth > c.limits.Nesting {
		c.refuse(CodeTooLarge, "A value nests deeper than %d levels.", c.limits.Nesting)
		return
	}
	if len(value.Children) > c.limits.Items {
		c.refuse(CodeTooLarge, "A list holds more than %d items.", c.limits.Items)
		return
	}
	for _, child := range value.Children {
		c.name(child.Name)
		c.value(child.Value, depth)
	}
}

// checkVariables holds the variables, as decoded from JSON, against the limits.
func checkVariables(limits Limits, variables map[string]any) *gqlerror.Error {
	left := limits.Values
	for _, value := range variables {
		if err := checkVariable(limits, value, 0, &left); err != nil {
			return err
		}
	}
	return nil
}

func checkVariable(limits Limits, value any, depth int, left *int) *gqlerror.Error {
	if *left--; *left < 0 {
		return refuse(CodeTooLarge, "The variables hold more than %d values.", limits.Values)
	}
	if depth > limits.Nesting {
		return refuse(CodeTooLarge, "A variable nests deeper than %d levels.", limits.Nesting)
	}
	switch value := value.(type) {
	case []any:
		if len(value) > limits.Items {
			return refuse(CodeTooLarge, "A list in the variables holds more than %d items.", limits.Items)
		}
		for _, item := range value {
			if err := checkVariable(limits, item, depth+1, left); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, field := range value {
			if err := checkVariable(limits, field, depth+1, left); err != nil {
				return err
			}
		}
	}
	return nil
}
