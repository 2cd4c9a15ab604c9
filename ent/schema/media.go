package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/media/rendition"
	"lyceum/internal/policy"
)

// Asset is one uploaded file. Its bytes are in blob storage under its tenant, never in the database.
type Asset struct{ ent.Schema }

// Mixin of Asset.
func (Asset) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Asset.
func (Asset) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Immutable().Comment("The user who uploaded it."),
		field.Enum("kind").Values("VIDEO", "AUDIO", "IMAGE", "DOCUMENT", "CAPTION", "OTHER").Immutable(),
		field.String("file_name").MaxLen(255).Immutable().Comment("For people; never a path."),
		field.String("content_type").MaxLen(127).Immutable(),
		field.Int64("size").Positive().Immutable().Comment("Bytes, as declared and enforced."),
		field.String("sha256").MaxLen(64).Immutable().Comment("Hex, as declared and verified."),
		field.Enum("status").Values("PENDING", "CHECKING", "READY", "REJECTED", "FAILED", "DELETED").Default("PENDING").
			Comment("A READY film can be played, also while it is converted; a FAILED one was found broken by the converter."),
		field.String("failure").Default("").MaxLen(500).Comment("Why it was rejected or failed, for its owner."),
		field.String("blob_key").MaxLen(500).Immutable(),
		field.Time("expires_at").Optional().Nillable().Comment("When a pending upload, or a deleted file, is swept."),
		field.Int64("part_size").Default(0).NonNegative().Immutable().Comment("Bytes of every part but the last; 0 for what is sent in one piece."),
		field.String("upload_id").Default("").MaxLen(1024).Comment("What the storage calls the upload in parts, once it was begun."),
		field.Enum("conversion").Values("NONE", "WAITING", "RUNNING", "DONE", "PASSED_THROUGH", "FAILED").Default("NONE").
			Comment("How far a film or a sound is on its way to what people stream."),
		field.Int("progress").Default(0).Range(0, 100).Comment("Percent of the conversion."),
		field.Int("tries").Default(0).NonNegative().Comment("How often the conversion was begun."),
		field.Time("worked_at").Optional().Nillable().Comment("When whoever converts it last said so."),
		field.JSON("playback", &rendition.Summary{}).Optional().Comment("What there is to play, once that is known."),
	}
}

// Indexes of Asset.
func (Asset) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "sha256"),
		index.Fields("tenant_id", "status", "expires_at"),
		index.Fields("tenant_id", "owner_id"),
		index.Fields("tenant_id", "conversion", "worked_at"),
	}
}

// Policy of Asset: staff own the library; learners get signed addresses through their lessons.
func (Asset) Policy() ent.Policy { return policy.Rules(policy.StaffOnly(), policy.StaffWrites) }

// RenditionSet is what was made of an asset: many small files under one prefix of blob storage. Its row is there
// before the first file, so that no file is forgotten, and never changes once it is READY.
type RenditionSet struct{ ent.Schema }

// Mixin of RenditionSet.
func (RenditionSet) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of RenditionSet.
func (RenditionSet) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("asset_id", uuid.UUID{}).Immutable(),
		field.String("name").MaxLen(64).Immutable().Comment("Follows from the files' names and digests: the directory under the asset."),
		field.Enum("status").Values("BUILDING", "READY", "CAPTIONS", "RETIRED").Default("BUILDING").
			Comment("READY is what is streamed; CAPTIONS are those of a READY set, edited since; RETIRED was either, and is still cached."),
		field.JSON("result", json.RawMessage{}).Immutable().Comment("All that the converter said, with the list of the files."),
		field.Int("files").Positive().Immutable(),
		field.Int64("bytes").Positive().Immutable(),
	}
}

// Indexes of RenditionSet.
func (RenditionSet) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "asset_id", "name").Unique(),
		index.Fields("tenant_id", "status", "updated_at"),
	}
}

// Policy of RenditionSet: as of the asset it was made of.
func (RenditionSet) Policy() ent.Policy { return policy.Rules(policy.StaffOnly(), policy.StaffWrites) }

// CaptionRevision is one edit of a film's captions in one language. The newest is in force; none ever changes.
type CaptionRevision struct{ ent.Schema }

// Mixin of CaptionRevision.
func (CaptionRevision) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of CaptionRevision.
func (CaptionRevision) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("asset_id", uuid.UUID{}).Immutable(),
		field.String("locale").NotEmpty().MaxLen(35).Immutable().Comment("BCP 47."),
		field.Int("number").Positive().Immutable().Comment("1, 2, 3… in each language of a film."),
		field.String("label").Default("").MaxRuneLen(100).Immutable(),
		field.Text("vtt").MaxLen(1 << 20).Immutable().Comment("The file, as caption.Track writes it; empty where captions were removed."),
		field.Int("cue_count").NonNegative().Immutable(),
		field.Bool("removed").Default(false).Immutable(),
		field.UUID("author_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Null for what came inside the film."),
		field.Int("revert_of").Optional().Nillable().Positive().Immutable().Comment("The number of the revision that was brought back."),
	}
}

// Indexes of CaptionRevision.
func (CaptionRevision) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "asset_id", "locale", "number").Unique()}
}

// Policy of CaptionRevision: as of the asset; learners get what is in force through their lessons.
func (CaptionRevision) Policy() ent.Policy {
	return policy.Rules(policy.StaffOnly(), policy.StaffWrites)
}

// Usage is one change of what a tenant uses of storage and of the converters: for bills, and never changed.
type Usage struct{ ent.Schema }

// Mixin of Usage.
func (Usage) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Usage.
func (Usage) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("BYTES_STORED", "BYTES_REMOVED", "MS_TRANSCODED").Immutable(),
		field.UUID("source_id", uuid.UUID{}).Immutable().
			Comment("The asset or rendition set; it may be gone. What comes of it is counted once."),
		field.Int64("quantity").Positive().Immutable().Comment("Bytes, or milliseconds of film."),
	}
}

// Indexes of Usage.
func (Usage) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "kind", "source_id").Unique(),
		index.Fields("tenant_id", "created_at"),
	}
}

// Annotations of Usage.
func (Usage) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Checks: map[string]string{"usages_quantity": "quantity > 0"}}}
}

// Policy of Usage: admins read it; rows are written by what staff and jobs do.
func (Usage) Policy() ent.Policy {
	return policy.Rules(policy.AdminOnly(), policy.AppendOnly(policy.StaffWrites))
}
