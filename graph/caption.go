package graph

import (
	"context"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/media"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) CaptionRevisions(
	ctx context.Context, assetID gid.ID, locale *string, first *int, after *string,
) (*relay.CaptionRevisionConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	asset, err := idOf(assetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	revisions, err := r.services.Media.CaptionRevisions(ctx, asset, value(locale), request)
	if err != nil {
		return nil, err
	}
	return &relay.CaptionRevisionConnection{Page: relay.From(revisions)}, nil
}

func (r mutationResolver) SaveCaptions(ctx context.Context, in model.SaveCaptionsInput) (*model.CaptionsPayload, error) {
	asset, err := idOf(in.AssetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	return captioned(r.services.Media.SaveCaptions(ctx, asset, media.CaptionEdit{
		Locale: in.Locale, Label: value(in.Label), Content: in.Content, Expected: in.ExpectedNumber,
	}))
}

func (r mutationResolver) RevertCaptions(ctx context.Context, in model.RevertCaptionsInput) (*model.CaptionsPayload, error) {
	asset, err := idOf(in.AssetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	return captioned(r.services.Media.RevertCaptions(ctx, asset, in.Locale, in.Number))
}

func (r mutationResolver) RemoveCaptions(ctx context.Context, in model.RemoveCaptionsInput) (*model.CaptionsPayload, error) {
	asset, err := idOf(in.AssetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	return captioned(r.services.Media.RemoveCaptions(ctx, asset, in.Locale))
}

func captioned(c *media.Captioned, err error) (*model.CaptionsPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.CaptionsPayload{Revision: c.Revision, Asset: c.Asset}, nil
}

func (r mutationResolver) ConvertAsset(ctx context.Context, assetID gid.ID) (*model.ConvertAssetPayload, error) {
	id, err := idOf(assetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	asset, err := r.services.Media.ConvertAgain(ctx, id)
	if err != nil {
		return nil, err
	}
	return &model.ConvertAssetPayload{Asset: asset}, nil
}

func (captionRevisionResolver) Vtt(_ context.Context, c *ent.CaptionRevision) (*string, error) {
	return given(c.Vtt), nil
}

func (captionRevisionResolver) Author(ctx context.Context, c *ent.CaptionRevision) (*ent.User, error) {
	if c.AuthorID == nil {
		return nil, nil //nolint:nilnil // it came inside the film
	}
	return loader.Optional(loader.From(ctx).User.Load(ctx, *c.AuthorID))
}
