package blob_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

func now() time.Time { return time.Unix(1_790_000_000, 0) }

func signingKey(id string) blob.SigningKey {
	return blob.SigningKey{ID: id, Secret: bytes.Repeat([]byte(id), 32)}
}

func newSigner(t *testing.T, current blob.SigningKey, others ...blob.SigningKey) *blob.Signer {
	t.Helper()
	signer, err := blob.NewSigner(current, others...)
	if err != nil {
		t.Fatalf("NewSigner: %v", err)
	}
	return signer
}

func TestNewSignerRefuses(t *testing.T) {
	t.Parallel()
	good := signingKey("k1")
	for name, keys := range map[string][]blob.SigningKey{
		"no ID":           {{Secret: good.Secret}},
		"ID with a dot":   {{ID: "a.b", Secret: good.Secret}},
		"ID with a slash": {{ID: "a/b", Secret: good.Secret}},
		"long ID":         {{ID: strings.Repeat("a", 17), Secret: good.Secret}},
		"no secret":       {{ID: "a"}},
		"short secret":    {{ID: "a", Secret: good.Secret[:31]}},
		"same ID twice":   {good, good},
		"bad other":       {good, {ID: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := blob.NewSigner(keys[0], keys[1:]...); !errors.Is(err, blob.ErrSigningKey) {
				t.Errorf("NewSigner = %v, want ErrSigningKey", err)
			}
		})
	}
}

func TestSignerRotation(t *testing.T) {
	t.Parallel()
	old, fresh := signingKey("old"), signingKey("new")
	expires := now().Add(time.Minute)
	before := newSigner(t, old).Sign("purpose", "text", expires)
	after := newSigner(t, fresh, old).Sign("purpose", "text", expires)
	for name, tt := range map[string]struct {
		signer    *blob.Signer
		signature string
		want      error
	}{
		"old by old":             {newSigner(t, old), before, nil},
		"old during the overlap": {newSigner(t, fresh, old), before, nil},
		"new during the overlap": {newSigner(t, fresh, old), after, nil},
		"new where old signs":    {newSigner(t, old, fresh), after, nil},
		"old after the overlap":  {newSigner(t, fresh), before, blob.ErrSignature},
		"same ID, other secret":  {newSigner(t, blob.SigningKey{ID: "old", Secret: fresh.Secret}), before, blob.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tt.signer.Verify("purpose", "text", tt.signature, now()); !errors.Is(err, tt.want) {
				t.Errorf("Verify = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, signingKey("k1"))
	expires := now().Add(time.Minute)
	signature := signer.Sign("purpose", "text", expires)
	exp, rest, _ := strings.Cut(signature, ".")
	kid, mac, _ := strings.Cut(rest, ".")
	later := strconv.FormatInt(expires.Unix()+3600, 10)
	for name, tt := range map[string]struct {
		purpose, text, signature string
		now                      time.Time
		want                     error
	}{
		"good":              {"purpose", "text", signature, now(), nil},
		"last second":       {"purpose", "text", signature, expires.Add(-time.Second), nil},
		"at expiry":         {"purpose", "text", signature, expires, blob.ErrExpired},
		"long ago":          {"purpose", "text", signature, expires.AddDate(1, 0, 0), blob.ErrExpired},
		"other purpose":     {"purpose2", "text", signature, now(), blob.ErrSignature},
		"other text":        {"purpose", "text2", signature, now(), blob.ErrSignature},
		"shifted lines":     {"purpose\n" + exp, "text", signature, now(), blob.ErrSignature},
		"extended":          {"purpose", "text", later + "." + kid + "." + mac, now(), blob.ErrSignature},
		"expiry with zero":  {"purpose", "text", "0" + signature, now(), blob.ErrSignature},
		"expiry with plus":  {"purpose", "text", "+" + signature, now(), blob.ErrSignature},
		"expiry negative":   {"purpose", "text", "-" + signature, now(), blob.ErrSignature},
		"unknown kid":       {"purpose", "text", exp + ".k2." + mac, now(), blob.ErrSignature},
		"no kid":            {"purpose", "text", exp + ".." + mac, now(), blob.ErrSignature},
		"padded":            {"purpose", "text", signature + "=", now(), blob.ErrSignature},
		"cut":               {"purpose", "text", signature[:len(signature)-1], now(), blob.ErrSignature},
		"empty":             {"purpose", "text", "", now(), blob.ErrSignature},
		"dots":              {"purpose", "text", "..", now(), blob.ErrSignature},
		"no mac":            {"purpose", "text", exp + "." + kid + ".", now(), blob.ErrSignature},
		"kid of other case": {"purpose", "text", exp + ".K1." + mac, now(), blob.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := signer.Verify(tt.purpose, tt.text, tt.signature, tt.now); !errors.Is(err, tt.want) {
				t.Errorf("Verify(%q) = %v, want %v", tt.signature, err, tt.want)
			}
		})
	}
}

// signedPath returns the path of a segment, signed until a minute from now.
func signedPath(t *testing.T, signer *blob.Signer, tenant uuid.UUID) (path string, key blob.Key) {
	t.Helper()
	base, err := signer.SignPath(mustPrefix(t, tenant, "asset"), now().Add(time.Minute))
	if err != nil {
		t.Fatalf("SignPath: %v", err)
	}
	return base + "hls/seg1.m4s", mustKey(t, tenant, "asset", "hls", "seg1.m4s")
}

func TestSignPath(t *testing.T) {
	t.Parallel()
	signer, tenant := newSigner(t, signingKey("k1")), uuid.MustParse(tenantText)
	path, want := signedPath(t, signer, tenant)
	if !strings.HasPrefix(path, "/v/1790000060.k1.") || !strings.HasSuffix(path, "/t/"+tenantText+"/asset/hls/seg1.m4s") {
		t.Errorf("SignPath = %q", path)
	}
	if got, _, err := signer.VerifyPath(path, now()); got != want || err != nil {
		t.Errorf("VerifyPath(%q) = %v, %v; want %v", path, got, err, want)
	}
	for name, prefix := range map[string]blob.Prefix{
		"whole tenant": mustPrefix(t, tenant), "part of an asset": mustPrefix(t, tenant, "asset", "hls"), "nothing": {},
		"all uploads": mustPrefix(t, tenant, "assets"),
	} {
		if path, err := signer.SignPath(prefix, now().Add(time.Minute)); !errors.Is(err, blob.ErrMalformedKey) {
			t.Errorf("SignPath of %s = %q, %v; want ErrMalformedKey", name, path, err)
		}
	}
}

// TestEveryBitOfPath flips each bit of a signed path. What lies below the signed prefix may change: it is another
// object of the same asset, or none at all.
func TestEveryBitOfPath(t *testing.T) {
	t.Parallel()
	signer, tenant := newSigner(t, signingKey("k1")), uuid.MustParse(tenantText)
	path, _ := signedPath(t, signer, tenant)
	prefix := mustPrefix(t, tenant, "asset")
	signed := strings.Index(path, prefix.String()) + len(prefix.String())
	for i := range len(path) {
		for bit := range 8 {
			flipped := []byte(path)
			flipped[i] ^= 1 << bit
			key, _, err := signer.VerifyPath(string(flipped), now())
			switch {
			case i < signed && !errors.Is(err, blob.ErrSignature):
				t.Errorf("VerifyPath(%q) = %v, %v; want ErrSignature (byte %d, bit %d)", flipped, key, err, i, bit)
			case i >= signed && err == nil && !prefix.Contains(key):
				t.Errorf("VerifyPath(%q) = %v, which is outside of %s", flipped, key, prefix)
			}
		}
	}
}

func TestVerifyPathRefuses(t *testing.T) {
	t.Parallel()
	signer, tenant := newSigner(t, signingKey("k1")), uuid.MustParse(tenantText)
	path, _ := signedPath(t, signer, tenant)
	token, _, _ := strings.Cut(strings.TrimPrefix(path, "/v/"), "/")
	other := uuid.NewString()
	longer := strings.Replace(path, "1790000060", "1890000060", 1)
	purpose := signer.Sign("lyceum file v1", mustPrefix(t, tenant, "asset").String(), now().Add(time.Minute))
	for name, tt := range map[string]struct {
		path string
		now  time.Time
		want error
	}{
		"expired":                  {path, now().Add(time.Hour), blob.ErrExpired},
		"extended":                 {longer, now(), blob.ErrSignature},
		"other tenant":             {strings.Replace(path, tenantText, other, 1), now(), blob.ErrSignature},
		"other asset":              {strings.Replace(path, "/asset/", "/asset2/", 1), now(), blob.ErrSignature},
		"dots to the other asset":  {strings.Replace(path, "/hls/", "/../asset2/", 1), now(), blob.ErrSignature},
		"encoded dots":             {strings.Replace(path, "/hls/", "/%2e%2e/asset2/", 1), now(), blob.ErrSignature},
		"encoded slash":            {strings.Replace(path, "/hls/", "/..%2fasset2/", 1), now(), blob.ErrSignature},
		"double encoded":           {strings.Replace(path, "/hls/", "/%252e%252e/asset2/", 1), now(), blob.ErrSignature},
		"backslashes":              {strings.Replace(path, "/hls/", `/..\asset2/`, 1), now(), blob.ErrSignature},
		"dots to the other tenant": {strings.Replace(path, "/hls/", "/../../"+other+"/asset/", 1), now(), blob.ErrSignature},
		"double slash":             {strings.Replace(path, "/hls/", "//hls/", 1), now(), blob.ErrSignature},
		"the asset itself":         {"/v/" + token + "/t/" + tenantText + "/asset", now(), blob.ErrSignature},
		"the asset's folder":       {"/v/" + token + "/t/" + tenantText + "/asset/", now(), blob.ErrSignature},
		"token of another purpose": {"/v/" + purpose + "/t/" + tenantText + "/asset/a", now(), blob.ErrSignature},
		"no token":                 {"/v/t/" + tenantText + "/asset/a", now(), blob.ErrSignature},
		"no root":                  {strings.TrimPrefix(path, "/v"), now(), blob.ErrSignature},
		"empty":                    {"", now(), blob.ErrSignature},
		"root only":                {"/v/", now(), blob.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if key, _, err := signer.VerifyPath(tt.path, tt.now); !errors.Is(err, tt.want) || !key.IsZero() {
				t.Errorf("VerifyPath(%q) = %v, %v; want %v", tt.path, key, err, tt.want)
			}
		})
	}
}

// FuzzVerify holds a signature against what it is for: its purpose, its text and its time, and nothing near them.
func FuzzVerify(f *testing.F) {
	signer, err := blob.NewSigner(signingKey("k1"), signingKey("k0"))
	if err != nil {
		f.Fatalf("NewSigner: %v", err)
	}
	f.Add("lyceum file v1", "GET\nt/a", "lyceum path v1", "GET\nt/b", int64(60), "1790000060.k1.")
	f.Add("a", "b\nc", "a\nb", "c", int64(0), "+1790000060.k0.AAAA")
	f.Add("", "", "", "", int64(-1<<40), "..")
	f.Fuzz(func(t *testing.T, purpose, text, otherPurpose, otherText string, seconds int64, forged string) {
		if strings.Contains(purpose+otherPurpose, "\n") {
			return // a purpose is one line
		}
		expires := now().Add(time.Duration(seconds%(1<<32)) * time.Second)
		good := signer.Sign(purpose, text, expires)
		if err := signer.Verify(purpose, text, good, expires.Add(-time.Second)); err != nil {
			t.Errorf("a second before its end %q is refused: %v", good, err)
		}
		if err := signer.Verify(purpose, text, good, expires); !errors.Is(err, blob.ErrExpired) {
			t.Errorf("at its end %q: %v, want ErrExpired", good, err)
		}
		early := expires.Add(-time.Hour)
		if err := signer.Verify(otherPurpose, otherText, good, early); (err == nil) != (otherPurpose == purpose && otherText == text) {
			t.Errorf("%q of (%q, %q) for (%q, %q): %v", good, purpose, text, otherPurpose, otherText, err)
		}
		if err := signer.Verify(purpose, text, forged, early); forged != good && !errors.Is(err, blob.ErrSignature) {
			t.Errorf("%q was never signed: %v, want ErrSignature", forged, err)
		}
	})
}

// FuzzVerifyPath looks for a path that leads out of the asset it was signed for, and for a byte of the token that may
// be another.
func FuzzVerifyPath(f *testing.F) {
	signer, err := blob.NewSigner(signingKey("k1"))
	if err != nil {
		f.Fatalf("NewSigner: %v", err)
	}
	prefix, err := blob.NewPrefix(uuid.MustParse(tenantText), "asset")
	if err != nil {
		f.Fatalf("NewPrefix: %v", err)
	}
	good, err := signer.SignPath(prefix, now().Add(time.Minute))
	if err != nil {
		f.Fatalf("SignPath: %v", err)
	}
	for i, seed := range []string{good + "a", good + "../b", good + "%2e%2e/b", "/v/", "", good} {
		f.Add(seed, i, byte('b'))
	}
	f.Fuzz(func(t *testing.T, path string, at int, with byte) {
		key, _, err := signer.VerifyPath(path, now())
		if err == nil && (!prefix.Contains(key) || path != good+strings.TrimPrefix(key.String(), prefix.String())) {
			t.Errorf("VerifyPath(%q) = %v", path, key)
		}
		if err != nil && !key.IsZero() {
			t.Errorf("VerifyPath(%q) fails and still says %v", path, key)
		}
		changed := []byte(good + "a")
		if at < 0 || at >= len(good) || changed[at] == with {
			return
		}
		changed[at] = with
		if key, _, err := signer.VerifyPath(string(changed), now()); err == nil {
			t.Errorf("VerifyPath(%q) = %v, which was not signed", changed, key)
		}
	})
}
