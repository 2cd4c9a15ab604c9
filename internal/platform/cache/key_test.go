package cache_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
)

const tenantText = "01890a5d-ac96-774b-bcce-b302099a8057"

func TestKey(t *testing.T) {
	t.Parallel()
	tenant := uuid.MustParse(tenantText)
	for name, tt := range map[string]struct {
		key  cache.Key
		want string
	}{
		"plain":          {cache.NewKey(tenant, "session", "abc-1"), "t:{" + tenantText + "}:session:abc-1"},
		"escaped":        {cache.NewKey(tenant, "a:b", "c%d", "e}f*"), "t:{" + tenantText + "}:a%3Ab:c%25d:e%7Df%2A"},
		"bytes":          {cache.NewKey(tenant, "\x00\n\xff é"), "t:{" + tenantText + "}:%00%0A%FF%20%C3%A9"},
		"empty part":     {cache.NewKey(tenant, "a", "", "b"), "t:{" + tenantText + "}:a::b"},
		"only empty":     {cache.NewKey(tenant, ""), "t:{" + tenantText + "}:"},
		"global":         {cache.GlobalKey(cache.Hosts, "acme.example"), "g:{hosts}:acme.example"},
		"global address": {cache.GlobalKey(cache.Clients, "::1"), "g:{clients}:%3A%3A1"},
		"no tenant":      {cache.NewKey(uuid.Nil, "a"), ""},
		"no name":        {cache.NewKey(tenant), ""},
		"no space":       {cache.GlobalKey(0, "a"), ""},
		"unknown space":  {cache.GlobalKey(99, "a"), ""},
		"global no name": {cache.GlobalKey(cache.Staff), ""},
		"zero":           {cache.Key{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.key.String(); got != tt.want || tt.key.IsZero() != (tt.want == "") {
				t.Errorf("key = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLongKeyIsShortened(t *testing.T) {
	t.Parallel()
	tenant := uuid.MustParse(tenantText)
	long := strings.Repeat("a", 10_000)
	key, other := cache.NewKey(tenant, "email", long), cache.NewKey(tenant, "email", long+"b")
	if len(key.String()) > 300 || !strings.HasPrefix(key.String(), "t:{"+tenantText+"}:email:#") {
		t.Errorf("key of %d bytes: %q", len(key.String()), key)
	}
	if key == other {
		t.Error("two long names have one key")
	}
	// A short name cannot be made to look like a shortened one: '#' is escaped.
	forged := strings.TrimPrefix(key.String(), "t:{"+tenantText+"}:email:")
	if cache.NewKey(tenant, "email", forged) == key {
		t.Error("a short name has the key of a long one")
	}
}

func FuzzKey(f *testing.F) {
	f.Add("a", "b", "c", "d")
	f.Add("a:b", "c", "a", "b:c")
	f.Add("", "", "", ":")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		tenant := uuid.MustParse(tenantText)
		first, second := cache.NewKey(tenant, a, b), cache.NewKey(tenant, c, d)
		if (first == second) != (a == c && b == d) {
			t.Errorf("(%q, %q) is %q and (%q, %q) is %q", a, b, first, c, d, second)
		}
		form := regexp.MustCompile(`^t:\{` + tenantText + `\}:[-a-zA-Z0-9._@/%:#]*$`)
		if !form.MatchString(first.String()) {
			t.Errorf("key %q", first)
		}
	})
}
