package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// RedisKind says what answers at a Redis's address.
type RedisKind string

// The kinds of Redis.
const (
	// RedisGiven is run by somebody else; REDIS_URL names it.
	RedisGiven RedisKind = "given"
	// RedisServer is a redis-server or valkey-server of this machine, with its data under home.
	RedisServer RedisKind = "server"
	// RedisInProcess is an imitation inside this process: no other process sees it and it forgets at exit.
	RedisInProcess RedisKind = "in-process"
)

// RedisOptions say which Redis to use.
type RedisOptions struct {
	// Home holds the data; empty means DefaultHome.
	Home string
	// URL names a Redis that exists already; empty finds or starts one.
	URL string
	// Server is the program to start; empty looks for redis-server and valkey-server on PATH.
	Server string
}

// Redis is a Redis that answers, except that one that was given is not asked.
type Redis struct {
	URL  string
	Kind RedisKind
	// Reused is set when the server was started by another process, which is the one to stop it.
	Reused bool

	server  string
	process *process
	lock    *os.File
	memory  *miniredis.Miniredis
	once    sync.Once
}

// StartRedis returns the Redis at URL, or finds or starts the server of a home, or, where none is installed,
// an imitation in this process.
func StartRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	if o.URL != "" {
		return &Redis{URL: o.URL, Kind: RedisGiven}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	server := o.Server
	if server == "" {
		server = lookUp("redis-server", "valkey-server")
	}
	start := func() (*Redis, error) { return startServer(ctx, o.Home, server) }
	if server == "" {
		start = startInProcess
	}
	r, err := start()
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	return r, nil
}

func lookUp(programs ...string) string {
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	return ""
}

// Stop ends the Redis if this process started it, and gives its home up. What was written is kept. When ctx
// ends first, the server is killed.
func (r *Redis) Stop(ctx context.Context) error {
	var err error
	r.once.Do(func() { err = r.stop(ctx) })
	if err != nil {
		return fmt.Errorf("stop Redis: %w", err)
	}
	return nil
}

func (r *Redis) stop(ctx context.Context) error {
	switch {
	case r.memory != nil:
		r.memory.Close()
		return nil
	case r.process == nil:
		return nil
	case r.Reused:
		r.process.release()
		return nil
	default:
		return errors.Join(r.process.stop(ctx, terminate, kill), r.lock.Close())
	}
}

// Done is closed when a server that was started or found has ended; for the other kinds it is nil.
func (r *Redis) Done() <-chan struct{} {
	if r.process == nil {
		return nil
	}
	return r.process.done
}

func (r *Redis) choice() Choice {
	c := Choice{Need: "Redis"}
	switch r.Kind {
	case RedisGiven:
		c.Chosen, c.Why = hostOf(r.URL), "REDIS_URL is set"
	case RedisServer:
		c.Chosen, c.Why = r.server, "found on PATH"
		if r.Reused {
			c.Why = "it is running already"
		}
	case RedisInProcess:
		c.Chosen, c.Why = "an imitation in this process", "no redis-server is on PATH"
		c.Limits = "Other processes do not see it, and it forgets everything at exit."
	}
	return c
}

func startInProcess() (*Redis, error) {
	memory := miniredis.NewMiniRedis()
	memory.ClockTTL(true) // By default its keys never expire.
	if err := memory.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &Redis{URL: "redis://" + memory.Addr() + "/0", Kind: RedisInProcess, memory: memory}, nil
}

// redisUsers are the accounts that the server may run as when it is started by root, best first.
func redisUsers() []string { return []string{"redis", "nobody"} }

func removeServer(ctx context.Context, home string) error {
	s, err := settle(ctx, home, "redis", redisUsers()...)
	if err != nil {
		return err
	}
	k := &keeper{site: s}
	return s.remove(ctx, func() error {
		pid := k.running(ctx)
		if pid == 0 {
			return nil
		}
		return watch(pid).stop(ctx, terminate, kill)
	})
}

// keeper is the work of starting one server.
type keeper struct {
	*site

	server string
}

func startServer(ctx context.Context, home, server string) (*Redis, error) {
	s, err := settle(ctx, home, "redis", redisUsers()...)
	if err != nil {
		return nil, err
	}
	k := &keeper{site: s, server: server}
	lock, err := k.claim(ctx, func() bool { return k.load() == nil && k.running(ctx) != 0 })
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return k.result(watch(k.running(ctx)), nil), nil
	}
	process, err := k.own(ctx)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return k.result(process, lock), nil
}

func (k *keeper) result(process *process, lock *os.File) *Redis {
	address := url.URL{
		Scheme: "redis", User: url.UserPassword("default", k.Password),
		Host: fmt.Sprintf("127.0.0.1:%d", k.Port), Path: "/0",
	}
	return &Redis{
		URL: address.String(), Kind: RedisServer, Reused: lock == nil,
		server: k.server, process: process, lock: lock,
	}
}

// own takes over a server that was left behind, or starts one. It is tried again when its port was taken
// meanwhile.
func (k *keeper) own(ctx context.Context) (*process, error) {
	if pid := k.running(ctx); pid != 0 {
		return watch(pid), nil
	}
	if err := k.user.own(k.path("data")); err != nil {
		return nil, err
	}
	for {
		process, err := k.serve(ctx)
		if err == nil || !saidWhy(err, "Address already in use") {
			return process, err
		}
		k.Port = 0
		if waitErr := pause(ctx, 10*pollEvery); waitErr != nil {
			return nil, errors.Join(err, waitErr)
		}
	}
}

func (k *keeper) serve(ctx context.Context) (*process, error) {
	if err := k.choosePort(ctx); err != nil {
		return nil, err
	}
	// The server outlives the context that it is started in.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), k.server, "-") //nolint:gosec // Found on PATH or named by the caller.
	cmd.Dir = k.dir
	cmd.Env = childEnv()
	cmd.SysProcAttr = attributes(k.user, terminate)
	// Through standard input neither a file nor the list of processes shows the password.
	cmd.Stdin = strings.NewReader(k.settings())
	ready := func(ctx context.Context, pid int) bool { return k.running(ctx) == pid }
	return service{home: k.home, name: k.name, cmd: cmd, ready: ready, ask: terminate, force: kill}.launch(ctx)
}

func (k *keeper) settings() string {
	return fmt.Sprintf(`bind 127.0.0.1
port %d
protected-mode yes
requirepass %s
daemonize no
dir %s
appendonly yes
save ""
`, k.Port, k.Password, strconv.Quote(filepath.ToSlash(k.path("data"))))
}

// running returns the process id of the server at the remembered port if it knows our password and is ready,
// and else 0.
func (k *keeper) running(ctx context.Context) int {
	if k.Port == 0 {
		return 0
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", k.Port))
	if err != nil {
		return 0
	}
	defer conn.Close() //nolint:errcheck // Nothing is lost with it.
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return 0
	}
	// QUIT makes the server close, which ends the answer. PING is refused while it still reads its data.
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\nINFO server\r\nQUIT\r\n", k.Password); err != nil {
		return 0
	}
	return readIdentity(bufio.NewScanner(conn))
}

// readIdentity reads the answers to AUTH, PING and INFO, and returns the process id that INFO tells.
func readIdentity(answer *bufio.Scanner) int {
	for _, want := range []string{"+OK", "+PONG"} {
		if !answer.Scan() || answer.Text() != want {
			return 0
		}
	}
	for answer.Scan() {
		if text, ok := strings.CutPrefix(answer.Text(), "process_id:"); ok {
			pid, err := strconv.Atoi(text)
			if err != nil {
				return 0
			}
			return pid
		}
	}
	return 0
}
