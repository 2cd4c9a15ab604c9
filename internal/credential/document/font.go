package document

import (
	"bytes"
	"embed"
	"fmt"
	"sync"

	"github.com/go-text/typesetting/font"

	"lyceum/internal/credential/document/pdf"
)

// fontFiles are Noto Sans in three weights, cut by script, under the SIL Open Font License 1.1 whose texts lie
// beside them. They come from the npm packages @fontsource/noto-sans, -arabic, -hebrew and -devanagari 5.3.0.
//
//go:embed fonts
var fontFiles embed.FS

// weight is the CSS weight of a face.
type weight int

const (
	light    weight = 300
	regular  weight = 400
	semiBold weight = 600
)

// scripts are the parts of the family, in the order in which they are asked for a character.
func scripts() []string {
	return []string{
		"latin", "latin-ext", "vietnamese", "cyrillic", "cyrillic-ext", "greek", "greek-ext",
		"arabic", "hebrew", "devanagari",
	}
}

// face is one font file, read twice: for shaping and for embedding. It is never written to.
type face struct {
	shaping *font.Font
	file    *pdf.Font
}

// has reports whether the face can show every character of a cluster.
func (f *face) has(cluster []rune) bool {
	for _, r := range cluster {
		if _, ok := f.shaping.NominalGlyph(r); !ok {
			return false
		}
	}
	return true
}

// library holds the faces of each weight, most common script first.
type library map[weight][]*face

// loadLibrary reads every embedded font, once for the process: the result is shared and read only.
var loadLibrary = sync.OnceValues(func() (library, error) {
	faces := library{}
	for _, w := range []weight{light, regular, semiBold} {
		for _, script := range scripts() {
			f, err := loadFace(script, w)
			if err != nil {
				return nil, err
			}
			faces[w] = append(faces[w], f)
		}
	}
	return faces, nil
})

func loadFace(script string, w weight) (*face, error) {
	name := fmt.Sprintf("noto-sans-%s-%d-normal", script, w)
	data, err := fontFiles.ReadFile("fonts/" + name + ".woff")
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	shaping, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("parse font %s for shaping: %w", name, err)
	}
	file, err := pdf.ParseFont(name, data)
	if err != nil {
		return nil, fmt.Errorf("parse font for embedding: %w", err)
	}
	return &face{shaping: shaping.Font, file: file}, nil
}
