package engagement_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/engagement"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// TestGroupReadsItsMembers: without a copy in Redis the board of a group, of all time, costs the points of its members and
// not those of the tenant.
func TestGroupReadsItsMembers(t *testing.T) {
	t.Parallel()
	f := setup(t, 2)
	conn := pgtest.Superuser(t, f.Database)
	for _, statement := range []string{
		`SET session_replication_role = replica`, // the people and events of these points are not there
		`INSERT INTO point_entries (tenant_id, learner_id, reason, subject_id, course_id, event_id, points, at)
			SELECT '` + f.acme.ID.String() + `', md5((n % 400)::text)::uuid, 'LESSON', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 10, now()
			FROM generate_series(1, 20000) AS n`,
		`ANALYZE point_entries`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	group := f.group(t, f.people...)
	var asked string
	var with []any
	ctx := pg.TellStatements(f.as(t.Context(), f.acme.Learner), func(_ context.Context, sql string, args []any) {
		if strings.Contains(sql, "point_entries") {
			asked, with = sql, args
		}
	})
	if _, err := f.plain.Leaderboard(ctx, page.Request{First: 10}, engagement.Ask{Group: &group, Period: engagement.AllTime}); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `EXPLAIN `+asked, with...)
	if err != nil {
		t.Fatal(err)
	}
	var line, plan string
	err = pg.ForEach(rows, []any{&line}, func() error {
		plan += line + "\n"
		return nil
	})
	wrong := func(part string) bool { return strings.Contains(plan, part) }
	if err != nil || slices.ContainsFunc([]string{"Seq Scan on point_entries", "point_entries_at", "hashed SubPlan"}, wrong) {
		t.Errorf("the points of the whole tenant are read (%v):\n%s", err, plan)
	}
}
