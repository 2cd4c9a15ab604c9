-- How long certificates of a course are good, and until when each one is.
-- +goose Up
-- Nothing is rewritten: the defaults are constants, and what was issued before stays good for ever.
ALTER TABLE "courses" ADD COLUMN "certificate_months" bigint NOT NULL DEFAULT 0;
ALTER TABLE "course_versions" ADD COLUMN "certificate_months" bigint NOT NULL DEFAULT 0;
ALTER TABLE "certificates" ADD COLUMN "expires_at" timestamptz NULL;

-- +goose Down
ALTER TABLE "certificates" DROP COLUMN "expires_at";
ALTER TABLE "course_versions" DROP COLUMN "certificate_months";
ALTER TABLE "courses" DROP COLUMN "certificate_months";
