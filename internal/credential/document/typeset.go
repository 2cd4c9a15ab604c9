package document

import (
	"slices"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"golang.org/x/text/unicode/norm"

	"lyceum/internal/credential/document/pdf"
)

// typesetter shapes text. It belongs to one rendering: the shaping library's faces keep caches.
type typesetter struct {
	faces    library
	fonts    map[*face]*harfbuzz.Font
	buffer   *harfbuzz.Buffer
	language language.Language
}

func newTypesetter(faces library, locale string) *typesetter {
	return &typesetter{
		faces:    faces,
		fonts:    map[*face]*harfbuzz.Font{},
		buffer:   harfbuzz.NewBuffer(),
		language: language.NewLanguage(locale),
	}
}

// paragraph is text that has been analysed but not yet broken into lines. Slices run parallel to runes.
type paragraph struct {
	runes    []rune
	levels   []int
	faces    []*face // nil where no font has the character
	scripts  []language.Script
	breaks   []int // where a line may end, ascending; the last is the end of the text
	clusters []int // where user-perceived characters end, ascending
	tracking float64
}

// analyse prepares clean text for setting in one weight. Tracking is extra space after each letter, in em; it
// is left out of scripts whose letters join.
func (t *typesetter) analyse(text string, w weight, tracking float64) (*paragraph, error) {
	p := &paragraph{runes: []rune(text), tracking: tracking}
	levels, err := embeddingLevels(p.runes)
	if err != nil {
		return nil, err
	}
	p.levels = levels
	var segments segmenter.Segmenter
	segments.Init(p.runes)
	for lines := segments.LineIterator(); lines.Next(); {
		line := lines.Line()
		p.breaks = append(p.breaks, line.Offset+len(line.Text))
	}
	for graphemes := segments.GraphemeIterator(); graphemes.Next(); {
		grapheme := graphemes.Grapheme()
		p.clusters = append(p.clusters, grapheme.Offset+len(grapheme.Text))
	}
	p.resolveScripts()
	p.chooseFaces(t.faces[w])
	return p, nil
}

// resolveScripts gives every character a script; shared ones (digits, punctuation, marks) take that of the
// letters before them, at the start that of the letters after them.
func (p *paragraph) resolveScripts() {
	p.scripts = make([]language.Script, len(p.runes))
	previous := language.Common
	for i, r := range p.runes {
		if script := language.LookupScript(r); script.Strong() {
			previous = script
		}
		p.scripts[i] = previous
	}
	first := slices.IndexFunc(p.scripts, language.Script.Strong)
	for i := range max(first, 0) {
		p.scripts[i] = p.scripts[first]
	}
}

// chooseFaces finds a face for each cluster. One that its neighbour uses is preferred for shared characters,
// so that a space between two Arabic words is an Arabic space and does not cut the run.
func (p *paragraph) chooseFaces(faces []*face) {
	p.faces = make([]*face, len(p.runes))
	var previous *face
	start := 0
	for _, end := range p.clusters {
		cluster := p.runes[start:end]
		chosen := previous
		if previous == nil || language.LookupScript(cluster[0]).Strong() || !previous.has(cluster) {
			chosen = firstWith(faces, cluster)
		}
		for i := start; i < end; i++ {
			p.faces[i] = chosen
		}
		previous, start = chosen, end
	}
}

// firstWith returns the first face that has all of a cluster, else its base letter, else nil.
func firstWith(faces []*face, cluster []rune) *face {
	for _, wanted := range [][]rune{cluster, cluster[:1]} {
		for _, f := range faces {
			if f.has(wanted) {
				return f
			}
		}
	}
	return nil
}

// legible replaces characters that no font has by their plain form where Unicode knows one: full-width and
// mathematical letters, ligatures, presentation forms.
func (t *typesetter) legible(text string) string {
	faces := t.faces[regular]
	var out []rune
	for _, r := range text {
		if firstWith(faces, []rune{r}) == nil {
			if plain := []rune(norm.NFKC.String(string(r))); firstWith(faces, plain) != nil {
				out = append(out, plain...)
				continue
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// piece is part of a line in one face: shaped clusters from left to right, in em relative to its start.
type piece struct {
	face        *face // nil: the text is drawn as an empty box
	text        string
	rightToLeft bool
	clusters    []pdf.Cluster
	width       float64
}

// line is a shaped line of text; lengths are in em.
type line struct {
	pieces          []piece
	width           float64
	ascent, descent float64
}

// shape sets the characters [start, end) as one line.
func (t *typesetter) shape(p *paragraph, start, end int) line {
	const ascent, descent = 1, 0.25 // of a line that has no font at all
	out := line{ascent: ascent, descent: descent}
	var pieces []piece
	var levels []int
	for start < end {
		next := p.runEnd(start, end)
		pieces = append(pieces, t.shapeRun(p, start, next))
		levels = append(levels, p.levels[start])
		start = next
	}
	for _, i := range visualOrder(levels) {
		out.pieces = append(out.pieces, pieces[i])
		out.width += pieces[i].width
		if f := pieces[i].face; f != nil {
			out.ascent, out.descent = max(out.ascent, f.file.Ascent()), max(out.descent, f.file.Descent())
		}
	}
	return out
}

// runEnd is where the run that begins at start ends: the next change of level, face or script. Characters
// without a face stand alone, one box for each cluster.
func (p *paragraph) runEnd(start, end int) int {
	if p.faces[start] == nil {
		i, _ := slices.BinarySearch(p.clusters, start+1)
		return min(p.clusters[i], end)
	}
	next := start + 1
	for next < end && p.levels[next] == p.levels[start] && p.faces[next] == p.faces[start] && p.scripts[next] == p.scripts[start] {
		next++
	}
	return next
}

// boxWidth is the advance of the box that stands for a missing character, in em.
const boxWidth = 0.66

// shapeRun shapes one run with the text around it as context, so that letters join across a change of font.
func (t *typesetter) shapeRun(p *paragraph, start, end int) piece {
	f := p.faces[start]
	if f == nil {
		return piece{text: string(p.runes[start:end]), width: boxWidth}
	}
	hb := t.fonts[f]
	if hb == nil {
		hb = harfbuzz.NewFont(font.NewFace(f.shaping))
		t.fonts[f] = hb
	}
	rightToLeft := p.levels[start]%2 == 1
	t.buffer.Clear()
	t.buffer.AddRunes(p.runes, start, end-start)
	t.buffer.Props = harfbuzz.SegmentProperties{Script: p.scripts[start], Language: t.language, Direction: harfbuzz.LeftToRight}
	if rightToLeft {
		t.buffer.Props.Direction = harfbuzz.RightToLeft
	}
	t.buffer.Shape(hb, nil)
	return collect(t.buffer, p, f, end, rightToLeft)
}

// collect turns the shaper's output, glyphs from left to right, into clusters.
func collect(buffer *harfbuzz.Buffer, p *paragraph, f *face, end int, rightToLeft bool) piece {
	out := piece{face: f, rightToLeft: rightToLeft}
	em := float64(f.shaping.Upem())
	limits := clusterLimits(buffer.Info, end)
	for i := 0; i < len(buffer.Info); {
		start := buffer.Info[i].Cluster
		var glyphs []pdf.Glyph
		for ; i < len(buffer.Info) && buffer.Info[i].Cluster == start; i++ {
			position := buffer.Pos[i]
			glyphs = append(glyphs, pdf.Glyph{
				ID: uint16(buffer.Info[i].Glyph),
				X:  out.width + float64(position.XOffset)/em,
				Y:  float64(position.YOffset) / em,
			})
			out.width += float64(position.XAdvance) / em
		}
		if rightToLeft {
			slices.Reverse(glyphs)
		}
		if spaced(p.scripts[start]) {
			out.width += p.tracking
		}
		out.clusters = append(out.clusters, pdf.Cluster{Text: string(p.runes[start:limits[start]]), Glyphs: glyphs})
	}
	return out
}

// clusterLimits maps the start of each cluster to its end.
func clusterLimits(glyphs []harfbuzz.GlyphInfo, end int) map[int]int {
	starts := make([]int, len(glyphs))
	for i := range glyphs {
		starts[i] = glyphs[i].Cluster
	}
	slices.Sort(starts)
	starts = append(slices.Compact(starts), end)
	limits := make(map[int]int, len(starts))
	for i, start := range starts[:len(starts)-1] {
		limits[start] = starts[i+1]
	}
	return limits
}

// spaced reports whether letters of a script may be set apart.
func spaced(script language.Script) bool {
	return script == language.Latin || script == language.Greek || script == language.Cyrillic || script == language.Common
}
