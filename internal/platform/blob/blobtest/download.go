package blobtest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/blob"
)

func (s *suite) ruleRefuses(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	for name, change := range map[string]func(*blob.UploadRule){
		"no type":          func(r *blob.UploadRule) { r.ContentType = "" },
		"type of one word": func(r *blob.UploadRule) { r.ContentType = "video" },
		"type injects":     func(r *blob.UploadRule) { r.ContentType = "video/mp4\r\nX: y" },
		"type not ASCII":   func(r *blob.UploadRule) { r.ContentType = "vidéo/mp4" },
		"no size":          func(r *blob.UploadRule) { r.Size = 0 },
		"negative size":    func(r *blob.UploadRule) { r.Size = -1 },
		"two sizes":        func(r *blob.UploadRule) { r.MaxSize = 10 },
		"size too large":   func(r *blob.UploadRule) { r.Size = 6 << 40 },
		"no expiry":        func(r *blob.UploadRule) { r.Expires = 0 },
		"past expiry":      func(r *blob.UploadRule) { r.Expires = -time.Hour },
		"expiry too far":   func(r *blob.UploadRule) { r.Expires = 8 * 24 * time.Hour },
	} {
		rule := exactRule()
		change(&rule)
		if _, err := s.store.PresignUpload(t.Context(), key, rule); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("PresignUpload, %s: %v, want BadInput", name, err)
		}
	}
	for name, rule := range map[string]blob.DownloadRule{
		"no expiry":      {},
		"expiry too far": {Expires: 8 * 24 * time.Hour},
		"type injects":   {Expires: time.Minute, ContentType: "text/plain\r\nX: y"},
	} {
		if _, err := s.store.PresignDownload(t.Context(), key, rule); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("PresignDownload, %s: %v, want BadInput", name, err)
		}
	}
}

func (s *suite) get(t *testing.T, link string, headers map[string]string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
	if err != nil {
		t.Fatalf("NewRequest: %v", err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return res.StatusCode, res.Header, string(body)
}

func (s *suite) link(t *testing.T, key blob.Key, rule blob.DownloadRule) string {
	t.Helper()
	link, err := s.store.PresignDownload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignDownload: %v", err)
	}
	return link
}

func (s *suite) download(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "content")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Minute})
	status, header, body := s.get(t, link, nil)
	if status != http.StatusOK || body != "content" || header.Get("Content-Type") != "text/plain" ||
		header.Get("Content-Length") != "7" || header.Get("ETag") == "" || header.Get("Content-Disposition") != "inline" {
		t.Errorf("GET: status %d, body %q, header %v", status, body, header)
	}
	if status, _, body := s.get(t, link, map[string]string{"If-None-Match": header.Get("ETag")}); status != http.StatusNotModified || body != "" {
		t.Errorf("GET with If-None-Match: status %d, body %q, want 304", status, body)
	}
}

func (s *suite) downloadRange(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "abcdefghij")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Minute})
	for asked, want := range map[string]struct{ body, contentRange string }{
		"bytes=0-2":   {"abc", "bytes 0-2/10"},
		"bytes=5-":    {"fghij", "bytes 5-9/10"},
		"bytes=-2":    {"ij", "bytes 8-9/10"},
		"bytes=8-100": {"ij", "bytes 8-9/10"},
	} {
		status, header, body := s.get(t, link, map[string]string{"Range": asked})
		if status != http.StatusPartialContent || body != want.body || header.Get("Content-Range") != want.contentRange {
			t.Errorf("GET %s: status %d, body %q, range %q", asked, status, body, header.Get("Content-Range"))
		}
	}
	if status, _, _ := s.get(t, link, map[string]string{"Range": "bytes=10-"}); status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("GET past the end: status %d, want 416", status)
	}
}

func (s *suite) downloadRules(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "content")
	for filename, want := range map[string]string{
		"report.pdf":            `attachment; filename=report.pdf`,
		"my report.pdf":         `attachment; filename="my report.pdf"`,
		"Отчёт.pdf":             `attachment; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.pdf`,
		"a\"b\\c.pdf":           `attachment; filename="a\"b_c.pdf"`,
		"../../etc/passwd":      `attachment; filename=.._.._etc_passwd`,
		"a\r\nSet-Cookie: b=c":  `attachment; filename="a__Set-Cookie: b=c"`,
		"exe\u202egnp.evil":     `attachment; filename=exe_gnp.evil`,
		"a&type=text/html#frag": `attachment; filename="a&type=text_html#frag"`,
	} {
		_, header, body := s.get(t, s.link(t, key, blob.DownloadRule{Expires: time.Minute, Filename: filename}), nil)
		if got := header.Get("Content-Disposition"); got != want || body != "content" {
			t.Errorf("download as %q: %s, want %s (body %q)", filename, got, want, body)
		}
		if header.Get("Set-Cookie") != "" {
			t.Errorf("download as %q sets a cookie", filename)
		}
	}
	_, header, _ := s.get(t, s.link(t, key, blob.DownloadRule{Expires: time.Minute, ContentType: "text/csv; charset=utf-8"}), nil)
	if got := header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("Content-Type %q, want that of the rule", got)
	}
}

func (s *suite) downloadTampered(t *testing.T) {
	mine, theirs := uuid.New(), uuid.New()
	key := newKey(t, mine, "asset")
	s.put(t, key, "mine")
	for _, tenant := range []uuid.UUID{mine, theirs} {
		s.put(t, newKey(t, tenant, "secret"), "secret")
	}
	s.put(t, newKey(t, theirs, "asset"), "secret")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Minute, Filename: "name.txt", ContentType: "text/plain"})
	if status, _, body := s.get(t, link, nil); status != http.StatusOK || body != "mine" {
		t.Fatalf("GET: status %d, body %q", status, body)
	}
	changed := map[string]string{
		"other tenant":   strings.Replace(link, mine.String(), theirs.String(), 1),
		"other object":   strings.Replace(link, "/asset?", "/secret?", 1),
		"dots":           strings.Replace(link, "/asset?", "/x/../secret?", 1),
		"encoded dots":   strings.Replace(link, "/asset?", "/x/%2e%2e/secret?", 1),
		"encoded slash":  strings.Replace(link, "/asset?", "/x%2f..%2fsecret?", 1),
		"double encoded": strings.Replace(link, "/asset?", "/x%252f..%252fsecret?", 1),
		"no query":       strings.Split(link, "?")[0],
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatalf("parse %q: %v", link, err)
	}
	for name, values := range u.Query() {
		query := u.Query()
		query.Del(name)
		changed["without "+name] = strings.Split(link, "?")[0] + "?" + query.Encode()
		query.Set(name, values[0]+"1")
		changed["other "+name] = strings.Split(link, "?")[0] + "?" + query.Encode()
	}
	for name, link := range changed {
		if status, _, body := s.get(t, link, nil); status < 400 || status > 499 || strings.Contains(body, "mine") {
			t.Errorf("GET with %s: status %d, body %q", name, status, body)
		}
	}
}

func (s *suite) downloadExpires(t *testing.T) {
	key := newKey(t, uuid.New(), "asset")
	s.put(t, key, "content")
	link := s.link(t, key, blob.DownloadRule{Expires: time.Second})
	waitUntil(t, time.Now().Add(3*time.Second))
	if status, _, body := s.get(t, link, nil); status != http.StatusForbidden || strings.Contains(body, "content") {
		t.Errorf("GET after expiry: status %d, body %q, want 403", status, body)
	}
}
