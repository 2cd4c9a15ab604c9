package loader

import (
	"context"
	"errors"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/apikey"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/gen/ent/session"
	"lyceum/internal/gen/ent/supportgrant"
	"lyceum/internal/gen/ent/tenant"
)

// Nodes finds by id what `node` may be asked for and nothing else needs by id. What the viewer's role may
// not read at all is not there.
type Nodes struct {
	Tenant       *Loader[uuid.UUID, *ent.Tenant]
	Session      *Loader[uuid.UUID, *ent.Session]
	APIKey       *Loader[uuid.UUID, *ent.APIKey]
	Asset        *Loader[uuid.UUID, *ent.Asset]
	Certificate  *Loader[uuid.UUID, *ent.Certificate]
	Notification *Loader[uuid.UUID, *ent.Notification]
	SupportGrant *Loader[uuid.UUID, *ent.SupportGrant]
	AuditEntry   *Loader[uuid.UUID, *ent.AuditEntry]
}

func newNodes(s Sources) Nodes {
	return Nodes{
		Tenant: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Tenant, error) {
			return s.DB.Tenant.Query().Where(tenant.IDIn(ids...)).All(ctx)
		}), func(t *ent.Tenant) uuid.UUID { return t.ID }),
		Session: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Session, error) {
			return s.DB.Session.Query().Where(session.IDIn(ids...)).All(ctx)
		}), func(o *ent.Session) uuid.UUID { return o.ID }),
		APIKey: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.APIKey, error) {
			return s.DB.APIKey.Query().Where(apikey.IDIn(ids...)).All(ctx)
		}), func(k *ent.APIKey) uuid.UUID { return k.ID }),
		Asset: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Asset, error) {
			return s.DB.Asset.Query().Where(asset.IDIn(ids...)).All(ctx)
		}), func(a *ent.Asset) uuid.UUID { return a.ID }),
		Certificate: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Certificate, error) {
			return s.DB.Certificate.Query().Where(certificate.IDIn(ids...)).All(ctx)
		}), func(c *ent.Certificate) uuid.UUID { return c.ID }),
		Notification: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Notification, error) {
			return s.DB.Notification.Query().Where(notification.IDIn(ids...)).All(ctx)
		}), func(n *ent.Notification) uuid.UUID { return n.ID }),
		SupportGrant: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.SupportGrant, error) {
			return s.DB.SupportGrant.Query().Where(supportgrant.IDIn(ids...)).All(ctx)
		}), func(g *ent.SupportGrant) uuid.UUID { return g.ID }),
		AuditEntry: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.AuditEntry, error) {
			return s.DB.AuditEntry.Query().Where(auditentry.IDIn(ids...)).All(ctx)
		}), func(e *ent.AuditEntry) uuid.UUID { return e.ID }),
	}
}

// readable turns the refusal of a policy into nothing found: `node` says null to what is not for the viewer.
func readable[T any](find func(context.Context, []uuid.UUID) ([]T, error)) func(context.Context, []uuid.UUID) ([]T, error) {
	return func(ctx context.Context, ids []uuid.UUID) ([]T, error) {
		rows, err := find(ctx, ids)
		if errors.Is(err, privacy.Deny) {
			return nil, nil
		}
		return rows, err
	}
}
