// Package notification owns inboxes: what people are told, in order and without gaps, as rows first and
// live second.
package notification

import (
	"github.com/google/uuid"

	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
)

// Service is the notification context.
type Service struct {
	DB *pg.DB
	// Feed wakes the streams of an inbox: what is told is in the inbox, and a stream that missed a hint finds it there.
	Feed *feed.Log
	// Post is for Mail and for the links in mails.
	Post Post
}

// topic is a user's inbox, as live streams watch it.
func topic(user uuid.UUID) feed.Topic { return feed.Topic{Kind: "inbox", Subject: user} }
