package notification

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/inbox"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// note is one thing to tell one user. The same kind about the same subject is told once.
type note struct {
	user    uuid.UUID
	kind    notification.Kind
	subject uuid.UUID
	text    text
	link    string
}

// deliver puts the note into the inbox, unless it is there already, asks for its mail, and wakes the user's streams
// after the commit. The lock on the inbox makes its numbers appear in order.
func (s *Service) deliver(ctx context.Context, tx *pg.Tx, n note) error {
	box, err := lockInbox(ctx, tx, n.user)
	if err != nil {
		return err
	}
	already, err := tx.Notification.Query().
		Where(notification.UserID(n.user), notification.KindEQ(n.kind), notification.SubjectID(n.subject)).
		Exist(ctx)
	if err != nil {
		return fmt.Errorf("look whether it was told: %w", err)
	}
	if already {
		return nil
	}
	made, err := tx.Notification.Create().
		SetUserID(n.user).SetSeq(box.LastSeq + 1).SetKind(n.kind).SetSubjectID(n.subject).
		SetTitle(n.text.title).SetBody(n.text.body).SetLink(n.link).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("put %s into inbox: %w", n.kind, err)
	}
	if err := tx.Inbox.UpdateOne(box).AddLastSeq(1).AddUnread(1).Exec(ctx); err != nil {
		return fmt.Errorf("number inbox: %w", err)
	}
	if err := tx.Enqueue(ctx, told(ctx, made.ID)); err != nil {
		return err
	}
	s.Feed.Hint(ctx, tx, topic(n.user))
	return nil
}

// lockInbox locks the user's inbox, making it for the first note. The insert cannot go through ent: two
// first notes at once must not fail each other, and upserts are off.
func lockInbox(ctx context.Context, tx *pg.Tx, user uuid.UUID) (*ent.Inbox, error) {
	const first = `
		INSERT INTO inboxes (id, tenant_id, created_at, updated_at, user_id, last_seq, unread)
		VALUES ($1, $2, now(), now(), $3, 0, 0)
		ON CONFLICT (tenant_id, user_id) DO NOTHING`
	if _, err := tx.Exec(ctx, first, uuid.Must(uuid.NewV7()), viewer.Tenant(ctx), user); err != nil {
		return nil, fmt.Errorf("make inbox: %w", err)
	}
	box, err := tx.Inbox.Query().Where(inbox.UserID(user)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock inbox: %w", err)
	}
	return box, nil
}
