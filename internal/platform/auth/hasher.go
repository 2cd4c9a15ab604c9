package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"lyceum/internal/fault"
)

// The cost of one hash: OWASP ASVS 5.0, appendix C. Hashes made with other costs still verify, and
// NeedsRehash reports them.
const (
	costMemory  = 19 * 1024 // KiB
	costTime    = 2
	costThreads = 1
	saltBytes   = 16
	keyBytes    = 32
)

// What a stored hash may ask of this process at most, so that a forged row cannot exhaust its memory.
const (
	maxMemory  = 256 * 1024 // KiB
	maxTime    = 16
	maxThreads = 8
	maxSalt    = 64
	minKey     = 16
	maxKey     = 64
)

// queueLimit is how long a caller of NewHasher's waits for a free slot before it hears Unavailable.
const queueLimit = 2 * time.Second

// ErrMalformedHash is returned for a stored hash that Hash could not have written.
var ErrMalformedHash = errors.New("malformed password hash")

// Hasher hashes and verifies passwords, a bounded number at a time: each hash takes 19 MiB and a core for
// about 50 ms, so that an unbounded hundred of them would take 1.9 GB.
type Hasher struct {
	slots chan struct{}
	wait  time.Duration
	decoy string
}

// NewHasher returns a Hasher that works on as many passwords at once as the process has cores.
func NewHasher() *Hasher { return NewHasherWith(0, queueLimit) }

// NewHasherWith returns a Hasher that works on so many passwords at once, 0 being one for each core. A caller
// waits so long for its turn before it hears Unavailable.
func NewHasherWith(parallel int, wait time.Duration) *Hasher {
	if parallel == 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	return &Hasher{
		slots: make(chan struct{}, parallel),
		wait:  wait,
		decoy: encode(currentCost(), random(saltBytes), random(keyBytes)),
	}
}

// Hash returns the argon2id hash of the password as a PHC string. Check the password with CheckPassword
// first. The error is fault.Unavailable when no slot came free in time.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", fault.Invalid("password", tooLong)
	}
	salt := random(saltBytes)
	key, err := h.derive(ctx, password, salt, currentCost(), keyBytes)
	if err != nil {
		return "", err
	}
	return encode(currentCost(), salt, key), nil
}

// Verify reports whether the password is the one that was hashed. An empty hash, of a user who does not exist
// or has no password, takes as long as any other and is never matched. The error is fault.Unavailable when
// no slot came free in time, ErrMalformedHash when the stored hash is damaged.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	stored := hash
	if stored == "" {
		stored = h.decoy
	}
	c, salt, want, err := decode(stored)
	if err != nil {
		return false, err
	}
	got, err := h.derive(ctx, password, salt, c, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && hash != "", nil
}

// NeedsRehash reports whether the hash was made with another cost than today's. Ask after Verify has
// succeeded, while the password is at hand.
func NeedsRehash(hash string) bool {
	c, salt, key, err := decode(hash)
	return err != nil || c != currentCost() || len(salt) != saltBytes || len(key) != keyBytes
}

// derive runs argon2id in one of the slots.
func (h *Hasher) derive(ctx context.Context, password string, salt []byte, c cost, size uint32) ([]byte, error) {
	if err := h.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.slots }()
	// NIST SP 800-63B §3.1.1.2: the same password typed on two keyboards must give the same bytes.
	normal := norm.NFKC.String(password)
	return argon2.IDKey([]byte(normal), salt, c.time, c.memory, c.threads, size), nil
}

func (h *Hasher) acquire(ctx context.Context) error {
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a hashing slot: %w", ctx.Err())
	case <-timer.C:
		return fault.New(fault.Unavailable, "Too many people are signing in at this moment. Try again in a few seconds.").
			After(h.wait)
	}
}

// cost is what one derivation takes: memory in KiB, passes, lanes.
type cost struct {
	memory  uint32
	time    uint32
	threads uint8
}

func currentCost() cost { return cost{memory: costMemory, time: costTime, threads: costThreads} }

// encode writes the PHC string format of password hashes, with unpadded base64.
func encode(c cost, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// decode reads what encode wrote, and refuses costs that no Hasher of ours would choose.
func decode(phc string) (c cost, salt, key []byte, err error) {
	const fields = 6 // The string starts with a $, so that the first field is empty.
	f := strings.Split(phc, "$")
	if len(f) != fields || f[0] != "" || f[1] != "argon2id" || f[2] != "v="+strconv.Itoa(argon2.Version) {
		return cost{}, nil, nil, ErrMalformedHash
	}
	if c, err = decodeCost(f[3]); err != nil {
		return cost{}, nil, nil, err
	}
	if salt, err = decodeBytes(f[4], 1, maxSalt); err != nil {
		return cost{}, nil, nil, err
	}
	if key, err = decodeBytes(f[5], minKey, maxKey); err != nil {
		return cost{}, nil, nil, err
	}
	return c, salt, key, nil
}

func decodeCost(s string) (cost, error) {
	f := strings.Split(s, ",")
	if len(f) != 3 {
		return cost{}, ErrMalformedHash
	}
	memory, okMemory := decodeNumber(f[0], "m=", maxMemory)
	passes, okTime := decodeNumber(f[1], "t=", maxTime)
	threads, okThreads := decodeNumber(f[2], "p=", maxThreads)
	if !okMemory || !okTime || !okThreads || memory < 8*threads {
		return cost{}, ErrMalformedHash
	}
	return cost{memory: memory, time: passes, threads: uint8(threads)}, nil
}

// decodeNumber reads a number from 1 to limit behind its name.
func decodeNumber(s, name string, limit uint32) (uint32, bool) {
	digits, found := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !found || err != nil || n < 1 || n > uint64(limit) || strconv.FormatUint(n, 10) != digits {
		return 0, false
	}
	return uint32(n), true
}

func decodeBytes(s string, shortest, longest int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	// Even the strict decoder skips line ends, which encode never writes.
	if err != nil || strings.ContainsAny(s, "\r\n") || len(b) < shortest || len(b) > longest {
		return nil, ErrMalformedHash
	}
	return b, nil
}

// random returns n unpredictable bytes. crypto/rand.Read never fails: it ends the process instead.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
