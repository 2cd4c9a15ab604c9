package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/platform/gid"
)

func (queryResolver) Node(_ context.Context, _ gid.ID) (relay.Node, error) { panic("pending") }

func (queryResolver) Nodes(_ context.Context, _ []*gid.ID) ([]relay.Node, error) { panic("pending") }
