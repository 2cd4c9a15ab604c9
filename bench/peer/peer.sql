-- What PostGraphile needs to record progress: one function, which its users would write like this. The stretch is added
-- to what was watched and answered when it is durable.
CREATE SCHEMA peer;
GRANT USAGE ON SCHEMA peer TO lyceum_app;
CREATE FUNCTION peer.record_progress(enrollment uuid, lesson uuid, from_ms int, to_ms int) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	INSERT INTO public.lesson_progresses AS l
		(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms, position_ms)
	VALUES (gen_random_uuid(), current_setting('app.tenant_id')::uuid, now(), now(), enrollment, current_setting('peer.viewer')::uuid, lesson,
		int4multirange(int4range(from_ms, to_ms)), to_ms - from_ms, to_ms)
	ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET watched = l.watched + EXCLUDED.watched,
		watched_ms = (SELECT sum(upper(part) - lower(part)) FROM unnest(l.watched + EXCLUDED.watched) AS part),
		position_ms = EXCLUDED.position_ms, updated_at = now()
	RETURNING watched_ms
$$;
GRANT EXECUTE ON FUNCTION peer.record_progress TO lyceum_app;
