package media_test

import (
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/usage"
)

// TestPurgeTakesCaptions: a film goes with all its captions, those in force, those before them and those swept meanwhile,
// and as much is accounted for as removed as was stored.
func TestPurgeTakesCaptions(t *testing.T) {
	t.Parallel()
	f, m := converting(t)
	m.captions = spoken("ein")
	a := f.streamed(t, "purged")
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	for i, text := range []string{"one", "two", "three"} {
		if _, err := f.s.SaveCaptions(ctx, a.ID, edit("en", text)); err != nil {
			t.Fatal(err)
		}
		f.laid(t, a, "de", "en")
		if i == 1 {
			f.agesSets(t)
			if n, err := f.s.SweepSets(system); n != 1 || err != nil {
				t.Fatalf("swept %d sets (%v), want the first captions", n, err)
			}
		}
	}
	if _, err := f.s.Delete(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if n, err := f.s.SweepDeleted(system); n != 1 || err != nil {
		t.Fatalf("swept %d (%v)", n, err)
	}
	nothingLeft(t, f, f.acme)
	if sets, edits := f.RenditionSet.Query().CountX(system), f.CaptionRevision.Query().CountX(system); sets+edits != 0 {
		t.Errorf("%d sets and %d revisions are left", sets, edits)
	}
	// The upload, the set, and three captions.
	if n := f.Usage.Query().Where(usage.KindEQ(usage.KindBYTES_STORED)).CountX(system); n != 5 {
		t.Errorf("%d things were accounted for as stored, want 5", n)
	}
	sums, err := f.s.Usage(f.acme.AsAdmin(t.Context()), nil)
	if err != nil || sums.Used != 0 || len(sums.Months) != 1 || sums.Months[0].Stored != sums.Months[0].Removed {
		t.Errorf("usage: %+v (%v), want as much removed as stored", sums, err)
	}
}

// TestDeletedFilmRests: nobody edits or converts a film that was deleted, and a conversion that ends later does not bring
// it back.
func TestDeletedFilmRests(t *testing.T) {
	t.Parallel()
	f, _ := converting(t)
	a := f.film(t, f.acme, "rests")
	ctx, system := f.acme.AsInstructor(t.Context()), f.acme.System(t.Context())
	if _, err := f.s.Delete(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	_, err := f.s.SaveCaptions(ctx, a.ID, edit("en", "late"))
	wantCode(t, "captions", err, fault.Conflict)
	_, err = f.s.ConvertAgain(ctx, a.ID)
	wantCode(t, "a conversion", err, fault.Conflict)
	if err := f.s.Convert(system, a.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	if now := f.now(t, a); now.Status != asset.StatusDELETED || now.ExpiresAt == nil {
		t.Errorf("it is %s", now.Status)
	}
}
