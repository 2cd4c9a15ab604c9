// Command diff writes the next migration: the difference between a fully migrated scratch database and the
// entities. Rename its file to the next number and read it before committing; what ent does not model
// (foreign keys, row-level security, grants) it neither adds nor drops.
//
//	go run ./ent/migrate/diff add_course_archive postgres://…/migrated_scratch_database
//
// `make migration name=add_course_archive` does it with a scratch database of its own.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/jackc/pgx/v5/stdlib"

	"lyceum/internal/gen/ent/migrate"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "diff:", err)
		os.Exit(1)
	}
}

// folder holds the migrations.
const folder = "ent/migrate/sql"

// run plans in a copy of the folder: ent asks for a checksum file there, which goose does not know.
func run(ctx context.Context, args []string) (err error) {
	if len(args) != 2 {
		return errors.New("name the migration, and give the URL of a scratch database")
	}
	// Atlas opens its scratch database through database/sql under this name.
	sql.Register("postgres", stdlib.GetDefaultDriver())
	planning, err := os.MkdirTemp("", "lyceum-migration-")
	if err != nil {
		return fmt.Errorf("make planning directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(planning)) }()
	if err := os.CopyFS(planning, os.DirFS(folder)); err != nil {
		return fmt.Errorf("copy migrations: %w", err)
	}
	dir, err := summedDir(planning)
	if err != nil {
		return err
	}
	err = migrate.NamedDiff(ctx, args[1], args[0],
		schema.WithDir(dir),
		schema.WithMigrationMode(schema.ModeInspect),
		schema.WithDialect(dialect.Postgres),
		schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithDropColumn(true),
		schema.WithForeignKeys(false),
	)
	if err != nil {
		return fmt.Errorf("compare entities and database: %w", err)
	}
	return keepNew(planning)
}

// summedDir opens the directory of migrations and gives it a checksum file.
func summedDir(planning string) (*sqltool.GooseDir, error) {
	dir, err := sqltool.NewGooseDir(planning)
	if err != nil {
		return nil, fmt.Errorf("open migrations: %w", err)
	}
	sum, err := dir.Checksum()
	if err != nil {
		return nil, fmt.Errorf("sum migrations: %w", err)
	}
	if err := atlas.WriteSumFile(dir, sum); err != nil {
		return nil, fmt.Errorf("sum migrations: %w", err)
	}
	return dir, nil
}

// keepNew copies the migrations that the folder does not have, and says so when there are none.
func keepNew(planning string) (err error) {
	kept, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	planned := os.DirFS(planning)
	names, err := fs.Glob(planned, "*.sql")
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	written := 0
	for _, name := range names {
		if _, err := kept.Stat(name); err == nil {
			continue
		}
		content, err := fs.ReadFile(planned, name)
		if err != nil {
			return fmt.Errorf("read migration: %w", err)
		}
		if err := kept.WriteFile(name, content, 0o640); err != nil {
			return fmt.Errorf("write migration: %w", err)
		}
		fmt.Fprintln(os.Stdout, "wrote", path.Join(folder, name))
		written++
	}
	if written == 0 {
		fmt.Fprintln(os.Stdout, "the database is as the entities want it: nothing to write")
	}
	return nil
}
