// Package policy holds the privacy rules that the schemas use. Rules narrow or deny; none allows, because
// an Allow ends evaluation and would lift the rules after it.
package policy

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent/intercept"
	"lyceum/internal/viewer"
)

const tenantColumn = "tenant_id"

// TenantIsolation is the first wall. A query without a viewer is denied and any other sees the viewer's
// tenant only; a mutation stamps the tenant on what it creates and reaches nothing outside it.
func TenantIsolation() ent.Policy { return tenantIsolation{} }

type tenantIsolation struct{}

// EvalQuery adds the tenant predicate.
func (tenantIsolation) EvalQuery(ctx context.Context, q ent.Query) error {
	Note(ctx)
	if felled(ctx, q) {
		return privacy.Skip
	}
	v, ok := viewer.From(ctx)
	if !ok {
		return privacy.Denyf("policy: %T without a viewer", q)
	}
	if v.Is(viewer.Support) && !v.Granted() {
		return ungranted(q, v)
	}
	return narrow(q, sql.FieldEQ(tenantColumn, v.Tenant))
}

// EvalMutation stamps creations and narrows everything else.
func (tenantIsolation) EvalMutation(ctx context.Context, m ent.Mutation) error {
	Note(ctx)
	v, ok := viewer.From(ctx)
	creates := m.Op().Is(ent.OpCreate)
	switch {
	case felled(ctx, m) && creates:
		return stamp(m, v.Tenant)
	case felled(ctx, m):
		return privacy.Skip
	case !ok:
		return privacy.Denyf("policy: %s of %s without a viewer", m.Op(), m.Type())
	case !mayWrite(v):
		return privacy.Denyf("policy: %s of %s by read-only viewer", m.Op(), m.Type())
	case !creates:
		return narrowMutation(m, sql.FieldEQ(tenantColumn, v.Tenant))
	}
	if got, set := m.Field(tenantColumn); set && got != v.Tenant {
		return privacy.Denyf("policy: %s for another tenant", m.Type())
	}
	return stamp(m, v.Tenant)
}

// stamp gives a creation the tenant, unless it has one.
func stamp(m ent.Mutation, tenant uuid.UUID) error {
	if _, set := m.Field(tenantColumn); set {
		return privacy.Skip
	}
	if err := m.SetField(tenantColumn, tenant); err != nil {
		return privacy.Denyf("policy: stamp tenant on %s: %v", m.Type(), err)
	}
	return privacy.Skip
}

// mayWrite refuses the viewers that never change anything: visitors, support, and read-only keys.
func mayWrite(v viewer.Viewer) bool {
	return !v.Is(viewer.Anonymous, viewer.Support) && v.Can(viewer.ScopeWrite)
}

// ungranted is what support reads without an admin's grant, whatever a service widens: who they are, their
// sessions, and what their tenant is called.
func ungranted(q ent.Query, v viewer.Viewer) error {
	own := map[string]string{"Tenant": "", "User": "id", "Session": "user_id"}
	query, err := intercept.NewQuery(q)
	if err != nil {
		return privacy.Denyf("policy: %T cannot be narrowed: %v", q, err)
	}
	column, known := own[query.Type()]
	if !known {
		return privacy.Denyf("policy: %T by support without a grant", q)
	}
	query.WhereP(sql.FieldEQ(tenantColumn, v.Tenant))
	if column != "" {
		query.WhereP(sql.FieldEQ(column, v.User))
	}
	return privacy.Skip
}

func narrow(q ent.Query, predicate func(*sql.Selector)) error {
	query, err := intercept.NewQuery(q)
	if err != nil {
		return privacy.Denyf("policy: %T cannot be narrowed: %v", q, err)
	}
	query.WhereP(predicate)
	return privacy.Skip
}

func narrowMutation(m ent.Mutation, predicate func(*sql.Selector)) error {
	narrowable, ok := m.(interface {
		WhereP(predicates ...func(*sql.Selector))
	})
	if !ok {
		return privacy.Denyf("policy: %s cannot be narrowed", m.Type())
	}
	narrowable.WhereP(predicate)
	return privacy.Skip
}
