package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/jobs"
)

func quietPool(p *pgxpool.Config) { p.MaxConns = 4 }

// provisioner makes tenants through the owner's connection.
func (a *app) provisioner(owner *pgxpool.Pool) *tenancy.Provisioner {
	return &tenancy.Provisioner{Owner: pg.Open(owner, hooks(a.inserter, nil)), Hasher: a.services.Tenancy.Hasher}
}

func newTenant() *cobra.Command {
	command := &cobra.Command{Use: "tenant", Short: "Make and list tenants, and the people who run the platform"}
	command.AddCommand(newTenantCreate(), newTenantList(), newTenantDomain(), newTenantStaff())
	return command
}

// asOwner runs fn with a provisioner on the owner's connection.
func asOwner(ctx context.Context, load func() (*config.Config, error), fn func(p *tenancy.Provisioner) error) error {
	c, err := load()
	if err != nil {
		return err
	}
	if err := c.Require("database.migrate_url"); err != nil {
		return err
	}
	owner, err := openPool(ctx, c.Database.MigrateURL.Reveal(), quietPool)
	if err != nil {
		return err
	}
	defer owner.Close()
	inserter, err := jobs.NewInserter(owner, nil)
	if err != nil {
		return err
	}
	return fn(&tenancy.Provisioner{Owner: pg.Open(owner, hooks(inserter, nil)), Hasher: hasher(c)})
}

// passwordVariable names the variable that passwords are read from: a flag would show them to others.
const passwordVariable = "LYCEUM_NEW_PASSWORD" //nolint:gosec // the name of a variable

func newTenantCreate() *cobra.Command {
	var n tenancy.NewTenant
	command := &cobra.Command{
		Use:     "create SLUG",
		Short:   "Make a tenant with its first admin, whose password is in " + passwordVariable,
		Args:    cobra.ExactArgs(1),
		Example: "  LYCEUM_NEW_PASSWORD=… lyceum tenant create initech --name=Initech --admin-email=ann@initech.example",
	}
	flags := command.Flags()
	flags.StringVar(&n.Name, "name", "", "name of the company or school")
	flags.StringVar(&n.Locale, "locale", "en", "language of its pages (BCP 47)")
	flags.StringVar(&n.Admin.Email, "admin-email", "", "address of the first admin")
	flags.StringVar(&n.Admin.Name, "admin-name", "Admin", "name of the first admin")
	kind := flags.String("kind", string(tenant.KindCOMPANY), "COMPANY or SCHOOL")
	load := configured(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		n.Slug, n.Kind, n.Admin.Password = args[0], tenant.Kind(strings.ToUpper(*kind)), os.Getenv(passwordVariable)
		return asOwner(command.Context(), load, func(p *tenancy.Provisioner) error {
			id, err := p.Create(command.Context(), n)
			if err != nil {
				return err
			}
			command.Printf("Tenant %s is ready (%s).\n", n.Slug, id)
			return nil
		})
	}
	return command
}

func newTenantList() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List tenants", Args: cobra.NoArgs}
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return asOwner(command.Context(), load, func(p *tenancy.Provisioner) error {
			tenants, err := p.Tenants(command.Context())
			if err != nil {
				return err
			}
			for _, slug := range slices.Sorted(maps.Keys(tenants)) {
				command.Printf("%s\t%s\n", slug, tenants[slug])
			}
			return nil
		})
	}
	return command
}

func newTenantDomain() *cobra.Command {
	command := &cobra.Command{
		Use: "domain SLUG HOST", Short: "Let a tenant be reached at a host name of its own", Args: cobra.ExactArgs(2),
		Example: "  lyceum tenant domain acme learn.acme.example",
	}
	load := configured(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		return asOwner(command.Context(), load, func(p *tenancy.Provisioner) error {
			id, err := tenantBySlug(command.Context(), p, args[0])
			if err != nil {
				return err
			}
			return p.AddDomain(command.Context(), id, args[1])
		})
	}
	return command
}

func newTenantStaff() *cobra.Command {
	command := &cobra.Command{
		Use:     "staff EMAIL NAME",
		Short:   "Add somebody who runs the platform, or change their password, which is in " + passwordVariable,
		Args:    cobra.ExactArgs(2),
		Example: `  LYCEUM_NEW_PASSWORD=… lyceum tenant staff ops@example.com "Olga Operator"`,
	}
	load := configured(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		return asOwner(command.Context(), load, func(p *tenancy.Provisioner) error {
			return p.CreateStaff(command.Context(), args[0], args[1], os.Getenv(passwordVariable))
		})
	}
	return command
}

func tenantBySlug(ctx context.Context, p *tenancy.Provisioner, slug string) (uuid.UUID, error) {
	tenants, err := p.Tenants(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	id, known := tenants[slug]
	if !known {
		return uuid.Nil, fmt.Errorf("there is no tenant called %s", slug)
	}
	return id, nil
}
