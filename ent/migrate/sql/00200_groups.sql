-- People of a tenant who belong together: docs/decisions/0200-groups.md.
-- +goose Up
CREATE TABLE "groups" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "key" character varying NOT NULL,
  "name" character varying NOT NULL,
  "archived_at" timestamptz NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "groups_tenant_key" UNIQUE ("tenant_id", "id")
);
CREATE UNIQUE INDEX "group_tenant_id_key" ON "groups" ("tenant_id", "key");
CREATE INDEX "group_tenant_id_name_id" ON "groups" ("tenant_id", "name", "id");

CREATE TABLE "group_members" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "group_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "group_members_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "group_members_group_id" FOREIGN KEY ("tenant_id", "group_id") REFERENCES "groups" ("tenant_id", "id") ON DELETE CASCADE,
  CONSTRAINT "group_members_user_id" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "groupmember_tenant_id_group_id_user_id" ON "group_members" ("tenant_id", "group_id", "user_id");
CREATE INDEX "groupmember_tenant_id_group_id_id" ON "group_members" ("tenant_id", "group_id", "id");
CREATE INDEX "groupmember_tenant_id_user_id_group_id" ON "group_members" ("tenant_id", "user_id", "group_id");

-- +goose StatementBegin
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['groups', 'group_members'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
		EXECUTE format(
			'CREATE POLICY tenant_isolation ON %I '
			'USING (tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid) '
			'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid)', t);
	END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON "groups" TO lyceum_app;
GRANT SELECT, INSERT, DELETE ON "group_members" TO lyceum_app;

-- +goose Down
DROP TABLE "group_members";
DROP TABLE "groups";
