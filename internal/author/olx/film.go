package olx

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"lyceum/internal/author/caption"
	"lyceum/internal/author/course"
	"lyceum/internal/author/markup"
)

// film is what a video block gives.
type film struct {
	video  *course.Video
	body   *markup.Doc
	tracks []track
}

// track is a transcript, with the static file that it came from.
type track struct {
	locale string
	file   string
	data   []byte
}

// film makes a video lesson's parts of a video block.
func (c *converter) film(b *block) ([]piece, error) {
	video, losses := c.source(b)
	tracks, lost, err := c.tracks(b)
	if err != nil {
		return nil, err
	}
	losses = append(losses, lost...)
	body, lost := c.handouts(b)
	losses = append(losses, lost...)
	losses = append(losses, settingLosses(b, filmSettings()...)...)
	if video == nil {
		c.settle(b, Dropped, losses...)
		return nil, nil
	}
	video.Duration = filmLength(b)
	outcome := Carried
	if len(losses) > 0 {
		outcome = Approximated
	}
	c.settle(b, outcome, losses...)
	return []piece{{block: b, film: &film{video: video, body: body, tracks: tracks}}}, nil
}

// filmSettings are the settings of videos that something is made of, or that repeat others.
func filmSettings() []string {
	return []string{
		"youtube", "youtube_id_1_0", "sub", "transcripts", "edx_video_id", "html5_sources", "source", "track", "handout",
		"start_time", "end_time", "download_track", "download_video", "show_captions", "transcript_language", "duration",
	}
}

// source chooses where the film is played from: a file of the export, a file elsewhere, or YouTube.
func (c *converter) source(b *block) (*course.Video, []string) {
	addresses := filmAddresses(b)
	if len(addresses) == 0 {
		return nil, []string{"It names no address from which it could be played."}
	}
	var losses []string
	for _, other := range addresses[1:] {
		losses = append(losses, "Another source of the film is left out: "+quote(other)+".")
	}
	address := addresses[0]
	clip, lost := filmClip(b)
	losses = append(losses, lost...)
	if file := c.localFilm(address); file != "" {
		if media, ok := c.media.put(file); ok {
			return &course.Video{File: media}, append(losses, replaced(address)...)
		}
	}
	if !course.IsOutside(address) {
		return nil, append(losses, "Its address cannot be reached from outside: "+quote(address)+".")
	}
	if clip > 0 && strings.Contains(address, "youtube.com/") {
		address += "&t=" + strconv.Itoa(int(clip.Seconds())) + "s"
	}
	return &course.Video{URL: address}, losses
}

// localFilm returns the static file that an address names. A file that is played from elsewhere, and stands
// in the export under the same name, is the same film.
func (c *converter) localFilm(address string) string {
	if file := c.staticFile(address); file != "" {
		return file
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Contains(u.Host, "youtu") {
		return ""
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".mp4", ".m4v", ".webm", ".mov", ".ogv":
		return c.media.find(path.Base(u.Path))
	default:
		return ""
	}
}

func replaced(address string) []string {
	if !course.IsOutside(address) {
		return nil
	}
	return []string{"It was played from " + quote(address) + "; the export has a file of that name, which is played instead."}
}

// filmAddresses returns the addresses of a film, the best first: files before YouTube, which shows other
// people's films beside it.
func filmAddresses(b *block) []string {
	var all []string
	add := func(address string) {
		if address = strings.TrimSpace(address); address != "" && !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	var sources []string
	if err := json.Unmarshal([]byte(b.attrs["html5_sources"]), &sources); err == nil {
		for _, source := range sources {
			add(source)
		}
	}
	for _, source := range b.def.all("source") {
		add(source.attr("src"))
	}
	add(b.attrs["source"])
	for _, encoded := range b.def.all("encoded_video") {
		if encoded.attr("profile") == "youtube" {
			add(youtube(encoded.attr("url")))
			continue
		}
		add(encoded.attr("url"))
	}
	slices.SortStableFunc(all, func(x, y string) int { return filmRank(x) - filmRank(y) })
	add(youtube(youtubeID(b)))
	return all
}

func filmRank(address string) int {
	switch {
	case strings.HasSuffix(address, ".mp4"):
		return 0
	case strings.Contains(address, "youtu"):
		return 2
	default:
		return 1
	}
}

// youtubeID returns the id of the film at YouTube: youtube_id_1_0, or the one at normal speed of youtube,
// which reads "0.75:id,1.00:id".
func youtubeID(b *block) string {
	if id := b.attrs["youtube_id_1_0"]; id != "" {
		return id
	}
	for pair := range strings.SplitSeq(b.attrs["youtube"], ",") {
		speed, id, _ := strings.Cut(pair, ":")
		if speed == "1.00" || speed == "1.0" {
			return id
		}
	}
	return ""
}

func youtube(id string) string {
	if id = strings.TrimSpace(id); id == "" || course.IsOutside(id) {
		return id
	}
	return "https://www.youtube.com/watch?v=" + url.QueryEscape(id)
}

// filmLength reads the length that the export knows, which is often none.
func filmLength(b *block) time.Duration {
	for _, asset := range b.def.all("video_asset") {
		if seconds, ok := course.ParseFloat(asset.attr("duration")); ok && seconds > 0 && seconds < 360_000 {
			return time.Duration(seconds*1000) * time.Millisecond
		}
	}
	return 0
}

// filmClip says from where the film was to be played, and what of that is lost.
func filmClip(b *block) (start time.Duration, losses []string) {
	from, to := b.attrs["start_time"], b.attrs["end_time"]
	if (isUnset(from) || from == "00:00:00") && (isUnset(to) || to == "00:00:00") {
		return 0, nil
	}
	return clock(from), []string{"It was shown from " + from + " to " + to + "; the whole film is shown."}
}

// clock reads hh:mm:ss, or seconds.
func clock(s string) time.Duration {
	var seconds int
	for part := range strings.SplitSeq(s, ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || n < 0 || n > 360_000 {
			return 0
		}
		seconds = seconds*60 + int(n)
	}
	return time.Duration(seconds) * time.Second
}

// tracks reads the transcripts of a film as WebVTT.
func (c *converter) tracks(b *block) ([]track, []string, error) {
	var tracks []track
	var losses []string
	for _, named := range c.trackFiles(b) {
		if named.locale == "" {
			losses = append(losses, "A transcript in an unknown language is left out: "+named.file+".")
			continue
		}
		data, loss, err := c.readTrack(named.file)
		if err != nil {
			return nil, nil, err
		}
		if loss != "" {
			losses = append(losses, loss)
		}
		if data != nil {
			tracks = append(tracks, track{locale: named.locale, file: named.file, data: data})
		}
	}
	return tracks, losses, nil
}

// trackFiles returns the static files that hold transcripts, one for each language.
func (c *converter) trackFiles(b *block) []track {
	var all []track
	add := func(code, name string) {
		if name == "" {
			return
		}
		locale := languageOf(code)
		if locale != "" && slices.ContainsFunc(all, func(t track) bool { return t.locale == locale }) {
			return
		}
		file := c.media.find(name)
		if file == "" {
			file = staticDir + name
		}
		all = append(all, track{locale: locale, file: file})
	}
	var named map[string]string
	if err := json.Unmarshal([]byte(b.attrs["transcripts"]), &named); err == nil {
		for _, code := range sortedKeys(named) {
			add(code, named[code])
		}
	}
	for _, n := range b.def.all("transcript") {
		name := n.attr("src")
		if name == "" && b.attrs["edx_video_id"] != "" {
			name = b.attrs["edx_video_id"] + "-" + n.attr("language_code") + ".srt"
		}
		add(n.attr("language")+n.attr("language_code"), name)
	}
	if sub := b.attrs["sub"]; sub != "" {
		add(c.course.Language, "subs_"+sub+".srt.sjson")
	}
	return all
}

// readTrack reads a transcript. data is nil when it cannot be used, and loss says why, or what of it cannot.
func (c *converter) readTrack(file string) (data []byte, loss string, err error) {
	if !c.export.has(file) {
		return nil, "A transcript is not in the export: " + strings.TrimPrefix(file, staticDir) + ".", nil
	}
	if c.export.files[file] > caption.MaxBytes {
		return nil, "A transcript is too large: " + strings.TrimPrefix(file, staticDir) + ".", nil
	}
	raw, err := c.export.readBytes(file, caption.MaxBytes)
	if err != nil {
		return nil, "", err
	}
	if strings.HasSuffix(file, ".sjson") {
		raw = fromSJSON(raw)
	}
	parsed, err := caption.Parse(raw)
	if err != nil {
		return nil, "A transcript cannot be read: " + strings.TrimPrefix(file, staticDir) + ".", nil //nolint:nilerr // told to the author as a loss
	}
	if parsed.Skipped > 0 {
		loss = fmt.Sprintf("%d lines of the transcript %s cannot be read.", parsed.Skipped, strings.TrimPrefix(file, staticDir))
	}
	return parsed.VTT(), loss, nil
}

// fromSJSON writes a transcript of the platform's own format, {"start": [ms], "end": [ms], "text": []}, as
// SubRip. What is no such transcript gives nothing.
func fromSJSON(data []byte) []byte {
	var t struct {
		Start []float64 `json:"start"`
		End   []float64 `json:"end"`
		Text  []string  `json:"text"`
	}
	if err := json.Unmarshal(data, &t); err != nil || len(t.Start) != len(t.Text) || len(t.End) != len(t.Text) {
		return nil
	}
	stamp := func(ms float64) string {
		at := time.Duration(ms) * time.Millisecond
		return fmt.Sprintf("%02d:%02d:%02d,%03d", int(at.Hours()), int(at.Minutes())%60, int(at.Seconds())%60, at.Milliseconds()%1000)
	}
	var b strings.Builder
	for i, text := range t.Text {
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", i+1, stamp(t.Start[i]), stamp(t.End[i]), strings.ReplaceAll(text, "\n\n", "\n"))
	}
	return []byte(b.String())
}

// handouts makes links to what is to be downloaded with a film.
func (c *converter) handouts(b *block) (*markup.Doc, []string) {
	var losses []string
	list := tag(atom.Ul)
	for _, address := range []string{b.attrs["handout"], b.attrs["track"]} {
		if address == "" {
			continue
		}
		if _, ok := c.link(markup.Anchor, address); !ok {
			losses = append(losses, "A file to download is not in the export: "+quote(address)+".")
			continue
		}
		link := tag(atom.A, words(path.Base(linkName(address))))
		link.Attr = []html.Attribute{{Key: "href", Val: address}}
		list.AppendChild(tag(atom.Li, link))
	}
	return c.pages().Nodes([]*html.Node{list}), losses
}

// linkName is the name by which a file is called at the end of an address.
func linkName(address string) string {
	_, name, found := strings.Cut(address, "block@")
	if !found {
		name = address
	}
	return strings.ReplaceAll(name, "_", " ")
}

// captions writes the transcripts of a film as files of the course.
func (c *converter) captions(l *course.Lesson, f *film) {
	for _, t := range f.tracks {
		media := c.media.make(l.Key+"."+t.locale+".vtt", t.file, t.data)
		l.Video.Captions = append(l.Video.Captions, course.Caption{Locale: t.locale, File: media})
	}
}
