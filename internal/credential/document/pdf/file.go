package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// reference is the number of an indirect object; the first is 1.
type reference int

// String is the reference as it stands in other objects.
func (r reference) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// file collects the indirect objects of a document.
type file struct{ objects [][]byte }

// reserve hands out a number for an object that is set later.
func (f *file) reserve() reference {
	f.objects = append(f.objects, nil)
	return reference(len(f.objects))
}

// set gives a reserved object its value.
func (f *file) set(r reference, format string, args ...any) {
	f.objects[r-1] = fmt.Appendf(nil, format, args...)
}

// add stores an object.
func (f *file) add(format string, args ...any) reference {
	r := f.reserve()
	f.set(r, format, args...)
	return r
}

// addStream stores data compressed; entries go into the stream's dictionary and end with a space.
func (f *file) addStream(entries string, data []byte) reference {
	return f.addRaw(entries+"/Filter /FlateDecode ", deflate(data))
}

// addRaw stores a stream as it is.
func (f *file) addRaw(entries string, data []byte) reference {
	r := f.reserve()
	f.objects[r-1] = fmt.Appendf(nil, "<<%s/Length %d>>\nstream\n%s\nendstream", entries, len(data), data)
	return r
}

// bytes writes header, objects, cross-reference table and trailer (ISO 32000-1, 7.5).
func (f *file) bytes(catalog, info reference) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(f.objects))
	for i, object := range f.objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	// The identifier is a digest of everything before it, so that equal documents are equal files.
	id := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %s /Info %s /ID [<%X> <%X>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(offsets)+1, catalog, info, id[:16], id[:16], start)
	return b.Bytes()
}

// addStructure writes the structure tree and the links' annotations. The second result are the page's entries.
func (f *file) addStructure(elements []Element, page reference) (reference, string) {
	root, document, parents := f.reserve(), f.reserve(), f.reserve()
	var kids, annotations []string
	var nums strings.Builder
	for i, e := range elements {
		element := f.reserve()
		content := strconv.Itoa(i)
		if e.URL != "" {
			key := len(annotations) + 1
			annotation := f.addLink(e, key)
			annotations = append(annotations, annotation.String())
			content = fmt.Sprintf("[%d <</Type /OBJR /Obj %s>>]", i, annotation)
			fmt.Fprintf(&nums, " %d %s", key, element)
		}
		words := ""
		if e.Alt != "" {
			words = " /Alt " + textString(e.Alt)
		}
		if e.Text != "" {
			words += " /ActualText " + textString(e.Text)
		}
		f.set(element, "<</Type /StructElem /S /%s /P %s /Pg %s /K %s%s>>", e.Type, document, page, content, words)
		kids = append(kids, element.String())
	}
	f.set(document, "<</Type /StructElem /S /Document /P %s /K [%s]>>", root, strings.Join(kids, " "))
	f.set(parents, "<</Nums [0 [%s]%s]>>", strings.Join(kids, " "), nums.String())
	f.set(root, "<</Type /StructTreeRoot /K %s /ParentTree %s /ParentTreeNextKey %d>>", document, parents, len(annotations)+1)
	if len(annotations) == 0 {
		return root, ""
	}
	return root, fmt.Sprintf(" /Annots [%s]", strings.Join(annotations, " "))
}

// addLink writes the annotation of a link; key is its entry in the parent tree.
func (f *file) addLink(e Element, key int) reference {
	area := make([]float64, len(e.Area))
	for i, v := range e.Area {
		area[i] = v * pointsPerMillimetre
	}
	const printed = 4 // annotation flag "Print"
	return f.add("<</Type /Annot /Subtype /Link /Rect [%s] /Border [0 0 0] /F %d /Contents %s /StructParent %d "+
		"/A <</S /URI /URI %s>>>>", numbers(area...), printed, textString(e.Alt), key, asciiString(e.URL))
}

// addFont embeds the used part of a font as a composite font (ISO 32000-1, 9.7).
func (f *file) addFont(e *embedded) reference {
	const symbolic = 4
	wanted := map[uint16]bool{0: true}
	widths, glyphs := make([]string, len(e.order)), make([]byte, 2, 2*len(e.order)+2)
	for i, c := range e.order {
		wanted[c.glyph] = true
		widths[i] = strconv.Itoa(e.font.width(c.glyph))
		glyphs = append(glyphs, byte(c.glyph>>8), byte(c.glyph))
	}
	program := e.font.subset(wanted)
	name := subsetTag(program) + "+" + e.font.name
	bounds := make([]float64, len(e.font.bounds))
	for i, v := range e.font.bounds {
		bounds[i] = float64(e.font.perMille(v))
	}
	ascent, descent := e.font.perMille(e.font.ascent), e.font.perMille(e.font.descent)
	descriptor := f.add("<</Type /FontDescriptor /FontName /%s /Flags %d /FontBBox [%s] /ItalicAngle 0 /Ascent %d "+
		"/Descent %d /CapHeight %d /StemV 80 /FontFile2 %s>>", name, symbolic, numbers(bounds...), ascent, descent, ascent,
		f.addStream(fmt.Sprintf("/Length1 %d ", len(program)), program))
	descendant := f.add("<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) "+
		"/Ordering (Identity) /Supplement 0>> /FontDescriptor %s /DW 0 /W [1 [%s]] /CIDToGIDMap %s>>",
		name, descriptor, strings.Join(widths, " "), f.addStream("", glyphs))
	return f.add("<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%s] /ToUnicode %s>>",
		name, descendant, f.addStream("", []byte(e.toUnicode())))
}

// subsetTag is the six letters that mark a subset, drawn from its content.
func subsetTag(program []byte) string {
	sum, tag := sha256.Sum256(program), make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

// addImage stores a picture and, where needed, its transparency.
func (f *file) addImage(m *Image) reference {
	entries := func(space, mask string) string {
		return fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /%s /BitsPerComponent 8%s ",
			m.width, m.height, space, mask)
	}
	mask := ""
	if m.alpha != nil {
		mask = fmt.Sprintf(" /SMask %s", f.addStream(entries("DeviceGray", ""), m.alpha))
	}
	return f.addStream(entries("DeviceRGB", mask), m.colors)
}

// addForms writes forms, and those that they place, and appends their entries of a resource dictionary to b.
func (f *file) addForms(b *bytes.Buffer, forms []*Form, known map[*Form]reference) {
	for i, form := range forms {
		if known[form] == 0 {
			var inner bytes.Buffer
			f.addForms(&inner, form.forms, known)
			known[form] = f.addStream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [%s] /Resources <</XObject <<%s>>>> ",
				numbers(form.x, form.y, form.x+form.width, form.y+form.height), inner.Bytes()), form.ops.Bytes())
		}
		fmt.Fprintf(b, "/X%d %s ", i, known[form])
	}
}

// xmp is the metadata of the file as an XMP packet (ISO 16684-1).
func (m Meta) xmp() []byte {
	created := m.Created.UTC().Format("2006-01-02T15:04:05Z")
	return fmt.Appendf(nil, "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`+
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"`+
		` xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><dc:format>application/pdf</dc:format>`+
		`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>`+
		`<dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>`+
		`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description>`+
		`<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>`+
		`<pdf:Producer>%s</pdf:Producer><xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>`+
		"</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>",
		escapeXML(m.Title), escapeXML(m.Author), escapeXML(m.Subject), escapeXML(m.Language), escapeXML(m.Producer), created, created)
}

func escapeXML(s string) string {
	var b strings.Builder
	// A strings.Builder never fails to take bytes.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// deflate compresses data in the zlib format.
func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		panic(fmt.Sprintf("pdf: compression level: %v", err)) // The level is a constant that zlib knows.
	}
	// A bytes.Buffer never fails to take bytes, so neither does the compressor.
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}
