package media

import (
	"context"
	"fmt"
	"os"
	"slices"

	"lyceum/internal/author/caption"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/pg"
)

// adopt makes the captions inside a film the first revision of their language, where there is none, so that they are
// found and edited like others. Those in no language, and very long ones, are played and no more.
func (s *Service) adopt(ctx context.Context, a *ent.Asset, result *transcode.Result) error {
	var own []transcode.CaptionTrack
	for _, t := range result.Captions {
		again := slices.ContainsFunc(own, func(o transcode.CaptionTrack) bool { return o.Language == t.Language })
		if t.Language != "" && !again && len(own) < maxLocales {
			own = append(own, t)
		}
	}
	if len(own) == 0 {
		return nil
	}
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if _, err := locked(ctx, tx, a.ID); err != nil {
			return err
		}
		adopted := false
		for _, t := range own {
			done, err := adoptTrack(ctx, tx, a, t, result.Files)
			if err != nil {
				return err
			}
			adopted = adopted || done
		}
		if !adopted {
			return nil
		}
		return captionsChanged(ctx, tx, a)
	})
	if err != nil {
		return fmt.Errorf("adopt captions: %w", err)
	}
	return nil
}

// adoptTrack reports whether it appended a revision.
func adoptTrack(ctx context.Context, tx *pg.Tx, a *ent.Asset, t transcode.CaptionTrack, files []transcode.File) (bool, error) {
	newest, err := newestRevision(ctx, tx, a.ID, t.Language)
	if err != nil || newest != nil {
		return false, err
	}
	i := slices.IndexFunc(files, func(f transcode.File) bool { return f.Name == t.File })
	if i < 0 || files[i].Bytes > maxCaptionBytes {
		return false, nil
	}
	data, err := os.ReadFile(files[i].Path)
	if err != nil {
		return false, fmt.Errorf("read captions: %w", err)
	}
	track, err := caption.Parse(data)
	if fault.CodeOf(err) == fault.BadInput {
		return false, nil // a track without a cue
	} else if err != nil {
		return false, fmt.Errorf("read captions: %w", err)
	}
	_, err = appendRevision(ctx, tx, a, t.Language, nil, &revision{label: t.Label, vtt: string(data), cues: len(track.Cues)})
	return err == nil, err
}
