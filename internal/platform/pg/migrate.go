package pg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// RiverSchema is where River's tables live, apart from the tenants'.
const RiverSchema = "river"

// AppRole is the role whose grants the migrations give. What the server connects as is it or a member.
const AppRole = "lyceum_app"

// migrationLock is the advisory lock that lets one process migrate at a time; the number is arbitrary.
const migrationLock = 0x6c796365756d

// Migrate brings the database up to date: the versioned SQL of files (folder sql), then River's tables.
// It connects as the owner of the tables and holds an advisory lock, so that two servers starting at
// once do not meet. It returns how many migrations of ours were applied. The pool has room for two connections
// at least: one holds the lock.
func Migrate(ctx context.Context, pool *pgxpool.Pool, files fs.FS) (applied int, err error) {
	if pool.Config().MaxConns < 2 {
		return 0, errors.New("migrating takes a pool of two connections or more")
	}
	lock, err := pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect to migrate: %w", err)
	}
	defer lock.Release()
	if _, err := lock.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		return 0, fmt.Errorf("wait for other migrations: %w", err)
	}
	defer func() {
		_, unlockErr := lock.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrationLock)
		err = errors.Join(err, unlockErr)
	}()
	if err := requireAppRole(ctx, lock.Conn()); err != nil {
		return 0, err
	}
	applied, err = migrateOurs(ctx, pool, files)
	if err != nil {
		return applied, err
	}
	return applied, migrateRiver(ctx, pool)
}

func requireAppRole(ctx context.Context, conn *pgx.Conn) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)`, AppRole).Scan(&exists); err != nil {
		return fmt.Errorf("look for role %s: %w", AppRole, err)
	}
	if !exists {
		return fmt.Errorf("role %s does not exist; run `lyceum migrate --create-roles` as a superuser once", AppRole)
	}
	return nil
}

func migrateOurs(ctx context.Context, pool *pgxpool.Pool, files fs.FS) (int, error) {
	folder, err := fs.Sub(files, "sql")
	if err != nil {
		return 0, fmt.Errorf("open migrations: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder)
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("apply migrations: %w", err)
	}
	return len(results), nil
}

func migrateRiver(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+RiverSchema); err != nil {
		return fmt.Errorf("create schema %s: %w", RiverSchema, err)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{
		Schema: RiverSchema,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return fmt.Errorf("prepare River's migrations: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("apply River's migrations: %w", err)
	}
	const grants = `
		GRANT USAGE ON SCHEMA river TO lyceum_app;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA river TO lyceum_app;
		REVOKE ALL ON river.river_migration FROM lyceum_app;
		GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA river TO lyceum_app`
	if _, err := pool.Exec(ctx, grants); err != nil {
		return fmt.Errorf("grant River's tables: %w", err)
	}
	return nil
}

// Roles are the two logins of a Lyceum database.
type Roles struct {
	// Owner owns the tables and migrates; App is what the server connects as.
	Owner, App                 string
	OwnerPassword, AppPassword string
}

// Bootstrap makes the roles and the database, if they are not there. It connects as a superuser and may
// be run again: passwords are then set anew.
func Bootstrap(ctx context.Context, superuser *pgx.Conn, database string, roles Roles) error {
	if roles.App != AppRole {
		return fmt.Errorf("the application role is called %s: the migrations grant to it", AppRole)
	}
	if err := spareSuperusers(ctx, superuser, roles.Owner, roles.App); err != nil {
		return err
	}
	// What is counted is kept as it was sent, passwords too, unless a superuser says otherwise. Who is none may not say so.
	_, _ = superuser.Exec(ctx, `SET pg_stat_statements.track_utility = off`)
	for role, password := range map[string]string{roles.Owner: roles.OwnerPassword, roles.App: roles.AppPassword} {
		if err := createRole(ctx, superuser, role, password); err != nil {
			return err
		}
	}
	var exists bool
	if err := superuser.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, database).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", database, err)
	}
	if exists {
		return nil
	}
	create := `CREATE DATABASE ` + pgx.Identifier{database}.Sanitize() + ` OWNER ` + pgx.Identifier{roles.Owner}.Sanitize()
	if _, err := superuser.Exec(ctx, create); err != nil {
		return fmt.Errorf("create database %s: %w", database, err)
	}
	return nil
}

// spareSuperusers returns an error when one of the roles is a superuser, who would be made an ordinary role: whoever names the
// cluster's own would be left without any.
func spareSuperusers(ctx context.Context, superuser *pgx.Conn, roles ...string) error {
	var exalted []string
	const look = `SELECT coalesce(array_agg(rolname::text), '{}') FROM pg_roles WHERE rolname = ANY ($1) AND rolsuper`
	if err := superuser.QueryRow(ctx, look, roles).Scan(&exalted); err != nil {
		return fmt.Errorf("look at roles: %w", err)
	}
	if len(exalted) > 0 {
		return fmt.Errorf("%s is a superuser: name a role of Lyceum's own", strings.Join(exalted, ", "))
	}
	return nil
}

func createRole(ctx context.Context, superuser *pgx.Conn, role, password string) error {
	var statement string
	// format() quotes the name and the password: neither can end the statement.
	const build = `SELECT format(CASE WHEN EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)
		THEN 'ALTER ROLE %I' ELSE 'CREATE ROLE %I' END
		|| ' LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD %L', $1::text, $2::text)`
	if err := superuser.QueryRow(ctx, build, role, password).Scan(&statement); err != nil {
		return fmt.Errorf("prepare role %s: %w", role, err)
	}
	if _, err := superuser.Exec(ctx, statement); err != nil {
		return fmt.Errorf("create role %s: %w", role, err)
	}
	return nil
}
