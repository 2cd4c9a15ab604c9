-- How often what a tenant shows to everybody has changed: docs/decisions/0160-answers-and-epochs.md.
-- +goose Up
CREATE TABLE epochs (
	tenant_id uuid PRIMARY KEY,
	epoch bigint NOT NULL
) WITH (fillfactor = 70); -- rows are counted up in place

ALTER TABLE epochs ENABLE ROW LEVEL SECURITY;
ALTER TABLE epochs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON epochs
	USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
	WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON epochs TO lyceum_app;

-- Counts the tenant up once for a transaction, as whoever changes the row, behind the same wall.
-- +goose StatementBegin
CREATE FUNCTION move_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	moved uuid;
	mark text;
BEGIN
	IF TG_OP = 'DELETE' THEN
		moved := OLD.tenant_id;
	ELSE
		moved := NEW.tenant_id;
	END IF;
	mark := pg_current_xact_id()::text || ' ' || moved::text;
	IF current_setting('lyceum.epoch_moved', true) = mark THEN
		RETURN NULL;
	END IF;
	INSERT INTO epochs (tenant_id, epoch) VALUES (moved, 1)
		ON CONFLICT (tenant_id) DO UPDATE SET epoch = epochs.epoch + 1;
	PERFORM set_config('lyceum.epoch_moved', mark, true);
	RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION move_epoch() FROM PUBLIC;

-- Deferred to the commit: the count's lock is then the last one that a transaction takes, and held for no time.
CREATE CONSTRAINT TRIGGER moves_epoch AFTER INSERT OR UPDATE OR DELETE ON publications
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION move_epoch();
CREATE CONSTRAINT TRIGGER moves_epoch AFTER INSERT OR UPDATE OR DELETE ON categories
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION move_epoch();
CREATE CONSTRAINT TRIGGER moves_epoch AFTER INSERT OR UPDATE OR DELETE ON prerequisites
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION move_epoch();
-- Of a person the catalog shows a name, and of those who teach only.
CREATE CONSTRAINT TRIGGER moves_epoch AFTER UPDATE OF name, role ON users
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.role IS DISTINCT FROM NEW.role)
	EXECUTE FUNCTION move_epoch();
CREATE CONSTRAINT TRIGGER moves_epoch_when_gone AFTER DELETE ON users
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION move_epoch();
CREATE CONSTRAINT TRIGGER moves_epoch AFTER UPDATE OF name, kind, locale, branding ON tenants
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.kind IS DISTINCT FROM NEW.kind
		OR OLD.locale IS DISTINCT FROM NEW.locale OR OLD.branding IS DISTINCT FROM NEW.branding)
	EXECUTE FUNCTION move_epoch();

-- +goose Down
DROP TRIGGER moves_epoch ON tenants;
DROP TRIGGER moves_epoch_when_gone ON users;
DROP TRIGGER moves_epoch ON users;
DROP TRIGGER moves_epoch ON prerequisites;
DROP TRIGGER moves_epoch ON categories;
DROP TRIGGER moves_epoch ON publications;
DROP FUNCTION move_epoch;
DROP TABLE epochs;
