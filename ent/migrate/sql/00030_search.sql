-- What search finds when Postgres answers: one document for each published course and each of its lessons.
-- docs/decisions/0011-search-under-row-security.md says why the words lie in tables of their own.
-- +goose Up
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The dictionaries of Postgres, each behind unaccent: who types no accents finds words that have them, and
-- headlines see the same words as the index.
-- +goose StatementBegin
DO $$
DECLARE
	l text;
BEGIN
	FOREACH l IN ARRAY ARRAY[
		'simple', 'arabic', 'armenian', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish', 'french', 'german',
		'greek', 'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian', 'nepali', 'norwegian', 'portuguese',
		'romanian', 'russian', 'serbian', 'spanish', 'swedish', 'tamil', 'turkish', 'yiddish'
	] LOOP
		EXECUTE format('CREATE TEXT SEARCH CONFIGURATION %I (COPY = pg_catalog.%I)', 'lyceum_' || l, l);
		EXECUTE format('ALTER TEXT SEARCH CONFIGURATION %I ALTER MAPPING FOR hword, hword_part, word WITH unaccent, %I',
			'lyceum_' || l, CASE l WHEN 'simple' THEN 'simple' ELSE l || '_stem' END);
	END LOOP;
END
$$;
-- +goose StatementEnd

CREATE TABLE search_documents (
	tenant_id uuid NOT NULL,
	id uuid NOT NULL, -- of the course or the lesson
	course_id uuid NOT NULL,
	is_lesson boolean NOT NULL,
	version integer NOT NULL,
	title text NOT NULL,
	body text NOT NULL,
	language text NOT NULL,
	dictionary text NOT NULL, -- the text search configuration for the language
	level text NOT NULL,
	categories text[] NOT NULL,
	visibility text NOT NULL,
	published_at timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, course_id, id),
	FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX search_documents_dictionary ON search_documents (tenant_id, dictionary);

CREATE TABLE search_words (
	tenant_id uuid NOT NULL,
	course_id uuid NOT NULL,
	id uuid NOT NULL,
	heading tsvector NOT NULL, -- the words of the title alone: small enough to sort many by
	words tsvector NOT NULL,
	is_cut boolean NOT NULL, -- has more words than a tsvector has positions: phrases must be looked up in the text
	PRIMARY KEY (tenant_id, course_id, id),
	FOREIGN KEY (tenant_id, course_id, id) REFERENCES search_documents (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX search_words_words ON search_words USING gin (tenant_id, words);

CREATE TABLE search_titles (
	tenant_id uuid NOT NULL,
	course_id uuid NOT NULL,
	id uuid NOT NULL,
	title text NOT NULL, -- in lower case, without accents
	PRIMARY KEY (tenant_id, course_id, id),
	FOREIGN KEY (tenant_id, course_id, id) REFERENCES search_documents (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX search_titles_title ON search_titles USING gin (tenant_id, title gin_trgm_ops);

-- +goose StatementBegin
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['search_documents', 'search_words', 'search_titles'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
	END LOOP;
END
$$;
-- +goose StatementEnd

CREATE POLICY tenant_isolation ON search_documents
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON search_documents TO lyceum_app;

-- A condition of a query on a table with row-level security reaches no GIN index, for @@ is not leakproof;
-- a condition of the policy itself does. So what is looked for is a setting, like the tenant: a table
-- shows the rows of the tenant that match it, and none without it. Rows go when their documents go.
CREATE POLICY tenant_isolation ON search_words FOR SELECT
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid
		AND words @@ NULLIF(current_setting('app.search_words', true), '')::tsquery);
CREATE POLICY tenant_insert ON search_words FOR INSERT
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON search_words TO lyceum_app;

CREATE POLICY tenant_isolation ON search_titles FOR SELECT
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid
		AND title %>> NULLIF(current_setting('app.search_title', true), ''));
CREATE POLICY tenant_insert ON search_titles FOR INSERT
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON search_titles TO lyceum_app;

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
