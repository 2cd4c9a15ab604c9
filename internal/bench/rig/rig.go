// Package rig sets up what a measurement needs: a durable Postgres and a Redis of its own, a seeded database, and the
// servers that are measured, each as processes of their own.
package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/platform/local"
	"lyceum/internal/platform/pg"
)

// Options say what to set up.
type Options struct {
	// Home keeps the cluster from one run to the next; the directory is made.
	Home string
	Size dataset.Size
	// Migrate brings the schema of the database at the owner's URL up to date.
	Migrate func(ctx context.Context, ownerURL string) error
	// Peer is the directory of PostGraphile, with its packages installed; empty leaves it out.
	Peer string
	// Say is told what is being done.
	Say io.Writer
}

// Rig is what was set up.
type Rig struct {
	Postgres *local.Postgres
	Redis    *local.Redis
	// SuperuserURL, OwnerURL and AppURL lead to the seeded database.
	SuperuserURL, OwnerURL, AppURL string
	// Logs is the directory in which the processes log.
	Logs string

	options Options
	running []*Process
}

// The passwords protect nothing: the cluster listens on the loopback interface, lives for measurements, and holds
// made-up rows.
const (
	ownerRole     = "lyceum_owner"
	ownerPassword = "owner"
	appPassword   = "app"
)

// memory is what Postgres may cache, so that the seeded rows stay in it.
const memory = "2GB"

// Open starts the servers and seeds the database, unless the home has it already. Close stops what was started, also
// after an error.
func Open(ctx context.Context, o Options) (r *Rig, err error) {
	r = &Rig{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close(context.WithoutCancel(ctx)))
		}
	}()
	if o.Home, err = local.MakeHome(o.Home); err != nil {
		return r, fmt.Errorf("make home: %w", err)
	}
	r.options.Home, r.Logs = o.Home, filepath.Join(o.Home, "logs")
	if err := r.start(ctx); err != nil {
		return r, err
	}
	if err := r.prepare(ctx); err != nil {
		return r, err
	}
	return r, nil
}

// Close stops what Open and Run started, last first.
func (r *Rig) Close(ctx context.Context) error {
	var errs []error
	for _, process := range slices.Backward(r.running) {
		errs = append(errs, process.Stop())
	}
	if r.Redis != nil {
		errs = append(errs, r.Redis.Stop(ctx))
	}
	if r.Postgres != nil {
		errs = append(errs, r.Postgres.Stop(ctx))
	}
	return errors.Join(errs...)
}

// start starts Postgres, with the memory that it is measured with, and Redis.
func (r *Rig) start(ctx context.Context) (err error) {
	if r.Postgres, err = local.StartPostgres(ctx, local.PostgresOptions{Home: r.options.Home}); err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	changed, err := giveMemory(ctx, r.Postgres.SuperuserURL)
	if err != nil {
		return err
	}
	if changed {
		if err := r.Postgres.Stop(ctx); err != nil {
			return fmt.Errorf("restart Postgres: %w", err)
		}
		if r.Postgres, err = local.StartPostgres(ctx, local.PostgresOptions{Home: r.options.Home}); err != nil {
			return fmt.Errorf("restart Postgres: %w", err)
		}
	}
	if r.Redis, err = local.StartRedis(ctx, local.RedisOptions{Home: r.options.Home}); err != nil {
		return fmt.Errorf("start Redis: %w", err)
	}
	return nil
}

// giveMemory sets how much Postgres caches, and says whether that needs a restart.
func giveMemory(ctx context.Context, superuserURL string) (changed bool, err error) {
	conn, err := pgx.Connect(ctx, superuserURL)
	if err != nil {
		return false, fmt.Errorf("connect to the cluster: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var has string
	if err := conn.QueryRow(ctx, "SHOW shared_buffers").Scan(&has); err != nil {
		return false, fmt.Errorf("read shared_buffers: %w", err)
	}
	if has == memory {
		return false, nil
	}
	for _, statement := range []string{
		"ALTER SYSTEM SET shared_buffers = '" + memory + "'", "ALTER SYSTEM SET max_wal_size = '8GB'",
		"ALTER SYSTEM SET checkpoint_timeout = '30min'", "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return false, fmt.Errorf("%s: %w", statement, err)
		}
	}
	return true, nil
}

// prepare makes roles and database, migrates, and seeds when nobody has.
func (r *Rig) prepare(ctx context.Context) error {
	database := "bench_" + r.options.Size.Name
	conn, err := pgx.Connect(ctx, r.Postgres.SuperuserURL)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	roles := pg.Roles{Owner: ownerRole, OwnerPassword: ownerPassword, App: pg.AppRole, AppPassword: appPassword}
	err = errors.Join(pg.Bootstrap(ctx, conn, database, roles), conn.Close(ctx))
	if err != nil {
		return fmt.Errorf("make database: %w", err)
	}
	if err := r.address(database); err != nil {
		return err
	}
	if err := r.options.Migrate(ctx, r.OwnerURL); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return r.seed(ctx)
}

// address makes the URLs of the database.
func (r *Rig) address(database string) error {
	at, err := url.Parse(r.Postgres.SuperuserURL)
	if err != nil {
		return fmt.Errorf("read the cluster's address: %w", err)
	}
	at.Path = "/" + database
	r.SuperuserURL = at.String()
	at.User = url.UserPassword(ownerRole, ownerPassword)
	r.OwnerURL = at.String()
	at.User = url.UserPassword(pg.AppRole, appPassword)
	r.AppURL = at.String()
	return nil
}

// seed fills the database, and makes what PostGraphile needs in it. The peer's schema is made last: it marks a database
// that was seeded whole.
func (r *Rig) seed(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, r.SuperuserURL)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var seeded, begun bool
	const look = `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'peer'), EXISTS (SELECT 1 FROM placements)`
	if err := conn.QueryRow(ctx, look).Scan(&seeded, &begun); err != nil {
		return fmt.Errorf("look for seeded rows: %w", err)
	}
	if seeded {
		return nil
	}
	if begun {
		return fmt.Errorf("the database in %s was seeded in part: remove the directory and start again", r.options.Home)
	}
	if err := dataset.Seed(ctx, conn, r.options.Size, r.step); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	functions, err := os.ReadFile(filepath.Join(r.options.Peer, "peer.sql"))
	if err != nil {
		return fmt.Errorf("read the peer's functions: %w", err)
	}
	if _, err := conn.Exec(ctx, string(functions)); err != nil {
		return fmt.Errorf("make the peer's functions: %w", err)
	}
	return nil
}

// barWidth is the length of the bar that grows while rows are made.
const barWidth = 24

func (r *Rig) step(name string, n, of int) {
	bar := make([]byte, barWidth)
	for i := range bar {
		bar[i] = '.'
		if i < barWidth*n/of {
			bar[i] = '#'
		}
	}
	_, _ = fmt.Fprintf(r.options.Say, "seeding %s [%s] %s\n", r.options.Size.Name, bar, strconv.Itoa(n)+"/"+strconv.Itoa(of)+" "+name)
}
