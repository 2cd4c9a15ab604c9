package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/blob"
)

// partBytes is the size of the smallest part that S3 takes before the last one.
const partBytes = 5 << 20

// cut is a body of two parts, and what it is cut into.
func cut() (whole string, parts []string) {
	parts = []string{strings.Repeat("first part ", partBytes/11+1)[:partBytes], "and the last one"}
	return parts[0] + parts[1], parts
}

func (s *suite) begin(t *testing.T, key blob.Key) string {
	t.Helper()
	upload, err := s.store.BeginParts(t.Context(), key, "video/mp4")
	if err != nil || upload == "" {
		t.Fatalf("BeginParts = %q, %v", upload, err)
	}
	t.Cleanup(func() { _ = s.store.AbortParts(context.WithoutCancel(t.Context()), key) })
	return upload
}

func partRule(number int, content string) blob.PartRule {
	return blob.PartRule{
		Number: number, Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)), Expires: time.Minute,
	}
}

func (s *suite) partTicket(t *testing.T, key blob.Key, upload string, rule blob.PartRule) blob.UploadTicket {
	t.Helper()
	ticket, err := s.store.PresignPart(t.Context(), key, upload, rule)
	if err != nil {
		t.Fatalf("PresignPart: %v", err)
	}
	return ticket
}

func (s *suite) sendPart(t *testing.T, key blob.Key, upload string, number int, content string) int {
	t.Helper()
	return s.submit(t, submission{ticket: s.partTicket(t, key, upload, partRule(number, content)), content: content})
}

func (s *suite) arrived(t *testing.T, key blob.Key, upload string) []blob.Part {
	t.Helper()
	parts, err := s.store.Parts(t.Context(), key, upload)
	if err != nil {
		t.Fatalf("Parts: %v", err)
	}
	return parts
}

// parts sends parts out of order, at the same time, and one of them twice.
func (s *suite) parts(t *testing.T) {
	key := newKey(t, uuid.New(), "assets", "film.mp4")
	whole, parts := cut()
	upload := s.begin(t, key)
	if got := s.arrived(t, key, upload); len(got) != 0 {
		t.Errorf("an upload that has begun has the parts %v", got)
	}
	var group sync.WaitGroup
	for _, number := range []int{2, 1, 2} {
		group.Go(func() {
			if status := s.sendPart(t, key, upload, number, parts[number-1]); !isOK(status) {
				t.Errorf("part %d: status %d", number, status)
			}
		})
	}
	group.Wait()
	s.wantAbsent(t, key)
	there := s.arrived(t, key, upload)
	if len(there) != 2 {
		t.Fatalf("parts %v, want two", there)
	}
	for i, p := range there {
		if p.Number != i+1 || p.Size != int64(len(parts[i])) || p.ETag == "" ||
			(!p.SHA256.IsZero() && p.SHA256 != sha256.Sum256([]byte(parts[i]))) {
			t.Errorf("part %+v", p)
		}
	}
	info, err := s.store.CompleteParts(t.Context(), key, upload, there)
	if err != nil || info.Size != int64(len(whole)) || info.ContentType != "video/mp4" {
		t.Fatalf("CompleteParts = %+v, %v", info, err)
	}
	if !info.SHA256.IsZero() && info.SHA256 != sha256.Sum256([]byte(whole)) {
		t.Errorf("SHA256 %s is not of the whole", info.SHA256)
	}
	if s.read(t, key) != whole {
		t.Error("the object is not its parts in order")
	}
}

func (s *suite) partsRefuse(t *testing.T) {
	_, parts := cut()
	last := parts[1]
	for name, change := range map[string]func(*submission){
		"other bytes": func(sub *submission) { sub.content = strings.ToUpper(last) },
		"too long":    func(sub *submission) { sub.content += "!" },
		"too short":   func(sub *submission) { sub.content = sub.content[1:] },
		"empty":       func(sub *submission) { sub.content = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, uuid.New(), "refused")
			upload := s.begin(t, key)
			sub := submission{ticket: s.partTicket(t, key, upload, partRule(1, last)), content: last}
			change(&sub)
			if status := s.submit(t, sub); status != 0 && (status < 400 || status > 499) {
				t.Errorf("status %d, want a refusal", status)
			}
			if got := s.arrived(t, key, upload); len(got) != 0 {
				t.Errorf("it left the parts %v", got)
			}
		})
	}
	for name, change := range map[string]func(*blob.PartRule){
		"number 0":    func(r *blob.PartRule) { r.Number = 0 },
		"number 1001": func(r *blob.PartRule) { r.Number = blob.MaxParts + 1 },
		"no size":     func(r *blob.PartRule) { r.Size = 0 },
		"below zero":  func(r *blob.PartRule) { r.Size = -1 },
		"too large":   func(r *blob.PartRule) { r.Size = 5<<30 + 1 },
		"no digest":   func(r *blob.PartRule) { r.SHA256 = blob.Digest{} },
		"no life":     func(r *blob.PartRule) { r.Expires = 0 },
		"for ever":    func(r *blob.PartRule) { r.Expires = 8 * 24 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := partRule(1, last)
			change(&rule)
			if _, err := s.store.PresignPart(t.Context(), newKey(t, uuid.New(), "x"), "ABC", rule); fault.CodeOf(err) != fault.BadInput {
				t.Errorf("PresignPart = %v, want BadInput", err)
			}
		})
	}
}

// partsTampered turns the ticket of one part on what it was not made for.
func (s *suite) partsTampered(t *testing.T) {
	mine, theirs := newKey(t, uuid.New(), "film"), newKey(t, uuid.New(), "film")
	_, parts := cut()
	upload, foreign := s.begin(t, mine), s.begin(t, theirs)
	ticket := s.partTicket(t, mine, upload, partRule(1, parts[1]))
	for name, change := range map[string][2]string{
		"another object":             {mine.String(), theirs.String()},
		"another upload":             {upload, foreign},
		"another number":             {"art=1", "art=2"},
		"another number, of S3":      {"partNumber=1", "partNumber=2"},
		"the object itself":          {upload, ""},
		"another one's upload there": {mine.String(), theirs.String() + "?upload=" + foreign},
	} {
		changed := ticket
		if changed.URL = strings.Replace(ticket.URL, change[0], change[1], 1); changed.URL == ticket.URL {
			continue // the other driver's name for it
		}
		if status := s.submit(t, submission{ticket: changed, content: parts[1]}); status < 400 || status > 499 {
			t.Errorf("%s: status %d, want a refusal", name, status)
		}
	}
	for key, id := range map[blob.Key]string{mine: upload, theirs: foreign} {
		if got := s.arrived(t, key, id); len(got) != 0 {
			t.Errorf("%s has the parts %v", key, got)
		}
		s.wantAbsent(t, key)
	}
	if status, _, _ := s.get(t, ticket.URL, nil); status < 400 {
		t.Errorf("GET with the ticket of a part: status %d", status)
	}
}

// partsComplete completes twice, over another object, and what is not there.
func (s *suite) partsComplete(t *testing.T) {
	key := newKey(t, uuid.New(), "film")
	upload := s.begin(t, key)
	if status := s.sendPart(t, key, upload, 1, uploaded); !isOK(status) {
		t.Fatalf("part: status %d", status)
	}
	there := s.arrived(t, key, upload)
	wrong := []blob.Part{{Number: 1, Size: there[0].Size, ETag: strings.Repeat("0", 32), SHA256: sha256.Sum256([]byte("other"))}}
	if _, err := s.store.CompleteParts(t.Context(), key, upload, wrong); err == nil {
		t.Error("CompleteParts of a part that never came = nil")
	}
	s.wantAbsent(t, key)
	if _, err := s.store.CompleteParts(t.Context(), key, upload, there); err != nil {
		t.Fatalf("CompleteParts: %v", err)
	}
	_, again := s.store.CompleteParts(t.Context(), key, upload, there)
	if !errors.Is(again, blob.ErrNotFound) && !errors.Is(again, blob.ErrExists) && again != nil {
		t.Errorf("CompleteParts again = %v", again)
	}
	if _, err := s.store.Parts(t.Context(), key, upload); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Parts of a completed upload: %v, want ErrNotFound", err)
	}
	if s.read(t, key) != uploaded {
		t.Error("the object is not its part")
	}

	second := s.begin(t, key)
	if status := s.sendPart(t, key, second, 1, strings.ToUpper(uploaded)); !isOK(status) {
		t.Fatalf("part: status %d", status)
	}
	if _, err := s.store.CompleteParts(t.Context(), key, second, s.arrived(t, key, second)); !errors.Is(err, blob.ErrExists) {
		t.Errorf("CompleteParts over an object = %v, want ErrExists", err)
	}
	if s.read(t, key) != uploaded {
		t.Error("a second upload replaced the object")
	}
	// Upload ids come from the store alone, so that no store is asked about a hostile one.
	for _, id := range []string{"", "NOSUCHUPLOAD"} {
		empty := newKey(t, uuid.New(), "film")
		if _, err := s.store.Parts(t.Context(), empty, id); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Parts of the upload %q = %v, want ErrNotFound", id, err)
		}
		if _, err := s.store.CompleteParts(t.Context(), empty, id, there); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("CompleteParts of the upload %q = %v, want ErrNotFound", id, err)
		}
	}
}

func (s *suite) partsAbort(t *testing.T) {
	key, beside := newKey(t, uuid.New(), "film"), newKey(t, uuid.New(), "film")
	first, second, other := s.begin(t, key), s.begin(t, key), s.begin(t, beside)
	late := s.partTicket(t, key, first, partRule(1, uploaded))
	for id, k := range map[string]blob.Key{first: key, second: key, other: beside} {
		if status := s.sendPart(t, k, id, 1, uploaded); !isOK(status) {
			t.Fatalf("part: status %d", status)
		}
	}
	for range 2 { // again is no error
		if err := s.store.AbortParts(t.Context(), key); err != nil {
			t.Fatalf("AbortParts: %v", err)
		}
	}
	for _, id := range []string{first, second} {
		if _, err := s.store.Parts(t.Context(), key, id); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Parts after AbortParts: %v, want ErrNotFound", err)
		}
	}
	if got := s.arrived(t, beside, other); len(got) != 1 {
		t.Errorf("the upload beside has the parts %v, want one", got)
	}
	if status := s.submit(t, submission{ticket: late, content: uploaded}); status < 400 || status > 499 {
		t.Errorf("a part of an upload that was given up: status %d", status)
	}
	body, err := s.client.Post(late.URL, "application/xml", io.NopCloser(bytes.NewReader(nil))) //nolint:noctx // bounded by the test
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Body.Close(); err != nil || body.StatusCode < http.StatusBadRequest {
		t.Errorf("POST to the address of a part: %d (%v)", body.StatusCode, err)
	}
}
