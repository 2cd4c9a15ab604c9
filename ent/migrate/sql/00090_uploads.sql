-- Uploads in parts, quotas, deletion and usage of storage: docs/decisions/0090-uploads-in-parts.md.
-- +goose Up
-- Nothing is rewritten: the defaults are constants.
ALTER TABLE "assets"
  ADD COLUMN "part_size" bigint NOT NULL DEFAULT 0,
  ADD COLUMN "upload_id" character varying NOT NULL DEFAULT '';
CREATE INDEX "asset_tenant_id_owner_id" ON "assets" ("tenant_id", "owner_id");

ALTER TABLE "tenants"
  ADD COLUMN "storage_quota" bigint NULL,
  ADD COLUMN "storage_quota_user" bigint NULL;

CREATE TABLE "usages" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "kind" character varying NOT NULL,
  "source_id" uuid NOT NULL,
  "quantity" bigint NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "usages_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "usages_quantity" CHECK ("quantity" > 0)
);
CREATE UNIQUE INDEX "usage_tenant_id_kind_source_id" ON "usages" ("tenant_id", "kind", "source_id");
CREATE INDEX "usage_tenant_id_created_at" ON "usages" ("tenant_id", "created_at");

-- What was stored and converted before there was an account of it. The owner of the tables may be bound by their
-- policies, too, and sees no tenant here.
ALTER TABLE "assets" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "rendition_sets" NO FORCE ROW LEVEL SECURITY;
INSERT INTO "usages" ("id", "tenant_id", "created_at", "updated_at", "kind", "source_id", "quantity")
  SELECT gen_random_uuid(), "tenant_id", "updated_at", "updated_at", 'BYTES_STORED', "id", "size"
  FROM "assets" WHERE "status" IN ('READY', 'FAILED');
INSERT INTO "usages" ("id", "tenant_id", "created_at", "updated_at", "kind", "source_id", "quantity")
  SELECT gen_random_uuid(), "tenant_id", "updated_at", "updated_at", 'BYTES_STORED', "id", "bytes"
  FROM "rendition_sets" WHERE "status" = 'READY';
INSERT INTO "usages" ("id", "tenant_id", "created_at", "updated_at", "kind", "source_id", "quantity")
  SELECT gen_random_uuid(), a."tenant_id", s."updated_at", s."updated_at", 'MS_TRANSCODED', s."id", (a."playback"->>'durationMs')::bigint
  FROM "assets" a JOIN "rendition_sets" s ON s."tenant_id" = a."tenant_id" AND s."asset_id" = a."id" AND s."status" = 'READY'
  WHERE (a."playback"->>'durationMs')::bigint > 0;
ALTER TABLE "assets" FORCE ROW LEVEL SECURITY;
ALTER TABLE "rendition_sets" FORCE ROW LEVEL SECURITY;

ALTER TABLE "usages" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "usages" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "usages"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- An account is written to, and never corrected.
GRANT SELECT, INSERT ON "usages" TO lyceum_app;

-- +goose Down
DROP TABLE "usages";
ALTER TABLE "tenants" DROP COLUMN "storage_quota", DROP COLUMN "storage_quota_user";
DROP INDEX "asset_tenant_id_owner_id";
ALTER TABLE "assets" DROP COLUMN "part_size", DROP COLUMN "upload_id";
