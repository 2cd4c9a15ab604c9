package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUploadPage uploads in a browser: a large file in parts over a connection that breaks off, paused, reloaded in the
// middle and resumed; a film until it is converted; and what is refused.
func TestUploadPage(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-upload-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	c := campusOf(t, "acme")
	_, instructor := c.person(t, "INSTRUCTOR")
	_, learner := c.person(t, "LEARNER")
	address := `{ viewer { user { email } } }`
	node(t, "browser", []string{"upload.mjs", pictures},
		"CHROMIUM="+browser, "ACME="+running.URL("acme"), "FILM="+freshFilm(t, c.tag),
		"INSTRUCTOR="+c.ask(t, instructor, address, nil, "viewer", "user", "email"),
		"LEARNER="+c.ask(t, learner, address, nil, "viewer", "user", "email"))
}

// freshFilm makes a film of three seconds that the server does not have.
func freshFilm(t *testing.T, title string) string {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("there is no ffmpeg on PATH: no film is uploaded")
	}
	path := filepath.Join(t.TempDir(), "film.mp4")
	command := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3",
		"-f", "lavfi", "-i", "sine=frequency=330:duration=3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
		"-metadata", "title="+title, path)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}
