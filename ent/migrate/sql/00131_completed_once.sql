-- Only triggers call it.
-- +goose Up
REVOKE EXECUTE ON FUNCTION completed_once() FROM PUBLIC;

-- +goose Down
GRANT EXECUTE ON FUNCTION completed_once() TO PUBLIC;
