package main

import (
	"context"

	"github.com/spf13/cobra"

	"lyceum/internal/viewer"
	"lyceum/jobs"
)

func newEngagement() *cobra.Command {
	command := &cobra.Command{Use: "engagement", Short: "Points, achievements and the numbers of a day"}
	rebuild := &cobra.Command{
		Use: "rebuild", Short: "Tell the accounts of all that has happened once more", Args: cobra.NoArgs,
		Long: "Goes through the events of every tenant and adds whatever points, days, achievements and daily facts are\n" +
			"missing. What is there stays as it is. Leaderboards in Redis need no rebuilding: they follow by themselves.",
	}
	withApp(rebuild, func(ctx context.Context, command *cobra.Command, a *app) error {
		return a.replay(ctx, command)
	})
	command.AddCommand(rebuild)
	return command
}

// replay goes through the events of all tenants.
func (a *app) replay(ctx context.Context, command *cobra.Command) error {
	places, err := a.places(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		n, err := jobs.Replay(viewer.With(ctx, viewer.Operator(place.ID, "engagement rebuild")), a.workerServices())
		if err != nil {
			return err
		}
		command.Printf("%s: %d events\n", place.Slug, n)
	}
	return nil
}
