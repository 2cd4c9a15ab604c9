package pdf

import (
	"image"
	"image/color"
)

// Image is a raster picture, stored once however often it is placed.
type Image struct {
	width, height int
	colors        []byte // RGB, one byte each
	alpha         []byte // nil when every pixel is opaque
}

// NewImage takes the pixels of src. An image without pixels is valid and draws nothing.
func NewImage(src image.Image) *Image {
	bounds := src.Bounds()
	m := &Image{width: bounds.Dx(), height: bounds.Dy()}
	m.colors = make([]byte, 0, 3*m.width*m.height)
	alpha, translucent := make([]byte, 0, m.width*m.height), false
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c, _ := color.NRGBAModel.Convert(src.At(x, y)).(color.NRGBA)
			m.colors = append(m.colors, c.R, c.G, c.B)
			alpha = append(alpha, c.A)
			translucent = translucent || c.A != 0xFF
		}
	}
	if translucent {
		m.alpha = alpha
	}
	return m
}

// Weight is the size in bytes that the image adds to a file.
func (m *Image) Weight() int { return len(deflate(m.colors)) + len(deflate(m.alpha)) }
