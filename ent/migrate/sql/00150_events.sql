-- What has happened, once each and for ever, and what is counted of it a day: docs/decisions/0150-event-log.md.
-- +goose Up
CREATE TABLE events (
	tenant_id uuid NOT NULL,
	id uuid NOT NULL,
	kind text NOT NULL,
	once text, -- what makes the occasion one of a kind, in ids; null where it may happen again
	at timestamptz NOT NULL,
	body jsonb NOT NULL, -- the event as its context announced it: ids, times and flags
	PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX events_once ON events (tenant_id, kind, once) WHERE once IS NOT NULL;

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON events
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- What has happened has happened.
GRANT SELECT, INSERT ON events TO lyceum_app;

-- Which events the daily facts have counted: a second delivery counts nothing.
CREATE TABLE counted_events (
	tenant_id uuid NOT NULL,
	event_id uuid NOT NULL,
	PRIMARY KEY (tenant_id, event_id),
	FOREIGN KEY (tenant_id, event_id) REFERENCES events (tenant_id, id)
);
ALTER TABLE counted_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE counted_events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON counted_events
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON counted_events TO lyceum_app;

CREATE TABLE "daily_facts" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "course_id" uuid NOT NULL,
  "day" date NOT NULL,
  "enrollments" bigint NOT NULL DEFAULT 0,
  "lesson_completions" bigint NOT NULL DEFAULT 0,
  "course_completions" bigint NOT NULL DEFAULT 0,
  "certificates" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("id"),
  CONSTRAINT "daily_facts_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "daily_facts_course_id" FOREIGN KEY ("tenant_id", "course_id") REFERENCES "courses" ("tenant_id", "id")
);
CREATE UNIQUE INDEX "dailyfact_tenant_id_course_id_day" ON "daily_facts" ("tenant_id", "course_id", "day");
CREATE INDEX "dailyfact_tenant_id_day" ON "daily_facts" ("tenant_id", "day");

ALTER TABLE "daily_facts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "daily_facts" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "daily_facts"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON "daily_facts" TO lyceum_app;

-- +goose Down
DROP TABLE "daily_facts";
DROP TABLE counted_events;
DROP TABLE events;
