package s3

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

// TestInputCutsExactly covers bodies that end at, before and after the end of a part.
func TestInputCutsExactly(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"empty": 0, "one byte": 1, "short": partBytes - 1, "one part": partBytes, "longer": partBytes + 1, "two parts": 2 * partBytes,
	} {
		for known, announced := range map[string]int64{"announced": int64(size), "not announced": 0} {
			t.Run(name+", "+known, func(t *testing.T) {
				t.Parallel()
				content := bytes.Repeat([]byte("x"), size)
				rule := blob.PutRule{ContentType: "text/plain", Size: announced, SHA256: sha256.Sum256(content)}
				got := readAll(t, newInput(t, bytes.NewReader(content), rule))
				if got != size {
					t.Errorf("parts have %d bytes together, want %d", got, size)
				}
			})
		}
	}
}

func newInput(t *testing.T, body io.Reader, rule blob.PutRule) *input {
	t.Helper()
	key, err := blob.NewKey(uuid.New(), "x")
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return &input{body: body, key: key, rule: rule, digest: sha256.New()}
}

func readAll(t *testing.T, in *input) int {
	t.Helper()
	total := 0
	for range 4 {
		part, last, err := in.next()
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		if total += len(part); last {
			return total
		}
	}
	t.Fatal("the body does not end")
	return total
}

func TestInputStopsReading(t *testing.T) {
	t.Parallel()
	endless := iotest.DataErrReader(bytes.NewReader(make([]byte, 3*partBytes)))
	in := newInput(t, endless, blob.PutRule{ContentType: "text/plain", Size: 10})
	if _, _, err := in.next(); !errors.Is(err, blob.ErrMismatch) {
		t.Errorf("next = %v, want ErrMismatch", err)
	}
	if in.seen != 11 {
		t.Errorf("read %d bytes of a body that may have 10", in.seen)
	}
}
