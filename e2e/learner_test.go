package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// film is a film of twenty seconds, captions its captions.
const (
	film     = "../cmd/lyceum/demo/courses/acme/coffee-basics/media/extraction.mp4"
	captions = "../cmd/lyceum/demo/courses/acme/coffee-basics/media/extraction.en.vtt"
)

// TestLearner learns in a browser: from finding a course to the certificate, with the keyboard alone, offline, and in
// every view for whom axe speaks.
func TestLearner(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-learner-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := campusOf(t, "acme")
	slug := c.filmCourse(t)
	other := c.course(t, "given")
	c.publish(t, other)
	_, learner := c.person(t, "LEARNER")
	email := c.ask(t, learner, `{ viewer { user { email } } }`, nil, "viewer", "user", "email")
	node(t, "browser", []string{"learner.mjs", pictures},
		"CHROMIUM="+browser, "ACME="+running.URL("acme"), "LEARNER="+email, "COURSE="+slug, "OTHER="+other, "HLS="+playlist(t),
		"INSTRUCTOR_TOKEN="+c.instructor.Token, "LEARNER_TOKEN="+learner.Token)
}

// filmCourse publishes a course with a lesson of every kind and returns its slug.
func (c *campus) filmCourse(t *testing.T) string {
	t.Helper()
	vtt, err := os.ReadFile(captions)
	if err != nil {
		t.Fatal(err)
	}
	slug := "films-" + c.tag
	course := c.ask(t, c.instructor, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }`, input{"i": input{
		"slug": slug, "title": "Learning with films", "summary": "Twenty seconds and a quiz.", "visibility": "PUBLIC", "hasCertificate": true,
		"description": "You **read**, watch and answer.", "categories": []string{c.category}, "level": "BEGINNER",
	}}, "saveCourse", "course", "id")
	c.run(t, c.instructor, `mutation($c: ID!, $film: ID!, $notes: ID!, $vtt: String!) {
		saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } }
		article: saveLesson(input: {courseId: $c, moduleKey: "m", key: "a", title: "Read this", kind: ARTICLE, preview: true,
			body: "Words, a [link](https://example.org), and a table.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`+"```\\ncode\\n```"+`"}) { lesson { id } }
		video: saveLesson(input: {courseId: $c, moduleKey: "m", key: "v", title: "Watch this", kind: VIDEO, assetId: $film, durationMs: 20000,
			body: "About coffee.", captions: [{locale: "en", label: "English", vtt: $vtt}]}) { lesson { id } }
		quiz: saveLesson(input: {courseId: $c, moduleKey: "m", key: "q", title: "Prove it", kind: QUIZ, quiz: {passMark: 50, timeLimitSeconds: 600, questions: [
			{key: "one", kind: SINGLE_CHOICE, prompt: "Which one?", choices: [{key: "a", text: "This", correct: true, feedback: "Well chosen."}, {key: "b", text: "That"}]}
			{key: "two", kind: NUMERIC, prompt: "How many are two and two?", hints: ["Count."], numeric: {answer: "4", min: 4, max: 4}}
		]}}) { lesson { id } }
		file: saveLesson(input: {courseId: $c, moduleKey: "m", key: "f", title: "Take this along", kind: FILE, required: false, assetId: $notes}) { lesson { id } }
		link: saveLesson(input: {courseId: $c, moduleKey: "m", key: "l", title: "Look there", kind: LINK, required: false, url: "https://example.org/more"}) { lesson { id } }
	}`, input{"c": course, "film": c.uploadFilm(t, film), "notes": c.upload(t, "notes of "+slug), "vtt": string(vtt)})
	c.publish(t, course)
	return slug
}

// playlist makes an HLS playlist of the film, six times over, in a folder: "" without ffmpeg. It is longer than what
// players load ahead.
func playlist(t *testing.T) string {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		return ""
	}
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-stream_loop", "5", "-i", film, "-c:v", "libx264", "-preset", "ultrafast", "-g", "48",
		"-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
		"-hls_segment_filename", filepath.Join(dir, "seg-%02d.m4s"), "-master_pl_name", "master.m3u8", filepath.Join(dir, "media.m3u8"))
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return dir
}
