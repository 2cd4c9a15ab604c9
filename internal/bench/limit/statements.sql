-- One statement a question, as a person would write it who has nothing else to think of. Arguments are texts.

-- W1
SELECT json_build_object('courses', json_agg(course)) FROM (
	SELECT json_build_object('id', p.course_id, 'slug', p.slug, 'title', p.title, 'summary', p.summary,
		'instructor', json_build_object('name', u.name),
		'modules', (SELECT json_agg(json_build_object('id', m ->> 'id', 'title', m ->> 'title', 'lessons', (
			SELECT json_agg(json_build_object('id', l ->> 'id', 'title', l ->> 'title', 'kind', l ->> 'kind', 'durationMs', l -> 'duration_ms'))
			FROM jsonb_array_elements(m -> 'lessons') l))) FROM jsonb_array_elements(v.outline -> 'modules') m)) AS course
	FROM (SELECT * FROM publications WHERE tenant_id = current_setting('app.tenant_id')::uuid ORDER BY published_at DESC, id DESC LIMIT 20) p
	JOIN course_versions v ON v.tenant_id = p.tenant_id AND v.id = p.version_id
	JOIN users u ON u.tenant_id = p.tenant_id AND u.id = p.instructor_id
	ORDER BY p.published_at DESC, p.id DESC) courses

-- W2
SELECT json_build_object('title', p.title,
	'modules', (SELECT json_agg(json_build_object('id', m ->> 'id', 'title', m ->> 'title', 'lessons', (
		SELECT json_agg(json_build_object('id', l ->> 'id', 'title', l ->> 'title', 'kind', l ->> 'kind', 'durationMs', l -> 'duration_ms'))
		FROM jsonb_array_elements(m -> 'lessons') l))) FROM jsonb_array_elements(v.outline -> 'modules') m),
	'enrollment', json_build_object('id', e.id, 'state', e.state, 'completedLessons', c.completed_lessons, 'requiredLessons', c.required_lessons,
		'lessons', (SELECT json_agg(json_build_object('lessonId', l.lesson_id, 'watchedMs', l.watched_ms, 'positionMs', l.position_ms))
			FROM lesson_progresses l WHERE l.tenant_id = e.tenant_id AND l.enrollment_id = e.id)))
FROM publications p
JOIN enrollments e ON e.tenant_id = p.tenant_id AND e.course_id = p.course_id AND e.learner_id = $2::text::uuid
JOIN course_versions v ON v.tenant_id = e.tenant_id AND v.id = e.version_id
LEFT JOIN course_progresses c ON c.tenant_id = e.tenant_id AND c.enrollment_id = e.id
WHERE p.tenant_id = current_setting('app.tenant_id')::uuid AND p.slug = $1

-- W3
SELECT json_agg(json_build_object('id', e.id, 'state', e.state, 'enrolledAt', e.enrolled_at,
	'course', json_build_object('id', v.course_id, 'slug', v.slug, 'title', v.title),
	'progress', json_build_object('completedLessons', c.completed_lessons, 'requiredLessons', c.required_lessons)))
FROM (SELECT * FROM enrollments WHERE tenant_id = current_setting('app.tenant_id')::uuid AND learner_id = $1::text::uuid
	ORDER BY enrolled_at DESC, id DESC LIMIT 20) e
JOIN course_versions v ON v.tenant_id = e.tenant_id AND v.id = e.version_id
LEFT JOIN course_progresses c ON c.tenant_id = e.tenant_id AND c.enrollment_id = e.id

-- W5
SELECT json_agg(json_build_object('id', e.id, 'state', e.state, 'enrolledAt', e.enrolled_at,
	'learner', json_build_object('name', u.name, 'email', u.email), 'course', json_build_object('title', v.title)))
FROM (SELECT * FROM enrollments WHERE tenant_id = current_setting('app.tenant_id')::uuid AND course_id = $1::text::uuid
		AND (enrolled_at, id) < ($2::text::timestamptz, $3::text::uuid)
	ORDER BY enrolled_at DESC, id DESC LIMIT 20) e
JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.learner_id
JOIN course_versions v ON v.tenant_id = e.tenant_id AND v.id = e.version_id

-- deep
SELECT json_build_object('at', enrolled_at, 'id', id) FROM enrollments
WHERE tenant_id = current_setting('app.tenant_id')::uuid AND course_id = $1::text::uuid
ORDER BY enrolled_at DESC, id DESC OFFSET $2::text::int LIMIT 1
