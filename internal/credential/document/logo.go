package document

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"lyceum/internal/credential/document/pdf"
	"lyceum/internal/credential/document/svg"
)

const (
	// maxLogoBytes bounds the file.
	maxLogoBytes = 1 << 20
	// maxLogoSide bounds the pixels that decoding a PNG may allocate.
	maxLogoSide = 2048
	// minLogoSide keeps out pictures of nothing.
	minLogoSide = 8
	// maxLogoWeight is how much of a file a PNG logo may take.
	maxLogoWeight = 100 << 10
)

// Resolution that a logo is scaled down to: 300 dots per inch over 90 by 14 millimetres.
const (
	logoPixelsWide = 1063
	logoPixelsHigh = 165
)

// logo is a picture that can be drawn at any size.
type logo struct {
	width, height float64 // proportions only
	image         *pdf.Image
	vector        *pdf.Form
}

// readLogo decodes a PNG of 8 to 2048 pixels a side, or an SVG of plain shapes (see package svg), of at most one mebibyte.
// The error says what is wrong with any other file.
func readLogo(data []byte) (*logo, error) {
	if len(data) > maxLogoBytes {
		return nil, errors.New("the logo is larger than 1 MiB")
	}
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return readPNG(data)
	}
	if looksLikeSVG(data) {
		picture, err := svg.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("the logo cannot be printed: %w", err)
		}
		return &logo{width: picture.Width, height: svg.Height, vector: picture.Form}, nil
	}
	return nil, errors.New("the logo is neither a PNG nor an SVG file")
}

// looksLikeSVG reports whether data is text that starts with a tag.
func looksLikeSVG(data []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), " \t\r\n")
	return bytes.HasPrefix(start, []byte("<")) && bytes.Contains(data, []byte("<svg"))
}

func readPNG(data []byte) (*logo, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the PNG cannot be read: %w", err)
	}
	if min(config.Width, config.Height) < minLogoSide || max(config.Width, config.Height) > maxLogoSide {
		return nil, fmt.Errorf("the PNG measures %d by %d pixels; each side must have 8 to 2048", config.Width, config.Height)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the PNG cannot be read: %w", err)
	}
	return &logo{width: float64(config.Width), height: float64(config.Height), image: lightEnough(picture)}, nil
}

// lightEnough scales a picture down to printing resolution, and further if it would still make the file heavy.
func lightEnough(picture image.Image) *pdf.Image {
	size := picture.Bounds().Size()
	scale := min(1, max(logoPixelsWide/float64(size.X), logoPixelsHigh/float64(size.Y)))
	scale = min(scale, 2*logoPixelsWide/float64(size.X), 2*logoPixelsHigh/float64(size.Y))
	for {
		width, height := max(1, int(float64(size.X)*scale)), max(1, int(float64(size.Y)*scale))
		result := pdf.NewImage(shrink(picture, width, height))
		if result.Weight() <= maxLogoWeight || width == 1 && height == 1 {
			return result
		}
		scale *= 0.7
	}
}

// shrink averages the pixels of src into a smaller picture.
func shrink(src image.Image, width, height int) image.Image {
	bounds := src.Bounds()
	if width >= bounds.Dx() && height >= bounds.Dy() {
		return src
	}
	out := image.NewNRGBA64(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := bounds.Min.Y+y*bounds.Dy()/height, bounds.Min.Y+(y+1)*bounds.Dy()/height
		for x := range width {
			from, to := bounds.Min.X+x*bounds.Dx()/width, bounds.Min.X+(x+1)*bounds.Dx()/width
			out.Set(x, y, average(src, image.Rect(from, top, max(to, from+1), max(bottom, top+1))))
		}
	}
	return out
}

// average is the mean colour of an area, weighted by opacity.
func average(src image.Image, area image.Rectangle) color.RGBA64 {
	var r, g, b, a uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pr, pg, pb, pa := src.At(x, y).RGBA()
			r, g, b, a = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa)
		}
	}
	n := uint64(area.Dx() * area.Dy())
	return color.RGBA64{R: uint16(r / n), G: uint16(g / n), B: uint16(b / n), A: uint16(a / n)}
}

// drawLogo draws the logo as large as the room allows, centred on (cx, cy).
func (p *page) drawLogo(cx, cy, width, height float64) {
	scale := min(width/p.logo.width, height/p.logo.height)
	w, h := p.logo.width*scale, p.logo.height*scale
	p.sheet.Tagged(pdf.Element{Type: "Figure", Alt: p.facts.TenantName}, func() {
		if p.logo.image != nil {
			p.sheet.Image(p.logo.image, cx-w/2, cy-h/2, w, h)
			return
		}
		p.sheet.Draw(p.logo.vector, pdf.Scale(scale, scale).Then(pdf.Translate(cx-w/2, cy-h/2)))
	})
}

// sentence makes an error's text a sentence for the caller.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
