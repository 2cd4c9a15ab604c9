package graph

import (
	"context"

	"lyceum/internal/gen/model"
)

func (queryResolver) Search(_ context.Context, _ string, _, _ *int, _ *model.SearchFilter) (*model.SearchResult, error) {
	panic("pending")
}

func (queryResolver) SearchToken(_ context.Context) (*model.SearchToken, error) { panic("pending") }
