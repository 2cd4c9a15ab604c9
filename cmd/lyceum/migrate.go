package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"lyceum/ent/migrate"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/pg"
)

func newMigrate() *cobra.Command {
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database up to date",
		Long: "Applies the versioned SQL and the job queue's own migrations, under a lock, as the owner of the schema\n" +
			"(database.migrate_url). Running it again changes nothing.",
		Args: cobra.NoArgs,
		Example: "  LYCEUM_MIGRATE_DATABASE_URL=postgres://lyceum_owner:…@db/lyceum lyceum migrate\n" +
			"  lyceum migrate --create-roles=postgres://postgres:…@db/postgres",
	}
	superuser := command.Flags().String("create-roles", "",
		"first make roles and database; the URL of a superuser")
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		if err := c.Require("database.migrate_url"); err != nil {
			return err
		}
		if *superuser != "" {
			if err := createRoles(command.Context(), *superuser, c); err != nil {
				return err
			}
		}
		applied, err := migrateUp(command.Context(), c.Database.MigrateURL.Reveal())
		if err != nil {
			return err
		}
		command.Printf("%d migrations applied; the database is up to date.\n", applied)
		return nil
	}
	return command
}

// migrateUp migrates the database that the owner's URL names.
func migrateUp(ctx context.Context, ownerURL string) (int, error) {
	pool, err := openPool(ctx, ownerURL, func(p *pgxpool.Config) { p.MaxConns = 4 })
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	return pg.Migrate(ctx, pool, migrate.Files)
}

// createRoles makes the roles and the database that the configured URLs name.
func createRoles(ctx context.Context, superuserURL string, c *config.Config) error {
	if err := c.Require("database.url"); err != nil {
		return err
	}
	owner, err := url.Parse(c.Database.MigrateURL.Reveal())
	if err != nil {
		return errors.New("database.migrate_url is malformed")
	}
	app, err := url.Parse(c.Database.URL.Reveal())
	if err != nil {
		return errors.New("database.url is malformed")
	}
	database := strings.TrimPrefix(owner.Path, "/")
	if database == "" {
		return config.MistakesError{{Key: "database.migrate_url", Message: "it names no database; end it with the name of one, such as /lyceum"}}
	}
	conn, err := pgx.Connect(ctx, superuserURL)
	if err != nil {
		return fmt.Errorf("connect as superuser: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	ownerPassword, _ := owner.User.Password()
	appPassword, _ := app.User.Password()
	return pg.Bootstrap(ctx, conn, database, pg.Roles{
		Owner: owner.User.Username(), OwnerPassword: ownerPassword,
		App: app.User.Username(), AppPassword: appPassword,
	})
}
