package blob_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"lyceum/internal/platform/blob"
)

// vectors are testdata/paths.json: what everything that checks signed paths must agree on. They were computed by
// other means than this package.
type vectors struct {
	Now         int64             `json:"now"`
	SigningKeys []vectorKey       `json:"signingKeys"`
	PathKeys    map[string]string `json:"pathKeys"`
	Good        []vectorPath      `json:"good"`
	Bad         []vectorPath      `json:"bad"`
	Clock       []vectorPath      `json:"clock"`
}

type vectorKey struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

type vectorPath struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Key  string `json:"key"`
	Now  int64  `json:"now"`
	Good bool   `json:"good"`
}

func readVectors(t *testing.T) (vectors, *blob.Signer) {
	t.Helper()
	text, err := os.ReadFile("testdata/paths.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	keys := make([]blob.SigningKey, 0, len(v.SigningKeys))
	for _, key := range v.SigningKeys {
		keys = append(keys, blob.SigningKey{ID: key.ID, Secret: []byte(key.Secret)})
	}
	return v, newSigner(t, keys[0], keys[1:]...)
}

func TestPathVectors(t *testing.T) {
	t.Parallel()
	v, signer := readVectors(t)
	if len(v.Good) < 8 || len(v.Bad) < 100 || len(v.Clock) < 6 {
		t.Fatalf("%d good, %d bad, %d timed vectors: some are gone", len(v.Good), len(v.Bad), len(v.Clock))
	}
	now := time.Unix(v.Now, 0)
	for _, p := range v.Good {
		if key, _, err := signer.VerifyPath(p.Path, now); err != nil || key.String() != p.Key {
			t.Errorf("%s: %q is %v (%v), want %s", p.Name, p.Path, key, err, p.Key)
		}
	}
	for _, p := range v.Bad {
		if key, _, err := signer.VerifyPath(p.Path, now); err == nil || !key.IsZero() {
			t.Errorf("%s: %q is %v (%v), want a refusal", p.Name, p.Path, key, err)
		}
	}
	for _, p := range v.Clock {
		_, end, err := signer.VerifyPath(p.Path, time.Unix(p.Now, 0))
		if (err == nil) != p.Good || (err != nil && !errors.Is(err, blob.ErrExpired)) {
			t.Errorf("%s: %v, want good: %v", p.Name, err, p.Good)
		}
		if err == nil && end.Unix() <= p.Now {
			t.Errorf("%s: it is good until %v", p.Name, end)
		}
	}
}

// TestPathKeys holds what an edge is given against the vectors: HKDF-SHA256 of each signing key, and no more.
func TestPathKeys(t *testing.T) {
	t.Parallel()
	v, signer := readVectors(t)
	keys := signer.PathKeys()
	if len(keys) != len(v.PathKeys) {
		t.Errorf("%d path keys, want %d", len(keys), len(v.PathKeys))
	}
	for i, key := range keys {
		if got := hex.EncodeToString(key.Secret); got != v.PathKeys[key.ID] || got == "" {
			t.Errorf("path key %s is %q, want %q", key.ID, got, v.PathKeys[key.ID])
		}
		clear(key.Secret)
		if got := hex.EncodeToString(signer.PathKeys()[i].Secret); got != v.PathKeys[key.ID] {
			t.Error("who is given the keys can change the signer's")
		}
	}
}

// TestEdgeSignsNothingElse takes what an edge holds for signing keys: what is signed with them is good for nothing but
// what the edge checks itself.
func TestEdgeSignsNothingElse(t *testing.T) {
	t.Parallel()
	v, signer := readVectors(t)
	now := time.Unix(v.Now, 0)
	keys := signer.PathKeys()
	edge := newSigner(t, keys[0], keys[1:]...)
	for _, purpose := range []string{"lyceum file v1", "lyceum path v1", ""} {
		if err := signer.Verify(purpose, "text", edge.Sign(purpose, "text", now.Add(time.Minute)), now); !errors.Is(err, blob.ErrSignature) {
			t.Errorf("the edge signs for %q: %v", purpose, err)
		}
	}
	if err := signer.Verify("lyceum path v1", "t/", signer.Sign("lyceum path v1", "t/", now.Add(time.Minute)), now); err != nil {
		t.Errorf("control: %v", err)
	}
}
