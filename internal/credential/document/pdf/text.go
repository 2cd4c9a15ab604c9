package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// Glyph is one glyph at its place.
type Glyph struct {
	// ID is the glyph's number in its font.
	ID uint16
	// X and Y are the place of its origin in millimetres, relative to the origin of the run.
	X, Y float64
}

// Cluster is the smallest piece of text whose glyphs cannot be told apart: a letter, a ligature, a syllable.
type Cluster struct {
	// Text is what the glyphs say, in reading order.
	Text string
	// Glyphs are the glyphs in reading order.
	Glyphs []Glyph
}

// Run is text in one font, size and colour on one baseline, clusters from left to right.
type Run struct {
	Font *Font
	// Size is the em in millimetres.
	Size float64
	// X and Y are the origin of the run on the sheet.
	X, Y        float64
	Color       Color
	RightToLeft bool
	Clusters    []Cluster
}

// code identifies a character code: one glyph standing for one text. A glyph that stands for two different
// texts gets two codes, so that copying and searching find the right one.
type code struct {
	glyph uint16
	text  string
}

// embedded is a font in use: the codes handed out so far, in order of first use.
type embedded struct {
	font  *Font
	codes map[code]int
	order []code
}

// encode returns the character code of a glyph that stands for text. Code 0 stays unused, as .notdef.
func (e *embedded) encode(c code) int {
	if n, ok := e.codes[c]; ok {
		return n
	}
	e.order = append(e.order, c)
	e.codes[c] = len(e.order)
	return len(e.order)
}

// textWriter emits the operators of one run. The pen is tracked in thousandths of an em, with the widths the
// file states, so that rounding never accumulates.
type textWriter struct {
	out     *bytes.Buffer
	font    *embedded
	size    float64
	pen     float64
	rise    float64
	showing bool
}

// writeRun appends the operators of run to out (ISO 32000-1, 9.4).
func writeRun(out *bytes.Buffer, font *embedded, resource string, run Run) {
	fmt.Fprintf(out, "BT /%s %s Tf %s rg 1 0 0 1 %s Tm\n", resource, number(run.Size), run.Color.operands(), numbers(run.X, run.Y))
	w := &textWriter{out: out, font: font, size: run.Size}
	for _, cluster := range run.Clusters {
		w.cluster(cluster, run.RightToLeft)
	}
	w.stop()
	if w.rise != 0 {
		out.WriteString("0 Ts\n")
	}
	out.WriteString("ET\n")
}

// cluster writes one cluster. When it has several glyphs, no mapping from glyphs to characters can express how
// they are built, and readers differ in what they make of the actual text that may say so instead. Around a
// whole cluster it is understood where text runs from left to right. From right to left, readers measure the
// cluster by its first and last glyph and see gaps beside marks; there the widest glyph carries the text.
func (w *textWriter) cluster(c Cluster, rightToLeft bool) {
	switch {
	case len(c.Glyphs) == 1:
		w.glyph(c.Glyphs[0], c.Text)
	case rightToLeft:
		w.widestSpeaks(c)
	default:
		w.spoken(c.Text, func() {
			texts := distribute(c.Text, len(c.Glyphs))
			for i, glyph := range c.Glyphs {
				w.glyph(glyph, texts[i])
			}
		})
	}
}

// widestSpeaks lets the widest glyph stand for the cluster and declares the others to say nothing.
func (w *textWriter) widestSpeaks(c Cluster) {
	widest := 0
	for i, glyph := range c.Glyphs {
		if w.font.font.width(glyph.ID) > w.font.font.width(c.Glyphs[widest].ID) {
			widest = i
		}
	}
	w.glyph(c.Glyphs[widest], c.Text)
	for i, glyph := range c.Glyphs {
		if i != widest {
			w.spoken("", func() { w.glyph(glyph, "") })
		}
	}
}

// spoken runs draw and states what the glyphs say.
func (w *textWriter) spoken(text string, draw func()) {
	w.stop()
	fmt.Fprintf(w.out, "/Span <</ActualText %s>> BDC\n", textString(text))
	draw()
	w.stop()
	w.out.WriteString("EMC\n")
}

func (w *textWriter) glyph(g Glyph, text string) {
	const em = 1000
	w.setRise(g.Y)
	w.start()
	if shift := math.Round(w.pen - g.X/w.size*em); shift != 0 {
		w.out.WriteString(number(shift))
		w.pen -= shift
	}
	fmt.Fprintf(w.out, "<%04X>", w.font.encode(code{g.ID, text}))
	w.pen += float64(w.font.font.width(g.ID))
}

// setRise lifts the baseline for a mark that the font places above or below.
func (w *textWriter) setRise(rise float64) {
	const visible = 0.0005
	if math.Abs(rise-w.rise) < visible {
		return
	}
	w.stop()
	fmt.Fprintf(w.out, "%s Ts\n", number(rise))
	w.rise = rise
}

func (w *textWriter) start() {
	if !w.showing {
		w.out.WriteString("[")
		w.showing = true
	}
}

func (w *textWriter) stop() {
	if w.showing {
		w.out.WriteString("]TJ\n")
		w.showing = false
	}
}

// distribute deals the characters of a cluster out to its glyphs for readers that ignore the actual text: one
// each, the rest to the last.
func distribute(text string, glyphs int) []string {
	texts, runes := make([]string, glyphs), []rune(text)
	for i := range texts {
		switch {
		case i >= len(runes):
		case i == glyphs-1:
			texts[i] = string(runes[i:])
		default:
			texts[i] = string(runes[i])
		}
	}
	return texts
}

// toUnicode is the CMap that says which text each code stands for (ISO 32000-1, 9.10.3).
func (e *embedded) toUnicode() string {
	const blockSize = 100 // entries that one bfchar block may hold
	var lines []string
	for i, c := range e.order {
		if c.text != "" {
			lines = append(lines, fmt.Sprintf("<%04X> <%s>", i+1, utf16Hex(c.text)))
		}
	}
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for len(lines) > 0 {
		n := min(blockSize, len(lines))
		fmt.Fprintf(&b, "%d beginbfchar\n%s\nendbfchar\n", n, strings.Join(lines[:n], "\n"))
		lines = lines[n:]
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.String()
}
