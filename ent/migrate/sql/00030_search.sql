-- What search finds when Postgres answers: one row for each published course and each of its lessons.
-- +goose Up
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE search_documents (
	tenant_id uuid NOT NULL,
	id uuid NOT NULL, -- of the course or the lesson
	course_id uuid NOT NULL,
	is_lesson boolean NOT NULL,
	version integer NOT NULL,
	title text NOT NULL,
	body text NOT NULL,
	language text NOT NULL,
	level text NOT NULL,
	categories text[] NOT NULL,
	visibility text NOT NULL,
	published_at timestamptz NOT NULL,
	words tsvector NOT NULL,
	PRIMARY KEY (tenant_id, course_id, id),
	FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX search_documents_words ON search_documents USING gin (words);

ALTER TABLE search_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_documents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON search_documents
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON search_documents TO lyceum_app;

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
