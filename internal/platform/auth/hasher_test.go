package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/internal/fault"
)

const good = "correct-horse-lyceum"

func TestHashVerifies(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	hash, err := h.Hash(t.Context(), good)
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %q, want the PHC string of the agreed cost", hash)
	}
	again, err := h.Hash(t.Context(), good)
	if err != nil || again == hash {
		t.Errorf("second Hash = %q, %v; want another salt", again, err)
	}
	tests := map[string]struct {
		password, hash string
		want           bool
	}{
		"right":                {good, hash, true},
		"wrong":                {good + "x", hash, false},
		"empty":                {"", hash, false},
		"unknown user":         {good, "", false},
		"unknown user, empty":  {"", "", false},
		"longer than allowed":  {strings.Repeat("a", MaxPasswordBytes+1), hash, false},
		"longest that is read": {strings.Repeat("a", MaxPasswordBytes), hash, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := h.Verify(t.Context(), tt.password, tt.hash); got != tt.want || err != nil {
				t.Errorf("Verify = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestHashNormalisesUnicode(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	hash, err := h.Hash(t.Context(), "pass\u00e9partout-x")
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	if ok, err := h.Verify(t.Context(), "passe\u0301partout-x", hash); !ok || err != nil {
		t.Errorf("Verify of the decomposed spelling = %v, %v; want true", ok, err)
	}
}

func TestHashRefusesOverlong(t *testing.T) {
	t.Parallel()
	_, err := NewHasher().Hash(t.Context(), strings.Repeat("a", MaxPasswordBytes+1))
	if fault.CodeOf(err) != fault.BadInput {
		t.Errorf("Hash = %v, want BadInput", err)
	}
}

func TestVerifyMalformedHash(t *testing.T) {
	t.Parallel()
	salt, key := "c2FsdHNhbHRzYWx0c2FsdA", "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U"
	cost := "m=19456,t=2,p=1"
	hash := func(kind, version, cost, salt, key string) string {
		return strings.Join([]string{"", kind, version, cost, salt, key}, "$")
	}
	for name, bad := range map[string]string{
		"not a hash":      "hunter2",
		"bcrypt":          "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":         hash("argon2i", "v=19", cost, salt, key),
		"old version":     hash("argon2id", "v=16", cost, salt, key),
		"huge memory":     hash("argon2id", "v=19", "m=4194304,t=2,p=1", salt, key),
		"no memory":       hash("argon2id", "v=19", "m=0,t=2,p=1", salt, key),
		"huge time":       hash("argon2id", "v=19", "m=19456,t=1000,p=1", salt, key),
		"too many lanes":  hash("argon2id", "v=19", "m=19456,t=2,p=255", salt, key),
		"lane without m":  hash("argon2id", "v=19", "m=8,t=2,p=8", salt, key),
		"padded number":   hash("argon2id", "v=19", "m=019456,t=2,p=1", salt, key),
		"swapped cost":    hash("argon2id", "v=19", "t=2,m=19456,p=1", salt, key),
		"missing cost":    hash("argon2id", "v=19", "m=19456,t=2", salt, key),
		"no salt":         hash("argon2id", "v=19", cost, "", key),
		"salt not base64": hash("argon2id", "v=19", cost, "!!!!", key),
		"short key":       hash("argon2id", "v=19", cost, salt, "a2V5"),
		"long key":        hash("argon2id", "v=19", cost, salt, strings.Repeat("a2V5", 40)),
		"extra field":     hash("argon2id", "v=19", cost, salt, key) + "$x",
		"padded base64":   hash("argon2id", "v=19", cost, salt, key+"="),
		"trailing bits":   hash("argon2id", "v=19", cost, salt, key[:len(key)-1]+"V"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if ok, err := NewHasher().Verify(t.Context(), good, bad); ok || !errors.Is(err, ErrMalformedHash) {
				t.Errorf("Verify(%q) = %v, %v; want ErrMalformedHash", bad, ok, err)
			}
			if !NeedsRehash(bad) {
				t.Errorf("NeedsRehash(%q) = false", bad)
			}
		})
	}
}

func TestNeedsRehash(t *testing.T) {
	t.Parallel()
	salt, key := random(saltBytes), random(keyBytes)
	tests := map[string]struct {
		hash string
		want bool
	}{
		"current":     {encode(currentCost(), salt, key), false},
		"less memory": {encode(cost{memory: 8 * 1024, time: costTime, threads: costThreads}, salt, key), true},
		"more passes": {encode(cost{memory: costMemory, time: 3, threads: costThreads}, salt, key), true},
		"shorter key": {encode(currentCost(), salt, key[:16]), true},
		"short salt":  {encode(currentCost(), salt[:8], key), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := NeedsRehash(tt.hash); got != tt.want {
				t.Errorf("NeedsRehash(%q) = %v, want %v", tt.hash, got, tt.want)
			}
		})
	}
}

func TestVerifiesHashOfOlderCost(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	older := cost{memory: 8 * 1024, time: 1, threads: 1}
	salt := random(saltBytes)
	key, err := h.derive(t.Context(), good, salt, older, keyBytes)
	if err != nil {
		t.Fatalf("derive: %v", err)
	}
	if ok, err := h.Verify(t.Context(), good, encode(older, salt, key)); !ok || err != nil {
		t.Errorf("Verify = %v, %v; want true", ok, err)
	}
}

func TestHasherIsBounded(t *testing.T) {
	t.Parallel()
	h := NewHasherWith(2, 20*time.Millisecond)
	if got := cap(h.slots); got != 2 {
		t.Errorf("%d slots, want 2", got)
	}
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	_, err := h.Verify(t.Context(), good, "")
	var busy *fault.Error
	if !errors.As(err, &busy) || busy.Code != fault.Unavailable || busy.RetryAfter != h.wait {
		t.Errorf("Verify with no slot free = %v, want Unavailable with a RetryAfter", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Verify(ctx, good, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify of a caller who left = %v, want context.Canceled", err)
	}
	<-h.slots
	if _, err := h.Verify(t.Context(), good, ""); err != nil {
		t.Errorf("Verify with one slot free = %v", err)
	}
}

func TestHasherServesQueue(t *testing.T) {
	t.Parallel()
	h := NewHasherWith(0, time.Minute)
	errs := make([]error, 3*cap(h.slots))
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { _, errs[i] = h.Verify(t.Context(), good, "") })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("Verify in a queue = %v", err)
	}
	if len(h.slots) != 0 {
		t.Errorf("%d slots are still taken", len(h.slots))
	}
}

// TestUnknownUserTakesAsLong compares the quickest of some runs: the others waited for a processor. The bound is wide because
// the machine is shared.
func TestUnknownUserTakesAsLong(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	hash, err := h.Hash(t.Context(), good)
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	const rounds = 9
	known, unknown := make([]time.Duration, rounds), make([]time.Duration, rounds)
	for i := range rounds {
		known[i] = timeVerify(t, h, hash)
		unknown[i] = timeVerify(t, h, "")
	}
	ratio := float64(slices.Min(unknown)) / float64(slices.Min(known))
	if ratio < 0.5 || ratio > 2 {
		t.Errorf("an unknown user takes %.2f times as long as a known one", ratio)
	}
}

func timeVerify(t *testing.T, h *Hasher, hash string) time.Duration {
	t.Helper()
	start := time.Now()
	if ok, err := h.Verify(t.Context(), "not the password", hash); ok || err != nil {
		t.Errorf("Verify = %v, %v; want false", ok, err)
	}
	return time.Since(start)
}

func FuzzDecodeHash(f *testing.F) {
	f.Add(encode(currentCost(), random(saltBytes), random(keyBytes)))
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$$")
	f.Add("$argon2id$v=19$m=99999999999,t=2,p=1$YQ$YQ")
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, err := decode(s)
		if err != nil {
			return
		}
		if again := encode(c, salt, key); again != s {
			t.Errorf("decode(%q) encodes as %q", s, again)
		}
		if c.memory > maxMemory || c.time > maxTime || c.threads > maxThreads {
			t.Errorf("decode(%q) allows the cost %+v", s, c)
		}
	})
}

func ExampleHasher_Verify() {
	h := NewHasher()
	hash, err := h.Hash(context.Background(), "four unrelated words")
	if err != nil {
		fmt.Println(err)
	}
	ok, err := h.Verify(context.Background(), "four unrelated words", hash)
	fmt.Println(ok, err, NeedsRehash(hash))
	// Output: true <nil> false
}
