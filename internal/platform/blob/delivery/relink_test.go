package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/blobtest"
	"lyceum/internal/platform/blob/delivery"
	"lyceum/internal/platform/blob/s3"
)

// album is what a film looks like that a player finds its way through.
func album() map[string]string {
	return map[string]string{
		"master.m3u8": "#EXTM3U\n#EXT-X-VERSION:7\n" +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English, \"\"plain\"\"\",LANGUAGE=\"en\",URI=\"a0/index.m3u8\"\n" +
			"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English\",URI=\"en/index.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO=\"a\"\nv0/index.m3u8\n",
		"v0/index.m3u8": "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6.0,\n00001.m4s\r\n#EXTINF:1.5,a title\n00002.m4s\n#EXT-X-ENDLIST\n",
		"a0/index.m3u8": "#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"4@0\",URI=\"init.mp4\"\n#EXTINF:6.0,\n00001.m4s",
		"en/index.m3u8": "#EXTM3U\n\n#EXTINF:6.0,\n00001.vtt\n",
		"v0/init.mp4":   "moov of v0", "v0/00001.m4s": "first of v0", "v0/00002.m4s": "second of v0",
		"a0/init.mp4": "moov of a0", "a0/00001.m4s": "first of a0",
		"en/00001.vtt":    "WEBVTT\n\n00:00.000 --> 00:01.000\nLook at poster.jpg#xywh=1 now\n",
		"board/index.vtt": "WEBVTT\n\n00:00.000 --> 00:05.000\n000.jpg#xywh=0,0,160,90\n\n00:05.000 --> 00:10.000\n000.jpg#xywh=160,0,160,90\n",
		"board/000.jpg":   "sheet", "poster.jpg": "poster", "original.mp4": "a film as it came",
	}
}

// stored is a store that clients reach.
type stored struct {
	blob.Store

	client *http.Client
}

// stores are those that rewriting is tested with: the file driver, and S3 where there is one.
func stores(t *testing.T) map[string]func(t *testing.T) stored {
	t.Helper()
	return map[string]func(t *testing.T) stored{
		"files": func(t *testing.T) stored {
			t.Helper()
			return stored{blobtest.Files(t), http.DefaultClient}
		},
		"S3": func(t *testing.T) stored {
			t.Helper()
			return stored{openS3(t), http.DefaultClient}
		},
	}
}

// openS3 returns a bucket of what blobtest.S3 finds.
func openS3(t *testing.T) blob.Store {
	t.Helper()
	const bucket = "lyceum-delivery"
	gateway := blobtest.S3(t, bucket)
	store, err := s3.New(s3.Config{
		Endpoint: gateway.Endpoint, Bucket: bucket, PathStyle: true, AccessKey: gateway.AccessKey, SecretKey: gateway.SecretKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// player watches a film through a handler that rewrites, and counts what came from it.
type player struct {
	t       *testing.T
	storage stored
	door    *httptest.Server
	// base is the signed path.
	base   string
	prefix blob.Prefix
	tenant uuid.UUID
	// media is what the player got from the storage, by address without its query; links are addresses of the storage.
	media map[string]string
	links []string
	// fromDoor is what came through the handler, by kind.
	fromDoor map[string]int
}

func newPlayer(t *testing.T, storage stored, ttl time.Duration) *player {
	t.Helper()
	p := &player{t: t, storage: storage, tenant: uuid.New(), media: map[string]string{}, fromDoor: map[string]int{}}
	signer := newSigner(t, signingKey("k1"))
	p.door = httptest.NewServer(&delivery.Handler{Signer: signer, Objects: storage, Links: storage})
	t.Cleanup(p.door.Close)
	var err error
	if p.prefix, err = blob.NewPrefix(p.tenant, "asset"); err != nil {
		t.Fatal(err)
	}
	if p.base, err = signer.SignPath(p.prefix, time.Now().Add(ttl)); err != nil {
		t.Fatal(err)
	}
	for name, content := range album() {
		p.put(name, content)
	}
	return p
}

func (p *player) put(name, content string) {
	p.t.Helper()
	key, err := blob.NewKey(p.tenant, append([]string{"asset"}, strings.Split(name, "/")...)...)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.storage.Put(p.t.Context(), key, strings.NewReader(content), blob.PutRule{ContentType: "text/plain"}); err != nil {
		p.t.Fatal(err)
	}
}

// ask makes one request, without following it elsewhere.
func (p *player) ask(method, address string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	client := *p.storage.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		p.t.Fatal(err)
	}
	return res, string(body)
}

// fetch gets an object of the film as a browser does, and returns its text.
func (p *player) fetch(address string) string {
	p.t.Helper()
	res, body := p.ask(http.MethodGet, address)
	if strings.HasPrefix(address, p.door.URL) {
		p.fromDoor[res.Header.Get("Content-Type")] += len(body)
		if res.StatusCode == http.StatusTemporaryRedirect {
			return p.fetch(res.Header.Get("Location"))
		}
	} else {
		place, _, _ := strings.Cut(address, "?")
		p.media[place], p.links = body, append(p.links, address)
	}
	if res.StatusCode != http.StatusOK {
		p.t.Errorf("%s: %d %s", address, res.StatusCode, body)
	}
	return body
}

var named = regexp.MustCompile(`URI="([^"]*)"`)

// watch follows a list and all that it names.
func (p *player) watch(address string) {
	p.t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(p.fetch(address)) {
		line = strings.TrimSpace(line)
		var names []string
		if m := named.FindStringSubmatch(line); m != nil {
			names = append(names, m[1])
		} else if line != "" && !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
		for _, name := range names {
			next, err := base.Parse(name)
			if err != nil {
				p.t.Fatal(err)
			}
			if strings.HasSuffix(next.Path, ".m3u8") {
				p.watch(next.String())
			} else {
				p.fetch(next.String())
			}
		}
	}
}

// TestPlaylistsOverPlainStorage plays a film that nothing stands in front of but the storage: of the media not a byte comes through
// the handler, and each address of the storage ends with the path.
func TestPlaylistsOverPlainStorage(t *testing.T) {
	t.Parallel()
	for name, open := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlayer(t, open(t), 5*time.Minute)
			p.watch(p.door.URL + p.base + "master.m3u8")
			for _, name := range []string{"poster.jpg", "original.mp4"} {
				p.fetch(p.door.URL + p.base + name)
			}
			board := p.fetch(p.door.URL + p.base + "board/index.vtt")
			sheets := regexp.MustCompile(`(?m)^(http\S+)#xywh=(0|160),0,160,90$`).FindAllStringSubmatch(board, -1)
			if len(sheets) != 2 {
				t.Fatalf("the storyboard is\n%s", board)
			}
			p.fetch(sheets[0][1])
			p.complete()
			p.bounded(5 * time.Minute)
		})
	}
}

// complete checks that all media came from the storage, and none from the handler.
func (p *player) complete() {
	p.t.Helper()
	got := map[string]bool{}
	for _, content := range p.media {
		got[content] = true
	}
	for name, content := range album() {
		lists := strings.HasSuffix(name, "index.m3u8") || name == "master.m3u8" || name == "board/index.vtt"
		if got[content] == lists {
			p.t.Errorf("%s came from the storage: %v", name, !lists)
		}
	}
	for kind, bytes := range p.fromDoor {
		if bytes > 0 && kind != "application/vnd.apple.mpegurl" && kind != "text/vtt; charset=utf-8" {
			p.t.Errorf("%d bytes of %q came through the handler", bytes, kind)
		}
	}
	p.t.Logf("through the handler %v, from the storage %d objects", p.fromDoor, len(p.media))
}

// bounded checks how long the addresses of S3 say that they are good.
func (p *player) bounded(ttl time.Duration) {
	p.t.Helper()
	for _, link := range p.links {
		u, err := url.Parse(link)
		if err != nil {
			p.t.Fatal(err)
		}
		expires, err := time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
		if u.Query().Has("X-Amz-Expires") && (err != nil || expires > ttl || expires < ttl-time.Minute) {
			p.t.Errorf("%s is good for %v, want %v at most", link, expires, ttl)
		}
	}
}

// TestAddressesEndWithThePath waits for the end of a path: then neither it nor what it led to gives anything.
func TestAddressesEndWithThePath(t *testing.T) {
	t.Parallel()
	for name, open := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const ttl = 3 * time.Second
			p := newPlayer(t, open(t), ttl)
			end := time.Now().Add(ttl)
			p.fetch(p.door.URL + p.base + "poster.jpg")
			<-time.After(time.Until(end.Add(time.Second))) // Ends are in whole seconds.
			if res, body := p.ask(http.MethodGet, p.door.URL+p.base+"master.m3u8"); res.StatusCode != http.StatusForbidden || body != "" {
				t.Errorf("the path after its end: %d %q", res.StatusCode, body)
			}
			if res, body := p.ask(http.MethodGet, p.links[0]); res.StatusCode != http.StatusForbidden || strings.Contains(body, "poster") {
				t.Errorf("the address after its end: %d %q", res.StatusCode, body)
			}
		})
	}
}

func TestHeadOverPlainStorage(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, stores(t)["files"](t), time.Minute)
	for name, kind := range map[string]string{"original.mp4": "video/mp4", "master.m3u8": "application/vnd.apple.mpegurl", "board/index.vtt": "text/vtt; charset=utf-8"} {
		res, body := p.ask(http.MethodHead, p.door.URL+p.base+name)
		if res.StatusCode != http.StatusOK || body != "" || res.Header.Get("Content-Type") != kind || res.ContentLength <= 0 {
			t.Errorf("HEAD %s: %d %v", name, res.StatusCode, res.Header)
		}
		if cache := res.Header.Get("Cache-Control"); strings.Contains(cache, "immutable") {
			t.Errorf("%s, which ends, may be kept: %s", name, cache)
		}
	}
	if res, _ := p.ask(http.MethodHead, p.door.URL+p.base+"absent.mp4"); res.StatusCode != http.StatusNotFound {
		t.Errorf("HEAD of nothing: %d", res.StatusCode)
	}
}

// TestHostileLists stores lists that lead elsewhere: they are not handed out, and nothing is signed for them.
func TestHostileLists(t *testing.T) {
	t.Parallel()
	f := newFilm(t)
	links := &countingLinks{}
	f.Links = links
	other := uuid.NewString()
	for i, line := range []string{
		"https://evil.example/1.m4s", "//evil.example/1.m4s", "/v/x/1.m4s", "../other/1.m4s", "v0/../../other/1.m4s", "%2e%2e/other/1.m4s",
		"file:///etc/passwd", "1.m4s?x", "original", "key.bin", "V0/1.m4s", "a b.m4s", ".m4s", `..\1.m4s`, "https://evil.example/x.m3u8", "../x.m3u8",
		`#EXT-X-MAP:URI="https://evil.example/init.mp4"`, `#EXT-X-KEY:METHOD=AES-128,URI="https://evil.example/key"`, `#EXT-X-KEY:METHOD=AES-128,URI="key.bin"`,
		`#EXT-X-MEDIA:TYPE=AUDIO,URI="../../` + other + `/asset/a.m3u8"`, `#EXT-X-MAP:URI=""`, strings.Repeat("d/", 20) + "1.m4s",
		strings.Repeat("x.m3u8\n", 20_001), strings.Repeat("#", 2<<20),
	} {
		name := fmt.Sprintf("list%d.m3u8", i)
		f.put(t, name, "#EXTM3U\n"+line+"\n")
		if res := f.ask(t, http.MethodGet, f.base+name, nil); res.Code != http.StatusInternalServerError || res.Body.Len() != 0 {
			t.Errorf("%.60q: %d %.100q", line, res.Code, res.Body)
		}
	}
	f.put(t, "board.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\nhttps://evil.example/0.jpg#xywh=0,0,1,1\n")
	if res := f.ask(t, http.MethodGet, f.base+"board.vtt", nil); res.Code != http.StatusInternalServerError {
		t.Errorf("a storyboard of others: %d %q", res.Code, res.Body)
	}
	if len(links.keys) != 0 {
		t.Errorf("signed for %v", links.keys)
	}
}

// countingLinks remembers what was signed.
type countingLinks struct{ keys []blob.Key }

func (l *countingLinks) PresignDownload(_ context.Context, key blob.Key, rule blob.DownloadRule) (string, error) {
	l.keys = append(l.keys, key)
	return "https://s3.example/" + key.String() + "?type=" + url.QueryEscape(rule.ContentType), nil
}

// BenchmarkPlaylist rewrites the playlist of three hours in segments of four seconds.
func BenchmarkPlaylist(b *testing.B) {
	tenant := uuid.New()
	key, err := blob.NewKey(tenant, "asset", "v0", "index.m3u8")
	if err != nil {
		b.Fatal(err)
	}
	var list bytes.Buffer
	list.WriteString("#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n")
	for i := range 3 * 3600 / 4 {
		fmt.Fprintf(&list, "#EXTINF:4.0,\n%05d.m4s\n", i)
	}
	store, err := s3.New(s3.Config{Endpoint: "https://s3.example", Bucket: "lyceum", AccessKey: "access", SecretKey: "secret", PathStyle: true})
	if err != nil {
		b.Fatal(err)
	}
	signer, err := blob.NewSigner(signingKey("k1"))
	if err != nil {
		b.Fatal(err)
	}
	prefix, err := blob.NewPrefix(tenant, "asset")
	if err != nil {
		b.Fatal(err)
	}
	base, err := signer.SignPath(prefix, time.Now().Add(time.Hour))
	if err != nil {
		b.Fatal(err)
	}
	h := &delivery.Handler{Signer: signer, Objects: inMemory{key: list.Bytes()}, Links: store}
	size := 0
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody)
		req.RequestURI = base + "v0/index.m3u8"
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		if size = res.Body.Len(); res.Code != http.StatusOK {
			b.Fatal(res.Code)
		}
	}
	b.ReportMetric(float64(size), "bytes")
}

// inMemory holds objects.
type inMemory map[blob.Key][]byte

func (m inMemory) Open(_ context.Context, key blob.Key) (*blob.Object, error) {
	return &blob.Object{Body: body{bytes.NewReader(m[key])}, Info: blob.Info{Key: key, Size: int64(len(m[key]))}}, nil
}

type body struct{ *bytes.Reader }

func (body) Close() error { return nil }
