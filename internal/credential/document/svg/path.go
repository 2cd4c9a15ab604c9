package svg

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// pathReader follows the commands of a path (SVG 1.1, 8.3).
type pathReader struct {
	scan     scanner
	shape    shape
	control  point // the last control point, for the smooth commands
	previous byte  // the last command, upper case
}

// parsePath reads path data.
func parsePath(d string) (*shape, error) {
	r := &pathReader{scan: scanner{rest: d}}
	for !r.scan.done() {
		command := r.scan.rest[0]
		if !strings.ContainsRune("MmZzLlHhVvCcSsQqTtAa", rune(command)) {
			return nil, fmt.Errorf("the SVG has a path with the command %q", head(r.scan.rest))
		}
		if r.previous == 0 && command != 'M' && command != 'm' {
			return nil, errors.New("the SVG has a path that does not start with a move")
		}
		r.scan.rest = r.scan.rest[1:]
		if err := r.repeat(command); err != nil {
			return nil, err
		}
	}
	return &r.shape, nil
}

// repeat runs a command for as long as numbers follow. Further points of a move are lines.
func (r *pathReader) repeat(command byte) error {
	relative := unicode.IsLower(rune(command))
	upper := byte(unicode.ToUpper(rune(command)))
	for {
		if err := r.run(upper, relative); err != nil {
			return err
		}
		if len(r.shape.segments) > maxSegments {
			return fmt.Errorf("the SVG has a path of more than %d segments", maxSegments)
		}
		r.previous = upper
		if upper == 'Z' || r.scan.done() || !strings.ContainsRune("+-.0123456789", rune(r.scan.rest[0])) {
			return nil
		}
		if upper == 'M' {
			upper = 'L'
		}
	}
}

// run takes the operands of one command and draws it.
func (r *pathReader) run(command byte, relative bool) error {
	switch command {
	case 'Z':
		r.shape.closePath()
		return nil
	case 'H', 'V':
		return r.straight(command == 'H', relative)
	case 'A':
		return r.arc(relative)
	}
	count := map[byte]int{'M': 1, 'L': 1, 'T': 1, 'S': 2, 'Q': 2, 'C': 3}[command]
	p, err := r.points(count, relative)
	if err != nil {
		return err
	}
	switch command {
	case 'M':
		r.shape.moveTo(p[0])
	case 'L':
		r.shape.lineTo(p[0])
	case 'C':
		r.control = p[1]
		r.shape.curveTo(p[0], p[1], p[2])
	case 'S':
		first := r.reflected("CS")
		r.control = p[0]
		r.shape.curveTo(first, p[0], p[1])
	case 'Q':
		r.control = p[0]
		r.shape.quadTo(p[0], p[1])
	case 'T':
		r.control = r.reflected("QT")
		r.shape.quadTo(r.control, p[0])
	}
	return nil
}

// reflected is the control point that continues the previous curve smoothly, when that was of the same family.
func (r *pathReader) reflected(family string) point {
	if strings.IndexByte(family, r.previous) < 0 {
		return r.shape.current
	}
	return r.control.mirrored(r.shape.current)
}

// points reads coordinate pairs.
func (r *pathReader) points(count int, relative bool) ([3]point, error) {
	var points [3]point
	for i := range count {
		x, err := r.scan.number()
		if err != nil {
			return points, err
		}
		y, err := r.scan.number()
		if err != nil {
			return points, err
		}
		points[i] = point{x, y}
		if relative {
			points[i] = points[i].plus(r.shape.current)
		}
	}
	return points, nil
}

func (r *pathReader) straight(horizontal, relative bool) error {
	v, err := r.scan.number()
	if err != nil {
		return err
	}
	to := r.shape.current
	coordinate := &to.y
	if horizontal {
		coordinate = &to.x
	}
	if relative {
		v += *coordinate
	}
	*coordinate = v
	r.shape.lineTo(to)
	return nil
}

func (r *pathReader) arc(relative bool) error {
	var a arc
	for _, target := range []*float64{&a.rx, &a.ry, &a.rotation} {
		v, err := r.scan.number()
		if err != nil {
			return err
		}
		*target = v
	}
	for _, target := range []*bool{&a.large, &a.sweep} {
		on, err := r.scan.flag()
		if err != nil {
			return err
		}
		*target = on
	}
	to, err := r.points(1, relative)
	if err != nil {
		return err
	}
	a.to = to[0]
	r.shape.arcTo(a)
	return nil
}
