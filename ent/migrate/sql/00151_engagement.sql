-- Points, days of learning, achievements and how people stand in leaderboards: docs/decisions/0151-engagement.md.
-- +goose Up
-- What a deed is worth since when. A change is a row more, so that what was earned before keeps its worth.
CREATE TABLE "point_rules" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "reason" character varying NOT NULL,
  "points" bigint NOT NULL,
  "since" timestamptz NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "point_rules_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "point_rules_points" CHECK ("points" BETWEEN 0 AND 10000)
);
CREATE UNIQUE INDEX "pointrule_tenant_id_reason_since" ON "point_rules" ("tenant_id", "reason", "since");
ALTER TABLE "point_rules" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "point_rules" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "point_rules"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON "point_rules" TO lyceum_app;

CREATE TABLE "achievements" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "key" character varying NOT NULL,
  "title" character varying NOT NULL,
  "description" character varying NOT NULL DEFAULT '',
  "rule" character varying NOT NULL,
  "retired_at" timestamptz NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "achievements_tenant_key" UNIQUE ("tenant_id", "id")
);
CREATE UNIQUE INDEX "achievement_tenant_id_key" ON "achievements" ("tenant_id", "key");
ALTER TABLE "achievements" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "achievements" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "achievements"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON "achievements" TO lyceum_app;

CREATE TABLE "engagement_profiles" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "user_id" uuid NOT NULL,
  "hidden" boolean NOT NULL DEFAULT false,
  "pseudonym" character varying NOT NULL DEFAULT '',
  PRIMARY KEY ("id"),
  CONSTRAINT "engagement_profiles_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "engagement_profiles_user_id" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id")
);
CREATE UNIQUE INDEX "engagementprofile_tenant_id_user_id" ON "engagement_profiles" ("tenant_id", "user_id");
ALTER TABLE "engagement_profiles" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "engagement_profiles" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "engagement_profiles"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON "engagement_profiles" TO lyceum_app;

-- The ledger: what a learner got points for, once each.
CREATE TABLE point_entries (
	tenant_id uuid NOT NULL,
	learner_id uuid NOT NULL,
	reason text NOT NULL,
	subject_id uuid NOT NULL,
	course_id uuid NOT NULL,
	event_id uuid NOT NULL,
	points bigint NOT NULL CHECK (points >= 0),
	at timestamptz NOT NULL,
	-- The transaction that wrote it: what a cache has not seen yet is found by it.
	written_by bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
	PRIMARY KEY (tenant_id, learner_id, reason, subject_id),
	FOREIGN KEY (tenant_id, learner_id) REFERENCES users (tenant_id, id),
	FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id),
	FOREIGN KEY (tenant_id, event_id) REFERENCES events (tenant_id, id)
);
CREATE INDEX point_entries_at ON point_entries (tenant_id, at);
CREATE INDEX point_entries_course ON point_entries (tenant_id, course_id, at);
CREATE INDEX point_entries_written ON point_entries (tenant_id, written_by);
ALTER TABLE point_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE point_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON point_entries
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON point_entries TO lyceum_app;

-- The days, in the learner's own time zone, on which they learned something.
CREATE TABLE learning_days (
	tenant_id uuid NOT NULL,
	learner_id uuid NOT NULL,
	day date NOT NULL,
	PRIMARY KEY (tenant_id, learner_id, day),
	FOREIGN KEY (tenant_id, learner_id) REFERENCES users (tenant_id, id)
);
ALTER TABLE learning_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE learning_days FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON learning_days
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON learning_days TO lyceum_app;

CREATE TABLE earned_achievements (
	tenant_id uuid NOT NULL,
	learner_id uuid NOT NULL,
	achievement_id uuid NOT NULL,
	earned_at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, learner_id, achievement_id),
	FOREIGN KEY (tenant_id, learner_id) REFERENCES users (tenant_id, id),
	FOREIGN KEY (tenant_id, achievement_id) REFERENCES achievements (tenant_id, id)
);
ALTER TABLE earned_achievements ENABLE ROW LEVEL SECURITY;
ALTER TABLE earned_achievements FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON earned_achievements
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- What is earned is never taken back.
GRANT SELECT, INSERT ON earned_achievements TO lyceum_app;

-- +goose Down
DROP TABLE earned_achievements;
DROP TABLE learning_days;
DROP TABLE point_entries;
DROP TABLE "engagement_profiles";
DROP TABLE "achievements";
DROP TABLE "point_rules";
