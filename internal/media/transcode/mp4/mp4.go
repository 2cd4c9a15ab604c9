// Package mp4 reads the structure of MP4 files (ISO/IEC 14496-12): where their index lies, what their tracks are,
// and what a media segment of fragmented MP4 holds. It reads no picture and no sound, and trusts no size it finds.
package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Bounds of what is read into memory. A film of three hours has an index of some ten megabytes.
const (
	maxIndex  = 64 << 20
	maxBoxes  = 200_000
	maxTracks = 256
)

// ErrMalformed is returned for what is no MP4, or breaks its own sizes.
var ErrMalformed = errors.New("malformed MP4")

// Layout is where the top-level boxes of a file lie, in bytes from its beginning; -1 for a box that is not there.
type Layout struct {
	// Brand is the major brand of the file type box, such as "isom", or "" without one.
	Brand string
	// Index is where the movie box begins, Data where the first media data box does.
	Index, Data int64
	// Fragmented reports movie fragments.
	Fragmented bool

	indexSize int64
}

// FastStart reports whether a player finds the index before the media data, so that it can begin at once.
func (l Layout) FastStart() bool { return l.Index >= 0 && (l.Data < 0 || l.Index < l.Data) }

// box is a box's header and where its content lies.
type box struct {
	kind       string
	begin, end int64 // of the content
	at         int64 // of the header
}

// Scan walks over the top-level boxes. The error is ErrMalformed, or the reader's.
func Scan(r io.ReaderAt, size int64) (Layout, error) {
	l := Layout{Index: -1, Data: -1}
	at := int64(0)
	for count := 0; at < size; count++ {
		if count == maxBoxes {
			return Layout{}, fmt.Errorf("%w: too many boxes", ErrMalformed)
		}
		b, err := readHeader(r, at, size)
		if err != nil {
			return Layout{}, err
		}
		if err := l.note(r, b); err != nil {
			return Layout{}, err
		}
		at = b.end
	}
	return l, nil
}

func (l *Layout) note(r io.ReaderAt, b box) error {
	switch b.kind {
	case "ftyp":
		brand := make([]byte, 4)
		if _, err := r.ReadAt(brand, b.begin); err != nil || b.end-b.begin < 4 {
			return fmt.Errorf("%w: short file type", ErrMalformed)
		}
		l.Brand = string(brand)
	case "moov":
		if l.Index >= 0 {
			return fmt.Errorf("%w: two indexes", ErrMalformed)
		}
		l.Index, l.indexSize = b.at, b.end-b.at
	case "mdat":
		if l.Data < 0 {
			l.Data = b.at
		}
	case "moof":
		l.Fragmented = true
	}
	return nil
}

// readHeader reads the header of the box at an offset; limit is where its parent ends.
func readHeader(r io.ReaderAt, at, limit int64) (box, error) {
	var header [16]byte
	n := min(int64(len(header)), limit-at)
	if n < 8 {
		return box{}, fmt.Errorf("%w: box cut off at %d", ErrMalformed, at)
	}
	if _, err := r.ReadAt(header[:n], at); err != nil && !errors.Is(err, io.EOF) {
		return box{}, fmt.Errorf("read box: %w", err)
	}
	b := box{kind: string(header[4:8]), at: at, begin: at + 8}
	size := int64(binary.BigEndian.Uint32(header[:4]))
	switch size {
	case 0:
		size = limit - at
	case 1:
		if n < 16 {
			return box{}, fmt.Errorf("%w: box cut off at %d", ErrMalformed, at)
		}
		size = int64(binary.BigEndian.Uint64(header[8:])) // beyond int64 it is negative, and refused below
		b.begin = at + 16
	}
	if size < b.begin-at || size > limit-at {
		return box{}, fmt.Errorf("%w: box %q at %d has a size that cannot be", ErrMalformed, b.kind, at)
	}
	b.end = at + size
	return b, nil
}

// Movie is what an index says.
type Movie struct {
	// Duration is zero where the index does not say.
	Duration time.Duration
	Tracks   []Track
}

// Track is one track of a movie.
type Track struct {
	ID uint32
	// Handler is "vide", "soun", "text", "sbtl", …
	Handler string
	// Timescale is the number of ticks in a second.
	Timescale uint32
	// Entry is the four-character code of the sample description, such as "avc1".
	Entry string
	// Codec is the codec as RFC 6381 writes it, such as "avc1.640028" or "mp4a.40.2", or Entry where the code
	// does not know the format.
	Codec string
	// Width and Height are the coded size of a video track, in pixels.
	Width, Height int
	// Channels is the number of an audio track's.
	Channels int

	defaults sampleDefaults
}

type sampleDefaults struct{ duration, size, flags uint32 }

// ReadMovie reads the index of the file. The error is ErrMalformed, or the reader's.
func ReadMovie(r io.ReaderAt, size int64) (Movie, error) {
	l, err := Scan(r, size)
	if err != nil {
		return Movie{}, err
	}
	if l.Index < 0 {
		return Movie{}, fmt.Errorf("%w: no index", ErrMalformed)
	}
	if l.indexSize > maxIndex {
		return Movie{}, fmt.Errorf("%w: index of %d bytes", ErrMalformed, l.indexSize)
	}
	index := make([]byte, l.indexSize)
	if _, err := io.ReadFull(io.NewSectionReader(r, l.Index, l.indexSize), index); err != nil {
		return Movie{}, fmt.Errorf("read index: %w", err)
	}
	var m Movie
	extends := map[uint32]sampleDefaults{}
	err = each(index, "moov", func(kind string, content []byte) error {
		switch kind {
		case "mvhd":
			return m.readHeader(content)
		case "trak":
			return m.readTrack(content)
		case "mvex":
			return readExtends(content, extends)
		default:
			return nil
		}
	})
	for i := range m.Tracks {
		m.Tracks[i].defaults = extends[m.Tracks[i].ID]
	}
	return m, err
}

// Track returns the only track that has the handler. The error is ErrMalformed when there is none, or several.
func (m Movie) Track(handler string) (Track, error) {
	i := slices.IndexFunc(m.Tracks, func(t Track) bool { return t.Handler == handler })
	if i < 0 || slices.ContainsFunc(m.Tracks[i+1:], func(t Track) bool { return t.Handler == handler }) {
		return Track{}, fmt.Errorf("%w: not one track of the kind %q", ErrMalformed, handler)
	}
	return m.Tracks[i], nil
}

// each calls f for the boxes inside the box of a kind, which data begins with.
func each(data []byte, kind string, f func(kind string, content []byte) error) error {
	content, found, _, err := next(data)
	if err != nil || found != kind {
		return errors.Join(err, mismatch(found, kind))
	}
	return inside(content, f)
}

func mismatch(found, kind string) error {
	if found == kind {
		return nil
	}
	return fmt.Errorf("%w: %q where %q was due", ErrMalformed, found, kind)
}

// inside calls f for each box of the content.
func inside(content []byte, f func(kind string, content []byte) error) error {
	for count := 0; len(content) >= 8; count++ {
		if count == maxBoxes {
			return fmt.Errorf("%w: too many boxes", ErrMalformed)
		}
		body, kind, rest, err := next(content)
		if err != nil {
			return err
		}
		if err := f(kind, body); err != nil {
			return err
		}
		content = rest
	}
	return nil
}

// next splits the first box off the data.
func next(data []byte) (content []byte, kind string, rest []byte, err error) {
	if len(data) < 8 {
		return nil, "", nil, fmt.Errorf("%w: box cut off", ErrMalformed)
	}
	size, header := uint64(binary.BigEndian.Uint32(data)), uint64(8)
	kind = string(data[4:8])
	switch {
	case size == 0:
		size = uint64(len(data))
	case size == 1 && len(data) >= 16:
		size, header = binary.BigEndian.Uint64(data[8:]), 16
	}
	if size < header || size > uint64(len(data)) {
		return nil, "", nil, fmt.Errorf("%w: box %q has a size that cannot be", ErrMalformed, kind)
	}
	return data[header:size], kind, data[size:], nil
}

// fields reads big-endian numbers one after the other; past the end it reads zeros and remembers.
type fields struct {
	data  []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || len(f.data) < n {
		f.short = true
		return make([]byte, 8)
	}
	taken := f.data[:n]
	f.data = f.data[n:]
	return taken
}

func (f *fields) skip(n int) {
	if n < 0 || len(f.data) < n {
		f.short = true
		return
	}
	f.data = f.data[n:]
}

func (f *fields) u8() uint8   { return f.take(1)[0] }
func (f *fields) u16() uint16 { return binary.BigEndian.Uint16(f.take(2)) }
func (f *fields) u32() uint32 { return binary.BigEndian.Uint32(f.take(4)) }
func (f *fields) u64() uint64 { return binary.BigEndian.Uint64(f.take(8)) }

// wide reads a number of 8 bytes in version 1 of a box, of 4 in version 0.
func (f *fields) wide(version uint8) uint64 {
	if version == 1 {
		return f.u64()
	}
	return uint64(f.u32())
}

func (f *fields) err(kind string) error {
	if f.short {
		return fmt.Errorf("%w: box %q is too short", ErrMalformed, kind)
	}
	return nil
}

// full reads the version and the flags that a full box begins with.
func (f *fields) full() (version uint8, flags uint32) {
	word := f.u32()
	return uint8(word >> 24), word & 0xffffff
}

func (m *Movie) readHeader(content []byte) error {
	f := &fields{data: content}
	version, _ := f.full()
	f.wide(version)
	f.wide(version)
	scale := f.u32()
	ticks := f.wide(version)
	if err := f.err("mvhd"); err != nil {
		return err
	}
	m.Duration = span(ticks, scale)
	return nil
}

// span is a number of ticks as a time; what is unknown or longer than a century is zero.
func span(ticks uint64, scale uint32) time.Duration {
	const century = 100 * 365 * 24 * 3600
	if scale == 0 || ticks/uint64(scale) > century {
		return 0
	}
	seconds, rest := ticks/uint64(scale), ticks%uint64(scale)
	return time.Duration(seconds)*time.Second + time.Duration(rest*uint64(time.Second)/uint64(scale))
}

func (m *Movie) readTrack(content []byte) error {
	if len(m.Tracks) == maxTracks {
		return fmt.Errorf("%w: too many tracks", ErrMalformed)
	}
	var t Track
	err := inside(content, func(kind string, content []byte) error {
		switch kind {
		case "tkhd":
			f := &fields{data: content}
			version, _ := f.full()
			f.wide(version)
			f.wide(version)
			t.ID = f.u32()
			return f.err(kind)
		case "mdia":
			return t.readMedia(content)
		default:
			return nil
		}
	})
	m.Tracks = append(m.Tracks, t)
	return err
}

func (t *Track) readMedia(content []byte) error {
	return inside(content, func(kind string, content []byte) error {
		f := &fields{data: content}
		switch kind {
		case "mdhd":
			version, _ := f.full()
			f.wide(version)
			f.wide(version)
			t.Timescale = f.u32()
		case "hdlr":
			f.skip(8)
			t.Handler = string(f.take(4)[:4])
		case "minf":
			return inside(content, t.readInformation)
		}
		return f.err(kind)
	})
}

func (t *Track) readInformation(kind string, content []byte) error {
	if kind != "stbl" {
		return nil
	}
	return inside(content, func(kind string, content []byte) error {
		if kind != "stsd" {
			return nil
		}
		f := &fields{data: content}
		f.skip(8)
		if err := f.err(kind); err != nil {
			return err
		}
		entry, code, _, err := next(f.data)
		if err != nil {
			return err
		}
		t.Entry, t.Codec = code, code
		return t.readEntry(entry)
	})
}

// The bytes of a sample entry before the boxes in it.
const (
	visualEntryBytes = 78
	audioEntryBytes  = 28
)

func (t *Track) readEntry(content []byte) error {
	f := &fields{data: content}
	switch t.Handler {
	case "vide":
		f.skip(24)
		t.Width, t.Height = int(f.u16()), int(f.u16())
		f.skip(visualEntryBytes - 28)
	case "soun":
		f.skip(16)
		t.Channels = int(f.u16())
		f.skip(audioEntryBytes - 18)
	default:
		return nil
	}
	if err := f.err(t.Entry); err != nil {
		return err
	}
	return inside(f.data, func(kind string, content []byte) error {
		switch {
		case kind == "avcC" && len(content) >= 4:
			t.Codec = fmt.Sprintf("%s.%02x%02x%02x", t.Entry, content[1], content[2], content[3])
		case kind == "esds":
			t.readStream(content)
		}
		return nil
	})
}

// readStream reads an elementary stream descriptor (ISO/IEC 14496-1 §7.2.6.5) and in it the configuration of
// MPEG-4 sound (ISO/IEC 14496-3 §1.6.2.1). The channels are taken from there: many writers put two into every
// sample entry. What cannot be read changes nothing.
func (t *Track) readStream(content []byte) {
	f := &fields{data: content}
	f.full()
	f.descriptor(3)
	f.skip(2)
	f.skip(optionalBytes(f.u8()))
	f.descriptor(4)
	object := f.u8()
	f.skip(12)
	if f.short {
		return
	}
	t.Codec = fmt.Sprintf("%s.%02x", t.Entry, object)
	f.descriptor(5)
	config := f.u16()
	const mpeg4Audio = 0x40
	if f.short || object != mpeg4Audio {
		return
	}
	const escape, explicitRate = 31, 15
	kind, rate, channels := config>>11, config>>7&0xf, int(config>>3&0xf)
	if kind == escape {
		t.Codec = fmt.Sprintf("%s.%d", t.Codec, 32+config>>5&0x3f)
		return
	}
	t.Codec = fmt.Sprintf("%s.%d", t.Codec, kind)
	if rate != explicitRate && channels > 0 {
		t.Channels = channels
	}
}

// optionalBytes is how many bytes the flags of a stream descriptor announce, without a URL, which no file has.
func optionalBytes(flags uint8) int {
	n := 0
	if flags&0x80 != 0 {
		n += 2
	}
	if flags&0x20 != 0 {
		n += 2
	}
	return n
}

// descriptor reads the head of a descriptor that must have the tag.
func (f *fields) descriptor(tag uint8) {
	if f.u8() != tag {
		f.short = true
	}
	for range 4 {
		if f.u8()&0x80 == 0 {
			return
		}
	}
}

func readExtends(content []byte, extends map[uint32]sampleDefaults) error {
	return inside(content, func(kind string, content []byte) error {
		if kind != "trex" || len(extends) == maxTracks {
			return nil
		}
		f := &fields{data: content}
		f.full()
		id := f.u32()
		f.u32()
		extends[id] = sampleDefaults{duration: f.u32(), size: f.u32(), flags: f.u32()}
		return f.err(kind)
	})
}
