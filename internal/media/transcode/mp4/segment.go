package mp4

import (
	"fmt"
	"io"
	"time"
)

// maxSegment is the size of the largest media segment that is read, and maxSamples how many samples one may have.
const (
	maxSegment = 256 << 20
	maxSamples = 1 << 20
)

// Segment is what a media segment of one track holds. Times are in ticks of the track's timescale.
type Segment struct {
	// Decode is the decode time of the first sample, Duration how long all samples last.
	Decode, Duration int64
	// Present is the earliest presentation time of any sample.
	Present int64
	Samples int
	// Keys are the presentation times of the samples that a decoder can begin with.
	Keys []int64
	// KeyFirst reports whether the first sample is such a one.
	KeyFirst bool
}

// Seconds is a number of ticks of the track as a time.
func (t Track) Seconds(ticks int64) time.Duration {
	if ticks < 0 {
		return -span(uint64(-ticks), t.Timescale)
	}
	return span(uint64(ticks), t.Timescale)
}

// nonSync is the flag of a sample that a decoder cannot begin with (ISO/IEC 14496-12 §8.8.3.1).
const nonSync = 0x10000

// ReadSegment reads a media segment of the track. The error is ErrMalformed, or the reader's.
func (t Track) ReadSegment(r io.Reader) (Segment, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSegment+1))
	if err != nil {
		return Segment{}, fmt.Errorf("read segment: %w", err)
	}
	if len(data) > maxSegment {
		return Segment{}, fmt.Errorf("%w: a segment of more than %d bytes", ErrMalformed, maxSegment)
	}
	reader := &segmentReader{track: t, defaults: t.defaults}
	err = inside(data, func(kind string, content []byte) error {
		if kind != "moof" {
			return nil
		}
		return inside(content, func(kind string, content []byte) error {
			if kind != "traf" {
				return nil
			}
			return inside(content, reader.read)
		})
	})
	if err != nil {
		return Segment{}, err
	}
	if !reader.begun || reader.Samples == 0 {
		return Segment{}, fmt.Errorf("%w: a segment without samples", ErrMalformed)
	}
	return reader.Segment, nil
}

type segmentReader struct {
	Segment

	track    Track
	defaults sampleDefaults
	at       int64 // decode time of the next sample
	begun    bool
}

func (s *segmentReader) read(kind string, content []byte) error {
	f := &fields{data: content}
	switch kind {
	case "tfhd":
		return s.readDefaults(f)
	case "tfdt":
		version, _ := f.full()
		at := int64(f.wide(version)) // beyond int64 it is negative, and refused here
		if err := f.err(kind); err != nil {
			return err
		}
		if at < 0 || s.begun && at != s.at {
			return fmt.Errorf("%w: a fragment begins at %d, the one before it ends at %d", ErrMalformed, at, s.at)
		}
		if !s.begun {
			s.Decode = at
		}
		s.at, s.begun = at, true
		return nil
	case "trun":
		return s.readRun(f)
	default:
		return nil
	}
}

func (s *segmentReader) readDefaults(f *fields) error {
	_, flags := f.full()
	if id := f.u32(); id != s.track.ID {
		return fmt.Errorf("%w: a fragment of track %d in a segment of track %d", ErrMalformed, id, s.track.ID)
	}
	s.defaults = s.track.defaults
	if flags&0x1 != 0 {
		f.skip(8)
	}
	if flags&0x2 != 0 {
		f.skip(4)
	}
	if flags&0x8 != 0 {
		s.defaults.duration = f.u32()
	}
	if flags&0x10 != 0 {
		s.defaults.size = f.u32()
	}
	if flags&0x20 != 0 {
		s.defaults.flags = f.u32()
	}
	return f.err("tfhd")
}

func (s *segmentReader) readRun(f *fields) error {
	version, flags := f.full()
	count := int(f.u32())
	if count > maxSamples-s.Samples || !s.begun {
		return fmt.Errorf("%w: a run of %d samples", ErrMalformed, count)
	}
	if flags&0x1 != 0 {
		f.skip(4)
	}
	first := s.defaults.flags
	if flags&0x4 != 0 {
		first = f.u32()
	}
	for i := range count {
		sample := s.defaults
		if i == 0 {
			sample.flags = first
		}
		if flags&0x100 != 0 {
			sample.duration = f.u32()
		}
		if flags&0x200 != 0 {
			sample.size = f.u32()
		}
		if flags&0x400 != 0 {
			sample.flags = f.u32()
		}
		var offset int64
		if flags&0x800 != 0 {
			offset = compositionOffset(version, f.u32())
		}
		if f.short {
			return f.err("trun")
		}
		s.add(sample, offset)
	}
	return f.err("trun")
}

// compositionOffset is signed in version 1 of the box only.
func compositionOffset(version uint8, word uint32) int64 {
	if version == 0 {
		return int64(word)
	}
	return int64(int32(word))
}

func (s *segmentReader) add(sample sampleDefaults, offset int64) {
	present, key := s.at+offset, sample.flags&nonSync == 0
	if s.Samples == 0 {
		s.Present, s.KeyFirst = present, key
	}
	s.Present = min(s.Present, present)
	if key {
		s.Keys = append(s.Keys, present)
	}
	s.Samples++
	s.at += int64(sample.duration)
	s.Duration = s.at - s.Decode
}
