package jobs

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/gen/ent/placement"
	"lyceum/internal/viewer"
)

func TestJobsWorkForTheirTenant(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	for name, tt := range map[string]struct {
		kind, args string
		want       viewer.Viewer
	}{
		"tenant":             {"certificate.issue", `{"tenant_id":"` + tenant.String() + `","at":"x"}`, viewer.Job(tenant, "certificate.issue")},
		"across all tenants": {"sweep.all", `{}`, viewer.Viewer{}},
		"checks of search":   {"sweep.search_all", `{}`, viewer.Viewer{}},
		"none":               {"certificate.issue", `{}`, viewer.Viewer{}},
		"nil":                {"certificate.issue", `{"tenant_id":"` + uuid.Nil.String() + `"}`, viewer.Viewer{}},
		"empty":              {"certificate.issue", `{"tenant_id":""}`, viewer.Viewer{}},
		"not an id":          {"certificate.issue", `{"tenant_id":"acme"}`, viewer.Viewer{}},
		"a number":           {"certificate.issue", `{"tenant_id":7}`, viewer.Viewer{}},
		"not JSON":           {"certificate.issue", `nonsense`, viewer.Viewer{}},
		"nothing":            {"certificate.issue", ``, viewer.Viewer{}},
		"unknown kind":       {"sweep.all.more", `{}`, viewer.Viewer{}},
	} {
		// A worker's own context may still carry somebody: a job never works as them.
		ctx := viewer.With(t.Context(), viewer.Viewer{Tenant: uuid.New(), Role: viewer.TenantAdmin})
		across := tt.kind == "sweep.all" || tt.kind == "sweep.search_all"
		if across {
			ctx = t.Context()
		}
		worked := false
		active := func(context.Context, uuid.UUID) (placement.Status, error) { return placement.StatusACTIVE, nil }
		err := (&asTenant{status: active}).Work(ctx, &rivertype.JobRow{Kind: tt.kind, EncodedArgs: []byte(tt.args)}, func(ctx context.Context) error {
			worked = true
			v, ok := viewer.From(ctx)
			if ok != (tt.want.Tenant != uuid.Nil) || v.Tenant != tt.want.Tenant || v.Role != tt.want.Role || v.Name != tt.want.Name {
				t.Errorf("%s: works as %+v, want %+v", name, v, tt.want)
			}
			return nil
		})
		if name == "tenant" || across {
			if err != nil || !worked {
				t.Errorf("%s: %v, worked %t", name, err, worked)
			}
			continue
		}
		if cancelled := (*river.JobCancelError)(nil); !errors.As(err, &cancelled) || worked {
			t.Errorf("%s: %v, worked %t, want it cancelled", name, err, worked)
		}
	}
}
