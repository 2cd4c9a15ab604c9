package question

import (
	"net/url"
	"strconv"
	"strings"

	"lyceum/internal/bench/load"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
)

// Lyceum asks Lyceum.
type Lyceum struct {
	// Called distinguishes several ways of running it.
	Called string
	// Port is where it listens; the tenant is in the host's name.
	Port int
}

// The documents for Lyceum.
const (
	lyceumCatalog = `query Catalog { courses(first: 20) { nodes { id slug title summary instructor { name }
		modules { id title lessons { id title kind durationMs } } } } }`
	lyceumCourse = `query Course($slug: String!) { course(slug: $slug) { id title modules { id title lessons { id title kind durationMs } }
		enrollment { id state progress { completedLessons requiredLessons lessons { lessonId watchedMs positionMs } } } } }`
	lyceumDashboard = `query Dashboard { myEnrollments(first: 20) { nodes { id state enrolledAt course { id slug title }
		progress { completedLessons requiredLessons } } } }`
	lyceumRecord = `mutation Record($input: RecordProgressInput!) { recordProgress(input: $input) { progress { percent } } }`
	lyceumRoster = `query Roster($course: ID!, $first: Int!, $after: Cursor) { enrollments(courseId: $course, first: $first, after: $after) {
		nodes { id state enrolledAt learner { name email } course { title } } pageInfo { endCursor } } }`
	lyceumSearch = `query Search($query: String!) { search(query: $query, first: 10) { hits { title snippet course { slug } } } }`
)

// Name implements Speaker.
func (l Lyceum) Name() string { return l.Called }

// Ask implements Speaker.
func (l Lyceum) Ask(question string, v *Visitor, n int) load.Request {
	switch question {
	case "W1":
		return l.post(v, "", lyceumCatalog, nil)
	case "W2":
		return l.post(v, v.LearnerToken, lyceumCourse, map[string]any{"slug": v.CourseSlug})
	case "W3":
		return l.post(v, v.LearnerToken, lyceumDashboard, nil)
	case "W4":
		return l.post(v, v.LearnerToken, lyceumRecord, map[string]any{"input": l.batch(v, n)})
	case "W5":
		return l.Roster(v, pageSize, v.Cursor)
	case "W6":
		// As people type a title: "course 12".
		return l.post(v, v.LearnerToken, lyceumSearch, map[string]any{"query": strings.ReplaceAll(v.CourseSlug, "-", " ")})
	case "W7":
		return l.Catalog(v, v.ETag)
	default:
		return nil
	}
}

// pageSize is how many rows a page has.
const pageSize = 20

// Roster asks for a page of the long list, as the tenant's instructor.
func (l Lyceum) Roster(v *Visitor, first int, after string) load.Request {
	variables := map[string]any{"course": id(ent.GIDCourse, v.LongCourse), "first": first}
	if after != "" {
		variables["after"] = after
	}
	return l.post(v, v.InstructorToken, lyceumRoster, variables)
}

// Catalog asks for the public catalog with GET, unless it is still the one of the tag.
func (l Lyceum) Catalog(v *Visitor, etag string) load.Request {
	headers := ""
	if etag != "" {
		headers = "If-None-Match: " + etag + "\r\n"
	}
	return request("GET", "/graphql?query="+url.QueryEscape(lyceumCatalog), l.host(v.Slug), headers, nil)
}

func (l Lyceum) batch(v *Visitor, n int) map[string]any {
	from, to := segment(n)
	return map[string]any{"enrollmentId": id(ent.GIDEnrollment, v.Enrollment), "lessons": []any{map[string]any{
		"lessonId":   id("les", v.Lessons[n%len(v.Lessons)]),
		"segments":   []any{map[string]any{"fromMs": from, "toMs": to}},
		"positionMs": to,
	}}}
}

func (l Lyceum) host(slug string) string { return slug + ".localhost:" + strconv.Itoa(l.Port) }

func (l Lyceum) post(v *Visitor, token, document string, variables map[string]any) load.Request {
	return l.Post(v.Slug, token, "", document, variables)
}

// Post writes an operation for the tenant, as the bearer of the token unless it is empty. Further headers end with CRLF each.
func (l Lyceum) Post(slug, token, headers, document string, variables map[string]any) load.Request {
	if token != "" {
		headers += "Authorization: Bearer " + token + "\r\n"
	}
	return request("POST", "/graphql", l.host(slug), headers, operation(document, variables))
}

func id(typ string, u [16]byte) string { return gid.New(typ, u).String() }
