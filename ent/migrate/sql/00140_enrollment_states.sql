-- The whole life of a place: why somebody has it, what happened to it, and how many there may be.
-- +goose Up
ALTER TABLE "enrollments"
  ADD COLUMN "seated" boolean NOT NULL DEFAULT false,
  ADD COLUMN "ticket" bigint NULL,
  ADD CONSTRAINT "enrollments_state" CHECK ("state" IN
    ('INVITED', 'PENDING_PAYMENT', 'WAITLISTED', 'ACTIVE', 'COMPLETED', 'EXPIRED', 'WITHDRAWN', 'REVOKED')),
  -- Only who is in has a seat, and only who waits has a number.
  ADD CONSTRAINT "enrollments_seated" CHECK (NOT "seated" OR "state" IN ('ACTIVE', 'COMPLETED')),
  ADD CONSTRAINT "enrollments_ticket" CHECK (("state" = 'WAITLISTED') = ("ticket" IS NOT NULL));
CREATE INDEX "enrollment_tenant_id_course_id_ticket" ON "enrollments" ("tenant_id", "course_id", "ticket");

CREATE TABLE "enrollment_grants" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "enrollment_id" uuid NOT NULL,
  "learner_id" uuid NOT NULL,
  "source" character varying NOT NULL,
  "reference" character varying NOT NULL DEFAULT '',
  "granted_by" uuid NOT NULL,
  "granted_at" timestamptz NOT NULL,
  "ends_at" timestamptz NULL,
  "ended_at" timestamptz NULL,
  "ended_why" character varying NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "enrollment_grants_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "enrollment_grants_enrollment_id" FOREIGN KEY ("tenant_id", "enrollment_id") REFERENCES "enrollments" ("tenant_id", "id"),
  CONSTRAINT "enrollment_grants_learner_id" FOREIGN KEY ("tenant_id", "learner_id") REFERENCES "users" ("tenant_id", "id"),
  CONSTRAINT "enrollment_grants_ended" CHECK (("ended_at" IS NULL) = ("ended_why" IS NULL))
);
CREATE UNIQUE INDEX "enrollmentgrant_tenant_id_enrollment_id_source_reference"
  ON "enrollment_grants" ("tenant_id", "enrollment_id", "source", "reference");
CREATE INDEX "enrollmentgrant_tenant_id_ends_at" ON "enrollment_grants" ("tenant_id", "ends_at");

CREATE TABLE "enrollment_changes" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "enrollment_id" uuid NOT NULL,
  "learner_id" uuid NOT NULL,
  "act" character varying NOT NULL,
  "state" character varying NOT NULL,
  "changed_by" uuid NOT NULL,
  "changed_at" timestamptz NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "enrollment_changes_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "enrollment_changes_enrollment_id" FOREIGN KEY ("tenant_id", "enrollment_id") REFERENCES "enrollments" ("tenant_id", "id"),
  CONSTRAINT "enrollment_changes_learner_id" FOREIGN KEY ("tenant_id", "learner_id") REFERENCES "users" ("tenant_id", "id")
);
CREATE INDEX "enrollmentchange_tenant_id_enrollment_id_changed_at_id"
  ON "enrollment_changes" ("tenant_id", "enrollment_id", "changed_at", "id");

CREATE TABLE "admissions" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "course_id" uuid NOT NULL,
  "capacity" bigint NULL,
  "taken" bigint NOT NULL DEFAULT 0,
  "tickets" bigint NOT NULL DEFAULT 0,
  "due_days" bigint NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "admissions_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "admissions_course_id" FOREIGN KEY ("tenant_id", "course_id") REFERENCES "courses" ("tenant_id", "id") ON DELETE CASCADE,
  -- No seat is given twice, whatever the application believes.
  CONSTRAINT "admissions_seats" CHECK ("taken" >= 0 AND ("capacity" IS NULL OR "taken" <= "capacity"))
);
CREATE UNIQUE INDEX "admission_tenant_id_course_id" ON "admissions" ("tenant_id", "course_id");

CREATE TABLE "equivalences" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "course_id" uuid NOT NULL,
  "counts_id" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "equivalences_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "equivalences_course_id" FOREIGN KEY ("tenant_id", "course_id") REFERENCES "courses" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "equivalences_counts_id" FOREIGN KEY ("tenant_id", "counts_id") REFERENCES "courses" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "equivalences_others" CHECK ("course_id" <> "counts_id")
);
CREATE UNIQUE INDEX "equivalence_tenant_id_course_id_counts_id" ON "equivalences" ("tenant_id", "course_id", "counts_id");

-- Whoever is in keeps the place, for the reason for which it was taken. The owner of the tables sees the rows of all
-- tenants only while they are not forced.
ALTER TABLE "enrollments" NO FORCE ROW LEVEL SECURITY;
UPDATE "enrollments" SET "seated" = true WHERE "state" IN ('ACTIVE', 'COMPLETED');
INSERT INTO "enrollment_grants"
  ("id", "tenant_id", "created_at", "updated_at", "enrollment_id", "learner_id", "source", "granted_by", "granted_at", "ended_at", "ended_why")
SELECT gen_random_uuid(), "tenant_id", "created_at", "updated_at", "id", "learner_id", "source", "enrolled_by", "enrolled_at",
  CASE WHEN "state" = 'WITHDRAWN' THEN coalesce("withdrawn_at", "updated_at") END,
  CASE WHEN "state" = 'WITHDRAWN' THEN 'WITHDRAWN' END
FROM "enrollments";
INSERT INTO "admissions" ("id", "tenant_id", "created_at", "updated_at", "course_id", "taken")
SELECT gen_random_uuid(), "tenant_id", now(), now(), "course_id", count(*) FROM "enrollments" WHERE "seated" GROUP BY "tenant_id", "course_id";
ALTER TABLE "enrollments" FORCE ROW LEVEL SECURITY;

-- +goose StatementBegin
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['enrollment_grants', 'enrollment_changes', 'admissions', 'equivalences'] LOOP
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
-- What happened to a place is never changed, and why somebody had it stays known.
GRANT SELECT, INSERT ON "enrollment_changes" TO lyceum_app;
GRANT SELECT, INSERT, UPDATE ON "enrollment_grants", "admissions" TO lyceum_app;
GRANT SELECT, INSERT, DELETE ON "equivalences" TO lyceum_app;

-- +goose Down
DROP TABLE "equivalences";
DROP TABLE "admissions";
DROP TABLE "enrollment_changes";
DROP TABLE "enrollment_grants";
ALTER TABLE "enrollments" DROP COLUMN "ticket", DROP COLUMN "seated";
