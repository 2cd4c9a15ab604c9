-- An admin's leave for the tenant's support people to read, at most four hours by the database's clock.
-- +goose Up
CREATE TABLE "support_grants" (
  "id" uuid NOT NULL,
  "tenant_id" uuid NOT NULL,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "granted_by" uuid NOT NULL,
  "reason" character varying NOT NULL,
  "expires_at" timestamptz NOT NULL,
  "revoked_at" timestamptz NULL,
  "revoked_by" uuid NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "support_grants_tenant_key" UNIQUE ("tenant_id", "id"),
  CONSTRAINT "support_grants_granted_by" FOREIGN KEY ("tenant_id", "granted_by") REFERENCES "users" ("tenant_id", "id"),
  CONSTRAINT "support_grants_revoked_by" FOREIGN KEY ("tenant_id", "revoked_by") REFERENCES "users" ("tenant_id", "id"),
  CONSTRAINT "support_grants_time_box" CHECK ("expires_at" > "created_at" AND "expires_at" <= "created_at" + interval '4 hours')
);
CREATE INDEX "supportgrant_tenant_id_expires_at" ON "support_grants" ("tenant_id", "expires_at");

ALTER TABLE "support_grants" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "support_grants" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON "support_grants"
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

-- Grants are kept: what support was let in for stays known.
GRANT SELECT, INSERT, UPDATE ON "support_grants" TO lyceum_app;

-- +goose Down
DROP TABLE "support_grants";
