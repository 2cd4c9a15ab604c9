package svg

import (
	"errors"
	"fmt"
	"math"

	"lyceum/internal/credential/document/pdf"
)

// point is a position in user units.
type point struct{ x, y float64 }

func (p point) plus(q point) point { return point{p.x + q.x, p.y + q.y} }

// mirrored is p reflected at q.
func (p point) mirrored(q point) point { return point{2*q.x - p.x, 2*q.y - p.y} }

// segment is one step of a shape: 'M' and 'L' with one point, 'C' with three, 'Z' with none.
type segment struct {
	kind   byte
	points [3]point
}

// shape is an outline before it is transformed.
type shape struct {
	segments []segment
	start    point
	current  point
}

func (s *shape) moveTo(p point) {
	s.segments = append(s.segments, segment{kind: 'M', points: [3]point{p}})
	s.start, s.current = p, p
}

func (s *shape) lineTo(p point) {
	s.segments = append(s.segments, segment{kind: 'L', points: [3]point{p}})
	s.current = p
}

func (s *shape) curveTo(a, b, p point) {
	s.segments = append(s.segments, segment{kind: 'C', points: [3]point{a, b, p}})
	s.current = p
}

func (s *shape) quadTo(c, p point) {
	const third = 2.0 / 3
	from := s.current
	s.curveTo(
		point{from.x + third*(c.x-from.x), from.y + third*(c.y-from.y)},
		point{p.x + third*(c.x-p.x), p.y + third*(c.y-p.y)}, p)
}

func (s *shape) closePath() {
	s.segments = append(s.segments, segment{kind: 'Z'})
	s.current = s.start
}

// ellipse goes once round (cx, cy).
func (s *shape) ellipse(cx, cy, rx, ry float64) {
	s.moveTo(point{cx + rx, cy})
	s.arcTo(arc{rx: rx, ry: ry, sweep: true, to: point{cx - rx, cy}})
	s.arcTo(arc{rx: rx, ry: ry, sweep: true, to: point{cx + rx, cy}})
	s.closePath()
}

// path transforms the outline. Coordinates that left all reason are refused.
func (s *shape) path(m pdf.Matrix) (*pdf.Path, error) {
	const most = 1e6
	out := pdf.NewPath()
	for _, seg := range s.segments {
		var p [3]point
		for i, q := range seg.points {
			p[i] = point{m.A*q.x + m.C*q.y + m.E, m.B*q.x + m.D*q.y + m.F}
			if !(math.Abs(p[i].x) < most && math.Abs(p[i].y) < most) {
				return nil, errors.New("the SVG draws far outside of its view")
			}
		}
		switch seg.kind {
		case 'M':
			out.MoveTo(p[0].x, p[0].y)
		case 'L':
			out.LineTo(p[0].x, p[0].y)
		case 'C':
			out.CurveTo(p[0].x, p[0].y, p[1].x, p[1].y, p[2].x, p[2].y)
		case 'Z':
			out.Close()
		}
	}
	return out, nil
}

// outline builds the shape of an element.
func outline(name string, attrs map[string]string) (*shape, error) {
	s := &shape{}
	switch name {
	case "path":
		return parsePath(attrs["d"])
	case "polyline", "polygon":
		return polygon(attrs["points"], name == "polygon")
	case "rect":
		v, err := lengths(attrs, "x", "y", "width", "height", "rx", "ry")
		if err != nil {
			return nil, err
		}
		s.rectangle(v, attrs["rx"] == "", attrs["ry"] == "")
	case "circle":
		v, err := lengths(attrs, "cx", "cy", "r")
		if err != nil {
			return nil, err
		}
		s.ellipse(v[0], v[1], v[2], v[2])
	case "ellipse":
		v, err := lengths(attrs, "cx", "cy", "rx", "ry")
		if err != nil {
			return nil, err
		}
		s.ellipse(v[0], v[1], v[2], v[3])
	case "line":
		v, err := lengths(attrs, "x1", "y1", "x2", "y2")
		if err != nil {
			return nil, err
		}
		s.moveTo(point{v[0], v[1]})
		s.lineTo(point{v[2], v[3]})
	default:
		return nil, unsupported(fmt.Sprintf("<%s>", name))
	}
	return s, nil
}

// lengths reads attributes; those that are missing are 0.
func lengths(attrs map[string]string, names ...string) ([]float64, error) {
	values := make([]float64, len(names))
	for i, name := range names {
		if attrs[name] == "" {
			continue
		}
		v, err := parseLength(attrs[name])
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// rectangle adds a rectangle from x, y, width, height, rx, ry; a radius that is not given equals the other one.
func (s *shape) rectangle(v []float64, noRX, noRY bool) {
	x, y, w, h, rx, ry := v[0], v[1], v[2], v[3], v[4], v[5]
	if w <= 0 || h <= 0 {
		return
	}
	if noRX {
		rx = ry
	}
	if noRY {
		ry = rx
	}
	rx, ry = min(rx, w/2), min(ry, h/2)
	if rx <= 0 || ry <= 0 {
		rx, ry = 0, 0
	}
	corner := func(to point) {
		if rx > 0 {
			s.arcTo(arc{rx: rx, ry: ry, sweep: true, to: to})
		}
	}
	s.moveTo(point{x + rx, y})
	s.lineTo(point{x + w - rx, y})
	corner(point{x + w, y + ry})
	s.lineTo(point{x + w, y + h - ry})
	corner(point{x + w - rx, y + h})
	s.lineTo(point{x + rx, y + h})
	corner(point{x, y + h - ry})
	s.lineTo(point{x, y + ry})
	corner(point{x + rx, y})
	s.closePath()
}

func polygon(points string, closed bool) (*shape, error) {
	v, err := parseNumbers(points)
	if err != nil {
		return nil, err
	}
	s := &shape{}
	for i := 0; i+1 < len(v); i += 2 {
		if i == 0 {
			s.moveTo(point{v[0], v[1]})
			continue
		}
		s.lineTo(point{v[i], v[i+1]})
	}
	if closed && len(s.segments) > 0 {
		s.closePath()
	}
	return s, nil
}

// arc is an elliptical arc from the current point.
type arc struct {
	rx, ry, rotation float64 // rotation in degrees
	large, sweep     bool
	to               point
}

// arcTo adds an arc as cubic curves (SVG 1.1, appendix F.6).
func (s *shape) arcTo(a arc) {
	from := s.current
	rx, ry := math.Abs(a.rx), math.Abs(a.ry)
	if from == a.to {
		return
	}
	if rx == 0 || ry == 0 {
		s.lineTo(a.to)
		return
	}
	sin, cos := math.Sincos(a.rotation * math.Pi / 180)
	hx, hy := (from.x-a.to.x)/2, (from.y-a.to.y)/2
	x, y := cos*hx+sin*hy, -sin*hx+cos*hy
	if lambda := x*x/(rx*rx) + y*y/(ry*ry); lambda > 1 {
		rx, ry = rx*math.Sqrt(lambda), ry*math.Sqrt(lambda)
	}
	root := math.Sqrt(max(0, (rx*rx*ry*ry-rx*rx*y*y-ry*ry*x*x)/(rx*rx*y*y+ry*ry*x*x)))
	if a.large == a.sweep {
		root = -root
	}
	cx, cy := root*rx*y/ry, -root*ry*x/rx
	begin := math.Atan2((y-cy)/ry, (x-cx)/rx)
	turn := math.Atan2((-y-cy)/ry, (-x-cx)/rx) - begin
	if a.sweep && turn < 0 {
		turn += 2 * math.Pi
	} else if !a.sweep && turn > 0 {
		turn -= 2 * math.Pi
	}
	center := point{cos*cx - sin*cy + (from.x+a.to.x)/2, sin*cx + cos*cy + (from.y+a.to.y)/2}
	place := func(x, y float64) point {
		return point{center.x + cos*rx*x - sin*ry*y, center.y + sin*rx*x + cos*ry*y}
	}
	pieces := max(1, math.Ceil(math.Abs(turn)/(math.Pi/2)-1e-9))
	step := turn / pieces
	k := 4.0 / 3 * math.Tan(step/4)
	for i := range int(pieces) {
		s0, c0 := math.Sincos(begin + float64(i)*step)
		s1, c1 := math.Sincos(begin + float64(i+1)*step)
		end := place(c1, s1)
		if i == int(pieces)-1 {
			end = a.to
		}
		s.curveTo(place(c0-k*s0, s0+k*c0), place(c1+k*s1, s1-k*c1), end)
	}
}
