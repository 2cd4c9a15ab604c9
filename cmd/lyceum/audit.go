package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"lyceum/internal/compliance"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

func newAudit() *cobra.Command {
	command := &cobra.Command{Use: "audit", Short: "Check the audit log"}
	verify := &cobra.Command{
		Use:     "verify [SLUG]",
		Short:   "Walk the hash chain of a tenant, or of all, and say where it is broken",
		Args:    cobra.MaximumNArgs(1),
		Example: "  lyceum audit verify\n  lyceum audit verify acme",
	}
	load := configured(verify)
	verify.RunE = func(command *cobra.Command, args []string) error {
		return asOwner(command.Context(), load, func(p *tenancy.Provisioner) error {
			return verifyChains(command.Context(), command, p, args)
		})
	}
	command.AddCommand(verify)
	return command
}

func verifyChains(ctx context.Context, command *cobra.Command, p *tenancy.Provisioner, slugs []string) error {
	tenants, err := p.Tenants(ctx)
	if err != nil {
		return err
	}
	if len(slugs) == 0 {
		slugs = slices.Sorted(maps.Keys(tenants))
	}
	log := &compliance.Service{DB: p.Owner}
	for _, slug := range slugs {
		id, known := tenants[slug]
		if !known {
			return fmt.Errorf("there is no tenant called %s", slug)
		}
		n, err := log.Verify(viewer.With(ctx, viewer.Operator(id, "audit verify")))
		if err != nil {
			return fmt.Errorf("%s: %w", slug, err)
		}
		command.Printf("%s: %d entries, unbroken\n", slug, n)
	}
	return nil
}
