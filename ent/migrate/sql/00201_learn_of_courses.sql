-- +goose Up
-- The statistics of 00198 say nothing until the tables are looked at again, which on a large table may take days by itself.
ANALYZE "enrollments";
ANALYZE "path_enrollments";

-- +goose Down
SELECT 1;
