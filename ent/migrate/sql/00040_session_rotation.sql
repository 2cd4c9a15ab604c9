-- How often a session's token was replaced: of two who replace it at the same time, one wins.
-- +goose Up
ALTER TABLE "sessions" ADD COLUMN "rotation" bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE "sessions" DROP COLUMN "rotation";
