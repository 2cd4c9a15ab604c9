package jobs

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/assessment"
	"lyceum/internal/catalog"
	"lyceum/internal/credential"
	"lyceum/internal/engagement"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/media"
	"lyceum/internal/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
)

// announced returns the names of the types in the contexts that are events: those with Kind() string.
func announced(t *testing.T) []string {
	t.Helper()
	var found []string
	contexts := os.DirFS("../internal")
	err := fs.WalkDir(contexts, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"gen", "platform", "author"}, name) {
			return fs.SkipDir
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		content, err := fs.ReadFile(contexts, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if method, ok := decl.(*ast.FuncDecl); ok && isKind(method) {
				receiver, ok := method.Recv.List[0].Type.(*ast.Ident)
				if !ok {
					t.Errorf("%s: an event is a value", name)
					continue
				}
				found = append(found, file.Name.Name+"."+receiver.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// isKind reports whether the function is a method Kind() string.
func isKind(f *ast.FuncDecl) bool {
	if f.Name.Name != "Kind" || f.Recv == nil || len(f.Type.Params.List) > 0 || f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	result, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && result.Name == "string"
}

// tabled returns the names of the types that the table has a case for.
func tabled(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(node ast.Node) bool {
		clause, ok := node.(*ast.CaseClause)
		if !ok {
			return true
		}
		for _, expr := range clause.List {
			if event, ok := expr.(*ast.SelectorExpr); ok {
				found = append(found, event.X.(*ast.Ident).Name+"."+event.Sel.Name)
			}
		}
		return true
	})
	return found
}

// TestTableKnowsEveryEvent compares the table with the events that the contexts declare.
func TestTableKnowsEveryEvent(t *testing.T) {
	t.Parallel()
	want, got := announced(t), tabled(t)
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 8 {
		t.Fatalf("only %v were found in the contexts", want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table (-announced +in the table):\n%s", diff)
	}
}

// TestWhoHearsWhat spells the table out, with what is written into the queue. Kinds, events and names are a
// stored contract: names are added, never changed.
func TestWhoHearsWhat(t *testing.T) {
	t.Parallel()
	tenant, id := uuid.New(), uuid.New()
	mine := func(rest string) string {
		return strings.NewReplacer("TENANT", tenant.String(), "ID", id.String()).Replace(rest)
	}
	issued := credential.CertificateIssued{}
	issued.ID, issued.Tenant, issued.Certificate = id, tenant, id
	revoked := credential.CertificateRevoked{}
	revoked.Tenant, revoked.Certificate = tenant, id
	const none = "0001-01-01T00:00:00Z"
	for _, tt := range []struct {
		event pg.Event
		kind  string
		jobs  map[string]string
	}{
		{catalog.CoursePublished{Tenant: tenant, Course: id}, "catalog.course_published", map[string]string{
			"search.sync_course":    `{"tenant_id":"TENANT","course_id":"ID"}`,
			"pathway.review_course": `{"tenant_id":"TENANT","course_id":"ID"}`,
		}},
		{catalog.CourseUnpublished{Tenant: tenant, Course: id}, "catalog.course_unpublished", map[string]string{
			"search.sync_course": `{"tenant_id":"TENANT","course_id":"ID"}`,
		}},
		{enrollment.EnrollmentActivated{ID: id, Tenant: tenant, Enrollment: id}, "enrollment.activated", map[string]string{
			"analytics.count": `{"tenant_id":"TENANT","event_id":"ID"}`,
		}},
		{enrollment.EnrollmentActivated{ID: id, Tenant: tenant, Enrollment: id, ByStaff: true}, "enrollment.activated", map[string]string{
			"analytics.count": `{"tenant_id":"TENANT","event_id":"ID"}`,
			"notify.assigned": `{"tenant_id":"TENANT","enrollment_id":"ID"}`,
		}},
		{enrollment.EnrollmentActivated{ID: id, Tenant: tenant, Enrollment: id, Promoted: true}, "enrollment.activated", map[string]string{
			"analytics.count": `{"tenant_id":"TENANT","event_id":"ID"}`,
			"notify.promoted": `{"tenant_id":"TENANT","enrollment_id":"ID","event_id":"ID"}`,
		}},
		{enrollment.EnrollmentChanged{Tenant: tenant, Enrollment: id}, "enrollment.changed", nil},
		{enrollment.EnrollmentChanged{ID: id, Tenant: tenant, Enrollment: id, Invited: true}, "enrollment.changed", map[string]string{
			"notify.invited": `{"tenant_id":"TENANT","enrollment_id":"ID","event_id":"ID"}`,
		}},
		{enrollment.MigrationStarted{Tenant: tenant, Migration: id}, "enrollment.migration_started", map[string]string{
			"enrollment.migrate": `{"tenant_id":"TENANT","migration_id":"ID"}`,
		}},
		{enrollment.EnrollmentChanged{Tenant: tenant, Learner: id, Completed: true}, "enrollment.changed", map[string]string{
			"pathway.advance": `{"tenant_id":"TENANT","learner_id":"ID"}`,
		}},
		{enrollment.TermsSaved{Tenant: tenant, Course: id}, "enrollment.terms_saved", map[string]string{
			"pathway.review_course": `{"tenant_id":"TENANT","course_id":"ID"}`,
		}},
		{pathway.PathEnrolled{Tenant: tenant, Enrollment: id}, "pathway.enrolled", nil},
		{pathway.PathEnrolled{Tenant: tenant, Enrollment: id, ByStaff: true}, "pathway.enrolled", map[string]string{
			"notify.path_assigned": `{"tenant_id":"TENANT","path_enrollment_id":"ID"}`,
		}},
		{pathway.PathLeft{Tenant: tenant, Enrollment: id}, "pathway.left", nil},
		{pathway.PathCompleted{Tenant: tenant, Enrollment: id}, "pathway.completed", map[string]string{
			"notify.path_completed": `{"tenant_id":"TENANT","path_enrollment_id":"ID"}`,
		}},
		{pathway.PathChanged{Tenant: tenant, Path: id}, "pathway.changed", map[string]string{
			"pathway.review": `{"tenant_id":"TENANT","path_id":"ID","after_id":"00000000-0000-0000-0000-000000000000"}`,
		}},
		{engagement.AchievementEarned{Tenant: tenant, Learner: id, Achievement: id}, "engagement.achievement_earned", map[string]string{
			"notify.achieved": `{"tenant_id":"TENANT","learner_id":"ID","achievement_id":"ID"}`,
		}},
		{learning.LessonCompleted{ID: id, Tenant: tenant, Enrollment: id}, "learning.lesson_completed", map[string]string{
			"analytics.count":   `{"tenant_id":"TENANT","event_id":"ID"}`,
			"engagement.credit": `{"tenant_id":"TENANT","event_id":"ID"}`,
		}},
		{learning.CourseCompleted{ID: id, Tenant: tenant, Enrollment: id}, "learning.course_completed", map[string]string{
			"analytics.count":         `{"tenant_id":"TENANT","event_id":"ID"}`,
			"engagement.credit":       `{"tenant_id":"TENANT","event_id":"ID"}`,
			"enrollment.finish":       `{"tenant_id":"TENANT","enrollment_id":"ID","at":"` + none + `"}`,
			"certificate.issue":       `{"tenant_id":"TENANT","enrollment_id":"ID","at":"` + none + `"}`,
			"notify.course_completed": `{"tenant_id":"TENANT","enrollment_id":"ID"}`,
		}},
		{assessment.AttemptGraded{ID: id, Tenant: tenant, Attempt: id}, "assessment.attempt_graded", map[string]string{
			"engagement.credit": `{"tenant_id":"TENANT","event_id":"ID"}`,
		}},
		{media.ConversionAsked{Tenant: tenant, Asset: id}, "media.conversion_asked", map[string]string{
			"media.convert": `{"tenant_id":"TENANT","asset_id":"ID"}`,
		}},
		{media.CaptionsChanged{Tenant: tenant, Asset: id}, "media.captions_changed", map[string]string{
			"media.lay_captions": `{"tenant_id":"TENANT","asset_id":"ID"}`,
			"search.sync_film":   `{"tenant_id":"TENANT","asset_id":"ID"}`,
		}},
		{media.UploadArrived{Tenant: tenant, Asset: id}, "media.upload_arrived", map[string]string{
			"media.check": `{"tenant_id":"TENANT","asset_id":"ID"}`,
		}},
		{issued, "credential.certificate_issued", map[string]string{
			"analytics.count":           `{"tenant_id":"TENANT","event_id":"ID"}`,
			"certificate.print":         `{"tenant_id":"TENANT","certificate_id":"ID"}`,
			"notify.certificate_issued": `{"tenant_id":"TENANT","certificate_id":"ID"}`,
		}},
		{revoked, "credential.certificate_revoked", map[string]string{
			"notify.certificate_revoked": `{"tenant_id":"TENANT","certificate_id":"ID"}`,
		}},
		{notification.Told{Tenant: tenant, Notification: id}, "notification.told", map[string]string{
			"mail.notification": `{"tenant_id":"TENANT","notification_id":"ID"}`,
		}},
	} {
		if got := tt.event.Kind(); got != tt.kind {
			t.Errorf("%T is stored as %s, want %s", tt.event, got, tt.kind)
		}
		inserted, err := subscribers(tt.event)
		if err != nil {
			t.Errorf("%T: %v", tt.event, err)
		}
		got := map[string]string{}
		for _, job := range inserted {
			args, err := json.Marshal(job)
			if err != nil {
				t.Fatal(err)
			}
			got[job.Kind()] = string(args)
		}
		want := map[string]string{}
		for kind, args := range tt.jobs {
			want[kind] = mine(args)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", tt.event, diff)
		}
	}
}

// everyEvent has one of each in the table, and of those of which different things follow one for each.
func everyEvent() []pg.Event {
	return []pg.Event{
		catalog.CoursePublished{},
		catalog.CourseUnpublished{},
		enrollment.EnrollmentActivated{ByStaff: true},
		enrollment.EnrollmentActivated{Promoted: true},
		enrollment.EnrollmentChanged{Completed: true},
		enrollment.EnrollmentChanged{Invited: true},
		enrollment.MigrationStarted{},
		enrollment.TermsSaved{},
		pathway.PathEnrolled{ByStaff: true},
		pathway.PathCompleted{},
		pathway.PathLeft{},
		pathway.PathChanged{},
		engagement.AchievementEarned{},
		learning.LessonCompleted{},
		learning.ModuleCompleted{},
		learning.CourseCompleted{},
		assessment.AttemptGraded{},
		media.ConversionAsked{},
		media.CaptionsChanged{},
		media.UploadArrived{},
		credential.CertificateIssued{},
		credential.CertificateRevoked{},
		notification.Told{},
	}
}

// TestEventsNameTheirTenant and hold ids, times and flags only: no personal data waits in a queue.
func TestEventsNameTheirTenant(t *testing.T) {
	t.Parallel()
	events := everyEvent()
	types := map[reflect.Type]bool{}
	for _, event := range events {
		types[reflect.TypeOf(event)] = true
	}
	if len(types) != len(tabled(t)) {
		t.Errorf("%d events are looked at here, %d stand in the table", len(types), len(tabled(t)))
	}
	for _, event := range events {
		for _, field := range fieldsOf(reflect.TypeOf(event)) {
			if !plain(field.Type) {
				t.Errorf("%T has the field %s of type %s: an event carries ids, times, numbers and flags", event, field.Name, field.Type)
			}
		}
		if single, ok := event.(pg.Single); ok && strings.Trim(single.Once(), "0- ") != "" {
			t.Errorf("%T happens once for %q: an occasion is named by ids", event, single.Once())
		}
		body, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "tenant_id", "at"} {
			if _, ok := fields[name]; !ok {
				t.Errorf("%T has no %s: %s", event, name, body)
			}
		}
		for name, value := range fields {
			switch value := value.(type) {
			case bool, float64:
			case string:
				if _, err := uuid.Parse(value); err != nil && name != "at" {
					t.Errorf("%T carries text in %s: %s", event, name, body)
				}
			default:
				t.Errorf("%T carries %T in %s: %s", event, value, name, body)
			}
		}
	}
	if _, err := subscribers(stranger{}); err == nil {
		t.Error("an event that is not in the table was taken")
	}
}

// fieldsOf are the fields of the type, and of what it embeds.
func fieldsOf(of reflect.Type) (all []reflect.StructField) {
	for field := range of.Fields() {
		if field.Anonymous {
			all = append(all, fieldsOf(field.Type)...)
			continue
		}
		all = append(all, field)
	}
	return all
}

// plain reports whether values of the type say nothing of a person. A word is told by a type of its own, which has a few
// values.
func plain(of reflect.Type) bool {
	switch of {
	case reflect.TypeFor[uuid.UUID](), reflect.TypeFor[*uuid.UUID](), reflect.TypeFor[time.Time](), reflect.TypeFor[*time.Time]():
		return true
	}
	return slices.Contains([]reflect.Kind{reflect.Bool, reflect.Int, reflect.Int64}, of.Kind()) ||
		of.Kind() == reflect.String && of != reflect.TypeFor[string]()
}

type stranger struct{}

func (stranger) Kind() string { return "test.stranger" }

// TestEveryKindIsWorkedOn: what the table inserts has a worker, works for a tenant, and goes into a queue that
// there is.
func TestEveryKindIsWorkedOn(t *testing.T) {
	t.Parallel()
	inserted := map[string]river.JobArgs{}
	for _, event := range everyEvent() {
		jobs, err := subscribers(event)
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range jobs {
			inserted[job.Kind()] = job
		}
	}
	inserted[SweepTenant{}.Kind()] = SweepTenant{}
	inserted[CheckSearch{}.Kind()] = CheckSearch{}
	registered := workers(Services{})
	for kind, args := range inserted {
		tenant, ok := reflect.TypeOf(args).FieldByName("Tenant")
		if !ok || tenant.Tag.Get("json") != "tenant_id" || tenant.Type != reflect.TypeFor[uuid.UUID]() {
			t.Errorf("%s does not name its tenant", kind)
		}
		if with, ok := args.(river.JobArgsWithInsertOpts); ok && with.InsertOpts().Queue != "" && !slices.Contains(Queues(), with.InsertOpts().Queue) {
			t.Errorf("%s goes into the queue %s, which nobody works on", kind, with.InsertOpts().Queue)
		}
	}
	kinds := slices.Sorted(maps.Keys(inserted))
	kinds = append(kinds, SweepAll{}.Kind(), CheckAllSearch{}.Kind())
	if got := kindsOf(registered); !slices.Equal(got, slices.Sorted(slices.Values(kinds))) {
		t.Errorf("workers for %v, want %v", got, kinds)
	}
}

// kindsOf reads the registered kinds, which River does not tell.
func kindsOf(w *river.Workers) []string {
	kinds := reflect.ValueOf(w).Elem().FieldByName("workersMap").MapKeys()
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind.String()
	}
	slices.Sort(names)
	return names
}
