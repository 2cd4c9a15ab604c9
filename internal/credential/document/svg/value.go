package svg

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"

	"lyceum/internal/credential/document/pdf"
)

// inherit is p unless an element says otherwise.
func (p paint) inherit(attribute string) (paint, error) {
	if attribute == "" || attribute == "inherit" {
		return p, nil
	}
	return parsePaint(attribute)
}

// parsePaint reads a colour: "none", a name, "#rgb", "#rrggbb" or "rgb(r, g, b)".
func parsePaint(s string) (paint, error) {
	s = strings.ToLower(s)
	switch {
	case s == "none" || s == "transparent":
		return paint{none: true}, nil
	case s == "currentcolor":
		return paint{}, nil
	case strings.HasPrefix(s, "#"):
		return parseHex(s)
	case strings.HasPrefix(s, "rgb(") && strings.HasSuffix(s, ")"):
		return parseRGB(s[len("rgb(") : len(s)-1])
	}
	if c, ok := colornames.Map[s]; ok {
		return paint{color: pdf.Color{R: c.R, G: c.G, B: c.B}}, nil
	}
	return paint{}, unsupported(fmt.Sprintf("the paint %q", s))
}

func parseHex(s string) (paint, error) {
	digits := s[1:]
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	v, err := strconv.ParseUint(digits, 16, 24)
	if err != nil || len(digits) != 6 {
		return paint{}, unsupported(fmt.Sprintf("the paint %q", s))
	}
	return paint{color: pdf.Color{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v)}}, nil
}

func parseRGB(s string) (paint, error) {
	var c [3]uint8
	parts := strings.Split(s, ",")
	if len(parts) != len(c) {
		return paint{}, unsupported(fmt.Sprintf("the paint rgb(%s)", s))
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(strings.TrimSpace(part), 10, 8)
		if err != nil {
			return paint{}, unsupported(fmt.Sprintf("the paint rgb(%s)", s))
		}
		c[i] = uint8(v)
	}
	return paint{color: pdf.Color{R: c[0], G: c[1], B: c[2]}}, nil
}

// parseNumbers reads numbers separated by commas or white space, or only by their signs and points.
func parseNumbers(s string) ([]float64, error) {
	scan := &scanner{rest: s}
	var values []float64
	for !scan.done() {
		v, err := scan.number()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// parseTransform reads a list of transformations; the last is applied first.
func parseTransform(s string) (pdf.Matrix, error) {
	result := pdf.Scale(1, 1)
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, ", \t\r\n") {
		name, rest, opened := strings.Cut(s, "(")
		list, after, closed := strings.Cut(rest, ")")
		values, err := parseNumbers(list)
		if !opened || !closed || err != nil {
			return result, unsupported(fmt.Sprintf("the transformation %q", s))
		}
		m, ok := transformation(strings.TrimSpace(name), values)
		if !ok {
			return result, unsupported(fmt.Sprintf("the transformation %q", s))
		}
		result, s = m.Then(result), after
	}
	return result, nil
}

// transformation builds one step of a list (SVG 1.1, 7.6). The second result says that there is such a step.
func transformation(name string, v []float64) (pdf.Matrix, bool) {
	const degree = math.Pi / 180
	steps := map[string]func() pdf.Matrix{
		"matrix 6":    func() pdf.Matrix { return pdf.Matrix{A: v[0], B: v[1], C: v[2], D: v[3], E: v[4], F: v[5]} },
		"translate 1": func() pdf.Matrix { return pdf.Translate(v[0], 0) },
		"translate 2": func() pdf.Matrix { return pdf.Translate(v[0], v[1]) },
		"scale 1":     func() pdf.Matrix { return pdf.Scale(v[0], v[0]) },
		"scale 2":     func() pdf.Matrix { return pdf.Scale(v[0], v[1]) },
		"rotate 1":    func() pdf.Matrix { return pdf.Rotate(v[0] * degree) },
		"rotate 3": func() pdf.Matrix {
			return pdf.Translate(-v[1], -v[2]).Then(pdf.Rotate(v[0] * degree)).Then(pdf.Translate(v[1], v[2]))
		},
		"skewX 1": func() pdf.Matrix { return pdf.Matrix{A: 1, C: math.Tan(v[0] * degree), D: 1} },
		"skewY 1": func() pdf.Matrix { return pdf.Matrix{A: 1, B: math.Tan(v[0] * degree), D: 1} },
	}
	step, ok := steps[name+" "+strconv.Itoa(len(v))]
	if !ok {
		return pdf.Matrix{}, false
	}
	return step(), true
}

// scanner takes numbers off the front of a string.
type scanner struct{ rest string }

// done skips separators and reports whether nothing is left.
func (s *scanner) done() bool {
	s.rest = strings.TrimLeft(s.rest, ", \t\r\n")
	return s.rest == ""
}

// number takes the longest number (SVG 1.1, 4.2), so that "1-.5.5" is three.
func (s *scanner) number() (float64, error) {
	if s.done() {
		return 0, errors.New("the SVG ends a list of numbers early")
	}
	end := numberLength(s.rest)
	v, err := strconv.ParseFloat(s.rest[:end], 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("the SVG has something else where a number belongs: %q", head(s.rest))
	}
	s.rest = s.rest[end:]
	return v, nil
}

// flag takes one of the digits 0 and 1, which need no separator.
func (s *scanner) flag() (bool, error) {
	if s.done() || s.rest[0] != '0' && s.rest[0] != '1' {
		return false, fmt.Errorf("the SVG has something else where an arc's flag belongs: %q", head(s.rest))
	}
	on := s.rest[0] == '1'
	s.rest = s.rest[1:]
	return on, nil
}

func numberLength(s string) int {
	i := 0
	digits := func() {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
	}
	sign := func() {
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
	}
	sign()
	digits()
	if i < len(s) && s[i] == '.' {
		i++
		digits()
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		mantissa := i
		i++
		sign()
		exponent := i
		digits()
		if i == exponent {
			i = mantissa
		}
	}
	return i
}

// head is the start of a text for an error message.
func head(s string) string {
	const length = 12
	return s[:min(length, len(s))]
}
