package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/report"
	"lyceum/internal/bench/rig"
)

// OpenDatabase opens the session that reads what Postgres did.
func OpenDatabase(ctx context.Context, s *rig.Rig) (*Database, error) {
	conn, err := pgx.Connect(ctx, s.SuperuserURL)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	d := &Database{Conn: conn}
	if d.PID, err = postmaster(s.Postgres.Directory); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	_, err = conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
	d.Counts = err == nil
	return d, nil
}

// postmaster reads the process's id, which stands in the first line of its file.
func postmaster(directory string) (int, error) {
	body, err := os.ReadFile(filepath.Join(directory, "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("find Postgres: %w", err)
	}
	first, _, _ := strings.Cut(string(body), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0, fmt.Errorf("find Postgres: %w", err)
	}
	return pid, nil
}

// ThisMachine describes the machine, as far as it tells.
func ThisMachine(ctx context.Context, conn *pgx.Conn) report.Machine {
	m := report.Machine{
		System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(),
		CPU: field("/proc/cpuinfo", "model name"), Memory: field("/proc/meminfo", "MemTotal"),
	}
	var version string
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&version); err == nil {
		m.Postgres = "Postgres " + version
	}
	return m
}

// field returns what stands behind the first line that begins with the name, "" when there is none.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
