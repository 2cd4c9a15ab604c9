// Package caption reads SubRip (SRT) and WebVTT files and writes normalised WebVTT.
//
// What comes out is safe to show: cue text holds no markup but a short list of tags, and everything else
// is escaped. The WebVTT format is https://www.w3.org/TR/webvtt1/; SubRip has no specification, so the
// reader accepts what players accept.
package caption

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// Limits of one file. A three-hour talk has about 4,000 cues and 200 KB.
const (
	// MaxBytes is the size of the largest file that Parse reads.
	MaxBytes = 8 << 20
	// MaxCues is the number of cues that Parse reads.
	MaxCues = 100_000
	// MaxCueBytes is the size of the text of one cue.
	MaxCueBytes = 8 << 10
	// maxTime is later than any lesson ends.
	maxTime = 100 * time.Hour
)

// Track is the captions of one video in one language.
type Track struct {
	// Cues in order of their start.
	Cues []Cue
	// Skipped counts cues that could not be read: no text, or times that make no sense.
	Skipped int
}

// Cue is one caption on screen.
type Cue struct {
	// Start and End are whole milliseconds since the beginning of the video; End is after Start.
	Start, End time.Duration
	// Settings is where the cue stands, in WebVTT's own words ("line:0 align:start"), or "".
	Settings string
	// Text is WebVTT cue text: escaped, with no tags but b, i, u, ruby, rt and v. Lines are separated by \n.
	Text string
}

// Parse reads SubRip or WebVTT, whichever the data is. The error is a BadInput fault with a sentence for
// the author when the data is no caption file at all; single bad cues are skipped and counted.
func Parse(data []byte) (*Track, error) {
	if len(data) > MaxBytes {
		return nil, fault.Newf(fault.BadInput, "The caption file is larger than %d MB.", MaxBytes>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, fault.New(fault.BadInput, "The caption file is not UTF-8 text. Save it as UTF-8 and try again.")
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fault.New(fault.BadInput, "The caption file holds binary data.")
	}
	lines := splitLines(string(data))
	web := isWebVTT(lines)
	track, err := readBlocks(lines, web)
	if err != nil {
		return nil, err
	}
	if len(track.Cues) == 0 {
		return nil, fault.New(fault.BadInput, "The caption file has no cue that can be read: it must be SubRip (.srt) or WebVTT (.vtt).")
	}
	slices.SortStableFunc(track.Cues, func(a, b Cue) int { return cmp.Compare(a.Start, b.Start) })
	return track, nil
}

// VTT returns the track as a WebVTT file.
func (t *Track) VTT() []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	for _, c := range t.Cues {
		b.WriteString("\n" + stamp(c.Start) + " --> " + stamp(c.End))
		if c.Settings != "" {
			b.WriteString(" " + c.Settings)
		}
		b.WriteString("\n" + c.Text + "\n")
	}
	return b.Bytes()
}

// Line is what is said at a time, as plain text.
type Line struct {
	At   time.Duration
	Text string
}

// Lines returns what is said, without markup. A line that stands on through several cues comes once.
func (t *Track) Lines() []Line {
	var lines []Line
	last := ""
	for _, c := range t.Cues {
		for text := range strings.SplitSeq(plain(c.Text), "\n") {
			if text == "" || text == last {
				continue
			}
			lines = append(lines, Line{At: c.Start, Text: text})
			last = text
		}
	}
	return lines
}

// Transcript returns what is said, as plain text: one line a cue, speakers named, no markup, and no line
// that only repeats the one before it (captions that roll up repeat themselves).
func (t *Track) Transcript() string {
	var b strings.Builder
	for _, line := range t.Lines() {
		b.WriteString(line.Text + "\n")
	}
	return b.String()
}

// End returns when the last cue leaves the screen.
func (t *Track) End() time.Duration {
	var end time.Duration
	for _, c := range t.Cues {
		end = max(end, c.End)
	}
	return end
}

func isWebVTT(lines []string) bool {
	if len(lines) == 0 {
		return false
	}
	rest, found := strings.CutPrefix(lines[0], "WEBVTT")
	return found && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// splitLines splits at LF, CR and CRLF.
func splitLines(s string) []string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.Split(s, "\n")
}

// readBlocks reads the blocks between blank lines. A cue may follow another without a blank line between
// them, as editors that write SubRip sometimes leave it.
func readBlocks(lines []string, web bool) (*Track, error) {
	track := &Track{}
	for i := 0; i < len(lines); i++ {
		start, end, settings, ok := timing(lines[i])
		if !ok {
			if strings.Contains(lines[i], "-->") {
				track.Skipped++
			}
			continue
		}
		text, next := cueLines(lines, i+1)
		i = next - 1
		cue := Cue{Start: start, End: end, Text: sanitise(text, web)}
		if web {
			cue.Settings = cleanSettings(settings)
		}
		if cue.Text == "" || end <= start || len(cue.Text) > MaxCueBytes {
			track.Skipped++
			continue
		}
		if len(track.Cues) == MaxCues {
			return nil, fault.Newf(fault.BadInput, "The caption file has more than %d cues.", MaxCues)
		}
		track.Cues = append(track.Cues, cue)
	}
	return track, nil
}

// cueLines returns the text that begins at line i, and the line after it. Text ends at a blank line or
// where the next cue begins, whose counter is not text.
func cueLines(lines []string, i int) (text string, next int) {
	from := i
	for i < len(lines) && strings.TrimSpace(lines[i]) != "" && !strings.Contains(lines[i], "-->") {
		i++
	}
	upTo := i
	if i < len(lines) && i > from && strings.Contains(lines[i], "-->") && isCounter(lines[i-1]) {
		upTo--
	}
	return strings.Join(lines[from:upTo], "\n"), i
}

func isCounter(line string) bool {
	_, err := strconv.ParseUint(strings.TrimSpace(line), 10, 32)
	return err == nil
}

// timing reads "00:00:01,000 --> 00:00:04,000 line:0".
func timing(line string) (start, end time.Duration, settings string, ok bool) {
	left, right, found := strings.Cut(line, "-->")
	if !found {
		return 0, 0, "", false
	}
	until, settings, _ := strings.Cut(strings.TrimSpace(right), " ")
	start, okStart := parseStamp(strings.TrimSpace(left))
	end, okEnd := parseStamp(strings.TrimSpace(until))
	return start, end, settings, okStart && okEnd
}

// parseStamp reads hh:mm:ss.mmm; hours may be absent, and the separator before milliseconds a comma.
func parseStamp(s string) (time.Duration, bool) {
	s = strings.Replace(s, ",", ".", 1)
	clock, fraction, hasFraction := strings.Cut(s, ".")
	parts := strings.Split(clock, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var seconds int64
	for i, part := range parts {
		n, ok := digits(part)
		if !ok || (i > 0 && n > 59) {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	at := time.Duration(seconds) * time.Second
	if hasFraction {
		n, ok := digits(fraction)
		if !ok || len(fraction) > 3 {
			return 0, false
		}
		for range 3 - len(fraction) {
			n *= 10
		}
		at += time.Duration(n) * time.Millisecond
	}
	return at, at <= maxTime
}

func digits(s string) (int64, bool) {
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// stamp writes hh:mm:ss.mmm.
func stamp(d time.Duration) string {
	ms := d.Milliseconds()
	pad := func(n int64, width int) string {
		s := strconv.FormatInt(n, 10)
		return strings.Repeat("0", max(0, width-len(s))) + s
	}
	return pad(ms/3_600_000, 2) + ":" + pad(ms/60_000%60, 2) + ":" + pad(ms/1000%60, 2) + "." + pad(ms%1000, 3)
}

// cleanSettings keeps the cue settings that WebVTT defines, without regions, which are not kept either.
func cleanSettings(s string) string {
	var kept []string
	for field := range strings.FieldsSeq(s) {
		name, value, found := strings.Cut(field, ":")
		known := slices.Contains([]string{"vertical", "line", "position", "size", "align"}, name)
		if found && known && value != "" && strings.Trim(value, "0123456789abcdefghijklmnopqrstuvwxyz.,%-") == "" {
			kept = append(kept, field)
		}
	}
	return strings.Join(kept, " ")
}
