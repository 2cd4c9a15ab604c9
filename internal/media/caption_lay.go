package media

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/author/caption"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/captionrevision"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/gen/ent/usage"
	"lyceum/internal/media/rendition"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/pg"
)

// laid are a film's captions, in their place for people who play it.
type laid struct {
	// name is of the rendition set's row; "" where the film's own captions are in force.
	name string
	// play names the master playlist, "" where there is none.
	play     string
	captions []rendition.Caption
	// newest are the revisions that it follows from, by locale.
	newest []uuid.UUID
}

// LayCaptions puts the captions that are in force where players find them, without converting the film: another master
// playlist beside the one there is, which goes on working for whoever holds its address. The error is a fault.NotFound
// for an asset that is gone, and else worth another try.
func (s *Service) LayCaptions(ctx context.Context, id uuid.UUID) error {
	a, err := s.DB.Asset.Get(ctx, id)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "There is no such file.")
	} else if err != nil {
		return fmt.Errorf("find asset: %w", err)
	}
	if a.Playback == nil && !over(a) {
		return nil // they come with the film
	}
	set, result, err := s.streamed(ctx, a)
	if err != nil {
		return err
	}
	l, err := s.lay(ctx, a, set, result)
	if err != nil {
		return err
	}
	return s.show(ctx, a, set, l)
}

// streamed returns the set that the asset is streamed from, and what is in it; nothing where it is not streamed.
func (s *Service) streamed(ctx context.Context, a *ent.Asset) (string, *transcode.Result, error) {
	if a.Playback == nil || a.Playback.Set == "" {
		return "", nil, nil
	}
	row, err := s.DB.RenditionSet.Query().Where(renditionset.AssetID(a.ID), renditionset.Name(a.Playback.Set)).Only(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("find rendition set: %w", err)
	}
	result := &transcode.Result{}
	if err := json.Unmarshal(row.Result, result); err != nil {
		return "", nil, fmt.Errorf("read rendition set: %w", err)
	}
	return row.Name, result, nil
}

// lay stores the files of the captions that are in force. The result is nil for a film that is not streamed.
func (s *Service) lay(ctx context.Context, a *ent.Asset, set string, result *transcode.Result) (*laid, error) {
	newest, err := newestRevisions(ctx, s.DB.CaptionRevision.Query(), a.ID)
	if err != nil {
		return nil, err
	}
	l := &laid{newest: idsOf(newest)}
	if !slices.ContainsFunc(newest, func(r *ent.CaptionRevision) bool { return r.AuthorID != nil }) {
		if result != nil {
			l.play, l.captions = result.Play, tracksOf(result.Captions)
		}
		return l, nil
	}
	captions, err := s.inForce(ctx, a, set, result, newest)
	if err != nil {
		return nil, err
	}
	revise := transcode.LayBeside
	if result != nil {
		revise = result.Revise
	}
	made, err := revise(captions)
	if err != nil {
		return nil, fmt.Errorf("lay captions out: %w", err)
	}
	if len(made.Contents) == 0 {
		return l, nil
	}
	l.name, l.play, l.captions = path.Join(set, made.Name), made.Play, tracksOf(made.Captions)
	return l, s.keepCaptions(ctx, a, set, l.name, made)
}

// inForce are the captions that edits left in force, and those inside the film in languages that nobody edited.
func (s *Service) inForce(
	ctx context.Context, a *ent.Asset, set string, result *transcode.Result, newest []*ent.CaptionRevision,
) ([]transcode.Caption, error) {
	var captions []transcode.Caption
	var own []transcode.CaptionTrack
	if result != nil {
		own = result.Captions
	}
	for _, t := range own {
		if t.Language != "" && slices.ContainsFunc(newest, func(r *ent.CaptionRevision) bool { return r.Locale == t.Language }) {
			continue
		}
		data, err := s.readStored(ctx, a, set+"/"+t.File)
		if err != nil {
			return nil, err
		}
		if _, err := caption.Parse(data); fault.CodeOf(err) == fault.BadInput {
			continue // none of its cues is within the film: it must not keep the others from being shown
		}
		captions = append(captions, transcode.Caption{
			Language: t.Language, Label: t.Label, Data: data, Default: t.Default, Forced: t.Forced, Impaired: t.Impaired,
		})
	}
	edits, err := s.DB.CaptionRevision.Query().
		Where(captionrevision.IDIn(idsOf(newest)...), captionrevision.Removed(false)).Order(captionrevision.ByLocale()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read captions: %w", err)
	}
	for _, r := range edits {
		c := transcode.Caption{Language: r.Locale, Label: r.Label, Data: []byte(r.Vtt)}
		if i := slices.IndexFunc(own, func(t transcode.CaptionTrack) bool { return t.Language == r.Locale }); i >= 0 {
			c.Default, c.Forced, c.Impaired = own[i].Default, own[i].Forced, own[i].Impaired
		}
		captions = append(captions, c)
	}
	return captions, nil
}

// readStored reads a caption file that was made of the asset.
func (s *Service) readStored(ctx context.Context, a *ent.Asset, name string) (data []byte, err error) {
	key, err := keyBelow(a, name)
	if err != nil {
		return nil, err
	}
	object, err := s.Blobs.Open(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("open captions: %v", err) //nolint:errorlint // A store's codes say nothing about the film.
	}
	defer func() { err = errors.Join(err, object.Close()) }()
	data, err = io.ReadAll(io.LimitReader(object, caption.MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("read captions: %w", err)
	}
	return data, nil
}

// keepCaptions stores the files under the row's name, the master playlist last.
func (s *Service) keepCaptions(ctx context.Context, a *ent.Asset, set, name string, made *transcode.Revision) error {
	listed := &transcode.Result{Play: made.Play, Captions: made.Captions}
	for _, c := range made.Contents {
		listed.Files = append(listed.Files, c.File)
	}
	if err := s.announceSet(ctx, a, name, listed); err != nil {
		return err
	}
	for _, c := range made.Contents {
		open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.Data)), nil }
		if err := s.put(ctx, a, path.Join(set, c.Name), c.File, open); err != nil {
			return fmt.Errorf("keep %s: %w", c.Name, err)
		}
	}
	return nil
}

// show puts the captions in force, unless others are on their way: then their job does.
func (s *Service) show(ctx context.Context, seen *ent.Asset, set string, l *laid) error {
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, seen.ID)
		if err != nil {
			return err
		}
		summary := rendition.Summary{}
		if a.Playback != nil {
			summary = *a.Playback
		}
		if current, err := l.current(ctx, tx, a.ID); err != nil || !current || summary.Set != set {
			return err
		}
		if err := dress(ctx, tx, a.ID, &summary, l); err != nil {
			return err
		}
		if err := tx.Asset.UpdateOne(a).SetPlayback(&summary).Exec(ctx); err != nil {
			return fmt.Errorf("show captions: %w", err)
		}
		s.wakeAfter(ctx, tx, a)
		return nil
	})
	if err != nil {
		return fmt.Errorf("put captions in force: %w", err)
	}
	return nil
}

// current reports whether nobody has edited captions since. The asset is locked.
func (l *laid) current(ctx context.Context, tx *pg.Tx, id uuid.UUID) (bool, error) {
	newest, err := newestRevisions(ctx, tx.CaptionRevision.Query(), id)
	return slices.Equal(idsOf(newest), l.newest), err
}

// dress gives the summary the captions, and retires those that were in force. Their files stay for a while.
func dress(ctx context.Context, tx *pg.Tx, id uuid.UUID, summary *rendition.Summary, l *laid) error {
	summary.Play, summary.Captions = l.play, l.captions
	rows, err := tx.RenditionSet.Query().
		Where(renditionset.AssetID(id), renditionset.Or(renditionset.StatusEQ(renditionset.StatusCAPTIONS), renditionset.Name(l.name))).
		ForUpdate().All(ctx)
	if err != nil {
		return fmt.Errorf("find captions in force: %w", err)
	}
	found := l.name == ""
	for _, row := range rows {
		status := renditionset.StatusRETIRED
		if row.Name == l.name {
			found, status = true, renditionset.StatusCAPTIONS
			if err := account(ctx, tx, usage.KindBYTES_STORED, row.ID, row.Bytes); err != nil {
				return err
			}
		}
		if err := tx.RenditionSet.UpdateOne(row).SetStatus(status).Exec(ctx); err != nil {
			return fmt.Errorf("change captions in force: %w", err)
		}
	}
	if !found {
		return fmt.Errorf("the captions %s were swept", l.name) // they are laid again
	}
	return nil
}

// newestRevisions are the newest of each language, by locale, without their text.
func newestRevisions(ctx context.Context, query *ent.CaptionRevisionQuery, id uuid.UUID) ([]*ent.CaptionRevision, error) {
	rows, err := query.Where(captionrevision.AssetID(id)).
		Select(captionrevision.FieldID, captionrevision.FieldLocale, captionrevision.FieldNumber, captionrevision.FieldRemoved, captionrevision.FieldAuthorID).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find newest captions: %w", err)
	}
	slices.SortFunc(rows, func(a, b *ent.CaptionRevision) int {
		return cmp.Or(cmp.Compare(a.Locale, b.Locale), cmp.Compare(b.Number, a.Number))
	})
	return slices.CompactFunc(rows, func(a, b *ent.CaptionRevision) bool { return a.Locale == b.Locale }), nil
}

func idsOf(rows []*ent.CaptionRevision) []uuid.UUID {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids
}

// tracksOf are the tracks as players are told of them.
func tracksOf(tracks []transcode.CaptionTrack) []rendition.Caption {
	var captions []rendition.Caption
	for _, t := range tracks {
		captions = append(captions, rendition.Caption{Locale: t.Language, Label: t.Label, File: t.File, Default: t.Default})
	}
	return captions
}
