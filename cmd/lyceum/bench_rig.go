package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"lyceum/ent/migrate"
	"lyceum/internal/bench"
	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/rig"
)

// rigFlags say what a measurement stands on.
type rigFlags struct {
	size, home, peer string
	// wal is how much log Postgres keeps, and environ what processes get to see besides: rig.Options.
	wal     string
	environ []string
}

func (f *rigFlags) register(flags *pflag.FlagSet, size string) {
	flags.StringVar(&f.size, "size", size, "how many rows: small, seed or large")
	flags.StringVar(&f.home, "home", ".lyceum/bench", "where the measured database lives, from one run to the next")
	flags.StringVar(&f.peer, "peer", "bench/peer", "the directory of PostGraphile, its packages installed")
}

// measuring is what a measurement stands on: seeded servers, and the session that reads what Postgres did.
type measuring struct {
	size     dataset.Size
	peer     string
	rig      *rig.Rig
	database *bench.Database
}

// open starts the servers and seeds them; close stops them.
func (f *rigFlags) open(ctx context.Context, out io.Writer) (*measuring, error) {
	size, err := dataset.ByName(f.size)
	if err != nil {
		return nil, err
	}
	return f.openSize(ctx, out, size)
}

func (f *rigFlags) openSize(ctx context.Context, out io.Writer, size dataset.Size) (m *measuring, err error) {
	m = &measuring{size: size}
	if f.peer != "" {
		if m.peer, err = filepath.Abs(f.peer); err != nil {
			return nil, fmt.Errorf("find the peer: %w", err)
		}
	}
	schema, err := migrate.Hash()
	if err != nil {
		return nil, fmt.Errorf("name the schema: %w", err)
	}
	m.rig, err = rig.Open(ctx, rig.Options{
		Home: f.home, Size: size, Schema: schema, Peer: m.peer, WAL: f.wal, Environ: f.environ, Say: out,
		Migrate: func(ctx context.Context, url string) error { _, err := migrateUp(ctx, url); return err },
	})
	if err != nil {
		return nil, err
	}
	if m.database, err = bench.OpenDatabase(ctx, m.rig); err != nil {
		return nil, errors.Join(err, m.rig.Close(context.WithoutCancel(ctx)))
	}
	return m, nil
}

func (m *measuring) close(ctx context.Context) error {
	return errors.Join(m.database.Conn.Close(ctx), m.rig.Close(ctx))
}
