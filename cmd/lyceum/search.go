package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/placement"
	"lyceum/internal/viewer"
	"lyceum/search"
)

func newSearch() *cobra.Command {
	command := &cobra.Command{Use: "search", Short: "Build and check the search index"}
	command.AddCommand(newSearchReindex(), newSearchCheck())
	return command
}

func newSearchReindex() *cobra.Command {
	command := &cobra.Command{
		Use: "reindex", Short: "Build the index anew and put it in force at once", Args: cobra.NoArgs,
		Long: "Builds a new index beside the one that is answering, with every published course of every tenant, and\n" +
			"swaps them. Search answers all the while.",
	}
	withApp(command, func(ctx context.Context, command *cobra.Command, a *app) error {
		return a.reindex(ctx, command)
	})
	return command
}

func (a *app) reindex(ctx context.Context, command *cobra.Command) error {
	places, err := a.places(ctx)
	if err != nil {
		return err
	}
	tenants := make([]search.TenantContext, len(places))
	for i, place := range places {
		tenants[i] = search.TenantContext{Slug: place.Slug, Context: inPlace(ctx, place)}
	}
	bars := mpb.NewWithContext(ctx, mpb.WithOutput(os.Stderr))
	bar := bars.AddBar(int64(len(tenants)),
		mpb.PrependDecorators(decor.Name("tenants ")),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d"), decor.Name("  "), decor.AverageETA(decor.ET_STYLE_GO)))
	n, err := a.services.Search.Reindex(ctx, tenants, func() { bar.Increment() })
	bar.Abort(false)
	bars.Wait()
	if err != nil {
		return err
	}
	command.Printf("%d documents of %d tenants are in the index.\n", n, len(tenants))
	return nil
}

// places returns where each tenant is, by slug.
func (a *app) places(ctx context.Context) ([]*ent.Placement, error) {
	places, err := a.db.Placement.Query().Order(placement.BySlug()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return places, nil
}

// inPlace is a context in which the system looks after the index of one tenant.
func inPlace(ctx context.Context, place *ent.Placement) context.Context {
	return viewer.With(ctx, viewer.Operator(place.ID, "search"))
}

func newSearchCheck() *cobra.Command {
	command := &cobra.Command{
		Use: "check", Short: "Compare the index with what is published: counts and versions", Args: cobra.NoArgs,
	}
	withApp(command, func(ctx context.Context, command *cobra.Command, a *app) error {
		return a.checkIndex(ctx, command)
	})
	return command
}

func (a *app) checkIndex(ctx context.Context, command *cobra.Command) error {
	places, err := a.places(ctx)
	if err != nil {
		return err
	}
	differs := false
	for _, place := range places {
		diff, err := a.services.Search.Check(inPlace(ctx, place))
		if err != nil {
			return fmt.Errorf("%s: %w", place.Slug, err)
		}
		command.Printf("%s: %s\n", place.Slug, diff)
		differs = differs || !diff.Clean()
	}
	if differs {
		return errors.New("the index differs from what is published; `lyceum search reindex` mends it")
	}
	return nil
}
