//go:build unix

package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"lyceum/internal/platform/local"
)

// helperHome is the variable that turns this test binary into a process which starts a stack and waits.
const helperHome = "LYCEUM_LOCAL_TEST_HELPER"

func TestMain(m *testing.M) {
	if home := os.Getenv(helperHome); home != "" {
		os.Exit(startAndWait(home))
	}
	os.Exit(m.Run())
}

func startAndWait(home string) int {
	ctx := context.Background() //nolint:forbidigo // The program begins here.
	stack, err := local.Start(ctx, local.Options{Home: home, Fast: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := fmt.Fprintln(os.Stdout, stack.Postgres.SuperuserURL, stack.Redis.URL); err != nil {
		return 1
	}
	<-stack.Postgres.Done()
	return 0
}

// newHome returns a home whose services are removed after the test, wherever they had to be put.
func newHome(t *testing.T) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	t.Cleanup(func() {
		if err := local.Remove(context.WithoutCancel(t.Context()), home); err != nil {
			t.Errorf("Remove: %v", err)
		}
	})
	return home
}

// openHome is newHome in a directory that every account may enter.
func openHome(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyceum-local-test-") //nolint:usetesting // t.TempDir is closed to other accounts.
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	t.Cleanup(func() {
		if err := errors.Join(local.Remove(context.WithoutCancel(t.Context()), home), os.RemoveAll(dir)); err != nil {
			t.Errorf("Remove: %v", err)
		}
	})
	return home
}

func startPostgres(t *testing.T, o local.PostgresOptions) *local.Postgres {
	t.Helper()
	o.Fast = true
	p, err := local.StartPostgres(t.Context(), o)
	if errors.Is(err, local.ErrNoPostgres) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, p.Stop) })
	return p
}

func stop(t *testing.T, end func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	defer cancel()
	if err := end(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// ask runs one statement and returns its single text value.
func ask(t *testing.T, address, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // Asked what there was to ask.
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func tell(t *testing.T, address, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // Told what there was to tell.
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func postmasterPID(t *testing.T, p *local.Postgres) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.Directory, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// until waits for a condition outside this process.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		<-tick.C
	}
}

func gone(pid int) func() bool {
	return func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
}

func TestPostgresKeepsItsDataOverStopKillAndRestart(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	first := startPostgres(t, local.PostgresOptions{Home: home})
	tell(t, first.SuperuserURL, `CREATE TABLE kept AS SELECT 'before stop' AS word`)
	if got := ask(t, first.SuperuserURL, `SHOW server_encoding`); got != "UTF8" {
		t.Errorf("encoding %q, want UTF8", got)
	}
	if got := ask(t, first.SuperuserURL, `SELECT lower('ÄЖ')`); got != "äж" {
		t.Errorf("lower of other scripts is %q: the locale knows ASCII only", got)
	}
	if got := ask(t, first.SuperuserURL, `SHOW max_connections`); got != "200" {
		t.Errorf("max_connections %s, want 200", got)
	}
	stop(t, first.Stop)

	begin := time.Now()
	second := startPostgres(t, local.PostgresOptions{Home: home})
	// Tens of milliseconds when the machine is idle; the promise is 2 s.
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("second start took %v", took)
	}
	if second.SuperuserURL != first.SuperuserURL {
		t.Errorf("port or password changed: %s, then %s", first.SuperuserURL, second.SuperuserURL)
	}
	// Statements are counted where the installation can, also those of data that was there before.
	wanted := ask(t, second.SuperuserURL, `SELECT coalesce(max(name::text), '') FROM pg_available_extensions WHERE name = 'pg_stat_statements'`)
	if got := ask(t, second.SuperuserURL, `SHOW shared_preload_libraries`); got != wanted {
		t.Errorf("preloaded are %q, want %q", got, wanted)
	}
	tell(t, second.SuperuserURL, `UPDATE kept SET word = 'before kill'`)
	if err := syscall.Kill(postmasterPID(t, second), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-second.Done()
	stop(t, second.Stop)
	if _, err := os.Stat(filepath.Join(second.Directory, "postmaster.pid")); err != nil {
		t.Fatalf("the kill should have left its pid file behind: %v", err)
	}

	third := startPostgres(t, local.PostgresOptions{Home: home})
	if got := ask(t, third.SuperuserURL, `SELECT word FROM kept`); got != "before kill" {
		t.Errorf("after the kill the row says %q", got)
	}
}

func TestPostgresRunsUnprivileged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		home   func(*testing.T) string
		inside bool
	}{
		"home open to others": {home: openHome, inside: true},
		"home closed":         {home: newHome, inside: os.Geteuid() != 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := tt.home(t)
			p := startPostgres(t, local.PostgresOptions{Home: home})
			if inside := strings.HasPrefix(p.Directory, home); inside != tt.inside {
				t.Errorf("data in %s with home %s: inside is %v, want %v", p.Directory, home, inside, tt.inside)
			}
			info, err := os.Stat(p.Directory)
			if err != nil {
				t.Fatal(err)
			}
			owner, ok := info.Sys().(*syscall.Stat_t)
			if !ok || owner.Uid == 0 || info.Mode().Perm() != 0o700 {
				t.Errorf("data belongs to %+v with mode %v, want an ordinary user and 0700", owner, info.Mode())
			}
			record, err := os.Stat(filepath.Join(home, "postgres.json"))
			if err != nil {
				t.Fatal(err)
			}
			if record.Mode().Perm() != 0o600 {
				t.Errorf("the file with the password has mode %v, want 0600", record.Mode())
			}
		})
	}
}

func TestPostgresRefusesOtherPasswords(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, local.PostgresOptions{Home: newHome(t)})
	address, err := url.Parse(p.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"", "postgres"} {
		address.User = url.UserPassword("postgres", password)
		conn, err := pgx.Connect(t.Context(), address.String())
		if err == nil {
			t.Errorf("password %q was accepted", password)
			_ = conn.Close(context.WithoutCancel(t.Context()))
		}
	}
}

func TestPostgresIsSharedWithWhoeverStartedIt(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	owner := startPostgres(t, local.PostgresOptions{Home: home})
	guest := startPostgres(t, local.PostgresOptions{Home: home})
	if owner.Reused || !guest.Reused {
		t.Fatalf("Reused: owner %v, guest %v", owner.Reused, guest.Reused)
	}
	if guest.SuperuserURL != owner.SuperuserURL {
		t.Errorf("guest got %s, owner %s", guest.SuperuserURL, owner.SuperuserURL)
	}
	if err := local.Remove(t.Context(), home); err == nil {
		t.Error("Remove succeeded under a running cluster")
	}
	stop(t, guest.Stop)
	if got := ask(t, owner.SuperuserURL, `SELECT 'here'`); got != "here" {
		t.Errorf("after the guest left the cluster says %q", got)
	}
}

func TestStartsAtTheSameTimeShareOneStack(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	var group sync.WaitGroup
	stacks := make([]*local.Stack, 4)
	for i := range stacks {
		group.Go(func() {
			stack, err := local.Start(t.Context(), local.Options{Home: home, Fast: true})
			if err != nil {
				t.Error(err)
				return
			}
			stacks[i] = stack
			t.Cleanup(func() { stop(t, stack.Stop) })
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	owners := 0
	for _, stack := range stacks {
		if !stack.Postgres.Reused {
			owners++
		}
		if got := ask(t, stack.Postgres.SuperuserURL, `SELECT 'here'`); got != "here" {
			t.Errorf("the cluster says %q", got)
		}
		if stack.Redis.Kind == local.RedisServer && stack.Redis.URL != stacks[0].Redis.URL {
			t.Errorf("Redis at %s and %s", stack.Redis.URL, stacks[0].Redis.URL)
		}
	}
	if owners != 1 {
		t.Errorf("%d processes own the cluster, want 1", owners)
	}
}

func TestPostgresIgnoresAPidFileThatNamesAnotherProcess(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	p := startPostgres(t, local.PostgresOptions{Home: home})
	stop(t, p.Stop)
	// A process that is alive and belongs to the account that Postgres runs as: the hardest case.
	other := exec.CommandContext(t.Context(), "sleep", "60")
	other.SysProcAttr = asOwnerOf(t, p.Directory)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	stale := fmt.Sprintf("%d\n%s\n1700000000\n5432\n\n127.0.0.1\n 0 0\nready   \n", other.Process.Pid, p.Directory)
	if err := os.WriteFile(filepath.Join(p.Directory, "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	again := startPostgres(t, local.PostgresOptions{Home: home})
	if again.Reused {
		t.Error("took another process for the server")
	}
	if got := ask(t, again.SuperuserURL, `SELECT 'here'`); got != "here" {
		t.Errorf("the cluster says %q", got)
	}
}

func asOwnerOf(t *testing.T, path string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no owner")
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
}

func TestPostgresMovesWhenItsPortIsTaken(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	first := startPostgres(t, local.PostgresOptions{Home: home})
	stop(t, first.Stop)
	address, err := url.Parse(first.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	var listening net.ListenConfig
	squatter, err := listening.Listen(t.Context(), "tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close() //nolint:errcheck // Held for the length of the test.
	second := startPostgres(t, local.PostgresOptions{Home: home})
	if second.SuperuserURL == first.SuperuserURL {
		t.Fatal("kept a port that is taken")
	}
	if got := ask(t, second.SuperuserURL, `SELECT 'here'`); got != "here" {
		t.Errorf("the cluster says %q", got)
	}
}

func TestChildrenDieWithTheirParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells children of their parent's death")
	}
	home := newHome(t)
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), helperHome+"="+home)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4<<10)
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("the helper did not start its stack: %v", errors.Join(err, parent.Wait()))
	}
	said := bytes.Fields(line[:n])
	if len(said) != 2 {
		t.Fatalf("the helper said %q", line[:n])
	}
	guest := startPostgres(t, local.PostgresOptions{Home: home})
	redisPID := redisPID(t, string(said[1]))
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	until(t, "Postgres ended", func() bool {
		select {
		case <-guest.Done():
			return true
		default:
			return false
		}
	})
	until(t, "Redis ended", gone(redisPID))
}

func TestStartExplainsItsChoices(t *testing.T) {
	t.Parallel()
	secret := "hunter2"
	stack, err := local.Start(t.Context(), local.Options{Home: newHome(t), Given: local.Given{
		DatabaseURL:  "postgres://app:" + secret + "@db.example:5432/lyceum?password=" + secret,
		RedisURL:     "redis://:" + secret + "@cache.example/1",
		SearchURL:    "http://search.example:7700",
		BlobEndpoint: "https://s3.example",
		MailURL:      "smtp://app:" + secret + "@mail.example:587",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, stack.Stop) })
	if stack.Postgres != nil {
		t.Error("a Postgres was started although one was given")
	}
	if stack.Redis.Kind != local.RedisGiven {
		t.Errorf("Redis kind %q, want given", stack.Redis.Kind)
	}
	got := map[string]local.Choice{}
	for _, c := range stack.Choices {
		got[c.Need] = c
		if strings.Contains(fmt.Sprint(c), secret) {
			t.Errorf("a password is shown: %+v", c)
		}
	}
	want := map[string]string{
		"Postgres": "postgres://db.example:5432/lyceum", "Redis": "redis://cache.example/1",
		"search": "http://search.example:7700", "files": "https://s3.example",
		"mail": "smtp://mail.example:587",
	}
	if len(got) != len(want) {
		t.Errorf("%v: choices of what the server does not use", got)
	}
	for need, chosen := range want {
		if got[need].Chosen != chosen || !strings.HasSuffix(got[need].Why, "is set") {
			t.Errorf("%s: %+v, want %q", need, got[need], chosen)
		}
	}
	for _, c := range local.Survey(local.Given{}) {
		if c.Chosen == "" || c.Why == "" {
			t.Errorf("no choice or reason: %+v", c)
		}
	}
}

func redisClient(t *testing.T, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func redisPID(t *testing.T, address string) int {
	t.Helper()
	info, err := redisClient(t, address).InfoMap(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(info["Server"]["process_id"])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func startRedis(t *testing.T, home string) *local.Redis {
	t.Helper()
	r, err := local.StartRedis(t.Context(), local.RedisOptions{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != local.RedisServer {
		t.Skip("no redis-server on this machine")
	}
	t.Cleanup(func() { stop(t, r.Stop) })
	return r
}

func TestRedisKeepsItsDataOverStopKillAndRestart(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	first := startRedis(t, home)
	if err := redisClient(t, first.URL).Set(t.Context(), "kept", "before stop", 0).Err(); err != nil {
		t.Fatal(err)
	}
	stop(t, first.Stop)

	second := startRedis(t, home)
	if second.URL != first.URL {
		t.Errorf("port or password changed: %s, then %s", first.URL, second.URL)
	}
	if got := redisClient(t, second.URL).Get(t.Context(), "kept").Val(); got != "before stop" {
		t.Errorf("after the stop the key says %q", got)
	}
	if err := redisClient(t, second.URL).Set(t.Context(), "kept", "before kill", 0).Err(); err != nil {
		t.Fatal(err)
	}
	pid := redisPID(t, second.URL)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-second.Done()
	stop(t, second.Stop)

	third := startRedis(t, home)
	if got := redisClient(t, third.URL).Get(t.Context(), "kept").Val(); got != "before kill" {
		t.Errorf("after the kill the key says %q", got)
	}
}

func TestRedisIsSharedAndAsksForItsPassword(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	owner := startRedis(t, home)
	guest := startRedis(t, home)
	if owner.Reused || !guest.Reused || guest.URL != owner.URL {
		t.Fatalf("owner %+v, guest %+v", owner, guest)
	}
	stop(t, guest.Stop)
	if err := redisClient(t, owner.URL).Ping(t.Context()).Err(); err != nil {
		t.Errorf("after the guest left: %v", err)
	}
	address, err := url.Parse(owner.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = nil
	if err := redisClient(t, address.String()).Ping(t.Context()).Err(); err == nil {
		t.Error("Redis answers without a password")
	}
	if os.Geteuid() != 0 {
		return
	}
	status, err := os.Stat(fmt.Sprintf("/proc/%d", redisPID(t, owner.URL)))
	if err != nil {
		t.Fatal(err)
	}
	if who, ok := status.Sys().(*syscall.Stat_t); !ok || who.Uid == 0 {
		t.Error("Redis runs as root")
	}
}

func TestRedisInProcessForgetsWhatExpired(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r, err := local.StartRedis(t.Context(), local.RedisOptions{Home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, r.Stop) })
	if r.Kind != local.RedisInProcess {
		t.Fatalf("kind %q, want in-process", r.Kind)
	}
	client := redisClient(t, r.URL)
	if err := client.Set(t.Context(), "brief", "word", 20*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "the key expired", func() bool {
		return errors.Is(client.Get(t.Context(), "brief").Err(), redis.Nil)
	})
}
