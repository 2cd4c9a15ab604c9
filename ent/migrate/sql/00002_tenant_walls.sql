-- The second wall: row-level security, keys that carry the tenant, and the application role's grants.
-- +goose Up

-- A visitor or a job that forgot its tenant has '' or NULL here, which equals no tenant_id.
-- +goose StatementBegin
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY[
		'tenants', 'users', 'sessions', 'api_keys',
		'categories', 'courses', 'modules', 'lessons', 'course_versions', 'lesson_versions', 'publications', 'prerequisites',
		'assets', 'questions', 'question_versions', 'attempts', 'answers',
		'enrollments', 'lesson_progresses', 'course_progresses', 'certificates',
		'inboxes', 'notifications', 'audit_entries', 'audit_heads'
	] LOOP
		EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I UNIQUE (tenant_id, id)', t, t || '_tenant_key');
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
		EXECUTE format(
			'CREATE POLICY tenant_isolation ON %I '
			'USING (tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid) '
			'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid)', t);
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO lyceum_app', t);
	END LOOP;
END
$$;
-- +goose StatementEnd

-- What is published or recorded is never changed, whatever the application believes.
REVOKE UPDATE, DELETE ON course_versions, lesson_versions, question_versions, audit_entries FROM lyceum_app;
REVOKE DELETE ON audit_heads FROM lyceum_app;

-- The global tables: the directory is read before a tenant is known, and written by provisioning alone.
GRANT SELECT ON placements, domains TO lyceum_app;
GRANT SELECT ON staffs TO lyceum_app;
GRANT SELECT, INSERT, UPDATE ON staff_sessions TO lyceum_app;

ALTER TABLE tenants ADD CONSTRAINT tenants_is_its_own_tenant CHECK (id = tenant_id);
ALTER TABLE tenants ADD CONSTRAINT tenants_placement FOREIGN KEY (id) REFERENCES placements (id);
ALTER TABLE domains ADD CONSTRAINT domains_placement FOREIGN KEY (tenant_id) REFERENCES placements (id);
ALTER TABLE staff_sessions ADD CONSTRAINT staff_sessions_staff FOREIGN KEY (staff_id) REFERENCES staffs (id);

-- A foreign key check steps over row-level security, so every key carries the tenant: a row cannot point
-- at another tenant's.
-- +goose StatementBegin
DO $$
DECLARE
	k text[];
BEGIN
	FOREACH k SLICE 1 IN ARRAY ARRAY[
		-- child, column, parent, on delete
		['users', 'tenant_id', 'tenants', 'NO ACTION'],
		['sessions', 'user_id', 'users', 'CASCADE'],
		['api_keys', 'user_id', 'users', 'CASCADE'],
		['courses', 'instructor_id', 'users', 'NO ACTION'],
		['modules', 'course_id', 'courses', 'CASCADE'],
		['lessons', 'course_id', 'courses', 'CASCADE'],
		['lessons', 'module_id', 'modules', 'CASCADE'],
		['lessons', 'asset_id', 'assets', 'NO ACTION'],
		['course_versions', 'course_id', 'courses', 'NO ACTION'],
		['course_versions', 'instructor_id', 'users', 'NO ACTION'],
		['lesson_versions', 'version_id', 'course_versions', 'NO ACTION'],
		['lesson_versions', 'course_id', 'courses', 'NO ACTION'],
		['lesson_versions', 'asset_id', 'assets', 'NO ACTION'],
		['publications', 'course_id', 'courses', 'NO ACTION'],
		['publications', 'version_id', 'course_versions', 'NO ACTION'],
		['publications', 'instructor_id', 'users', 'NO ACTION'],
		['prerequisites', 'course_id', 'courses', 'CASCADE'],
		['prerequisites', 'requires_id', 'courses', 'CASCADE'],
		['assets', 'owner_id', 'users', 'NO ACTION'],
		['questions', 'lesson_id', 'lessons', 'CASCADE'],
		['attempts', 'enrollment_id', 'enrollments', 'NO ACTION'],
		['attempts', 'learner_id', 'users', 'NO ACTION'],
		['attempts', 'version_id', 'course_versions', 'NO ACTION'],
		['answers', 'attempt_id', 'attempts', 'CASCADE'],
		['answers', 'learner_id', 'users', 'NO ACTION'],
		['answers', 'question_id', 'question_versions', 'NO ACTION'],
		['enrollments', 'learner_id', 'users', 'NO ACTION'],
		['enrollments', 'course_id', 'courses', 'NO ACTION'],
		['enrollments', 'version_id', 'course_versions', 'NO ACTION'],
		['lesson_progresses', 'enrollment_id', 'enrollments', 'CASCADE'],
		['lesson_progresses', 'learner_id', 'users', 'NO ACTION'],
		['course_progresses', 'enrollment_id', 'enrollments', 'CASCADE'],
		['course_progresses', 'learner_id', 'users', 'NO ACTION'],
		['course_progresses', 'course_id', 'courses', 'NO ACTION'],
		['certificates', 'enrollment_id', 'enrollments', 'NO ACTION'],
		['certificates', 'learner_id', 'users', 'NO ACTION'],
		['certificates', 'course_id', 'courses', 'NO ACTION'],
		['certificates', 'version_id', 'course_versions', 'NO ACTION'],
		['inboxes', 'user_id', 'users', 'CASCADE'],
		['notifications', 'user_id', 'users', 'CASCADE']
	] LOOP
		IF k[2] = 'tenant_id' THEN
			EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id) REFERENCES %I (id) ON DELETE %s',
				k[1], k[1] || '_' || k[2] || '_fkey', k[3], k[4]);
		ELSE
			EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, %I) REFERENCES %I (tenant_id, id) ON DELETE %s',
				k[1], k[1] || '_' || k[2] || '_fkey', k[2], k[3], k[4]);
		END IF;
	END LOOP;
END
$$;
-- +goose StatementEnd

-- One attempt at a time: a second start finds the first.
CREATE UNIQUE INDEX attempts_one_open ON attempts (tenant_id, enrollment_id, lesson_id) WHERE state = 'IN_PROGRESS';

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
