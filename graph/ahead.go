package graph

import (
	"context"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"
)

// ahead asks a loader for what a field of every row of a connection will ask for, if the field is selected. The rows
// would ask one by one, each in a goroutine of its own, and on a busy machine not all of them in the same batch.
func ahead[R, T any](ctx context.Context, l *dataloadgen.Loader[uuid.UUID, T], field string, rows []R, key func(R) uuid.UUID) {
	if !gqlgen.AnyFieldRequested(ctx, "nodes."+field, "edges.node."+field) {
		return
	}
	for _, row := range rows {
		l.LoadThunk(ctx, key(row))
	}
}
