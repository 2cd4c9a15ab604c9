package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// maxSocketPath is the longest directory for a Unix socket: the kernel's limit (104 bytes on macOS) less the
// name of the socket.
const maxSocketPath = 80

// PostgresOptions say where the cluster lives and how it runs.
type PostgresOptions struct {
	// Home holds the cluster; empty means DefaultHome.
	Home string
	// BinDir holds initdb and postgres; empty looks in the usual places.
	BinDir string
	// Fast gives up durability for speed (fsync off): for tests only. What was committed survives the death of
	// the server's processes, not of the machine.
	Fast bool
	// Follows is the superuser's URL of another cluster made by StartPostgres: this one becomes its hot standby.
	Follows string
}

// Postgres is a private cluster that answers.
type Postgres struct {
	// SuperuserURL connects to the database "postgres" as its superuser. Making roles and databases is the
	// caller's business.
	SuperuserURL string
	// Version is what runs: "15.18".
	Version string
	// Directory holds the cluster's data.
	Directory string
	// Log is the file that the server logs to.
	Log string
	// Reused is set when the cluster was started by another process, which is the one to stop it.
	Reused bool

	bin     string
	process *process
	lock    *os.File
	once    sync.Once
}

// StartPostgres finds or starts the cluster of a home and returns when it accepts connections. A new cluster is
// made when there is none. One that was killed recovers by itself.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s, err := settle(ctx, o.Home, "postgres", postgresUsers()...)
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	c := &cluster{site: s, fast: o.Fast, follows: o.Follows}
	if err := c.adopt(); err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	if err := c.choose(ctx, o.BinDir); err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	p, err := c.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	return p, nil
}

// Stop ends the cluster, unless another process owns it, and gives its home up. Sessions are closed. When ctx
// ends before the cluster has, it is stopped without a checkpoint, and recovers at the next start.
func (p *Postgres) Stop(ctx context.Context) error {
	var err error
	p.once.Do(func() {
		if p.Reused {
			p.process.release()
			return
		}
		err = errors.Join(p.process.stop(ctx, interrupt, quit), p.lock.Close())
	})
	if err != nil {
		return fmt.Errorf("stop Postgres: %w", err)
	}
	return nil
}

// Done is closed when the server has ended, asked or not.
func (p *Postgres) Done() <-chan struct{} { return p.process.done }

func removePostgres(ctx context.Context, home string) error {
	s, err := settle(ctx, home, "postgres", postgresUsers()...)
	if err != nil {
		return err
	}
	c := &cluster{site: s}
	return s.remove(ctx, func() error {
		left := c.running(ctx)
		if left.pid == 0 {
			return nil
		}
		return watch(left.pid).stop(ctx, interrupt, quit)
	})
}

func (p *Postgres) choice() Choice {
	c := Choice{Need: "Postgres", Chosen: "PostgreSQL " + p.Version + " in " + p.Directory, Why: "binaries found in " + p.bin}
	if p.Reused {
		c.Why = "it is running already"
	}
	return c
}

// postgresUsers are the accounts that the server may run as when it is started by root, best first.
func postgresUsers() []string { return []string{"postgres", "nobody"} }

// cluster is the work of one start.
type cluster struct {
	*site
	binaries

	fast bool
	// follows is empty for a cluster of its own.
	follows string
}

func (c *cluster) data() string { return c.path("data") }

// choose finds the binaries: of the version that wrote the data, if there is data.
func (c *cluster) choose(ctx context.Context, binDir string) error {
	major, err := dataVersion(c.data())
	if err != nil {
		return err
	}
	places := usualPlaces(c.home)
	if binDir != "" {
		places = []string{binDir}
	}
	found, err := findPostgres(ctx, places, major, c.user)
	if err != nil {
		return err
	}
	c.binaries, err = found.reachableBy(c.user, c.dir)
	return err
}

// dataVersion returns the major version that wrote the data, 0 when there is none.
func dataVersion(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read version of data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read version of data: %w", err)
	}
	return major, nil
}

// open uses the cluster of another process, takes over one that was left behind, or starts one.
func (c *cluster) open(ctx context.Context) (*Postgres, error) {
	lock, err := c.claim(ctx, func() bool { return c.running(ctx).ready })
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return c.result(watch(c.running(ctx).pid), nil)
	}
	process, err := c.own(ctx)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return c.result(process, lock)
}

// own returns the server of a cluster that nobody else owns.
func (c *cluster) own(ctx context.Context) (*process, error) {
	if left := c.running(ctx); left.pid != 0 {
		process := watch(left.pid)
		if err := process.await(ctx, c.ready); err != nil {
			process.release()
			return nil, err
		}
		return process, nil
	}
	if err := c.create(ctx); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(c.data(), "postmaster.pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove stale pid file: %w", err)
	}
	return c.serve(ctx)
}

func (c *cluster) result(process *process, lock *os.File) (*Postgres, error) {
	// Whoever started the cluster may have changed the port since the record was read.
	if err := c.load(); err != nil {
		return nil, err
	}
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", c.Password),
		Host: fmt.Sprintf("127.0.0.1:%d", c.Port), Path: "/postgres", RawQuery: "sslmode=disable",
	}
	return &Postgres{
		SuperuserURL: address.String(), Version: c.full, Directory: c.data(), Log: logPath(c.home, c.name),
		Reused: lock == nil, bin: c.bin, process: process, lock: lock,
	}, nil
}

// postmaster is what a data directory says about its server.
type postmaster struct {
	pid   int
	ready bool
}

// running reads postmaster.pid: the process id is its first line, the state its eighth. A file that a killed
// server left behind may name a process that is something else by now; that counts as nothing.
func (c *cluster) running(ctx context.Context) postmaster {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return postmaster{}
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 || !alive(pid) || !strings.Contains(commandLine(ctx, pid), c.data()) {
		return postmaster{}
	}
	return postmaster{pid: pid, ready: len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"}
}

// create makes a cluster unless there is one. It appears whole or not at all.
func (c *cluster) create(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.data(), "PG_VERSION")); err == nil {
		return nil
	}
	fresh := c.path("data.new")
	if err := c.fill(ctx, fresh); err != nil {
		return fmt.Errorf("make cluster: %w", err)
	}
	if err := os.Rename(fresh, c.data()); err != nil {
		return fmt.Errorf("make cluster: %w", err)
	}
	return nil
}

// fill makes the files of the cluster.
func (c *cluster) fill(ctx context.Context, dir string) error {
	if c.follows != "" {
		return c.follow(ctx, dir)
	}
	if err := c.initialise(ctx, dir); err != nil {
		return err
	}
	return includeSettings(dir)
}

// initialise runs initdb with the first locale that the machine has. Sorting by code point is the same
// everywhere; what counts as a letter must cover all of Unicode, or trigrams of other scripts are lost.
func (c *cluster) initialise(ctx context.Context, dir string) error {
	password := c.path("password")
	defer os.Remove(password) //nolint:errcheck // Made below; whether it is there does not matter.
	if err := os.WriteFile(password, []byte(c.Password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write password: %w", err)
	}
	if err := c.user.give(password); err != nil {
		return err
	}
	var errs []error
	for _, locale := range [][]string{
		{"--locale=C.UTF-8"},
		{"--locale=en_US.UTF-8", "--lc-collate=C"},
		{"--locale=C", "--locale-provider=icu", "--icu-locale=und"},
		{"--locale=C"},
	} {
		err := c.initdb(ctx, dir, password, locale)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *cluster) initdb(ctx context.Context, dir, password string, locale []string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := c.user.own(dir); err != nil {
		return err
	}
	args := append([]string{
		"--pgdata=" + dir, "--username=postgres", "--pwfile=" + password, "--encoding=UTF8",
		"--auth=scram-sha-256", "--no-instructions",
	}, locale...)
	if c.fast {
		args = append(args, "--no-sync")
	}
	cmd := c.command(ctx, "initdb", args...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb %s: %w: %s", strings.Join(locale, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// command prepares a program of Postgres to run as the account.
func (c *cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...) //nolint:gosec // Found by us.
	cmd.Dir = c.dir
	cmd.Env = childEnv()
	cmd.SysProcAttr = attributes(c.user, interrupt)
	return cmd
}

// includeSettings lets the cluster's configuration end with ours.
func includeSettings(data string) error {
	root, err := os.OpenRoot(data)
	if err != nil {
		return fmt.Errorf("open data: %w", err)
	}
	defer root.Close() //nolint:errcheck // The file's own Close tells.
	file, err := root.OpenFile("postgresql.conf", os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open configuration: %w", err)
	}
	_, err = file.WriteString("\ninclude = 'lyceum.conf'\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// counter is the library that counts statements. Where it is missing the server runs without.
const counter = "pg_stat_statements"

// configure writes the settings of this start.
func (c *cluster) configure(ctx context.Context) error {
	socket := c.path("run")
	if len(socket) > maxSocketPath {
		socket = ""
	} else if err := c.user.own(socket); err != nil {
		return err
	}
	durable := "on"
	if c.fast {
		durable = "off"
	}
	settings := fmt.Sprintf(`# Written by lyceum at every start: changes here are lost.
listen_addresses = '127.0.0.1'
port = %d
unix_socket_directories = '%s'
max_connections = 200
shared_buffers = 128MB
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%%m [%%p] %%q%%u@%%d '
fsync = %[3]s
full_page_writes = %[3]s
`, c.Port, strings.ReplaceAll(socket, "'", "''"), durable)
	if c.has(ctx, counter) {
		settings += "shared_preload_libraries = '" + counter + "'\n"
	}
	// The directory belongs to the account: a link that it may have put there is not followed out of it.
	root, err := os.OpenRoot(c.data())
	if err != nil {
		return fmt.Errorf("open data: %w", err)
	}
	defer root.Close() //nolint:errcheck // WriteFile closes the file.
	if err := root.WriteFile("lyceum.conf", []byte(settings), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return c.user.give(filepath.Join(c.data(), "lyceum.conf"))
}

// serve starts the server. It is tried again when its port was taken meanwhile, and when the processes of a
// killed server have not all gone yet.
func (c *cluster) serve(ctx context.Context) (*process, error) {
	for {
		process, err := c.serveOnce(ctx)
		if err == nil {
			return process, nil
		}
		switch {
		case saidWhy(err, "could not bind"):
			c.Port = 0
		case saidWhy(err, "shared memory block"):
		default:
			return nil, err
		}
		if waitErr := pause(ctx, 10*pollEvery); waitErr != nil {
			return nil, errors.Join(err, waitErr)
		}
	}
}

func (c *cluster) serveOnce(ctx context.Context) (*process, error) {
	if err := c.choosePort(ctx); err != nil {
		return nil, err
	}
	if err := c.configure(ctx); err != nil {
		return nil, err
	}
	// The server outlives the context that it is started in.
	cmd := c.command(context.WithoutCancel(ctx), "postgres", "-D", c.data())
	return service{home: c.home, name: c.name, cmd: cmd, ready: c.ready, ask: interrupt, force: quit}.launch(ctx)
}

// ready reports whether the server with this process id accepts connections.
func (c *cluster) ready(ctx context.Context, pid int) bool {
	now := c.running(ctx)
	return now.ready && now.pid == pid
}
