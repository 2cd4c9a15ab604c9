package pg_test

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"lyceum/ent/migrate"
	"lyceum/internal/platform/pgtest"
)

// finding is something in the live catalog that a tenant could be left through: the check that found it, a
// colon, and where it is.
type finding = string

// exempt are the findings that are meant, each with its reason. One that is no longer found fails the test.
var exempt = map[finding]string{
	"table without tenant: domains":          "maps a host name to its tenant, so it is read before the tenant is known",
	"table without tenant: placements":       "says where a tenant's rows live, so it is read before they can be reached",
	"table without tenant: staffs":           "the platform's own people, kept apart from every tenant's",
	"table without tenant: staff_sessions":   "sessions of the platform's own people",
	"table without tenant: goose_db_version": "which migrations ran; the application has no grant on it",

	"foreign key without tenant: users.users_tenant_id_fkey": "its one column is the tenant's, which is the id of the tenant's row: tenants_is_its_own_tenant",

	"id without foreign key: attempts.lesson_id":                 "the lesson's draft may be deleted, the attempt stays; read through the pinned version",
	"id without foreign key: attestations.node_id":               "a lesson or module, whose draft may be deleted, or a course; read through the pinned version",
	"id without foreign key: audit_heads.last_entry_id":          "written after the entry, in its transaction; the chain of hashes proves more than a key",
	"id without foreign key: certificates.revoked_by":            "kept though the person is erased",
	"id without foreign key: completions.node_id":                "a lesson or module, whose draft may be deleted, or a course; the completion stays",
	"id without foreign key: course_progresses.last_lesson_id":   "the lesson's draft may be deleted; read through the pinned version",
	"id without foreign key: course_versions.published_by":       "kept though the person is erased",
	"id without foreign key: enrollment_changes.changed_by":      "kept though the person is erased; the system has none",
	"id without foreign key: enrollment_grants.granted_by":       "kept though the person is erased; the system has none",
	"id without foreign key: enrollments.enrolled_by":            "kept though the person is erased; the system has none",
	"id without foreign key: path_enrollments.enrolled_by":       "kept though the person is erased",
	"id without foreign key: feed_entries.ref":                   "points at rows of several tables, read as the one who watches",
	"id without foreign key: feed_topics.subject":                "points at rows of several tables; a number that outlives them tells nothing",
	"id without foreign key: idempotency_keys.claim_id":          "a number of its own: it points at no row",
	"id without foreign key: lesson_progresses.lesson_id":        "the lesson's draft may be deleted, the progress stays; read through the pinned version",
	"id without foreign key: lesson_progresses.position_session": "a number of the client's own: it points at no row",
	"id without foreign key: lesson_versions.lesson_id":          "the lesson's draft may be deleted, its published versions stay",
	"id without foreign key: notifications.subject_id":           "points at rows of several tables; tells one occasion from another and is never followed",
	"id without foreign key: play_sessions.session_id":           "a number of the client's own: it points at no row",
	"id without foreign key: point_entries.subject_id":           "a lesson, whose draft may be deleted, or a course; tells one deed from another and is never followed",
	"id without foreign key: question_versions.lesson_id":        "the lesson's draft may be deleted, its published questions stay",
	"id without foreign key: question_versions.question_id":      "the question's draft may be deleted, its published versions stay",
	"id without foreign key: usages.source_id":                   "the file may be removed, the account of it stays; tells one effect from another and is never followed",

	"trigger: course_progresses.completed_once": "refuses to change a completion; it reads and writes nothing",
	"trigger: lesson_progresses.completed_once": "refuses to change a completion; it reads and writes nothing",
	"trigger: path_enrollments.completed_once":  "refuses to change a completion; it reads and writes nothing",

	"trigger: categories.moves_epoch":      "counts its own row's tenant up, as whoever writes the row, behind the tenant's wall",
	"trigger: prerequisites.moves_epoch":   "counts its own row's tenant up, as whoever writes the row, behind the tenant's wall",
	"trigger: publications.moves_epoch":    "counts its own row's tenant up, as whoever writes the row, behind the tenant's wall",
	"trigger: tenants.moves_epoch":         "counts its own row's tenant up, as whoever writes the row, behind the tenant's wall",
	"trigger: users.moves_epoch":           "counts its own row's tenant up, as whoever writes the row, behind the tenant's wall",
	"trigger: users.moves_epoch_when_gone": "counts its own row's tenant up, as whoever writes the row, behind the tenant's wall",

	"sequence: public.goose_db_version_id_seq":                               "numbers migrations; the application has no grant on it",
	"sequence: river.river_job_id_seq":                                       "numbers jobs of all tenants; no job's number is ever shown to a tenant",
	"sequence: river.river_notification_id_seq":                              "numbers notes between workers, which no tenant sees",
	"granted: lyceum_app USAGE on sequence river.river_job_id_seq":           "inserting a job takes its number",
	"granted: lyceum_app SELECT on sequence river.river_job_id_seq":          "inserting a job takes its number",
	"granted: lyceum_app USAGE on sequence river.river_notification_id_seq":  "inserting a note takes its number",
	"granted: lyceum_app SELECT on sequence river.river_notification_id_seq": "inserting a note takes its number",

	"granted: lyceum_app UPDATE on rendition_sets.status":     "a set is finished, and nothing else of it ever changes",
	"granted: lyceum_app UPDATE on rendition_sets.updated_at": "a set that is worked on is not abandoned",

	"granted: PUBLIC CONNECT on database":                                  "who may sign in is for the server's pg_hba.conf to say; without grants a stranger sees nothing",
	"granted: PUBLIC EXECUTE on function river.river_job_state_in_bitmask": "River's own; it computes and reads nothing",

	"granted: lyceum_app SELECT on placements":     "the directory is read before a tenant is known",
	"granted: lyceum_app SELECT on domains":        "the directory is read before a tenant is known",
	"granted: lyceum_app SELECT on staffs":         "platform staff sign in",
	"granted: lyceum_app SELECT on staff_sessions": "platform staff sign in",
	"granted: lyceum_app INSERT on staff_sessions": "platform staff sign in",
	"granted: lyceum_app UPDATE on staff_sessions": "platform staff sign out",

	"granted: lyceum_app SELECT on river.river_job":          "workers fetch jobs",
	"granted: lyceum_app INSERT on river.river_job":          "events insert jobs",
	"granted: lyceum_app UPDATE on river.river_job":          "workers finish jobs",
	"granted: lyceum_app DELETE on river.river_job":          "workers clean up",
	"granted: lyceum_app SELECT on river.river_leader":       "workers elect a leader",
	"granted: lyceum_app INSERT on river.river_leader":       "workers elect a leader",
	"granted: lyceum_app UPDATE on river.river_leader":       "workers elect a leader",
	"granted: lyceum_app DELETE on river.river_leader":       "workers elect a leader",
	"granted: lyceum_app SELECT on river.river_queue":        "workers know their queues",
	"granted: lyceum_app INSERT on river.river_queue":        "workers know their queues",
	"granted: lyceum_app UPDATE on river.river_queue":        "workers know their queues",
	"granted: lyceum_app DELETE on river.river_queue":        "workers clean up",
	"granted: lyceum_app SELECT on river.river_notification": "workers hear of jobs",
	"granted: lyceum_app INSERT on river.river_notification": "workers hear of jobs",
	"granted: lyceum_app UPDATE on river.river_notification": "workers hear of jobs",
	"granted: lyceum_app DELETE on river.river_notification": "workers clean up",

	"extension: btree_gin": "the indexes of search begin with the tenant",
	"extension: pg_trgm":   "search finds mistyped titles",
	"extension: plpgsql":   "migrations; every database has it",
	"extension: unaccent":  "search finds words with accents",
}

// checks are pure functions from rows of the catalog to findings, by the name that findings begin with.
func checks() map[string]func(c *catalog) []string {
	return map[string]func(c *catalog) []string{
		"table without tenant": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.isTable() && !t.HasTenant }, catTable.name)
		},
		"tenant may be null": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.isTable() && t.TenantNull }, catTable.name)
		},
		"table without row-level security": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.isTable() && t.HasTenant && !t.Enabled }, catTable.name)
		},
		"table whose row-level security is not forced": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.isTable() && t.HasTenant && !t.Forced }, catTable.name)
		},
		"table without a policy": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.isTable() && t.HasTenant && t.Policies == 0 }, catTable.name)
		},
		"rule": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.Rules > 0 }, catTable.name)
		},
		"foreign table": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.Kind == "f" }, catTable.name)
		},
		"view that sees as its owner": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.Kind == "v" && !t.Invoker }, catTable.name)
		},
		"materialized view": func(c *catalog) []string {
			return where(c.tables, func(t catTable) bool { return t.Kind == "m" }, catTable.name)
		},
		"policy that asks for something else than the tenant": func(c *catalog) []string {
			return where(c.policies, func(p catPolicy) bool { return !p.asksForTenant() }, func(p catPolicy) string { return p.Table + "." + p.Name })
		},
		"foreign key without tenant": func(c *catalog) []string {
			return where(c.keys, func(k catKey) bool { return k.ParentTenant && (!k.ChildTenant || !k.Carries) }, func(k catKey) string { return k.Table + "." + k.Name })
		},
		"id without foreign key": func(c *catalog) []string {
			return where(c.ids, func(i catID) bool { return !i.Referring }, func(i catID) string { return i.Table + "." + i.Column })
		},
		"unique key that does not begin with the tenant": func(c *catalog) []string {
			return where(c.uniques, func(u catUnique) bool { return !u.tellsNothing() }, func(u catUnique) string { return u.Table + "." + u.Name })
		},
		"function that runs as its owner": func(c *catalog) []string {
			return where(c.functions, func(f catFunction) bool { return f.Definer }, func(f catFunction) string { return f.Schema + "." + f.Name })
		},
		"function that claims to leak nothing": func(c *catalog) []string {
			return where(c.functions, func(f catFunction) bool { return f.Leakproof }, func(f catFunction) string { return f.Schema + "." + f.Name })
		},
		"granted": func(c *catalog) []string {
			return where(c.grants, func(g catGrant) bool { return !g.meant() }, func(g catGrant) string { return g.Grantee + " " + g.Privilege + " on " + g.Object })
		},
		"may be granted on": func(c *catalog) []string {
			return where(c.grants, func(g catGrant) bool { return g.Grantable }, func(g catGrant) string { return g.Privilege + " on " + g.Object + " by " + g.Grantee })
		},
		"owned by the application": func(c *catalog) []string {
			return where(c.owned, func(catOwned) bool { return true }, func(o catOwned) string { return o.What })
		},
		"role": func(c *catalog) []string {
			return where(c.roles, func(catRole) bool { return true }, func(r catRole) string { return r.What })
		},
		"sequence":          func(c *catalog) []string { return c.sequences },
		"default privilege": func(c *catalog) []string { return c.defaults },
		"extension":         func(c *catalog) []string { return c.extensions },
		"trigger":           func(c *catalog) []string { return c.triggers },
	}
}

// where names the rows that are bad.
func where[T any](rows []T, bad func(T) bool, name func(T) string) []string {
	var found []string
	for _, row := range rows {
		if bad(row) {
			found = append(found, name(row))
		}
	}
	return found
}

func (t catTable) isTable() bool { return t.Kind == "r" || t.Kind == "p" }

func (t catTable) name() string {
	if t.Schema == "public" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// askedTenant is how Postgres spells the one condition of every policy, alone or with more of them behind it.
var askedTenant = regexp.MustCompile(`^\(?\(tenant_id = \(NULLIF\(current_setting\('app\.tenant_id'::text, true\), ''::text\)\)::uuid\)( AND .*)?\)?$`)

// asksForTenant reports whether the policy, which is enough by itself where it permits, shows and takes the
// tenant's rows only.
func (p catPolicy) asksForTenant() bool {
	asks := func(condition string) bool {
		return askedTenant.MatchString(condition) && !strings.Contains(condition, " OR ")
	}
	switch p.Command {
	case "INSERT":
		return asks(p.Check)
	case "SELECT", "DELETE":
		return asks(p.Using)
	default:
		return asks(p.Using) && asks(p.Check)
	}
}

// tellsNothing reports whether a tenant cannot learn from the key what another one has: it begins with the
// tenant, or is the primary key of a random id.
func (u catUnique) tellsNothing() bool {
	return u.Columns[0] == "tenant_id" || u.Primary && u.UUID && u.Columns[0] == "id"
}

// meant reports whether the grant is one that every table of tenants may have, or the way to them.
func (g catGrant) meant() bool {
	if g.Grantee != "lyceum_app" {
		return false
	}
	switch g.Object {
	case "schema public", "schema river":
		return g.Privilege == "USAGE"
	default:
		return g.Tenants && slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, g.Privilege)
	}
}

// findings runs all checks.
func findings(c *catalog) []finding {
	var found []finding
	for name, check := range checks() {
		for _, at := range check(c) {
			found = append(found, name+": "+at)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// migrated connects as a superuser to a database that was migrated as a server's is, not cloned: a clone has not
// its database's grants.
func migrated(t *testing.T) *pgx.Conn {
	t.Helper()
	owner := pgtest.Empty(t)
	mustMigrate(t, owner, migrate.Files)
	migratedURL, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	_, _, server := pgtest.Clone(t)
	superuser, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	superuser.Path = migratedURL.Path
	conn, err := pgx.Connect(t.Context(), superuser.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// TestAttackCatalog asks the live database for everything that a tenant could be left through.
func TestAttackCatalog(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := readCatalog(t, tx)
	if len(c.tables) < 25 || len(c.policies) < 25 || len(c.keys) < 40 || len(c.uniques) < 40 || len(c.grants) < 80 {
		t.Fatalf("too little was read: %d tables, %d policies, %d keys, %d unique keys, %d grants",
			len(c.tables), len(c.policies), len(c.keys), len(c.uniques), len(c.grants))
	}
	found := findings(c)
	for _, f := range found {
		if exempt[f] == "" {
			t.Error(f)
		}
	}
	for f, reason := range exempt {
		if !slices.Contains(found, f) {
			t.Errorf("%q is exempt (%s), and is not found: take it off the list", f, reason)
		}
	}
	t.Logf("%d checks, %d tables, %d policies, %d foreign keys, %d unique keys, %d grants; %d exemptions",
		len(checks()), len(c.tables), len(c.policies), len(c.keys), len(c.uniques), len(c.grants), len(exempt))
}

// planted are violations, each with the findings that it must add, and no others.
var planted = map[string]struct {
	sql  string
	want []finding
}{
	"table without tenant": {`CREATE TABLE planted (id uuid PRIMARY KEY)`, []finding{"table without tenant: planted"}},
	"table without row-level security": {`CREATE TABLE planted (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)`, []finding{
		"table whose row-level security is not forced: planted", "table without a policy: planted", "table without row-level security: planted",
	}},
	"disabled":        {`ALTER TABLE courses DISABLE ROW LEVEL SECURITY`, []finding{"table without row-level security: courses"}},
	"not forced":      {`ALTER TABLE courses NO FORCE ROW LEVEL SECURITY`, []finding{"table whose row-level security is not forced: courses"}},
	"nullable tenant": {`ALTER TABLE categories ALTER tenant_id DROP NOT NULL`, []finding{"tenant may be null: categories"}},
	"dropped policy":  {`DROP POLICY tenant_isolation ON courses`, []finding{"table without a policy: courses"}},
	"policy for all":  {`CREATE POLICY planted ON courses USING (true) WITH CHECK (true)`, []finding{"policy that asks for something else than the tenant: courses.planted"}},
	"policy with an alternative": {
		`DROP POLICY tenant_isolation ON courses; CREATE POLICY planted ON courses USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid OR visibility = 'PUBLIC')
			WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)`,
		[]finding{"policy that asks for something else than the tenant: courses.planted"},
	},
	"policy without a check": {
		`CREATE POLICY planted ON courses FOR INSERT WITH CHECK (id = id)`,
		[]finding{"policy that asks for something else than the tenant: courses.planted"},
	},
	"single-column foreign key": {
		`ALTER TABLE categories ADD COLUMN course_id uuid REFERENCES courses (id)`,
		[]finding{"foreign key without tenant: categories.categories_course_id_fkey"},
	},
	"key from a global table": {
		`ALTER TABLE staffs ADD COLUMN user_id uuid REFERENCES users (id)`,
		[]finding{"foreign key without tenant: staffs.staffs_user_id_fkey"},
	},
	"id that points at nothing":          {`ALTER TABLE categories ADD COLUMN course_id uuid`, []finding{"id without foreign key: categories.course_id"}},
	"unique index without tenant":        {`CREATE UNIQUE INDEX planted ON courses (slug)`, []finding{"unique key that does not begin with the tenant: courses.planted"}},
	"unique index that ends with it":     {`CREATE UNIQUE INDEX planted ON courses (slug, tenant_id)`, []finding{"unique key that does not begin with the tenant: courses.planted"}},
	"unique expression":                  {`CREATE UNIQUE INDEX planted ON courses (lower(slug), tenant_id)`, []finding{"unique key that does not begin with the tenant: courses.planted"}},
	"unique index that only includes it": {`CREATE UNIQUE INDEX planted ON courses (slug) INCLUDE (tenant_id)`, []finding{"unique key that does not begin with the tenant: courses.planted"}},
	"primary key that can be guessed": {
		`ALTER TABLE prerequisites DROP CONSTRAINT prerequisites_pkey, ADD COLUMN number bigint PRIMARY KEY`,
		[]finding{"unique key that does not begin with the tenant: prerequisites.prerequisites_pkey"},
	},
	"exclusion constraint": {
		`ALTER TABLE courses ADD CONSTRAINT planted EXCLUDE (slug WITH =)`,
		[]finding{"unique key that does not begin with the tenant: courses.planted"},
	},
	"view":              {`CREATE VIEW planted AS SELECT id FROM courses`, []finding{"view that sees as its owner: planted"}},
	"view that is fine": {`CREATE VIEW planted WITH (security_invoker = true) AS SELECT id FROM courses`, nil},
	"view that will not say": {
		`CREATE VIEW planted WITH (security_invoker = false) AS SELECT id FROM courses`, []finding{"view that sees as its owner: planted"},
	},
	"materialized view":    {`CREATE MATERIALIZED VIEW planted AS SELECT id FROM courses`, []finding{"materialized view: planted"}},
	"view in a new schema": {`CREATE SCHEMA aside; CREATE VIEW aside.planted AS SELECT id FROM courses`, []finding{"view that sees as its owner: aside.planted"}},
	"rule":                 {`CREATE RULE planted AS ON DELETE TO courses DO ALSO NOTHING`, []finding{"rule: courses"}},
	"trigger": {
		`CREATE TRIGGER planted BEFORE UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
		[]finding{"trigger: courses.planted"},
	},
	"function as its owner": {
		`CREATE FUNCTION planted() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM courses'; REVOKE ALL ON FUNCTION planted FROM PUBLIC`,
		[]finding{"function that runs as its owner: public.planted"},
	},
	"function that claims too much": {
		`CREATE FUNCTION planted(uuid) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'; REVOKE ALL ON FUNCTION planted FROM PUBLIC`,
		[]finding{"function that claims to leak nothing: public.planted"},
	},
	"function for everybody":      {`CREATE FUNCTION planted() RETURNS bigint LANGUAGE sql AS 'SELECT 1'`, []finding{"granted: PUBLIC EXECUTE on function public.planted"}},
	"grant to truncate":           {`GRANT TRUNCATE ON courses TO lyceum_app`, []finding{"granted: lyceum_app TRUNCATE on courses"}},
	"grant to refer":              {`GRANT REFERENCES ON courses TO lyceum_app`, []finding{"granted: lyceum_app REFERENCES on courses"}},
	"grant of a column":           {`GRANT REFERENCES (id) ON courses TO lyceum_app`, []finding{"granted: lyceum_app REFERENCES on courses.id"}},
	"grant of a global table":     {`GRANT DELETE ON staffs TO lyceum_app`, []finding{"granted: lyceum_app DELETE on staffs"}},
	"grant of the migrations":     {`GRANT SELECT ON goose_db_version TO lyceum_app`, []finding{"granted: lyceum_app SELECT on goose_db_version"}},
	"grant of River's migrations": {`GRANT UPDATE ON river.river_migration TO lyceum_app`, []finding{"granted: lyceum_app UPDATE on river.river_migration"}},
	"grant to everybody":          {`GRANT SELECT ON courses TO PUBLIC`, []finding{"granted: PUBLIC SELECT on courses"}},
	"grant to a stranger":         {`GRANT SELECT ON courses TO pg_monitor`, []finding{"granted: pg_monitor SELECT on courses"}},
	"grant that may be passed on": {`GRANT SELECT ON courses TO lyceum_app WITH GRANT OPTION`, []finding{"may be granted on: SELECT on courses by lyceum_app"}},
	"grant to create":             {`GRANT CREATE ON SCHEMA public TO lyceum_app`, []finding{"granted: lyceum_app CREATE on schema public"}},
	"grant to create in the database": {
		`DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO lyceum_app', current_database()); END $$`, []finding{"granted: lyceum_app CREATE on database"},
	},
	"schema of the application's": {`CREATE SCHEMA planted AUTHORIZATION lyceum_app`, []finding{"owned by the application: schema planted"}},
	"membership":                  {`GRANT pg_read_all_data TO lyceum_app`, []finding{"role: lyceum_app is a member of pg_read_all_data"}},
	"sequence":                    {`CREATE SEQUENCE planted`, []finding{"sequence: public.planted"}},
	"default privilege": {
		`ALTER DEFAULT PRIVILEGES FOR ROLE lyceum_owner GRANT ALL ON TABLES TO lyceum_app`, []finding{
			"default privilege: DELETE of lyceum_owner to lyceum_app", "default privilege: INSERT of lyceum_owner to lyceum_app",
			"default privilege: REFERENCES of lyceum_owner to lyceum_app", "default privilege: SELECT of lyceum_owner to lyceum_app",
			"default privilege: TRIGGER of lyceum_owner to lyceum_app", "default privilege: TRUNCATE of lyceum_owner to lyceum_app",
			"default privilege: UPDATE of lyceum_owner to lyceum_app",
		},
	},
	"extension": {`CREATE EXTENSION pgrowlocks`, []finding{"extension: pgrowlocks"}},
	"foreign table": {
		`CREATE FOREIGN DATA WRAPPER planted; CREATE SERVER planted FOREIGN DATA WRAPPER planted; CREATE FOREIGN TABLE elsewhere (id uuid) SERVER planted`,
		[]finding{"foreign table: elsewhere"},
	},
}

// TestAttackCatalogFindsPlanted plants one violation at a time, and takes it out again: each is found by name,
// and every check finds one at least.
func TestAttackCatalogFindsPlanted(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	fired := map[string]bool{}
	var before []finding
	for i, name := range slices.Sorted(maps.Keys(planted)) {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			before = findings(readCatalog(t, tx))
		}
		if _, err := tx.Exec(t.Context(), planted[name].sql); err != nil {
			t.Fatalf("plant %s: %v", name, err)
		}
		added := slices.DeleteFunc(findings(readCatalog(t, tx)), func(f finding) bool { return slices.Contains(before, f) })
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := planted[name].want
		if diff := cmp.Diff(append([]finding{}, want...), append([]finding{}, added...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, f := range added {
			check, _, _ := strings.Cut(f, ": ")
			fired[check] = true
		}
	}
	for name := range checks() {
		if !fired[name] {
			t.Errorf("nothing is planted that %q finds", name)
		}
	}
}
