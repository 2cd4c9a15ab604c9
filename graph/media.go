package graph

import (
	"context"
	"maps"
	"slices"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/media"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/gid"
)

func (r queryResolver) AssetsByContent(ctx context.Context, sha256 []string) ([]*ent.Asset, error) {
	return r.services.Media.ByContent(ctx, sha256)
}

func (r mutationResolver) RequestUpload(
	ctx context.Context, in model.RequestUploadInput,
) (*model.RequestUploadPayload, error) {
	asset, ticket, err := r.services.Media.Request(ctx, media.Upload{
		Kind: in.Kind, FileName: in.FileName, ContentType: in.ContentType, Size: in.Size, SHA256: in.Sha256,
	})
	if err != nil {
		return nil, err
	}
	return &model.RequestUploadPayload{Asset: asset, Upload: ticketOf(ticket)}, nil
}

func ticketOf(t *blob.UploadTicket) *model.UploadTicket {
	if t == nil {
		return nil
	}
	ticket := &model.UploadTicket{Method: t.Method, URL: t.URL, ExpiresAt: t.Expires, Headers: []*model.HTTPHeader{}}
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		ticket.Headers = append(ticket.Headers, &model.HTTPHeader{Name: name, Value: t.Headers[name]})
	}
	return ticket
}

func (r mutationResolver) CompleteUpload(ctx context.Context, assetID gid.ID) (*model.CompleteUploadPayload, error) {
	id, err := idOf(assetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	asset, err := r.services.Media.Complete(ctx, id)
	if err != nil {
		return nil, err
	}
	return &model.CompleteUploadPayload{Asset: asset}, nil
}

func (r assetResolver) URL(ctx context.Context, a *ent.Asset) (*string, error) {
	return r.services.Media.URL(ctx, a)
}
