// Package svg reads the plain part of SVG that logos are made of: groups and filled or stroked shapes. Whatever
// could fetch, run or hide something (scripts, styles, references, images, text, filters, entities) is refused
// with the reason, not skipped, so that a logo never prints other than it looks.
package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"lyceum/internal/credential/document/pdf"
)

const (
	maxDepth    = 64
	maxSegments = 20_000
	// Height is the height of every picture in its own units; the width follows from the proportions.
	Height = 100.0

	svgNamespace = "http://www.w3.org/2000/svg"
)

// Picture is a drawing of Width by Height units, with its lower left corner at the origin.
type Picture struct {
	Form  *pdf.Form
	Width float64
}

// state is what elements inherit.
type state struct {
	matrix    pdf.Matrix
	fill      paint
	stroke    paint
	pen       float64
	evenOdd   bool
	opacity   float64
	fillShare float64
	lineShare float64
}

// paint is a colour or nothing.
type paint struct {
	color pdf.Color
	none  bool
}

// reader walks the elements of one file.
type reader struct {
	decoder  *xml.Decoder
	picture  *Picture
	segments int
}

// Parse reads an SVG file.
func Parse(data []byte) (*Picture, error) {
	r := &reader{decoder: xml.NewDecoder(bytes.NewReader(data))}
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("the SVG cannot be read: %w", err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, errors.New("the SVG has a document type, which may hide entities; save it without")
		case xml.StartElement:
			if token.Name.Local != "svg" || token.Name.Space != svgNamespace {
				return nil, fmt.Errorf("the SVG starts with the element %q", token.Name.Local)
			}
			root, err := r.open(token)
			if err != nil {
				return nil, err
			}
			if err := r.children(root, 1); err != nil {
				return nil, err
			}
			return r.picture, r.end()
		}
	}
}

// end checks that nothing follows the root element.
func (r *reader) end() error {
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the SVG cannot be read: %w", err)
		}
		if _, ok := token.(xml.StartElement); ok {
			return errors.New("the SVG has a second root element")
		}
	}
}

// open starts the picture from the root element: its viewBox, or else its size.
func (r *reader) open(root xml.StartElement) (state, error) {
	attrs := attributes(root)
	view, err := parseNumbers(attrs["viewBox"])
	if attrs["viewBox"] == "" {
		view, err = parseNumbers("0 0 " + strings.TrimSuffix(attrs["width"], "px") + " " + strings.TrimSuffix(attrs["height"], "px"))
	}
	const sides, least, most = 4, 1e-6, 1e6
	if err != nil || len(view) != sides {
		return state{}, errors.New("the SVG has neither a viewBox nor a width and height in pixels")
	}
	for _, side := range view[2:] {
		if !(side > least && side < most) {
			return state{}, errors.New("the SVG has no sensible size")
		}
	}
	scale := Height / view[3]
	r.picture = &Picture{Width: view[2] * scale}
	r.picture.Form = pdf.NewForm(0, 0, r.picture.Width, Height)
	// SVG counts downwards from the top, PDF upwards from the bottom.
	matrix := pdf.Translate(-view[0], -view[1]).Then(pdf.Scale(scale, -scale)).Then(pdf.Translate(0, Height))
	initial := state{matrix: matrix, stroke: paint{none: true}, pen: 1, opacity: 1, fillShare: 1, lineShare: 1}
	return initial.inherit(attrs)
}

// children reads up to the end of the current element.
func (r *reader) children(parent state, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the SVG nests more than %d groups", maxDepth)
	}
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return fmt.Errorf("the SVG cannot be read: %w", err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := r.element(token, parent, depth); err != nil {
				return err
			}
		}
	}
}

// element reads one element with everything in it.
func (r *reader) element(start xml.StartElement, parent state, depth int) error {
	name := start.Name.Local
	switch {
	case start.Name.Space != svgNamespace, name == "title", name == "desc", name == "metadata":
		// Notes of drawing programs and descriptions: nothing of them is drawn.
		return r.skip()
	case name == "defs":
		return r.onlyEmpty(name)
	}
	own, err := parent.inherit(attributes(start))
	if err != nil {
		return err
	}
	if name == "g" {
		return r.children(own, depth+1)
	}
	shape, err := outline(name, attributes(start))
	if err != nil {
		return err
	}
	if err := r.draw(shape, own); err != nil {
		return err
	}
	return r.onlyEmpty(name)
}

func (r *reader) skip() error {
	if err := r.decoder.Skip(); err != nil {
		return fmt.Errorf("the SVG cannot be read: %w", err)
	}
	return nil
}

// onlyEmpty reads to the end of an element that may hold descriptions but no drawing.
func (r *reader) onlyEmpty(name string) error {
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return fmt.Errorf("the SVG cannot be read: %w", err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if token.Name.Space == svgNamespace && token.Name.Local != "title" && token.Name.Local != "desc" {
				return unsupported(fmt.Sprintf("<%s> inside of <%s>", token.Name.Local, name))
			}
			if err := r.skip(); err != nil {
				return err
			}
		}
	}
}

// unsupported says what a logo may not use, and the way out.
func unsupported(what string) error {
	return fmt.Errorf("the SVG uses %s; convert it to plain shapes or use a PNG", what)
}

// attributes collects the attributes without a namespace, those of the style attribute last: they win.
func attributes(e xml.StartElement) map[string]string {
	attrs := make(map[string]string, len(e.Attr))
	for _, a := range e.Attr {
		if a.Name.Space == "" {
			attrs[a.Name.Local] = strings.TrimSpace(a.Value)
		}
	}
	for declaration := range strings.SplitSeq(attrs["style"], ";") {
		if property, value, ok := strings.Cut(declaration, ":"); ok {
			attrs[strings.TrimSpace(property)] = strings.TrimSpace(value)
		}
	}
	return attrs
}

// inherit applies the attributes of an element to what it inherits.
func (s state) inherit(attrs map[string]string) (state, error) {
	for _, name := range []string{"filter", "mask", "clip-path", "marker", "marker-start", "marker-end", "stroke-dasharray"} {
		if value := attrs[name]; value != "" && value != "none" {
			return s, unsupported("the attribute " + name)
		}
	}
	if attrs["display"] == "none" || attrs["visibility"] == "hidden" {
		s.opacity = 0
	}
	if v := attrs["fill-rule"]; v != "" {
		s.evenOdd = v == "evenodd"
	}
	var err error
	if s.fill, err = s.fill.inherit(attrs["fill"]); err != nil {
		return s, err
	}
	if s.stroke, err = s.stroke.inherit(attrs["stroke"]); err != nil {
		return s, err
	}
	if err := s.inheritNumbers(attrs); err != nil {
		return s, err
	}
	m, err := parseTransform(attrs["transform"])
	if err != nil {
		return s, err
	}
	s.matrix = m.Then(s.matrix)
	return s, nil
}

func (s *state) inheritNumbers(attrs map[string]string) error {
	opacity := 1.0
	for _, number := range []struct {
		name   string
		target *float64
	}{
		{"opacity", &opacity}, {"fill-opacity", &s.fillShare}, {"stroke-opacity", &s.lineShare}, {"stroke-width", &s.pen},
	} {
		if attrs[number.name] == "" {
			continue
		}
		v, err := parseLength(attrs[number.name])
		if err != nil {
			return err
		}
		*number.target = max(v, 0)
	}
	s.opacity *= min(opacity, 1)
	return nil
}

// draw paints a shape. Opacity is mixed with the white of the page.
func (r *reader) draw(shape *shape, s state) error {
	r.segments += len(shape.segments)
	if r.segments > maxSegments {
		return fmt.Errorf("the SVG has more than %d lines and curves", maxSegments)
	}
	if s.opacity == 0 {
		return nil
	}
	path, err := shape.path(s.matrix)
	if err != nil {
		return err
	}
	white := pdf.Color{R: 0xFF, G: 0xFF, B: 0xFF}
	if !s.fill.none && s.fillShare > 0 {
		r.picture.Form.Fill(path, white.Mix(s.fill.color, s.opacity*min(s.fillShare, 1)), s.evenOdd)
	}
	if !s.stroke.none && s.lineShare > 0 && s.pen > 0 {
		scale := math.Sqrt(math.Abs(s.matrix.A*s.matrix.D - s.matrix.B*s.matrix.C))
		r.picture.Form.Stroke(path, white.Mix(s.stroke.color, s.opacity*min(s.lineShare, 1)), s.pen*scale)
	}
	return nil
}

// parseLength reads a number of user units, with or without "px".
func parseLength(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "px"), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("the SVG has the number %q, which is not one in pixels", s)
	}
	return v, nil
}
