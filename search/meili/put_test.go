package meili_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/search"
	"lyceum/search/meilitest"
)

// TestSettleWaits checks that Put takes a note, and that Settle returns when it was worked off.
func TestSettleWaits(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	engine, ctx, course := in.open(t), as(t, uuid.New()), uuid.New()
	mustPut(t, ctx, engine, course, lesson(course, "Before"))
	in.double.Pause()
	settle, err := engine.Put(ctx, nil, course, []search.Document{lesson(course, "After")})
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	brief, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := settle(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Settle while tasks wait: %v, want that the time is over", err)
	}
	if got := titles(t, ctx, engine, "before"); len(got) != 1 {
		t.Errorf("while tasks wait, finds %v, want what was", got)
	}
	in.double.Resume()
	if err := settle(ctx); err != nil {
		t.Errorf("Settle: %v", err)
	}
	if got := titles(t, ctx, engine, "after"); len(got) != 1 {
		t.Errorf("finds %v, want what was put", got)
	}
}

// TestPutFails checks that what goes wrong is told, and that trying again mends it.
func TestPutFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ harm, mend func(instance) }{
		"a full disk": {
			func(in instance) { in.double.Fail("no_space_left_on_device") }, func(in instance) { in.double.Fail("") },
		},
		"a lost index": {
			func(in instance) { in.double.Drop(in.index) }, func(instance) {},
		},
		"a server that refuses": {
			func(in instance) { in.double.Set(meilitest.Refusing) }, func(in instance) { in.double.Set(meilitest.Up) },
		},
		"garbage": {
			func(in instance) { in.double.Set(meilitest.Garbage) }, func(in instance) { in.double.Set(meilitest.Up) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newDouble(t)
			engine, ctx, course := in.open(t), as(t, uuid.New()), uuid.New()
			mustPut(t, ctx, engine, course, lesson(course, "Light"))
			tt.harm(in)
			err := put(ctx, engine, course, lesson(course, "Shade"))
			if err == nil {
				t.Fatal("Put and Settle: no error")
			}
			if strings.Contains(err.Error(), in.masterKey) || len(err.Error()) > 1000 {
				t.Errorf("the error says too much: %v", err)
			}
			tt.mend(in)
			mustPut(t, ctx, engine, course, lesson(course, "Shade"))
			if got := titles(t, ctx, engine, "shade"); len(got) != 1 {
				t.Errorf("finds %v, want one", got)
			}
			if got := titles(t, ctx, engine, "light"); len(got) != 0 {
				t.Errorf("finds %v, which was replaced", got)
			}
		})
	}
}

// TestPutInParts puts a course that is too large for one request.
func TestPutInParts(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	engine, ctx, course := in.open(t), as(t, uuid.New()), uuid.New()
	documents := make([]search.Document, 60)
	for i := range documents {
		documents[i] = lesson(course, "Part")
		documents[i].Body = strings.Repeat("long ", 40_000)
	}
	mustPut(t, ctx, engine, course, documents...)
	held, err := engine.Held(ctx)
	if err != nil || held[course].Documents != len(documents) {
		t.Errorf("holds %v (%v), want %d documents", held, err, len(documents))
	}
	mustPut(t, ctx, engine, course, documents[:1]...)
	if held, err = engine.Held(ctx); err != nil || held[course].Documents != 1 {
		t.Errorf("holds %v (%v), want one document", held, err)
	}
}

// TestHeldInPages counts more documents than are asked for at a time.
func TestHeldInPages(t *testing.T) {
	t.Parallel()
	engine, ctx, course := newInstance(t).open(t), as(t, uuid.New()), uuid.New()
	documents := make([]search.Document, 2300)
	for i := range documents {
		documents[i] = lesson(course, "Part")
	}
	mustPut(t, ctx, engine, course, documents...)
	if held, err := engine.Held(ctx); err != nil || held[course].Documents != len(documents) {
		t.Errorf("holds %v (%v), want %d documents", held, err, len(documents))
	}
}

// TestHeldTellsOfTheOldest: a version of which a part never arrived is not held.
func TestHeldTellsOfTheOldest(t *testing.T) {
	t.Parallel()
	engine, ctx, course := newInstance(t).open(t), as(t, uuid.New()), uuid.New()
	for i, versions := range [][]int{{1, 2}, {2, 1}, {2, 2}} {
		documents := make([]search.Document, len(versions))
		for j, version := range versions {
			documents[j] = lesson(course, "Part")
			documents[j].Version = version
		}
		mustPut(t, ctx, engine, course, documents...)
		want := search.Held{Documents: 2, Version: min(versions[0], versions[1])}
		if held, err := engine.Held(ctx); err != nil || held[course] != want {
			t.Errorf("%d: holds %v (%v), want %v", i, held[course], err, want)
		}
	}
}

// TestRebuild fills a new index while the old one answers.
func TestRebuild(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	engine, ctx := in.open(t), as(t, uuid.New())
	old, kept := uuid.New(), uuid.New()
	mustPut(t, ctx, engine, old, lesson(old, "Old light"))
	mustPut(t, ctx, engine, kept, lesson(kept, "Kept light"))
	err := engine.Rebuild(t.Context(), func(fresh search.Engine) error {
		for range 2 {
			if err := put(ctx, fresh, kept, lesson(kept, "Fresh light")); err != nil {
				return err
			}
		}
		if err := put(ctx, fresh, old); err != nil {
			return err
		}
		if got := titles(t, ctx, engine, "light"); len(got) != 2 {
			t.Errorf("while it is built, finds %v, want what was", got)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Rebuild: %v", err)
	}
	if got := titles(t, ctx, engine, "light"); !slices.Equal(got, []string{"Fresh ⟦light⟧"}) {
		t.Errorf("finds %v, want what the new index holds", got)
	}
	mustPut(t, ctx, engine, old, lesson(old, "Later light"))
	if got := titles(t, ctx, engine, "later"); len(got) != 1 {
		t.Errorf("finds %v, want what was put into the new index", got)
	}
	indexes, err := in.client().ListIndexes(nil)
	if err != nil {
		t.Fatalf("list indexes: %v", err)
	}
	for _, index := range indexes.Results {
		if strings.HasPrefix(index.UID, in.index+"_") {
			t.Errorf("the index %s was left behind", index.UID)
		}
	}
}

// TestRebuildFails checks that what is in force stays when a new index cannot be filled.
func TestRebuildFails(t *testing.T) {
	t.Parallel()
	sorry := errors.New("sorry")
	for name, tt := range map[string]struct {
		fill func(in instance, put func() error) error
		mend func(in instance)
		want error
	}{
		"the filling": {
			func(_ instance, put func() error) error { return errors.Join(put(), sorry) }, func(instance) {}, sorry,
		},
		"a task": {
			func(in instance, put func() error) error {
				in.double.Fail("internal")
				defer in.double.Resume()
				in.double.Pause()
				return put()
			},
			func(in instance) { in.double.Fail("") }, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newDouble(t)
			engine, ctx, course := in.open(t), as(t, uuid.New()), uuid.New()
			mustPut(t, ctx, engine, course, lesson(course, "Light"))
			err := engine.Rebuild(t.Context(), func(fresh search.Engine) error {
				return tt.fill(in, func() error { return put(ctx, fresh, course, lesson(course, "Shade")) })
			})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Rebuild: %v, want an error", err)
			}
			tt.mend(in)
			if got := titles(t, ctx, engine, "light"); len(got) != 1 {
				t.Errorf("finds %v, want what was in force", got)
			}
		})
	}
}

// TestRebuildSweeps deletes what a killed rebuild left behind, and nothing else.
func TestRebuildSweeps(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	engine := in.open(t)
	abandoned, young := in.index+"_rebuild_"+uuid.NewString(), in.index+"_rebuild_"+uuid.NewString()
	for _, uid := range []string{abandoned, young, in.index + "_rebuild_notes", in.index + "_notes", "other"} {
		task, err := in.client().CreateIndex(&indexConfig{Uid: uid})
		if err == nil {
			_, err = in.client().WaitForTask(task.TaskUID, 0)
		}
		if err != nil {
			t.Fatalf("create index: %v", err)
		}
		if uid != young {
			in.double.Age(uid, 48*time.Hour)
		}
	}
	if err := engine.Rebuild(t.Context(), func(search.Engine) error { return nil }); err != nil {
		t.Fatalf("Rebuild: %v", err)
	}
	want := []string{"other", in.index, in.index + "_notes", in.index + "_rebuild_notes", young}
	got := in.double.Indexes()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("indexes %v, want %v", got, want)
	}
}
