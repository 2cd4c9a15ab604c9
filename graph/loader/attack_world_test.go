package loader_test

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/internal/assessment"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	places "lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// files signs what its own tenant has, as the media context does.
type files struct{ db *pg.DB }

func (f files) Addresses(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]catalog.Address, error) {
	rows, err := f.db.Asset.Query().Where(asset.IDIn(ids...)).All(viewer.WholeTenant(ctx))
	signed := map[uuid.UUID]catalog.Address{}
	for _, row := range rows {
		signed[row.ID] = catalog.Address{Asset: row, URL: "https://files.example/" + row.ID.String(), ExpiresAt: time.Unix(1, 0)}
	}
	return signed, err
}

func (f files) URLs(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	signed, err := f.Addresses(ctx, ids)
	urls := map[uuid.UUID]string{}
	for id, address := range signed {
		urls[id] = address.URL
	}
	return urls, err
}

// world is two tenants that have the same, but for their marks.
type world struct {
	*pgtest.Database

	sources loader.Sources
	acme    pgtest.Tenant
	globex  pgtest.Tenant
}

func newWorld(t *testing.T) world {
	t.Helper()
	d := pgtest.New(t)
	assessed := &assessment.Service{DB: d.DB, Files: files{d.DB}}
	w := world{
		Database: d, acme: pgtest.NewTenant(t, d, "acme"), globex: pgtest.NewTenant(t, d, "globex"),
		sources: loader.Sources{
			DB: d.DB, Assessment: assessed, Catalog: &catalog.Service{DB: d.DB, Questions: assessed, Files: files{d.DB}},
			Enrollment: &places.Service{DB: d.DB}, Pathway: &pathway.Service{DB: d.DB}, Tenancy: &tenancy.Service{DB: d.DB},
		},
	}
	for _, tenant := range []pgtest.Tenant{w.acme, w.globex} {
		w.seed(t, tenant)
	}
	return w
}

// mark is in every text of the tenant.
func mark(tenant pgtest.Tenant) string { return "mark-of-" + tenant.Slug }

// seed makes something of each kind that a loader finds.
func (w world) seed(t *testing.T, tenant pgtest.Tenant) {
	t.Helper()
	ctx, text := tenant.System(t.Context()), mark(tenant)
	w.Category.Create().SetSlug("shared").SetName(text).ExecX(ctx)
	file := w.Asset.Create().SetOwnerID(tenant.Instructor).SetKind(asset.KindDOCUMENT).SetFileName(text + ".pdf").
		SetContentType("application/pdf").SetSize(7).SetSha256(strings.Repeat("a", 64)).SetBlobKey("x").SetStatus(asset.StatusREADY).SaveX(ctx)
	required := w.Course.Create().SetSlug("first").SetTitle(text).SetInstructorID(tenant.Instructor).SaveX(ctx)
	course := w.Course.Create().SetSlug("second").SetTitle(text).SetInstructorID(tenant.Instructor).SaveX(ctx)
	w.Prerequisite.Create().SetCourseID(course.ID).SetRequiresID(required.ID).ExecX(ctx)
	module := w.Module.Create().SetCourseID(course.ID).SetKey("m").SetTitle(text).SetPosition(1).SaveX(ctx)
	lesson := w.Lesson.Create().SetCourseID(course.ID).SetModuleID(module.ID).SetKey("q").SetTitle(text).SetKind(outline.Quiz).SetPosition(1).SaveX(ctx)
	w.Question.Create().SetLessonID(lesson.ID).SetKey("q").SetKind(quiz.SingleChoice).SetPrompt(text).SetPosition(1).ExecX(ctx)
	asked := w.QuestionVersion.Create().SetQuestionID(uuid.New()).SetLessonID(lesson.ID).SetContentHash("x").
		SetKind(quiz.SingleChoice).SetPromptHTML(text).SetChoices([]quiz.Choice{{Key: "a", HTML: text}}).
		SetAnswerKey(quiz.Key{Correct: []string{"a"}}).SetPoints(1).SetExplanationHTML(text).SaveX(ctx)
	version := w.version(t, tenant, course.ID, lesson.ID, file.ID, asked.ID)
	w.learn(t, tenant, version, lesson.ID, asked.ID)
	w.wait(t, tenant, required.ID, version.ID)
	w.walk(t, tenant, course.ID)
	w.gather(t, tenant)
	w.Session.Create().SetUserID(tenant.Learner).SetTokenHash([]byte("s")).SetExpiresAt(time.Now().Add(time.Hour)).SetUserAgent(text).ExecX(ctx)
	w.APIKey.Create().SetUserID(tenant.Instructor).SetName(text).SetTokenHash([]byte("k")).SetHint("h").SetScopes([]viewer.Scope{viewer.ScopeRead}).ExecX(ctx)
	w.Notification.Create().SetUserID(tenant.Learner).SetSeq(1).SetKind(notification.KindENROLLED).SetTitle(text).SetSubjectID(course.ID).ExecX(ctx)
	w.SupportGrant.Create().SetGrantedBy(tenant.Admin).SetReason(text).SetExpiresAt(time.Now().Add(time.Hour)).ExecX(ctx)
	w.AuditEntry.Create().SetSeq(1).SetAt(time.Unix(1, 0)).SetActor(text).SetRole("SYSTEM").SetAction("made").SetSubject(text).
		SetPrevious(make([]byte, 32)).SetHash([]byte{1}).ExecX(ctx)
}

// version publishes the course with one lesson, whose body links to the file.
func (w world) version(t *testing.T, tenant pgtest.Tenant, course, lesson, file, question uuid.UUID) *ent.CourseVersion {
	t.Helper()
	ctx, text := tenant.System(t.Context()), mark(tenant)
	article := uuid.New()
	made := w.CourseVersion.Create().SetCourseID(course).SetNumber(1).SetSlug("second").SetTitle(text).SetInstructorID(tenant.Instructor).
		SetContentHash("x").SetLessonCount(2).SetRequiredCount(2).SetDurationMs(0).SetPublishedBy(tenant.Instructor).
		SetCategories([]string{"shared"}).SetTags([]string{text}).
		SetOutline(outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Key: "m", Title: text, Lessons: []outline.Lesson{
			{ID: lesson, Key: "q", Title: text, Kind: outline.Quiz, Required: true, Quiz: &outline.QuizSettings{PassMark: 50, Questions: []uuid.UUID{question}}},
			{ID: article, Key: "a", Title: text, Kind: outline.Article, Required: true},
		}}}}).SaveX(ctx)
	for id, kind := range map[uuid.UUID]outline.Kind{lesson: outline.Quiz, article: outline.Article} {
		w.LessonVersion.Create().SetVersionID(made.ID).SetCourseID(course).SetLessonID(id).SetTitle(text).SetKind(kind).SetPreview(false).
			SetBodyHTML("<p>" + text + ` <a href="asset:` + file.String() + `">file</a></p>`).SetBodyText(text).
			SetAssets(map[string]uuid.UUID{"file": file}).ExecX(ctx)
	}
	w.Publication.Create().SetCourseID(course).SetVersionID(made.ID).SetNumber(1).SetSlug("second").SetTitle(text).SetInstructorID(tenant.Instructor).ExecX(ctx)
	return made
}

// learn gives the tenant's learner a place, progress, a graded attempt and a certificate.
func (w world) learn(t *testing.T, tenant pgtest.Tenant, version *ent.CourseVersion, lesson, question uuid.UUID) {
	t.Helper()
	ctx, text := tenant.System(t.Context()), mark(tenant)
	place := w.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(version.CourseID).SetVersionID(version.ID).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(tenant.Learner).SaveX(ctx)
	w.LessonProgress.Create().SetEnrollmentID(place.ID).SetLearnerID(tenant.Learner).SetLessonID(lesson).ExecX(ctx)
	w.CourseProgress.Create().SetEnrollmentID(place.ID).SetLearnerID(tenant.Learner).SetCourseID(version.CourseID).SetRequiredLessons(1).
		// So long ago that the learner is stuck, and stands in the course's report.
		SetLastActivityAt(time.Now().AddDate(0, -2, 0)).ExecX(ctx)
	w.Certificate.Create().SetEnrollmentID(place.ID).SetLearnerID(tenant.Learner).SetCourseID(version.CourseID).SetVersionID(version.ID).
		SetCode(text).SetLearnerName(text).SetCourseTitle(text).SetTenantName(text).SetLocale("en").SetCompletedAt(time.Unix(1, 0)).ExecX(ctx)
	tried := w.Attempt.Create().SetEnrollmentID(place.ID).SetLearnerID(tenant.Learner).SetLessonID(lesson).SetVersionID(version.ID).SetNumber(1).
		SetPicks([]quiz.Pick{{Question: question.String(), Choices: []string{"a"}}}).SetPassMark(50).SetStartedAt(time.Unix(1, 0)).
		SetState(attempt.StateSUBMITTED).SetMaxScore(1).SaveX(ctx)
	w.Answer.Create().SetAttemptID(tried.ID).SetLearnerID(tenant.Learner).SetQuestionID(question).SetResponse(quiz.Response{Text: text}).ExecX(ctx)
}

// gather puts the tenant's learner into a group.
func (w world) gather(t *testing.T, tenant pgtest.Tenant) {
	t.Helper()
	ctx := tenant.System(t.Context())
	group := w.Group.Create().SetKey("shared").SetName(mark(tenant)).SaveX(ctx)
	w.GroupMember.Create().SetGroupID(group.ID).SetUserID(tenant.Learner).ExecX(ctx)
}

// walk puts the tenant's learner on a path of the course.
func (w world) walk(t *testing.T, tenant pgtest.Tenant, course uuid.UUID) {
	t.Helper()
	ctx, text := tenant.System(t.Context()), mark(tenant)
	path := w.LearningPath.Create().SetSlug("shared").SetTitle(text).SetDescription(text).SetState(learningpath.StatePUBLISHED).SaveX(ctx)
	w.PathCourse.Create().SetPathID(path.ID).SetCourseID(course).SetPosition(0).SetRequired(true).ExecX(ctx)
	w.PathEnrollment.Create().SetPathID(path.ID).SetLearnerID(tenant.Learner).SetByStaff(true).SetEnrolledBy(tenant.Instructor).ExecX(ctx)
}

// wait has the tenant's learner wait for a place in the course, for a reason.
func (w world) wait(t *testing.T, tenant pgtest.Tenant, course, version uuid.UUID) {
	t.Helper()
	ctx := tenant.System(t.Context())
	place := w.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(course).SetVersionID(version).
		SetState(enrollment.StateWAITLISTED).SetTicket(1).SetSource(enrollment.SourcePURCHASE).SetEnrolledBy(tenant.Admin).SaveX(ctx)
	w.EnrollmentGrant.Create().SetEnrollmentID(place.ID).SetLearnerID(tenant.Learner).SetSource(enrollmentgrant.SourcePURCHASE).
		SetReference(mark(tenant)).SetGrantedBy(tenant.Admin).SetGrantedAt(time.Unix(1, 0)).ExecX(ctx)
	w.EnrollmentChange.Create().SetEnrollmentID(place.ID).SetLearnerID(tenant.Learner).SetAct(enrollmentchange.ActQUEUED).
		SetState(enrollmentchange.StateWAITLISTED).SetChangedBy(tenant.Admin).SetChangedAt(time.Unix(1, 0)).ExecX(ctx)
}

var idPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// rows returns all rows of the tenant in all tables, as JSON, read by somebody whom no wall stops.
func (w world) rows(t *testing.T, tenant pgtest.Tenant) string {
	t.Helper()
	conn := pgtest.Superuser(t, w.Database)
	const tables = `SELECT c.table_name FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id'`
	found, err := conn.Query(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var names []string
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := found.Err(); err != nil || len(names) < 20 {
		t.Fatalf("%d tables: %v", len(names), err)
	}
	var all strings.Builder
	for _, name := range names {
		var held string
		read := `SELECT coalesce(jsonb_agg(to_jsonb(r))::text, '') FROM "` + name + `" r WHERE tenant_id = $1`
		if err := conn.QueryRow(t.Context(), read, tenant.ID).Scan(&held); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all.WriteString(held)
	}
	return all.String()
}

// ids returns every id that stands in a row of the tenant.
func (w world) ids(t *testing.T, tenant pgtest.Tenant) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for _, text := range idPattern.FindAllString(w.rows(t, tenant), -1) {
		if id := uuid.MustParse(text); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// render writes all that can be reached from the value, except for ent's own machinery.
func render(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return render(v.Elem())
	case reflect.Struct:
		return renderStruct(v)
	case reflect.Slice, reflect.Array:
		if v.Type() == reflect.TypeFor[uuid.UUID]() {
			return uuidOf(v).String()
		}
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = render(v.Index(i))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Map:
		var parts []string
		for _, key := range v.MapKeys() {
			parts = append(parts, render(key)+":"+render(v.MapIndex(key)))
		}
		slices.Sort(parts)
		return "map[" + strings.Join(parts, " ") + "]"
	case reflect.String:
		return v.String()
	case reflect.Func:
		return "func"
	default:
		return fmt.Sprint(v)
	}
}

func renderStruct(v reflect.Value) string {
	var parts []string
	for i := range v.NumField() {
		field := v.Type().Field(i)
		// A row's own client, a lesson's way back to its course, the course that a report repeats from its key, the
		// moment of asking, and the inside of a time.
		if field.Name == "Now" || field.Name == "config" || field.Name == "selectValues" || field.Name == "Course" || field.Type == reflect.TypeFor[*time.Location]() {
			continue
		}
		parts = append(parts, field.Name+"="+render(v.Field(i)))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func uuidOf(v reflect.Value) (id uuid.UUID) {
	for i := range id {
		id[i] = byte(v.Index(i).Uint())
	}
	return id
}
