package e2e

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/e2e/stack"
)

// source is a film to bring in, and what must come of it.
type source struct {
	name string
	// make are ffmpeg's arguments; none for the film of the real course.
	make []string
	// long sources are made only when LYCEUM_LONG_FILMS is set.
	long bool
	// width and height are of the largest picture; sounds says how many, own how many tracks of captions are inside.
	width, height, sounds, own int
}

// sources are what people upload: lying and standing pictures, with sound and without, and what else they do not think of.
func sources() []source {
	picture := func(size, rate, seconds string) []string {
		return []string{"-f", "lavfi", "-i", "testsrc=size=" + size + ":rate=" + rate + ":duration=" + seconds}
	}
	sound := func(layout, seconds string) []string {
		return []string{"-f", "lavfi", "-i", "sine=frequency=330:duration=" + seconds, "-ac", layout, "-c:a", "aac", "-b:a", "96k"}
	}
	fast := []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"}
	return []source{
		{name: "the real course", width: 1280, height: 720},
		{name: "portrait", make: slices.Concat(picture("202x360", "25", "5"), sound("2", "5"), fast), width: 202, height: 360, sounds: 1},
		{name: "silent", make: slices.Concat(picture("320x180", "25", "5"), fast), width: 320, height: 180},
		{name: "surround", make: slices.Concat(picture("320x180", "25", "5"), sound("6", "5"), fast), width: 320, height: 180, sounds: 1},
		{name: "fifty", make: slices.Concat(picture("320x180", "50", "5"), sound("1", "5"), fast), width: 320, height: 180, sounds: 1},
		{name: "short", make: slices.Concat(picture("320x180", "25", "3"), sound("2", "3"), fast), width: 320, height: 180, sounds: 1},
		{
			name: "uneven", width: 320, height: 180, sounds: 1,
			make: slices.Concat(picture("320x180", "30", "5"), sound("2", "5"), fast, []string{"-vf", `select='not(between(mod(n\,10)\,3\,6))'`, "-fps_mode", "vfr"}),
		},
		{
			name: "two tracks", width: 320, height: 180, sounds: 1, own: 2,
			make: slices.Concat(picture("320x180", "25", "5"), []string{"-f", "lavfi", "-i", "sine=duration=5", "-i", "CAPTIONS", "-i", "CAPTIONS"},
				[]string{"-map", "0:v", "-map", "1:a", "-map", "2:s", "-map", "3:s", "-c:a", "aac", "-c:s", "mov_text"}, fast,
				[]string{"-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=deu"}),
		},
		{name: "twenty minutes", long: true, make: slices.Concat(picture("320x180", "10", "1200"), sound("1", "1200"), fast), width: 320, height: 180, sounds: 1},
	}
}

// spokenSource is what the captions of the sources say.
const spokenSource = "1\n00:00:00,200 --> 00:00:02,900\nThe rope goes round the capstan\n\n2\n00:00:03,000 --> 00:00:05,000\nand is made fast.\n"

// TestSources uploads films as people have them, and plays what comes of each in Chromium, with captions.
func TestSources(t *testing.T) {
	browser := chromium(t)
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("there is no ffmpeg on PATH: no sources are made")
	}
	pictures, err := os.MkdirTemp("", "lyceum-sources-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := campusOf(t, "acme")
	m := maker{campus: c, ffmpeg: ffmpeg, dir: t.TempDir()}
	films := map[string]string{}
	var made []source
	for _, s := range sources() {
		if s.long && os.Getenv("LYCEUM_LONG_FILMS") == "" {
			t.Logf("%s: set LYCEUM_LONG_FILMS to see it", s.name)
			continue
		}
		if asset := m.bring(t, s); asset != "" {
			films[s.name] = asset
			made = append(made, s)
		}
	}
	for _, s := range made {
		c.streams(t, films[s.name], s)
	}
	played, err := json.Marshal(c.sourceCourse(t, films))
	if err != nil {
		t.Fatal(err)
	}
	node(t, "browser", []string{"sources.mjs", pictures}, "CHROMIUM="+browser, "ACME="+running.URL("acme"), "MEDIA=http://localhost:"+strconv.Itoa(running.Port), "FILMS="+string(played))
}

// maker makes sources and uploads them.
type maker struct {
	*campus

	ffmpeg, dir string
}

// bring uploads the source with captions, and returns its asset: "" for a film that is not here.
func (m maker) bring(t *testing.T, s source) string {
	t.Helper()
	file := filepath.Join(m.dir, strings.ReplaceAll(s.name, " ", "-")+".mp4")
	if s.make == nil {
		if !realFilm(t, file) {
			return ""
		}
	} else {
		captions := filepath.Join(m.dir, "captions.srt")
		if err := os.WriteFile(captions, []byte(spokenSource), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"-v", "error", "-y"}
		for _, arg := range s.make {
			args = append(args, strings.ReplaceAll(arg, "CAPTIONS", captions))
		}
		if out, err := exec.CommandContext(t.Context(), m.ffmpeg, append(args, file)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: ffmpeg: %v\n%s", s.name, err, out)
		}
	}
	asset := m.uploadFilm(t, file)
	if s.own == 0 {
		m.run(t, m.instructor, `mutation($i: SaveCaptionsInput!) { saveCaptions(input: $i) { revision { number } } }`,
			input{"i": input{"assetId": asset, "locale": "en", "label": "English", "content": spokenSource}})
	}
	return asset
}

// uploadFilm brings in a film as browsers do, unless it is there, and returns the asset.
func (c *campus) uploadFilm(t *testing.T, file string) string {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	data := c.run(t, c.instructor, `mutation($i: RequestUploadInput!) { requestUpload(input: $i) {
		asset { id status } upload { method url headers { name value } } } }`, input{"i": input{
		"kind": "VIDEO", "fileName": filepath.Base(file), "contentType": "video/mp4", "size": len(body), "sha256": hex.EncodeToString(sum[:]),
	}})
	asset := dig[string](t, data, "requestUpload", "asset", "id")
	if dig[string](t, data, "requestUpload", "asset", "status") == "READY" {
		return asset
	}
	c.send(t, dig[map[string]any](t, data, "requestUpload", "upload"), string(body))
	c.run(t, c.instructor, `mutation($a: ID!) { completeUpload(assetId: $a) { asset { status } } }`, input{"a": asset})
	return asset
}

// realFilm takes the film out of the real course, and reports whether that is here.
func realFilm(t *testing.T, file string) bool {
	t.Helper()
	dir := os.Getenv("LYCEUM_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	archive, err := os.Open(filepath.Join(dir, "olx", "open-edx-demo-course.tar.gz"))
	if err != nil {
		t.Logf("the test course is not here (%v); set LYCEUM_TEST_DATA to its folder", err)
		return false
	}
	defer func() { _ = archive.Close() }()
	unpacked, err := gzip.NewReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unpacked); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("the test course has no film")
		} else if err != nil {
			t.Fatal(err)
		}
		if path.Ext(header.Name) != ".mp4" {
			continue
		}
		body, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return true
	}
}

// streams waits until the film is converted with its captions, and compares what came of it.
func (c *campus) streams(t *testing.T, asset string, s source) {
	t.Helper()
	within := 5 * time.Minute // on a machine that does much else
	if s.long {
		within = 15 * time.Minute
	}
	captions := max(1, s.own)
	enough := func(has int) bool {
		if s.make == nil {
			return has >= captions // the real course may be online already, with captions of its own
		}
		return has == captions
	}
	var data struct {
		Asset struct {
			Status, Conversion, Failure string
			Width, Height               *int
			Renditions                  []struct {
				Width    *int
				Channels *int
			}
			Playback *struct{ Captions []struct{ Locale string } }
		}
	}
	stack.Eventually(t, "the conversion of "+s.name, within, func() bool {
		c.instructor.MustDo(t, `query($a: ID!) { asset(id: $a) { status conversion failure width height renditions { width channels }
			playback { captions { locale } } } }`, input{"a": asset}, &data)
		return data.Asset.Conversion == "FAILED" || data.Asset.Playback != nil && enough(len(data.Asset.Playback.Captions))
	})
	a := data.Asset
	sounds := 0
	for _, r := range a.Renditions {
		if r.Channels != nil {
			sounds++
		}
	}
	if a.Conversion != "DONE" || a.Width == nil || *a.Width != s.width || *a.Height != s.height || sounds != s.sounds {
		t.Errorf("%s: %+v", s.name, a)
	}
}

// sourceCourse publishes a course of the films, for everybody, and returns where each is looked at.
func (c *campus) sourceCourse(t *testing.T, films map[string]string) map[string]string {
	t.Helper()
	slug := "sources-" + c.tag
	course := c.ask(t, c.instructor, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`, input{"i": input{
		"slug": slug, "title": "Films as they come", "visibility": "PUBLIC",
	}}, "saveCourse", "course", "id")
	c.run(t, c.instructor, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } } }`, input{"c": course})
	paths := map[string]string{}
	for name, asset := range films {
		lesson := c.ask(t, c.instructor, `mutation($i: SaveLessonInput!) { saveLesson(input: $i) { lesson { id } } }`, input{"i": input{
			"courseId": course, "moduleKey": "m", "key": strings.ReplaceAll(name, " ", "-"), "title": name, "kind": "VIDEO", "preview": true, "assetId": asset, "durationMs": 3000,
		}}, "saveLesson", "lesson", "id")
		paths[name] = "/learn/courses/" + slug + "/lessons/" + url.PathEscape(lesson)
	}
	c.publish(t, course)
	return paths
}
