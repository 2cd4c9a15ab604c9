package media

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"golang.org/x/text/language"

	"lyceum/internal/author/caption"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/captionrevision"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// The bounds of captions.
const (
	// maxCaptionBytes is the size of the largest file, as of captions that are saved with a lesson.
	maxCaptionBytes = 1 << 20
	maxCaptionLabel = 100
	// maxLocale is the length of the longest language tag (RFC 5646, section 4.4.1).
	maxLocale = 35
	// maxLocales is how many languages a film may have captions in.
	maxLocales = 50
)

// tooLong is what the author of more than maxCaptionBytes is told.
const tooLong = "Captions have at most 1024 KB."

// CaptionEdit is a film's captions in one language.
type CaptionEdit struct {
	// Locale is a BCP 47 tag. Label is what a menu shows; the language's own name when empty.
	Locale, Label string
	// Content is SubRip or WebVTT.
	Content string
	// Expected is the number that the newest revision in the language must have, 0 for none; nil does not care.
	Expected *int
}

// Captioned is a film with the newest revision of its captions in one language.
type Captioned struct {
	Asset    *ent.Asset
	Revision *ent.CaptionRevision
}

// SaveCaptions puts captions in force. Those that are in force already make no new revision.
func (s *Service) SaveCaptions(ctx context.Context, id uuid.UUID, edit CaptionEdit) (*Captioned, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var c input.Checker
	locale := checkLocale(&c, edit.Locale)
	c.Line("label", edit.Label, 0, maxCaptionLabel)
	track := checkCaptions(&c, edit.Content)
	if edit.Expected != nil {
		c.Check(*edit.Expected >= 0, "expectedNumber", "A revision has a number from 1; 0 stands for none.")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s.edit(ctx, id, locale, "saved", func(_ context.Context, _ *pg.Tx, newest *ent.CaptionRevision) (*revision, error) {
		if err := expected(edit.Expected, newest); err != nil {
			return nil, err
		}
		next := &revision{label: edit.Label, vtt: string(track.VTT()), cues: len(track.Cues)}
		if newest != nil && !newest.Removed && newest.Vtt == next.vtt && newest.Label == next.label {
			return nil, nil
		}
		return next, nil
	})
}

// editing says whether the viewer may edit captions, and how their language is written.
func editing(ctx context.Context, locale string) (string, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return "", err
	}
	var c input.Checker
	locale = checkLocale(&c, locale)
	return locale, c.Err()
}

// RevertCaptions puts the captions of an older revision in force again, under a new number.
func (s *Service) RevertCaptions(ctx context.Context, id uuid.UUID, locale string, number int) (*Captioned, error) {
	locale, err := editing(ctx, locale)
	if err != nil {
		return nil, err
	}
	return s.edit(ctx, id, locale, "reverted", func(ctx context.Context, tx *pg.Tx, newest *ent.CaptionRevision) (*revision, error) {
		old, err := tx.CaptionRevision.Query().
			Where(captionrevision.AssetID(id), captionrevision.Locale(locale), captionrevision.Number(number)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.New(fault.NotFound, "There is no such revision.")
		} else if err != nil {
			return nil, fmt.Errorf("find revision: %w", err)
		}
		if old.Removed {
			return nil, fault.Invalid("number", "This revision removed the captions; there is nothing to bring back.")
		}
		if newest.ID == old.ID {
			return nil, nil
		}
		return &revision{label: old.Label, vtt: old.Vtt, cues: old.CueCount, revertOf: &old.Number}, nil
	})
}

// RemoveCaptions takes the captions in a language out of force. Where there are none nothing happens.
func (s *Service) RemoveCaptions(ctx context.Context, id uuid.UUID, locale string) (*Captioned, error) {
	locale, err := editing(ctx, locale)
	if err != nil {
		return nil, err
	}
	return s.edit(ctx, id, locale, "removed", func(_ context.Context, _ *pg.Tx, newest *ent.CaptionRevision) (*revision, error) {
		if newest == nil {
			return nil, fault.New(fault.NotFound, "The film has no captions in this language.")
		}
		if newest.Removed {
			return nil, nil
		}
		return &revision{removed: true}, nil
	})
}

// CaptionRevisions returns a page of what was done to the film's captions, newest first; in one language, or in all when
// the locale is empty.
func (s *Service) CaptionRevisions(
	ctx context.Context, id uuid.UUID, locale string, r page.Request,
) (page.Page[*ent.CaptionRevision], error) {
	none := page.Page[*ent.CaptionRevision]{}
	if _, err := s.Asset(ctx, id); err != nil {
		return none, err
	}
	query := s.DB.CaptionRevision.Query().
		Where(captionrevision.AssetID(id)).Order(captionrevision.ByID(sql.OrderDesc())).Limit(r.Limit())
	if locale != "" {
		var c input.Checker
		locale = checkLocale(&c, locale)
		if err := c.Err(); err != nil {
			return none, err
		}
		query = query.Where(captionrevision.Locale(locale))
	}
	order := "captions, newest first " + id.String() + " " + locale
	found, err := page.ByID(ctx, r, order, query.All,
		func(last uuid.UUID) { query.Where(captionrevision.IDLT(last)) }, func(c *ent.CaptionRevision) uuid.UUID { return c.ID })
	if err != nil {
		return none, fmt.Errorf("list revisions: %w", err)
	}
	return found, nil
}

// revision is what comes next in a language.
type revision struct {
	label, vtt string
	cues       int
	removed    bool
	revertOf   *int
}

// edit appends what next returns, nil for nothing, and announces it. The asset's lock puts edits in order.
func (s *Service) edit(
	ctx context.Context, id uuid.UUID, locale, action string,
	next func(ctx context.Context, tx *pg.Tx, newest *ent.CaptionRevision) (*revision, error),
) (*Captioned, error) {
	var done *Captioned
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := captionable(a); err != nil {
			return err
		}
		newest, err := newestRevision(ctx, tx, id, locale)
		if err != nil {
			return err
		}
		made, err := next(ctx, tx, newest)
		if err != nil {
			return err
		}
		done = &Captioned{Asset: a, Revision: newest}
		if made == nil {
			return nil
		}
		if done.Revision, err = appendRevision(ctx, tx, a, locale, newest, made); err != nil {
			return err
		}
		if err := captionsChanged(ctx, tx, a); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{
			Action: "asset.captions_" + action, Subject: a.GlobalID().String(),
			Data: map[string]string{"locale": locale, "number": strconv.Itoa(done.Revision.Number)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("edit captions: %w", err)
	}
	return done, nil
}

// captionable refuses files that have nothing to caption.
func captionable(a *ent.Asset) error {
	if !convertible(a.Kind) {
		return fault.Invalid("assetId", "Captions belong to a film or a sound.")
	}
	return there(a)
}

// there refuses a file that has not been uploaded, or was deleted. One that was found broken and then deleted is swept.
func there(a *ent.Asset) error {
	switch {
	case a.Status == asset.StatusPENDING, a.Status == asset.StatusCHECKING, a.Status == asset.StatusREJECTED:
		return fault.New(fault.Conflict, "This file has not been uploaded.")
	case deleted(a), a.Status == asset.StatusFAILED && a.ExpiresAt != nil:
		return fault.New(fault.Conflict, "This file was deleted.")
	default:
		return nil
	}
}

// newestRevision is the one in force in a language, nil for none.
func newestRevision(ctx context.Context, tx *pg.Tx, id uuid.UUID, locale string) (*ent.CaptionRevision, error) {
	newest, err := tx.CaptionRevision.Query().
		Where(captionrevision.AssetID(id), captionrevision.Locale(locale)).
		Order(captionrevision.ByNumber(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // there is none
	} else if err != nil {
		return nil, fmt.Errorf("find newest revision: %w", err)
	}
	return newest, nil
}

func appendRevision(
	ctx context.Context, tx *pg.Tx, a *ent.Asset, locale string, newest *ent.CaptionRevision, r *revision,
) (*ent.CaptionRevision, error) {
	create := tx.CaptionRevision.Create().SetAssetID(a.ID).SetLocale(locale).SetNumber(1).
		SetLabel(r.label).SetVtt(r.vtt).SetCueCount(r.cues).SetRemoved(r.removed).SetNillableRevertOf(r.revertOf)
	if newest != nil {
		create.SetNumber(newest.Number + 1)
	} else if err := roomForLocale(ctx, tx, a.ID); err != nil {
		return nil, err
	}
	if v, ok := viewer.From(ctx); ok && v.User != uuid.Nil {
		create.SetAuthorID(v.User)
	}
	made, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("append revision: %w", err)
	}
	return made, nil
}

// roomForLocale refuses one language too many.
func roomForLocale(ctx context.Context, tx *pg.Tx, id uuid.UUID) error {
	n, err := tx.CaptionRevision.Query().Where(captionrevision.AssetID(id), captionrevision.Number(1)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count languages: %w", err)
	}
	if n >= maxLocales {
		return fault.Newf(fault.Conflict, "A film has captions in at most %d languages.", maxLocales)
	}
	return nil
}

func expected(want *int, newest *ent.CaptionRevision) error {
	number := 0
	if newest != nil {
		number = newest.Number
	}
	if want != nil && *want != number {
		return fault.New(fault.Conflict, "Somebody else has changed these captions; read them again.")
	}
	return nil
}

// checkLocale returns the tag in its canonical form.
func checkLocale(c *input.Checker, tag string) string {
	parsed, err := language.Parse(tag)
	canonical := parsed.String()
	c.Check(err == nil && parsed != language.Und && len(canonical) <= maxLocale, "locale", "Write a language code, such as en, pt-BR or ar.")
	return canonical
}

// checkCaptions reads a caption file.
func checkCaptions(c *input.Checker, content string) *caption.Track {
	if len(content) > maxCaptionBytes {
		c.Fail("content", "%s", tooLong)
		return nil
	}
	track, err := caption.Parse([]byte(content))
	if err != nil {
		message := "The captions cannot be read."
		if refused, ok := errors.AsType[*fault.Error](err); ok {
			message = refused.Message
		}
		c.Fail("content", "%s", message)
		return nil
	}
	// Written as WebVTT they may be longer.
	c.Check(len(track.VTT()) <= maxCaptionBytes, "content", tooLong)
	return track
}

// captionsChanged announces that other captions of the film are in force.
func captionsChanged(ctx context.Context, tx *pg.Tx, a *ent.Asset) error {
	return tx.Enqueue(ctx, CaptionsChanged{
		ID: uuid.Must(uuid.NewV7()), Tenant: a.TenantID, At: time.Now().UTC(), Asset: a.ID,
	})
}
