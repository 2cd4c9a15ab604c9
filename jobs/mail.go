package jobs

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/platform/mail"
)

// MailNotification sends a notification as mail. Whom it is for and what it says stands in the notification, not here.
type MailNotification struct {
	Tenant       uuid.UUID `json:"tenant_id"`
	Notification uuid.UUID `json:"notification_id"`
}

// Kind implements river.JobArgs.
func (MailNotification) Kind() string { return "mail.notification" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (MailNotification) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueMail} }

// mailNotification gives up what the mail server refuses for good; all else is tried again.
func mailNotification(s Services) river.Worker[MailNotification] {
	return action[MailNotification]{do: func(ctx context.Context, a MailNotification) error {
		err := s.Notification.Mail(ctx, a.Notification)
		if errors.Is(err, mail.ErrPermanent) {
			return river.JobCancel(err)
		}
		return err
	}}
}
