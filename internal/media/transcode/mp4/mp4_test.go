package mp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lyceum/internal/media/transcode/mp4"
)

// b is a box with a kind and content made of strings, numbers and byte slices.
func b(kind string, parts ...any) []byte {
	body := join(parts...)
	return join(uint32(len(body)+8), kind, body)
}

func join(parts ...any) []byte {
	var out []byte
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			out = append(out, part...)
		case []byte:
			out = append(out, part...)
		case uint8:
			out = append(out, part)
		case uint16:
			out = binary.BigEndian.AppendUint16(out, part)
		case uint32:
			out = binary.BigEndian.AppendUint32(out, part)
		case uint64:
			out = binary.BigEndian.AppendUint64(out, part)
		default:
			panic(part)
		}
	}
	return out
}

func zeros(n int) []byte { return make([]byte, n) }

// film is an index with a picture of 640 by 360 and a sound in mono, which last 2.5 seconds.
func film() []byte {
	video := b("trak",
		b("tkhd", zeros(12), uint32(1), zeros(68)),
		b("mdia", b("mdhd", zeros(12), uint32(30000), zeros(8)), b("hdlr", zeros(8), "vide", zeros(13)),
			b("minf", b("stbl", b("stsd", zeros(4), uint32(1),
				b("avc1", zeros(24), uint16(640), uint16(360), zeros(50), b("avcC", uint8(1), uint8(0x64), uint8(0), uint8(0x1f), zeros(3))))))))
	audio := b("trak",
		b("tkhd", zeros(12), uint32(2), zeros(68)),
		b("mdia", b("mdhd", uint32(1<<24), zeros(16), uint32(48000), zeros(12)), b("hdlr", zeros(8), "soun", zeros(13)),
			b("minf", b("stbl", b("stsd", zeros(4), uint32(1), b("mp4a", zeros(16), uint16(2), zeros(10),
				b("esds", zeros(4), uint8(3), uint8(0x80), uint8(0x80), uint8(0x80), uint8(34), zeros(3),
					uint8(4), uint8(20), uint8(0x40), zeros(12), uint8(5), uint8(2), uint16(0x1188))))))))
	return b("moov",
		b("mvhd", zeros(12), uint32(1000), uint32(2500), zeros(80)), video, audio,
		b("mvex", b("trex", zeros(4), uint32(1), uint32(1), uint32(1001), uint32(7), uint32(0x10000)), b("trex", zeros(4), uint32(2), zeros(16))))
}

func TestScan(t *testing.T) {
	t.Parallel()
	kind, data := b("ftyp", "isom", zeros(4)), b("mdat", zeros(100))
	wide := join(uint32(1), "mdat", uint64(16+4), zeros(4))
	for name, tt := range map[string]struct {
		in         []byte
		brand      string
		fast, frag bool
		bad        bool
	}{
		"fast start":          {in: join(kind, film(), data), brand: "isom", fast: true},
		"index at the end":    {in: join(kind, data, film()), brand: "isom"},
		"long size":           {in: join(kind, film(), wide), brand: "isom", fast: true},
		"to the end":          {in: join(film(), uint32(0), "mdat", zeros(9)), fast: true},
		"fragmented":          {in: join(film(), b("moof"), data), fast: true, frag: true},
		"only data":           {in: data},
		"nothing":             {in: nil},
		"cut in a header":     {in: join(kind, "abc"), bad: true},
		"cut in a box":        {in: join(kind, film())[:200], bad: true},
		"two indexes":         {in: join(film(), film()), bad: true},
		"size below a header": {in: join(uint32(7), "mdat", zeros(8)), bad: true},
		"negative long size":  {in: join(uint32(1), "mdat", uint64(1<<63+20)), bad: true},
		"long size cut off":   {in: join(uint32(1), "mdat", zeros(3)), bad: true},
		"no MP4":              {in: []byte("#EXTM3U\nhttp://x/\n"), bad: true},
	} {
		l, err := mp4.Scan(bytes.NewReader(tt.in), int64(len(tt.in)))
		if tt.bad {
			if !errors.Is(err, mp4.ErrMalformed) {
				t.Errorf("%s: %v, want ErrMalformed", name, err)
			}
			continue
		}
		if err != nil || l.Brand != tt.brand || l.FastStart() != tt.fast || l.Fragmented != tt.frag {
			t.Errorf("%s: %+v, fast start %v (%v)", name, l, l.FastStart(), err)
		}
	}
}

func TestReadMovie(t *testing.T) {
	t.Parallel()
	in := join(b("ftyp", "isom", zeros(4)), film())
	movie, err := mp4.ReadMovie(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	want := mp4.Movie{Duration: 2500 * time.Millisecond, Tracks: []mp4.Track{
		{ID: 1, Handler: "vide", Timescale: 30000, Entry: "avc1", Codec: "avc1.64001f", Width: 640, Height: 360},
		{ID: 2, Handler: "soun", Timescale: 48000, Entry: "mp4a", Codec: "mp4a.40.2", Channels: 1},
	}}
	if diff := cmp.Diff(want, movie, cmpopts.IgnoreUnexported(mp4.Track{})); diff != "" {
		t.Errorf("movie (-want +got):\n%s", diff)
	}
	if track, err := movie.Track("soun"); err != nil || track.ID != 2 {
		t.Errorf("the sound: %+v (%v)", track, err)
	}
	movie.Tracks = append(movie.Tracks, movie.Tracks[1])
	for _, handler := range []string{"soun", "text"} {
		if _, err := movie.Track(handler); !errors.Is(err, mp4.ErrMalformed) {
			t.Errorf("the only %s: %v", handler, err)
		}
	}
	for name, bad := range map[string][]byte{
		"no index":     b("ftyp", "isom"),
		"short header": b("moov", b("mvhd", zeros(3))),
		"cut in an inner box": b("moov", b("mvhd", zeros(12), uint32(1000), uint32(1), zeros(80)),
			b("trak", b("mdia", join(uint32(100), "hdlr")))),
		"short entry": b("moov", b("trak", b("mdia", b("hdlr", zeros(8), "vide"), b("minf", b("stbl", b("stsd", zeros(8), b("avc1", zeros(4)))))))),
		"many tracks": b("moov", strings.Repeat(string(b("trak")), 257)),
	} {
		if _, err := mp4.ReadMovie(bytes.NewReader(bad), int64(len(bad))); !errors.Is(err, mp4.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

func track(t *testing.T) mp4.Track {
	t.Helper()
	in := film()
	movie, err := mp4.ReadMovie(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	return movie.Tracks[0]
}

// fragment holds three pictures: the first decodes alone, and is shown first.
func fragment(at uint64) []byte {
	return b("moof", b("traf",
		b("tfhd", uint32(0x020020), uint32(1), uint32(0x1010000)),
		b("tfdt", uint32(1<<24), at),
		b("trun", uint32(1<<24|0x804), uint32(3), uint32(0x2000000), uint32(0), uint32(2002), ^uint32(1000))))
}

func TestReadSegment(t *testing.T) {
	t.Parallel()
	in := join(b("styp", "msdh"), fragment(0), b("mdat", zeros(10)), fragment(3003), b("mdat"))
	got, err := track(t).ReadSegment(bytes.NewReader(in))
	want := mp4.Segment{Decode: 0, Duration: 6006, Present: 0, Samples: 6, Keys: []int64{0, 3003}, KeyFirst: true}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("segment (%v, -want +got):\n%s", err, diff)
	}
	if d := track(t).Seconds(got.Duration); d != 200200*time.Microsecond {
		t.Errorf("it lasts %v", d)
	}
	explicit := b("moof", b("traf", b("tfhd", uint32(0x3b), uint32(1), zeros(12), uint32(100), uint32(1), uint32(0)),
		b("tfdt", zeros(4), uint32(500)),
		b("trun", uint32(0xf01), uint32(1), uint32(0), uint32(300), uint32(9), uint32(0x10000), uint32(7))))
	got, err = track(t).ReadSegment(bytes.NewReader(explicit))
	want = mp4.Segment{Decode: 500, Duration: 300, Present: 507, Samples: 1}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("every field said by the sample (%v, -want +got):\n%s", err, diff)
	}
	for name, bad := range map[string][]byte{
		"nothing":             nil,
		"no fragment":         b("mdat", zeros(10)),
		"a gap":               join(fragment(0), fragment(4000)),
		"of another track":    b("moof", b("traf", b("tfhd", zeros(4), uint32(2)))),
		"samples, no time":    b("moof", b("traf", b("tfhd", zeros(4), uint32(1)), b("trun", zeros(4), uint32(1)))),
		"more than there are": b("moof", b("traf", b("tfhd", zeros(4), uint32(1)), b("tfdt", zeros(8)), b("trun", uint32(0x100), uint32(9), uint32(1)))),
		"a million and more":  b("moof", b("traf", b("tfhd", zeros(4), uint32(1)), b("tfdt", zeros(8)), b("trun", zeros(4), ^uint32(0)))),
		"a time before zero":  b("moof", b("traf", b("tfhd", zeros(4), uint32(1)), b("tfdt", uint32(1<<24), ^uint64(0)))),
		"cut":                 fragment(0)[:40],
	} {
		if _, err := track(t).ReadSegment(bytes.NewReader(bad)); !errors.Is(err, mp4.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

// FuzzRead checks that no bytes make the readers panic, or take memory or time that their number does not excuse.
func FuzzRead(f *testing.F) {
	f.Add(join(b("ftyp", "isom", zeros(4)), film()))
	f.Add(join(film(), fragment(0), b("mdat", zeros(10))))
	f.Add(join(uint32(1), "mdat", uint64(20), zeros(4)))
	f.Fuzz(func(t *testing.T, data []byte) {
		movie, err := mp4.ReadMovie(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if !errors.Is(err, mp4.ErrMalformed) {
				t.Fatalf("ReadMovie: %v", err)
			}
			return
		}
		if movie.Duration < 0 {
			t.Fatalf("it lasts %v", movie.Duration)
		}
		for _, tr := range movie.Tracks {
			segment, err := tr.ReadSegment(bytes.NewReader(data))
			if err == nil && (segment.Samples < 1 || segment.Duration < 0) {
				t.Fatalf("segment %+v", segment)
			}
		}
	})
}
