package svg

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"lyceum/internal/credential/document/pdf"
)

// in wraps content in a root element of 30 by 10 units.
func in(content string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10">` + content + `</svg>`
}

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for label, file := range map[string]string{
		"nothing":           in(""),
		"prolog":            "\uFEFF<?xml version=\"1.0\"?>\n<!-- x -->\n" + in(`<rect width="3" height="3"/>`),
		"size, no view box": `<svg xmlns="http://www.w3.org/2000/svg" width="30px" height="10"/>`,
		"shapes": in(`<g fill="#c8102e" transform="translate(1 2) rotate(45, 5 5) scale(.5)"><path d="M1 1h8v8H1z"/><circle r="3"/>` +
			`<ellipse rx="3" ry="2"/><line x2="4"/><polyline points="1,1 2,2 3,1"/><polygon points="1 1 2 2 3 1"/><rect x="1" width="2" height="2" rx="1"/></g>`),
		"paints":     in(`<path fill="none" stroke="Teal" d="M0 0L1 1"/><path fill="rgb(1, 2,3)" stroke="#abc" style="fill:#123456;stroke-width:2px" d="M0 0L1 1"/>`),
		"hidden":     in(`<g display="none"><rect width="3" height="3"/></g>`),
		"described":  in(`<title>Acme</title><desc><p>any</p></desc><metadata><rdf xmlns="x"/></metadata><rect width="1" height="1"><title>t</title></rect><defs/>`),
		"from tools": `<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://i" viewBox="0 0 30 10"><inkscape:view><x/></inkscape:view></svg>`,
		"no radius":  in(`<circle cx="3"/><rect width="0" height="3"/><path d=""/><polygon points=""/>`),
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			picture, err := Parse([]byte(file))
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if math.Abs(picture.Width-300) > 1e-9 {
				t.Errorf("width %v, want three times the height", picture.Width)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, want string }{
		"nothing":           {"", "cannot be read"},
		"html":              {"<html/>", `"html"`},
		"no namespace":      {`<svg viewBox="0 0 1 1"/>`, `"svg"`},
		"no size":           {`<svg xmlns="http://www.w3.org/2000/svg"/>`, "neither a viewBox"},
		"percent":           {`<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"/>`, "neither a viewBox"},
		"no area":           {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 1"/>`, "no sensible size"},
		"infinite":          {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e999 1"/>`, "neither"},
		"entities":          {`<!DOCTYPE svg [<!ENTITY x "y">]>` + in("&x;"), "document type"},
		"unknown entity":    {in("&x;"), "cannot be read"},
		"unclosed":          {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g>`, "cannot be read"},
		"two roots":         {in("") + in(""), "second root"},
		"script":            {in("<script>alert(1)</script>"), "<script>"},
		"style sheet":       {in("<style>*{fill:red}</style>"), "<style>"},
		"image":             {in(`<image href="file:///etc/passwd"/>`), "<image>"},
		"reference":         {in(`<use href="#a"/>`), "<use>"},
		"text":              {in("<text>Acme</text>"), "<text>"},
		"html inside":       {in("<foreignObject/>"), "<foreignObject>"},
		"animation":         {in(`<rect width="1" height="1"><animate/></rect>`), "<animate>"},
		"definition":        {in(`<defs><linearGradient/></defs>`), "<linearGradient>"},
		"gradient":          {in(`<rect fill="url(#g)"/>`), "url(#g)"},
		"filter":            {in(`<g filter="url(#f)"/>`), "filter"},
		"clip":              {in(`<g style="clip-path:url(#c)"/>`), "clip-path"},
		"dashes":            {in(`<path stroke-dasharray="1 2" d="M0 0"/>`), "stroke-dasharray"},
		"paint":             {in(`<rect fill="#12345"/>`), "#12345"},
		"rgb":               {in(`<rect fill="rgb(300,0,0)"/>`), "rgb"},
		"number":            {in(`<rect x="a"/>`), `"a"`},
		"unit":              {in(`<rect x="1mm"/>`), `"1mm"`},
		"not a number":      {in(`<rect x="NaN"/>`), `"NaN"`},
		"transformation":    {in(`<g transform="warp(1)"/>`), "warp"},
		"open parenthesis":  {in(`<g transform="scale(1"/>`), "scale"},
		"far away":          {in(`<path d="M1e300 1L1 1"/>`), "far outside"},
		"path, no move":     {in(`<path d="L1 1"/>`), "does not start with a move"},
		"path, odd numbers": {in(`<path d="M1 1L1"/>`), "early"},
		"path, letters":     {in(`<path d="M1 1 k"/>`), "command"},
		"path, flag":        {in(`<path d="M1 1A1 1 0 2 0 3 3"/>`), "flag"},
		"too deep":          {in(strings.Repeat("<g>", 100) + strings.Repeat("</g>", 100)), "nests"},
		"too much":          {in(`<path d="M0 0` + strings.Repeat("L1 1", 30_000) + `"/>`), "more than"},
		"too much in total": {in(strings.Repeat(`<path d="M0 0`+strings.Repeat("h1", 300)+`"/>`, 100)), "more than"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse([]byte(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want %q", err, tt.want)
			}
		})
	}
}

// outlineOf is the shape of path data in short notation.
func outlineOf(t *testing.T, d string) string {
	t.Helper()
	s, err := parsePath(d)
	if err != nil {
		t.Fatalf("parsePath(%q): %v", d, err)
	}
	var b strings.Builder
	for _, seg := range s.segments {
		b.WriteByte(seg.kind)
		for i := range map[byte]int{'M': 1, 'L': 1, 'C': 3}[seg.kind] {
			fmt.Fprintf(&b, " %.4g,%.4g", rounded(seg.points[i].x), rounded(seg.points[i].y))
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// rounded hides what is left of a zero after trigonometry.
func rounded(v float64) float64 { return math.Round(v*1e6)/1e6 + 0 }

func TestParsePath(t *testing.T) {
	t.Parallel()
	for d, want := range map[string]string{
		"M1 2L3 4":                 "M 1,2 L 3,4",
		"M1,2 3,4 5,6":             "M 1,2 L 3,4 L 5,6",
		"m1-2.5.5-3":               "M 1,-2.5 L 1.5,-5.5",
		"M1 1h2v3H0V0z":            "M 1,1 L 3,1 L 3,4 L 0,4 L 0,0 Z",
		"m1 1l1 1zl2 2":            "M 1,1 L 2,2 Z L 3,3",
		"M0 0C1 1 2 1 3 0":         "M 0,0 C 1,1 2,1 3,0",
		"M0 0c1 1 2 1 3 0s2-1 3 0": "M 0,0 C 1,1 2,1 3,0 C 4,-1 5,-1 6,0",
		"M0 0S1 1 2 0":             "M 0,0 C 0,0 1,1 2,0",
		"M0 0Q3 3 6 0T12 0":        "M 0,0 C 2,2 4,2 6,0 C 8,-2 10,-2 12,0",
		"M0 0T6 6":                 "M 0,0 C 0,0 2,2 6,6",
		"M1e1 2E-1":                "M 10,0.2",
		"M0 0A0 5 0 0 0 3 3":       "M 0,0 L 3,3",
		"M2 2A1 1 0 0 0 2 2":       "M 2,2",
		"M1 0A1 1 0 01-1 0":        "M 1,0 C 1,0.5523 0.5523,1 0,1 C -0.5523,1 -1,0.5523 -1,0",
		"M1 0a1 1 0 00-2 0":        "M 1,0 C 1,-0.5523 0.5523,-1 0,-1 C -0.5523,-1 -1,-0.5523 -1,0",
		"M0 0a.1.1 0 0110 0":       "M 0,0 C 0,-2.761 2.239,-5 5,-5 C 7.761,-5 10,-2.761 10,0",
	} {
		if got := outlineOf(t, d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

func TestParseTransform(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]float64{
		"":                                 {3, 4},
		"translate(1, 2)":                  {4, 6},
		"translate(1)":                     {4, 4},
		"scale(2)":                         {6, 8},
		"scale(2 3)":                       {6, 12},
		"rotate(90)":                       {-4, 3},
		"rotate(180 3 4)":                  {3, 4},
		"matrix(1 0 0 -1 0 10)":            {3, 6},
		"skewX(45)":                        {7, 4},
		"skewY(45)":                        {3, 7},
		"translate(10 0) scale(2)":         {16, 8},
		" translate(1,1),\ttranslate(1 1)": {5, 6},
	} {
		m, err := parseTransform(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if x, y := m.A*3+m.C*4+m.E, m.B*3+m.D*4+m.F; math.Abs(x-want[0]) > 1e-9 || math.Abs(y-want[1]) > 1e-9 {
			t.Errorf("%s: (%v, %v), want %v", text, x, y, want)
		}
	}
}

func TestParsePaint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]paint{
		"none": {none: true}, "Transparent": {none: true}, "currentColor": {}, "#abc": {color: pdf.Color{R: 0xAA, G: 0xBB, B: 0xCC}},
		"#A1b2C3": {color: pdf.Color{R: 0xA1, G: 0xB2, B: 0xC3}}, "rgb(1, 2 ,3)": {color: pdf.Color{R: 1, G: 2, B: 3}},
		"Navy": {color: pdf.Color{B: 0x80}},
	} {
		if got, err := parsePaint(text); err != nil || got != want {
			t.Errorf("%s: %v (error %v), want %v", text, got, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(in(`<g fill="#c8102e" opacity=".5" transform="rotate(4)"><path d="M1 1h8a1 1 0 010 9q1 1 2 2t3 3z" stroke="red"/></g>`))
	f.Add(in(`<rect rx="1" width="9" height="3"/><circle r="1e5"/><ellipse rx="-1" ry="3"/>`))
	f.Add(`<svg xmlns="http://www.w3.org/2000/svg" width="1e-3" height="1e3" style="fill:;;:"/>`)
	f.Fuzz(func(t *testing.T, file string) {
		started := time.Now()
		picture, err := Parse([]byte(file))
		if elapsed := time.Since(started); elapsed > 10*time.Second {
			t.Fatalf("Parse took %v", elapsed)
		}
		if err == nil && (picture.Form == nil || !(picture.Width > 0)) {
			t.Fatalf("Parse: %+v", picture)
		}
	})
}
