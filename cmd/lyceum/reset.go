package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"lyceum/internal/fault"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/local"
)

func newReset() *cobra.Command {
	command := &cobra.Command{
		Use:   "reset",
		Short: "Delete everything that `lyceum dev` keeps on this machine",
		Long: "Stops what was left running and deletes the home directory: databases, files, logs. It asks nothing, but leaves\n" +
			"a directory alone that holds the one it is run in, or the user's own.",
		Args: cobra.NoArgs,
	}
	dry := command.Flags().Bool("dry-run", false, "only say what would be deleted")
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		if err := spare(c.Home, os.Getwd, os.UserHomeDir); err != nil {
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

// spare returns a Conflict when home is one of the places, or one lies in it: then there is more in it than what Lyceum keeps.
// A place that is not known is in no danger.
func spare(home string, places ...func() (string, error)) error {
	home = realPath(home)
	for _, find := range places {
		place, err := find()
		if err != nil {
			continue
		}
		rel, err := filepath.Rel(home, realPath(place))
		if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fault.Newf(fault.Conflict, "%s holds %s, and so more than what Lyceum keeps: delete by hand what is to go.", home, place)
		}
	}
	return nil
}

// realPath is the absolute path without links, as far as it can be told.
func realPath(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	return path
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
