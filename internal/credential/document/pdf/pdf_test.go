package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-text/typesetting/font"
)

func testFont(t *testing.T, name string) (*Font, []byte) {
	t.Helper()
	data, err := os.ReadFile("../fonts/" + name + ".woff")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFont(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f, data
}

// glyphOf looks a character up with the independent reader.
func glyphOf(t *testing.T, data []byte, r rune) uint16 {
	t.Helper()
	face, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	id, ok := face.NominalGlyph(r)
	if !ok {
		t.Fatalf("no glyph for %q", r)
	}
	return uint16(id)
}

// sheet is a page that uses everything.
func sheet(t *testing.T) *Sheet {
	t.Helper()
	latin, data := testFont(t, "noto-sans-latin-400-normal")
	s := NewSheet(Meta{
		Title: "Ä (title) 林", Author: `a\b`, Subject: "s\rs", Producer: "test", Language: "de",
		Created: time.Date(2026, 5, 15, 12, 0, 0, 0, time.FixedZone("", 3600)),
	}, 100, 50)
	form := NewForm(0, 0, 10, 10)
	inner := NewForm(0, 0, 10, 10)
	circle := NewPath()
	circle.Circle(5, 5, 4)
	inner.Fill(circle, Color{R: 0xFF}, true)
	form.Draw(inner, Rotate(0.1))
	s.Decoration(func() {
		s.Draw(form, Translate(1, 2))
		s.Draw(form, Scale(2, 2).Then(Translate(3, 4)))
		s.Stroke(circle, Color{B: 0xFF}, 0.2)
	})
	s.Tagged(Element{Type: "P", Text: "Aé"}, func() {
		s.Text(Run{Font: latin, Size: 5, X: 10, Y: 20, Clusters: []Cluster{
			{Text: "A", Glyphs: []Glyph{{ID: glyphOf(t, data, 'A')}}},
			{Text: "é", Glyphs: []Glyph{{ID: glyphOf(t, data, 'e'), X: 4}, {ID: glyphOf(t, data, '´'), X: 4.5, Y: 1}}},
		}})
		s.Substitute("林", func() { s.Fill(circle, Color{}, false) })
	})
	s.Tagged(Element{Type: "Link", Alt: "link", URL: "https://example.org/(x)", Area: [4]float64{1, 2, 3, 4}}, func() {})
	translucent := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	translucent.Set(0, 0, color.NRGBA{R: 0xFF, A: 0x80})
	picture := NewImage(translucent)
	s.Tagged(Element{Type: "Figure", Alt: "picture"}, func() {
		s.Image(picture, 0, 0, 2, 1)
		s.Image(picture, 5, 0, 2, 1)
	})
	return s
}

func TestSheetFile(t *testing.T) {
	t.Parallel()
	file := sheet(t).Bytes()
	if !bytes.Equal(file, sheet(t).Bytes()) {
		t.Error("equal sheets gave different files")
	}
	objects := checkCrossReferences(t, file)
	text := strings.Join(objects, "\n")
	for _, want := range []string{
		"/Title <FEFF00C400200028007400690074006C0065002900206797>", `/Lang (de)`, "/CreationDate (D:20260515110000Z)",
		"/Author <FEFF0061005C0062>", "/Subject <FEFF0073000D0073>", `/URI (https://example.org/\(x\))`,
		"/ActualText <FEFF004100E9>", "/StructParent 1", "/Marked true", "/SMask", "<dc:language><rdf:Bag><rdf:li>de<",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %s", want)
		}
	}
	if got := strings.Count(text, "/Subtype /Image"); got != 2 {
		t.Errorf("%d image objects, want the picture and its mask once", got)
	}
	if got := strings.Count(text, "/Subtype /Form"); got != 2 {
		t.Errorf("%d forms, want 2", got)
	}
}

// checkCrossReferences reads a file the way a reader does, from its end, and returns its objects with streams
// decompressed.
func checkCrossReferences(t *testing.T, file []byte) []string {
	t.Helper()
	tail := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if tail == nil {
		t.Fatal("the file has no end")
	}
	start, _ := strconv.Atoi(string(tail[1]))
	var count int
	if _, err := fmt.Sscanf(string(file[start:]), "xref\n0 %d\n", &count); err != nil {
		t.Fatalf("cross-reference table: %v", err)
	}
	table := file[start:][bytes.Index(file[start:], []byte("65535 f \n"))+len("65535 f \n"):]
	stream := regexp.MustCompile(`(?s)/Length (\d+)>>\nstream\n(.*)\nendstream\nendobj\n`)
	var objects []string
	for i := 1; i < count; i++ {
		offset, err := strconv.Atoi(string(table[20*(i-1) : 20*(i-1)+10]))
		if err != nil || !bytes.HasPrefix(file[offset:], fmt.Appendf(nil, "%d 0 obj\n", i)) {
			t.Fatalf("object %d is not where the table says", i)
		}
		end := bytes.Index(file[offset:], []byte("endobj\n")) + len("endobj\n")
		object := file[offset : offset+end]
		objects = append(objects, string(object))
		if m := stream.FindSubmatch(object); m != nil {
			if length, _ := strconv.Atoi(string(m[1])); length != len(m[2]) {
				t.Errorf("object %d: stream of %d bytes says %d", i, len(m[2]), length)
			}
			if bytes.Contains(object, []byte("/FlateDecode")) {
				objects = append(objects, inflate(t, m[2]))
			}
		}
	}
	return objects
}

func inflate(t *testing.T, data []byte) string {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestSubset(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"noto-sans-latin-400-normal", "noto-sans-arabic-600-normal", "noto-sans-devanagari-300-normal"} {
		f, data := testFont(t, name)
		whole, err := font.ParseTTF(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		wanted := map[uint16]bool{0: true, 3: true, 40: true, 200: true}
		program := f.subset(wanted)
		if checksum(program) != 0xB1B0AFBA {
			t.Errorf("%s: the file's checksum is %#x", name, checksum(program))
		}
		part, err := ParseFont(name, program)
		if err != nil {
			t.Fatalf("%s: the subset cannot be read: %v", name, err)
		}
		for id := range uint16(len(part.advances)) {
			if !wanted[id] {
				if len(part.outline(id)) != 0 {
					t.Errorf("%s: glyph %d was not asked for", name, id)
				}
				continue
			}
			if got, want := part.outline(id), f.outline(id); !bytes.HasPrefix(got, want) || len(got) > len(want)+3 {
				t.Errorf("%s: glyph %d changed", name, id)
			}
			if part.advances[id] != f.advances[id] || float32(part.advances[id]) != whole.HorizontalAdvance(font.GID(id)) {
				t.Errorf("%s: the advance of glyph %d changed", name, id)
			}
		}
		if again := f.subset(map[uint16]bool{0: true, 3: true, 40: true, 200: true}); !bytes.Equal(program, again) {
			t.Errorf("%s: subsetting changed the font", name)
		}
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	header := "\xFF\xFF\x00\x00\x00\x00\x00\x00\x00\x00"
	tests := map[string]struct {
		outline string
		want    []uint16
	}{
		"simple":        {"\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05", nil},
		"empty":         {"", nil},
		"one":           {header + "\x00\x00\x00\x07\x00\x00", []uint16{7}},
		"two":           {header + "\x00\x21\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00", []uint16{7, 9}},
		"scaled":        {header + "\x00\x28\x00\x07\x00\x00\x40\x00\x00\x00\x00\x09\x00\x00", []uint16{7, 9}},
		"ends too soon": {header + "\x00\x21\x00\x07\x00", []uint16{7}},
	}
	for label, tt := range tests {
		if got := components([]byte(tt.outline)); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: components %v, want %v", label, got, tt.want)
		}
	}
}

func TestParseFontRefuses(t *testing.T) {
	t.Parallel()
	latin, _ := testFont(t, "noto-sans-latin-400-normal")
	whole := latin.subset(map[uint16]bool{0: true, 40: true})
	broken := func(change func(b []byte) []byte) []byte { return change(bytes.Clone(whole)) }
	for label, data := range map[string][]byte{
		"nothing":   nil,
		"text":      []byte("not a font at all, but long enough"),
		"truncated": whole[:len(whole)/2],
		"no head":   broken(func(b []byte) []byte { return bytes.Replace(b, []byte("head"), []byte("hEad"), 1) }),
	} {
		if _, err := ParseFont(label, data); err == nil {
			t.Errorf("%s: no error", label)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]string{
		0: "0", 1: "1", -1.5: "-1.5", 0.0004: "0", -0.0004: "0", 1.0005: "1", 12.3456: "12.346", 100: "100",
		math.Inf(1): "0", math.NaN(): "0",
	} {
		if got := number(in); got != want {
			t.Errorf("number(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	if got, want := asciiString("a(b)\\c\r\nd\u00e9"), `(a\(b\)\\cd)`; got != want {
		t.Errorf("asciiString: %s, want %s", got, want)
	}
	if got, want := textString("a😀"), "<FEFF0061D83DDE00>"; got != want {
		t.Errorf("textString: %s, want %s", got, want)
	}
	if got := escapeXML("<&\x00>"); strings.ContainsAny(got, "<\x00") {
		t.Errorf("escapeXML: %q", got)
	}
}

func TestMatrixOrder(t *testing.T) {
	t.Parallel()
	m := Rotate(math.Pi / 2).Then(Translate(10, 0))
	if x, y := m.A*1+m.C*0+m.E, m.B*1+m.D*0+m.F; math.Abs(x-10) > 1e-9 || math.Abs(y-1) > 1e-9 {
		t.Errorf("(1, 0) went to (%v, %v), want (10, 1)", x, y)
	}
}

func TestDistribute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		glyphs int
		want   string
	}{{"ab", 2, `["a" "b"]`}, {"abc", 2, `["a" "bc"]`}, {"a", 3, `["a" "" ""]`}, {"", 1, `[""]`}} {
		if got := fmt.Sprintf("%q", distribute(tt.text, tt.glyphs)); got != tt.want {
			t.Errorf("distribute(%q, %d) = %s, want %s", tt.text, tt.glyphs, got, tt.want)
		}
	}
}

func TestManyCodesFitTheCMap(t *testing.T) {
	t.Parallel()
	e := &embedded{codes: map[code]int{}}
	for i := range 250 {
		e.encode(code{glyph: uint16(i), text: "x"})
	}
	if got := e.encode(code{glyph: 0, text: "x"}); got != 1 {
		t.Errorf("a known code came back as %d", got)
	}
	if got := strings.Count(e.toUnicode(), "beginbfchar"); got != 3 {
		t.Errorf("%d blocks, want 3 of at most 100 entries", got)
	}
}
