//go:build ignore

// Diff writes the next migration: the difference between a fully migrated scratch database and the
// entities. Rename its file to the next number and read it before committing; what ent does not model
// (foreign keys, row-level security, grants) it neither adds nor drops.
//
//	go run ent/migrate/diff.go add_course_archive postgres://…/migrated_scratch_database
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"

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

func run(ctx context.Context, name, scratch string) error {
	// Atlas opens its scratch database through database/sql under this name.
	sql.Register("postgres", stdlib.GetDefaultDriver())
	dir, err := sqltool.NewGooseDir("ent/migrate/sql")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	return migrate.NamedDiff(ctx, scratch, name,
		schema.WithDir(dir),
		schema.WithMigrationMode(schema.ModeInspect),
		schema.WithDialect(dialect.Postgres),
		schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithDropColumn(true),
		schema.WithForeignKeys(false),
		schema.DisableChecksum(),
	)
}
