package mail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/mail"
)

func message(subject string) mail.Message {
	return mail.Message{
		ID: mail.MessageID("acme.example", subject), From: mail.Address{Name: "Acme", Email: "no-reply@acme.example"},
		To: mail.Address{Name: "Ada", Email: "ada@acme.example"}, Subject: subject, Text: "Hello, Ada.", HTML: "<p>Hello, Ada.</p>",
	}
}

func openSink(t *testing.T, dir string, keep int) *mail.Sink {
	t.Helper()
	sink, err := mail.OpenSink(dir, keep)
	if err != nil {
		t.Fatalf("OpenSink: %v", err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return sink
}

func subjects(t *testing.T, sink *mail.Sink) string {
	t.Helper()
	kept, err := sink.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	var all []string
	for _, stored := range kept {
		all = append(all, stored.Message.Subject)
	}
	return strings.Join(all, " ")
}

func TestSinkKeepsTheLast(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail", "sink")
	sink := openSink(t, dir, 3)
	if got := subjects(t, sink); got != "" {
		t.Errorf("an empty sink lists %q", got)
	}
	for i := range 5 {
		if err := sink.Send(t.Context(), message(fmt.Sprint("m", i))); err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	if got := subjects(t, sink); got != "m4 m3 m2" {
		t.Errorf("List = %q, want the last three, newest first", got)
	}
	if got := subjects(t, openSink(t, dir, 3)); got != "m4 m3 m2" {
		t.Errorf("List in another process = %q", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestSinkGet(t *testing.T) {
	t.Parallel()
	sink := openSink(t, t.TempDir(), 10)
	want := message("Your certificate")
	if err := sink.Send(t.Context(), want); err != nil {
		t.Fatalf("Send: %v", err)
	}
	kept, err := sink.List(t.Context())
	if err != nil || len(kept) != 1 {
		t.Fatalf("List = %v, %v", kept, err)
	}
	got, err := sink.Get(t.Context(), kept[0].ID)
	if err != nil || got != kept[0] || got.Message != want || got.At.IsZero() {
		t.Errorf("Get = %+v, %v", got, err)
	}
	if !strings.Contains(got.Raw, "Message-ID: <"+want.ID+">\r\n") || !strings.Contains(got.Raw, "Subject: Your certificate\r\n") {
		t.Errorf("Raw = %q", got.Raw)
	}
	for _, id := range []string{
		"", "x", uuid.NewString(), "../" + got.ID, got.ID + ".json", strings.ToUpper(got.ID), "{" + got.ID + "}", "/etc/passwd", got.ID + "\x00",
	} {
		if _, err := sink.Get(t.Context(), id); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("Get(%q) = %v, want NotFound", id, err)
		}
	}
}

func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	if _, err := mail.OpenSink(t.TempDir(), 0); err == nil {
		t.Error("OpenSink that keeps nothing = nil, want an error")
	}
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatalf("WriteFile: %v", err)
	}
	if _, err := mail.OpenSink(occupied, 1); err == nil {
		t.Error("OpenSink over a file = nil, want an error")
	}
	sink := openSink(t, t.TempDir(), 10)
	bad := message("x")
	bad.To.Email = "ada"
	if err := sink.Send(t.Context(), bad); !errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want ErrPermanent", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sink.Send(ctx, message("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("Send = %v, want context.Canceled", err)
	}
	if got := subjects(t, sink); got != "" {
		t.Errorf("List = %q after refusals", got)
	}
}

// TestSinkIsShared has two processes write and read at once.
func TestSinkIsShared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 2 {
		sink := openSink(t, dir, 5)
		for worker := range 2 {
			group.Go(func() {
				for i := range 20 {
					if err := sink.Send(t.Context(), message(fmt.Sprintf("%d-%d", worker, i))); err != nil {
						t.Errorf("Send: %v", err)
					}
					if _, err := sink.List(t.Context()); err != nil {
						t.Errorf("List: %v", err)
					}
				}
			})
		}
	}
	group.Wait()
	if got := len(strings.Fields(subjects(t, openSink(t, dir, 5)))); got != 5 {
		t.Errorf("%d messages are kept, want 5", got)
	}
}
