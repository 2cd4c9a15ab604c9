-- What the wall-clock guard of watched time remembers: how much may still be credited, and since when the
-- clock has been adding to it.
-- +goose Up
ALTER TABLE "course_progresses"
	ADD COLUMN "credit_ms" bigint NOT NULL DEFAULT 60000,
	ADD COLUMN "credited_at" timestamptz NOT NULL DEFAULT now();
ALTER TABLE "course_progresses" ALTER COLUMN "credited_at" DROP DEFAULT;

-- +goose Down
ALTER TABLE "course_progresses" DROP COLUMN "credited_at", DROP COLUMN "credit_ms";
