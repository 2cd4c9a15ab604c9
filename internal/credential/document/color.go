package document

import (
	"fmt"
	"math"
	"strconv"

	"lyceum/internal/credential/document/pdf"
)

// defaultAccent is the colour of a tenant that has not chosen one: a dark blue.
const defaultAccent = "#1f3a68"

// colors is what a certificate is printed in, derived from one accent.
type colors struct {
	accent pdf.Color // rules and ornaments that must be seen
	strong pdf.Color // accent made dark enough for text
	line   pdf.Color // fine lines of the border
	pale   pdf.Color // the watermark
	ink    pdf.Color
	muted  pdf.Color
}

func white() pdf.Color { return pdf.Color{R: 0xFF, G: 0xFF, B: 0xFF} }

// paletteFor derives the colours from "#rrggbb". An accent too light for its purpose is darkened, so that a
// tenant whose brand is yellow still gets a legible certificate.
func paletteFor(accent string) (colors, error) {
	c, err := parseColor(accent)
	if err != nil {
		return colors{}, err
	}
	const (
		textContrast = 4.5 // WCAG 2.1, 1.4.3
		lineContrast = 3   // WCAG 2.1, 1.4.11
	)
	shown := darken(c, lineContrast)
	return colors{
		accent: shown,
		strong: darken(c, textContrast),
		line:   shown.Mix(white(), 0.45),
		pale:   shown.Mix(white(), 0.88),
		ink:    pdf.Color{R: 0x1B, G: 0x20, B: 0x2B},
		muted:  pdf.Color{R: 0x58, G: 0x60, B: 0x6E},
	}, nil
}

// parseColor reads "#rrggbb".
func parseColor(s string) (pdf.Color, error) {
	const length = 7
	if len(s) != length || s[0] != '#' {
		return pdf.Color{}, fmt.Errorf("color %q is not of the form #rrggbb", s)
	}
	v, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return pdf.Color{}, fmt.Errorf("parse color: %w", err)
	}
	return pdf.Color{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v)}, nil
}

// darken moves c towards black until it stands out against white by the given ratio.
func darken(c pdf.Color, ratio float64) pdf.Color {
	const steps = 40
	for i := range steps {
		if darker := c.Mix(pdf.Color{}, float64(i)/steps); contrastWithWhite(darker) >= ratio {
			return darker
		}
	}
	return pdf.Color{}
}

// contrastWithWhite is the contrast ratio of WCAG 2.1 ("relative luminance").
func contrastWithWhite(c pdf.Color) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	luminance := 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
	return 1.05 / (luminance + 0.05)
}
