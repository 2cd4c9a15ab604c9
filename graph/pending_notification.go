package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (mutationResolver) MarkNotificationsRead(_ context.Context, _ []*gid.ID) (*model.MarkNotificationsReadPayload, error) {
	panic("pending")
}

func (notificationConnectionResolver) UnreadCount(_ context.Context, _ *relay.NotificationConnection) (int, error) {
	panic("pending")
}

func (queryResolver) Notifications(_ context.Context, _ *int, _ *string, _ *bool) (*relay.NotificationConnection, error) {
	panic("pending")
}

func (subscriptionResolver) NotificationReceived(_ context.Context, _ *int) (<-chan *ent.Notification, error) {
	panic("pending")
}
