package transcode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/internal/fault"
)

// listener counts who comes.
func listener(t *testing.T) (address string, hits *atomic.Int64) {
	t.Helper()
	hits = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(server.Close)
	return server.URL, hits
}

// hostile is a file that must be refused.
type hostile struct {
	name, kind, data string
}

// scripts are files in which ffmpeg would find addresses.
func scripts(url, secret string) []hostile {
	playlist := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + url + "/segment.ts\n#EXT-X-ENDLIST\n"
	return []hostile{
		{"a playlist called a film.mp4", "video/mp4", playlist},
		{"a playlist.m3u8", "application/vnd.apple.mpegurl", playlist},
		{"a playlist called a sound.mp3", "audio/mpeg", playlist},
		{"a playlist of a local file.mp4", "video/mp4", strings.Replace(playlist, url+"/segment.ts", "file://"+secret, 1)},
		{"a playlist with a key.mp4", "video/mp4", strings.Replace(playlist, "#EXTINF", "#EXT-X-KEY:METHOD=AES-128,URI=\""+url+"/key\"\n#EXTINF", 1)},
		{"a playlist of playlists.mp4", "video/mp4", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n" + url + "/v.m3u8\n"},
		{"a concat script.mp4", "video/mp4", "ffconcat version 1.0\nfile '" + url + "/x.mp4'\n"},
		{"a concat script of a local file.mp4", "video/mp4", "ffconcat version 1.0\nfile " + secret + "\n"},
		{"a session.mp4", "video/mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"},
		{"a manifest.mp4", "video/mp4", `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><BaseURL>` + url + `/</BaseURL></Period></MPD>`},
		{"a drawing.mp4", "video/mp4", `<svg xmlns="http://www.w3.org/2000/svg"><image href="` + url + `/x.png"/></svg>`},
		{"a redirect.mp4", "video/mp4", "[Reference]\nRef1=" + url + "/x\n"},
		{"an archive.mp4", "video/mp4", "PK\x03\x04" + strings.Repeat("\x00", 60)},
		{"data.mp4", "video/mp4", "data:video/mp4;base64,AAAA"},
		{"nothing.mp4", "video/mp4", ""},
		{"zeros.mp4", "video/mp4", strings.Repeat("\x00", 4096)},
		{"subtitles.mp4", "video/mp4", twoCues},
	}
}

// TestAttackScripts gives the converter files that name addresses. It is asked three times: as a caller should; with
// the look at the first bytes left out, so that ffprobe sees them; and with the network left on, so that only what
// ffprobe was told stands in the way. Nobody may come to the listener.
func TestAttackScripts(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	r.Tools.Isolated = false
	url, hits := listener(t)
	secret := generate(t, r, "secret.ts", words("-f lavfi -i testsrc=s=64x36:r=10:d=1", quick)...)
	for _, h := range scripts(url, secret) {
		path := filepath.Join(openDir(t), h.name)
		if err := os.WriteFile(path, []byte(h.data), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Admit(t.Context(), path, h.kind); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: %v, want a refusal", h.name, err)
		}
		if s, err := r.Probe(t.Context(), path); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s, not looked at: %+v (%v), want a refusal", h.name, s, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d visitors came", n)
	}
	// The listener can be reached, and a prober that is told less does reach it.
	list := textFile(t, "list.m3u8", scripts(url, secret)[0].data)
	_ = exec.CommandContext(t.Context(), r.Tools.FFprobe, "-v", "quiet", "-protocol_whitelist", "file,http,tcp", list).Run()
	if hits.Load() == 0 {
		t.Error("nobody comes even when allowed: the test shows nothing")
	}
}

// TestAttackFilms gives the converter films that are what they claim to be, and are not to be converted.
func TestAttackFilms(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	tiny := words("-f lavfi -i testsrc=s=64x36:r=10:d=20 -c:v libx264 -preset ultrafast -g 10")
	film := func(t *testing.T, more string) []byte {
		t.Helper()
		data, err := os.ReadFile(generate(t, r, "in.mp4", append(tiny, strings.Fields(more)...)...))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	ordinary, fast := film(t, ""), film(t, "-movflags +faststart")
	font := textFile(t, "evil.ttf", "not a font")
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, tt := range map[string]struct {
		data  []byte
		kind  string
		words string
	}{
		"cut off, the index first":   {fast[:len(fast)*2/5], "video/mp4", "cut off"},
		"cut off, no index":          {ordinary[:len(ordinary)/2], "video/mp4", "can be read"},
		"claims an hour":             {scaleHeader(t, fast, 180), "video/mp4", "cut off: it should last 1h0m0s"},
		"claims a year":              {scaleHeader(t, fast, 1_577_880), "video/mp4", "longer than 6h"},
		"claims 20 s, lasts a month": {slowDown(fast), "video/mp4", "longer than 6h"},
		"60,000 by 1": {
			read(generate(t, r, "in.mov", words("-f lavfi -i color=s=60000x1:r=1:d=1,format=yuv444p -c:v mjpeg -pix_fmt yuvj444p -f mov")...)),
			"video/quicktime", "larger than 4K",
		},
		"40 tracks": {
			read(generate(t, r, "in.mkv", words("-f lavfi -i anullsrc=d=0.1:r=8000:cl=mono", strings.Repeat("-map 0 ", 40), "-c:a pcm_s16le")...)),
			"video/x-matroska", "",
		},
		"a font inside": {
			read(generate(t, r, "in.mkv", append(tiny, "-attach", font, "-metadata:s:t", "mimetype=application/x-truetype-font")...)),
			"video/x-matroska", "attached",
		},
		"Matroska called MP4": {read(generate(t, r, "in.mkv", tiny...)), "video/mp4", "looks like"},
		"a sound called MP4":  {read(generate(t, r, "in.mp4", words("-f lavfi -i sine=d=1 -c:a aac")...)), "video/mp4", "no picture"},
		"a film and a ZIP":    {append(bytes.Clone(fast), "PK\x05\x06"+strings.Repeat("\x00", 18)...), "video/mp4", "second file"},
		"a film and a page":   {append(bytes.Clone(fast), "\x00\x00\x00\x20free<script>alert(1)</script>"...), "video/mp4", "active content"},
		"a rare codec":        {read(generate(t, r, "in.mkv", words("-f lavfi -i testsrc=s=64x36:r=10:d=1 -c:v ffvhuff")...)), "video/x-matroska", `"ffvhuff"`},
		"of no length at all": {bytes.Replace(fast, []byte("stts"), []byte("sttz"), 1), "video/mp4", ""},
		"only a head":         {[]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), "video/mp4", ""},
		"a box without an end": {
			[]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x7f\xff\xff\xffmoov\x7f\xff\xff\xfemvhd"), "video/mp4", "",
		},
		"an index that is bad": {bytes.Replace(fast, []byte("stsd"), []byte("stsx"), 1), "video/mp4", ""},
	} {
		path := filepath.Join(openDir(t), "in")
		if err := os.WriteFile(path, tt.data, 0o644); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err := r.Admit(t.Context(), path, tt.kind)
		wantRefusal(t, name, err, tt.words)
		if took := time.Since(begin); took > 50*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
}

// scaleHeader makes the movie header and the track header of a film claim many times its duration.
func scaleHeader(t *testing.T, film []byte, times uint32) []byte {
	t.Helper()
	changed := bytes.Clone(film)
	for box, at := range map[string]int{"mvhd": 20, "tkhd": 24, "mdhd": 20} {
		i := bytes.Index(changed, []byte(box)) + at
		duration := uint64(binary.BigEndian.Uint32(changed[i:])) * uint64(times)
		binary.BigEndian.PutUint32(changed[i:], uint32(min(duration, 1<<32-2)))
	}
	return changed
}

// slowDown makes the pictures of a film last 11,000 seconds each, in its table of sample times, and leaves what its
// headers say; but it takes out the edit list, which would cut the film at that.
func slowDown(film []byte) []byte {
	changed := bytes.Clone(film)
	binary.BigEndian.PutUint32(changed[bytes.Index(changed, []byte("stts"))+16:], 0x7000000)
	return bytes.Replace(changed, []byte("edts"), []byte("skip"), 1)
}

// TestAttackNames converts a good film under names that ffmpeg could take for something else.
func TestAttackNames(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	data, err := os.ReadFile(generate(t, r, "in.mp4", words("-f lavfi -i testsrc=s=64x36:r=10:d=0.5", quick)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"-i.mp4", "concat:a|b.mp4", "http:x", "%03d.mp4", "a b'\"$(id);\n.mp4", "data:,x", "subfile,,start,0,end,0,,:x"} {
		dir := openDir(t)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := r.Admit(t.Context(), filepath.Join(dir, name), "video/mp4")
		if err != nil || len(s.Video) != 1 {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestAttackOutput lets the converter be taken over: what it then leaves in its directory is not believed.
func TestAttackOutput(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	source := generate(t, r, "in.mp4", words("-f lavfi -i testsrc=s=64x36:r=10:d=0.5", quick)...)
	other := filepath.Join(openDir(t), "other")
	if err := os.WriteFile(other, []byte("not for the converter"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"a link to another's file": "ln -s " + other + " init.mp4; ln -s " + other + " 00000.m4s",
		"files with second names":  "echo x >init.mp4; ln init.mp4 00000.m4s",
		"a directory":              "mkdir init.mp4; echo x >00000.m4s",
		"a pipe":                   "mkfifo init.mp4; echo x >00000.m4s",
		"nothing":                  "",
		"no film":                  "echo x >init.mp4; echo x >00000.m4s",
		"only a head":              "echo x >init.mp4",
		"a gap":                    "echo x >init.mp4; echo x >00000.m4s; echo x >00002.m4s",
		"escape":                   "echo x >../escaped; echo x >../../escaped; echo x >../files/init.mp4",
	} {
		taken := *r
		taken.Tools.FFmpeg = tool(t, body+"\nexit 0")
		dir := filepath.Join(openDir(t), "job")
		_, err := (&Job{Runner: &taken, Dir: dir, Source: source, ContentType: "video/mp4"}).Run(t.Context())
		if err == nil {
			t.Errorf("%s: it was believed", name)
		}
		if finished, err := filepath.Glob(filepath.Join(dir, "steps", "rung-*")); err != nil || len(finished) > 0 {
			t.Errorf("%s: %v are finished (%v)", name, finished, err)
		}
		if name == "escape" && r.Account != nil {
			if escaped, err := filepath.Glob(filepath.Join(dir, "*", "escaped")); err != nil || len(escaped) > 0 {
				t.Errorf("it wrote %v (%v)", escaped, err)
			}
		}
	}
	if info, err := os.Stat(other); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("another's file has the mode %v (%v)", info.Mode(), err)
	}
	if r.Account == nil {
		fmt.Fprintln(t.Output(), "not run as root: the converter could write beside its directory, and was not tried")
	}
}
