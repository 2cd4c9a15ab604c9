-- How far the places of a course have come on their way to a newer version.
-- +goose Up
CREATE TABLE "enrollment_migrations" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "course_id" uuid NOT NULL,
  "version_id" uuid NOT NULL,
  "number" bigint NOT NULL,
  "mapping" jsonb NOT NULL,
  "places" character varying NOT NULL,
  "started_by" uuid NOT NULL,
  "state" character varying NOT NULL DEFAULT 'RUNNING',
  "total" bigint NOT NULL,
  "done" bigint NOT NULL DEFAULT 0,
  "failed" bigint NOT NULL DEFAULT 0,
  "reached_id" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "enrollment_migrations_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "enrollment_migrations_course_id" FOREIGN KEY ("tenant_id", "course_id") REFERENCES "courses" ("tenant_id", "id"),
  CONSTRAINT "enrollment_migrations_version_id" FOREIGN KEY ("tenant_id", "version_id") REFERENCES "course_versions" ("tenant_id", "id")
);
CREATE INDEX "enrollmentmigration_tenant_id_course_id_id"
  ON "enrollment_migrations" ("tenant_id", "course_id", "id");

ALTER TABLE "enrollment_migrations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "enrollment_migrations" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "enrollment_migrations"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON "enrollment_migrations" TO lyceum_app;

-- +goose Down
DROP TABLE "enrollment_migrations";
