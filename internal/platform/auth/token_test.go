package auth_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/gid"
)

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	// What a secret scanner is given to look for.
	form := regexp.MustCompile(`^ly[skp]_[0-9a-z]{85}$`)
	for prefix, tenant := range map[string]uuid.UUID{
		auth.PrefixSession: tenant,
		auth.PrefixAPIKey:  tenant,
		auth.PrefixStaff:   uuid.Nil,
	} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			token, hash := auth.NewToken(prefix, tenant)
			if !form.MatchString(token) {
				t.Errorf("NewToken = %q, want the form %s", token, form)
			}
			gotPrefix, gotTenant, gotHash, err := auth.ParseToken(token)
			if err != nil || gotPrefix != prefix || gotTenant != tenant || !bytes.Equal(gotHash, hash) {
				t.Errorf("ParseToken(%q) = %q, %v, %x, %v", token, gotPrefix, gotTenant, gotHash, err)
			}
			other, otherHash := auth.NewToken(prefix, tenant)
			if other == token || bytes.Equal(hash, otherHash) {
				t.Error("two tokens are the same")
			}
		})
	}
}

func TestTokenHashIsOfTheSecret(t *testing.T) {
	t.Parallel()
	token, hash := auth.NewToken(auth.PrefixSession, uuid.New())
	body := token[len("lys_"):]
	upper, err1 := gid.Decode(body[26:52])
	lower, err2 := gid.Decode(body[52:78])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatalf("decode the secret: %v", err)
	}
	want := sha256.Sum256(append(upper[:], lower[:]...))
	if !bytes.Equal(hash, want[:]) {
		t.Errorf("hash = %x, want the SHA-256 of the secret, %x", hash, want)
	}
}

// TestTokenEveryChange replaces each character by each other one of the alphabet: none may parse.
func TestTokenEveryChange(t *testing.T) {
	t.Parallel()
	token, _ := auth.NewToken(auth.PrefixAPIKey, uuid.New())
	for i := range len(token) {
		for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyz_- A%") {
			if token[i] == c {
				continue
			}
			changed := token[:i] + string(c) + token[i+1:]
			if _, _, _, err := auth.ParseToken(changed); !errors.Is(err, auth.ErrMalformedToken) {
				t.Fatalf("ParseToken(%q) = %v, want ErrMalformedToken (changed at %d)", changed, err, i)
			}
		}
	}
}

func TestParseTokenRefuses(t *testing.T) {
	t.Parallel()
	token, _ := auth.NewToken(auth.PrefixSession, uuid.New())
	noTenant, _ := auth.NewToken(auth.PrefixSession, uuid.Nil)
	staffOfTenant, _ := auth.NewToken(auth.PrefixStaff, uuid.New())
	unknown, _ := auth.NewToken("lyx", uuid.New())
	for name, bad := range map[string]string{
		"empty":                  "",
		"prefix only":            "lys_",
		"no prefix":              token[4:],
		"cut short":              token[:len(token)-1],
		"prolonged":              token + "0",
		"capitals":               strings.ToUpper(token),
		"with space":             " " + token,
		"with line break":        token + "\n",
		"of another kind":        "lyk" + token[3:],
		"session without tenant": noTenant,
		"staff with tenant":      staffOfTenant,
		"unknown prefix":         unknown,
		"very long":              "lys_" + strings.Repeat("0", 1<<20),
		"multibyte":              "lys_" + strings.Repeat("é", 85/2) + "0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, _, err := auth.ParseToken(bad); !errors.Is(err, auth.ErrMalformedToken) {
				t.Errorf("ParseToken = %v, want ErrMalformedToken", err)
			}
		})
	}
}

// FuzzParseToken looks for a second spelling of a token, and for one character that may be another.
func FuzzParseToken(f *testing.F) {
	token, _ := auth.NewToken(auth.PrefixSession, uuid.New())
	staff, _ := auth.NewToken(auth.PrefixStaff, uuid.Nil)
	for i, seed := range []string{token, staff, "", "lys_", "lys_\x00", token[:40]} {
		f.Add(seed, 20*i, byte('0'))
	}
	f.Fuzz(func(t *testing.T, s string, at int, with byte) {
		prefix, tenant, hash, err := auth.ParseToken(s)
		if err != nil {
			if prefix != "" || tenant != uuid.Nil || hash != nil {
				t.Errorf("ParseToken(%q) fails and still says %q, %v, %x", s, prefix, tenant, hash)
			}
			return
		}
		if len(hash) != sha256.Size || !strings.HasPrefix(s, prefix+"_"+gid.Encode(tenant)) || (tenant == uuid.Nil) != (prefix == auth.PrefixStaff) {
			t.Errorf("ParseToken(%q) = %q, %v, %x", s, prefix, tenant, hash)
		}
		if at < 0 || at >= len(s) || s[at] == with {
			return
		}
		mistyped := s[:at] + string([]byte{with}) + s[at+1:]
		if _, _, _, err := auth.ParseToken(mistyped); !errors.Is(err, auth.ErrMalformedToken) {
			t.Errorf("ParseToken(%q), one character off: %v, want ErrMalformedToken", mistyped, err)
		}
	})
}
