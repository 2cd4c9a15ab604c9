package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/gen/ent/usage"
	"lyceum/internal/media/rendition"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
)

// maxTries is how often a conversion is begun before it is given up.
const maxTries = 8

// ErrBusy is returned while another process of this machine converts the asset.
var ErrBusy = errors.New("the asset is being converted already")

// gaveUp is what the owner is told of a film that is not to blame.
const gaveUp = "The file could not be converted, although nothing seems to be wrong with it. It is played as it was uploaded."

// Finish runs last in the transaction that ends a conversion: it completes the job.
type Finish func(ctx context.Context, tx *pg.Tx) error

// Convert makes what people stream of the asset, or finds out why that cannot be done, and writes it down once, in the
// transaction of finish. It goes on where an earlier call on this machine stopped. The error is ErrBusy while another
// process is at it, a fault.NotFound for an asset that is gone, and else worth another try.
func (s *Service) Convert(ctx context.Context, id uuid.UUID, finish Finish) error {
	a, err := s.begin(ctx, id, finish)
	if err != nil {
		return err
	}
	if a == nil {
		s.clear(ctx, id)
		return nil
	}
	o, err := s.attempt(ctx, a)
	switch {
	case err == nil:
		return s.conclude(ctx, a, o, finish)
	case errors.Is(err, ErrBusy), ctx.Err() != nil:
		// Nothing was tried, or it was not left to end: it does not count.
		return errors.Join(err, s.release(context.WithoutCancel(ctx), a))
	case a.Tries >= maxTries:
		s.log().ErrorContext(ctx, "conversion given up", "asset", a.ID, "err", err)
		return s.conclude(ctx, a, outcome{conversion: asset.ConversionFAILED, failure: gaveUp}, finish)
	default:
		return err
	}
}

// over reports whether there is nothing left to do for the conversion.
func over(a *ent.Asset) bool {
	return a.Conversion != asset.ConversionWAITING && a.Conversion != asset.ConversionRUNNING
}

// begin takes the asset on and counts the try. It returns nil when there is nothing to do: then the job is completed.
func (s *Service) begin(ctx context.Context, id uuid.UUID, finish Finish) (begun *ent.Asset, err error) {
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if over(a) {
			return finish(ctx, tx)
		}
		if a.Tries >= maxTries { // the last try took its process along
			return s.write(ctx, tx, a, outcome{conversion: asset.ConversionFAILED, failure: gaveUp}, finish)
		}
		begun, err = tx.Asset.UpdateOne(a).
			SetConversion(asset.ConversionRUNNING).SetTries(a.Tries + 1).SetWorkedAt(time.Now()).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("take asset on: %w", err)
		}
		s.wakeAfter(ctx, tx, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("begin conversion: %w", err)
	}
	return begun, nil
}

func locked(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.Asset, error) {
	a, err := tx.Asset.Query().Where(asset.ID(id)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such file.")
	} else if err != nil {
		return nil, fmt.Errorf("lock asset: %w", err)
	}
	return a, nil
}

// release takes back that a try was made.
func (s *Service) release(ctx context.Context, a *ent.Asset) error {
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		return tx.Asset.UpdateOneID(a.ID).Where(asset.TriesGT(0)).AddTries(-1).Exec(ctx)
	})
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("take try back: %w", err)
	}
	return nil
}

// outcome is how a conversion ended.
type outcome struct {
	conversion asset.Conversion
	playback   *rendition.Summary
	// captions are those that were in force; nil where nobody looked.
	captions *laid
	// failure is for the owner; broken says that the file is to blame, and is not to be played.
	failure string
	broken  bool
}

// attempt does the work that lies outside the database.
func (s *Service) attempt(ctx context.Context, a *ent.Asset) (outcome, error) {
	p := s.pulse(ctx, a)
	defer p.stop()
	o, err := s.convert(ctx, a, p)
	if err != nil {
		return outcome{}, err
	}
	s.clear(ctx, a.ID)
	return o, nil
}

// clear removes the asset's directory on this machine.
func (s *Service) clear(ctx context.Context, id uuid.UUID) {
	if s.WorkDir == nil {
		return
	}
	dir, err := s.dirOf(id)
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		s.log().WarnContext(ctx, "work directory not removed", "asset", id, "err", err)
	}
}

// convert returns the outcome, with the files in their place.
func (s *Service) convert(ctx context.Context, a *ent.Asset, p *pulse) (outcome, error) {
	if s.Converter == nil {
		return s.passThrough(ctx, a)
	}
	source, err := s.fetch(ctx, a)
	if err != nil {
		return outcome{}, err
	}
	result, err := s.Converter.Convert(ctx, Work{
		Dir: filepath.Join(filepath.Dir(source), "job"), Source: source, ContentType: a.ContentType,
		Progress: func(percent int) { p.at(percent * convertShare / 100) },
	})
	switch {
	case errors.Is(err, transcode.ErrNoTools):
		return s.passThrough(ctx, a)
	case fault.CodeOf(err) == fault.Conflict:
		return outcome{}, fmt.Errorf("%w: %w", ErrBusy, err)
	case fault.CodeOf(err) == fault.BadInput:
		return s.refused(ctx, a, err), nil
	case err != nil:
		return outcome{}, fmt.Errorf("convert: %w", err)
	}
	set, err := s.keep(ctx, a, result, p)
	if err != nil {
		return outcome{}, err
	}
	if err := s.adopt(ctx, a, result); err != nil {
		return outcome{}, err
	}
	captions, err := s.lay(ctx, a, set, result)
	if err != nil {
		return outcome{}, err
	}
	summary := summarise(result)
	summary.Set = set
	return outcome{conversion: asset.ConversionDONE, playback: summary, captions: captions}, nil
}

// refused is the outcome of a file that is to blame.
func (s *Service) refused(ctx context.Context, a *ent.Asset, verdict error) outcome {
	s.log().InfoContext(ctx, "film refused", "asset", a.ID, "err", verdict)
	message := "The file cannot be converted."
	if f, ok := errors.AsType[*fault.Error](verdict); ok {
		message = f.Message
		if len(f.Violations) > 0 {
			message = f.Violations[0].Message
		}
	}
	return outcome{conversion: asset.ConversionFAILED, failure: message, broken: true}
}

// passable are the media types that can be looked into without ffmpeg.
func passable(contentType string) bool {
	return slices.Contains([]string{"video/mp4", "video/quicktime", "audio/mp4"}, contentType)
}

// passThrough is the outcome where there is no ffmpeg: everybody gets the file as it was uploaded.
func (s *Service) passThrough(ctx context.Context, a *ent.Asset) (outcome, error) {
	const unseen = "The film was not converted, because the server has no ffmpeg: everybody gets the file as it was uploaded."
	if !passable(a.ContentType) {
		return outcome{conversion: asset.ConversionPASSED_THROUGH, playback: &rendition.Summary{Notes: []string{unseen}}}, nil
	}
	source, err := s.fetch(ctx, a)
	if err != nil {
		return outcome{}, err
	}
	result, err := transcode.PassThrough(ctx, source, a.ContentType, transcode.DefaultLimits())
	if fault.CodeOf(err) == fault.BadInput {
		return s.refused(ctx, a, err), nil
	} else if err != nil {
		return outcome{}, fmt.Errorf("look into film: %w", err)
	}
	summary := summarise(result)
	// The upload itself is played, at the address that it has already.
	summary.Play = ""
	if result.Unplayable != "" {
		summary.Notes = append(summary.Notes, result.Unplayable)
	}
	return outcome{conversion: asset.ConversionPASSED_THROUGH, playback: summary}, nil
}

// conclude writes the outcome, unless another process was quicker.
func (s *Service) conclude(ctx context.Context, begun *ent.Asset, o outcome, finish Finish) error {
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, begun.ID)
		if err != nil {
			return err
		}
		if over(a) {
			return finish(ctx, tx)
		}
		return s.write(ctx, tx, a, o, finish)
	})
	if err != nil {
		return fmt.Errorf("conclude conversion: %w", err)
	}
	return nil
}

// write settles the asset, makes its set final, and finishes.
func (s *Service) write(ctx context.Context, tx *pg.Tx, a *ent.Asset, o outcome, finish Finish) error {
	o = o.besides(a)
	update := tx.Asset.UpdateOne(a).SetConversion(o.conversion).SetFailure(clip(o.failure)).ClearWorkedAt()
	if o.playback != nil {
		if err := final(ctx, tx, a.ID, o); err != nil {
			return err
		}
		update.SetPlayback(o.playback).SetProgress(100)
		if a.Status == asset.StatusFAILED && a.ExpiresAt == nil { // and was converted again
			update.SetStatus(asset.StatusREADY)
		}
	}
	if o.broken {
		update.SetStatus(asset.StatusFAILED)
	}
	settled, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("settle asset: %w", err)
	}
	if err := o.edited(ctx, tx, settled); err != nil {
		return err
	}
	entry := pg.Entry{
		Action: "asset.converted", Subject: settled.GlobalID().String(), Data: map[string]string{"conversion": string(settled.Conversion)},
	}
	if err := tx.Record(ctx, entry); err != nil {
		return err
	}
	s.wakeAfter(ctx, tx, a)
	return finish(ctx, tx)
}

// besides is the outcome for a film that was converted before: what did not go well takes nothing away.
func (o outcome) besides(a *ent.Asset) outcome {
	if o.conversion == asset.ConversionDONE || a.Playback == nil || a.Playback.Set == "" {
		return o
	}
	if o.conversion == asset.ConversionPASSED_THROUGH {
		o.failure = "The film was not converted again, because the server has no ffmpeg."
	}
	return outcome{conversion: asset.ConversionFAILED, failure: o.failure}
}

// edited announces captions that were edited while the film was converted.
func (o outcome) edited(ctx context.Context, tx *pg.Tx, a *ent.Asset) error {
	seen := cmp.Or(o.captions, &laid{})
	if current, err := seen.current(ctx, tx, a.ID); err != nil || current {
		return err
	}
	return captionsChanged(ctx, tx, a)
}

// final makes the set READY: from here on it never changes. The one that was streamed before stays for a while, for
// whoever is playing it.
func final(ctx context.Context, tx *pg.Tx, id uuid.UUID, o outcome) error {
	if o.playback.Set == "" {
		return nil
	}
	rows, err := tx.RenditionSet.Query().
		Where(renditionset.AssetID(id), renditionset.Or(renditionset.StatusEQ(renditionset.StatusREADY), renditionset.Name(o.playback.Set))).
		ForUpdate().All(ctx)
	if err != nil {
		return fmt.Errorf("find rendition sets: %w", err)
	}
	var next *ent.RenditionSet
	for _, row := range rows {
		if row.Name == o.playback.Set {
			next = row
		} else if err := tx.RenditionSet.UpdateOne(row).SetStatus(renditionset.StatusRETIRED).Exec(ctx); err != nil {
			return fmt.Errorf("retire rendition set: %w", err)
		}
	}
	if next == nil { // swept, because its worker was thought dead: it is made again
		return fmt.Errorf("the rendition set %s was swept", o.playback.Set)
	}
	if err := tx.RenditionSet.UpdateOne(next).SetStatus(renditionset.StatusREADY).Exec(ctx); err != nil {
		return fmt.Errorf("finish rendition set: %w", err)
	}
	if err := account(ctx, tx, usage.KindBYTES_STORED, next.ID, next.Bytes); err != nil {
		return err
	}
	if err := account(ctx, tx, usage.KindMS_TRANSCODED, next.ID, int64(o.playback.DurationMs)); err != nil {
		return err
	}
	return dress(ctx, tx, id, o.playback, o.captions)
}

// clip bounds a sentence by what its column holds.
func clip(sentence string) string {
	const most = 500
	runes := []rune(sentence)
	return string(runes[:min(len(runes), most)])
}

// summarise is the result without the list of its files.
func summarise(r *transcode.Result) *rendition.Summary {
	summary := &rendition.Summary{
		Play: r.Play, Poster: r.Poster, Storyboard: r.Storyboard, DurationMs: int(r.Duration.Milliseconds()), Notes: r.Notes,
	}
	for _, v := range r.Video {
		summary.Width, summary.Height = v.Width, v.Height
	}
	for _, made := range slices.Concat(r.Video, r.Audio) {
		summary.Renditions = append(summary.Renditions, rendition.Rendition{
			Name: cmp.Or(made.Name, "original"), Codec: made.Codec, Bitrate: int(made.Peak),
			Width: made.Width, Height: made.Height, Channels: made.Channels, Language: made.Language,
		})
	}
	summary.Captions = tracksOf(r.Captions)
	return summary
}

// prefixOf is where all that is made of an asset lies.
func prefixOf(a *ent.Asset, parts ...string) (blob.Prefix, error) {
	prefix, err := blob.NewPrefix(a.TenantID, append([]string{a.ID.String()}, parts...)...)
	if err != nil {
		return blob.Prefix{}, fmt.Errorf("make prefix: %w", err)
	}
	return prefix, nil
}
