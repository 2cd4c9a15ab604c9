package pg_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The rows of the catalog that the checks judge.
type (
	catTable struct {
		Schema, Name, Kind    string
		HasTenant, TenantNull bool
		Enabled, Forced       bool
		Policies              int
		Rules                 int
		Invoker               bool // of a view
	}
	catPolicy struct {
		Table, Name, Command string
		Permissive           bool
		Using, Check         string
	}
	catKey struct {
		Table, Name  string
		ParentTenant bool // the parent is a table of tenants
		ChildTenant  bool
		Carries      bool // one of its pairs is tenant_id and tenant_id
	}
	catID struct {
		Table, Column string
		Referring     bool // part of a foreign key
	}
	catUnique struct {
		Table, Name string
		Columns     []string // "" for an expression
		Primary     bool
		UUID        bool // its one column is a uuid
	}
	catFunction struct {
		Schema, Name       string
		Definer, Leakproof bool
	}
	catGrant struct {
		Object, Grantee, Privilege string
		Grantable                  bool
		Tenants                    bool // on a table of tenants
	}
	catOwned struct{ What, Owner string }
	catRole  struct{ What string }
)

// catalog is what the live database says of itself.
type catalog struct {
	tables                                    []catTable
	policies                                  []catPolicy
	keys                                      []catKey
	ids                                       []catID
	uniques                                   []catUnique
	functions                                 []catFunction
	grants                                    []catGrant
	owned                                     []catOwned
	roles                                     []catRole
	sequences, defaults, extensions, triggers []string
}

// isTenants is SQL for whether a relation is one of tenants' tables.
const isTenants = `EXISTS (SELECT FROM pg_attribute z WHERE z.attrelid = %s AND z.attname = 'tenant_id' AND NOT z.attisdropped AND %s <> 'public.domains'::regclass)`

func tenants(relation string) string { return strings.ReplaceAll(isTenants, "%s", relation) }

// ours are the schemas that are looked at: all that Postgres has not made itself.
const ours = `nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'`

func (c *catalog) queries() []func(ctx context.Context, tx pgx.Tx) error {
	return []func(ctx context.Context, tx pgx.Tx) error{
		into(&c.tables, `
			SELECT n.nspname, c.relname, c.relkind::text,
				EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relname <> 'domains'),
				EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped AND NOT a.attnotnull),
				c.relrowsecurity, c.relforcerowsecurity,
				(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)::int,
				(SELECT count(*) FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN')::int,
				coalesce('security_invoker=true' = ANY (c.reloptions) OR 'security_invoker=on' = ANY (c.reloptions), false)
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE `+ours+` AND n.nspname <> 'river' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`),
		into(&c.policies, `
			SELECT tablename, policyname, cmd, permissive = 'PERMISSIVE', coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies`),
		into(&c.keys, `
			SELECT k.conrelid::regclass::text, k.conname, `+tenants("k.confrelid")+`, `+tenants("k.conrelid")+`,
				EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair (own, other)
					JOIN pg_attribute o ON o.attrelid = k.conrelid AND o.attnum = pair.own AND o.attname = 'tenant_id'
					JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = pair.other AND p.attname = 'tenant_id')
			FROM pg_constraint k WHERE k.contype = 'f'`),
		into(&c.ids, `
			SELECT c.relname, a.attname, EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY (k.conkey))
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'uuid'::regtype
			WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attname NOT IN ('id', 'tenant_id') AND `+tenants("c.oid")),
		into(&c.uniques, `
			SELECT c.relname, x.relname,
				(SELECT array_agg(coalesce(a.attname::text, '') ORDER BY n.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS n (num, place)
					LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = n.num AND n.num <> 0 WHERE n.place <= i.indnkeyatts),
				i.indisprimary,
				i.indnkeyatts = 1 AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0] AND a.atttypid = 'uuid'::regtype)
			FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
			WHERE (i.indisunique OR i.indisexclusion) AND `+tenants("c.oid")),
		into(&c.functions, `
			SELECT n.nspname, p.proname, p.prosecdef, p.proleakproof FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE `+ours+` AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.classid = 'pg_proc'::regclass AND e.deptype = 'e')`),
		into(&c.grants, grants),
		into(&c.owned, `
			SELECT what, owner FROM (
				SELECT c.oid::regclass::text AS what, pg_get_userbyid(c.relowner) AS owner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE `+ours+`
				UNION ALL SELECT 'schema ' || nspname, pg_get_userbyid(nspowner) FROM pg_namespace
				UNION ALL SELECT 'function ' || proname, pg_get_userbyid(proowner) FROM pg_proc
				UNION ALL SELECT 'type ' || typname, pg_get_userbyid(typowner) FROM pg_type
				UNION ALL SELECT 'database', pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()
			) AS all_objects WHERE owner = 'lyceum_app'`),
		into(&c.roles, `
			SELECT unnest(array_remove(ARRAY[
				CASE WHEN rolsuper THEN 'lyceum_app is a superuser' END,
				CASE WHEN rolbypassrls THEN 'lyceum_app has BYPASSRLS' END,
				CASE WHEN rolcreaterole THEN 'lyceum_app has CREATEROLE' END,
				CASE WHEN rolcreatedb THEN 'lyceum_app has CREATEDB' END,
				CASE WHEN rolreplication THEN 'lyceum_app has REPLICATION' END], NULL))
			FROM pg_roles WHERE rolname = 'lyceum_app'
			UNION ALL SELECT 'lyceum_app is a member of ' || pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = 'lyceum_app'::regrole`),
		into(&c.sequences, `
			SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND `+ours),
		into(&c.defaults, `
			SELECT format('%s of %s to %s', g.privilege_type, pg_get_userbyid(d.defaclrole), CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee) END)
			FROM pg_default_acl d, aclexplode(d.defaclacl) g WHERE g.grantee <> d.defaclrole`),
		into(&c.extensions, `SELECT extname FROM pg_extension`),
		into(&c.triggers, `
			SELECT t.tgrelid::regclass || '.' || t.tgname FROM pg_trigger t WHERE NOT t.tgisinternal
			UNION ALL SELECT 'on events: ' || evtname FROM pg_event_trigger`),
	}
}

// grants is everything that is granted to anybody but the owner, except what an extension brings.
const grants = `
	WITH acl AS (
		SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS object, c.relkind = 'S' AS sequence, c.oid AS relation,
			c.relowner AS owner, c.relacl AS acl
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + `
		UNION ALL
		SELECT c.relname || '.' || a.attname, false, c.oid, c.relowner, a.attacl
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + `
		UNION ALL
		SELECT 'schema ' || nspname, false, 0, nspowner, nspacl FROM pg_namespace WHERE ` + ours + `
		UNION ALL
		SELECT 'function ' || n.nspname || '.' || p.proname, false, 0, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE ` + ours + ` AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.classid = 'pg_proc'::regclass AND e.deptype = 'e')
		UNION ALL
		SELECT 'database', false, 0, datdba, coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
	)
	SELECT CASE WHEN sequence THEN 'sequence ' ELSE '' END || object,
		CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee) END, g.privilege_type, g.is_grantable,
		relation <> 0 AND position('.' IN object) = 0 AND ` + "EXISTS (SELECT FROM pg_attribute z WHERE z.attrelid = relation AND z.attname = 'tenant_id' AND NOT z.attisdropped AND relation <> 'public.domains'::regclass)" + `
	FROM acl, aclexplode(acl) g
	WHERE g.grantee <> owner`

// into reads the rows of a query: into structs by position, into strings as they are.
func into[T any](rows *[]T, query string) func(ctx context.Context, tx pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		found, err := tx.Query(ctx, query)
		if err != nil {
			return err
		}
		scan := pgx.RowToStructByPos[T]
		if _, isText := any(*new(T)).(string); isText {
			scan = pgx.RowTo[T]
		}
		*rows, err = pgx.CollectRows(found, scan)
		return err
	}
}

func readCatalog(t *testing.T, tx pgx.Tx) *catalog {
	t.Helper()
	c := &catalog{}
	for _, read := range c.queries() {
		if err := read(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
