package transport

import (
	"context"
	"errors"
	"testing"

	"lyceum/internal/fault"
)

func TestStreamsWaitForTheLast(t *testing.T) {
	t.Parallel()
	s := NewStreams()
	stopping, leave := s.enter()
	_, leaveToo := s.enter()
	if isClosed(stopping) || s.Open() != 2 {
		t.Fatalf("stopping: %v, open: %d", isClosed(stopping), s.Open())
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("Close with streams open: %v", err)
	}
	if !isClosed(stopping) {
		t.Error("the streams were not told")
	}
	leave()
	leave() // counts once
	if err := s.Close(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("Close with one stream open: %v", err)
	}
	leaveToo()
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
	late, leaveLate := s.enter()
	if !isClosed(late) {
		t.Error("a late stream is not told")
	}
	leaveLate()
}

func TestNoStreams(t *testing.T) {
	t.Parallel()
	if err := NewStreams().Close(t.Context()); err != nil {
		t.Errorf("Close of an empty set: %v", err)
	}
	var none *Streams
	stopping, leave := none.enter()
	leave()
	if stopping != nil {
		t.Error("nothing can stop")
	}
}

func TestCap(t *testing.T) {
	t.Parallel()
	caller := "a"
	c := NewCap(3, 1, func(context.Context) string { return caller })
	release, err := c.Admit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Admit(t.Context()); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("a second: %v", err)
	}
	release()
	release() // counts once
	for range 3 {
		again, err := c.Admit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again()
	}
	if len(c.open) != 0 || c.total != 0 {
		t.Errorf("%d, %v are remembered", c.total, c.open)
	}
	caller = ""
	for range 3 {
		if _, err := c.Admit(t.Context()); err != nil {
			t.Errorf("somebody without a name: %v", err)
		}
	}
	for _, caller = range []string{"", "b"} {
		_, err := c.Admit(t.Context())
		if full, ok := errors.AsType[*fault.Error](err); !ok || full.Code != fault.Unavailable || full.RetryAfter == 0 {
			t.Errorf("%q in a full process: %v", caller, err)
		}
	}
}
