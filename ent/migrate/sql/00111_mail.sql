-- Which notifications went out as mail, and who wants none: docs/decisions/0110-mail.md.
-- +goose Up
-- What is there already was never mailed, and is not now: only a job that names a notification mails it.
ALTER TABLE "notifications" ADD COLUMN "mailed_at" timestamptz NULL;

CREATE TABLE "mail_preferences" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "user_id" uuid NOT NULL,
  "kind" character varying NOT NULL,
  "wanted" boolean NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "mail_preferences_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "mail_preferences_user_id" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id")
);
CREATE UNIQUE INDEX "mailpreference_tenant_id_user_id_kind" ON "mail_preferences" ("tenant_id", "user_id", "kind");

ALTER TABLE "mail_preferences" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "mail_preferences" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "mail_preferences"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON "mail_preferences" TO lyceum_app;

-- +goose Down
DROP TABLE "mail_preferences";
ALTER TABLE "notifications" DROP COLUMN "mailed_at";
