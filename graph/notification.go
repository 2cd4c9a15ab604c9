package graph

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"lyceum/graph/relay"
	"lyceum/graph/transport"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/notification"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) Notifications(
	ctx context.Context, first *int, after *string, unreadOnly *bool,
) (*relay.NotificationConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	notifications, err := r.services.Notification.List(ctx, request, value(unreadOnly))
	if err != nil {
		return nil, err
	}
	return &relay.NotificationConnection{Page: relay.From(notifications)}, nil
}

func (r notificationConnectionResolver) UnreadCount(ctx context.Context, _ *relay.NotificationConnection) (int, error) {
	return r.services.Notification.Unread(ctx)
}

func (r mutationResolver) MarkNotificationsRead(
	ctx context.Context, ids []*gid.ID,
) (*model.MarkNotificationsReadPayload, error) {
	marked, unread, err := r.services.Notification.MarkRead(ctx, notificationIDs(ids))
	if err != nil {
		return nil, err
	}
	return &model.MarkNotificationsReadPayload{Marked: marked, UnreadCount: unread}, nil
}

func (r queryResolver) MailPreferences(ctx context.Context) ([]*model.MailPreference, error) {
	wanted, err := r.services.Notification.MailPreferences(ctx)
	if err != nil {
		return nil, err
	}
	return mailPreferences(wanted), nil
}

func (r mutationResolver) SetMailPreference(
	ctx context.Context, in model.SetMailPreferenceInput,
) (*model.SetMailPreferencePayload, error) {
	wanted, err := r.services.Notification.SetMailPreference(ctx, in.Kind, in.Wanted)
	if err != nil {
		return nil, err
	}
	return &model.SetMailPreferencePayload{MailPreferences: mailPreferences(wanted)}, nil
}

func mailPreferences(wanted []notification.MailPreference) []*model.MailPreference {
	all := make([]*model.MailPreference, len(wanted))
	for i, w := range wanted {
		all[i] = &model.MailPreference{Kind: w.Kind, Wanted: w.Wanted}
	}
	return all
}

// notificationIDs leaves out ids of other types, which like unknown ones name nothing in the inbox.
func notificationIDs(ids []*gid.ID) []uuid.UUID {
	if ids == nil {
		return nil
	}
	found := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		if id.Type == ent.GIDNotification {
			found = append(found, id.UUID)
		}
	}
	return found
}

func (r subscriptionResolver) NotificationReceived(ctx context.Context, after *int) (<-chan *ent.Notification, error) {
	if after != nil && *after < 0 {
		return nil, fault.Invalid("after", "The number of a notification is not negative.")
	}
	// A client that comes back sends the same variables again; where it stopped is in its last event.
	if last := transport.LastEventID(ctx); last != "" {
		seq, err := strconv.Atoi(last)
		if err != nil || seq < 0 {
			return nil, fault.Invalid("lastEventId", "The id of an event of this subscription is a number.")
		}
		after = &seq
	}
	notifications, err := r.services.Notification.Stream(ctx, after)
	if err != nil {
		return nil, err
	}
	return identified(ctx, notifications,
		func(n *ent.Notification) string { return strconv.Itoa(n.Seq) }, func(n *ent.Notification) *ent.Notification { return n }), nil
}
