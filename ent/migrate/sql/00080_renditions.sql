-- What is made of films and sounds for streaming: docs/decisions/0014-transcoding.md.
-- +goose Up
-- Nothing is rewritten: the defaults are constants.
ALTER TABLE "assets"
  ADD COLUMN "conversion" character varying NOT NULL DEFAULT 'NONE',
  ADD COLUMN "progress" bigint NOT NULL DEFAULT 0,
  ADD COLUMN "tries" bigint NOT NULL DEFAULT 0,
  ADD COLUMN "worked_at" timestamptz NULL,
  ADD COLUMN "playback" jsonb NULL;
CREATE INDEX "asset_tenant_id_conversion_worked_at" ON "assets" ("tenant_id", "conversion", "worked_at");

CREATE TABLE "rendition_sets" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "asset_id" uuid NOT NULL,
  "name" character varying NOT NULL,
  "status" character varying NOT NULL DEFAULT 'BUILDING',
  "result" jsonb NOT NULL,
  "files" bigint NOT NULL,
  "bytes" bigint NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "rendition_sets_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "rendition_sets_asset_id" FOREIGN KEY ("tenant_id", "asset_id") REFERENCES "assets" ("tenant_id", "id")
);
CREATE UNIQUE INDEX "renditionset_tenant_id_asset_id_name" ON "rendition_sets" ("tenant_id", "asset_id", "name");
CREATE INDEX "renditionset_tenant_id_status_updated_at" ON "rendition_sets" ("tenant_id", "status", "updated_at");
-- Of two workers that finish at the same time one wins.
CREATE UNIQUE INDEX "rendition_sets_one_ready" ON "rendition_sets" ("tenant_id", "asset_id") WHERE "status" = 'READY';

ALTER TABLE "rendition_sets" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "rendition_sets" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "rendition_sets"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- Players and caches hold on to what they were given: a set is finished or removed, and never becomes another one.
GRANT SELECT, INSERT, DELETE ON "rendition_sets" TO lyceum_app;
GRANT UPDATE ("status", "updated_at") ON "rendition_sets" TO lyceum_app;

-- +goose Down
DROP TABLE "rendition_sets";
ALTER TABLE "assets" DROP COLUMN "conversion", DROP COLUMN "progress", DROP COLUMN "tries", DROP COLUMN "worked_at", DROP COLUMN "playback";
