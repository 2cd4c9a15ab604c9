package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
)

// films are the uploaded films of the lessons.
func films(lessons []*ent.Lesson) []uuid.UUID {
	var all []uuid.UUID
	for _, l := range lessons {
		if l.Kind == outline.Video && l.AssetID != nil {
			all = append(all, *l.AssetID)
		}
	}
	return all
}

// readyFiles are those of the assets that can be read, with what is known of films.
func readyFiles(ctx context.Context, client *ent.Client, ids []uuid.UUID) (map[uuid.UUID]*ent.Asset, error) {
	ready := make(map[uuid.UUID]*ent.Asset, len(ids))
	for batch := range slices.Chunk(ids, idsPerStatement) {
		found, err := client.Asset.Query().Where(asset.IDIn(batch...), asset.StatusEQ(asset.StatusREADY)).
			Select(asset.FieldID, asset.FieldPlayback).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("find files: %w", err)
		}
		for _, a := range found {
			ready[a.ID] = a
		}
	}
	return ready, nil
}

// lengthMS is how long the lesson's video is, in milliseconds: as its author says, or else as its film was measured; 0
// when nobody knows yet.
func lengthMS(l *ent.Lesson, ready map[uuid.UUID]*ent.Asset) int {
	if l.Kind != outline.Video || l.DurationMs > 0 || l.AssetID == nil {
		return l.DurationMs
	}
	film := ready[*l.AssetID]
	if film == nil || film.Playback == nil {
		return 0
	}
	return film.Playback.DurationMs
}
