package config_test

import (
	"strings"
	"testing"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/config"
)

// TestKeysSign: what is accepted as a signing key can sign, and what cannot sign is refused when the server starts.
func TestKeysSign(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("s", 32)
	for id, good := range map[string]bool{
		"k1": true, "2026": true, "a": true, strings.Repeat("k", 16): true,
		strings.Repeat("k", 17): false, "K1": false, "k-1": false, "k_1": false, "k.1": false, "ü": false, "k 1": false,
	} {
		_, loaded := config.Load(config.Sources{Environ: []string{"LYCEUM_SIGNING_KEYS=" + id + "=literal:" + secret}})
		_, signs := blob.NewSigner(blob.SigningKey{ID: id, Secret: []byte(secret)})
		if (loaded == nil) != good || (signs == nil) != good {
			t.Errorf("the key %q: loaded %v, signs %v; want good %t", id, loaded, signs, good)
		}
	}
}
