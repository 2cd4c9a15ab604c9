package jobs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentmigration"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pgtest"
	"lyceum/jobs"
)

// target is what a tenant has that jobs can be about: one thing for each name of an argument.
type target struct {
	tenant pgtest.Tenant
	things map[string]uuid.UUID
}

// target makes a learner who has completed a course, of which nothing has followed yet, another whose certificate was
// not printed, and a sound that waits to be converted.
func (f fixture) target(t *testing.T, tenant pgtest.Tenant) target {
	t.Helper()
	p := f.publish(t, tenant)
	ctx := tenant.System(t.Context())
	other := pgtest.NewUser(t, f.Database, tenant, "other", "LEARNER")
	place := f.Enrollment.Create().SetLearnerID(other).SetCourseID(p.course).SetVersionID(p.enrollment.VersionID).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(other).SaveX(ctx)
	stated := f.Certificate.Create().SetEnrollmentID(place.ID).SetLearnerID(other).SetCourseID(p.course).SetVersionID(place.VersionID).
		SetCode(strings.Repeat("a", 26)).SetLearnerName("Other").SetCourseTitle("Coffee").SetTenantName(tenant.Slug).
		SetLocale("en").SetCompletedAt(time.Now()).SaveX(ctx)
	sound := f.Asset.Create().SetOwnerID(tenant.Instructor).SetKind(asset.KindAUDIO).SetFileName("s.mp3").SetContentType("audio/mpeg").
		SetSize(1).SetSha256("x").SetBlobKey("t/" + tenant.ID.String() + "/assets/s.mp3").SetStatus(asset.StatusREADY).
		SetConversion(asset.ConversionWAITING).SaveX(ctx)
	f.LessonVersion.Create().SetVersionID(p.enrollment.VersionID).SetCourseID(p.course).SetLessonID(uuid.New()).SetTitle("Sounds").
		SetKind(outline.Video).SetAssetID(sound.ID).SetPreview(false).ExecX(ctx)
	told := f.Notification.Create().SetUserID(other).SetSeq(1000).SetKind(notification.KindENROLLED).SetSubjectID(place.ID).
		SetTitle("You have been given a course").SaveX(ctx)
	event := p.lesson(tenant, uuid.New())
	f.happened(t, tenant, event)
	moving := f.EnrollmentMigration.Create().SetCourseID(p.course).SetVersionID(p.enrollment.VersionID).SetNumber(2).SetTotal(1).
		SetMapping(map[uuid.UUID]uuid.UUID{}).SetPlaces(enrollmentmigration.PlacesNOT_COMPLETED).SetStartedBy(tenant.Instructor).
		SetReachedID(uuid.Nil).SaveX(ctx)
	path, way := f.onPath(t, tenant, other, p.course)
	earned := f.Achievement.Create().SetKey("told").SetTitle("Told").SetRule("courses >= 1000").SaveX(ctx)
	return target{tenant, map[string]uuid.UUID{
		"event_id": event.ID, "enrollment_id": p.enrollment.ID, "certificate_id": stated.ID, "course_id": p.course, "asset_id": sound.ID,
		"notification_id": told.ID, "migration_id": moving.ID,
		"path_id": path, "path_enrollment_id": way, "learner_id": tenant.Learner, "after_id": uuid.Nil, "achievement_id": earned.ID,
	}}
}

// onPath puts the learner on a learning path of its own that consists of the course.
func (f fixture) onPath(t *testing.T, tenant pgtest.Tenant, learner, course uuid.UUID) (path, place uuid.UUID) {
	t.Helper()
	ctx := tenant.System(t.Context())
	path = f.LearningPath.Create().SetSlug("p" + uuid.NewString()).SetTitle("Barista").SetState(learningpath.StatePUBLISHED).SaveX(ctx).ID
	f.PathCourse.Create().SetPathID(path).SetCourseID(course).SetPosition(0).SetRequired(true).ExecX(ctx)
	place = f.PathEnrollment.Create().SetPathID(path).SetLearnerID(learner).SetByStaff(true).SetEnrolledBy(tenant.Instructor).SaveX(ctx).ID
	return path, place
}

// args fills the arguments of the kind: the tenant of one, the things of another. An argument that nobody knows
// fails the test by name. About reports whether the arguments name anything but the tenant.
func args(t *testing.T, kind string, tenant uuid.UUID, of target) (filled map[string]any, about bool) {
	t.Helper()
	value := jobs.Registered()[kind].Elem()
	filled = map[string]any{}
	for field := range value.Type().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		thing, known := of.things[name]
		switch {
		case name == "tenant_id":
			filled[name] = tenant
		case known && field.Type == reflect.TypeFor[uuid.UUID]():
			filled[name], about = thing, true
		case field.Type == reflect.TypeFor[time.Time]():
			filled[name] = time.Now().UTC()
		default:
			t.Fatalf("%s has the argument %s, of which there is no example: nobody attacks it", kind, field.Name)
		}
	}
	return filled, about
}

// forge puts a job into the queue behind everybody's back, and returns its id.
func forge(t *testing.T, conn *pgx.Conn, kind, args string) (id int64) {
	t.Helper()
	const insert = `
		INSERT INTO river.river_job (kind, args, queue, state, max_attempts, priority, scheduled_at, metadata)
		VALUES ($1, $2::jsonb, 'default', 'available', 12, 1, now(), '{}') RETURNING id`
	if err := conn.QueryRow(t.Context(), insert, kind, args).Scan(&id); err != nil {
		t.Fatalf("forge %s: %v", kind, err)
	}
	return id
}

// leaderless lets nobody put in periodic jobs, so that what happens comes of what is forged: somebody else, who does
// nothing, leads.
func leaderless(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	const lead = `
		INSERT INTO river.river_leader (elected_at, expires_at, leader_id, name) VALUES (now(), now() + interval '1 day', 'nobody', 'default')`
	if _, err := conn.Exec(t.Context(), lead); err != nil {
		t.Fatalf("take the lead: %v", err)
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sums are checksums of all rows of the tenants, by table, and of their blobs, and of all jobs' kinds.
func (f fixture) sums(t *testing.T, conn *pgx.Conn, tenants ...pgtest.Tenant) map[string]string {
	t.Helper()
	const tables = `
		SELECT table_name FROM information_schema.columns c JOIN information_schema.tables USING (table_schema, table_name)
		WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'`
	rows, err := conn.Query(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 20 {
		t.Fatalf("%d tables: %v", len(names), err)
	}
	sums := map[string]string{}
	for _, tenant := range tenants {
		for _, name := range names {
			var sum string
			add := `SELECT count(*) || ' ' || md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) FROM ` +
				pgx.Identifier{name}.Sanitize() + ` r WHERE tenant_id = $1`
			if err := conn.QueryRow(t.Context(), add, tenant.ID).Scan(&sum); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			sums[tenant.Slug+" "+name] = sum
		}
		sums[tenant.Slug+" blobs"] = strconv.Itoa(f.documents(t, tenant))
	}
	return sums
}

func differences(before, after map[string]string) (changed []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			changed = append(changed, name)
		}
	}
	return changed
}

// harmless are the kinds that find nothing to do, and are done: each with the reason why that is no effect.
func harmless() map[string]string {
	return map[string]string{
		"search.sync_course": "a course that the tenant does not have is one that search is to forget, and it holds nothing of it",
		"search.sync_film":   "no course of the tenant shows a film that it does not have",

		"pathway.advance":       "a learner whom the tenant does not have is on none of its learning paths",
		"pathway.review":        "nobody of the tenant is on a learning path that it does not have",
		"pathway.review_course": "no learning path of the tenant consists of a course that it does not have",
	}
}

// settled returns the job once it is worked on no more.
func (f fixture) settled(t *testing.T, conn *pgx.Conn, id int64) stored {
	t.Helper()
	var j stored
	eventually(t, fmt.Sprintf("job %d is settled", id), func() bool {
		const find = `SELECT kind, state::text, attempt, args::text, coalesce(errors::text, '') FROM river.river_job WHERE id = $1`
		if err := conn.QueryRow(t.Context(), find, id).Scan(&j.Kind, &j.State, &j.Attempt, &j.Args, &j.Errors); err != nil {
			t.Fatal(err)
		}
		return j.State != rivertype.JobStateAvailable && j.State != rivertype.JobStateRunning
	})
	return j
}

// forgery is a job as somebody made it who may write into the queue.
type forgery struct {
	what string
	args map[string]any
	// snoozed says that the tenant is suspended: the job waits.
	snoozed bool
}

// forgeries are the ways in which a job of the kind can be for the wrong tenant.
func forgeries(t *testing.T, kind string, mine, theirs, closed target) []forgery {
	t.Helper()
	foreign, about := args(t, kind, mine.tenant.ID, theirs)
	with := func(tenant any, of target) map[string]any {
		filled, _ := args(t, kind, mine.tenant.ID, of)
		filled["tenant_id"] = tenant
		return filled
	}
	missing := with(nil, theirs)
	delete(missing, "tenant_id")
	found := []forgery{
		{what: "no tenant", args: missing},
		{what: "null", args: with(nil, theirs)},
		{what: "empty", args: with("", theirs)},
		{what: "the nil id", args: with(uuid.Nil, theirs)},
		{what: "a slug", args: with(theirs.tenant.Slug, theirs)},
		{what: "a number", args: with(1, theirs)},
		{what: "two tenants", args: with([]uuid.UUID{mine.tenant.ID, theirs.tenant.ID}, theirs)},
		{what: "an object", args: with(map[string]any{"id": theirs.tenant.ID}, theirs)},
		{what: "SQL", args: with(theirs.tenant.ID.String()+"' OR '1'='1", theirs)},
		{what: "a tenant that never was", args: with(uuid.New(), theirs)},
		{what: "a suspended tenant", args: with(closed.tenant.ID, closed), snoozed: true},
	}
	if about {
		found = append(found,
			forgery{what: "things of another tenant", args: foreign},
			forgery{what: "things of a suspended tenant", args: with(theirs.tenant.ID, closed)})
	}
	return found
}

// TestAttackJobs puts jobs of every kind into the queue that are for a wrong tenant, for none, or for one that is
// suspended: nothing happens in any tenant, and they are not tried again.
func TestAttackJobs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine, theirs := f.target(t, f.acme), f.target(t, f.globex)
	closed := f.target(t, pgtest.NewTenant(t, f.Database, "closed"))
	conn := pgtest.Superuser(t, f.Database)
	leaderless(t, conn)
	if _, err := conn.Exec(t.Context(), `UPDATE placements SET status = 'SUSPENDED' WHERE id = $1`, closed.tenant.ID); err != nil {
		t.Fatal(err)
	}
	before := f.sums(t, conn, f.acme, f.globex, closed.tenant)
	forged, attacked, switched := map[int64]forgery{}, 0, 0
	kinds := slices.Sorted(maps.Keys(jobs.Registered()))
	for _, kind := range kinds {
		if jobs.AcrossTenants(kind) {
			continue
		}
		attacked++
		for _, bad := range forgeries(t, kind, mine, theirs, closed) {
			forged[forge(t, conn, kind, encoded(t, bad.args))] = bad
		}
		// What was right when it was put in is given to the other tenant while it waits.
		right, about := args(t, kind, theirs.tenant.ID, theirs)
		if !about {
			continue
		}
		id := forge(t, conn, kind, encoded(t, right))
		const give = `UPDATE river.river_job SET args = jsonb_set(args, '{tenant_id}', to_jsonb($2::text)) WHERE id = $1`
		if _, err := conn.Exec(t.Context(), give, id, mine.tenant.ID.String()); err != nil {
			t.Fatal(err)
		}
		forged[id] = forgery{what: "given to another tenant", args: right}
		switched++
	}
	f.work(t, services(f.db, f.store), options())
	for id, bad := range forged {
		job := f.settled(t, conn, id)
		_, idle := harmless()[job.Kind]
		switch {
		case bad.snoozed && job.State == rivertype.JobStateScheduled && job.Attempt == 0:
		case !bad.snoozed && job.State == rivertype.JobStateCancelled && job.Attempt == 1:
		case !bad.snoozed && job.State == rivertype.JobStateCompleted && idle:
		default:
			t.Errorf("%s for %s is %s after %d attempts: %s", job.Kind, bad.what, job.State, job.Attempt, job.Errors)
		}
	}
	if changed := differences(before, f.sums(t, conn, f.acme, f.globex, closed.tenant)); len(changed) > 0 {
		t.Errorf("the jobs changed %v", changed)
	}
	if n := len(f.jobs(t, "")); n > len(forged) {
		t.Errorf("%d jobs came of %d", n, len(forged))
	}
	t.Logf("%d kinds, %d jobs for a wrong tenant (%d switched while they waited): none had an effect", attacked, len(forged), switched)

	f.control(t, conn, mine, kinds)
}

// control works on a right job of every kind: each changes its own tenant, so the attack was not vacuous, and no
// other.
func (f fixture) control(t *testing.T, conn *pgx.Conn, mine target, kinds []string) {
	t.Helper()
	for _, kind := range kinds {
		if jobs.AcrossTenants(kind) {
			continue
		}
		f.arrange(t, conn, kind, mine)
		before := f.sums(t, conn, f.acme, f.globex)
		right, _ := args(t, kind, mine.tenant.ID, mine)
		job := f.settled(t, conn, forge(t, conn, kind, encoded(t, right)))
		if job.State != rivertype.JobStateCompleted {
			t.Errorf("%s of its own tenant is %s (%s): the attack is vacuous", kind, job.State, job.Errors)
			continue
		}
		// Some leave their work to other jobs.
		var changed []string
		eventually(t, kind+" changes something, else the attack is vacuous", func() bool {
			changed = differences(before, f.sums(t, conn, f.acme, f.globex))
			return len(changed) > 0
		})
		for _, name := range changed {
			if !strings.HasPrefix(name, mine.tenant.Slug+" ") {
				t.Errorf("%s of %s changed %s", kind, mine.tenant.Slug, name)
			}
		}
	}
}

// arrange leaves something to do for jobs of the kind in both tenants, where an earlier one left nothing.
func (f fixture) arrange(t *testing.T, conn *pgx.Conn, kind string, mine target) {
	t.Helper()
	switch kind {
	case jobs.CheckSearch{}.Kind(), jobs.SyncFilm{}.Kind():
		if _, err := conn.Exec(t.Context(), `DELETE FROM search_documents`); err != nil {
			t.Fatal(err)
		}
	case jobs.CheckUpload{}.Kind():
		const arrived = `UPDATE assets SET status = 'CHECKING' WHERE kind = 'AUDIO'`
		if _, err := conn.Exec(t.Context(), arrived); err != nil {
			t.Fatal(err)
		}
	case jobs.AdvancePaths{}.Kind():
		f.onPath(t, mine.tenant, mine.tenant.Learner, mine.things["course_id"])
	case jobs.ReviewPath{}.Kind(), jobs.ReviewPaths{}.Kind():
		late := pgtest.NewUser(t, f.Database, mine.tenant, "late-"+strings.ReplaceAll(kind, ".", "-"), "LEARNER")
		f.PathEnrollment.Create().SetPathID(mine.things["path_id"]).SetLearnerID(late).SetByStaff(true).SetEnrolledBy(mine.tenant.Instructor).
			ExecX(mine.tenant.System(t.Context()))
	case jobs.SweepTenant{}.Kind():
		f.overdue(t, mine.tenant)
		f.overdue(t, f.globex)
	}
}

// overdue leaves an abandoned upload and an attempt whose time is over.
func (f fixture) overdue(t *testing.T, tenant pgtest.Tenant) {
	t.Helper()
	ctx := tenant.System(t.Context())
	f.Asset.Create().SetOwnerID(tenant.Instructor).SetKind(asset.KindIMAGE).SetFileName("p.png").SetContentType("image/png").
		SetSize(1).SetSha256("x").SetBlobKey("t/" + tenant.ID.String() + "/assets/p.png").SetExpiresAt(time.Now().Add(-2 * time.Hour)).
		ExecX(ctx)
	place := f.Enrollment.Query().FirstX(ctx)
	lesson := f.CourseVersion.GetX(ctx, place.VersionID).Outline.Lessons()[0].ID
	f.Attempt.Create().SetEnrollmentID(place.ID).SetLearnerID(place.LearnerID).SetLessonID(lesson).SetVersionID(place.VersionID).
		SetNumber(1).SetPicks([]quiz.Pick{}).SetPassMark(50).SetMaxScore(1).SetStartedAt(time.Now().Add(-2 * time.Hour)).
		SetDeadlineAt(time.Now().Add(-time.Hour)).ExecX(ctx)
}

// TestAttackPeriodicJobs: what is inserted again and again belongs to no tenant, does nothing in any, and puts in
// one job for each active tenant, which does nothing in another.
func TestAttackPeriodicJobs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	closed := pgtest.NewTenant(t, f.Database, "closed")
	conn := pgtest.Superuser(t, f.Database)
	leaderless(t, conn)
	if _, err := conn.Exec(t.Context(), `UPDATE placements SET status = 'SUSPENDED' WHERE id = $1`, closed.ID); err != nil {
		t.Fatal(err)
	}
	before := f.sums(t, conn, f.acme, f.globex, closed)
	registered, across, forged := jobs.Registered(), []string{}, []int64{}
	for _, kind := range slices.Sorted(maps.Keys(registered)) {
		if !jobs.AcrossTenants(kind) {
			continue
		}
		across = append(across, kind)
		if n := registered[kind].Elem().NumField(); n != 0 {
			t.Errorf("%s belongs to no tenant, but has %d arguments", kind, n)
		}
		// A tenant in its arguments is not listened to.
		forged = append(forged, forge(t, conn, kind, encoded(t, map[string]any{"tenant_id": closed.ID})))
	}
	if len(across) == 0 || len(across) != len(jobs.Periodic()) {
		t.Errorf("%d periodic jobs, but %v belong to no tenant", len(jobs.Periodic()), across)
	}
	f.work(t, services(f.db, f.store), options())
	for _, id := range forged {
		if job := f.settled(t, conn, id); job.State != rivertype.JobStateCompleted {
			t.Errorf("%s is %s: %s", job.Kind, job.State, job.Errors)
		}
	}
	fanned := map[string]map[string]int{} // by kind, by arguments
	const others = `SELECT kind || ' ' || args::text FROM river.river_job WHERE NOT id = ANY ($1)`
	rows, err := conn.Query(t.Context(), others, forged)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		kind, of, _ := strings.Cut(line, " ")
		if fanned[kind] == nil {
			fanned[kind] = map[string]int{}
		}
		fanned[kind][of]++
	}
	for kind, jobs := range fanned {
		for _, tenant := range []pgtest.Tenant{f.acme, f.globex} {
			if n := jobs[`{"tenant_id": "`+tenant.ID.String()+`"}`]; n != 1 || len(jobs) != 2 {
				t.Errorf("%s has %d jobs for %s, of %v; want one for each of two tenants", kind, n, tenant.Slug, jobs)
			}
		}
	}
	if len(fanned) != len(across) {
		t.Errorf("%v put in %v", across, fanned)
	}
	f.allIn(t, rivertype.JobStateCompleted)
	if changed := differences(before, f.sums(t, conn, f.acme, f.globex, closed)); len(changed) > 0 {
		t.Errorf("%v changed %v", across, changed)
	}
	t.Logf("%v put in one job for each of two active tenants, and none for the suspended one", across)
}

// TestAttackSuspendedTenantsJobsWait: a job that met a suspension is done when that is over.
func TestAttackSuspendedTenantsJobsWait(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine := f.target(t, f.acme)
	conn := pgtest.Superuser(t, f.Database)
	suspend := func(status string) {
		if _, err := conn.Exec(t.Context(), `UPDATE placements SET status = $2 WHERE id = $1`, f.acme.ID, status); err != nil {
			t.Fatal(err)
		}
	}
	suspend("SUSPENDED")
	right, _ := args(t, jobs.IssueCertificate{}.Kind(), f.acme.ID, mine)
	id := forge(t, conn, jobs.IssueCertificate{}.Kind(), encoded(t, right))
	f.work(t, services(f.db, f.store), options())
	if job := f.settled(t, conn, id); job.State != rivertype.JobStateScheduled {
		t.Fatalf("the job is %s", job.State)
	}
	suspend("ACTIVE")
	if _, err := conn.Exec(t.Context(), `UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if job := f.settled(t, conn, id); job.State != rivertype.JobStateCompleted {
		t.Errorf("after the suspension the job is %s (%s)", job.State, job.Errors)
	}
}
