package blob_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

const tenantText = "01890a5d-ac96-774b-bcce-b302099a8057"

func mustKey(t *testing.T, tenant uuid.UUID, parts ...string) blob.Key {
	t.Helper()
	key, err := blob.NewKey(tenant, parts...)
	if err != nil {
		t.Fatalf("NewKey(%q): %v", parts, err)
	}
	return key
}

func mustPrefix(t *testing.T, tenant uuid.UUID, parts ...string) blob.Prefix {
	t.Helper()
	prefix, err := blob.NewPrefix(tenant, parts...)
	if err != nil {
		t.Fatalf("NewPrefix(%q): %v", parts, err)
	}
	return prefix
}

func TestKey(t *testing.T) {
	t.Parallel()
	tenant := uuid.MustParse(tenantText)
	key := mustKey(t, tenant, "asset-1", "hls", "seg_0001.m4s")
	const want = "t/" + tenantText + "/asset-1/hls/seg_0001.m4s"
	if key.String() != want || key.Tenant() != tenant || key.IsZero() {
		t.Errorf("key = %q of %v, want %q", key, key.Tenant(), want)
	}
	if parsed, err := blob.ParseKey(want); parsed != key || err != nil {
		t.Errorf("ParseKey = %v, %v", parsed, err)
	}
	var zero blob.Key
	if !zero.IsZero() || zero.String() != "" || zero.Tenant() != uuid.Nil {
		t.Errorf("the zero key is %q", zero)
	}
}

func TestKeyRefuses(t *testing.T) {
	t.Parallel()
	tenant := uuid.MustParse(tenantText)
	for name, tt := range map[string]struct {
		tenant uuid.UUID
		parts  []string
	}{
		"no tenant":      {uuid.Nil, []string{"a"}},
		"no part":        {tenant, nil},
		"empty part":     {tenant, []string{"a", "", "b"}},
		"dot":            {tenant, []string{"."}},
		"dots":           {tenant, []string{"a", "..", "b"}},
		"hidden":         {tenant, []string{".git"}},
		"ends with dot":  {tenant, []string{"a."}},
		"slash":          {tenant, []string{"a/b"}},
		"backslash":      {tenant, []string{`a\b`}},
		"capital":        {tenant, []string{"A"}},
		"space":          {tenant, []string{"a b"}},
		"percent":        {tenant, []string{"a%2fb"}},
		"NUL":            {tenant, []string{"a\x00"}},
		"line break":     {tenant, []string{"a\n"}},
		"not ASCII":      {tenant, []string{"é"}},
		"dash first":     {tenant, []string{"-rf"}},
		"object suffix":  {tenant, []string{"a@"}},
		"question mark":  {tenant, []string{"a?b"}},
		"long part":      {tenant, []string{strings.Repeat("a", 129)}},
		"many parts":     {tenant, strings.Split(strings.Repeat("a/", 16)+"a", "/")},
		"long key":       {tenant, []string{strings.Repeat("a", 128), strings.Repeat("a", 128), strings.Repeat("a", 128), strings.Repeat("a", 128)}},
		"colon":          {tenant, []string{"c:"}},
		"wildcard":       {tenant, []string{"*"}},
		"tilde":          {tenant, []string{"~root"}},
		"right-to-left":  {tenant, []string{"a\u202eb"}},
		"not even UTF-8": {tenant, []string{"a\xff"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if key, err := blob.NewKey(tt.tenant, tt.parts...); !errors.Is(err, blob.ErrMalformedKey) || !key.IsZero() {
				t.Errorf("NewKey(%q) = %v, %v; want ErrMalformedKey", tt.parts, key, err)
			}
			if len(tt.parts) == 0 {
				return
			}
			if prefix, err := blob.NewPrefix(tt.tenant, tt.parts...); !errors.Is(err, blob.ErrMalformedKey) || !prefix.IsZero() {
				t.Errorf("NewPrefix(%q) = %v, %v; want ErrMalformedKey", tt.parts, prefix, err)
			}
		})
	}
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"empty":              "",
		"no tenant":          "a/b",
		"tenant only":        "t/" + tenantText,
		"tenant and slash":   "t/" + tenantText + "/",
		"other root":         "x/" + tenantText + "/a",
		"leading slash":      "/t/" + tenantText + "/a",
		"double slash":       "t//" + tenantText + "/a",
		"trailing slash":     "t/" + tenantText + "/a/",
		"capital tenant":     "t/" + strings.ToUpper(tenantText) + "/a",
		"tenant as URN":      "t/urn:uuid:" + tenantText + "/a",
		"tenant in braces":   "t/{" + tenantText + "}/a",
		"tenant, no hyphens": "t/" + strings.ReplaceAll(tenantText, "-", "") + "/a",
		"nil tenant":         "t/" + uuid.Nil.String() + "/a",
		"dots to neighbour":  "t/" + tenantText + "/../" + tenantText + "/a",
		"encoded dots":       "t/" + tenantText + "/%2e%2e/a",
		"very long":          "t/" + tenantText + "/" + strings.Repeat("a/", 1<<20) + "a",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if key, err := blob.ParseKey(bad); !errors.Is(err, blob.ErrMalformedKey) {
				t.Errorf("ParseKey(%.80q) = %v, %v; want ErrMalformedKey", bad, key, err)
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	tenant := uuid.MustParse(tenantText)
	all, folder := mustPrefix(t, tenant), mustPrefix(t, tenant, "a")
	if all.String() != "t/"+tenantText+"/" || folder.String() != "t/"+tenantText+"/a/" || folder.Tenant() != tenant {
		t.Errorf("prefixes %q and %q", all, folder)
	}
	other := uuid.New()
	for name, tt := range map[string]struct {
		prefix blob.Prefix
		key    blob.Key
		want   bool
	}{
		"tenant has all":      {all, mustKey(t, tenant, "x", "y"), true},
		"folder has its own":  {folder, mustKey(t, tenant, "a", "b"), true},
		"folder is no object": {folder, mustKey(t, tenant, "a"), false},
		"similar name":        {folder, mustKey(t, tenant, "ab"), false},
		"other tenant":        {all, mustKey(t, other, "a"), false},
		"zero key":            {all, blob.Key{}, false},
		"zero prefix":         {blob.Prefix{}, mustKey(t, tenant, "a"), false},
		"zero and zero":       {blob.Prefix{}, blob.Key{}, false},
	} {
		if got := tt.prefix.Contains(tt.key); got != tt.want {
			t.Errorf("%s: Contains = %v, want %v", name, got, tt.want)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0f", 32)
	digest, err := blob.ParseDigest(text)
	if err != nil || digest.String() != text || digest.IsZero() {
		t.Errorf("ParseDigest = %v, %v", digest, err)
	}
	for _, bad := range []string{"", "0f", text + "0", text[1:], strings.Repeat("zz", 32)} {
		if _, err := blob.ParseDigest(bad); !errors.Is(err, blob.ErrMalformedDigest) {
			t.Errorf("ParseDigest(%q) = %v, want ErrMalformedDigest", bad, err)
		}
	}
	if got := (blob.Digest{}).String(); got != "" {
		t.Errorf("the zero digest prints %q", got)
	}
}

func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{"t/" + tenantText + "/a/b.c", "", "t/", "t/" + tenantText + "/../a", "/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := blob.ParseKey(s)
		if err != nil {
			return
		}
		if key.String() != s || key.Tenant() == uuid.Nil {
			t.Errorf("ParseKey(%q) = %q of %v", s, key, key.Tenant())
		}
		if strings.Contains(s, "..") && strings.Contains("/"+s+"/", "/../") {
			t.Errorf("ParseKey(%q) lets a path climb", s)
		}
	})
}
