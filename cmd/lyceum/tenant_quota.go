package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lyceum/internal/fault"
	"lyceum/internal/platform/config"
	"lyceum/internal/tenancy"
)

// The flags of `tenant quota`, and the word that takes a bound of a tenant's own back.
const (
	flagStorage     = "storage"
	flagStorageUser = "storage-user"
	likeSetting     = "default"
)

func newTenantQuota() *cobra.Command {
	command := &cobra.Command{
		Use:     "quota SLUG",
		Short:   "Show what a tenant's files may take, and give it bounds of its own",
		Args:    cobra.ExactArgs(1),
		Example: "  lyceum tenant quota acme\n  lyceum tenant quota acme --storage=500GiB --storage-user=default",
	}
	flags := command.Flags()
	flags.String(flagStorage, "", "what all files may take, like 500GiB; default for limit.storage")
	flags.String(flagStorageUser, "", "what one person may upload; default for limit.storage_user")
	load := configured(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		change, err := quotaChange(flags)
		if err != nil {
			return err
		}
		c, err := load()
		if err != nil {
			return err
		}
		return asOwner(command.Context(), load, func(p *tenancy.Provisioner) error {
			id, err := tenantBySlug(command.Context(), p, args[0])
			if err != nil {
				return err
			}
			own, err := quota(command.Context(), p, id, change)
			if err != nil {
				return err
			}
			command.Printf("storage\t%s\nstorage-user\t%s\n", bounded(own.Storage, c.Limit.Storage), bounded(own.StorageUser, c.Limit.StorageUser))
			return nil
		})
	}
	return command
}

// quotaChange is what the flags ask for.
func quotaChange(flags *pflag.FlagSet) (change tenancy.QuotaChange, err error) {
	for name, bound := range map[string]**int64{flagStorage: &change.Storage, flagStorageUser: &change.StorageUser} {
		flag := flags.Lookup(name)
		if !flag.Changed {
			continue
		}
		bytes := tenancy.AsSetting
		if text := flag.Value.String(); text != likeSetting {
			if bytes, err = config.ParseSize(text); err != nil {
				return change, fault.Invalid(name, "Give a size such as 500GiB, or "+likeSetting+".")
			}
		}
		*bound = &bytes
	}
	return change, nil
}

// quota carries a change out, if there is one, and returns the tenant's own bounds.
func quota(ctx context.Context, p *tenancy.Provisioner, id uuid.UUID, change tenancy.QuotaChange) (tenancy.Quota, error) {
	if change == (tenancy.QuotaChange{}) {
		return p.Quota(ctx, id)
	}
	return p.SetQuota(ctx, id, change)
}

// bounded says what a bound is and where it comes from.
func bounded(own *int64, setting int64) string {
	if own == nil {
		return fmt.Sprintf("%s (the setting)", config.ShowSize(setting))
	}
	return fmt.Sprintf("%s (its own)", config.ShowSize(*own))
}
