-- Courses that lead somewhere together: docs/decisions/0180-learning-paths.md.
-- +goose Up
CREATE TABLE "learning_paths" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "slug" character varying NOT NULL,
  "title" character varying NOT NULL,
  "description" text NOT NULL DEFAULT '',
  "state" character varying NOT NULL DEFAULT 'DRAFT',
  "visibility" character varying NOT NULL DEFAULT 'PUBLIC',
  "need" character varying NOT NULL DEFAULT 'ALL',
  "need_count" bigint NOT NULL DEFAULT 0,
  "ordered" boolean NOT NULL DEFAULT false,
  "self_enroll" boolean NOT NULL DEFAULT true,
  "due_days" bigint NULL,
  "revision" bigint NOT NULL DEFAULT 1,
  "published_at" timestamptz NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "learning_paths_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "learning_paths_state" CHECK ("state" IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
  CONSTRAINT "learning_paths_need" CHECK (("need" = 'AT_LEAST') = ("need_count" > 0))
);
CREATE UNIQUE INDEX "learningpath_tenant_id_slug" ON "learning_paths" ("tenant_id", "slug");
CREATE INDEX "learningpath_tenant_id_title_id" ON "learning_paths" ("tenant_id", "title", "id");

CREATE TABLE "path_courses" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "path_id" uuid NOT NULL,
  "course_id" uuid NOT NULL,
  "position" bigint NOT NULL,
  "required" boolean NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "path_courses_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "path_courses_path_id" FOREIGN KEY ("tenant_id", "path_id") REFERENCES "learning_paths" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "path_courses_course_id" FOREIGN KEY ("tenant_id", "course_id") REFERENCES "courses" ("tenant_id", "id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "pathcourse_tenant_id_path_id_course_id" ON "path_courses" ("tenant_id", "path_id", "course_id");
CREATE INDEX "pathcourse_tenant_id_course_id" ON "path_courses" ("tenant_id", "course_id");

CREATE TABLE "path_enrollments" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "path_id" uuid NOT NULL,
  "learner_id" uuid NOT NULL,
  "state" character varying NOT NULL DEFAULT 'ACTIVE',
  "by_staff" boolean NOT NULL,
  "enrolled_by" uuid NOT NULL,
  "enrolled_at" timestamptz NOT NULL,
  "due_at" timestamptz NULL,
  "completed_at" timestamptz NULL,
  "left_at" timestamptz NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "path_enrollments_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "path_enrollments_path_id" FOREIGN KEY ("tenant_id", "path_id") REFERENCES "learning_paths" ("tenant_id", "id"),
  CONSTRAINT "path_enrollments_learner_id" FOREIGN KEY ("tenant_id", "learner_id") REFERENCES "users" ("tenant_id", "id"),
  CONSTRAINT "path_enrollments_state" CHECK ("state" IN ('ACTIVE', 'COMPLETED', 'WITHDRAWN', 'REVOKED')),
  CONSTRAINT "path_enrollments_completed" CHECK (("state" = 'COMPLETED') = ("completed_at" IS NOT NULL)),
  CONSTRAINT "path_enrollments_left" CHECK (("state" IN ('WITHDRAWN', 'REVOKED')) = ("left_at" IS NOT NULL))
);
CREATE UNIQUE INDEX "pathenrollment_tenant_id_path_id_learner_id" ON "path_enrollments" ("tenant_id", "path_id", "learner_id");
CREATE INDEX "pathenrollment_tenant_id_learner_id_enrolled_at_id" ON "path_enrollments" ("tenant_id", "learner_id", "enrolled_at", "id");
CREATE INDEX "pathenrollment_tenant_id_path_id_enrolled_at_id" ON "path_enrollments" ("tenant_id", "path_id", "enrolled_at", "id");
-- Who takes a place away looks for what a path gave.
CREATE INDEX "enrollmentgrant_tenant_id_source_reference" ON "enrollment_grants" ("tenant_id", "source", "reference");

-- With the date the state stays: a check binds them to each other.
CREATE TRIGGER "completed_once" BEFORE UPDATE OF "completed_at" ON "path_enrollments" FOR EACH ROW
  WHEN (OLD."completed_at" IS NOT NULL AND NEW."completed_at" IS DISTINCT FROM OLD."completed_at") EXECUTE FUNCTION completed_once();

-- +goose StatementBegin
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['learning_paths', 'path_courses', 'path_enrollments'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
		EXECUTE format(
			'CREATE POLICY tenant_isolation ON %I '
			'USING (tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid) '
			'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid)', t);
	END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON "learning_paths", "path_enrollments" TO lyceum_app;
GRANT SELECT, INSERT, DELETE ON "path_courses" TO lyceum_app;

-- +goose Down
DROP INDEX "enrollmentgrant_tenant_id_source_reference";
DROP TABLE "path_enrollments";
DROP TABLE "path_courses";
DROP TABLE "learning_paths";
