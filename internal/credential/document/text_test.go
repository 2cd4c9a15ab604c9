package document

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
	"pgregory.net/rapid"

	"lyceum/internal/credential/document/pdf"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"plain":             {"Amelia Fernández", "Amelia Fernández"},
		"white space":       {"\t Amelia\u00a0\u2003\n Ruiz\u2028", "Amelia Ruiz"},
		"controls":          {"A\x00n\x1b[31mn\x7f\u0085a", "An[31mn a"},
		"overrides":         {"\u202Eabc\u202C\u2066d\u2069\u200E\u200F\u061C", "abcd"},
		"zero width":        {"a\u200Bb\u2060c\uFEFFd\u00ADe", "abcde"},
		"fillers":           {"\u3164\u115F\uFFA0a", "a"},
		"tags, selectors":   {"a\U000E0041\uFE0F\U000E0100b", "ab"},
		"composed":          {"e\u0301", "é"},
		"composed after":    {"e\u200B\u0301", "é"},
		"stacked marks":     {"Z" + strings.Repeat("\u0316", 50), "Z\u0316\u0316\u0316\u0316"},
		"vocalised":         {"בְּרֵאשִׁית", "בְּרֵאשִׁית"},
		"joiner in Persian": {"می\u200Cخواهم", "می\u200Cخواهم"},
		"joiner in Hindi":   {"क्\u200Dष", "क्\u200Dष"},
		"joiner in Latin":   {"a\u200Db\u200Cc", "abc"},
		"joiner at the end": {"\u200Cمی\u200D", "می"},
		"broken UTF-8":      {"Jos\xe9", "Jos\uFFFD"},
		"nothing":           {"\u202E \u200B", ""},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			if got := clean(tt.in); got != tt.want {
				t.Errorf("clean(%+q) = %+q, want %+q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCleanIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := clean(rapid.String().Draw(t, "text"))
		if twice := clean(once); twice != once {
			t.Fatalf("clean(%+q) = %+q", once, twice)
		}
	})
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"ab cd", 3, "ab…"}, {"", 3, ""}, {"éééé", 2, "éé…"}} {
		if got := shorten(tt.in, tt.limit); got != tt.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

// visual is text as it stands from left to right, character by character.
func visual(t *testing.T, text string) string {
	t.Helper()
	runes := []rune(text)
	levels, err := embeddingLevels(runes)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, i := range visualOrder(levels) {
		b.WriteRune(runes[i])
	}
	return b.String()
}

func TestVisualOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"left to right":            {"abc 123", "abc 123"},
		"right to left":            {"אבג", "גבא"},
		"number in Hebrew":         {"אב 123 גד", "דג 123 בא"},
		"Latin in Hebrew":          {"אב Python 3 גד", "דג Python 3 בא"},
		"Hebrew in Latin":          {"abc אבג def", "abc גבא def"},
		"number after Hebrew":      {"abc אב 12 def", "abc 12 בא def"},
		"number with separators":   {"abc אב 1,234.5% def", "abc 1,234.5% בא def"},
		"number before Hebrew":     {"abc 12 אב def", "abc 12 בא def"},
		"two numbers after Hebrew": {"a אב 1 2 b", "a 2 1 בא b"},
		"date":                     {"15 מאי 2026", "2026 יאמ 15"},
		"Arabic number":            {"abc ١٢ def", "abc ١٢ def"},
		"no letters":               {"12 - 34", "12 - 34"},
		"nothing":                  {"", ""},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			if got := visual(t, tt.in); got != tt.want {
				t.Errorf("visual order of %q is %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestVisualOrderIsAPermutation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		order := visualOrder(rapid.SliceOf(rapid.IntRange(0, 2)).Draw(t, "levels"))
		slices.Sort(order)
		for i, v := range order {
			if i != v {
				t.Fatalf("order %v is no permutation", order)
			}
		}
	})
}

// TestLevelsKeepDirections compares with the directions of the Unicode implementation that levels start from.
func TestLevelsKeepDirections(t *testing.T) {
	t.Parallel()
	letters := rapid.SampledFrom([]rune("ab12,.%-( )אב٣جد"))
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SliceOfN(letters, 1, 20).Draw(t, "text")
		levels, err := embeddingLevels(runes)
		if err != nil {
			t.Fatal(err)
		}
		base := baseLevel(runes)
		for i, level := range levels {
			properties, _ := bidi.LookupRune(runes[i])
			switch properties.Class() {
			case bidi.R, bidi.AL:
				if level != 1 {
					t.Fatalf("%q: level %d of a right-to-left letter at %d", string(runes), level, i)
				}
			case bidi.L:
				if level != 2*base {
					t.Fatalf("%q: level %d of a left-to-right letter at %d", string(runes), level, i)
				}
			default:
				if level < base || level > 2 {
					t.Fatalf("%q: level %d at %d", string(runes), level, i)
				}
			}
		}
	})
}

func newTestSetter(t *testing.T, locale string) *typesetter {
	t.Helper()
	faces, err := loadLibrary()
	if err != nil {
		t.Fatal(err)
	}
	return newTypesetter(faces, locale)
}

// shapeAll sets text as one line.
func shapeAll(t *testing.T, text string) line {
	t.Helper()
	setter := newTestSetter(t, "en")
	p, err := setter.analyse(text, regular, 0)
	if err != nil {
		t.Fatal(err)
	}
	return setter.shape(p, 0, len(p.runes))
}

// glyphs lists the glyphs of a line from left to right.
func glyphs(l line) []uint16 {
	var ids []uint16
	for _, piece := range l.pieces {
		for _, cluster := range piece.clusters {
			for _, glyph := range cluster.Glyphs {
				ids = append(ids, glyph.ID)
			}
		}
	}
	return ids
}

func TestShapeJoinsArabic(t *testing.T) {
	t.Parallel()
	joined, apart := glyphs(shapeAll(t, "سلم")), glyphs(shapeAll(t, "س ل م"))
	if len(joined) == 0 {
		t.Fatal("no glyphs")
	}
	for _, id := range joined {
		if slices.Contains(apart, id) {
			t.Errorf("glyph %d has the form of a letter that stands alone", id)
		}
	}
}

func TestShapeBuildsSyllables(t *testing.T) {
	t.Parallel()
	l := shapeAll(t, "हिन्दी क्षत्रिय")
	if len(l.pieces) != 1 {
		t.Fatalf("%d pieces, want the space to be of the same font", len(l.pieces))
	}
	first := l.pieces[0].clusters[0]
	if first.Text != "हि" || len(first.Glyphs) != 2 {
		t.Errorf("the first cluster is %q with %d glyphs, want the vowel sign before its consonant in one", first.Text, len(first.Glyphs))
	}
	if got := clusterTexts(l); !slices.Contains(got, "क्ष") {
		t.Errorf("clusters %q lack the conjunct", got)
	}
}

func clusterTexts(l line) []string {
	var texts []string
	for _, piece := range l.pieces {
		for _, cluster := range piece.clusters {
			texts = append(texts, cluster.Text)
		}
	}
	return texts
}

func TestShapePlacesMarks(t *testing.T) {
	t.Parallel()
	l := shapeAll(t, "בָּ")
	cluster := l.pieces[0].clusters[0]
	if len(cluster.Glyphs) < 2 {
		t.Fatalf("%d glyphs", len(cluster.Glyphs))
	}
	for _, mark := range cluster.Glyphs[1:] {
		if mark.X <= 0 || mark.X >= l.width {
			t.Errorf("a mark stands at %.3f em of a letter that is %.3f em wide", mark.X, l.width)
		}
	}
}

func TestShapeKeepsEveryCharacter(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Amira أميرة Łukasiewicz", "office ffi", "שָׁלוֹם עולם 42", "小林 🎉 x", "क्षत्रिय (2)"} {
		var got []string
		for _, piece := range shapeAll(t, text).pieces {
			if piece.face == nil {
				got = append(got, piece.text)
			}
			for _, cluster := range piece.clusters {
				got = append(got, cluster.Text)
			}
		}
		want, have := strings.Split(text, ""), strings.Split(strings.Join(got, ""), "")
		slices.Sort(want)
		slices.Sort(have)
		if !slices.Equal(want, have) {
			t.Errorf("%q: the clusters say %q", text, got)
		}
	}
}

func TestLegible(t *testing.T) {
	t.Parallel()
	setter := newTestSetter(t, "en")
	for in, want := range map[string]string{"𝓐melia": "Amelia", "ＦＵＬＬ": "FULL", "小林": "小林", "ok": "ok", "①": "1"} {
		if got := setter.legible(in); got != want {
			t.Errorf("legible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	room := box{width: 100, height: 30, steps: []step{{1, 10, 6}, {3, 6, 4}}}
	tests := map[string]struct {
		text  string
		lines int
		size  float64 // 0: anything within the steps
		cut   bool
	}{
		"short":       {"Ann", 1, 10, false},
		"one line":    {"Amelia Fernández", 1, 0, false},
		"two lines":   {"Maria Fernanda de los Ángeles Guadalupe Rodríguez", 2, 6, false},
		"one word":    {strings.Repeat("x", 60), 2, 0, false},
		"too long":    {strings.Repeat("word ", 90), 3, 4, true},
		"endless":     {strings.Repeat("W", 400), 3, 4, true},
		"endless rtl": {strings.Repeat("ش", 400), 3, 4, true},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			b, err := newTestSetter(t, "en").fit(strings.TrimSpace(tt.text), regular, 0, room)
			if err != nil {
				t.Fatal(err)
			}
			if len(b.lines) != tt.lines || tt.size != 0 && b.size != tt.size {
				t.Errorf("%d lines at %.2f, want %d at %.2f", len(b.lines), b.size, tt.lines, tt.size)
			}
			text := ""
			for _, l := range b.lines {
				if l.width*b.size > room.width+1e-6 {
					t.Errorf("a line is %.2f wide", l.width*b.size)
				}
				text += strings.Join(clusterTexts(l), "")
			}
			if strings.Contains(text, "…") != tt.cut {
				t.Errorf("the text is cut: %v, want %v", !tt.cut, tt.cut)
			}
			if b.height() > room.height {
				t.Errorf("the block is %.2f high", b.height())
			}
		})
	}
}

func TestFitBalancesLines(t *testing.T) {
	t.Parallel()
	room := box{width: 100, height: 40, steps: []step{{2, 6, 6}}}
	b, err := newTestSetter(t, "en").fit("Advanced Principles of Occupational Health", regular, 0, room)
	if err != nil || len(b.lines) != 2 {
		t.Fatalf("%d lines, error %v", len(b.lines), err)
	}
	if short, long := b.lines[0].width, b.lines[1].width; math.Min(short, long) < 0.6*math.Max(short, long) {
		t.Errorf("lines of %.2f and %.2f em are not balanced", short, long)
	}
}

// TestPhrases sees that each language says everything, in letters that the fonts have.
func TestPhrases(t *testing.T) {
	t.Parallel()
	setter := newTestSetter(t, "en")
	for _, p := range languages() {
		if _, err := language.Parse(p.tag); err != nil {
			t.Errorf("%s: %v", p.tag, err)
		}
		fields := reflect.ValueOf(p)
		for i := range fields.NumField() {
			field, text := fields.Type().Field(i).Name, fmt.Sprint(fields.Field(i))
			if text == "" && field != "firstDay" {
				t.Errorf("%s: %s is missing", p.tag, field)
			}
			if text != clean(text) {
				t.Errorf("%s: %s is not clean", p.tag, field)
			}
			analysed, err := setter.analyse(text, light, 0)
			if err != nil || slices.Contains(analysed.faces, nil) {
				t.Errorf("%s: %s has letters without a font", p.tag, field)
			}
		}
		if p.rightToLeft != (baseLevel([]rune(p.title)) == 1) {
			t.Errorf("%s: the direction is wrong", p.tag)
		}
	}
}

func TestFormatDate(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, time.January, 31, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	first := time.Date(2026, time.August, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		locale string
		date   time.Time
		want   string
	}{
		{"en", late, "31 January 2026"},
		{"de", first, "1. August 2026"},
		{"es", first, "1 de agosto de 2026"},
		{"fr", first, "1er août 2026"},
		{"ar", first, "1 أغسطس 2026"},
		{"he", first, "1 באוגוסט 2026"},
		{"hi", first, "1 अगस्त 2026"},
	} {
		if got := phrasesFor(tt.locale).formatDate(tt.date); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.locale, got, tt.want)
		}
	}
}

func TestPaletteStaysLegible(t *testing.T) {
	t.Parallel()
	for _, accent := range []string{"#000000", "#ffffff", "#ffe600", "#1f3a68", "#ff0000", "#00ff00", "#808080"} {
		p, err := paletteFor(accent)
		if err != nil {
			t.Fatal(err)
		}
		if contrastWithWhite(p.strong) < 4.5 || contrastWithWhite(p.accent) < 3 || contrastWithWhite(p.muted) < 4.5 {
			t.Errorf("%s: the contrast is too low", accent)
		}
	}
	dark, err := paletteFor("#1f3a68")
	if err != nil || dark.strong != (pdf.Color{R: 0x1f, G: 0x3a, B: 0x68}) {
		t.Errorf("a dark accent was changed to %v (error %v)", dark.strong, err)
	}
}
