package graph

import (
	"context"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/internal/catalog"
)

// ahead finds what a field of every row of a page will ask for, if the field is selected: before the rows are written, so
// that they are written without waiting, and in one statement however busy the machine is. It is for root fields: what
// stands below rows of others must be gathered with what those ask for.
func ahead[R, T any](ctx context.Context, l *loader.Loader[uuid.UUID, T], field string, rows []R, key func(R) uuid.UUID) {
	if len(rows) == 0 || !gqlgen.AnyFieldRequested(ctx, "nodes."+field, "edges.node."+field) {
		return
	}
	keys := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		keys[i] = key(row)
	}
	l.Ahead(ctx, keys)
}

// placeAhead finds the viewer's place in the one course that was asked for, and what was learned there, as far as they are
// selected.
func placeAhead(ctx context.Context, course *catalog.Course) {
	if !gqlgen.AnyFieldRequested(ctx, "enrollment") {
		return
	}
	set := loader.From(ctx)
	set.Place.Ahead(ctx, []uuid.UUID{course.CourseID})
	place, err := enrollmentIn(ctx, set, course)
	if err != nil || place == nil {
		return
	}
	if gqlgen.AnyFieldRequested(ctx, "enrollment.progress") {
		set.CourseProgress.Ahead(ctx, []uuid.UUID{place.ID})
	}
	if gqlgen.AnyFieldRequested(ctx, "enrollment.progress.lessons") {
		set.Evidence.Ahead(ctx, []uuid.UUID{place.ID})
	}
}
