package media

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/media/rendition"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/input"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxByContent is how many files one request may ask about.
const maxByContent = 100

// Address is where a file can be read for a while.
type Address struct {
	Asset *ent.Asset
	URL   string
	// Playback is where it is streamed from, nil for what was not converted.
	Playback  *rendition.Playback
	ExpiresAt time.Time
}

// endOfLife is when an address ends that is signed now: on a grid, so that whoever asks again is given the same address
// for a while, and finds what was fetched from it in a cache. At least three quarters of its life are left.
func endOfLife(now time.Time) time.Time {
	return now.Truncate(downloadLife / 4).Add(downloadLife)
}

// Addresses signs the ready assets among ids, in one statement. It asks nobody: whoever calls it has
// decided that the viewer may read what it links to, so it sees the whole tenant's files.
func (s *Service) Addresses(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Address, error) {
	if len(ids) == 0 {
		return map[uuid.UUID]Address{}, nil
	}
	ready, err := s.DB.Asset.Query().
		Where(asset.IDIn(ids...), asset.StatusEQ(asset.StatusREADY)).
		All(viewer.WholeTenant(ctx))
	if err != nil {
		return nil, fmt.Errorf("find assets: %w", err)
	}
	addresses := make(map[uuid.UUID]Address, len(ready))
	for _, a := range ready {
		address, err := s.sign(ctx, a)
		if err != nil {
			return nil, err
		}
		addresses[a.ID] = address
	}
	return addresses, nil
}

// sign makes the address. What a browser shows is shown, everything else is saved under its name.
func (s *Service) sign(ctx context.Context, a *ent.Asset) (Address, error) {
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return Address{}, fmt.Errorf("read blob key: %w", err)
	}
	expires := endOfLife(time.Now())
	rule := blob.DownloadRule{Until: expires, Expires: downloadLife, ContentType: a.ContentType}
	if a.Kind == asset.KindDOCUMENT || a.Kind == asset.KindOTHER {
		rule.Filename = a.FileName
	}
	url, err := s.Blobs.PresignDownload(ctx, key, rule)
	if err != nil {
		return Address{}, fmt.Errorf("sign address: %w", err)
	}
	playback, err := s.stream(a, expires)
	if err != nil {
		return Address{}, err
	}
	return Address{Asset: a, URL: url, Playback: playback, ExpiresAt: expires}, nil
}

// stream signs where the asset is streamed from; nil for nowhere. Of a film that is played as it was uploaded there may
// be captions alone.
func (s *Service) stream(a *ent.Asset, expires time.Time) (*rendition.Playback, error) {
	if s.Paths == nil || a.Status != asset.StatusREADY || a.Playback == nil || a.Playback.Set == "" && len(a.Playback.Captions) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to stream
	}
	prefix, err := prefixOf(a)
	if err != nil {
		return nil, err
	}
	signed, err := s.Paths.SignPath(prefix, expires)
	if err != nil {
		return nil, fmt.Errorf("sign path: %w", err)
	}
	address := func(name string) string {
		if name == "" {
			return ""
		}
		return s.Origin + signed + path.Join(a.Playback.Set, name)
	}
	playback := &rendition.Playback{
		HLSURL: address(a.Playback.Play), PosterURL: address(a.Playback.Poster), StoryboardURL: address(a.Playback.Storyboard),
		ExpiresAt: expires,
	}
	for _, c := range a.Playback.Captions {
		playback.Captions = append(playback.Captions, rendition.Track{Caption: c, URL: address(c.File)})
	}
	return playback, nil
}

// Playback signs where staff can stream the asset from; it is nil until the asset is converted.
func (s *Service) Playback(_ context.Context, a *ent.Asset) (*rendition.Playback, error) {
	playback, err := s.stream(a, endOfLife(time.Now()))
	if err != nil || playback == nil || playback.HLSURL == "" {
		return nil, err
	}
	return playback, nil
}

// URL signs one asset for staff; it is nil until the asset is ready.
func (s *Service) URL(ctx context.Context, a *ent.Asset) (*string, error) {
	if a.Status != asset.StatusREADY {
		return nil, nil //nolint:nilnil // there is no address yet
	}
	address, err := s.sign(ctx, a)
	if err != nil {
		return nil, err
	}
	return &address.URL, nil
}

// ByContent returns the ready assets that have one of the digests (hex), oldest first.
func (s *Service) ByContent(ctx context.Context, digests []string) ([]*ent.Asset, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	wanted, err := parseDigests(digests)
	if err != nil {
		return nil, err
	}
	found, err := s.DB.Asset.Query().
		Where(asset.Sha256In(wanted...), asset.StatusEQ(asset.StatusREADY)).
		Order(asset.ByID()).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find assets: %w", err)
	}
	return found, nil
}

func parseDigests(texts []string) ([]string, error) {
	var c input.Checker
	c.Count("sha256", len(texts), maxByContent)
	digests := make([]string, 0, min(len(texts), maxByContent))
	for i, text := range texts[:min(len(texts), maxByContent)] {
		digest, err := blob.ParseDigest(text)
		c.Check(err == nil, input.Path("sha256", i), noDigest)
		digests = append(digests, digest.String())
	}
	return digests, c.Err()
}
