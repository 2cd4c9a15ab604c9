package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCreateRolesNeedsADatabase: a URL without the name of a database is a mistake that is told, with what to give.
func TestCreateRolesNeedsADatabase(t *testing.T) {
	t.Parallel()
	const nobody = "127.0.0.1:1"
	for _, path := range []string{"", "/", "?sslmode=disable"} {
		settings := filepath.Join(t.TempDir(), "lyceum.yaml")
		yaml := fmt.Sprintf("database: {url: 'postgres://lyceum_app:a@%[1]s/lyceum', migrate_url: 'postgres://lyceum_owner:o@%[1]s%[2]s'}\n", nobody, path)
		if err := os.WriteFile(settings, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		root := newRoot()
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		root.SetArgs([]string{"migrate", "--config=" + settings, "--create-roles=postgres://postgres@" + nobody + "/postgres"})
		err := root.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), "names no database") || exitCode(err) != exitConfig {
			t.Errorf("%q: %v (exit code %d)", path, err, exitCode(err))
		}
	}
}
