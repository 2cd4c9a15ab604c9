// Package pdf writes one-page tagged PDF 1.7 files (ISO 32000-1): vector graphics, shaped text in embedded
// subsets, pictures, links, and a structure that screen readers follow. The same calls give the same bytes:
// nothing in a file comes from the clock, from chance or from the order of a map.
//
// General writers were tried first. They stamp the time, drop the offsets that put vowel signs and accents in
// their places, and lose the text behind ligatures and syllables; all three matter on a certificate.
package pdf

import (
	"bytes"
	"fmt"
	"time"
)

// pointsPerMillimetre converts to the unit of PDF's user space.
const pointsPerMillimetre = 72 / 25.4

// Meta describes a file to readers, search engines and assistive technology.
type Meta struct {
	Title, Author, Subject, Producer string
	// Language is the BCP 47 tag of the text.
	Language string
	// RightToLeft says in which direction the language is read.
	RightToLeft bool
	// Created is written in UTC.
	Created time.Time
}

// Element is a piece of the logical structure, in reading order.
type Element struct {
	// Type is a standard structure type (ISO 32000-1, 14.8.4): "H1", "P", "Figure", "Link".
	Type string
	// Alt describes a figure or a link in words.
	Alt string
	// Text is what the element says, in reading order, for readers that follow the structure.
	Text string
	// URL makes the element a link with Area as its hot spot. Only ASCII.
	URL string
	// Area is left, bottom, right, top in millimetres.
	Area [4]float64
}

// placedImage is an image on a sheet.
type placedImage struct {
	image *Image
	name  string
}

// Sheet is a document of one page. Lengths are millimetres, the origin is the lower left corner.
type Sheet struct {
	Drawing
	meta          Meta
	width, height float64
	fonts         []*embedded
	images        []placedImage
	elements      []Element
}

// NewSheet returns an empty page.
func NewSheet(meta Meta, width, height float64) *Sheet {
	return &Sheet{meta: meta, width: width, height: height}
}

// Tagged runs draw and marks what it draws as one element of the structure. Calls do not nest.
func (s *Sheet) Tagged(e Element, draw func()) {
	fmt.Fprintf(&s.ops, "/%s <</MCID %d>> BDC\n", e.Type, len(s.elements))
	s.elements = append(s.elements, e)
	draw()
	s.ops.WriteString("EMC\n")
}

// Decoration runs draw and marks what it draws as without meaning, so that readers skip it.
func (s *Sheet) Decoration(draw func()) {
	s.ops.WriteString("/Artifact BMC\n")
	draw()
	s.ops.WriteString("EMC\n")
}

// Substitute runs draw and says which text the drawing stands for. It is used inside of Tagged.
func (s *Sheet) Substitute(text string, draw func()) {
	fmt.Fprintf(&s.ops, "/Span <</ActualText %s>> BDC\n", textString(text))
	draw()
	s.ops.WriteString("EMC\n")
}

// Text sets a run.
func (s *Sheet) Text(run Run) {
	for i, font := range s.fonts {
		if font.font == run.Font {
			writeRun(&s.ops, font, fmt.Sprintf("F%d", i), run)
			return
		}
	}
	font := &embedded{font: run.Font, codes: map[code]int{}}
	s.fonts = append(s.fonts, font)
	writeRun(&s.ops, font, fmt.Sprintf("F%d", len(s.fonts)-1), run)
}

// Image draws m into the rectangle with its lower left corner at (x, y).
func (s *Sheet) Image(m *Image, x, y, width, height float64) {
	name := fmt.Sprintf("I%d", len(s.images))
	s.images = append(s.images, placedImage{m, name})
	fmt.Fprintf(&s.ops, "q %s 0 0 %s %s cm /%s Do Q\n", number(width), number(height), numbers(x, y), name)
}

// Bytes returns the finished file.
func (s *Sheet) Bytes() []byte {
	f := &file{}
	catalog, page, info := f.reserve(), f.reserve(), f.reserve()
	pages := f.add("<</Type /Pages /Count 1 /Kids [%s]>>", page)
	structure, annotations := f.addStructure(s.elements, page)

	content := fmt.Appendf(nil, "%s cm\n%s", Scale(pointsPerMillimetre, pointsPerMillimetre).operands(), s.ops.Bytes())
	f.set(page, "<</Type /Page /Parent %s /MediaBox [0 0 %s] /Resources <<%s>> /Contents %s /StructParents 0 /Tabs /S%s>>",
		pages, numbers(s.width*pointsPerMillimetre, s.height*pointsPerMillimetre),
		s.resources(f), f.addStream("", content), annotations)

	direction := "L2R"
	if s.meta.RightToLeft {
		direction = "R2L"
	}
	f.set(catalog, "<</Type /Catalog /Pages %s /Lang %s /MarkInfo <</Marked true>> /StructTreeRoot %s "+
		"/ViewerPreferences <</DisplayDocTitle true /Direction /%s>> /Metadata %s>>",
		pages, asciiString(s.meta.Language), structure, direction, f.addRaw("/Type /Metadata /Subtype /XML ", s.meta.xmp()))
	f.set(info, "<</Title %s /Author %s /Subject %s /Producer %s /CreationDate %s>>",
		textString(s.meta.Title), textString(s.meta.Author), textString(s.meta.Subject), textString(s.meta.Producer),
		asciiString(s.meta.Created.UTC().Format("D:20060102150405Z")))
	return f.bytes(catalog, info)
}

// resources writes what the page's operators name and returns the entries of its resource dictionary.
func (s *Sheet) resources(f *file) string {
	var b bytes.Buffer
	b.WriteString("/Font <<")
	for i, font := range s.fonts {
		fmt.Fprintf(&b, "/F%d %s ", i, f.addFont(font))
	}
	b.WriteString(">> /XObject <<")
	known := map[*Image]reference{}
	for _, placed := range s.images {
		if known[placed.image] == 0 {
			known[placed.image] = f.addImage(placed.image)
		}
		fmt.Fprintf(&b, "/%s %s ", placed.name, known[placed.image])
	}
	f.addForms(&b, s.forms, map[*Form]reference{})
	b.WriteString(">>")
	return b.String()
}
