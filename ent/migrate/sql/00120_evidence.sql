-- What evidence is made of, beyond what was watched: docs/decisions/0021-evidence.md.
-- +goose Up
-- Nothing is rewritten: the defaults are constants.
ALTER TABLE "lesson_progresses"
  ADD COLUMN "time_ms" bigint NOT NULL DEFAULT 0,
  ADD COLUMN "position_at" timestamptz NULL,
  ADD COLUMN "position_session" uuid NULL,
  ADD COLUMN "position_seq" bigint NOT NULL DEFAULT 0;
ALTER TABLE "course_progresses" ADD COLUMN "time_ms" bigint NOT NULL DEFAULT 0;

-- The wall clock of a learner, whatever they learn at once. Its row is locked before the counters of a place.
CREATE TABLE learner_clocks (
	tenant_id uuid NOT NULL,
	learner_id uuid NOT NULL,
	credit_ms bigint NOT NULL, -- of video that may still be credited
	time_credit_ms bigint NOT NULL, -- of time on task that may still be credited
	credited_at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, learner_id),
	FOREIGN KEY (tenant_id, learner_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- Which batches of a client's session were kept.
CREATE TABLE play_sessions (
	tenant_id uuid NOT NULL,
	enrollment_id uuid NOT NULL,
	session_id uuid NOT NULL, -- drawn by the client: another place may have the same
	seen int4multirange NOT NULL, -- the sequence numbers
	completed jsonb NOT NULL DEFAULT '{}', -- the lessons that a batch completed, by its sequence number
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, enrollment_id, session_id),
	FOREIGN KEY (tenant_id, enrollment_id) REFERENCES enrollments (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE learner_clocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE learner_clocks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON learner_clocks
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON learner_clocks TO lyceum_app;

ALTER TABLE play_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE play_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON play_sessions
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON play_sessions TO lyceum_app;

-- +goose Down
DROP TABLE play_sessions;
DROP TABLE learner_clocks;
ALTER TABLE "course_progresses" DROP COLUMN "time_ms";
ALTER TABLE "lesson_progresses" DROP COLUMN "time_ms", DROP COLUMN "position_at", DROP COLUMN "position_session", DROP COLUMN "position_seq";
