package document

import (
	"math"

	"lyceum/internal/credential/document/pdf"
)

// curve is a plane curve with its derivative, both in millimetres, over a parameter.
type curve func(t float64) (x, y, dx, dy float64)

// trace draws a curve up to a parameter, from 0 on, as cubic pieces that touch it and its tangents.
func trace(p *pdf.Path, c curve, end float64, pieces int) {
	const third = 1.0 / 3
	step := end / float64(pieces)
	x, y, dx, dy := c(0)
	p.MoveTo(x, y)
	for i := 1; i <= pieces; i++ {
		nx, ny, ndx, ndy := c(float64(i) * step)
		p.CurveTo(x+dx*step*third, y+dy*step*third, nx-ndx*step*third, ny-ndy*step*third, nx, ny)
		x, y, dx, dy = nx, ny, ndx, ndy
	}
}

// wave is a sine along the x axis.
func wave(amplitude, length, phase float64) curve {
	k := 2 * math.Pi / length
	return func(t float64) (float64, float64, float64, float64) {
		sin, cos := math.Sincos(k*t + phase)
		return t, amplitude * sin, 1, amplitude * k * cos
	}
}

// petals is a circle whose radius swells and shrinks as it goes round.
func petals(radius, swing float64, count int, phase float64) curve {
	k := float64(count)
	return func(t float64) (float64, float64, float64, float64) {
		sin, cos := math.Sincos(t)
		swell, fall := math.Sincos(k*t + phase)
		r, dr := radius*(1+swing*fall), -radius*swing*k*swell
		return r * cos, r * sin, dr*cos - r*sin, dr*sin + r*cos
	}
}

// strand is one closed line of a rosette, as a form that is turned to draw the others.
func strand(radius, swing float64, count int, c pdf.Color, pen float64) *pdf.Form {
	const piecesPerPetal = 6
	reach := radius*(1+swing) + pen
	form := pdf.NewForm(-reach, -reach, 2*reach, 2*reach)
	path := pdf.NewPath()
	trace(path, petals(radius, swing, count, 0), 2*math.Pi, count*piecesPerPetal)
	path.Close()
	form.Stroke(path, c, pen)
	return form
}

// rosette draws a strand in as many positions as asked for, evenly spread over one petal.
func rosette(count, strands int, line *pdf.Form, reach float64) *pdf.Form {
	form := pdf.NewForm(-reach, -reach, 2*reach, 2*reach)
	for i := range strands {
		angle := 2 * math.Pi / float64(count) * float64(i) / float64(strands)
		form.Draw(line, pdf.Rotate(angle))
	}
	return form
}

// braid is one period of interlaced waves, centred on the x axis.
func braid(length float64, palette colors) *pdf.Form {
	const (
		amplitude = 2.55
		strands   = 6
		pieces    = 8
		pen       = 0.11
	)
	form := pdf.NewForm(-pen, -amplitude-pen, length+2*pen, 2*(amplitude+pen))
	for i := range strands {
		path := pdf.NewPath()
		trace(path, wave(amplitude, length, 2*math.Pi*float64(i)/strands), length, pieces)
		form.Stroke(path, palette.line, pen)
	}
	fine := pdf.NewPath()
	trace(fine, wave(amplitude*0.42, length/2, 0), length, 2*pieces)
	trace(fine, wave(amplitude*0.42, length/2, math.Pi), length, 2*pieces)
	form.Stroke(fine, palette.accent, pen)
	return form
}

// drawFrame draws the border: rules, a braid between them, a rosette on each corner.
func drawFrame(s *pdf.Sheet, palette colors) {
	const (
		outer, middle, inner = 9.0, 13.0, 17.0
		corner               = 6.0 // how far the braid stays from the corners' centres
		period               = 7.0 // wished length of one period
	)
	rules := pdf.NewPath()
	rules.Rect(outer, outer, pageWidth-2*outer, pageHeight-2*outer)
	s.Stroke(rules, palette.accent, 0.5)
	hairlines := pdf.NewPath()
	hairlines.Rect(inner, inner, pageWidth-2*inner, pageHeight-2*inner)
	hairlines.Rect(inner+1, inner+1, pageWidth-2*inner-2, pageHeight-2*inner-2)
	s.Stroke(hairlines, palette.line, 0.15)

	width, height := pageWidth-2*(middle+corner), pageHeight-2*(middle+corner)
	for _, side := range []struct {
		length float64
		starts []pdf.Matrix
	}{
		{width, []pdf.Matrix{pdf.Translate(middle+corner, middle), pdf.Translate(middle+corner, pageHeight-middle)}},
		{height, []pdf.Matrix{
			pdf.Rotate(math.Pi / 2).Then(pdf.Translate(middle, middle+corner)),
			pdf.Rotate(math.Pi / 2).Then(pdf.Translate(pageWidth-middle, middle+corner)),
		}},
	} {
		count := int(math.Round(side.length / period))
		tile := braid(side.length/float64(count), palette)
		for _, start := range side.starts {
			for i := range count {
				s.Draw(tile, pdf.Translate(side.length/float64(count)*float64(i), 0).Then(start))
			}
		}
	}
	drawCorners(s, palette, middle)
}

func drawCorners(s *pdf.Sheet, palette colors, inset float64) {
	const (
		around, outerRadius, innerRadius = 7.2, 4.9, 2.4
		petalCount, strands              = 8, 5
		pen                              = 0.11
	)
	outer := rosette(petalCount, strands, strand(outerRadius, 0.3, petalCount, palette.line, pen), around)
	inner := rosette(petalCount, strands, strand(innerRadius, 0.35, petalCount, palette.accent, pen), around)
	for _, x := range []float64{inset, pageWidth - inset} {
		for _, y := range []float64{inset, pageHeight - inset} {
			background, ring := pdf.NewPath(), pdf.NewPath()
			background.Circle(x, y, around)
			s.Fill(background, white(), false)
			ring.Circle(x, y, around-0.3)
			s.Stroke(ring, palette.accent, 0.25)
			s.Draw(outer, pdf.Translate(x, y))
			s.Draw(inner, pdf.Translate(x, y))
		}
	}
}

// drawWatermark draws the large pale rosette behind the text.
func drawWatermark(s *pdf.Sheet, palette colors) {
	const (
		x, y = pageWidth / 2, 106.0
		pen  = 0.14
	)
	for _, ring := range []struct {
		radius, swing float64
		petals        int
		strands       int
	}{
		{60, 0.14, 24, 7}, {43, 0.2, 16, 7}, {24, 0.34, 12, 7},
	} {
		line := strand(ring.radius, ring.swing, ring.petals, palette.pale, pen)
		s.Draw(rosette(ring.petals, ring.strands, line, ring.radius*(1+ring.swing)+1), pdf.Translate(x, y))
	}
}

// drawDivider draws a short rule with a diamond in its middle.
func drawDivider(s *pdf.Sheet, palette colors, y float64) {
	const (
		x           = pageWidth / 2
		reach, room = 26.0, 3.2
		half        = 1.15
	)
	rule := pdf.NewPath()
	rule.MoveTo(x-reach, y)
	rule.LineTo(x-room, y)
	rule.MoveTo(x+room, y)
	rule.LineTo(x+reach, y)
	s.Stroke(rule, palette.accent, 0.25)
	diamond := pdf.NewPath()
	diamond.MoveTo(x, y-half)
	diamond.LineTo(x+half, y)
	diamond.LineTo(x, y+half)
	diamond.LineTo(x-half, y)
	diamond.Close()
	s.Fill(diamond, palette.accent, false)
}
