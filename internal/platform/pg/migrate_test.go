package pg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"lyceum/ent/migrate"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// structure lists everything that migrations make, one line each: what two databases must share to be the same.
const structure = `
	WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('public', 'river')),
	tables AS (
		SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl, c.reloptions,
			n.nspname || '.' || c.relname AS name
		FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S'))
	SELECT format('%s %s owner %s rls %s force %s options %s', relkind, name, pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, reloptions)
	FROM tables
	UNION ALL SELECT format('grant on %s to %s: %s', name, pg_get_userbyid(g.grantee), string_agg(g.privilege_type, ',' ORDER BY g.privilege_type))
	FROM tables, aclexplode(relacl) g GROUP BY name, g.grantee
	UNION ALL SELECT format('column %s.%s %s %s not null %s default %s', name, a.attnum, a.attname,
		format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
	FROM tables JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	UNION ALL SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM tables JOIN pg_index i ON i.indrelid = tables.oid
	UNION ALL SELECT format('constraint %s %s %s', name, k.conname, pg_get_constraintdef(k.oid))
	FROM tables JOIN pg_constraint k ON k.conrelid = tables.oid
	UNION ALL SELECT format('policy %s %s %s %s %s %s %s', schemaname, tablename, policyname, cmd, roles, qual, with_check)
	FROM pg_policies
	UNION ALL SELECT format('trigger %s %s', name, pg_get_triggerdef(t.oid))
	FROM tables JOIN pg_trigger t ON t.tgrelid = tables.oid WHERE NOT t.tgisinternal
	UNION ALL SELECT format('view %s %s', name, pg_get_viewdef(oid)) FROM tables WHERE relkind IN ('v', 'm')
	UNION ALL SELECT format('function %s', pg_get_functiondef(p.oid)) FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
	WHERE p.prokind = 'f' AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')
	UNION ALL SELECT format('type %s %s', t.typname, e.enumlabel) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
	UNION ALL SELECT format('extension %s %s', extname, extversion) FROM pg_extension
	UNION ALL SELECT format('schema %s %s', nspname, nspacl) FROM pg_namespace WHERE nspname IN ('public', 'river')
	UNION ALL SELECT format('version %s', version_id) FROM goose_db_version
	UNION ALL SELECT format('river version %s', version) FROM river.river_migration
	ORDER BY 1`

func structureOf(t *testing.T, url string) []string {
	t.Helper()
	pool := pgtest.Pool(t, url)
	rows, err := pool.Query(t.Context(), structure)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// files are the names of the migrations, in order.
func files(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(migrate.Files, "sql/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	slices.Sort(names)
	return names
}

// upTo holds the first n migrations: what an earlier version of Lyceum brought.
func upTo(t *testing.T, n int) fs.FS {
	t.Helper()
	earlier := fstest.MapFS{}
	for _, name := range files(t)[:n] {
		body, err := migrate.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		earlier[name] = &fstest.MapFile{Data: body}
	}
	return earlier
}

func mustMigrate(t *testing.T, url string, from fs.FS) int {
	t.Helper()
	applied, err := pg.Migrate(t.Context(), pgtest.Pool(t, url), from)
	if err != nil {
		t.Fatalf("Migrate: %v", err)
	}
	return applied
}

// TestUpgradesEndAlike migrates from every earlier version, and one version at a time, and compares with a
// database that was made at once.
func TestUpgradesEndAlike(t *testing.T) {
	t.Parallel()
	all := len(files(t))
	fresh := pgtest.Empty(t)
	if applied := mustMigrate(t, fresh, migrate.Files); applied != all {
		t.Errorf("%d migrations were applied to a fresh database, want %d", applied, all)
	}
	want := structureOf(t, fresh)
	if len(want) < 300 {
		t.Fatalf("the structure has only %d lines", len(want))
	}
	if applied := mustMigrate(t, fresh, migrate.Files); applied != 0 {
		t.Errorf("a second run applied %d migrations", applied)
	}
	if diff := cmp.Diff(want, structureOf(t, fresh)); diff != "" {
		t.Errorf("a second run changed the database (-once +twice):\n%s", diff)
	}
	steps := pgtest.Empty(t)
	for n := 1; n <= all; n++ {
		if applied := mustMigrate(t, steps, upTo(t, n)); applied != 1 {
			t.Errorf("step %d applied %d migrations", n, applied)
		}
	}
	if diff := cmp.Diff(want, structureOf(t, steps)); diff != "" {
		t.Errorf("one version at a time (-fresh +upgraded):\n%s", diff)
	}
	for n := 1; n < all; n++ {
		t.Run(fmt.Sprintf("from %d", n), func(t *testing.T) {
			t.Parallel()
			old := pgtest.Empty(t)
			mustMigrate(t, old, upTo(t, n))
			if applied := mustMigrate(t, old, migrate.Files); applied != all-n {
				t.Errorf("the upgrade applied %d migrations, want %d", applied, all-n)
			}
			if diff := cmp.Diff(want, structureOf(t, old)); diff != "" {
				t.Errorf("upgraded (-fresh +upgraded):\n%s", diff)
			}
		})
	}
}

// helperURL tells this test binary, started again, to migrate.
const helperURL = "LYCEUM_PG_TEST_MIGRATE"

// TestMigrateHelper is not a test: it is what the processes of the next one do.
func TestMigrateHelper(t *testing.T) {
	url := os.Getenv(helperURL)
	if url == "" {
		t.Skip("a helper of TestProcessesMigrateAtOnce")
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	applied, err := pg.Migrate(t.Context(), pool, migrate.Files)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("applied=%d\n", applied) //nolint:forbidigo // the parent process reads it
}

// TestProcessesMigrateAtOnce starts three servers' worth of migrations on one empty database.
func TestProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	const processes = 3
	helpers := make([]*exec.Cmd, processes)
	outputs := make([]bytes.Buffer, processes)
	for i := range helpers {
		helpers[i] = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMigrateHelper$", "-test.v")
		helpers[i].Env = append(os.Environ(), helperURL+"="+url)
		helpers[i].Stdout, helpers[i].Stderr = &outputs[i], &outputs[i]
		if err := helpers[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	total := 0
	for i, helper := range helpers {
		if err := helper.Wait(); err != nil {
			t.Fatalf("process %d: %v\n%s", i, err, outputs[i].String())
		}
		_, rest, found := strings.Cut(outputs[i].String(), "applied=")
		number, _, _ := strings.Cut(rest, "\n")
		applied, err := strconv.Atoi(number)
		if !found || err != nil {
			t.Fatalf("process %d said:\n%s", i, outputs[i].String())
		}
		total += applied
	}
	if want := len(files(t)); total != want {
		t.Errorf("the processes applied %d migrations together, want each of the %d once", total, want)
	}
	if lines := structureOf(t, url); len(lines) < 300 {
		t.Errorf("the structure has only %d lines", len(lines))
	}
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	if _, err := pg.Migrate(t.Context(), openPool(t, url, 1), migrate.Files); err == nil {
		t.Error("a pool of one connection: it would wait for itself")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pg.Migrate(ctx, pgtest.Pool(t, url), migrate.Files); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
	broken := fstest.MapFS{"sql/00001_broken.sql": {Data: []byte("-- +goose Up\nCREATE TABLE half (id uuid);\nSELECT nonsense;\n")}}
	if _, err := pg.Migrate(t.Context(), pgtest.Pool(t, url), broken); err == nil {
		t.Error("a broken migration succeeded")
	}
	var made bool
	const half = `SELECT to_regclass('half') IS NOT NULL`
	if err := pgtest.Pool(t, url).QueryRow(t.Context(), half).Scan(&made); err != nil || made {
		t.Errorf("half of a broken migration stayed (%v)", err)
	}
}

// TestEntitiesAskForNothingMore compares the entities with the migrated database, as `make migration` does.
func TestEntitiesAskForNothingMore(t *testing.T) {
	t.Parallel()
	_, current, _ := pgtest.Clone(t)
	if plan := planned(t, current); plan != "" {
		t.Errorf("the entities ask for what no migration does; run make migration:\n%s", plan)
	}
	old := pgtest.Empty(t)
	mustMigrate(t, old, upTo(t, 1))
	if plan := planned(t, old); !strings.Contains(plan, "credit_ms") {
		t.Errorf("the comparison finds nothing missing from the first version:\n%s", plan)
	}
}

// planned is the SQL that would take the database to the entities.
func planned(t *testing.T, ownerURL string) string {
	t.Helper()
	db := stdlib.OpenDBFromPool(pgtest.Pool(t, ownerURL))
	defer func() { _ = db.Close() }()
	var plan bytes.Buffer
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, db)))
	err := client.Schema.WriteTo(t.Context(), &plan, schema.WithForeignKeys(false), schema.WithDropColumn(true))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.NewReplacer("BEGIN;", "", "COMMIT;", "").Replace(plan.String()))
}

func TestBootstrapMayRunAgain(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	owner, err := pgx.Connect(t.Context(), d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(context.WithoutCancel(t.Context())) }()
	if err := pg.Bootstrap(t.Context(), owner, "x", pg.Roles{Owner: "lyceum_owner", App: "another"}); err == nil {
		t.Error("an application role of another name: the migrations grant nothing to it")
	}
	if err := pg.Bootstrap(t.Context(), owner, "x", pg.Roles{Owner: "lyceum_owner", App: pg.AppRole}); err == nil {
		t.Error("somebody who is no superuser made roles")
	}
}

// TestBootstrapSparesSuperusers: who names a superuser as the owner of the tables does not make an ordinary role of it.
func TestBootstrapSparesSuperusers(t *testing.T) {
	t.Parallel()
	conn, ctx := pgtest.Superuser(t, pgtest.New(t)), context.WithoutCancel(t.Context())
	chief := "chief_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := conn.Exec(ctx, "CREATE ROLE "+chief+" SUPERUSER NOLOGIN"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Exec(ctx, "DROP ROLE "+chief) })
	err := pg.Bootstrap(ctx, conn, "x", pg.Roles{Owner: chief, App: pg.AppRole, AppPassword: "lyceum-test"})
	if err == nil || !strings.Contains(err.Error(), "is a superuser") {
		t.Errorf("a superuser as owner: %v", err)
	}
	var spared bool
	if err := conn.QueryRow(ctx, `SELECT rolsuper AND NOT rolcanlogin FROM pg_roles WHERE rolname = $1`, chief).Scan(&spared); err != nil || !spared {
		t.Errorf("the superuser was changed (%v)", err)
	}
}
