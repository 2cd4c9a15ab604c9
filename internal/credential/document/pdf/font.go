package pdf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-text/typesetting/font/opentype"
)

// Font is a TrueType font that text can be set in. It is never written to after ParseFont, so any number of
// sheets may share it.
type Font struct {
	name       string
	unitsPerEm int
	bounds     [4]int // xMin, yMin, xMax, yMax in font units
	ascent     int
	descent    int
	longLoca   bool
	advances   []uint16
	loca       []uint32
	tables     map[string][]byte
}

// fontTables are the tables of a TrueType font that a PDF reader needs when glyphs are chosen by number
// (ISO 32000-1, 9.9). Hinting programs are listed too, because glyphs may call them.
var fontTables = [...]struct {
	tag      string
	optional bool
}{
	{"cvt ", true},
	{"fpgm", true},
	{"glyf", false},
	{"head", false},
	{"hhea", false},
	{"hmtx", false},
	{"loca", false},
	{"maxp", false},
	{"prep", true},
}

var errShortTable = errors.New("font table is too short")

// ParseFont reads a TrueType font, plain or in a WOFF envelope. The name becomes its PostScript name.
func ParseFont(name string, data []byte) (*Font, error) {
	loader, err := opentype.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("open font %s: %w", name, err)
	}
	f := &Font{name: name, tables: map[string][]byte{}}
	for _, table := range fontTables {
		tag := opentype.MustNewTag(table.tag)
		if table.optional && !loader.HasTable(tag) {
			continue
		}
		raw, err := loader.RawTable(tag)
		if err != nil {
			return nil, fmt.Errorf("read table %q of font %s: %w", table.tag, name, err)
		}
		f.tables[table.tag] = raw
	}
	if err := f.parse(); err != nil {
		return nil, fmt.Errorf("parse font %s: %w", name, err)
	}
	return f, nil
}

// parse decodes the tables that subsetting and layout read (OpenType 1.9: head, hhea, maxp, hmtx, loca).
func (f *Font) parse() error {
	head, hhea, maxp := f.tables["head"], f.tables["hhea"], f.tables["maxp"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 6 {
		return errShortTable
	}
	f.unitsPerEm = int(binary.BigEndian.Uint16(head[18:]))
	for i := range f.bounds {
		f.bounds[i] = signed(head[36+2*i:])
	}
	f.longLoca = binary.BigEndian.Uint16(head[50:]) == 1
	f.ascent, f.descent = signed(hhea[4:]), signed(hhea[6:])
	if f.unitsPerEm == 0 {
		return errors.New("font has no units per em")
	}
	glyphs := int(binary.BigEndian.Uint16(maxp[4:]))
	if err := f.parseAdvances(glyphs, int(binary.BigEndian.Uint16(hhea[34:]))); err != nil {
		return err
	}
	return f.parseLoca(glyphs)
}

func (f *Font) parseAdvances(glyphs, metrics int) error {
	hmtx := f.tables["hmtx"]
	if metrics == 0 || metrics > glyphs || len(hmtx) < 4*metrics+2*(glyphs-metrics) {
		return errShortTable
	}
	f.advances = make([]uint16, glyphs)
	for id := range f.advances {
		f.advances[id] = binary.BigEndian.Uint16(hmtx[4*min(id, metrics-1):])
	}
	return nil
}

func (f *Font) parseLoca(glyphs int) error {
	loca, width := f.tables["loca"], 2
	if f.longLoca {
		width = 4
	}
	if len(loca) < width*(glyphs+1) {
		return errShortTable
	}
	f.loca = make([]uint32, glyphs+1)
	for i := range f.loca {
		if f.longLoca {
			f.loca[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			f.loca[i] = 2 * uint32(binary.BigEndian.Uint16(loca[2*i:]))
		}
		if f.loca[i] > uint32(len(f.tables["glyf"])) || i > 0 && f.loca[i] < f.loca[i-1] {
			return errors.New("glyph locations are out of order")
		}
	}
	return nil
}

// Ascent is the height of the font's tallest letters above the baseline, in em.
func (f *Font) Ascent() float64 { return float64(f.ascent) / float64(f.unitsPerEm) }

// Descent is the depth of the font below the baseline in em, positive.
func (f *Font) Descent() float64 { return -float64(f.descent) / float64(f.unitsPerEm) }

// width is the advance of a glyph in thousandths of an em, rounded as the PDF states it.
func (f *Font) width(id uint16) int {
	if int(id) >= len(f.advances) {
		return 0
	}
	return f.perMille(int(f.advances[id]))
}

// perMille converts font units to thousandths of an em.
func (f *Font) perMille(units int) int {
	const em = 1000
	if units < 0 {
		return -((-units*em + f.unitsPerEm/2) / f.unitsPerEm)
	}
	return (units*em + f.unitsPerEm/2) / f.unitsPerEm
}

// outline returns the raw glyph description, empty for a glyph without ink or an unknown number.
func (f *Font) outline(id uint16) []byte {
	if int(id)+1 >= len(f.loca) {
		return nil
	}
	return f.tables["glyf"][f.loca[id]:f.loca[id+1]]
}

// closure adds to wanted every glyph that a composite glyph in it refers to.
func (f *Font) closure(wanted map[uint16]bool) {
	pending := make([]uint16, 0, len(wanted))
	for id := range wanted {
		pending = append(pending, id)
	}
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		for _, part := range components(f.outline(id)) {
			if !wanted[part] {
				wanted[part] = true
				pending = append(pending, part)
			}
		}
	}
}

// components lists the glyphs that a composite description draws (OpenType 1.9, glyf, "Composite glyph").
func components(outline []byte) []uint16 {
	const (
		headerSize    = 10
		wordArguments = 0x0001
		oneScale      = 0x0008
		more          = 0x0020
		twoScales     = 0x0040
		twoByTwo      = 0x0080
	)
	if len(outline) < headerSize || signed(outline) >= 0 {
		return nil
	}
	var parts []uint16
	for rest := outline[headerSize:]; len(rest) >= 4; {
		flags, size := binary.BigEndian.Uint16(rest), 6
		parts = append(parts, binary.BigEndian.Uint16(rest[2:]))
		if flags&wordArguments != 0 {
			size += 2
		}
		switch {
		case flags&oneScale != 0:
			size += 2
		case flags&twoScales != 0:
			size += 4
		case flags&twoByTwo != 0:
			size += 8
		}
		if flags&more == 0 || size > len(rest) {
			break
		}
		rest = rest[size:]
	}
	return parts
}

// subset returns a font file in which only the wanted glyphs have ink. Glyphs keep their numbers, so that
// composites need no rewriting; the zeros left behind compress to nothing.
func (f *Font) subset(wanted map[uint16]bool) []byte {
	f.closure(wanted)
	last := uint16(0)
	for id := range wanted {
		last = max(last, id)
	}
	count := min(int(last)+1, len(f.advances))
	var glyf []byte
	loca, hmtx := make([]byte, 4, 4*(count+1)), make([]byte, 4*count)
	for id := range count {
		if wanted[uint16(id)] {
			glyf = append(glyf, f.outline(uint16(id))...)
			glyf = append(glyf, make([]byte, -len(glyf)&3)...)
			binary.BigEndian.PutUint16(hmtx[4*id:], f.advances[id])
			binary.BigEndian.PutUint16(hmtx[4*id+2:], f.leftBearing(id))
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	}
	tables := map[string][]byte{"glyf": glyf, "loca": loca, "hmtx": hmtx}
	for tag, raw := range f.tables {
		if _, rewritten := tables[tag]; !rewritten {
			tables[tag] = bytes.Clone(raw)
		}
	}
	binary.BigEndian.PutUint16(tables["maxp"][4:], uint16(count))
	binary.BigEndian.PutUint16(tables["hhea"][34:], uint16(count))
	binary.BigEndian.PutUint16(tables["head"][50:], 1) // long offsets in loca
	return assemble(tables)
}

// leftBearing is the left side bearing of a glyph as hmtx stores it.
func (f *Font) leftBearing(id int) uint16 {
	hmtx := f.tables["hmtx"]
	metrics := int(binary.BigEndian.Uint16(f.tables["hhea"][34:]))
	if id < metrics {
		return binary.BigEndian.Uint16(hmtx[4*id+2:])
	}
	return binary.BigEndian.Uint16(hmtx[4*metrics+2*(id-metrics):])
}

// assemble writes a TrueType file around tables (OpenType 1.9, "Organization of an OpenType Font").
func assemble(tables map[string][]byte) []byte {
	const (
		headerSize, entrySize = 12, 16
		adjustmentOffset      = 8
		magic                 = 0xB1B0AFBA
	)
	binary.BigEndian.PutUint32(tables["head"][adjustmentOffset:], 0)
	count, selector := 0, 0
	for _, table := range fontTables {
		if tables[table.tag] != nil {
			count++
		}
	}
	for 2<<selector <= count {
		selector++
	}
	file := make([]byte, 0, headerSize+entrySize*count)
	file = binary.BigEndian.AppendUint32(file, 0x00010000)
	for _, v := range []int{count, 16 << selector, selector, 16*count - 16<<selector} {
		file = binary.BigEndian.AppendUint16(file, uint16(v))
	}
	var body []byte
	headAt := 0
	for _, table := range fontTables {
		raw := tables[table.tag]
		if raw == nil {
			continue
		}
		offset := headerSize + entrySize*count + len(body)
		if table.tag == "head" {
			headAt = offset
		}
		file = append(file, table.tag...)
		for _, v := range []uint32{checksum(raw), uint32(offset), uint32(len(raw))} {
			file = binary.BigEndian.AppendUint32(file, v)
		}
		body = append(body, raw...)
		body = append(body, make([]byte, -len(body)&3)...)
	}
	file = append(file, body...)
	binary.BigEndian.PutUint32(file[headAt+adjustmentOffset:], magic-checksum(file))
	return file
}

// checksum is the sum of a table's big-endian words, the last one padded with zeros.
func checksum(table []byte) uint32 {
	var sum uint32
	for len(table) >= 4 {
		sum += binary.BigEndian.Uint32(table)
		table = table[4:]
	}
	var last [4]byte
	copy(last[:], table)
	return sum + binary.BigEndian.Uint32(last[:])
}

// signed reads a big-endian int16.
func signed(b []byte) int { return int(int16(binary.BigEndian.Uint16(b))) }
