package policy_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// TestGates covers what services ask before an operation that belongs to roles.
func TestGates(t *testing.T) {
	t.Parallel()
	tenant, user := uuid.New(), uuid.New()
	as := func(role viewer.Role) context.Context {
		return viewer.With(t.Context(), viewer.Viewer{Tenant: tenant, User: user, Role: role})
	}
	type verdicts struct{ admin, staff, signed, learning fault.Code }
	const (
		in  = fault.Unauthenticated
		no  = fault.Forbidden
		yes = fault.Code("")
	)
	for name, tt := range map[string]struct {
		ctx  context.Context
		want verdicts
	}{
		"nobody":         {t.Context(), verdicts{in, in, in, in}},
		"without tenant": {viewer.With(t.Context(), viewer.Viewer{User: user, Role: viewer.TenantAdmin}), verdicts{in, in, in, in}},
		"visitor":        {viewer.With(t.Context(), viewer.Of(tenant)), verdicts{in, in, in, in}},
		"learner":        {as(viewer.Learner), verdicts{no, no, yes, yes}},
		"instructor":     {as(viewer.Instructor), verdicts{no, yes, yes, yes}},
		"admin":          {as(viewer.TenantAdmin), verdicts{yes, yes, yes, yes}},
		"ungranted":      {as(viewer.Support), verdicts{no, no, yes, no}},
		"support":        {granted(as(viewer.Support)), verdicts{no, no, yes, no}},
		"system":         {viewer.With(t.Context(), viewer.Job(tenant, "test")), verdicts{yes, yes, in, in}},
		"whole tenant":   {viewer.WholeTenant(as(viewer.Learner)), verdicts{no, no, yes, yes}},
	} {
		_, signed := policy.Signed(tt.ctx)
		_, learning := policy.Learning(tt.ctx)
		got := verdicts{
			admin:    fault.CodeOf(policy.Require(tt.ctx, viewer.TenantAdmin)),
			staff:    fault.CodeOf(policy.Require(tt.ctx, viewer.Instructor, viewer.TenantAdmin)),
			signed:   fault.CodeOf(signed),
			learning: fault.CodeOf(learning),
		}
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
