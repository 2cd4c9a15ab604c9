// Package rig sets up what a measurement needs: a durable Postgres and a Redis of its own, a seeded database, and the
// servers that are measured, each as processes of their own.
package rig

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	// Migrate brings the schema of the database at the owner's URL up to date. Schema says which schema that is: a
	// database that was seeded under another one is made anew.
	Migrate func(ctx context.Context, ownerURL string) error
	Schema  string
	// Peer is the directory of PostGraphile, its packages installed; empty leaves it out.
	Peer string
	// WAL is how much log Postgres keeps between checkpoints, "8GB" when it is empty.
	WAL string
	// Environ is added to the environment of every process.
	Environ []string
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

// memory is what Postgres may cache, so that the seeded rows stay in it; wal is what it writes between checkpoints, so that
// there is none while something is measured.
const (
	memory = "2GB"
	wal    = "8GB"
)

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
	changed, err := giveMemory(ctx, r.Postgres.SuperuserURL, cmp.Or(r.options.WAL, wal))
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
func giveMemory(ctx context.Context, superuserURL, most string) (changed bool, err error) {
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
		"ALTER SYSTEM SET shared_buffers = '" + memory + "'", "ALTER SYSTEM SET max_wal_size = '" + most + "'",
		"ALTER SYSTEM SET checkpoint_timeout = '30min'",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return false, fmt.Errorf("%s: %w", statement, err)
		}
	}
	return true, nil
}

// prepare makes roles and database, migrates, and seeds when nobody has.
func (r *Rig) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, r.Postgres.SuperuserURL)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	made, err := r.recipe()
	if err != nil {
		return err
	}
	seeded, err := r.look(ctx, conn, made)
	if err != nil {
		return err
	}
	roles := pg.Roles{Owner: ownerRole, OwnerPassword: ownerPassword, App: pg.AppRole, AppPassword: appPassword}
	if err := pg.Bootstrap(ctx, conn, r.database(), roles); err != nil {
		return fmt.Errorf("make database: %w", err)
	}
	if err := r.address(r.database()); err != nil {
		return err
	}
	if err := r.options.Migrate(ctx, r.OwnerURL); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if seeded {
		return nil
	}
	if err := r.seed(ctx); err != nil {
		return err
	}
	// Said last: it marks a database that was seeded whole.
	if _, err := conn.Exec(ctx, "COMMENT ON DATABASE "+r.quoted()+" IS '"+made+"'"); err != nil {
		return fmt.Errorf("mark the seeded database: %w", err)
	}
	return nil
}

func (r *Rig) database() string { return "bench_" + r.options.Size.Name }

func (r *Rig) quoted() string { return pgx.Identifier{r.database()}.Sanitize() }

// recipe names what a seeded database is made of, in hex.
func (r *Rig) recipe() (string, error) {
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%s\n%s\n%+v\n", r.options.Schema, dataset.Recipe(), r.options.Size)
	if r.options.Peer != "" {
		functions, err := os.ReadFile(filepath.Join(r.options.Peer, "peer.sql"))
		if err != nil {
			return "", fmt.Errorf("read the peer's functions: %w", err)
		}
		_, _ = hash.Write(functions)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// look reports whether the database is there and made of what it should be made of. One that is of something else, or
// was seeded in part, is dropped.
func (r *Rig) look(ctx context.Context, conn *pgx.Conn, made string) (seeded bool, err error) {
	const comment = `SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1`
	var said string
	err = conn.QueryRow(ctx, comment, r.database()).Scan(&said)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for seeded rows: %w", err)
	case said == made:
		return true, nil
	}
	_, _ = fmt.Fprintf(r.options.Say, "the rows of %s are of another Lyceum, or not all there: they are made anew\n", r.options.Size.Name)
	return false, r.drop(ctx, conn)
}

func (r *Rig) drop(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+r.quoted()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	return nil
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

// seed fills the database, and makes what PostGraphile needs in it.
func (r *Rig) seed(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, r.SuperuserURL)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := dataset.Seed(ctx, conn, r.options.Size, r.step); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if r.options.Peer == "" {
		return nil
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

// servers is the directory in which the servers that are measured have their homes.
const servers = "servers"

// HomeOf is the home of the server of that name.
func (r *Rig) HomeOf(name string) string { return filepath.Join(r.options.Home, servers, name) }

// Remove stops what was started and deletes what the home holds of measurements: the cluster with all its rows, and logs.
func (r *Rig) Remove(ctx context.Context) error {
	err := r.Close(ctx)
	if r.Postgres == nil || r.Postgres.Reused {
		return err // Somebody else is at work there.
	}
	err = errors.Join(err, local.Remove(ctx, r.options.Home), os.RemoveAll(r.Logs), os.RemoveAll(filepath.Join(r.options.Home, servers)))
	_ = os.Remove(r.options.Home) // It stays when something else is in it.
	return err
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
