package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

// Placement says where a tenant's rows live. It is global: it is read before the tenant is known.
type Placement struct{ ent.Schema }

// Fields of Placement. The id is the tenant's id.
func (Placement) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.String("slug").MaxLen(63).Unique(),
		field.String("database").Default("default").Comment("Name of the database that holds the tenant."),
		field.Enum("status").Values("ACTIVE", "SUSPENDED").Default("ACTIVE"),
		field.Time("created_at").Default(time.Now).Immutable(),
	}
}

// Policy of Placement: everybody may read it, nobody writes it through the application.
func (Placement) Policy() ent.Policy { return policy.Directory() }

// Domain maps a host name of a tenant's own to the tenant. It is global for the same reason.
type Domain struct{ ent.Schema }

// Fields of Domain.
func (Domain) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable(),
		field.String("host").MaxLen(253).Unique(),
		field.UUID("tenant_id", uuid.UUID{}).Immutable(),
	}
}

// Policy of Domain: everybody may read it, nobody writes it through the application.
func (Domain) Policy() ent.Policy { return policy.Directory() }

// Tenant is a company or school: its name, language, and look. Its id equals its tenant_id.
type Tenant struct{ ent.Schema }

// Mixin of Tenant.
func (Tenant) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Tenant.
func (Tenant) Fields() []ent.Field {
	return []ent.Field{
		field.String("slug").MaxLen(63).Immutable(),
		field.String("name").NotEmpty().MaxRuneLen(200),
		field.Enum("kind").Values("COMPANY", "SCHOOL").Default("COMPANY").
			Comment("A SCHOOL is a K-12 tenant: stricter privacy rules apply."),
		field.String("locale").Default("en").MaxLen(35).Comment("BCP 47."),
		field.JSON("branding", brand.Brand{}).Default(brand.Brand{}),
		field.Bool("captions_required").Default(false).Comment("Whether a film needs captions before its course can be published."),
		field.Int64("storage_quota").Optional().Nillable().NonNegative().
			Comment("Bytes that the tenant's files may take; null is the server's setting."),
		field.Int64("storage_quota_user").Optional().Nillable().NonNegative().
			Comment("Bytes that one person's uploads may take; null is the server's setting."),
	}
}

// Annotations of Tenant.
func (Tenant) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Annotation{Checks: map[string]string{"tenants_is_its_own_tenant": "id = tenant_id"}},
	}
}

// Policy of Tenant.
func (Tenant) Policy() ent.Policy { return policy.Writers(policy.Kept(policy.AdminWrites)) }

// User is a person of one tenant. The same person in two tenants is two users.
type User struct{ ent.Schema }

// Mixin of User.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").MaxLen(254).Comment("Lower case."),
		field.String("name").NotEmpty().MaxRuneLen(200),
		field.Enum("role").GoType(viewer.Role("")),
		field.Enum("status").Values("ACTIVE", "SUSPENDED").Default("ACTIVE"),
		field.String("password_hash").Optional().Nillable().Sensitive().Comment("PHC string, argon2id."),
		field.String("locale").Optional().MaxLen(35),
		field.String("time_zone").Default("UTC").MaxLen(64).Comment("IANA name."),
	}
}

// Indexes of User.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "email").Unique(),
		index.Fields("tenant_id", "name", "id"),
	}
}

// Policy of User: learners see themselves and the people who teach.
func (User) Policy() ent.Policy {
	return policy.Rules(policy.SelfOrTeachersUnlessStaff(), policy.Kept(policy.AdminWrites))
}

// Session is a signed-in browser or client.
type Session struct{ ent.Schema }

// Mixin of Session.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Bytes("token_hash").Sensitive().Comment("SHA-256 of the token's secret."),
		field.Time("expires_at").Comment("Absolute end of the session."),
		field.Time("last_seen_at").Default(time.Now),
		field.Time("revoked_at").Optional().Nillable(),
		field.String("user_agent").Optional().MaxLen(300),
		field.Int("rotation").Default(0).Comment("How often the token was replaced; of two who replace it at once, one wins."),
	}
}

// Indexes of Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "token_hash").Unique(),
		index.Fields("tenant_id", "user_id"),
	}
}

// Policy of Session: a user's own sessions; only Lyceum itself opens one.
func (Session) Policy() ent.Policy {
	return policy.Rules(policy.OwnRows("user_id"), policy.Kept(policy.OwnWrites("user_id")))
}

// APIKey lets a program act for its owner within scopes.
type APIKey struct{ ent.Schema }

// Mixin of APIKey.
func (APIKey) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of APIKey.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("name").NotEmpty().MaxRuneLen(100),
		field.Bytes("token_hash").Sensitive(),
		field.String("hint").MaxLen(8).Comment("Last characters of the key, to tell keys apart."),
		field.JSON("scopes", []viewer.Scope{}),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("last_used_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Indexes of APIKey.
func (APIKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "token_hash").Unique(),
		index.Fields("tenant_id", "user_id"),
	}
}

// Policy of APIKey.
func (APIKey) Policy() ent.Policy {
	return policy.Rules(policy.OwnRows("user_id"), policy.Kept(policy.OwnWrites("user_id")))
}

// SupportGrant is an admin's leave for the tenant's support people to read, for a time and a reason.
type SupportGrant struct{ ent.Schema }

// Mixin of SupportGrant.
func (SupportGrant) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of SupportGrant.
func (SupportGrant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("granted_by", uuid.UUID{}).Immutable(),
		field.String("reason").NotEmpty().MaxRuneLen(500).Immutable(),
		field.Time("expires_at").Immutable().Comment("At most four hours after created_at, by the database's clock."),
		field.Time("revoked_at").Optional().Nillable(),
		field.UUID("revoked_by", uuid.UUID{}).Optional().Nillable(),
	}
}

// Indexes of SupportGrant.
func (SupportGrant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "expires_at")}
}

// Annotations of SupportGrant.
func (SupportGrant) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Checks: map[string]string{
		"support_grants_time_box": "expires_at > created_at AND expires_at <= created_at + interval '4 hours'",
	}}}
}

// Policy of SupportGrant.
func (SupportGrant) Policy() ent.Policy {
	return policy.Rules(policy.AdminOnly(), policy.Kept(policy.AdminWrites))
}

// Staff is a person who runs the platform, kept apart from every tenant. It is global.
type Staff struct{ ent.Schema }

// Fields of Staff.
func (Staff) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable(),
		field.String("email").MaxLen(254).Unique(),
		field.String("name").NotEmpty().MaxRuneLen(200),
		field.Enum("role").Values("SUPER_ADMIN", "SUPPORT").Default("SUPER_ADMIN"),
		field.String("password_hash").Sensitive(),
		field.Time("created_at").Default(time.Now).Immutable(),
	}
}

// Policy of Staff: read by the operator console alone, which asks as platform staff.
func (Staff) Policy() ent.Policy { return policy.PlatformOnly() }

// StaffSession is a signed-in member of the platform staff, on the admin listener. It is global.
type StaffSession struct{ ent.Schema }

// Fields of StaffSession.
func (StaffSession) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable(),
		field.UUID("staff_id", uuid.UUID{}).Immutable(),
		field.Bytes("token_hash").Unique().Sensitive(),
		field.Time("created_at").Default(time.Now).Immutable(),
		field.Time("expires_at"),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Policy of StaffSession.
func (StaffSession) Policy() ent.Policy { return policy.PlatformOnly() }
