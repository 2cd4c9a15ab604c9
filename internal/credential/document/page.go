package document

import (
	"fmt"

	"rsc.io/qr"

	"lyceum/internal/credential/document/pdf"
)

// A4 in landscape, in millimetres.
const (
	pageWidth  = 297.0
	pageHeight = 210.0
)

// alignment says on which side of its room a text stands.
type alignment int

const (
	left alignment = iota
	center
	right
)

// page is a certificate while it is being drawn. Positions are written for languages that read from left to
// right; for the others the footer is mirrored.
type page struct {
	facts   Certificate
	logo    *logo
	texts   phrases
	palette colors
	setter  *typesetter
	sheet   *pdf.Sheet
}

func newPage(c Certificate, picture *logo, faces library) (*page, error) {
	palette, err := paletteFor(c.Accent)
	if err != nil {
		return nil, err
	}
	texts := phrasesFor(c.Locale)
	return &page{
		facts:   c,
		logo:    picture,
		texts:   texts,
		palette: palette,
		setter:  newTypesetter(faces, texts.tag),
		sheet:   pdf.NewSheet(c.meta(texts), pageWidth, pageHeight),
	}, nil
}

// label is a text with its place and looks. Sizes and positions are millimetres.
type label struct {
	text     string
	element  string // structure type
	weight   weight
	tracking float64
	color    pdf.Color
	align    alignment
	x, y     float64 // y is the middle of the room, x its side or centre as align says
	room     box
	link     string
}

// small is the room of a label that should stay on one line.
func small(width, size float64) box {
	const smallest, lines = 0.6, 2
	return box{width: width, height: 3 * size, steps: []step{{1, size, size * smallest}, {lines, size * smallest, size * smallest}}}
}

// print draws everything, in the order in which it is read, and returns the file.
func (p *page) print() ([]byte, error) {
	p.sheet.Decoration(func() {
		drawWatermark(p.sheet, p.palette)
		drawFrame(p.sheet, p.palette)
		drawDivider(p.sheet, p.palette, 143.6)
	})
	for _, draw := range []func() error{p.drawHead, p.drawBody, p.drawFooter, p.drawVerification} {
		if err := draw(); err != nil {
			return nil, err
		}
	}
	return p.sheet.Bytes(), nil
}

// drawHead draws the tenant, with its logo if there is one, and the title.
func (p *page) drawHead() error {
	tenant := label{
		text: p.facts.TenantName, element: "P", weight: semiBold, tracking: 0.06, color: p.palette.strong,
		align: center, x: pageWidth / 2, y: 177, room: small(190, 5.2),
	}
	if p.logo != nil {
		p.drawLogo(pageWidth/2, 180.5, 90, 14)
		tenant.y, tenant.room = 169.5, small(190, 3.4)
	}
	return p.drawAll(tenant, label{
		text: p.texts.title, element: "H1", weight: light, color: p.palette.strong,
		align: center, x: pageWidth / 2, y: 156, room: small(220, 13),
	})
}

// drawBody draws the sentence that the certificate is about.
func (p *page) drawBody() error {
	const middle, phraseWidth, phraseSize = pageWidth / 2, 200, 4.4
	phrase := label{
		element: "P", weight: regular, color: p.palette.muted, align: center, x: middle, room: small(phraseWidth, phraseSize),
	}
	certifies, completed := phrase, phrase
	certifies.text, certifies.y = p.texts.certifies, 135.4
	completed.text, completed.y = p.texts.completed, 97.9
	err := p.drawAll(certifies, label{
		text: p.facts.LearnerName, element: "P", weight: light, color: p.palette.ink, align: center, x: middle, y: 118.5,
		room: box{width: 215, height: 26, steps: []step{{1, 14, 9}, {2, 10, 7}, {3, 7, 4.8}, {6, 4.8, 3}}},
	})
	if err != nil {
		return err
	}
	p.sheet.Decoration(func() {
		const reach = 62
		rule := pdf.NewPath()
		rule.MoveTo(middle-reach, 103.8)
		rule.LineTo(middle+reach, 103.8)
		p.sheet.Stroke(rule, p.palette.line, 0.25)
	})
	return p.drawAll(completed, label{
		text: p.facts.CourseTitle, element: "P", weight: semiBold, color: p.palette.strong, align: center, x: middle, y: 82,
		room: box{width: 205, height: 24, steps: []step{{1, 8.4, 6.6}, {2, 7.2, 5.6}, {3, 5.4, 4.2}, {6, 4.2, 2.9}}},
	})
}

// signature is a value over a line with its meaning below.
type signature struct{ value, meaning string }

// drawFooter draws the dates and who vouches.
func (p *page) drawFooter() error {
	const start, end, gap, line = 32.0, 218.0, 12.0, 50.0
	columns := []signature{{p.texts.formatDate(p.facts.Issued), p.texts.issued}}
	if !p.facts.Expires.IsZero() {
		columns = append(columns, signature{p.texts.formatDate(p.facts.Expires), p.texts.expires})
	}
	voucher := signature{p.facts.InstructorName, p.texts.instructor}
	if voucher.value == "" {
		voucher = signature{p.facts.TenantName, p.texts.issuer}
	}
	columns = append(columns, voucher)
	width := (end - start - gap*float64(len(columns)-1)) / float64(len(columns))
	for i, column := range columns {
		from := start + float64(i)*(width+gap)
		p.sheet.Decoration(func() {
			rule := pdf.NewPath()
			rule.MoveTo(p.mirror(from), line)
			rule.LineTo(p.mirror(from+width), line)
			p.sheet.Stroke(rule, p.palette.accent, 0.25)
		})
		err := p.drawAll(
			label{
				text: column.value, element: "P", weight: regular, color: p.palette.ink, align: p.side(),
				x: p.mirror(from), y: line + 4.2, room: small(width, 4.6),
			},
			label{
				text: column.meaning, element: "P", weight: regular, color: p.palette.muted, align: p.side(),
				x: p.mirror(from), y: line - 3.6, room: small(width, 3.1),
			},
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// drawVerification draws code, address and QR code.
func (p *page) drawVerification() error {
	const start, width, size = 32.0, 182.0, 3.1
	const codeSize, codeX, codeY = 30.0, 249.0, 43.5
	if err := p.drawQR(p.mirror(codeX), codeY, codeSize); err != nil {
		return err
	}
	scan := label{
		text: p.texts.scan, element: "P", weight: regular, color: p.palette.muted, align: center,
		x: p.mirror(codeX), y: codeY - codeSize/2 - 1.6, room: small(codeSize+4, 2.5),
	}
	rows := []label{scan}
	for i, row := range []struct{ meaning, value, link string }{
		{p.texts.code, p.facts.Code, ""}, {p.texts.verify, p.facts.VerifyURL, p.facts.VerifyURL},
	} {
		const column = 40.0
		y := 35.5 - 5.2*float64(i)
		rows = append(rows,
			label{
				text: row.meaning, element: "P", weight: regular, color: p.palette.muted, align: p.side(),
				x: p.mirror(start), y: y, room: small(column-2, size),
			},
			label{
				text: row.value, element: "P", weight: semiBold, color: p.palette.ink, align: p.side(),
				x: p.mirror(start + column), y: y, room: box{width: width - column, height: 6, steps: []step{{1, size, 2.2}, {2, 2.2, 1.8}, {3, 1.8, 1.4}}},
				link: row.link,
			})
	}
	return p.drawAll(rows...)
}

// mirror maps a horizontal position to the other half of the page in languages that read from right to left.
func (p *page) mirror(x float64) float64 {
	if p.texts.rightToLeft {
		return pageWidth - x
	}
	return x
}

// side is where lines begin.
func (p *page) side() alignment {
	if p.texts.rightToLeft {
		return right
	}
	return left
}

func (p *page) drawAll(labels ...label) error {
	for _, l := range labels {
		if err := p.draw(l); err != nil {
			return fmt.Errorf("set %q: %w", l.text, err)
		}
	}
	return nil
}

// draw sets one label, its lines centred vertically on l.y.
func (p *page) draw(l label) error {
	set, err := p.setter.fit(l.text, l.weight, l.tracking, l.room)
	if err != nil {
		return err
	}
	element := pdf.Element{Type: l.element, Text: l.text}
	top := l.y + set.height()/2
	if l.link != "" {
		element = p.linkElement(l, set, top)
	}
	p.sheet.Tagged(element, func() {
		for _, row := range set.lines {
			baseline := top - row.ascent*set.size
			p.drawLine(row, set.size, lineStart(l.align, l.x, row.width*set.size), baseline, l.color)
			top = baseline - (row.descent+lineGap)*set.size
		}
	})
	return nil
}

// linkElement makes the lines of a block clickable.
func (p *page) linkElement(l label, set block, top float64) pdf.Element {
	width := 0.0
	for _, row := range set.lines {
		width = max(width, row.width*set.size)
	}
	from := lineStart(l.align, l.x, width)
	return pdf.Element{Type: "Link", Alt: l.link, URL: l.link, Area: [4]float64{from, top - set.height(), from + width, top}}
}

// lineStart is the left end of a line of the given width that is aligned at x.
func lineStart(align alignment, x, width float64) float64 {
	switch align {
	case center:
		return x - width/2
	case right:
		return x - width
	default:
		return x
	}
}

// drawLine sets the pieces of a line from left to right.
func (p *page) drawLine(row line, size, x, baseline float64, c pdf.Color) {
	for _, piece := range row.pieces {
		if piece.face == nil {
			p.sheet.Substitute(piece.text, func() { p.drawBox(x, baseline, size, c) })
		} else {
			p.sheet.Text(pdf.Run{
				Font: piece.face.file, Size: size, X: x, Y: baseline, Color: c,
				RightToLeft: piece.rightToLeft, Clusters: scaled(piece.clusters, size),
			})
		}
		x += piece.width * size
	}
}

// scaled converts the places of glyphs from em to millimetres.
func scaled(clusters []pdf.Cluster, size float64) []pdf.Cluster {
	out := make([]pdf.Cluster, len(clusters))
	for i, c := range clusters {
		glyphs := make([]pdf.Glyph, len(c.Glyphs))
		for j, g := range c.Glyphs {
			glyphs[j] = pdf.Glyph{ID: g.ID, X: g.X * size, Y: g.Y * size}
		}
		out[i] = pdf.Cluster{Text: c.Text, Glyphs: glyphs}
	}
	return out
}

// drawBox draws the sign for a character that no font has.
func (p *page) drawBox(x, baseline, size float64, c pdf.Color) {
	const margin, height, pen = 0.08, 0.71, 0.05
	outline := pdf.NewPath()
	outline.Rect(x+margin*size, baseline, (boxWidth-2*margin)*size, height*size)
	p.sheet.Stroke(outline, c, pen*size)
}

// drawQR draws the address as a QR code of vector squares, with the margin that scanners need.
func (p *page) drawQR(cx, cy, size float64) error {
	code, err := qr.Encode(p.facts.VerifyURL, qr.M)
	if err != nil {
		return fmt.Errorf("encode QR code: %w", err)
	}
	const quietZone = 4 // modules, ISO/IEC 18004
	module := size / float64(code.Size+2*quietZone)
	x0, y0 := cx-size/2, cy-size/2
	background, squares := pdf.NewPath(), pdf.NewPath()
	background.Rect(x0, y0, size, size)
	for row := range code.Size {
		y := y0 + size - float64(row+quietZone+1)*module
		for column := 0; column < code.Size; {
			length := blackRun(code, column, row)
			if length > 0 {
				squares.Rect(x0+float64(column+quietZone)*module, y, float64(length)*module, module)
			}
			column += max(length, 1)
		}
	}
	p.sheet.Tagged(pdf.Element{
		Type: "Figure", Alt: p.texts.verify + " " + p.facts.VerifyURL,
	}, func() {
		p.sheet.Fill(background, white(), false)
		p.sheet.Fill(squares, p.palette.ink, false)
	})
	return nil
}

// blackRun counts the black modules from column on.
func blackRun(code *qr.Code, column, row int) int {
	length := 0
	for column+length < code.Size && code.Black(column+length, row) {
		length++
	}
	return length
}
