-- By which migration a place has moved: what it mapped counts for attempts that were open then.
-- +goose Up
ALTER TABLE "enrollment_changes" ADD COLUMN "migration_id" uuid NULL;
ALTER TABLE "enrollment_changes" ADD CONSTRAINT "enrollment_changes_migration_id"
  FOREIGN KEY ("tenant_id", "migration_id") REFERENCES "enrollment_migrations" ("tenant_id", "id");

-- +goose Down
ALTER TABLE "enrollment_changes" DROP COLUMN "migration_id";
