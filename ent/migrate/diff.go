//go:build ignore

// Diff writes the next migration: the difference between a fully migrated scratch database and the
// entities. Rename its file to the next number and read it before committing; what ent does not model
// (foreign keys, row-level security, grants) it neither adds nor drops.
//
//	go run ent/migrate/diff.go add_course_archive postgres://…/migrated_scratch_database
//
// `make migration name=add_course_archive` does it with a scratch database of its own.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/jackc/pgx/v5/stdlib"

	"lyceum/internal/gen/ent/migrate"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go run ent/migrate/diff.go NAME SCRATCH_DATABASE_URL")
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// folder holds the migrations.
const folder = "ent/migrate/sql"

// run plans in a copy of the folder: ent asks for a checksum file there, which goose does not know.
func run(ctx context.Context, name, scratch string) (err error) {
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
	err = migrate.NamedDiff(ctx, scratch, name,
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
func summedDir(path string) (*sqltool.GooseDir, error) {
	dir, err := sqltool.NewGooseDir(path)
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
func keepNew(planning string) error {
	planned, err := filepath.Glob(filepath.Join(planning, "*.sql"))
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	written := 0
	for _, path := range planned {
		target := filepath.Join(folder, filepath.Base(path))
		if _, err := os.Stat(target); err == nil {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read migration: %w", err)
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return fmt.Errorf("write migration: %w", err)
		}
		fmt.Println("wrote", target)
		written++
	}
	if written == 0 {
		fmt.Println("the database is as the entities want it: nothing to write")
	}
	return nil
}
