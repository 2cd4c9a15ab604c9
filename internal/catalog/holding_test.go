package catalog_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// TestFileIsHeldDuringTheEdit asks, under the lock of whoever removes a file, who uses it, while a lesson with that file is
// about to be committed: the answer comes after that, so that no lesson is left with a file that is gone.
func TestFileIsHeldDuringTheEdit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, watcher := d.course(t, "knots", 0), pgtest.Superuser(t, d.db)
	for name, in := range map[string]func(file uuid.UUID) catalog.LessonInput{
		"a file": func(file uuid.UUID) catalog.LessonInput {
			return catalog.LessonInput{Module: "m1", Key: "f1", Title: "File", Kind: outline.File, Asset: &file}
		},
		"an attachment": func(file uuid.UUID) catalog.LessonInput {
			return catalog.LessonInput{
				Module: "m1", Key: "a1", Title: "Words", Kind: outline.Article, Body: "[x](asset:x)",
				Attachments: []catalog.Attachment{{Name: "x", Asset: file}},
			}
		},
	} {
		file := d.asset(t, d.acme, asset.KindDOCUMENT, asset.StatusREADY)
		titles, looked := make(chan []string, 1), make(chan error, 1)
		look := func() {
			ctx := d.acme.System(t.Context())
			looked <- d.db.Tx(ctx, func(tx *pg.Tx) error {
				if _, err := tx.Asset.Query().Where(asset.ID(file)).ForUpdate().Only(ctx); err != nil {
					return err
				}
				found, err := d.Holding(ctx, tx, file)
				titles <- found
				return err
			})
		}
		ctx := pg.Seal(d.acme.AsInstructor(t.Context()), func(context.Context, *pg.Tx) error {
			go look()
			const blocked = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
			for start := time.Now(); time.Since(start) < 20*time.Second && len(titles) == 0; {
				var waiting bool
				if err := watcher.QueryRow(t.Context(), blocked).Scan(&waiting); err != nil || waiting {
					return err
				}
			}
			if len(titles) > 0 {
				return nil
			}
			return errors.New("who removes the file neither waits nor ends")
		})
		if _, err := d.SaveLesson(ctx, c.ID, in(file)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := <-looked; err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]string{"About knots"}, <-titles); diff != "" {
			t.Errorf("%s: it is used by (-want +got)\n%s", name, diff)
		}
	}
}
