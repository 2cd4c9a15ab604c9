package compliance

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestRefusalsOfTenants: a tenant whose people are turned away everywhere fills its own memory and nobody else's,
// and what is a minute old is forgotten.
func TestRefusalsOfTenants(t *testing.T) {
	t.Parallel()
	var r refusals
	loud, quiet, user, start := uuid.New(), uuid.New(), uuid.New(), time.Now()
	for i := range maxDenied {
		if !r.first(loud, refusal{user, strconv.Itoa(i)}, start, time.Minute) {
			t.Fatalf("refusal %d of %d is not noted", i, maxDenied)
		}
	}
	one := refusal{user, "one more"}
	if r.first(loud, one, start, time.Minute) {
		t.Errorf("more than %d refusals of one tenant are remembered", maxDenied)
	}
	if !r.first(quiet, one, start, time.Minute) {
		t.Error("another tenant's refusal is not noted")
	}
	if r.first(quiet, one, start.Add(time.Minute-1), time.Minute) {
		t.Error("a refusal is noted twice within a minute")
	}
	later := start.Add(time.Minute)
	if !r.first(quiet, one, later, time.Minute) {
		t.Error("a refusal is not noted again after a minute")
	}
	if _, kept := r.last[loud]; kept || len(r.last[quiet]) != 1 {
		t.Errorf("%d tenants and %d refusals are remembered after a minute", len(r.last), len(r.last[quiet]))
	}
	if !r.first(loud, one, later, time.Minute) {
		t.Error("the loud tenant's refusal is not noted after a minute")
	}
}
