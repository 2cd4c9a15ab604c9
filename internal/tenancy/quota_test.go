package tenancy_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/tenancy"
)

// TestQuota gives one tenant bounds of its own, takes one back, and leaves the other tenant alone.
func TestQuota(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, recorded := provisioner(t, f)
	bound := func(n int64) *int64 { return &n }
	is := func(what string, got tenancy.Quota, storage, user *int64) {
		t.Helper()
		if !same(got.Storage, storage) || !same(got.StorageUser, user) {
			t.Errorf("%s: %v and %v", what, shown(got.Storage), shown(got.StorageUser))
		}
	}
	for _, step := range []struct {
		what          string
		change        tenancy.QuotaChange
		storage, user *int64
	}{
		{"both", tenancy.QuotaChange{Storage: bound(500 << 30), StorageUser: bound(7)}, bound(500 << 30), bound(7)},
		{"one", tenancy.QuotaChange{Storage: bound(0)}, bound(0), bound(7)},
		{"one taken back", tenancy.QuotaChange{StorageUser: bound(tenancy.AsSetting)}, bound(0), nil},
		{"the other", tenancy.QuotaChange{Storage: bound(tenancy.AsSetting), StorageUser: bound(9)}, nil, bound(9)},
	} {
		set, err := p.SetQuota(t.Context(), f.acme.ID, step.change)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		is(step.what, set, step.storage, step.user)
		kept, err := p.Quota(t.Context(), f.acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		is(step.what+", read again", kept, step.storage, step.user)
	}
	others, err := p.Quota(t.Context(), f.globex.ID)
	if err != nil {
		t.Fatal(err)
	}
	is("another tenant", others, nil, nil)
	if want := slices.Repeat([]string{"tenant.quota_changed"}, 4); !slices.Equal(recorded(), want) {
		t.Errorf("recorded %v", recorded())
	}
}

func same(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

func shown(n *int64) any {
	if n == nil {
		return "the setting"
	}
	return *n
}

func TestQuotaRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, recorded := provisioner(t, f)
	below, some := int64(-2), int64(1)
	for name, tt := range map[string]struct {
		tenant uuid.UUID
		change tenancy.QuotaChange
		want   fault.Code
	}{
		"below zero":       {f.acme.ID, tenancy.QuotaChange{Storage: &below}, fault.BadInput},
		"below, of people": {f.acme.ID, tenancy.QuotaChange{StorageUser: &below}, fault.BadInput},
		"unknown tenant":   {uuid.New(), tenancy.QuotaChange{Storage: &some}, fault.NotFound},
	} {
		_, err := p.SetQuota(t.Context(), tt.tenant, tt.change)
		wantCode(t, name, err, tt.want)
	}
	_, err := p.Quota(t.Context(), uuid.New())
	wantCode(t, "an unknown tenant's", err, fault.NotFound)
	if len(recorded()) != 0 {
		t.Errorf("recorded %v", recorded())
	}
}
