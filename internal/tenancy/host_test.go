package tenancy

import (
	"net/netip"
	"strings"
	"testing"
)

func TestCleanHost(t *testing.T) {
	t.Parallel()
	label63 := strings.Repeat("a", 63)
	long := strings.Repeat(label63+".", 3) + strings.Repeat("a", 61) // 253 characters
	for host, want := range map[string]string{
		"acme.localhost":           "acme.localhost",
		"acme.localhost:8080":      "acme.localhost",
		"ACME.LocalHost":           "acme.localhost",
		"acme.localhost.":          "acme.localhost",
		"acme.localhost.:443":      "acme.localhost",
		"acme.localhost:":          "acme.localhost",
		"localhost":                "localhost",
		"127.0.0.1:80":             "127.0.0.1",
		"[::1]":                    "::1",
		"[::1]:8080":               "::1",
		"[0:0:0:0:0:0:0:1]":        "::1",
		"xn--mnchen-3ya.example":   "xn--mnchen-3ya.example",
		label63 + ".example":       label63 + ".example",
		long:                       long,
		"a1-b2.example":            "a1-b2.example",
		"":                         "",
		".":                        "",
		"..":                       "",
		".acme.localhost":          "",
		"acme..localhost":          "",
		"acme.localhost..":         "",
		"-acme.localhost":          "",
		"acme-.localhost":          "",
		"acme_.localhost":          "",
		label63 + "a.example":      "",
		"a." + long:                "",
		"acme.localhost:80:80":     "",
		"acme.localhost:http":      "",
		"acme.localhost:123456":    "",
		"acme.localhost/":          "",
		"acme.localhost@evil":      "",
		"evil#acme.localhost":      "",
		"acme.localhost evil":      "",
		" acme.localhost":          "",
		"acme.localhost\x00":       "",
		"acme.localhost\r\nX: y":   "",
		"münchen.example":          "",
		"аcme.localhost":           "", // the first letter is Cyrillic
		"[acme.localhost]":         "",
		"[::1":                     "",
		"::1":                      "",
		"[::1]x":                   "",
		"[::1]:x":                  "",
		"[fe80::1%eth0]":           "",
		"[127.0.0.1]":              "",
		"[]":                       "",
		"]acme.localhost[":         "",
		strings.Repeat("a.", 5000): "",
	} {
		got, ok := cleanHost(host)
		if ok != (want != "") || (ok && got != want) {
			t.Errorf("%.60q: %q %t, want %q", host, got, ok, want)
		}
	}
}

func FuzzCleanHost(f *testing.F) {
	for _, seed := range []string{"acme.localhost:8080", "[::1]:80", "127.0.0.1", "ACME.", "[fe80::1%eth0]", "a:b:c", "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name, ok := cleanHost(host)
		if !ok {
			return
		}
		again := name
		if ip, err := netip.ParseAddr(name); err == nil && ip.Is6() {
			again = "[" + name + "]"
		} else if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || len(name) > maxHost {
			t.Errorf("%q is read as %q", host, name)
		}
		if second, ok := cleanHost(again); !ok || second != name {
			t.Errorf("%q is read as %q, and that as %q", host, name, second)
		}
		if port, ok := cleanHost(again + ":8080"); !ok || port != name {
			t.Errorf("%q with a port is read as %q", again, port)
		}
	})
}
