package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/internal/platform/config"
)

// TestDevKeepsWhatIsSet: dev fills in what nobody has set, and leaves alone what somebody has, wherever that stands.
func TestDevKeepsWhatIsSet(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("k", 64)
	file := filepath.Join(t.TempDir(), "lyceum.yaml")
	if err := os.WriteFile(file, []byte("tenant: {default: globex}\ntimeout: {unready: 3s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := &secrets{SigningKey: strings.Repeat("d", 52)}
	for name, tt := range map[string]struct {
		file                  string
		environ               []string
		keys, tenant, unready string
	}{
		"nothing":       {"", nil, "dev", "acme", "0s"},
		"an empty key":  {"", []string{"LYCEUM_SIGNING_KEYS="}, "dev", "acme", "0s"},
		"keys":          {"", []string{"LYCEUM_SIGNING_KEYS=new=literal:" + key + ",old=env:OLD", "OLD=" + key}, "new old", "acme", "0s"},
		"by a file":     {file, nil, "dev", "globex", "3s"},
		"by variables":  {"", []string{"LYCEUM_DEFAULT_TENANT=springfield", "LYCEUM_TIMEOUT_UNREADY=1s"}, "dev", "springfield", "1s"},
		"file and keys": {file, []string{"LYCEUM_SIGNING_KEYS=own=literal:" + key}, "own", "globex", "3s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := append([]string{"LYCEUM_HOME=" + t.TempDir()}, tt.environ...)
			found, err := config.Load(config.Sources{File: tt.file, Environ: environ})
			if err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(config.Sources{File: tt.file, Environ: append(environ, wanting(found, "redis://127.0.0.1:1", kept)...)})
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, k := range c.Signing.Keys {
				keys = append(keys, k.ID)
			}
			if got := strings.Join(keys, " "); got != tt.keys || c.Tenant.Default != tt.tenant || c.Timeout.Unready.String() != tt.unready {
				t.Errorf("signed with %q, %q by default, unready for %s; want %q, %q, %s",
					got, c.Tenant.Default, c.Timeout.Unready, tt.keys, tt.tenant, tt.unready)
			}
			if c.Redis.URL.Reveal() != "redis://127.0.0.1:1" {
				t.Errorf("Redis is %s", c.Redis.URL.Reveal())
			}
		})
	}
}
