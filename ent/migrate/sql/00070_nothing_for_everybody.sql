-- What Postgres grants everybody by default is needed by nobody here: names in the schema, and temporary tables,
-- which could stand in front of ours. Where the owner of the tables does not own the database, this is a warning.
-- +goose Up
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO lyceum_app;
-- +goose StatementBegin
DO $$
BEGIN
	EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
-- +goose StatementEnd

-- +goose Down
GRANT USAGE ON SCHEMA public TO PUBLIC;
-- +goose StatementBegin
DO $$
BEGIN
	EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;
-- +goose StatementEnd
