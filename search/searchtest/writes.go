package searchtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"lyceum/search"
)

func (s Setup) replaces(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	before := s.publish(t, tenant, "Alchemy|Lead", "Horoscopes|Stars", "Herbs|Sage")
	changed := before[0]
	changed.Title, changed.Body, changed.Version, changed.Visibility = "Chemistry", "Gold", 2, "MEMBERS"
	added := document(before[0].Course, "Astronomy", "Planets")
	added.Version = 2
	s.put(t, tenant, changed.Course, changed, added)

	for query, want := range map[string][]search.Document{
		"alchemy": {}, "horoscopes": {}, "stars": {}, "herbs": {}, "lead": {},
		"chemistry": {changed}, "gold": {changed}, "astronomy": {added}, "planets": {added},
	} {
		expect(t, s.query(t, ctx, query), query, want...)
	}
	expect(t, s.ask(t, ctx, search.Query{Text: "chemistry"}), "a visitor's chemistry")

	// The same number of version does not hide that something changed.
	s.put(t, tenant, changed.Course, added)
	expect(t, s.query(t, ctx, "chemistry"), "chemistry")
	expect(t, s.query(t, ctx, "astronomy"), "astronomy", added)
}

func (s Setup) forgets(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	gone, kept := s.publish(t, tenant, "Rivers|Water", "Lakes|Water"), s.publish(t, tenant, "Seas|Water")
	for range 2 {
		s.put(t, tenant, gone[0].Course)
		expect(t, s.query(t, ctx, "water"), "water", kept...)
	}
	if held, err := s.Engine.Held(ctx); err != nil || len(held) != 1 {
		t.Errorf("holds %v (%v), want one course", held, err)
	}
	s.put(t, tenant, uuid.Must(uuid.NewV7()))
}

func (s Setup) putTwice(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	documents := s.publish(t, tenant, "Once|more", "Twice|more")
	s.put(t, tenant, documents[0].Course, documents...)
	expect(t, s.query(t, ctx, "more"), "more", documents...)
	if held, err := s.Engine.Held(ctx); err != nil || held[documents[0].Course].Documents != 2 {
		t.Errorf("holds %v (%v), want two documents", held, err)
	}
}

func (s Setup) putConcurrently(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	const n = 6
	courses := make([]search.Document, n)
	for i := range courses {
		courses[i] = document(s.Course(t, tenant), fmt.Sprintf("Parallel lines %d", i), "")
	}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i, d := range courses {
		wg.Go(func() { errs[i] = s.tryPut(ctx, d.Course, d) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("Put %d: %v", i, err)
		}
	}
	expect(t, s.query(t, ctx, "parallel"), "parallel", courses...)
}

func (s Setup) holds(t *testing.T) {
	t.Parallel()
	tenant, ctx := s.tenant(t)
	if held, err := s.Engine.Held(ctx); err != nil || len(held) != 0 {
		t.Errorf("holds %v (%v) before anything was put", held, err)
	}
	one, two := s.Course(t, tenant), s.Course(t, tenant)
	a, b, c := document(one, "A", ""), document(one, "B", ""), document(two, "C", "")
	c.Version = 7
	s.put(t, tenant, one, a, b)
	s.put(t, tenant, two, c)
	held, err := s.Engine.Held(ctx)
	want := map[uuid.UUID]search.Held{one: {Documents: 2, Version: 1}, two: {Documents: 1, Version: 7}}
	if err != nil || len(held) != 2 || held[one] != want[one] || held[two] != want[two] {
		t.Errorf("holds %v (%v), want %v", held, err, want)
	}
}

func (s Setup) cancelled(t *testing.T) {
	t.Parallel()
	_, ctx := s.tenant(t)
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Engine.Query(ctx, search.Query{Text: "x", Limit: 1}); err == nil {
		t.Error("Query in an ended context: no error")
	}
	if _, err := s.Engine.Held(ctx); err == nil {
		t.Error("Held in an ended context: no error")
	}
	if err := s.Engine.Ping(ctx); err == nil {
		t.Error("Ping in an ended context: no error")
	}
}

func (s Setup) ping(t *testing.T) {
	t.Parallel()
	_, ctx := s.tenant(t)
	if err := s.Engine.Ping(ctx); err != nil {
		t.Errorf("Ping: %v", err)
	}
}
