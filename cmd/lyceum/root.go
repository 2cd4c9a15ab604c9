package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"lyceum/internal/fault"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/local"
)

// Exit codes, for scripts.
const (
	exitFailure = 1
	// exitConfig: a setting is wrong or missing.
	exitConfig = 2
	// exitMissing: something that Lyceum stands on is not installed.
	exitMissing = 3
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "lyceum",
		Short:         "A learning platform for many tenants: one GraphQL API over Postgres",
		SilenceUsage:  true,
		SilenceErrors: true,
		Example: strings.Join([]string{
			"  lyceum dev                                   everything on this machine, with demo tenants",
			"  lyceum serve                                 the API alone",
			"  lyceum work --queues=media                   workers for some queues",
			"  lyceum author push ./my-course --publish     put a course online",
			"  lyceum completion bash                       completion for your shell",
		}, "\n"),
	}
	root.SetOut(os.Stdout)
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Running:"},
		&cobra.Group{ID: "operate", Title: "Operating:"},
		&cobra.Group{ID: "author", Title: "Authoring:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		"run":     {newDev(), newServe(), newWork()},
		"author":  {newAuthor()},
		"operate": {newMigrate(), newTenant(), newSearch(), newEngagement(), newAudit(), newConfig(), newDoctor(), newReset(), newBench()},
	} {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	return root
}

// configured gives a command the flags of the configuration and returns how to load it.
func configured(command *cobra.Command) func() (*config.Config, error) {
	config.Flags(command.Flags())
	return func() (*config.Config, error) {
		return config.Load(config.Sources{Flags: command.Flags()})
	}
}

// withApp gives a command the flags of the configuration, and has it run with everything wired as that says.
func withApp(command *cobra.Command, run func(ctx context.Context, command *cobra.Command, a *app) error) {
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		ctx := command.Context()
		a, err := newApp(ctx, c)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close(context.WithoutCancel(ctx)) }()
		return run(ctx, command, a)
	}
}

// explain says what went wrong as a person wants to read it.
func explain(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	lines := []string{f.Message}
	for _, v := range f.Violations {
		lines = append(lines, fmt.Sprintf("  %s: %s", v.Field, v.Message))
	}
	return strings.Join(lines, "\n")
}

func exitCode(err error) int {
	var mistakes config.MistakesError
	switch {
	case errors.As(err, &mistakes):
		return exitConfig
	case errors.Is(err, local.ErrNoPostgres):
		return exitMissing
	default:
		return exitFailure
	}
}
