package compliance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/telemetry"
	"lyceum/internal/viewer"
)

// maxRequestID is the longest request id that is kept, in bytes.
const maxRequestID = 100

// Record appends an entry in the transaction of what it tells of. It is pg.Hooks.Record. The lock on the
// chain's end puts the entries of a tenant in one order; it is held until the transaction ends, so services
// record last.
func Record(ctx context.Context, tx *pg.Tx, what pg.Entry) error {
	v, err := recorded(ctx, what)
	if err != nil {
		return err
	}
	end, now, err := lockEnd(ctx, tx)
	if err != nil {
		return err
	}
	entry := &ent.AuditEntry{
		TenantID:  v.Tenant,
		Seq:       end.seq + 1,
		At:        stamp(now),
		Actor:     actor(v),
		Role:      string(v.Role),
		Action:    what.Action,
		Subject:   what.Subject,
		Data:      storable(what.Data),
		RequestID: strings.ToValidUTF8(cut(telemetry.RequestID(ctx)), ""),
		Previous:  end.hash,
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
	return moveEnd(ctx, tx, link{seq: entry.Seq, hash: entry.Hash}, kept.ID)
}

// recorded is who acted: the viewer, or whom Lyceum says that it was, in its own tenant.
func recorded(ctx context.Context, what pg.Entry) (viewer.Viewer, error) {
	v, _ := viewer.From(ctx)
	if what.By.Tenant == uuid.Nil {
		return v, nil
	}
	if !v.Is(viewer.System) || what.By.Tenant != v.Tenant {
		return viewer.Viewer{}, fmt.Errorf("record %s: only the system says that somebody else acted, and in its tenant", what.Action)
	}
	return what.By, nil
}

func cut(id string) string { return id[:min(len(id), maxRequestID)] }

// storable returns the data as the database gives it back, so that the hash is of what is kept: JSON holds
// no broken UTF-8.
func storable(data map[string]string) map[string]string {
	kept := make(map[string]string, len(data))
	for name, value := range data {
		kept[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return kept
}

// The end of a chain is one row that everybody who records waits for, so it is locked and moved in plain SQL:
// ent would read it again after the update, and could not make it when two record first at the same time.

// lockEnd locks the end of the tenant's chain, making it for the first entry, and reads the clock behind the
// lock, so that times go the way of the numbers.
func lockEnd(ctx context.Context, tx *pg.Tx) (end link, now time.Time, err error) {
	const (
		lock  = `SELECT seq, hash, clock_timestamp() FROM audit_heads WHERE tenant_id = $1 FOR UPDATE`
		first = `
			INSERT INTO audit_heads (id, tenant_id, created_at, updated_at, seq, hash)
			VALUES ($1, $2, now(), now(), 0, $3)
			ON CONFLICT (tenant_id) DO NOTHING`
	)
	tenant := viewer.Tenant(ctx)
	err = tx.QueryRow(ctx, lock, tenant).Scan(&end.seq, &end.hash, &now)
	if !errors.Is(err, pg.ErrNoRows) {
		return end, now, located(err)
	}
	if _, err := tx.Exec(ctx, first, uuid.Must(uuid.NewV7()), tenant, genesis()); err != nil {
		return link{}, time.Time{}, fmt.Errorf("begin the audit log: %w", err)
	}
	err = tx.QueryRow(ctx, lock, tenant).Scan(&end.seq, &end.hash, &now)
	return end, now, located(err)
}

func located(err error) error {
	if err != nil {
		return fmt.Errorf("lock the end of the audit log: %w", err)
	}
	return nil
}

func moveEnd(ctx context.Context, tx *pg.Tx, to link, entry uuid.UUID) error {
	const move = `
		UPDATE audit_heads SET seq = $2, hash = $3, last_entry_id = $4, updated_at = now() WHERE tenant_id = $1`
	if _, err := tx.Exec(ctx, move, viewer.Tenant(ctx), to.seq, to.hash, entry); err != nil {
		return fmt.Errorf("move the end of the audit log: %w", err)
	}
	return nil
}

// actor names who acted: the user's global id, or the part of the system.
func actor(v viewer.Viewer) string {
	if v.SignedIn() {
		return gid.New(ent.GIDUser, v.User).String()
	}
	return v.Name
}
