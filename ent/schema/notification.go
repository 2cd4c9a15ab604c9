package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// Inbox numbers a user's notifications: taking the next number locks the row, so that numbers appear in
// the order they were given and a reader who has seen n has missed nothing below it.
type Inbox struct{ ent.Schema }

// Mixin of Inbox.
func (Inbox) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Inbox.
func (Inbox) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Int("last_seq").Default(0),
		field.Int("unread").Default(0),
	}
}

// Indexes of Inbox.
func (Inbox) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "user_id").Unique()}
}

// Policy of Inbox.
func (Inbox) Policy() ent.Policy {
	return policy.Rules(policy.OwnRows("user_id"), policy.Kept(policy.OwnWrites("user_id")))
}

// notificationKinds are what people are told of.
func notificationKinds() []string {
	return []string{
		"ENROLLED", "INVITED", "PROMOTED", "COURSE_COMPLETED", "CERTIFICATE_ISSUED", "CERTIFICATE_REVOKED", "PATH_ASSIGNED", "PATH_COMPLETED",
		"ACHIEVEMENT_EARNED",
	}
}

// Notification is one entry of a user's inbox.
type Notification struct{ ent.Schema }

// Mixin of Notification.
func (Notification) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Notification.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Int("seq").Positive().Immutable().Comment("Position in the user's inbox, without gaps."),
		field.Enum("kind").Values(notificationKinds()...).Immutable(),
		field.String("title").MaxRuneLen(400).Immutable(),
		field.String("body").MaxRuneLen(1000).Default("").Immutable(),
		field.String("link").MaxLen(500).Default("").Immutable().Comment("Path in the frontend."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Comment("What it is about; with kind and user, unique."),
		field.Time("read_at").Optional().Nillable(),
		field.Time("sent_at").Default(time.Now).Immutable(),
		field.Time("mailed_at").Optional().Nillable().Comment("When it went out as mail, too; null when it did not."),
	}
}

// Indexes of Notification.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "user_id", "seq").Unique(),
		index.Fields("tenant_id", "user_id", "kind", "subject_id").Unique(),
	}
}

// Policy of Notification: nobody reads another's inbox, staff included.
func (Notification) Policy() ent.Policy {
	return policy.Rules(policy.OwnRows("user_id"), policy.Kept(policy.OwnWrites("user_id")))
}

// MailPreference says whether a user gets mail about a kind of notification. Where there is no row, they do.
type MailPreference struct{ ent.Schema }

// Mixin of MailPreference.
func (MailPreference) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of MailPreference.
func (MailPreference) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values(notificationKinds()...).Immutable(),
		field.Bool("wanted"),
	}
}

// Indexes of MailPreference.
func (MailPreference) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "user_id", "kind").Unique()}
}

// Policy of MailPreference.
func (MailPreference) Policy() ent.Policy {
	return policy.Rules(policy.OwnRows("user_id"), policy.Kept(policy.OwnWrites("user_id")))
}
