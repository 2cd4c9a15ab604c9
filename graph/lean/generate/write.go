package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed lean.gotpl
var source string

// write writes the file that reads and writes plain fields.
func (p *plain) write(c *config.Config, to string) error {
	err := templates.Render(templates.Options{
		PackageName: c.Exec.Package, Filename: to, Data: p, Template: source, GeneratedHeader: true, Packages: c.Packages,
		Funcs: map[string]any{"emit": emit},
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	return nil
}

// emit is the code that writes the value in the variable, or returns false.
func emit(variable string, t *config.TypeReference) string {
	if !t.IsSlice() {
		return emitOne(variable, t)
	}
	elements := "w.Byte('[')\nfor n, e := range " + variable + " {\nw.Next(n)\n" + emitOne("e", t.Elem()) + "\n}\nw.Byte(']')"
	if t.GQL.NonNull {
		return elements // of no elements, when it is nil
	}
	return "if " + variable + " == nil {\nw.Null()\n} else {\n" + elements + "\n}"
}

// emitOne is emit for what is no list.
func emitOne(variable string, t *config.TypeReference) string {
	if !t.IsPtr() {
		return emitValue(variable, "&"+variable, t)
	}
	missing := "w.Null()"
	if t.GQL.NonNull {
		missing = "return false"
	}
	return "if " + variable + " == nil {\n" + missing + "\n} else {\n" + emitValue("*"+variable, variable, t) + "\n}"
}

// emitValue is emit for what is there: a value and a pointer to it.
func emitValue(value, pointer string, t *config.TypeReference) string {
	write := fmt.Sprintf("writeLean%s(w, now, step.Of, %s)", t.Definition.Name, pointer)
	if t.Definition.Kind != ast.Object {
		write = fmt.Sprintf(writerOf(t), value)
	}
	return "if !" + write + " {\nreturn false\n}"
}

// hook makes gqlgen's code ask for what is written straight to JSON, before it does its own.
func (p *plain) hook(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what gqlgen wrote: %w", err)
	}
	code := &hooked{text: string(text)}
	code.insert("type executionContext struct {\n", "\tlean leanPlans\n\n")
	for _, o := range p.Objects {
		code.first("_"+o.Name+"(ctx context.Context, sel ast.SelectionSet, obj ", "lean"+o.Name+"(ctx, sel, obj)")
		for _, f := range o.Plain {
			if o.Mixed() && f.Leaf() {
				name := "_" + o.Name + "_" + f.Name
				code.first(name+"(ctx context.Context, field graphql.CollectedField, obj ", "lean"+name+"(obj)")
			}
		}
	}
	for _, l := range p.Lists {
		code.first(l.MarshalFunc()+"(ctx context.Context, sel ast.SelectionSet, v ", "lean_"+l.MarshalFunc()+"(ctx, sel, v)")
	}
	if len(code.missing) > 0 {
		return fmt.Errorf("gqlgen writes other code than it did: %q", code.missing)
	}
	if err := os.WriteFile(path, []byte(code.text), 0o644); err != nil { //nolint:gosec // committed, for everybody to read
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// hooked is code into which something is put.
type hooked struct {
	text    string
	missing []string
}

// first has the method whose declaration begins so return what the call returns, unless that is nil.
func (h *hooked) first(declaration, call string) {
	declaration = "func (ec *executionContext) " + declaration
	_, rest, found := strings.Cut(h.text, declaration)
	signature, _, ends := strings.Cut(rest, "{\n")
	if !found || !ends {
		h.missing = append(h.missing, declaration)
		return
	}
	h.insert(declaration+signature+"{\n", "\tif out := ec."+call+"; out != nil {\n\t\treturn out\n\t}\n")
}

// insert puts a text behind another, which must stand there once.
func (h *hooked) insert(behind, text string) {
	if strings.Count(h.text, behind) != 1 {
		h.missing = append(h.missing, behind)
		return
	}
	h.text = strings.Replace(h.text, behind, behind+text, 1)
}
