package olx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// node is an element of an XML file, or a text when its name is "".
type node struct {
	name     string
	attrs    []xml.Attr
	text     string
	children []*node
}

// attr returns an attribute, or "".
func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// elements returns the children that are elements.
func (n *node) elements() []*node {
	return slices.DeleteFunc(slices.Clone(n.children), func(c *node) bool { return c.name == "" })
}

// child returns the first child of that name, or nil.
func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all returns every element of that name below n, in order.
func (n *node) all(name string) []*node {
	var found []*node
	for _, c := range n.children {
		if c.name == name {
			found = append(found, c)
		}
		found = append(found, c.all(name)...)
	}
	return found
}

// words returns the text of n and everything below it.
func (n *node) words() string {
	if n.name == "" {
		return n.text
	}
	var b strings.Builder
	for _, c := range n.children {
		b.WriteString(c.words())
	}
	return b.String()
}

// xmlParser builds the tree of one file within limits.
type xmlParser struct {
	file   string
	limits Limits
	stack  []*node
	count  int
}

// parseXML reads an XML file. Document types and entities of one's own are refused: exports have none.
func parseXML(file string, data []byte, limits Limits) (*node, error) {
	p := &xmlParser{file: file, limits: limits, stack: []*node{{name: "document"}}}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.Entity = xml.HTMLEntity
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refuse("The file “%s” is not well-formed XML in UTF-8.", file).Because(err)
		}
		if err := p.token(token); err != nil {
			return nil, err
		}
	}
	roots := p.stack[0].elements()
	if len(roots) != 1 {
		return nil, refuse("The file “%s” is not well-formed XML: it must have one root element.", file)
	}
	return roots[0], nil
}

func (p *xmlParser) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return refuse("The file “%s” declares a document type or entities, and exports have none.", p.file)
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		p.stack = p.stack[:len(p.stack)-1]
	case xml.CharData:
		return p.add(&node{text: string(t)})
	}
	return nil
}

func (p *xmlParser) start(t xml.StartElement) error {
	if len(p.stack) > p.limits.Depth {
		return refuse("The file “%s” nests too deep.", p.file)
	}
	for _, a := range t.Attr {
		if len(a.Value) > p.limits.AttrBytes {
			return refuse("The file “%s” holds an attribute that is too long.", p.file)
		}
	}
	n := &node{name: t.Name.Local, attrs: slices.Clone(t.Attr)}
	if err := p.add(n); err != nil {
		return err
	}
	p.stack = append(p.stack, n)
	return nil
}

func (p *xmlParser) add(n *node) error {
	if p.count++; p.count > p.limits.Nodes {
		return refuse("The file “%s” holds too many elements.", p.file)
	}
	top := p.stack[len(p.stack)-1]
	top.children = append(top.children, n)
	return nil
}

// htmlNodes returns the nodes as a page has them.
func htmlNodes(nodes []*node) []*html.Node {
	out := make([]*html.Node, 0, len(nodes))
	for _, n := range nodes {
		if n.name == "" {
			out = append(out, &html.Node{Type: html.TextNode, Data: n.text})
			continue
		}
		name := strings.ToLower(n.name)
		e := &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
		for _, a := range n.attrs {
			e.Attr = append(e.Attr, html.Attribute{Key: strings.ToLower(a.Name.Local), Val: a.Value})
		}
		for _, child := range htmlNodes(n.children) {
			e.AppendChild(child)
		}
		out = append(out, e)
	}
	return out
}
