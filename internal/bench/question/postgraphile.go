package question

import (
	"strconv"

	"lyceum/internal/bench/load"
)

// PostGraphile asks PostGraphile over the same database. It reads modules and lessons from the tables that authors
// write, which hold the same rows as what is published; that is how its users would.
type PostGraphile struct{ Port int }

// The documents for PostGraphile. The function peer.record_progress is in peer.sql.
const (
	peerCatalog = `query Catalog { publications(first: 20, orderBy: PUBLISHED_AT_DESC) { nodes { id slug title summary tenantInstructor { name }
		tenantCourse { modulesByTenantIdAndCourseId { nodes { id title
			lessonsByTenantIdAndModuleId(orderBy: POSITION_ASC) { nodes { id title kind durationMs } } } } } } } }`
	peerCourse = `query Course($slug: String!, $learner: UUID!, $course: UUID!) {
		publications(condition: {slug: $slug}, first: 1) { nodes { id title
			tenantCourse { modulesByTenantIdAndCourseId { nodes { id title
				lessonsByTenantIdAndModuleId(orderBy: POSITION_ASC) { nodes { id title kind durationMs } } } } } } }
		enrollments(condition: {courseId: $course, learnerId: $learner}, first: 1) { nodes { id state
			courseProgressesByTenantIdAndEnrollmentId { nodes { completedLessons requiredLessons } }
			lessonProgressesByTenantIdAndEnrollmentId { nodes { lessonId watchedMs positionMs } } } } }`
	peerDashboard = `query Dashboard($learner: UUID!) { enrollments(condition: {learnerId: $learner}, orderBy: ENROLLED_AT_DESC, first: 20) {
		nodes { id state enrolledAt tenantCourse { id slug title }
			courseProgressesByTenantIdAndEnrollmentId { nodes { completedLessons requiredLessons } } } } }`
	peerRecord = `mutation Record($enrollment: UUID!, $lesson: UUID!, $from: Int!, $to: Int!) {
		peerRecordProgress(input: {enrollment: $enrollment, lesson: $lesson, fromMs: $from, toMs: $to}) { result } }`
	peerRoster = `query Roster($course: UUID!, $first: Int!, $after: Cursor) {
		enrollments(condition: {courseId: $course}, orderBy: ENROLLED_AT_DESC, first: $first, after: $after) {
			nodes { id state enrolledAt tenantLearner { name email } tenantCourse { title } } pageInfo { endCursor } } }`
)

// Name implements Speaker.
func (PostGraphile) Name() string { return "PostGraphile" }

// Ask implements Speaker.
func (p PostGraphile) Ask(question string, v *Visitor, n int) load.Request {
	switch question {
	case "W1", "W7":
		return p.post(v, peerCatalog, nil)
	case "W2":
		return p.post(v, peerCourse, map[string]any{"slug": v.CourseSlug, "learner": v.Learner, "course": v.Course})
	case "W3":
		return p.post(v, peerDashboard, map[string]any{"learner": v.Learner})
	case "W4":
		from, to := segment(n)
		return p.post(v, peerRecord, map[string]any{
			"enrollment": v.Enrollment, "lesson": v.Lessons[n%len(v.Lessons)], "from": from, "to": to,
		})
	case "W5":
		return p.Roster(v, pageSize, v.Cursor)
	default:
		return nil
	}
}

// Roster asks for a page of the long list.
func (p PostGraphile) Roster(v *Visitor, first int, after string) load.Request {
	variables := map[string]any{"course": v.LongCourse, "first": first}
	if after != "" {
		variables["after"] = after
	}
	return p.post(v, peerRoster, variables)
}

func (p PostGraphile) post(v *Visitor, document string, variables map[string]any) load.Request {
	who := "X-Tenant: " + v.Tenant.String() + "\r\nX-Viewer: " + v.Learner.String() + "\r\n"
	return request("POST", "/graphql", "127.0.0.1:"+strconv.Itoa(p.Port), who, operation(document, variables))
}
