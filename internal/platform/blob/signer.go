package blob

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SigningKey is a secret with a name.
type SigningKey struct {
	// ID is public: one to sixteen lower-case letters and digits.
	ID string
	// Secret is at least 32 random bytes.
	Secret []byte
}

// minSecretBytes is the size of the MAC: a shorter secret would be the weaker part.
const minSecretBytes = sha256.Size

const maxKeyIDBytes = 16

// pathPurpose separates the signatures of path tokens from all others, and their keys from the signing keys.
const pathPurpose = "lyceum path v1"

// allUploads is where the uploads of a tenant lie together: a path below it would give all of them.
const allUploads = "assets"

// pathRoot is where paths with a token live.
const pathRoot = "/v/"

// Errors of verification. To a client both are the same refusal.
var (
	// ErrSignature: the signature was not made by us for this.
	ErrSignature = errors.New("bad signature")
	// ErrExpired: the signature was good once.
	ErrExpired = errors.New("signature expired")
)

// ErrSigningKey is returned for keys that cannot sign.
var ErrSigningKey = errors.New("bad signing key")

// Signer signs with one key and verifies with several, so that keys can be rotated: first the new key is added to
// those that verify, then it signs, and when the longest signature has expired the old one goes.
//
// A signature is "{exp}.{kid}.{mac}": when it ends in Unix seconds, the key's ID, and the HMAC-SHA256 in
// unpadded base64url of the lines purpose, exp, kid and text.
//
// Paths are signed with keys of their own, derived from the signing keys with HKDF-SHA256 (RFC 5869), so that a server
// at the edge that checks them holds no key that signs anything else.
type Signer struct {
	current string
	secrets map[string][]byte
	paths   map[string][]byte
}

// NewSigner returns a signer that signs with the current key and also verifies what the others signed. The error
// is ErrSigningKey.
func NewSigner(current SigningKey, others ...SigningKey) (*Signer, error) {
	s := &Signer{current: current.ID, secrets: map[string][]byte{}, paths: map[string][]byte{}}
	for _, key := range append([]SigningKey{current}, others...) {
		if !isKeyID(key.ID) || len(key.Secret) < minSecretBytes {
			return nil, fmt.Errorf("%w: %.20q needs an ID of 1 to %d letters and digits, and a secret of %d bytes",
				ErrSigningKey, key.ID, maxKeyIDBytes, minSecretBytes)
		}
		if _, taken := s.secrets[key.ID]; taken {
			return nil, fmt.Errorf("%w: two keys have the ID %q", ErrSigningKey, key.ID)
		}
		derived, err := hkdf.Key(sha256.New, key.Secret, nil, pathPurpose, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive path key %s: %w", key.ID, err)
		}
		s.secrets[key.ID], s.paths[key.ID] = key.Secret, derived
	}
	return s, nil
}

// PathKeys returns the keys that check paths, by ID: what a server at the edge is given.
func (s *Signer) PathKeys() []SigningKey {
	keys := make([]SigningKey, 0, len(s.paths))
	for _, id := range slices.Sorted(maps.Keys(s.paths)) {
		keys = append(keys, SigningKey{ID: id, Secret: slices.Clone(s.paths[id])})
	}
	return keys
}

// Sign returns the signature of the text until the given time. The purpose, one line of the caller's own, keeps
// it from being used for anything else.
func (s *Signer) Sign(purpose, text string, expires time.Time) string {
	return sign(s.current, s.secrets[s.current], purpose, text, expires)
}

func sign(kid string, secret []byte, purpose, text string, expires time.Time) string {
	exp := strconv.FormatInt(expires.Unix(), 10)
	return exp + "." + kid + "." + mac(secret, purpose, exp, kid, text)
}

// Verify returns nil when Sign made the signature for this purpose and text and it is not over at the time now.
// Else the error is ErrSignature or ErrExpired.
func (s *Signer) Verify(purpose, text, signature string, now time.Time) error {
	_, err := verify(s.secrets, purpose, text, signature, now)
	return err
}

// verify returns when the signature ends.
func verify(secrets map[string][]byte, purpose, text, signature string, now time.Time) (time.Time, error) {
	exp, rest, _ := strings.Cut(signature, ".")
	kid, got, _ := strings.Cut(rest, ".")
	secret, known := secrets[kid]
	if !known {
		return time.Time{}, ErrSignature
	}
	// The encoded forms are compared: a base64 string may have several spellings.
	if !hmac.Equal([]byte(got), []byte(mac(secret, purpose, exp, kid, text))) {
		return time.Time{}, ErrSignature
	}
	end, err := strconv.ParseInt(exp, 10, 64)
	if err != nil {
		return time.Time{}, ErrSignature
	}
	if now.Unix() >= end {
		return time.Time{}, ErrExpired
	}
	return time.Unix(end, 0), nil
}

// SignPath returns "/v/{exp}.{kid}.{mac}/t/{tenant}/{part}/": a path under which every object of the prefix can be
// fetched until the given time. Relative references inside a playlist inherit it. The prefix has one part, the
// asset; the error is ErrMalformedKey for any other, such as the directory that holds all uploads of a tenant.
func (s *Signer) SignPath(prefix Prefix, expires time.Time) (string, error) {
	if prefix.path == "" || prefix.path == allUploads || strings.Contains(prefix.path, "/") {
		return "", fmt.Errorf("%w: a signed path covers one asset, not %q", ErrMalformedKey, prefix)
	}
	return pathRoot + sign(s.current, s.paths[s.current], pathPurpose, prefix.String(), expires) + "/" + prefix.String(), nil
}

// VerifyPath returns the key that an undecoded request path below one of SignPath addresses, and when the path ceases to
// be good. The error is ErrSignature or ErrExpired. A path that needs decoding addresses nothing.
func (s *Signer) VerifyPath(path string, now time.Time) (Key, time.Time, error) {
	rest, found := strings.CutPrefix(path, pathRoot)
	if !found {
		return Key{}, time.Time{}, ErrSignature
	}
	signature, name, _ := strings.Cut(rest, "/")
	key, err := ParseKey(name)
	if err != nil {
		return Key{}, time.Time{}, ErrSignature
	}
	asset, _, found := strings.Cut(key.path, "/")
	if !found {
		return Key{}, time.Time{}, ErrSignature
	}
	prefix := Prefix{tenant: key.tenant, path: asset}
	end, err := verify(s.paths, pathPurpose, prefix.String(), signature, now)
	if err != nil {
		return Key{}, time.Time{}, err
	}
	return key, end, nil
}

func mac(secret []byte, lines ...string) string {
	h := hmac.New(sha256.New, secret)
	// A line break in exp, which a client sends, cannot shift the lines: Verify then refuses it as a number.
	_, _ = h.Write([]byte(strings.Join(lines, "\n")))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func isKeyID(id string) bool {
	return id != "" && len(id) <= maxKeyIDBytes && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
