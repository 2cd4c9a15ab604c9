-- Captions of films, in revisions that never change, and whether a course needs them before it is published:
-- docs/decisions/0100-captions.md.
-- +goose Up
ALTER TABLE "tenants" ADD COLUMN "captions_required" boolean NOT NULL DEFAULT false;

CREATE TABLE "caption_revisions" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "asset_id" uuid NOT NULL,
  "locale" character varying NOT NULL,
  "number" bigint NOT NULL,
  "label" character varying NOT NULL DEFAULT '',
  "vtt" character varying NOT NULL,
  "cue_count" bigint NOT NULL,
  "removed" boolean NOT NULL DEFAULT false,
  "author_id" uuid NULL,
  "revert_of" bigint NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "caption_revisions_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "caption_revisions_asset_id" FOREIGN KEY ("tenant_id", "asset_id") REFERENCES "assets" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "caption_revisions_author_id" FOREIGN KEY ("tenant_id", "author_id") REFERENCES "users" ("tenant_id", "id")
);
CREATE UNIQUE INDEX "captionrevision_tenant_id_asset_id_locale_number" ON "caption_revisions" ("tenant_id", "asset_id", "locale", "number");

ALTER TABLE "caption_revisions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "caption_revisions" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "caption_revisions"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- A revision never changes, and goes with its film.
GRANT SELECT, INSERT ON "caption_revisions" TO lyceum_app;

-- +goose Down
DROP TABLE "caption_revisions";
ALTER TABLE "tenants" DROP COLUMN "captions_required";
