package cache

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestLocalIsBounded has more buckets than are counted.
func TestLocalIsBounded(t *testing.T) {
	t.Parallel()
	l, tenant := newLocal(), uuid.New()
	l.limit = 10
	now := time.Unix(1_790_000_000, 0)
	at := func(name string, now time.Time) Decision {
		return l.allow(now, 1, []Bucket{{Key: NewKey(tenant, name), Rate: Rate{Count: 4, Per: time.Second}}})
	}
	for i := range 10 {
		if d := at(strconv.Itoa(i), now); !d.Allowed {
			t.Errorf("bucket %d: %+v", i, d)
		}
	}
	if d := at("one more", now); d.Allowed || d.RetryAfter <= 0 {
		t.Errorf("an eleventh bucket: %+v, want a refusal", d)
	}
	if d := at("one more", now.Add(time.Minute)); !d.Allowed || len(l.full) != 1 {
		t.Errorf("when the others are full again: %+v, %d counted", d, len(l.full))
	}
}
