-- What a seeded platform holds. Every step stands behind a line that names it; they run in order, on one session whose
-- role owns the tables, with foreign keys not checked: the rows fit together by their numbers.
--
-- pg_temp.tenants holds a tenant a row: its number, and which users and courses are its own.

-- step: tenants
INSERT INTO placements (id, slug, created_at) SELECT pg_temp.id(1, n), slug, now() FROM pg_temp.tenants;
INSERT INTO public.tenants (id, tenant_id, created_at, updated_at, slug, name, branding)
SELECT pg_temp.id(1, n), pg_temp.id(1, n), now(), now(), slug, 'Company ' || n, '{}' FROM pg_temp.tenants;

-- step: users
INSERT INTO users (id, tenant_id, created_at, updated_at, email, name, role)
SELECT pg_temp.id(2, u), pg_temp.id(1, t.n), now(), now(), 'user' || u || '@' || t.slug || '.example', 'Person ' || u,
	CASE WHEN u = t.user_from THEN 'TENANT_ADMIN' WHEN u <= t.user_from + t.instructors THEN 'INSTRUCTOR' ELSE 'LEARNER' END
FROM pg_temp.tenants t, generate_series(t.user_from, t.user_from + t.users - 1) u;

-- step: courses
INSERT INTO courses (id, tenant_id, created_at, updated_at, slug, title, summary, categories, tags, instructor_id,
	revision, published_number, published_revision, certificate)
SELECT pg_temp.id(3, c), pg_temp.id(1, t.n), now(), now(), 'course-' || c, 'Course ' || c || ' of ' || t.slug,
	'What course ' || c || ' teaches, in a sentence of the length that authors write.', '[]', '[]',
	pg_temp.id(2, t.user_from + 1 + (c - t.course_from) % t.instructors), 1, 1, 1, true
FROM pg_temp.tenants t, generate_series(t.course_from, t.course_from + t.courses - 1) c;

-- step: modules
INSERT INTO modules (id, tenant_id, created_at, updated_at, course_id, key, title, summary, position)
SELECT pg_temp.id(4, c * s.modules + m), pg_temp.id(1, t.n), now(), now(), pg_temp.id(3, c), 'module-' || m,
	'Module ' || m || ' of course ' || c, '', m
FROM pg_temp.size s, pg_temp.tenants t, generate_series(t.course_from, t.course_from + t.courses - 1) c, generate_series(0, s.modules - 1) m;

-- step: lessons
INSERT INTO lessons (id, tenant_id, created_at, updated_at, course_id, module_id, key, title, kind, position, body, url, duration_ms, captions, assets)
SELECT pg_temp.id(5, (c * s.modules + m) * s.lessons + l), pg_temp.id(1, t.n), now(), now(), pg_temp.id(3, c), pg_temp.id(4, c * s.modules + m),
	'lesson-' || m || '-' || l, 'Lesson ' || l || ' of module ' || m, CASE l % 3 WHEN 2 THEN 'ARTICLE' ELSE 'VIDEO' END, l,
	'What lesson ' || l || ' says.', CASE l % 3 WHEN 2 THEN '' ELSE 'https://films.example/' || c || '-' || m || '-' || l || '.mp4' END,
	CASE l % 3 WHEN 2 THEN 0 ELSE 300000 + 1000 * l END, '[]', '{}'
FROM pg_temp.size s, pg_temp.tenants t, generate_series(t.course_from, t.course_from + t.courses - 1) c,
	generate_series(0, s.modules - 1) m, generate_series(0, s.lessons - 1) l;

-- step: versions
INSERT INTO course_versions (id, tenant_id, created_at, updated_at, slug, title, summary, categories, tags, instructor_id, course_id,
	number, content_hash, outline, lesson_count, required_count, duration_ms, published_by)
SELECT pg_temp.id(6, c), pg_temp.id(1, t.n), now(), now(), 'course-' || c, 'Course ' || c || ' of ' || t.slug,
	'What course ' || c || ' teaches, in a sentence of the length that authors write.', '[]', '[]',
	pg_temp.id(2, t.user_from + 1 + (c - t.course_from) % t.instructors), pg_temp.id(3, c), 1, md5(c::text),
	jsonb_build_object('modules', (
		SELECT jsonb_agg(jsonb_build_object(
			'id', pg_temp.id(4, c * s.modules + m), 'key', 'module-' || m, 'title', 'Module ' || m || ' of course ' || c,
			'lessons', (
				SELECT jsonb_agg(jsonb_build_object(
					'id', pg_temp.id(5, (c * s.modules + m) * s.lessons + l), 'key', 'lesson-' || m || '-' || l,
					'title', 'Lesson ' || l || ' of module ' || m, 'kind', CASE l % 3 WHEN 2 THEN 'ARTICLE' ELSE 'VIDEO' END,
					'required', true, 'duration_ms', CASE l % 3 WHEN 2 THEN 0 ELSE 300000 + 1000 * l END) ORDER BY l)
				FROM generate_series(0, s.lessons - 1) l)) ORDER BY m)
		FROM generate_series(0, s.modules - 1) m)),
	s.modules * s.lessons, s.modules * s.lessons, s.modules * s.lessons * 200000, pg_temp.id(2, t.user_from)
FROM pg_temp.size s, pg_temp.tenants t, generate_series(t.course_from, t.course_from + t.courses - 1) c;

-- step: lesson versions
INSERT INTO lesson_versions (id, tenant_id, created_at, updated_at, version_id, course_id, lesson_id, title, kind, preview, body_html, body_text, captions, assets)
SELECT pg_temp.id(7, (c * s.modules + m) * s.lessons + l), pg_temp.id(1, t.n), now(), now(), pg_temp.id(6, c), pg_temp.id(3, c),
	pg_temp.id(5, (c * s.modules + m) * s.lessons + l), 'Lesson ' || l || ' of module ' || m, CASE l % 3 WHEN 2 THEN 'ARTICLE' ELSE 'VIDEO' END,
	false, '<p>What lesson ' || l || ' says.</p>', 'What lesson ' || l || ' says.', '[]', '{}'
FROM pg_temp.size s, pg_temp.tenants t, generate_series(t.course_from, t.course_from + t.courses - 1) c,
	generate_series(0, s.modules - 1) m, generate_series(0, s.lessons - 1) l;

-- step: publications
INSERT INTO publications (id, tenant_id, created_at, updated_at, slug, title, summary, categories, tags, instructor_id, course_id, version_id,
	number, first_published_at, published_at)
SELECT pg_temp.id(8, c), pg_temp.id(1, t.n), now(), now(), 'course-' || c, 'Course ' || c || ' of ' || t.slug,
	'What course ' || c || ' teaches, in a sentence of the length that authors write.', '[]', '[]',
	pg_temp.id(2, t.user_from + 1 + (c - t.course_from) % t.instructors), pg_temp.id(3, c), pg_temp.id(6, c), 1,
	now() - c * interval '1 minute', now() - c * interval '1 minute'
FROM pg_temp.tenants t, generate_series(t.course_from, t.course_from + t.courses - 1) c;

-- step: enrollments
-- Everybody has a place in the tenant's first course, so that one list is long; the others are spread evenly.
CREATE TEMP TABLE places AS
SELECT row_number() OVER () AS e, t.n AS tenant, u,
	CASE k WHEN 0 THEN t.course_from ELSE t.course_from + 1 + (u * 7 + k) % greatest(t.courses - 1, 1) END AS c
FROM pg_temp.tenants t, generate_series(t.user_from + t.instructors + 1, t.user_from + t.users - 1) u, generate_series(0, t.places - 1) k;
INSERT INTO enrollments (id, tenant_id, created_at, updated_at, learner_id, course_id, version_id, source, enrolled_by, enrolled_at)
SELECT pg_temp.id(9, e), pg_temp.id(1, tenant), now(), now(), pg_temp.id(2, u), pg_temp.id(3, c), pg_temp.id(6, c), 'SELF', pg_temp.id(2, u),
	now() - e * interval '1 second'
FROM pg_temp.places;

-- step: course progress
INSERT INTO course_progresses (id, tenant_id, created_at, updated_at, enrollment_id, learner_id, course_id,
	completed_lessons, completed_required, required_lessons, last_activity_at, credited_at)
SELECT pg_temp.id(10, e), pg_temp.id(1, tenant), now(), now(), pg_temp.id(9, e), pg_temp.id(2, u), pg_temp.id(3, c),
	greatest(s.steps - 1, 0), greatest(s.steps - 1, 0), s.modules * s.lessons, now() - e * interval '1 second', now() - interval '1 day'
FROM pg_temp.size s, pg_temp.places;

-- step: clocks
-- Whoever has progress has a clock that counts it.
INSERT INTO learner_clocks (tenant_id, learner_id, credit_ms, time_credit_ms, credited_at)
SELECT DISTINCT pg_temp.id(1, tenant), pg_temp.id(2, u), 0, 0, now() - interval '1 day' FROM pg_temp.places;

-- step: lesson progress
-- Emptied in the transaction that fills it, the largest table needs no log where none is kept for replicas.
TRUNCATE lesson_progresses;
INSERT INTO lesson_progresses (id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms, position_ms, completed_at)
SELECT pg_temp.id(11, e * s.steps + l), pg_temp.id(1, tenant), now(), now(), pg_temp.id(9, e), pg_temp.id(2, u),
	pg_temp.id(5, c * s.modules * s.lessons + l), '{[0,60000)}', 60000, 60000,
	CASE WHEN l < s.steps - 1 THEN now() - interval '1 day' END
FROM pg_temp.size s, pg_temp.places, generate_series(0, s.steps - 1) l;
