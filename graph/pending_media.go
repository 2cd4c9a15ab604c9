package graph

import (
	"context"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (assetResolver) URL(_ context.Context, _ *ent.Asset) (*string, error) { panic("pending") }

func (mutationResolver) RequestUpload(_ context.Context, _ model.RequestUploadInput) (*model.RequestUploadPayload, error) {
	panic("pending")
}

func (mutationResolver) CompleteUpload(_ context.Context, _ gid.ID) (*model.CompleteUploadPayload, error) {
	panic("pending")
}

func (queryResolver) AssetsByContent(_ context.Context, _ []string) ([]*ent.Asset, error) {
	panic("pending")
}
