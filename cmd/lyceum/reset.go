package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"lyceum/internal/platform/config"
	"lyceum/internal/platform/local"
)

func newReset() *cobra.Command {
	command := &cobra.Command{
		Use:   "reset",
		Short: "Delete everything that `lyceum dev` keeps on this machine",
		Long:  "Stops what was left running and deletes the home directory: databases, files, logs. It asks nothing.",
		Args:  cobra.NoArgs,
	}
	dry := command.Flags().Bool("dry-run", false, "only say what would be deleted")
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		if *dry {
			command.Printf("Would delete %s.\n", c.Home)
			return nil
		}
		return remove(command, c)
	}
	return command
}

func remove(command *cobra.Command, c *config.Config) error {
	if err := local.Remove(command.Context(), c.Home); err != nil {
		return err
	}
	if err := os.RemoveAll(c.Home); err != nil {
		return fmt.Errorf("delete %s: %w", c.Home, err)
	}
	command.Printf("%s is gone.\n", c.Home)
	return nil
}
