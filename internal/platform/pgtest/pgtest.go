// Package pgtest gives each test a fresh Postgres database in tens of milliseconds: a clone of a template
// that is migrated once for each set of migrations. Tests connect as the application role, so row-level
// security is on.
package pgtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/ent/migrate"
	"lyceum/internal/platform/pg"
)

// URLVariable names the environment variable with a superuser's URL of a server that tests may fill.
// Without it each test process starts a server of its own.
const URLVariable = "LYCEUM_TEST_DATABASE_URL"

// password of the roles in test clusters, which listen on loopback only.
const password = "lyceum-test"

const ownerRole = "lyceum_owner"

// templateLock serialises building the template among test processes.
const templateLock = 0x74656d706c

// Database is one test's database.
type Database struct {
	*pg.DB

	// URL connects as the application role, OwnerURL as the owner of the tables, and SuperuserURL as somebody
	// whom no wall stops: to arrange and to look at what a test cannot otherwise.
	URL, OwnerURL, SuperuserURL string

	mu      sync.Mutex
	events  []pg.Event
	entries []pg.Entry
}

// Events returns what committed and uncommitted transactions announced so far.
func (d *Database) Events() []pg.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]pg.Event(nil), d.events...)
}

// Entries returns what was recorded for the audit log so far.
func (d *Database) Entries() []pg.Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]pg.Entry(nil), d.entries...)
}

// New returns a database of the test's own, dropped at its end. Announced events and audit entries are
// kept for the test to look at.
func New(t testing.TB) *Database {
	t.Helper()
	d := &Database{}
	hooks := pg.Hooks{
		Announce: func(_ context.Context, _ *pg.Tx, events []pg.Event) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.events = append(d.events, events...)
			return nil
		},
		Record: func(_ context.Context, _ *pg.Tx, entry pg.Entry) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.entries = append(d.entries, entry)
			return nil
		},
	}
	d.URL, d.OwnerURL, d.SuperuserURL = Clone(t)
	pool := Pool(t, d.URL)
	d.DB = pg.Open(pool, hooks)
	return d
}

// Clone makes a migrated database and returns the URLs of the application role, of the owner and of the
// superuser.
func Clone(t testing.TB) (appURL, ownerURL, superuserURL string) {
	t.Helper()
	server := serverURL(t)
	template := buildTemplate(t, server)
	name := "t_" + strings.ToLower(rand.Text()[:16])
	admin(t, server, func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), `CREATE DATABASE `+name+` TEMPLATE `+template+` OWNER `+ownerRole)
		return err
	})
	dropAtEnd(t, server, name)
	user := url.UserPassword
	return at(t, server, user(pg.AppRole, password), name), at(t, server, user(ownerRole, password), name), at(t, server, nil, name)
}

// Empty makes a database that nothing has been migrated into and returns the URL of its owner.
func Empty(t testing.TB) (ownerURL string) {
	t.Helper()
	server := serverURL(t)
	name := "t_" + strings.ToLower(rand.Text()[:16])
	admin(t, server, func(conn *pgx.Conn) error {
		// Roles belong to the whole server: the lock keeps test processes from making them twice.
		if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
			return err
		}
		return pg.Bootstrap(t.Context(), conn, name, roles())
	})
	dropAtEnd(t, server, name)
	return at(t, server, url.UserPassword(ownerRole, password), name)
}

func roles() pg.Roles {
	return pg.Roles{Owner: ownerRole, App: pg.AppRole, OwnerPassword: password, AppPassword: password}
}

func dropAtEnd(t testing.TB, server, name string) {
	t.Helper()
	t.Cleanup(func() {
		admin(t, server, func(conn *pgx.Conn) error {
			_, err := conn.Exec(context.WithoutCancel(t.Context()), `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
			return err
		})
	})
}

// Pool opens a small pool on the URL, closed at the end of the test.
func Pool(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatalf("parse database URL: %v", err)
	}
	config.MaxConns = 8
	config.AfterConnect = pg.Prepare
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// admin runs fn on a connection of the superuser.
func admin(t testing.TB, server string, fn func(conn *pgx.Conn) error) {
	t.Helper()
	// A cleanup runs after the test's own context has ended.
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := fn(conn); err != nil {
		t.Fatalf("prepare test database: %v", err)
	}
}

// at returns the server's URL for a database, and for a user unless it is nil.
func at(t testing.TB, server string, user *url.Userinfo, database string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("parse %s: %v", URLVariable, err)
	}
	if user != nil {
		u.User = user
	}
	u.Path = "/" + database
	return u.String()
}

// Superuser connects to the database as somebody whom no wall stops.
func Superuser(t testing.TB, d *Database) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.SuperuserURL)
	if err != nil {
		t.Fatalf("connect as superuser: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// buildTemplate migrates the template once for each set of migrations and returns its name.
func buildTemplate(t testing.TB, server string) string {
	t.Helper()
	name := "lyceum_template_" + migrationHash(t)
	admin(t, server, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
			return err
		}
		var exists bool
		const ready = `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`
		if err := conn.QueryRow(t.Context(), ready, name).Scan(&exists); err != nil || exists {
			return err
		}
		return migrateTemplate(t, conn, server, name)
	})
	return name
}

// migrateTemplate builds under another name first, so that a killed test leaves no half-made template.
func migrateTemplate(t testing.TB, conn *pgx.Conn, server, name string) error {
	t.Helper()
	building := name + "_building"
	if _, err := conn.Exec(t.Context(), `DROP DATABASE IF EXISTS `+building+` WITH (FORCE)`); err != nil {
		return err
	}
	if err := pg.Bootstrap(t.Context(), conn, building, roles()); err != nil {
		return err
	}
	pool, err := pgxpool.New(t.Context(), at(t, server, url.UserPassword(ownerRole, password), building))
	if err != nil {
		return err
	}
	_, err = pg.Migrate(t.Context(), pool, migrate.Files)
	pool.Close()
	if err != nil {
		return err
	}
	_, err = conn.Exec(t.Context(), `ALTER DATABASE `+building+` RENAME TO `+name)
	return err
}

func migrationHash(t testing.TB) string {
	t.Helper()
	hash, err := migrate.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return hash[:16]
}

// serverURL returns the shared test server, or starts one for this process.
func serverURL(t testing.TB) string {
	t.Helper()
	if shared := os.Getenv(URLVariable); shared != "" {
		return shared
	}
	server, err := ownServer()
	if err != nil {
		t.Fatalf("start a test server: %v", err)
	}
	return server
}
