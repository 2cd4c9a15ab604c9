package blob_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

// TestAttackSignedPaths makes of the path of one tenant's asset whatever can be made of it without the key: it never
// addresses anything but what is below that asset, for as long as it was signed for.
func TestAttackSignedPaths(t *testing.T) {
	t.Parallel()
	us, them := uuid.New(), uuid.New()
	signer := newSigner(t, signingKey("k1"), signingKey("k0"))
	prefix, foreign := mustPrefix(t, us, "asset"), mustPrefix(t, them, "asset")
	end := now().Add(time.Minute)
	good, err := signer.SignPath(prefix, end)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := signer.SignPath(foreign, end)
	if err != nil {
		t.Fatal(err)
	}
	old, err := newSigner(t, signingKey("k0")).SignPath(prefix, end)
	if err != nil {
		t.Fatal(err)
	}
	token := func(path string) string { return strings.Split(path, "/")[2] }
	_, mac, _ := strings.Cut(token(good), "k1.")
	forged := map[string]string{}
	for what, token := range map[string]string{
		"own": token(good), "own, of the older key": token(old), "own, said to be of the older key": fmt.Sprintf("%d.k0.%s", end.Unix(), mac),
		"own, for longer": fmt.Sprintf("%d.k1.%s", end.Unix()+3600, mac), "own, for ever": "9223372036854775807.k1." + mac, "none": "", "dots": "..",
		"as of a file": signer.Sign("lyceum file v1", foreign.String(), end), "of no purpose": signer.Sign("", foreign.String(), end),
		"of the tenant": signer.Sign("lyceum path v1", "t/"+us.String()+"/", end),
	} {
		for way, name := range map[string]string{
			"straight": foreign.String() + "seg1.m4s", "dots": prefix.String() + "../../" + them.String() + "/asset/seg1.m4s",
			"encoded dots":         prefix.String() + "%2e%2e/%2e%2e/" + them.String() + "/asset/seg1.m4s",
			"encoded slashes":      prefix.String() + "..%2f..%2f" + them.String() + "/asset/seg1.m4s",
			"double encoded":       prefix.String() + "%252e%252e/%252e%252e/" + them.String() + "/asset/seg1.m4s",
			"backslashes":          prefix.String() + `..\..\` + them.String() + `\asset\seg1.m4s`,
			"behind an empty name": prefix.String() + "/" + foreign.String() + "seg1.m4s", "in capitals": strings.ToUpper(foreign.String()) + "seg1.m4s",
			"a null byte": foreign.String() + "seg1.m4s\x00", "a line break": foreign.String() + "seg1.m4s\n", "a query": foreign.String() + "seg1.m4s?x",
			"another asset": "t/" + us.String() + "/asset2/seg1.m4s", "a longer asset": "t/" + us.String() + "/asset.bak/seg1.m4s",
			"the whole tenant": "t/" + us.String() + "/", "a host": "/" + them.String() + ".example/" + foreign.String() + "seg1.m4s",
		} {
			forged["the token "+what+", "+way] = "/v/" + token + "/" + name
		}
	}
	for what, path := range forged {
		for _, spelled := range []string{path, url.PathEscape(path), "/" + path, "/v" + path, path + "/", strings.Replace(path, "/v/", "/V/", 1)} {
			if key, _, err := signer.VerifyPath(spelled, now()); !errors.Is(err, blob.ErrSignature) || !key.IsZero() {
				t.Errorf("%s: %q addresses %v (%v)", what, spelled, key, err)
			}
		}
	}
	flipped := 0
	for i := range len(good) {
		for bit := range 8 {
			changed := []byte(good + "seg1.m4s")
			changed[i] ^= 1 << bit
			if key, _, err := signer.VerifyPath(string(changed), now()); err == nil {
				t.Errorf("byte %d, bit %d flipped: %v", i, bit, key)
			}
			flipped++
		}
	}
	for path, want := range map[string]blob.Prefix{good: prefix, theirs: foreign, old: prefix} {
		if key, _, err := signer.VerifyPath(path+"seg1.m4s", now()); err != nil || !want.Contains(key) {
			t.Errorf("%q as it was signed: %v (%v)", path, key, err)
		}
		if key, _, err := signer.VerifyPath(path+"seg1.m4s", end); !errors.Is(err, blob.ErrExpired) {
			t.Errorf("%q at its end: %v (%v)", path, key, err)
		}
	}
	t.Logf("%d forged paths in 6 spellings and %d flipped bits were refused", len(forged), flipped)
}
