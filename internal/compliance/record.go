package compliance

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/telemetry"
	"lyceum/internal/viewer"
)

// Record appends an entry in the transaction of what it tells of. It is pg.Hooks.Record. The lock on the
// chain's head puts entries of a tenant in one order; it is held until the transaction ends, so services
// record last.
func Record(ctx context.Context, tx *pg.Tx, what pg.Entry) error {
	v, _ := viewer.From(ctx)
	// The log is the admins' to read, but whoever acts must be able to append.
	ctx = viewer.WholeTenant(ctx)
	head, err := lockHead(ctx, tx)
	if err != nil {
		return err
	}
	entry := &ent.AuditEntry{
		TenantID:  v.Tenant,
		Seq:       head.Seq + 1,
		At:        stamp(time.Now()),
		Actor:     actor(v),
		Role:      string(v.Role),
		Action:    what.Action,
		Subject:   what.Subject,
		Data:      what.Data,
		RequestID: telemetry.RequestID(ctx),
		Previous:  head.Hash,
	}
	if entry.Data == nil {
		entry.Data = map[string]string{}
	}
	entry.Hash = digest(entry)
	kept, err := tx.AuditEntry.Create().
		SetSeq(entry.Seq).SetAt(entry.At).SetActor(entry.Actor).SetRole(entry.Role).
		SetAction(entry.Action).SetSubject(entry.Subject).SetData(entry.Data).SetRequestID(entry.RequestID).
		SetPrevious(entry.Previous).SetHash(entry.Hash).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("append %s to the audit log: %w", what.Action, err)
	}
	err = tx.AuditHead.UpdateOne(head).SetSeq(entry.Seq).SetHash(entry.Hash).SetLastEntryID(kept.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move the end of the audit log: %w", err)
	}
	return nil
}

// lockHead takes the end of the tenant's chain, making it for the first entry. The insert cannot go
// through ent: two first entries at once must not fail each other, and upserts are off.
func lockHead(ctx context.Context, tx *pg.Tx) (*ent.AuditHead, error) {
	const first = `
		INSERT INTO audit_heads (id, tenant_id, created_at, updated_at, seq, hash)
		VALUES ($1, $2, now(), now(), 0, $3)
		ON CONFLICT (tenant_id) DO NOTHING`
	if _, err := tx.Exec(ctx, first, uuid.Must(uuid.NewV7()), viewer.Tenant(ctx), genesis()); err != nil {
		return nil, fmt.Errorf("begin the audit log: %w", err)
	}
	head, err := tx.AuditHead.Query().ForUpdate().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock the audit log: %w", err)
	}
	return head, nil
}

// actor names who acted: the user's global id, or the part of the system.
func actor(v viewer.Viewer) string {
	if v.SignedIn() {
		return gid.New(ent.GIDUser, v.User).String()
	}
	return v.Name
}

// Verify walks the viewer's tenant's chain and returns how many entries it has. The error says at which
// entry the chain is broken.
func (s *Service) Verify(ctx context.Context) (int, error) {
	const batch = 1000
	seq, previous := 0, genesis()
	for {
		entries, err := s.after(ctx, seq, batch)
		if err != nil {
			return seq, err
		}
		for _, e := range entries {
			if err := follows(e, seq, previous); err != nil {
				return seq, err
			}
			seq, previous = e.Seq, e.Hash
		}
		if len(entries) < batch {
			return seq, s.endsAt(ctx, seq, previous)
		}
	}
}

func follows(e *ent.AuditEntry, seq int, previous []byte) error {
	switch {
	case e.Seq != seq+1:
		return fmt.Errorf("audit log: entry %d is missing", seq+1)
	case !bytes.Equal(e.Previous, previous):
		return fmt.Errorf("audit log: entry %d does not follow entry %d", e.Seq, seq)
	case !bytes.Equal(e.Hash, digest(e)):
		return fmt.Errorf("audit log: entry %d was changed", e.Seq)
	default:
		return nil
	}
}

// endsAt makes sure that the chain ends where its head says: entries cut off the end would show nowhere
// else.
func (s *Service) endsAt(ctx context.Context, seq int, last []byte) error {
	head, err := s.DB.AuditHead.Query().Only(ctx)
	if ent.IsNotFound(err) && seq == 0 {
		return nil
	} else if err != nil {
		return fmt.Errorf("find the end of the audit log: %w", err)
	}
	if head.Seq != seq || !bytes.Equal(head.Hash, last) {
		return fmt.Errorf("audit log: %d entries, and the log says it has %d", seq, head.Seq)
	}
	return nil
}
