package media_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/gen/ent/usage"
	"lyceum/internal/media"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
)

// shelf holds files for courses with these titles.
type shelf struct{ titles []string }

func (h *shelf) Holding(context.Context, *pg.Tx, uuid.UUID) ([]string, error) { return h.titles, nil }

func TestDelete(t *testing.T) {
	t.Parallel()
	f := setup(t)
	holders := &shelf{titles: []string{"Knots", "Sails", "Ropes", "Tides"}}
	f.s.Holders, f.s.Grace = holders, time.Hour
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	a := f.ready(t, f.acme, 1)
	_, err := f.s.Delete(ctx, a.ID)
	wantCode(t, "a file in use", err, fault.Conflict)
	if err == nil || !strings.Contains(err.Error(), "“Knots”, “Sails”, “Ropes” and 1 more") {
		t.Errorf("who uses it is not said: %v", err)
	}
	holders.titles = nil
	for range 2 { // again changes nothing
		gone, err := f.s.Delete(ctx, a.ID)
		if err != nil || gone.Status != asset.StatusDELETED || media.RemovedAt(gone) == nil || time.Until(*media.RemovedAt(gone)) > time.Hour {
			t.Fatalf("delete: %+v (%v)", gone, err)
		}
	}
	if found, err := f.s.Addresses(ctx, []uuid.UUID{a.ID}); err != nil || len(found) != 0 {
		t.Errorf("a deleted file has the addresses %v (%v)", found, err)
	}
	if n, err := f.s.SweepDeleted(system); err != nil || n != 0 {
		t.Errorf("swept %d before its time (%v)", n, err)
	}
	for range 2 {
		back, err := f.s.Restore(ctx, a.ID)
		if err != nil || back.Status != asset.StatusREADY || back.ExpiresAt != nil || media.RemovedAt(back) != nil {
			t.Fatalf("restore: %+v (%v)", back, err)
		}
	}
	for name, id := range map[string]uuid.UUID{"of globex": f.ready(t, f.globex, 2).ID, "unknown": uuid.New()} {
		_, err := f.s.Delete(f.acme.AsAdmin(t.Context()), id)
		wantCode(t, "delete "+name, err, fault.NotFound)
		_, err = f.s.Restore(f.acme.AsAdmin(t.Context()), id)
		wantCode(t, "restore "+name, err, fault.NotFound)
	}
	_, err = f.s.Delete(f.acme.AsLearner(t.Context()), a.ID)
	wantCode(t, "a learner deletes", err, fault.Forbidden)
	_, err = f.s.Restore(f.acme.AsLearner(t.Context()), a.ID)
	wantCode(t, "a learner restores", err, fault.Forbidden)
}

// converted is a ready asset with a rendition set, as the converter leaves them.
func (f fixture) converted(t *testing.T, shade uint8) *ent.Asset {
	t.Helper()
	a, system := f.ready(t, f.acme, shade), f.acme.System(t.Context())
	set := f.RenditionSet.Create().SetAssetID(a.ID).SetName("set").SetStatus(renditionset.StatusREADY).
		SetResult([]byte("{}")).SetFiles(3).SetBytes(12).SaveX(system)
	f.Usage.Create().SetKind(usage.KindBYTES_STORED).SetSourceID(set.ID).SetQuantity(12).ExecX(system)
	for _, name := range []string{"master.m3u8", "poster.jpg", "captions.vtt"} {
		key, err := blob.NewKey(f.acme.ID, a.ID.String(), "set", name)
		if err == nil {
			_, err = f.store.Put(t.Context(), key, strings.NewReader("film"), blob.PutRule{ContentType: "text/plain"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// TestPurge removes all of a deleted film, also when the first attempt is cut off anywhere.
func TestPurge(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Holders = &shelf{}
	system := f.acme.System(t.Context())
	for shade, stopAt := range []string{"", "AbortParts", "DeletePrefix", "Delete", "commit"} {
		a := f.converted(t, uint8(shade))
		if _, err := f.s.Delete(f.acme.AsInstructor(t.Context()), a.ID); err != nil {
			t.Fatal(err)
		}
		if stopAt != "" {
			cut := *f.s
			cut.Blobs = cutOff{Store: f.store, at: stopAt}
			if n, err := cut.SweepDeleted(system); n != 0 || err == nil {
				t.Errorf("cut off at %s: %d removed (%v)", stopAt, n, err)
			}
			if got, err := f.Asset.Get(system, a.ID); err != nil || got.Status != asset.StatusDELETED {
				t.Errorf("cut off at %s: the row is %+v (%v)", stopAt, got, err)
			}
		}
		if n, err := f.s.SweepDeleted(system); err != nil || n != 1 {
			t.Errorf("cut off at %q: swept %d (%v), want 1", stopAt, n, err)
		}
		nothingLeft(t, f, f.acme)
		if n := f.RenditionSet.Query().CountX(system); n != 0 {
			t.Errorf("%d sets are left", n)
		}
		removed := f.Usage.Query().Where(usage.KindEQ(usage.KindBYTES_REMOVED)).AllX(system)
		if len(removed) != 2*(shade+1) {
			t.Errorf("cut off at %q: %d rows account for %d removed films", stopAt, len(removed), shade+1)
		}
	}
	sums, err := f.s.Usage(f.acme.AsAdmin(t.Context()), nil)
	if err != nil || sums.Used != 0 || len(sums.Months) != 1 || sums.Months[0].Stored == 0 || sums.Months[0].Stored != sums.Months[0].Removed {
		t.Errorf("usage: %+v (%v), want as much removed as stored", sums, err)
	}
}

// cutOff fails at a step, after it was done: as if the process had been killed there. At "commit" the last step is done.
type cutOff struct {
	media.Store

	at string
}

var errCut = errors.New("killed")

func (c cutOff) AbortParts(ctx context.Context, key blob.Key) error {
	return errors.Join(c.Store.AbortParts(ctx, key), c.cut("AbortParts"))
}

func (c cutOff) DeletePrefix(ctx context.Context, prefix blob.Prefix) error {
	return errors.Join(c.Store.DeletePrefix(ctx, prefix), c.cut("DeletePrefix"))
}

func (c cutOff) Delete(ctx context.Context, key blob.Key) error {
	if c.at == "Delete" {
		return errCut
	}
	return errors.Join(c.Store.Delete(ctx, key), c.cut("commit"))
}

func (c cutOff) cut(step string) error {
	if c.at == step {
		return errCut
	}
	return nil
}

// TestPurgeKeepsWhatIsUsed: a file that got into a course at the moment when it was deleted comes back.
func TestPurgeKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	holders := &shelf{}
	f.s.Holders = holders
	a := f.ready(t, f.acme, 1)
	if _, err := f.s.Delete(f.acme.AsInstructor(t.Context()), a.ID); err != nil {
		t.Fatal(err)
	}
	holders.titles = []string{"Knots"}
	if n, err := f.s.SweepDeleted(f.acme.System(t.Context())); err != nil || n != 0 {
		t.Fatalf("swept %d (%v)", n, err)
	}
	if got := f.Asset.GetX(f.acme.System(t.Context()), a.ID); got.Status != asset.StatusREADY || got.ExpiresAt != nil {
		t.Errorf("it is %s", got.Status)
	}
}

// TestSweepsWaitForWorkers: a film that was deleted while it is converted again goes when its worker is done or dead, whether
// it was broken before or not; what the worker writes meanwhile would be left behind.
func TestSweepsWaitForWorkers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Holders = &shelf{}
	system := f.acme.System(t.Context())
	broken, whole := f.ready(t, f.acme, 1), f.ready(t, f.acme, 2)
	for id, status := range map[uuid.UUID]asset.Status{broken.ID: asset.StatusFAILED, whole.ID: asset.StatusDELETED} {
		f.Asset.UpdateOneID(id).SetStatus(status).SetConversion(asset.ConversionRUNNING).
			SetWorkedAt(time.Now()).SetExpiresAt(time.Now().Add(-2 * time.Hour)).ExecX(system)
	}
	sweep := func(when string, want int) {
		t.Helper()
		stale, err := f.s.Sweep(system)
		deleted, errDeleted := f.s.SweepDeleted(system)
		if err := errors.Join(err, errDeleted); err != nil || stale != want || deleted != want {
			t.Errorf("%s: swept %d and %d (%v), want %d of each", when, stale, deleted, err, want)
		}
		if left, want := f.Asset.Query().CountX(system), 2-2*want; left != want {
			t.Errorf("%s: %d rows are left, want %d", when, left, want)
		}
	}
	sweep("while a worker is at it", 0)
	f.Asset.Update().Where(asset.IDIn(broken.ID, whole.ID)).SetWorkedAt(time.Now().Add(-time.Hour)).ExecX(system)
	sweep("when it is silent", 1)
}

// TestDeleteUnready gives up what was never ready.
func TestDeleteUnready(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Holders = &shelf{}
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	content := long("given up")
	a := f.large(t, ctx, content)
	f.sendPart(t, ctx, a, content, 1)
	gone, err := f.s.Delete(ctx, a.ID)
	if err != nil || gone.Status != asset.StatusREJECTED {
		t.Fatalf("delete an upload: %+v (%v)", gone, err)
	}
	_, err = f.s.Restore(ctx, a.ID)
	wantCode(t, "restore an upload", err, fault.Conflict)
	_, err = f.s.SignParts(ctx, a.ID, []media.PartAsked{{Number: 2, SHA256: digest(content)}})
	wantCode(t, "go on with it", err, fault.Conflict)
	f.Asset.UpdateOneID(a.ID).SetExpiresAt(time.Now().Add(-2 * time.Hour)).ExecX(system)
	if n, err := f.s.Sweep(system); err != nil || n != 1 {
		t.Errorf("sweep: %d (%v)", n, err)
	}
	if _, err := f.store.Parts(t.Context(), keyOf(t, a), gone.UploadID); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("its parts: %v", err)
	}
	if n := f.Usage.Query().CountX(system); n != 0 {
		t.Errorf("%d rows account for it", n)
	}
}

// TestUsageIsAppendOnly tries to correct an account, as the application and past it.
func TestUsageIsAppendOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.ready(t, f.acme, 1)
	system := f.acme.System(t.Context())
	row := f.Usage.Query().OnlyX(system)
	if err := f.Usage.DeleteOne(row).Exec(system); err == nil {
		t.Error("a row was deleted")
	}
	for _, statement := range []string{
		`UPDATE usages SET updated_at = now() WHERE tenant_id = $1`, `DELETE FROM usages WHERE tenant_id = $1`,
	} {
		err := f.Tx(system, func(tx *pg.Tx) error {
			_, err := tx.Exec(system, statement, f.acme.ID)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	again := f.Usage.Create().SetKind(row.Kind).SetSourceID(row.SourceID).SetQuantity(1).Exec(system)
	if !ent.IsConstraintError(again) {
		t.Errorf("a source counted twice: %v", again)
	}
	months := []int{0, -1, 37}
	for _, n := range months {
		_, err := f.s.Usage(f.acme.AsAdmin(t.Context()), &n)
		wantCode(t, "months", err, fault.BadInput)
	}
	for who, ctx := range map[string]context.Context{"instructor": f.acme.AsInstructor(t.Context()), "learner": f.acme.AsLearner(t.Context())} {
		_, err := f.s.Usage(ctx, nil)
		wantCode(t, who, err, fault.Forbidden)
	}
	theirs, err := f.s.Usage(f.globex.AsAdmin(t.Context()), nil)
	if err != nil || theirs.Used != 0 || slices.Clone(theirs.Months) != nil {
		t.Errorf("globex uses %+v (%v)", theirs, err)
	}
}
