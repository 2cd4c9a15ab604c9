package notification

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/inbox"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// maxMarked is how many notifications one request may name.
const maxMarked = 100

// List returns a page of the viewer's inbox, newest first.
func (s *Service) List(ctx context.Context, r page.Request, unreadOnly bool) (page.Page[*ent.Notification], error) {
	if _, err := policy.Signed(ctx); err != nil {
		return page.Page[*ent.Notification]{}, err
	}
	order := fmt.Sprintf("inbox, newest first, unread only: %t", unreadOnly)
	query := s.DB.Notification.Query().Order(notification.BySeq(sql.OrderDesc())).Limit(r.Limit())
	if unreadOnly {
		query = query.Where(notification.ReadAtIsNil())
	}
	var seq int
	if behind, err := r.Position(order, &seq); err != nil {
		return page.Page[*ent.Notification]{}, err
	} else if behind {
		query = query.Where(notification.SeqLT(seq))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.Notification]{}, fmt.Errorf("list notifications: %w", err)
	}
	return page.Of(rows, r, order, func(n *ent.Notification) []any { return []any{n.Seq} }), nil
}

// Unread returns how many notifications of the viewer are unread.
func (s *Service) Unread(ctx context.Context) (int, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return 0, err
	}
	box, err := s.DB.Inbox.Query().Where(inbox.UserID(v.User)).Only(ctx)
	if ent.IsNotFound(err) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("count unread: %w", err)
	}
	return box.Unread, nil
}

// MarkRead marks these notifications of the viewer as read, or all of them when ids is nil. It returns how
// many changed and how many are unread now; ids that are not in the inbox change nothing.
func (s *Service) MarkRead(ctx context.Context, ids []uuid.UUID) (marked, unread int, err error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return 0, 0, err
	}
	if len(ids) > maxMarked {
		return 0, 0, fault.Invalid("ids", "At most 100 ids at a time; leave them out for the whole inbox.")
	}
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		box, err := tx.Inbox.Query().Where(inbox.UserID(v.User)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("lock inbox: %w", err)
		}
		update := tx.Notification.Update().Where(notification.ReadAtIsNil()).SetReadAt(time.Now())
		if ids != nil {
			update = update.Where(notification.IDIn(ids...))
		}
		marked, err = update.Save(ctx)
		if err != nil {
			return fmt.Errorf("mark as read: %w", err)
		}
		unread = box.Unread - marked
		if marked == 0 {
			return nil
		}
		if err := tx.Inbox.UpdateOne(box).SetUnread(unread).Exec(ctx); err != nil {
			return fmt.Errorf("count unread: %w", err)
		}
		return nil
	})
	return marked, unread, err
}
