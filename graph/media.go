package graph

import (
	"context"
	"maps"
	"slices"
	"time"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/media"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/gid"
)

func (r queryResolver) AssetsByContent(ctx context.Context, sha256 []string) ([]*ent.Asset, error) {
	return r.services.Media.ByContent(ctx, sha256)
}

func (r queryResolver) Asset(ctx context.Context, id gid.ID) (*ent.Asset, error) {
	asset, err := idOf(id, ent.GIDAsset)
	if err != nil {
		return absent[ent.Asset](nil, err)
	}
	return absent(r.services.Media.Asset(ctx, asset))
}

func (r subscriptionResolver) AssetUpdated(ctx context.Context, id gid.ID) (<-chan *ent.Asset, error) {
	asset, err := idOf(id, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	return r.services.Media.Watch(ctx, asset)
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

func (r mutationResolver) SignParts(ctx context.Context, in model.SignPartsInput) (*model.SignPartsPayload, error) {
	id, err := idOf(in.AssetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	asked := make([]media.PartAsked, len(in.Parts))
	for i, part := range in.Parts {
		asked[i] = media.PartAsked{Number: part.Number, SHA256: part.Sha256}
	}
	signed, err := r.services.Media.SignParts(ctx, id, asked)
	if err != nil {
		return nil, err
	}
	tickets := make([]*model.PartTicket, len(signed))
	for i, part := range signed {
		tickets[i] = &model.PartTicket{Number: part.Number, Upload: ticketOf(&part.Ticket)}
	}
	return &model.SignPartsPayload{Parts: tickets}, nil
}

func (r mutationResolver) DeleteAsset(ctx context.Context, assetID gid.ID) (*model.DeleteAssetPayload, error) {
	id, err := idOf(assetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	asset, err := r.services.Media.Delete(ctx, id)
	if err != nil {
		return nil, err
	}
	return &model.DeleteAssetPayload{Asset: asset}, nil
}

func (r mutationResolver) RestoreAsset(ctx context.Context, assetID gid.ID) (*model.RestoreAssetPayload, error) {
	id, err := idOf(assetID, ent.GIDAsset)
	if err != nil {
		return nil, err
	}
	asset, err := r.services.Media.Restore(ctx, id)
	if err != nil {
		return nil, err
	}
	return &model.RestoreAssetPayload{Asset: asset}, nil
}

func (r queryResolver) StorageUsage(ctx context.Context, months *int) (*model.StorageUsage, error) {
	found, err := r.services.Media.Usage(ctx, months)
	if err != nil {
		return nil, err
	}
	usage := &model.StorageUsage{Used: found.Used, Quota: found.Quota, Mine: found.Mine, QuotaPerUser: found.QuotaPerUser}
	usage.Months = make([]*model.MonthlyUsage, len(found.Months))
	for i, m := range found.Months {
		usage.Months[i] = &model.MonthlyUsage{
			Month: m.Name, BytesStored: m.Stored, BytesRemoved: m.Removed, MinutesTranscoded: m.Transcoded.Minutes(),
		}
	}
	return usage, nil
}

func (assetResolver) RemovedAt(_ context.Context, a *ent.Asset) (*time.Time, error) {
	return media.RemovedAt(a), nil
}

func (r assetResolver) Parts(ctx context.Context, a *ent.Asset) (*model.UploadParts, error) {
	count, waits := media.Sending(a)
	if !waits {
		return nil, nil //nolint:nilnil // it is not sent in parts, or no longer
	}
	received, err := r.services.Media.Received(ctx, a)
	if err != nil {
		return nil, err
	}
	parts := &model.UploadParts{Size: a.PartSize, Count: count, ExpiresAt: value(a.ExpiresAt).UTC()}
	parts.Received = make([]*model.UploadPart, len(received))
	for i, p := range received {
		parts.Received[i] = &model.UploadPart{Number: p.Number, Size: p.Size, Sha256: p.SHA256.String()}
	}
	return parts, nil
}

func (r assetResolver) URL(ctx context.Context, a *ent.Asset) (*string, error) {
	return r.services.Media.URL(ctx, a)
}

func (r assetResolver) Playback(ctx context.Context, a *ent.Asset) (*model.Playback, error) {
	p, err := r.services.Media.Playback(ctx, a)
	if err != nil || p == nil {
		return nil, err
	}
	return &model.Playback{
		HlsURL: p.HLSURL, PosterURL: given(p.PosterURL), StoryboardURL: given(p.StoryboardURL),
		Captions: captionTracks(p.Captions), ExpiresAt: p.ExpiresAt.UTC(),
	}, nil
}

// DurationMs and the others are of what there is to play; support may read them.
func (assetResolver) DurationMs(_ context.Context, a *ent.Asset) (*int, error) {
	return given(value(a.Playback).DurationMs), nil
}

func (assetResolver) Width(_ context.Context, a *ent.Asset) (*int, error) {
	return given(value(a.Playback).Width), nil
}

func (assetResolver) Height(_ context.Context, a *ent.Asset) (*int, error) {
	return given(value(a.Playback).Height), nil
}

func (assetResolver) Notes(_ context.Context, a *ent.Asset) ([]string, error) {
	return append([]string{}, value(a.Playback).Notes...), nil
}

func (assetResolver) Renditions(_ context.Context, a *ent.Asset) ([]*model.Rendition, error) {
	made := value(a.Playback).Renditions
	found := make([]*model.Rendition, len(made))
	for i, r := range made {
		found[i] = &model.Rendition{
			Name: r.Name, Codec: r.Codec, Bitrate: given(r.Bitrate), Width: given(r.Width), Height: given(r.Height),
			Channels: given(r.Channels), Language: given(r.Language),
		}
	}
	return found, nil
}
