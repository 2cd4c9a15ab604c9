package blobtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

// submission is what a client makes of a ticket.
type submission struct {
	ticket  blob.UploadTicket
	content string
	headers map[string]string
}

func (s *suite) ticket(t *testing.T, key blob.Key, rule blob.UploadRule) blob.UploadTicket {
	t.Helper()
	ticket, err := s.store.PresignUpload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignUpload: %v", err)
	}
	if until := time.Until(ticket.Expires); until > rule.Expires || until < rule.Expires-time.Minute {
		t.Errorf("the ticket expires in %v, want %v", until, rule.Expires)
	}
	return ticket
}

// submit uploads as a client would and returns the status, or 0 when the store hung up in the middle.
func (s *suite) submit(t *testing.T, sub submission) int {
	t.Helper()
	body, kind := io.Reader(strings.NewReader(sub.content)), ""
	if sub.ticket.Method == http.MethodPost {
		body, kind = form(t, sub)
	}
	req, err := http.NewRequestWithContext(t.Context(), sub.ticket.Method, sub.ticket.URL, body)
	if err != nil {
		t.Fatalf("NewRequest: %v", err)
	}
	for name, value := range sub.ticket.Headers {
		req.Header.Set(name, value)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range sub.headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Logf("%s: %v", sub.ticket.Method, err)
		return 0
	}
	answer, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatalf("read answer: %v", err)
	}
	t.Logf("%s: %d %.200s", sub.ticket.Method, res.StatusCode, answer)
	return res.StatusCode
}

func form(t *testing.T, sub submission) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range sub.ticket.FormFields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatalf("write form: %v", err)
		}
	}
	file, err := w.CreateFormFile("file", "upload")
	if err != nil {
		t.Fatalf("write form: %v", err)
	}
	if _, err := io.WriteString(file, sub.content); err != nil {
		t.Fatalf("write form: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write form: %v", err)
	}
	return &body, w.FormDataContentType()
}

func isOK(status int) bool { return status >= 200 && status <= 299 }

const uploaded = "%PDF-1.7 hello"

func exactRule() blob.UploadRule {
	return blob.UploadRule{ContentType: "application/pdf", Size: int64(len(uploaded)), Expires: time.Minute}
}

func boundedRule() blob.UploadRule {
	return blob.UploadRule{ContentType: "application/pdf", MaxSize: 100, Expires: time.Minute}
}

func (s *suite) upload(t *testing.T) {
	digest := blob.Digest(sha256.Sum256([]byte(uploaded)))
	withDigest := func(rule blob.UploadRule) blob.UploadRule {
		rule.SHA256 = digest
		return rule
	}
	for name, rule := range map[string]blob.UploadRule{
		"exact": exactRule(), "exact with digest": withDigest(exactRule()),
		"bounded": boundedRule(), "bounded with digest": withDigest(boundedRule()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "asset", "original")
			ticket := s.ticket(t, key, rule)
			if status := s.submit(t, submission{ticket: ticket, content: uploaded}); !isOK(status) {
				t.Fatalf("upload: status %d", status)
			}
			info, err := s.store.Stat(t.Context(), key)
			if err != nil || info.ContentType != rule.ContentType || info.Size != int64(len(uploaded)) {
				t.Errorf("Stat = %+v, %v", info, err)
			}
			if !info.SHA256.IsZero() && info.SHA256 != digest {
				t.Errorf("Stat: SHA256 %q, want %q", info.SHA256, digest)
			}
			if got := s.read(t, key); got != uploaded {
				t.Errorf("read %q, want %q", got, uploaded)
			}
		})
	}
}

func (s *suite) uploadOnce(t *testing.T) {
	key := newKey(t, uuid.New(), "once")
	ticket := s.ticket(t, key, exactRule())
	if status := s.submit(t, submission{ticket: ticket, content: uploaded}); !isOK(status) {
		t.Fatalf("upload: status %d", status)
	}
	other := strings.ToUpper(uploaded)
	if status := s.submit(t, submission{ticket: ticket, content: other}); status != http.StatusPreconditionFailed && status != http.StatusConflict {
		t.Errorf("second upload: status %d, want 412 or 409", status)
	}
	if got := s.read(t, key); got != uploaded {
		t.Errorf("read %q after a refused upload, want %q", got, uploaded)
	}
}

func (s *suite) uploadConcurrently(t *testing.T) {
	key := newKey(t, uuid.New(), "race")
	ticket := s.ticket(t, key, exactRule())
	const clients = 8
	statuses := make([]int, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			content := strings.Repeat(string(rune('a'+i)), len(uploaded))
			statuses[i] = s.submit(t, submission{ticket: ticket, content: content})
		})
	}
	group.Wait()
	winner := slices.IndexFunc(statuses, isOK)
	if winner < 0 || slices.ContainsFunc(statuses[winner+1:], isOK) {
		t.Fatalf("statuses %v, want one success", statuses)
	}
	if got := s.read(t, key); got != strings.Repeat(string(rune('a'+winner)), len(uploaded)) {
		t.Errorf("the object is not the winner's: %q", got)
	}
}

func (s *suite) uploadRefuses(t *testing.T) {
	exact, bounded := exactRule(), boundedRule()
	digest := exactRule()
	digest.SHA256 = sha256.Sum256([]byte("something else"))
	for name, tt := range map[string]struct {
		rule    blob.UploadRule
		content string
		headers map[string]string
	}{
		"too long":           {exact, uploaded + "!", nil},
		"much too long":      {exact, strings.Repeat(uploaded, 100_000), nil},
		"too short":          {exact, uploaded[1:], nil},
		"empty":              {exact, "", nil},
		"other digest":       {digest, uploaded, nil},
		"other type":         {exact, uploaded, map[string]string{"Content-Type": "text/html"}},
		"bounded, too long":  {bounded, strings.Repeat("x", 101), nil},
		"bounded, empty":     {bounded, "", nil},
		"bounded, far more":  {bounded, strings.Repeat("x", 1<<20), nil},
		"type in other case": {exact, uploaded, map[string]string{"Content-Type": "application/PDF"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "refused")
			sub := submission{ticket: s.ticket(t, key, tt.rule), content: tt.content, headers: tt.headers}
			if status := s.submit(t, sub); status != 0 && (status < 400 || status > 499) {
				t.Errorf("upload: status %d, want a refusal", status)
			}
			s.wantAbsent(t, key)
		})
	}
}

func (s *suite) uploadTampered(t *testing.T) {
	mine, theirs := uuid.New(), uuid.New()
	key := newKey(t, mine, "asset")
	foreign := newKey(t, theirs, "asset")
	other := newKey(t, mine, "other")
	for name, rule := range map[string]blob.UploadRule{"exact": exactRule(), "bounded": boundedRule()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, victim := range []blob.Key{foreign, other} {
				ticket := s.ticket(t, key, rule)
				ticket.URL = strings.ReplaceAll(ticket.URL, key.String(), victim.String())
				for field, value := range ticket.FormFields {
					ticket.FormFields[field] = strings.ReplaceAll(value, key.String(), victim.String())
				}
				if status := s.submit(t, submission{ticket: ticket, content: uploaded}); status < 400 || status > 499 {
					t.Errorf("upload to %s with the ticket of %s: status %d, want a refusal", victim, key, status)
				}
				s.wantAbsent(t, victim)
			}
			s.wantAbsent(t, key)
		})
	}
	t.Run("download with an upload's ticket", func(t *testing.T) {
		t.Parallel()
		stored := newKey(t, uuid.New(), "asset")
		s.put(t, stored, "secret")
		ticket := s.ticket(t, stored, exactRule())
		if status, _, body := s.get(t, ticket.URL, nil); status < 400 || strings.Contains(body, "secret") {
			t.Errorf("GET: status %d, body %q", status, body)
		}
	})
	t.Run("upload with a download's URL", func(t *testing.T) {
		t.Parallel()
		empty := newKey(t, uuid.New(), "asset")
		link, err := s.store.PresignDownload(t.Context(), empty, blob.DownloadRule{Expires: time.Minute})
		if err != nil {
			t.Fatalf("PresignDownload: %v", err)
		}
		ticket := s.ticket(t, empty, exactRule())
		ticket.URL = link
		if status := s.submit(t, submission{ticket: ticket, content: uploaded}); status < 400 || status > 499 {
			t.Errorf("PUT: status %d, want a refusal", status)
		}
		s.wantAbsent(t, empty)
	})
}

func (s *suite) uploadExpires(t *testing.T) {
	for name, rule := range map[string]blob.UploadRule{"exact": exactRule(), "bounded": boundedRule()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "late")
			rule.Expires = time.Second
			ticket := s.ticket(t, key, rule)
			waitUntil(t, ticket.Expires.Add(2*time.Second))
			if status := s.submit(t, submission{ticket: ticket, content: uploaded}); status < 400 || status > 499 {
				t.Errorf("upload: status %d, want a refusal", status)
			}
			s.wantAbsent(t, key)
		})
	}
}

// waitUntil waits for a time of day to come. Expiry is in whole seconds.
func waitUntil(t *testing.T, end time.Time) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(min(patience, time.Until(end))):
	}
}
