package media_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/media"
)

// TestEndOfLife: who asks again within a quarter of an address's life is given the same one, and never one that is over
// soon.
func TestEndOfLife(t *testing.T) {
	t.Parallel()
	const life, grid = 15 * time.Minute, 15 * time.Minute / 4
	start := time.Date(2026, time.November, 23, 8, 0, 0, 0, time.UTC)
	for after := time.Duration(0); after < time.Hour; after += 7 * time.Second {
		now := start.Add(after)
		end := media.EndOfLife(now)
		if left := end.Sub(now); left > life || left <= life-grid {
			t.Fatalf("%v after the hour %v are left", after, left)
		}
		if same := media.EndOfLife(now.Truncate(grid)); !same.Equal(end) {
			t.Fatalf("%v after the hour it ends %v, and %v for who asked earlier", after, end, same)
		}
	}
}

// TestAddressesAreEqual asks twice, as a page that is loaded again does.
func TestAddressesAreEqual(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a := f.ready(t, f.acme, 1)
	ctx := f.acme.AsLearner(t.Context())
	for range 3 { // the first time the grid may end between the two
		before := media.EndOfLife(time.Now())
		one, err := f.s.Addresses(ctx, []uuid.UUID{a.ID})
		if err != nil {
			t.Fatal(err)
		}
		two, err := f.s.Addresses(ctx, []uuid.UUID{a.ID})
		if err != nil {
			t.Fatal(err)
		}
		if !media.EndOfLife(time.Now()).Equal(before) {
			continue
		}
		if one[a.ID].URL != two[a.ID].URL || !one[a.ID].ExpiresAt.Equal(two[a.ID].ExpiresAt) {
			t.Errorf("two addresses: %s and %s", one[a.ID].URL, two[a.ID].URL)
		}
		return
	}
	t.Fatal("the grid ended three times")
}
