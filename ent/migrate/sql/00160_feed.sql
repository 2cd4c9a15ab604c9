-- What live streams are made of: docs/decisions/0017-live-feed.md.
-- +goose Up
-- Each thing that is watched counts its changes. The lock on its row makes its numbers appear in the order they were
-- given, so that who has seen number n has missed nothing below it.
CREATE TABLE feed_topics (
	tenant_id uuid NOT NULL,
	topic text NOT NULL,
	subject uuid NOT NULL,
	seq bigint NOT NULL, -- the number of the last change
	floor bigint NOT NULL DEFAULT 0, -- up to which number entries were forgotten
	moved_at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, topic, subject)
) WITH (fillfactor = 70); -- rows are counted up in place

-- Changes that are told one by one. A number without an entry is one that only says: look again.
CREATE TABLE feed_entries (
	tenant_id uuid NOT NULL,
	topic text NOT NULL,
	subject uuid NOT NULL,
	seq bigint NOT NULL,
	event text NOT NULL,
	ref uuid NOT NULL,
	at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, topic, subject, seq),
	FOREIGN KEY (tenant_id, topic, subject) REFERENCES feed_topics (tenant_id, topic, subject) ON DELETE CASCADE
);
CREATE INDEX feed_entries_old ON feed_entries (tenant_id, at);

ALTER TABLE feed_topics ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_topics FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON feed_topics
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON feed_topics TO lyceum_app;

ALTER TABLE feed_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON feed_entries
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- What was told is told: entries are added and, when they are old, forgotten.
GRANT SELECT, INSERT, DELETE ON feed_entries TO lyceum_app;

-- +goose Down
DROP TABLE feed_entries, feed_topics;
