package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// Color is an opaque sRGB colour.
type Color struct{ R, G, B uint8 }

// Mix returns the colour that lies at share t (0 to 1) of the way from c to other.
func (c Color) Mix(other Color, t float64) Color {
	blend := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*t)) }
	return Color{blend(c.R, other.R), blend(c.G, other.G), blend(c.B, other.B)}
}

// operands are the three components of c as PDF wants them, 0 to 1.
func (c Color) operands() string {
	return numbers(float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
}

// Matrix is an affine map: x' = A·x + C·y + E, y' = B·x + D·y + F.
type Matrix struct{ A, B, C, D, E, F float64 }

// Translate moves by (dx, dy).
func Translate(dx, dy float64) Matrix { return Matrix{1, 0, 0, 1, dx, dy} }

// Rotate turns counter-clockwise by radians.
func Rotate(radians float64) Matrix {
	sin, cos := math.Sincos(radians)
	return Matrix{cos, sin, -sin, cos, 0, 0}
}

// Scale stretches by sx and sy.
func Scale(sx, sy float64) Matrix { return Matrix{sx, 0, 0, sy, 0, 0} }

// Then returns the map that applies m first and next after it.
func (m Matrix) Then(next Matrix) Matrix {
	return Matrix{
		A: m.A*next.A + m.B*next.C, B: m.A*next.B + m.B*next.D,
		C: m.C*next.A + m.D*next.C, D: m.C*next.B + m.D*next.D,
		E: m.E*next.A + m.F*next.C + next.E, F: m.E*next.B + m.F*next.D + next.F,
	}
}

// operands are the six numbers of m. The linear part needs more than micrometres: a small turn of a large
// drawing would be visible.
func (m Matrix) operands() string {
	const decimals = 6
	linear := []string{shortest(m.A, decimals), shortest(m.B, decimals), shortest(m.C, decimals), shortest(m.D, decimals)}
	return strings.Join(linear, " ") + " " + numbers(m.E, m.F)
}

// Path is a sequence of lines and Bézier curves.
type Path struct {
	ops   bytes.Buffer
	empty bool
}

// NewPath returns a path without segments.
func NewPath() *Path { return &Path{empty: true} }

// Empty reports whether nothing has been added.
func (p *Path) Empty() bool { return p.empty }

// MoveTo starts a subpath at (x, y).
func (p *Path) MoveTo(x, y float64) { p.add("m", x, y) }

// LineTo adds a straight line to (x, y).
func (p *Path) LineTo(x, y float64) { p.add("l", x, y) }

// CurveTo adds a cubic Bézier curve with control points 1 and 2 that ends at (x, y).
func (p *Path) CurveTo(x1, y1, x2, y2, x, y float64) {
	p.add("c", x1, y1, x2, y2, x, y)
}

// Close ends the current subpath where it started.
func (p *Path) Close() { p.ops.WriteString("h\n") }

// Rect adds a rectangle with its lower left corner at (x, y).
func (p *Path) Rect(x, y, width, height float64) { p.add("re", x, y, width, height) }

// Circle adds a circle around (cx, cy).
func (p *Path) Circle(cx, cy, radius float64) { p.Ellipse(cx, cy, radius, radius) }

// Ellipse adds an ellipse around (cx, cy) with radii rx and ry.
func (p *Path) Ellipse(cx, cy, rx, ry float64) {
	// The control distance that keeps a cubic within 0.03 % of a quarter circle.
	const k = 0.5522847498
	p.MoveTo(cx+rx, cy)
	p.CurveTo(cx+rx, cy+k*ry, cx+k*rx, cy+ry, cx, cy+ry)
	p.CurveTo(cx-k*rx, cy+ry, cx-rx, cy+k*ry, cx-rx, cy)
	p.CurveTo(cx-rx, cy-k*ry, cx-k*rx, cy-ry, cx, cy-ry)
	p.CurveTo(cx+k*rx, cy-ry, cx+rx, cy-k*ry, cx+rx, cy)
	p.Close()
}

func (p *Path) add(operator string, operands ...float64) {
	p.empty = false
	p.ops.WriteString(numbers(operands...))
	p.ops.WriteByte(' ')
	p.ops.WriteString(operator)
	p.ops.WriteByte('\n')
}

// Drawing collects vector graphics in millimetres, origin at the lower left, y upwards.
type Drawing struct {
	ops   bytes.Buffer
	forms []*Form
}

// Fill paints the inside of p. With evenOdd, overlapping subpaths cut holes whatever their direction.
func (d *Drawing) Fill(p *Path, c Color, evenOdd bool) {
	if p.Empty() {
		return
	}
	operator := "f"
	if evenOdd {
		operator = "f*"
	}
	fmt.Fprintf(&d.ops, "%s rg\n%s%s\n", c.operands(), p.ops.Bytes(), operator)
}

// Stroke draws along p with a pen of the given width and round joins.
func (d *Drawing) Stroke(p *Path, c Color, width float64) {
	if p.Empty() {
		return
	}
	fmt.Fprintf(&d.ops, "%s RG %s w 1 j 1 J\n%sS\n", c.operands(), number(width), p.ops.Bytes())
}

// Draw places a form, as often as wanted: its operators are stored once.
func (d *Drawing) Draw(f *Form, m Matrix) {
	fmt.Fprintf(&d.ops, "q %s cm /%s Do Q\n", m.operands(), d.use(f))
}

// use returns the resource name of f within d.
func (d *Drawing) use(f *Form) string {
	for i, known := range d.forms {
		if known == f {
			return fmt.Sprintf("X%d", i)
		}
	}
	d.forms = append(d.forms, f)
	return fmt.Sprintf("X%d", len(d.forms)-1)
}

// Form is a drawing that other drawings place, possibly many times.
type Form struct {
	Drawing
	x, y, width, height float64
}

// NewForm returns an empty form; what lies outside of the given box is cut off.
func NewForm(x, y, width, height float64) *Form {
	return &Form{x: x, y: y, width: width, height: height}
}
