package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/internal/media/transcode"
	"lyceum/internal/viewer"
	"lyceum/jobs"
)

// filmPatience is how long a test waits for a film, on a machine that does other things too.
const filmPatience = 5 * time.Minute

// cinema is a school with an instructor and a learner that shows films.
type cinema struct {
	*school

	course, slug string
}

func newCinema(t *testing.T) *cinema {
	t.Helper()
	c := &cinema{school: openSchool(t, t.TempDir()), slug: "films"}
	t.Cleanup(func() {
		// For root it lies outside of a home that only root may enter.
		dir, err := c.services.Media.WorkDir()
		if err != nil || os.Remove(dir) != nil {
			t.Errorf("something is left in %s (%v)", dir, err)
		}
		_ = os.Remove(filepath.Dir(dir)) // home itself, unless it lies outside
	})
	c.admin = c.signIn(t, "admin@school.example")
	c.instructor = c.signIn(t, c.person(t, viewer.Instructor))
	c.learner = c.signIn(t, c.person(t, viewer.Learner))
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	c.must(t, c.instructor, `mutation { saveCourse(input: {slug: "films", title: "Films", visibility: MEMBERS}) { course { id } } }`, nil, &saved)
	c.course = saved.SaveCourse.Course.ID
	c.saveModule(t, c.instructor, c.course)
	return c
}

// work starts a worker for films that ends with the test.
func (c *cinema) work(t *testing.T) {
	t.Helper()
	worker, err := jobs.NewWorker(c.pool, c.log, c.workerServices(), c.working(map[string]int{jobs.QueueMedia: 1}))
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stopWorker(context.WithoutCancel(t.Context()), worker, time.Minute); err != nil {
			t.Error(err)
		}
	})
}

// upload brings a film in as an author does, and returns the asset.
func (c *cinema) upload(t *testing.T, contentType string, film []byte) (asset string) {
	t.Helper()
	var asked struct {
		RequestUpload struct {
			Asset  struct{ ID string }
			Upload struct {
				Method, URL string
				Headers     []struct{ Name, Value string }
			}
		}
	}
	c.must(t, c.instructor, `mutation($i: RequestUploadInput!) { requestUpload(input: $i) { asset { id } upload { method url headers { name value } } } }`,
		map[string]any{"i": map[string]any{
			"kind": "VIDEO", "fileName": "film.mp4", "contentType": contentType, "size": len(film), "sha256": hexDigest(film),
		}}, &asked)
	request, err := http.NewRequestWithContext(t.Context(), asked.RequestUpload.Upload.Method, c.here(t, asked.RequestUpload.Upload.URL), bytes.NewReader(film))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range asked.RequestUpload.Upload.Headers {
		request.Header.Set(h.Name, h.Value)
	}
	response, err := c.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("upload: status %d", response.StatusCode)
	}
	asset = asked.RequestUpload.Asset.ID
	c.must(t, c.instructor, `mutation($a: ID!) { completeUpload(assetId: $a) { asset { status } } }`, map[string]any{"a": asset}, &struct{}{})
	return asset
}

// here is an address of ours at the test's server.
func (c *cinema) here(t *testing.T, address string) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil || to.Path == "" {
		t.Fatalf("%q is no address: %v", address, err)
	}
	return c.server.URL + to.RequestURI()
}

// seen is what staff see of an asset.
type seen struct {
	Status, Failure, Conversion string
	Progress                    int
	DurationMs, Width, Height   *int
	Notes                       []string
	Renditions                  []struct {
		Name          string
		Width, Height *int
	}
	Playback *struct{ HLSURL string }
}

func (c *cinema) asset(t *testing.T, id string) seen {
	t.Helper()
	var read struct{ Asset seen }
	c.must(t, c.instructor, `query($i: ID!) { asset(id: $i) { status failure conversion progress durationMs width height notes
		renditions { name width height } playback { hlsUrl } } }`, map[string]any{"i": id}, &read)
	return read.Asset
}

// converted waits for the end of the conversion.
func (c *cinema) converted(t *testing.T, id string) seen {
	t.Helper()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for deadline := time.After(filmPatience); ; {
		a := c.asset(t, id)
		if a.Conversion != "WAITING" && a.Conversion != "RUNNING" {
			return a
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("the film is not converted: %+v", a)
		}
	}
}

// show publishes the film as a lesson, and enrolls the learner.
func (c *cinema) show(t *testing.T, asset string) (lesson string) {
	t.Helper()
	c.saveLesson(t, c.instructor, c.course, "film", `kind: VIDEO, assetId: "`+asset+`"`)
	c.must(t, c.instructor, c.documents.Text("publish-course"), map[string]any{"courseId": c.course}, &struct{}{})
	c.enroll(t, c.learner, c.course)
	return c.lessons(t, c.slug)["film"]
}

// video is what a learner gets of a film.
type video struct {
	URL, HLSURL, PosterURL, StoryboardURL *string
	ExpiresAt                             *time.Time
	CaptionTracks                         []struct{ Locale, Label, URL string }
}

const lessonDocument = `query($c: ID!, $l: ID!) { lesson(courseId: $c, id: $l) { content { ... on VideoContent {
	url hlsUrl posterUrl storyboardUrl expiresAt captionTracks { locale label url } } } } }`

// watchOften asks a few times, and returns the least number of statements that took: one asks whom it is for, too, and on a
// busy machine loaders ask in more than one go.
func (c *cinema) watchOften(t *testing.T, lesson string) (video, int64) {
	t.Helper()
	shown, least := c.watch(t, lesson)
	for range 4 {
		if again, statements := c.watch(t, lesson); statements < least {
			shown, least = again, statements
		}
	}
	return shown, least
}

// watch asks for the lesson, and returns how many statements that took.
func (c *cinema) watch(t *testing.T, lesson string) (video, int64) {
	t.Helper()
	var read struct {
		Lesson struct{ Content video }
	}
	c.must(t, c.learner, lessonDocument, map[string]any{"c": c.course, "l": lesson}, &read)
	return read.Lesson.Content, c.counter.Load().Load()
}

// fetch gets what lies at an address, which must be there.
func (c *cinema) fetch(t *testing.T, address string) (contentType string, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.here(t, address), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
		t.Fatalf("%s: status %d, %d bytes (%v)", address, response.StatusCode, len(body), err)
	}
	return response.Header.Get("Content-Type"), body
}

var uriAttribute = regexp.MustCompile(`URI="([^"]+)"`)

// play reads everything that the playlist leads to, and returns the number of files by extension.
func (c *cinema) play(t *testing.T, playlist string) map[string]int {
	t.Helper()
	read := map[string]int{}
	todo, done := []string{playlist}, map[string]bool{}
	for len(todo) > 0 && len(done) < 10_000 {
		address := todo[0]
		todo = todo[1:]
		if done[address] {
			continue
		}
		done[address] = true
		_, body := c.fetch(t, address)
		read[path.Ext(address)]++
		if path.Ext(address) != ".m3u8" {
			continue
		}
		for line := range strings.Lines(string(body)) {
			line = strings.TrimSpace(line)
			for _, m := range uriAttribute.FindAllStringSubmatch(line, -1) {
				todo = append(todo, relativeTo(t, address, m[1]))
			}
			if line != "" && !strings.HasPrefix(line, "#") {
				todo = append(todo, relativeTo(t, address, line))
			}
		}
	}
	return read
}

func relativeTo(t *testing.T, base, name string) string {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	to, err := at.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// sources are films: one that is made, and the one of the course that courses are imported from in tests.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	tools, err := transcode.Find(t.Context(), "", "")
	if err != nil || tools.Usable() != nil {
		t.Skipf("films are not converted here: %v %v", err, tools.Usable())
	}
	captions := filepath.Join(t.TempDir(), "in.srt")
	if err := os.WriteFile(captions, []byte("1\n00:00:00,500 --> 00:00:01,500\nHello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "made.mp4")
	args := strings.Fields("-v error -nostdin -y -f lavfi -i testsrc=s=256x144:r=25:d=8 -f lavfi -i sine=d=8 -i " + captions +
		" -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -c:s mov_text -metadata:s:s:0 language=eng -shortest " + made)
	if out, err := exec.CommandContext(t.Context(), tools.FFmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("make film: %v: %s", err, out)
	}
	film, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{"made": film}
	if found := fromCourse(t); found != nil && !testing.Short() {
		all["of the demo course"] = found
	}
	return all
}

// fromCourse is the film in the demo course, nil where there is none.
func fromCourse(t *testing.T) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join(cmp.Or(os.Getenv("LYCEUM_TEST_DATA"), "../../../shared/data"), "olx", "open-edx-demo-course.tar.gz"))
	if err != nil {
		t.Logf("no demo course: %v", err)
		return nil
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unzipped); ; {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("there is no film in the demo course")
		} else if err != nil {
			t.Fatal(err)
		}
		if path.Ext(entry.Name) != ".mp4" {
			continue
		}
		film, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		return film
	}
}

// TestFilm goes from the upload to the last segment: playable at once as it was uploaded, streamed once it is
// converted, at no further statement, and by nobody whose lesson it is not.
func TestFilm(t *testing.T) {
	t.Parallel()
	for name, film := range sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCinema(t)
			asset := c.upload(t, "video/mp4", film)
			lesson := c.show(t, asset)
			if a := c.asset(t, asset); a.Status != "READY" || a.Conversion != "WAITING" || a.Progress != 0 || a.Playback != nil {
				t.Errorf("before: %+v", a)
			}
			before, statements := c.watchOften(t, lesson)
			if before.HLSURL != nil || before.URL == nil {
				t.Fatalf("before it is converted: %+v", before)
			}
			if _, body := c.fetch(t, *before.URL); !bytes.Equal(body, film) {
				t.Error("what is played meanwhile is not what was uploaded")
			}
			c.work(t)
			a := c.converted(t, asset)
			if a.Conversion != "DONE" || a.Status != "READY" || a.Progress != 100 || a.Playback == nil || a.DurationMs == nil || len(a.Renditions) == 0 {
				t.Fatalf("converted: %+v", a)
			}
			after, more := c.watchOften(t, lesson)
			if more != statements {
				t.Errorf("%d statements, %d before it was converted", more, statements)
			}
			c.plays(t, name, after)
			c.locked(t, lesson, asset)
			t.Logf("%+v", a)
		})
	}
}

// plays fetches all there is to a film.
func (c *cinema) plays(t *testing.T, name string, v video) {
	t.Helper()
	if v.HLSURL == nil || v.PosterURL == nil || v.StoryboardURL == nil || v.ExpiresAt == nil || time.Until(*v.ExpiresAt) > time.Hour {
		t.Fatalf("a converted film: %+v", v)
	}
	read := c.play(t, *v.HLSURL)
	if read[".m3u8"] < 2 || read[".m4s"] < 2 {
		t.Errorf("read %v", read)
	}
	if kind, _ := c.fetch(t, *v.PosterURL); kind != "image/jpeg" {
		t.Errorf("the poster is %s", kind)
	}
	_, board := c.fetch(t, *v.StoryboardURL)
	sprites := 0
	for line := range strings.Lines(string(board)) {
		if sprite, _, found := strings.Cut(strings.TrimSpace(line), "#xywh"); found {
			c.fetch(t, relativeTo(t, *v.StoryboardURL, sprite))
			sprites++
		}
	}
	if sprites == 0 {
		t.Errorf("a storyboard without pictures:\n%s", board)
	}
	for _, track := range v.CaptionTracks {
		if _, text := c.fetch(t, track.URL); !strings.HasPrefix(string(text), "WEBVTT") || !strings.Contains(string(text), "Hello") {
			t.Errorf("captions %s: %s", track.Label, text)
		}
	}
	if name == "made" && (len(v.CaptionTracks) != 1 || v.CaptionTracks[0].Locale != "en") {
		t.Errorf("captions: %+v", v.CaptionTracks)
	}
	t.Logf("read %v, %d pictures of the storyboard", read, sprites)
}

// locked tries to reach the film from where it is not shown.
func (c *cinema) locked(t *testing.T, lesson, asset string) {
	t.Helper()
	stranger := c.signIn(t, c.person(t, viewer.Learner))
	for what, tt := range map[string]struct{ token, document, want string }{
		"a learner without a place": {stranger, lessonDocument, `"FORBIDDEN"`},
		"a visitor":                 {"", lessonDocument, `"lesson":null`},
		"a learner asks for it":     {c.learner, `query($c: ID!, $l: ID!) { node(id: $c) { id } asset(id: $l) { id } }`, `"FORBIDDEN"`},
	} {
		variables := map[string]any{"c": c.course, "l": lesson}
		if strings.Contains(tt.document, "asset(") {
			variables["l"] = asset
		}
		response := c.send(t, tt.document, asked{tt.token, variables})
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(body), tt.want) || strings.Contains(string(body), "/v/") {
			t.Errorf("%s is answered %s (%v), want %s", what, body, err, tt.want)
		}
	}
	// A film in a draft is nobody's but its authors'.
	c.saveLesson(t, c.instructor, c.course, "draft", `kind: VIDEO, assetId: "`+asset+`"`)
	draft := c.lessons(t, c.slug)["draft"]
	var read struct{ Lesson any }
	c.must(t, c.learner, lessonDocument, map[string]any{"c": c.course, "l": draft}, &read)
	if read.Lesson != nil {
		t.Errorf("a learner is shown a draft: %v", read.Lesson)
	}
}

// TestFilmWithoutFFmpeg is a server that has none: the film is played as it was uploaded, and its owner is told.
func TestFilmWithoutFFmpeg(t *testing.T) {
	t.Parallel()
	film := sources(t)["made"]
	c := newCinema(t)
	c.services.Media.Converter = nil
	asset := c.upload(t, "video/mp4", film)
	lesson := c.show(t, asset)
	c.work(t)
	a := c.converted(t, asset)
	if a.Conversion != "PASSED_THROUGH" || a.Status != "READY" || len(a.Notes) == 0 || a.Width == nil || *a.Width != 256 || a.DurationMs == nil {
		t.Errorf("%+v", a)
	}
	v, _ := c.watch(t, lesson)
	if v.HLSURL != nil || v.URL == nil {
		t.Fatalf("%+v", v)
	}
	if _, body := c.fetch(t, *v.URL); !bytes.Equal(body, film) {
		t.Error("what is played is not what was uploaded")
	}
}

// TestHostileFilm: what is no film although it begins like one is refused, with a sentence, and shown to nobody.
func TestHostileFilm(t *testing.T) {
	t.Parallel()
	film := sources(t)["made"]
	c := newCinema(t)
	asset := c.upload(t, "video/mp4", film[:len(film)/2])
	lesson := c.show(t, asset)
	c.work(t)
	a := c.converted(t, asset)
	if a.Conversion != "FAILED" || a.Status != "FAILED" || a.Failure == "" || a.Playback != nil {
		t.Errorf("%+v", a)
	}
	if v, _ := c.watch(t, lesson); v.URL != nil || v.HLSURL != nil {
		t.Errorf("it is shown: %+v", v)
	}
}

func hexDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
