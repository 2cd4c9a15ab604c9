-- What was answered under the idempotency keys of callers, for a day: docs/decisions/0013-idempotency-keys.md.
-- +goose Up
CREATE TABLE idempotency_keys (
	tenant_id uuid NOT NULL,
	user_id uuid NOT NULL,
	key_hash bytea NOT NULL, -- SHA-256 of what the caller sent
	claim_id uuid NOT NULL, -- the one request that holds the key; what another writes comes too late
	request_mac bytea NOT NULL, -- of who asked for what: a bare hash would let passwords be guessed
	claimed_at timestamptz NOT NULL,
	effect_at timestamptz, -- written by the first transaction of the request that commits
	finished_at timestamptz,
	status integer,
	body bytea, -- the answer; none when it held a secret
	PRIMARY KEY (tenant_id, user_id, key_hash),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
	CHECK ((status IS NULL) = (body IS NULL)),
	CHECK (body IS NULL OR finished_at IS NOT NULL)
);
CREATE INDEX idempotency_keys_claimed ON idempotency_keys (tenant_id, claimed_at);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON idempotency_keys
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO lyceum_app;

-- +goose Down
DROP TABLE idempotency_keys;
