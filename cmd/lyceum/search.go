package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

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
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		a, err := newApp(command.Context(), c)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close(context.WithoutCancel(command.Context())) }()
		return a.reindex(command.Context(), command)
	}
	return command
}

func (a *app) reindex(ctx context.Context, command *cobra.Command) error {
	tenants, err := a.tenants(ctx)
	if err != nil {
		return err
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

// tenants returns a context for each active tenant, by slug.
func (a *app) tenants(ctx context.Context) ([]search.TenantContext, error) {
	places, err := a.db.Placement.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	bySlug := map[string]search.TenantContext{}
	for _, place := range places {
		bySlug[place.Slug] = search.TenantContext{
			Slug: place.Slug, Context: viewer.With(ctx, viewer.Operator(place.ID, "search")),
		}
	}
	var sorted []search.TenantContext
	for _, slug := range slices.Sorted(maps.Keys(bySlug)) {
		sorted = append(sorted, bySlug[slug])
	}
	return sorted, nil
}

func newSearchCheck() *cobra.Command {
	command := &cobra.Command{
		Use: "check", Short: "Compare the index with what is published: counts and versions", Args: cobra.NoArgs,
	}
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		a, err := newApp(command.Context(), c)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close(context.WithoutCancel(command.Context())) }()
		return a.checkIndex(command.Context(), command)
	}
	return command
}

func (a *app) checkIndex(ctx context.Context, command *cobra.Command) error {
	tenants, err := a.tenants(ctx)
	if err != nil {
		return err
	}
	differs := false
	for _, t := range tenants {
		diff, err := a.services.Search.Check(t.Context)
		if err != nil {
			return fmt.Errorf("%s: %w", t.Slug, err)
		}
		command.Printf("%s: %s\n", t.Slug, diff)
		differs = differs || !diff.Clean()
	}
	if differs {
		return errors.New("the index differs from what is published; `lyceum search reindex` mends it")
	}
	return nil
}
