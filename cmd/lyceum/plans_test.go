package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/jobs"
)

// statement is one that was asked, with the arguments that it had the first time.
type statement struct {
	sql    string
	args   []any
	tenant uuid.UUID
	// by are the documents, and "jobs", that ask it.
	by map[string]bool
}

// overheard collects what is asked of Postgres.
type overheard struct {
	mu    sync.Mutex
	who   string
	heard map[string]*statement
}

// parameters matches lists of parameters, which are of any length, and the numbers of single ones.
var parameters = regexp.MustCompile(`\(\$\d+(?:, \$\d+)+\)|\$\d+`)

func (l *overheard) tell(ctx context.Context, sql string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := parameters.ReplaceAllString(sql, "$")
	if l.heard[key] == nil {
		l.heard[key] = &statement{sql: sql, args: slices.Clone(args), tenant: viewer.Tenant(ctx), by: map[string]bool{}}
	}
	l.heard[key].by[l.who] = true
}

func (l *overheard) listen(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.who = who
}

// reading is a way in which rows are found that gets dearer as tables grow: how, of which table, and for whom.
type reading = string

// scans begins the readings for which there is no index.
const scans = "scans "

// growing are the readings that are meant, each with its reason.
var growing = map[reading]string{
	"reads all of a tenant in publications: catalog":                                     "totalCount counts them, when it is asked for, and is kept with the answer",
	"reads all of a tenant in categories: catalog":                                       "all categories are shown",
	"reads all of a tenant in search_documents: jobs":                                    "the check of the search index compares all that is published",
	"reads all of a tenant in publications: jobs":                                        "the check of the search index compares all that is published",
	"reads all of a tenant in lesson_versions: jobs":                                     "the check of the search index compares all that is published",
	"reads all of a tenant in point_entries: engagement, group-leaderboard, leaderboard": "a board of all time ranks everybody, when Redis does not hold it",
	"reads all of a tenant in course_versions: jobs":                                     "places are held against the versions in which something ends at a date, which the planner may expect to be many",
	"reads all of a tenant in groups: save-group":                                        "a tenant has ten thousand at most, which are counted before there is one more",
	"reads all of a tenant in learning_paths: save-learning-path":                        "a school has a thousand at most, which are counted before there is one more",
	"reads all of a tenant in learning_paths: learning-paths":                            "a school has a thousand at most, of which few are expected to be shown",
	"sorts what it finds in learning_paths for a page: learning-paths":                   "a school has a thousand at most, of which few are expected to be shown",
	"sorts what it finds in certificates for a page: learner-dashboard":                  "one learner's certificates, all of which are shown",
	"sorts what it finds in attempts for a page: jobs":                                   "what is overdue is found by its deadline, and is little each minute",
	"sorts what it finds in path_enrollments for a page: jobs":                           "a change of a path goes through all of its people, 200 at a time",
	"reads all of a tenant in courses: delete-asset":                                     "who deletes a file is told where it is used, and a text names its files in its map",
	"reads all of a tenant in lessons: delete-asset":                                     "who deletes a file is told where it is used, and a text names its files in its map",
	"reads all of a tenant in lesson_versions: delete-asset":                             "who deletes a file is told where it is used, and a text names its files in its map",
}

// TestPlans has every ready document asked and every job done over tables of many rows, and looks at how Postgres
// would find the rows of each statement, as the application's role behind row-level security: none scans a table, or an
// index by something else than the tenant, or all rows of a tenant, or sorts them for a page, but for those that are meant
// to. Which of several tables a join begins with hangs on statistics: what it reads is only told, unless there is no index
// for it at all.
// Which statement needs which index is in docs/operations/indexes.md.
func TestPlans(t *testing.T) {
	t.Parallel()
	appURL, ownerURL, superuserURL := pgtest.Clone(t)
	s := openSchoolOn(t, appURL, ownerURL, t.TempDir(), "LYCEUM_RESPONSE_CACHE=off", "LYCEUM_OUTLINE_CACHE=off")
	s.fill(t)
	superuser := connectTo(t, superuserURL)
	heard := s.listenToAll(t, superuser)
	if len(heard) < 200 {
		t.Fatalf("only %d statements were heard", len(heard))
	}
	multiply(t, superuser, s.tenant)
	indexes := catalogOfIndexes(t, superuser)
	plans := explainAll(t, connectTo(t, appURL), heard)
	rows := s.rowsOf(t, superuser)
	found := map[reading]string{}
	for _, p := range plans {
		for _, step := range p.steps(indexes, rows) {
			found[step] = p.sql
			switch {
			case growing[step] != "":
			case p.joins() && !strings.HasPrefix(step, scans):
				t.Logf("%s, in a join\n\t%s", step, p.sql)
			default:
				t.Errorf("%s\n\t%s", step, p.sql)
			}
		}
	}
	for reading := range growing {
		switch {
		case found[reading] != "":
		case *updateStatements:
			t.Errorf("nothing reads like this, so that it needs no reason: %s", reading)
		default:
			t.Logf("the planner chose otherwise, or nothing reads like this any more: %s", reading)
		}
	}
	indexPage(t, indexes, plans)
}

func connectTo(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if err := pg.Prepare(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

// many rows of one tenant are so many that reading all of them counts.
const manyRows = 200

// rowsOf counts the school's rows in each table.
func (s *school) rowsOf(t *testing.T, superuser *pgx.Conn) map[string]int {
	t.Helper()
	rows, err := superuser.Query(t.Context(), massColumns)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[massColumn])
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]int{}
	for _, c := range columns {
		if _, done := counted[c.Table]; done {
			continue
		}
		var n int
		if err := superuser.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) FROM %q WHERE tenant_id = $1", c.Table), s.tenant).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counted[c.Table] = n
	}
	return counted
}

// listenToAll asks every document, and lets workers do what follows from it.
func (s *school) listenToAll(t *testing.T, superuser *pgx.Conn) map[string]*statement {
	t.Helper()
	l := &overheard{heard: map[string]*statement{}}
	asks := s.asks(t)
	tell := pg.Tell(l.tell)
	for _, name := range s.documents.Names() {
		request := asks[name](t, few)
		l.listen(name)
		s.tell.Store(&tell)
		s.count(t, name, request, few)
		s.tell.Store(nil)
	}
	l.listen("jobs")
	s.sweepAgain(t, superuser)
	_, stop, err := s.openForSeed(pg.TellStatements(t.Context(), l.tell))
	if err != nil {
		t.Fatal(err)
	}
	s.awaitJobs(t, superuser)
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l.heard
}

// awaitJobs returns when no job is waiting or being done.
func (s *school) awaitJobs(t *testing.T, superuser *pgx.Conn) {
	t.Helper()
	const open = `SELECT count(*) FROM river.river_job WHERE state IN ('available', 'running')`
	tick := time.NewTicker(twinTick)
	defer tick.Stop()
	for end := time.After(jobPatience); ; <-tick.C {
		var n int
		if err := superuser.QueryRow(t.Context(), open).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		select {
		case <-end:
			t.Fatalf("%d jobs are still not done", n)
		default:
		}
	}
}

// jobPatience is how long jobs may take on a busy machine.
const jobPatience = 3 * time.Minute

// sweepAgain has the school swept once more, though it was a moment ago.
func (s *school) sweepAgain(t *testing.T, superuser *pgx.Conn) {
	t.Helper()
	if _, err := superuser.Exec(t.Context(), `DELETE FROM river.river_job WHERE kind LIKE 'sweep.%'`); err != nil {
		t.Fatal(err)
	}
	for _, args := range []river.JobArgs{jobs.SweepTenant{Tenant: s.tenant}, jobs.CheckSearch{Tenant: s.tenant}} {
		if _, err := s.inserter.Insert(t.Context(), args, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// plan is how a statement would find its rows.
type plan struct {
	*statement

	root *planNode
}

// planNode is a step of a plan, as EXPLAIN (FORMAT JSON) writes it.
type planNode struct {
	Type      string      `json:"Node Type"`
	Relation  string      `json:"Relation Name"`
	Index     string      `json:"Index Name"`
	IndexCond string      `json:"Index Cond"`
	Plans     []*planNode `json:"Plans"`
}

// each calls fn for the step and those below it. Page says that a step is read until a page is full, and no further.
func (n *planNode) each(page bool, fn func(n *planNode, page bool)) {
	fn(n, page)
	switch n.Type {
	case "Limit":
		page = true
	case "Nested Loop", "LockRows", "Subquery Scan", "Result", "Incremental Sort":
	default:
		page = false
	}
	for _, child := range n.Plans {
		child.each(page, fn)
	}
}

// table is the one that the step reads from in the end.
func (n *planNode) table(indexes map[string]*indexRow) string {
	if index := indexes[n.Index]; index != nil {
		return index.Table
	}
	if n.Relation != "" || len(n.Plans) == 0 {
		return n.Relation
	}
	return n.Plans[0].table(indexes)
}

// who are the documents that ask a statement, at most a few.
func (s *statement) who() string {
	const most = 4
	all := slices.Sorted(maps.Keys(s.by))
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}

// joins says whether rows of several tables are held against each other.
func (p plan) joins() bool {
	tables := map[string]bool{}
	p.root.each(false, func(n *planNode, _ bool) {
		if n.Relation != "" {
			tables[n.Relation] = true
		}
	})
	return len(tables) > 1
}

// steps are the steps of the plan that get dearer as tables grow.
func (p plan) steps(indexes map[string]*indexRow, rows map[string]int) []reading {
	var found []reading
	p.root.each(false, func(n *planNode, page bool) {
		table := n.Relation
		if index := indexes[n.Index]; index != nil {
			table = index.Table
		}
		_, owned := rows[table]
		switch {
		case n.Type == "Sort" && page:
			// How many rows the planner expects is no help: it expects one of whatever it knows nothing about.
			if sorted := n.table(indexes); rows[sorted] >= manyRows {
				found = append(found, "sorts what it finds in "+sorted+" for a page: "+p.who())
			}
		case !owned:
		case n.Type == "Seq Scan":
			found = append(found, scans+table+": "+p.who())
		case n.Index == "" || strings.HasPrefix(n.IndexCond, "(id = "):
		case !strings.Contains(n.IndexCond, "tenant_id"):
			found = append(found, "reads "+table+" by "+n.Index+" without the tenant: "+p.who())
		case strings.Count(n.IndexCond, " AND ") == 0 && rows[table] >= manyRows && !page:
			found = append(found, "reads all of a tenant in "+table+": "+p.who())
		}
	})
	return found
}

// explainAll asks how the application's role would run the statements, were there no scanning of tables: with their
// arguments, and as prepared statements that are run often, whose plan is made once, for any arguments.
func explainAll(t *testing.T, conn *pgx.Conn, heard map[string]*statement) []plan {
	t.Helper()
	var plans []plan
	for _, key := range slices.Sorted(maps.Keys(heard)) {
		for _, explain := range []explaining{explainPlan, explainPrepared} {
			root, err := heard[key].explain(t.Context(), conn, explain)
			if err != nil {
				t.Fatalf("%s: %v", heard[key].sql, err)
			}
			plans = append(plans, plan{heard[key], root})
		}
	}
	return plans
}

// explaining returns a plan in JSON.
type explaining func(ctx context.Context, tx pgx.Tx, s *statement) ([]byte, error)

func explainPlan(ctx context.Context, tx pgx.Tx, s *statement) (text []byte, err error) {
	err = tx.QueryRow(ctx, "EXPLAIN (FORMAT JSON) "+s.sql, s.args...).Scan(&text)
	return text, err
}

func explainPrepared(ctx context.Context, tx pgx.Tx, s *statement) (text []byte, err error) {
	const name = "asked_often"
	prepared, err := tx.Prepare(ctx, name, s.sql)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	call := name
	if n := len(prepared.ParamOIDs); n > 0 {
		call += "(" + strings.Repeat("NULL, ", n-1) + "NULL)"
	}
	if _, err := tx.Exec(ctx, `SET LOCAL plan_cache_mode = force_generic_plan`); err != nil {
		return nil, fmt.Errorf("ask for a plan for any arguments: %w", err)
	}
	if err := tx.QueryRow(ctx, "EXPLAIN (FORMAT JSON) EXECUTE "+call).Scan(&text); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return text, tx.Conn().Deallocate(ctx, name)
}

// explain asks as the statement's tenant.
func (s *statement) explain(ctx context.Context, conn *pgx.Conn, explain explaining) (*planNode, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	const as = `SELECT set_config('app.tenant_id', $1, true), set_config('enable_seqscan', 'off', true)`
	if _, err := tx.Exec(ctx, as, s.tenant.String()); err != nil {
		return nil, fmt.Errorf("be the tenant: %w", err)
	}
	text, err := explain(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	var plans []struct{ Plan *planNode }
	if err := json.Unmarshal(text, &plans); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return plans[0].Plan, nil
}
