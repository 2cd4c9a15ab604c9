package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"lyceum/internal/platform/config"
	"lyceum/internal/platform/local"
	"lyceum/internal/platform/pg"
)

// devDatabase is the name of the database that dev makes.
const devDatabase = "lyceum"

// ownerRole owns the tables of dev's database.
const ownerRole = "lyceum_owner"

func newDev() *cobra.Command {
	command := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine, with demo tenants",
		Long: "Finds or starts Postgres and Redis under the home directory, migrates, fills three demo tenants, and\n" +
			"serves the API and works on all queues in one process. Ctrl-C stops every child.",
		Args:    cobra.NoArgs,
		Example: "  lyceum dev\n  PORT=9000 LYCEUM_HOME=/tmp/lyceum lyceum dev",
	}
	config.Flags(command.Flags())
	command.RunE = func(command *cobra.Command, _ []string) error {
		return dev(command.Context(), command)
	}
	return command
}

// secrets are what dev makes once and keeps under its home.
type secrets struct {
	OwnerPassword string `json:"owner_password"`
	AppPassword   string `json:"app_password"`
	SigningKey    string `json:"signing_key"`
}

func dev(ctx context.Context, command *cobra.Command) (err error) {
	found, home, err := surroundings(command)
	if err != nil {
		return err
	}
	kept, err := loadSecrets(filepath.Join(home, "secrets.json"))
	if err != nil {
		return err
	}
	stack, err := local.Start(ctx, local.Options{Home: home, Given: givenOf(found)})
	if err != nil {
		return err
	}
	// The children outlive the server inside, which needs them to stop in order.
	defer func() { err = errors.Join(err, stack.Stop(context.WithoutCancel(ctx))) }()
	variables, ownerURL, err := prepareDatabase(ctx, stack, kept)
	if err != nil {
		return err
	}
	variables = append(variables, wanting(found, stack.Redis.URL, kept)...)
	c, err := config.Load(config.Sources{Flags: command.Flags(), Environ: append(os.Environ(), variables...)})
	if err != nil {
		return err
	}
	a, err := newApp(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	if ownerURL != "" {
		a.countStatements(ctx, stack.Postgres)
		if err := a.seed(ctx, ownerURL); err != nil {
			return err
		}
	}
	return a.run(ctx, roles{serve: true, queues: c.Jobs.Queues}, func(ctx context.Context) { a.welcome(ctx, stack) })
}

// surroundings reads what is set already, and makes the place where dev lives.
func surroundings(command *cobra.Command) (found *config.Config, home string, err error) {
	found, err = config.Load(config.Sources{Flags: command.Flags()})
	if err != nil {
		return nil, "", err
	}
	home, err = local.MakeHome(found.Home)
	return found, home, err
}

// givenOf are the services that dev need not start.
func givenOf(c *config.Config) local.Given {
	return local.Given{
		DatabaseURL: c.Database.URL.Reveal(), RedisURL: c.Redis.URL.Reveal(), SearchURL: c.Search.URL,
		BlobEndpoint: c.Blob.Endpoint, MailURL: c.Mail.URL.Reveal(),
	}
}

// wanting are the variables for what the server needs and nobody has set.
func wanting(found *config.Config, redisURL string, kept *secrets) []string {
	variables := []string{"REDIS_URL=" + redisURL}
	for _, own := range []struct{ key, variable, value string }{
		{"signing.keys", "LYCEUM_SIGNING_KEYS", "dev=literal:" + kept.SigningKey},
		{"tenant.default", "LYCEUM_DEFAULT_TENANT", "acme"},
		// Nobody balances load here, and Ctrl-C should not take its time.
		{"timeout.unready", "LYCEUM_TIMEOUT_UNREADY", "0s"},
	} {
		if !found.Given(own.key) {
			variables = append(variables, own.variable+"="+own.value)
		}
	}
	return variables
}

// loadSecrets reads the secrets of a home, or makes and keeps them.
func loadSecrets(path string) (*secrets, error) {
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		made := &secrets{OwnerPassword: rand.Text(), AppPassword: rand.Text(), SigningKey: rand.Text() + rand.Text()}
		if err := made.save(path); err != nil {
			return nil, err
		}
		return made, nil
	} else if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	kept := &secrets{}
	if err := json.Unmarshal(body, kept); err != nil {
		return nil, fmt.Errorf("read secrets: %s is damaged; `lyceum reset` starts anew: %w", path, err)
	}
	return kept, nil
}

func (s *secrets) save(path string) error {
	body, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("keep secrets: %w", err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return fmt.Errorf("keep secrets: %w", err)
	}
	return nil
}

// prepareDatabase makes roles and database in a private cluster and migrates. It returns the variables that
// lead the server there, and the owner's URL; a database that was given is left alone.
func prepareDatabase(ctx context.Context, stack *local.Stack, kept *secrets) (variables []string, ownerURL string, err error) {
	if stack.Postgres == nil {
		return nil, "", nil
	}
	superuser, err := pgx.Connect(ctx, stack.Postgres.SuperuserURL)
	if err != nil {
		return nil, "", fmt.Errorf("connect to the private cluster: %w", err)
	}
	defer func() { _ = superuser.Close(context.WithoutCancel(ctx)) }()
	roles := pg.Roles{
		Owner: ownerRole, OwnerPassword: kept.OwnerPassword, App: pg.AppRole, AppPassword: kept.AppPassword,
	}
	if err := pg.Bootstrap(ctx, superuser, devDatabase, roles); err != nil {
		return nil, "", err
	}
	ownerURL, err = asRole(stack.Postgres.SuperuserURL, roles.Owner, roles.OwnerPassword)
	if err != nil {
		return nil, "", err
	}
	if _, err := migrateUp(ctx, ownerURL); err != nil {
		return nil, "", err
	}
	appURL, err := asRole(stack.Postgres.SuperuserURL, roles.App, roles.AppPassword)
	return []string{"DATABASE_URL=" + appURL, "LYCEUM_MIGRATE_DATABASE_URL=" + ownerURL}, ownerURL, err
}

// countStatements lets the owner see what was asked of the private cluster. Where the installation cannot count, Lyceum goes
// on without.
func (a *app) countStatements(ctx context.Context, postgres *local.Postgres) {
	if err := a.showStatements(ctx, postgres); err != nil {
		a.log.WarnContext(ctx, "statements are not counted", "err", err)
	}
}

func (a *app) showStatements(ctx context.Context, postgres *local.Postgres) error {
	address, err := url.Parse(postgres.SuperuserURL)
	if err != nil {
		return fmt.Errorf("read the cluster's URL: %w", err)
	}
	address.Path = "/" + devDatabase
	superuser, err := pgx.Connect(ctx, address.String())
	if err != nil {
		return fmt.Errorf("connect to the private cluster: %w", err)
	}
	defer func() { _ = superuser.Close(context.WithoutCancel(ctx)) }()
	return pg.ShowStatements(ctx, superuser, ownerRole)
}

// asRole returns the URL of dev's database for a role.
func asRole(superuserURL, role, password string) (string, error) {
	u, err := url.Parse(superuserURL)
	if err != nil {
		return "", fmt.Errorf("read the cluster's URL: %w", err)
	}
	u.User, u.Path = url.UserPassword(role, password), "/"+devDatabase
	return u.String(), nil
}
