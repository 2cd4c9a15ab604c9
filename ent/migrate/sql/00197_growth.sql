-- Indexes for what a tenant reads of tables that grow: docs/operations/indexes.md.
-- +goose Up
-- A page of a tenant's people, in the order of their names.
CREATE INDEX "user_tenant_id_name_id" ON "users" ("tenant_id", "name", "id");
-- Who shows a film: asked when its captions change, and by the foreign key when it is removed.
CREATE INDEX "lesson_tenant_id_asset_id" ON "lessons" ("tenant_id", "asset_id") WHERE asset_id IS NOT NULL;
CREATE INDEX "lessonversion_tenant_id_asset_id" ON "lesson_versions" ("tenant_id", "asset_id") WHERE asset_id IS NOT NULL;

-- +goose Down
DROP INDEX "lessonversion_tenant_id_asset_id", "lesson_tenant_id_asset_id", "user_tenant_id_name_id";
