-- Rules that complete lessons, modules and courses: docs/decisions/0020-completion-rules.md.
-- +goose Up
-- Nothing is rewritten: the defaults are constants.
ALTER TABLE "courses" ADD COLUMN "completion" jsonb NULL;
ALTER TABLE "modules" ADD COLUMN "completion" jsonb NULL;
ALTER TABLE "lessons" ADD COLUMN "completion" character varying NOT NULL DEFAULT '';
ALTER TABLE "lesson_progresses" ADD COLUMN "declared_at" timestamptz NULL;
-- The versions in which time alone can complete something.
CREATE INDEX "course_versions_timed" ON "course_versions" ("tenant_id", "id") WHERE ("outline" ->> 'timed') = 'true';

CREATE TABLE "completions" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "enrollment_id" uuid NOT NULL,
  "learner_id" uuid NOT NULL,
  "course_id" uuid NOT NULL,
  "node_id" uuid NOT NULL,
  "node" character varying NOT NULL,
  "rule_version" character varying NOT NULL DEFAULT '',
  "version_id" uuid NOT NULL,
  "by" character varying NOT NULL,
  "actor_id" uuid NULL,
  "reason" character varying NOT NULL DEFAULT '',
  "completed_at" timestamptz NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "completions_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "completions_enrollment_id" FOREIGN KEY ("tenant_id", "enrollment_id") REFERENCES "enrollments" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "completions_learner_id" FOREIGN KEY ("tenant_id", "learner_id") REFERENCES "users" ("tenant_id", "id"),
  CONSTRAINT "completions_course_id" FOREIGN KEY ("tenant_id", "course_id") REFERENCES "courses" ("tenant_id", "id"),
  CONSTRAINT "completions_version_id" FOREIGN KEY ("tenant_id", "version_id") REFERENCES "course_versions" ("tenant_id", "id"),
  CONSTRAINT "completions_actor_id" FOREIGN KEY ("tenant_id", "actor_id") REFERENCES "users" ("tenant_id", "id")
);
-- A node of a place is completed once.
CREATE UNIQUE INDEX "completion_tenant_id_enrollment_id_node_id" ON "completions" ("tenant_id", "enrollment_id", "node_id");
ALTER TABLE "completions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "completions" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "completions"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- What is completed or attested stays so, whatever the application believes.
GRANT SELECT, INSERT ON "completions" TO lyceum_app;

CREATE TABLE "attestations" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "enrollment_id" uuid NOT NULL,
  "learner_id" uuid NOT NULL,
  "node_id" uuid NOT NULL,
  "kind" character varying NOT NULL,
  "minutes" bigint NOT NULL DEFAULT 0,
  "note" character varying NOT NULL DEFAULT '',
  "made_by" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "attestations_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "attestations_enrollment_id" FOREIGN KEY ("tenant_id", "enrollment_id") REFERENCES "enrollments" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "attestations_learner_id" FOREIGN KEY ("tenant_id", "learner_id") REFERENCES "users" ("tenant_id", "id"),
  CONSTRAINT "attestations_made_by" FOREIGN KEY ("tenant_id", "made_by") REFERENCES "users" ("tenant_id", "id")
);
CREATE INDEX "attestation_tenant_id_enrollment_id_node_id" ON "attestations" ("tenant_id", "enrollment_id", "node_id");
ALTER TABLE "attestations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "attestations" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "attestations"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- What is completed or attested stays so, whatever the application believes.
GRANT SELECT, INSERT ON "attestations" TO lyceum_app;

-- +goose StatementBegin
CREATE FUNCTION completed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was completed stays completed, and keeps its date';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "completed_once" BEFORE UPDATE OF "completed_at" ON "lesson_progresses" FOR EACH ROW
  WHEN (OLD."completed_at" IS NOT NULL AND NEW."completed_at" IS DISTINCT FROM OLD."completed_at") EXECUTE FUNCTION completed_once();
CREATE TRIGGER "completed_once" BEFORE UPDATE OF "completed_at" ON "course_progresses" FOR EACH ROW
  WHEN (OLD."completed_at" IS NOT NULL AND NEW."completed_at" IS DISTINCT FROM OLD."completed_at") EXECUTE FUNCTION completed_once();

-- +goose Down
DROP TRIGGER "completed_once" ON "course_progresses";
DROP TRIGGER "completed_once" ON "lesson_progresses";
DROP FUNCTION completed_once();
DROP TABLE "attestations";
DROP TABLE "completions";
DROP INDEX "course_versions_timed";
ALTER TABLE "lesson_progresses" DROP COLUMN "declared_at";
ALTER TABLE "lessons" DROP COLUMN "completion";
ALTER TABLE "modules" DROP COLUMN "completion";
ALTER TABLE "courses" DROP COLUMN "completion";
