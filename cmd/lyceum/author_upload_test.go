package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/riverqueue/river"

	"lyceum/internal/author/folder"
	"lyceum/internal/author/push"
	"lyceum/internal/viewer"
	"lyceum/jobs"
)

// rough is a network that breaks off every third part, swallows every fifth answer, and goes down for good after as
// many parts as it is told.
type rough struct {
	to string

	mu     sync.Mutex
	parts  int
	stored map[string]int // how often each part arrived
	until  int
	down   func()
}

var errBroken = errors.New("connection reset by the test")

func (r *rough) RoundTrip(request *http.Request) (*http.Response, error) {
	to, err := url.Parse(r.to)
	if err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = to.Scheme, to.Host
	part := request.URL.Query().Get("part")
	if part == "" {
		return http.DefaultTransport.RoundTrip(request)
	}
	n, ends := r.count()
	if ends {
		r.down()
		return nil, errBroken
	}
	if n%3 == 0 {
		// It breaks off in the middle: the length that was announced does not come.
		request.Body = io.NopCloser(io.LimitReader(request.Body, 100))
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		r.mu.Lock()
		r.stored[part]++
		r.mu.Unlock()
	}
	if n%5 == 0 {
		_ = response.Body.Close()
		return nil, errBroken
	}
	return response, nil
}

// count counts a part, and reports whether it is one too many.
func (r *rough) count() (n int, ends bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts++
	return r.parts, r.until > 0 && r.parts > r.until
}

// tally hears progress.
type tally struct {
	mu         sync.Mutex
	last, most int64
}

func (*tally) Begin(string, int)   {}
func (*tally) Step(string, string) {}
func (l *tally) Sent(_ string, sent, _ int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.most = sent, max(l.most, sent)
}

// TestAuthorUploadResumes pushes a large file over a bad network, kills the client half way, and pushes again with a
// new one: it sends what is missing, and the file arrives whole.
func TestAuthorUploadResumes(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	s.services.Media.PartSize = 64 << 10
	worker, err := jobs.NewWorker(s.pool, s.log, s.workerServices(), s.working(map[string]int{river.QueueDefault: 1}))
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stopWorker(context.WithoutCancel(t.Context()), worker, filmPatience); err != nil {
			t.Error(err)
		}
	})
	token := s.signIn(t, s.person(t, viewer.Instructor))
	dir := filepath.Join(t.TempDir(), "knots")
	if err := folder.Init(t.Context(), dir, "Knots", "en"); err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("All the knots that there are, in one line after the other.\n"), 20_000)
	if err := os.WriteFile(filepath.Join(dir, "media", "cheat-sheet.txt"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	const parts = 19 // 1,180,000 bytes of 64 KiB
	net := &rough{to: s.server.URL, stored: map[string]int{}, until: 12}

	killed, kill := context.WithCancel(t.Context())
	net.down = kill
	if err := pushFolder(killed, t, net, token, dir, &tally{}); err == nil {
		t.Fatal("a killed client pushed everything")
	}
	before := len(net.stored)
	if before == 0 || before >= parts {
		t.Fatalf("%d of %d parts arrived before the client was killed: nothing is left to resume", before, parts)
	}
	first := net.stored
	net.stored, net.until, net.parts = map[string]int{}, 0, 0
	heard := &tally{}
	if err := pushFolder(t.Context(), t, net, token, dir, heard); err != nil {
		t.Fatalf("push again: %v", err)
	}
	if heard.most < int64(len(content)) {
		t.Errorf("progress went up to %d of %d bytes", heard.most, len(content))
	}
	again := 0
	for part := range first {
		again += net.stored[part]
	}
	// A part that had arrived is not sent again, but for those on their way when the client was killed.
	if again > 4 {
		t.Errorf("%d parts were sent again that had arrived", again)
	}
	var found struct {
		AssetsByContent []struct {
			ID, Status, URL string
			Size            int
		}
	}
	s.must(t, token, `query($d: [String!]!) { assetsByContent(sha256: $d) { id status size url } }`,
		map[string]any{"d": []string{hexDigest(content)}}, &found)
	if len(found.AssetsByContent) != 1 || found.AssetsByContent[0].Size != len(content) {
		t.Fatalf("the server has %+v", found.AssetsByContent)
	}
	t.Logf("%d parts before, %d afterwards, %d of them again", before, len(net.stored), again)
}

func pushFolder(ctx context.Context, t *testing.T, net http.RoundTripper, token, dir string, p push.Progress) error {
	t.Helper()
	f, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	_, err = push.NewClient("http://school.localhost", token, net).Push(ctx, f, p)
	return err
}

// TestLines checks what is said where there is no terminal.
func TestLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := newLines(&out)
	l.Begin("files", 2)
	const size = 100 << 20
	for _, sent := range []int64{0, 1, size / 4, size / 5, size / 2, size} {
		l.Sent("media/film.mp4", sent, size)
	}
	l.Sent("media/small.txt", 1, 2)
	l.Step("files", "media/film.mp4")
	const want = "files: 2\nmedia/film.mp4: 0 % of 100.0 MiB\nmedia/film.mp4: 20 % of 100.0 MiB\n" +
		"media/film.mp4: 50 % of 100.0 MiB\nmedia/film.mp4: 100 % of 100.0 MiB\nfiles: media/film.mp4 done\n"
	if out.String() != want {
		t.Errorf("said:\n%s\nwant:\n%s", out.String(), want)
	}
}
