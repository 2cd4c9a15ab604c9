package caption_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/author/caption"
	"lyceum/internal/fault"
)

func cue(start, end int, text string) caption.Cue {
	return caption.Cue{
		Start: time.Duration(start) * time.Millisecond,
		End:   time.Duration(end) * time.Millisecond,
		Text:  text,
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in      string
		want    []caption.Cue
		skipped int
	}{
		"SubRip": {
			in:   "1\n00:00:01,000 --> 00:00:04,500\nHello,\nworld.\n\n2\n00:01:00,000 --> 01:00:00,001\nBye.\n",
			want: []caption.Cue{cue(1000, 4500, "Hello,\nworld."), cue(60_000, 3_600_001, "Bye.")},
		},
		"SubRip with byte order mark and CRLF": {
			in:   "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nOlá\r\n\r\n",
			want: []caption.Cue{cue(1000, 2000, "Olá")},
		},
		"no blank line between cues": {
			in:   "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:03,000\ntwo\n",
			want: []caption.Cue{cue(1000, 2000, "one"), cue(2000, 3000, "two")},
		},
		"a number that is said": {
			in:   "1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:02,000 --> 00:00:03,000\n7\n",
			want: []caption.Cue{cue(1000, 2000, "42"), cue(2000, 3000, "7")},
		},
		"cues out of order": {
			in:   "1\n00:00:05,000 --> 00:00:06,000\nlater\n\n2\n00:00:01,000 --> 00:00:02,000\nearlier\n",
			want: []caption.Cue{cue(1000, 2000, "earlier"), cue(5000, 6000, "later")},
		},
		"SubRip markup": {
			in: "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>so</i> <font color=\"red\">red</font> <b>bold\n",
			want: []caption.Cue{
				cue(1000, 2000, "<i>so</i> red <b>bold</b>"),
			},
		},
		"script is not a tag that is kept": {
			in:   "1\n00:00:01,000 --> 00:00:02,000\n<script>alert(1)</script> & <img src=x onerror=y> 1 < 2\n",
			want: []caption.Cue{cue(1000, 2000, "alert(1) &amp; 1 &lt; 2")},
		},
		"entities are written once": {
			in:   "1\n00:00:01,000 --> 00:00:02,000\n&lt;b&gt; &amp; &quot;q&quot;\n",
			want: []caption.Cue{cue(1000, 2000, `&lt;b&gt; &amp; "q"`)},
		},
		"WebVTT with everything": {
			in: "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE nothing\nto see\n\nREGION\nid:a\n\n" +
				"intro\n00:01.000 --> 00:02.000 line:0 align:start region:a onclick:x\n<v Ann B><c.loud>Hi</c> <00:01.500>there\n",
			want: []caption.Cue{{
				Start: time.Second, End: 2 * time.Second, Settings: "line:0 align:start", Text: "<v Ann B>Hi there</v>",
			}},
		},
		"crossed tags are nested": {
			in:   "WEBVTT\n\n00:01.000 --> 00:02.000\n<b>a<i>b</b>c</i>d\n",
			want: []caption.Cue{cue(1000, 2000, "<b>a<i>b</i></b>cd")},
		},
		"bad cues are skipped": {
			in: "1\n00:00:05,000 --> 00:00:05,000\nno time\n\n2\n00:00:06,000 --> 00:00:04,000\nbackwards\n\n" +
				"3\n00:00:07,000 --> 00:00:08,000\n\n4\n00:99:07,000 --> 00:99:08,000\nclock\n\n" +
				"5\n999:00:00,000 --> 999:00:01,000\nfar\n\n6\n00:00:09,000 --> 00:00:10,000\ngood\n",
			want:    []caption.Cue{cue(9000, 10_000, "good")},
			skipped: 5,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			track, err := caption.Parse([]byte(tt.in))
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if diff := cmp.Diff(tt.want, track.Cues); diff != "" {
				t.Errorf("cues (-want +got):\n%s", diff)
			}
			if track.Skipped != tt.skipped {
				t.Errorf("skipped %d cues, want %d", track.Skipped, tt.skipped)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"nothing":              "",
		"prose":                "Dear reader,\n\nthis is a letter.\n",
		"only a WebVTT header": "WEBVTT\n",
		"Latin-1":              "1\n00:00:01,000 --> 00:00:02,000\nOl\xe1\n",
		"UTF-16":               "\xff\xfe1\x00\n\x00",
		"binary":               "1\n00:00:01,000 --> 00:00:02,000\n\x00\n",
		"too large":            strings.Repeat("x", caption.MaxBytes+1),
		"too many cues":        strings.Repeat("00:00:01,000 --> 00:00:02,000\na\n\n", caption.MaxCues+1),
		"one endless cue":      "1\n00:00:01,000 --> 00:00:02,000\n" + strings.Repeat("x", caption.MaxCueBytes+1) + "\n",
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := caption.Parse([]byte(in))
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.BadInput || !strings.HasSuffix(f.Message, ".") {
				t.Fatalf("Parse: %v, want a BadInput fault with a sentence", err)
			}
		})
	}
}

func TestVTT(t *testing.T) {
	t.Parallel()
	track, err := caption.Parse([]byte("1\n00:00:01,5 --> 01:02:03,004\n<i>a</i> & b\nc\n"))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	want := "WEBVTT\n\n00:00:01.500 --> 01:02:03.004\n<i>a</i> &amp; b\nc\n"
	if got := string(track.VTT()); got != want {
		t.Errorf("VTT:\n%s\nwant:\n%s", got, want)
	}
	if got := track.End(); got != time.Hour+2*time.Minute+3*time.Second+4*time.Millisecond {
		t.Errorf("End: %v", got)
	}
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	track, err := caption.Parse([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi &amp; <b>welcome</b>\n\n" +
		"00:02.000 --> 00:03.000\nto the\ncourse.\n\n00:03.000 --> 00:04.000\ncourse.\nIt begins.\n"))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	want := "Ann: Hi & welcome\nto the\ncourse.\nIt begins.\n"
	if got := track.Transcript(); got != want {
		t.Errorf("Transcript: %q, want %q", got, want)
	}
}

// FuzzParse checks that whatever is accepted is normal: writing it and reading it again changes nothing,
// and no cue holds a tag that is not allowed.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		track, err := caption.Parse(data)
		if err != nil {
			if fault.CodeOf(err) != fault.BadInput {
				t.Fatalf("Parse: %v", err)
			}
			return
		}
		again, err := caption.Parse(track.VTT())
		if err != nil {
			t.Fatalf("Parse of our own VTT: %v\n%s", err, track.VTT())
		}
		if diff := cmp.Diff(track.Cues, again.Cues); diff != "" || again.Skipped != 0 {
			t.Fatalf("reading our own VTT changed it (skipped %d):\n%s", again.Skipped, diff)
		}
		for _, c := range track.Cues {
			checkTags(t, c.Text)
		}
	})
}

func checkTags(t *testing.T, text string) {
	t.Helper()
	for part := range strings.SplitSeq(text, "<") {
		tag, _, found := strings.Cut(part, ">")
		if !found {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(tag, "/"), " ")
		switch name {
		case "b", "i", "u", "ruby", "rt", "v":
		default:
			t.Fatalf("cue text %q holds <%s>", text, tag)
		}
	}
}
