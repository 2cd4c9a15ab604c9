package e2e

import (
	"crypto/rand"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/stack"
	"lyceum/internal/platform/feed"
)

// good is a request that succeeds.
type good struct {
	who       *stack.Persona
	variables map[string]any
	// once: it cannot be done twice.
	once bool
}

type input = map[string]any

// goods makes, for every root field that takes arguments or changes anything, requests that succeed, which
// between them use every argument there is.
var goods = map[string]func(t *testing.T, c *campus) []good{
	"Query.node": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"id": c.ids["course"]}}}
	},
	"Query.nodes": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"ids": []any{c.ids["course"]}}}}
	},
	"Query.users": func(t *testing.T, c *campus) []good {
		return []good{
			{who: c.admin, variables: input{"first": 5, "filter": input{"search": "somebody", "role": "LEARNER"}}},
			{who: c.admin, variables: input{"first": 5, "after": c.cursor(t, c.admin, "users(first: 1)")}},
		}
	},
	"Query.courses": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"first": 5, "orderBy": "TITLE", "filter": input{
			"category": c.category, "tag": "tag", "language": "en", "level": "ALL", "free": true,
		}}}, {who: c.learner, variables: input{"after": c.cursor(t, c.learner, "courses(first: 1)")}}}
	},
	"Query.course": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"id": c.ids["course"]}}, {who: c.learner, variables: input{"slug": "unheard-of"}}}
	},
	"Query.lesson": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"courseId": c.ids["course"], "id": c.ids["article"]}}}
	},
	"Query.courseDrafts": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"first": 1, "after": c.cursor(t, c.instructor, "courseDrafts(first: 1)")}}}
	},
	"Query.courseDraft": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"id": c.ids["course"]}}, {who: c.instructor, variables: input{"slug": "unheard-of"}}}
	},
	"Query.asset": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"id": c.ids["asset"]}}}
	},
	"Query.assetsByContent": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"sha256": []any{fileInput("asset of " + c.tag)["sha256"]}}}}
	},
	"Query.captionRevisions": func(t *testing.T, c *campus) []good {
		c.saveCaptions(t, "One.")
		c.saveCaptions(t, "Two.")
		after := c.cursor(t, c.instructor, `captionRevisions(first: 1, locale: "en", assetId: "`+c.ids["film"]+`")`)
		return []good{{who: c.instructor, variables: input{"assetId": c.ids["film"], "locale": "en", "first": 1, "after": after}}}
	},
	"Query.storageUsage": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"months": 3}}}
	},
	"Query.myEnrollments": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"first": 1, "after": c.cursor(t, c.learner, "myEnrollments(first: 1, state: ACTIVE, overdue: false)"), "state": "ACTIVE", "overdue": false}}}
	},
	"Query.enrollments": func(t *testing.T, c *campus) []good {
		return []good{
			{who: c.instructor, variables: input{"courseId": c.ids["course"], "first": 1, "state": "ACTIVE", "overdue": false}},
			{who: c.instructor, variables: input{"courseId": c.ids["course"], "after": c.cursor(t, c.instructor, `enrollments(first: 1, courseId: "`+c.ids["course"]+`")`)}},
		}
	},
	"Query.lessonDropOff": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"courseId": c.ids["course"], "lessonId": c.ids["video"]}}}
	},
	"Query.courseAdmission": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"courseId": c.ids["course"]}}}
	},
	"Query.groups": func(t *testing.T, c *campus) []good {
		c.group(t, c.ids["user"])
		return []good{{who: c.instructor, variables: input{"first": 1, "archived": false, "after": c.cursor(t, c.instructor, "groups(first: 1)")}}}
	},
	"Query.group": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"id": c.ids["group"]}}}
	},
	"Query.myGroups": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"first": 1, "after": c.cursor(t, c.learner, "myGroups(first: 1)")}}}
	},
	"Query.learningPaths": func(t *testing.T, c *campus) []good {
		c.path(t, "another")
		return []good{{who: c.learner, variables: input{"first": 1, "after": c.cursor(t, c.learner, "learningPaths(first: 1)")}}}
	},
	"Query.allLearningPaths": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"first": 1, "after": c.cursor(t, c.instructor, "allLearningPaths(first: 1)")}}}
	},
	"Query.learningPath": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"id": c.ids["path"]}}, {who: c.learner, variables: input{"slug": "unheard-of"}}}
	},
	"Query.myPathEnrollments": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"first": 1, "after": c.cursor(t, c.learner, "myPathEnrollments(first: 1)")}}}
	},
	"Query.pathEnrollments": func(t *testing.T, c *campus) []good {
		after := c.cursor(t, c.instructor, `pathEnrollments(first: 1, pathId: "`+c.ids["path"]+`")`)
		return []good{{who: c.instructor, variables: input{"pathId": c.ids["path"], "first": 1, "after": after}}}
	},
	"Query.attempt": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"id": c.ids["attempt"]}}}
	},
	"Query.verifyCertificate": func(_ *testing.T, c *campus) []good {
		return []good{{who: running.Visitor(c.slug), variables: input{"code": "unheard-of"}}}
	},
	"Query.search": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"query": "unheard of", "first": 5, "offset": 5, "filter": input{
			"language": "en", "level": "ALL", "category": c.category,
		}}}}
	},
	"Query.leaderboard": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		c.run(t, who, `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
			input{"e": enrollment, "l": c.lesson(t, c.ids["course"], 0)})
		settled(t)
		return []good{
			{who: who, variables: input{"courseId": c.ids["course"], "period": "MONTH", "first": 5, "around": true}},
			{who: c.learner, variables: input{"groupId": c.ids["group"], "period": "ALL", "first": 5}},
			{who: c.learner, variables: input{"period": "ALL", "first": 5, "after": c.cursor(t, c.learner, "leaderboard(first: 1, period: ALL)")}},
		}
	},
	"Query.notifications": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"first": 1, "after": c.cursor(t, c.learner, "notifications(first: 1, unreadOnly: true)"), "unreadOnly": true}}}
	},
	"Query.auditLog": func(t *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"first": 1, "subject": c.ids["course"]}}, {who: c.admin, variables: input{"after": c.cursor(t, c.admin, "auditLog(first: 1)")}}}
	},

	"Mutation.signIn": func(_ *testing.T, c *campus) []good {
		visitor := running.Visitor("")
		visitor.Address = "198.51.100.7"
		return []good{{who: visitor, variables: input{"input": input{
			"email": "learner@" + c.slug + ".example", "password": stack.Password, "tenant": c.slug,
		}}}}
	},
	"Mutation.signOut":       justOnce("LEARNER", input{}),
	"Mutation.rotateSession": justOnce("LEARNER", input{}),
	"Mutation.revokeSessions": func(t *testing.T, c *campus) []good {
		_, who := c.person(t, "LEARNER")
		own := c.ask(t, who, `{ sessions { id } }`, nil, "sessions", "0", "id")
		return []good{{who: who, variables: input{"id": own}, once: true}}
	},
	"Mutation.changePassword": justOnce("LEARNER", input{"input": input{"current": stack.Password, "new": "another lyceum-demo"}}),
	"Mutation.createApiKey": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"name": "Key", "scopes": []any{"READ"}, "expiresAt": "2090-01-01T00:00:00Z",
		}}}}
	},
	"Mutation.revokeApiKey": func(t *testing.T, c *campus) []good {
		id, _ := c.apiKey(t, c.instructor, "READ")
		return []good{{who: c.instructor, variables: input{"id": id}}}
	},
	"Mutation.createUser": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, once: true, variables: input{"input": input{
			"email": "new-" + strings.ToLower(rand.Text()[:8]) + "@" + c.slug + ".example", "name": "New", "role": "LEARNER", "password": stack.Password,
		}}}}
	},
	"Mutation.changeUserRole": onSomebody(input{"role": "INSTRUCTOR"}),
	"Mutation.suspendUser":    onSomebody(input{}),
	"Mutation.reinstateUser":  onSomebody(input{}),
	"Mutation.updateBranding": func(_ *testing.T, c *campus) []good {
		if c.slug == "acme" {
			c = campuses["globex"] // acme's colours are looked at
		}
		return []good{{who: c.admin, variables: input{"input": input{
			"accent": "#0f766e", "logoUrl": "https://globex.example/logo.png", "signatory": "Claire Fontaine, Chief Data Officer",
		}}}}
	},
	"Mutation.updatePublishingRules": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"input": input{"captionsRequired": false}}}}
	},

	"Query.supportGrants": func(t *testing.T, c *campus) []good {
		grant(t, c)
		return []good{{who: c.admin, variables: input{"first": 1, "after": c.cursor(t, c.admin, "supportGrants(first: 1)")}}}
	},
	"Mutation.grantSupport": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"input": input{"reason": "Somebody cannot sign in.", "expiresInMinutes": 5}}}}
	},
	"Mutation.revokeSupportGrant": func(t *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"id": grant(t, c)}}}
	},

	"Mutation.saveCourse": func(t *testing.T, c *campus) []good {
		required := c.ask(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { slug } }`, input{"c": c.ids["course"]}, "courseDraft", "slug")
		id := c.draft(t, "saved")
		slug := c.ask(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { slug } }`, input{"c": id}, "courseDraft", "slug")
		revision := dig[float64](t, c.run(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { revision } }`, input{"c": id}), "courseDraft", "revision")
		return []good{{who: c.instructor, once: true, variables: input{"input": input{
			"slug": slug, "title": "Saved", "summary": "Short.", "description": "*Long.*", "language": "en", "level": "BEGINNER",
			"categories": []any{c.category}, "tags": []any{"tag"}, "visibility": "MEMBERS",
			"price": input{"amount": 900, "currency": "EUR"}, "hasCertificate": false, "certificateMonths": 12, "prerequisites": []any{required},
			"completion":       input{"need": "AT_LEAST", "count": 1, "when": "completed >= 1"},
			"expectedRevision": revision,
		}}}}
	},
	"Mutation.saveModule": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"courseId": c.draft(t, "module"), "key": "m", "title": "Module", "summary": "Short.",
			"completion": input{"need": "AT_LEAST", "count": 1, "when": "completed >= 1"},
		}}}}
	},
	"Mutation.saveLesson": goodLessons,
	"Mutation.arrangeCourse": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"courseId": c.course(t, "arranged"), "modules": []any{input{"key": "m", "lessons": []any{"q", "a"}}},
		}}}}
	},
	"Mutation.publishCourse": func(t *testing.T, c *campus) []good {
		id := c.course(t, "published")
		revision := dig[float64](t, c.run(t, c.instructor, `query($c: ID!) { courseDraft(id: $c) { revision } }`, input{"c": id}), "courseDraft", "revision")
		return []good{{who: c.instructor, variables: input{"input": input{"courseId": id, "note": "First.", "expectedRevision": revision}}}}
	},
	"Mutation.unpublishCourse": onCourse(input{}),
	"Mutation.revertCourse":    onCourse(input{"number": 1}),
	"Mutation.archiveCourse":   onCourse(input{}),
	"Mutation.saveCategory": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{"slug": c.category, "name": "Category", "position": 3}}}}
	},

	"Mutation.requestUpload": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": fileInput("to be announced")}}}
	},
	"Mutation.completeUpload": func(t *testing.T, c *campus) []good {
		text := "completed by " + rand.Text()
		asset, ticket := c.announce(t, text)
		c.send(t, ticket, text)
		return []good{{who: c.instructor, variables: input{"assetId": asset}, once: true}}
	},
	"Mutation.convertAsset": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"assetId": c.ids["film"]}}}
	},
	"Mutation.saveCaptions": func(t *testing.T, c *campus) []good {
		number := c.saveCaptions(t, rand.Text())
		return []good{{who: c.instructor, once: true, variables: input{"input": input{
			"assetId": c.ids["film"], "locale": "en", "label": "English", "content": spokenFile(rand.Text()), "expectedNumber": number,
		}}}}
	},
	"Mutation.revertCaptions": func(t *testing.T, c *campus) []good {
		c.saveCaptions(t, rand.Text())
		return []good{{who: c.instructor, variables: input{"input": input{"assetId": c.ids["film"], "locale": "en", "number": 1}}}}
	},
	"Mutation.removeCaptions": func(t *testing.T, c *campus) []good {
		c.saveCaptions(t, rand.Text())
		return []good{{who: c.instructor, variables: input{"input": input{"assetId": c.ids["film"], "locale": "en"}}}}
	},

	"Mutation.signParts": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"assetId": c.announceLarge(t), "parts": []any{input{"number": 1, "sha256": strings.Repeat("ab", 32)}},
		}}}}
	},
	"Mutation.deleteAsset": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"assetId": c.upload(t, "deleted by "+rand.Text())}, once: true}}
	},
	"Mutation.restoreAsset": func(t *testing.T, c *campus) []good {
		asset := c.upload(t, "restored by "+rand.Text())
		c.run(t, c.instructor, `mutation($a: ID!) { deleteAsset(assetId: $a) { asset { status } } }`, input{"a": asset})
		return []good{{who: c.instructor, variables: input{"assetId": asset}, once: true}}
	},

	"Mutation.enroll": func(t *testing.T, c *campus) []good {
		course := c.course(t, "enroll")
		c.publish(t, course)
		return []good{{who: c.learner, variables: input{"input": input{"courseId": course}}}}
	},
	"Mutation.assignCourse": func(t *testing.T, c *campus) []good {
		course := c.course(t, "assign")
		c.publish(t, course)
		return []good{{who: c.instructor, variables: input{"input": input{
			"courseId": course, "learnerId": c.ids["user"], "dueAt": "2090-01-01T00:00:00Z", "endsAt": "2091-01-01T00:00:00Z", "invite": true,
		}}}, {who: c.admin, variables: input{"input": input{
			"courseId": course, "learnerId": c.ids["user"], "source": "PURCHASE", "reference": "order 7",
		}}}}
	},
	"Mutation.answerInvitation": func(t *testing.T, c *campus) []good {
		id, who := c.person(t, "LEARNER")
		enrollment := c.ask(t, c.instructor, `mutation($c: ID!, $u: ID!) { assignCourse(input: {courseId: $c, learnerId: $u, invite: true}) { enrollment { id } } }`,
			map[string]any{"c": c.ids["course"], "u": id}, "assignCourse", "enrollment", "id")
		return []good{{who: who, variables: input{"input": input{"enrollmentId": enrollment, "accept": true}}}}
	},
	"Mutation.revokeGrant": func(t *testing.T, c *campus) []good {
		_, enrollment, _ := c.student(t)
		return []good{{who: c.admin, variables: input{"input": input{"enrollmentId": enrollment, "source": "STAFF", "reference": ""}}}}
	},
	"Query.publishImpact": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"courseId": c.ids["course"]}}}
	},
	"Query.enrollmentMigration": func(t *testing.T, c *campus) []good {
		course, _, _ := c.remade(t)
		c.run(t, c.instructor, `mutation($c: ID!) { migrateEnrollments(input: {courseId: $c}) { migration { total } } }`, input{"c": course})
		return []good{{who: c.instructor, variables: input{"courseId": course}}}
	},
	"Mutation.migrateEnrollments": func(t *testing.T, c *campus) []good {
		course, gone, anew := c.remade(t)
		return []good{{who: c.instructor, variables: input{"input": input{
			"courseId": course, "places": "NOT_STARTED", "mapping": []any{input{"fromLessonId": gone, "toLessonId": anew}},
		}}}}
	},
	"Mutation.saveCourseAdmission": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"courseId": c.course(t, "admission"), "capacity": 10, "dueDays": 30, "equivalentIds": []any{c.ids["course"]},
		}}}}
	},
	"Mutation.saveGroup": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"input": input{"key": "group-" + strings.ToLower(rand.Text()[:8]), "name": "Class 7b"}}}}
	},
	"Mutation.archiveGroup": func(t *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"groupId": c.group(t, c.ids["user"])}}}
	},
	"Mutation.addGroupMembers": func(t *testing.T, c *campus) []good {
		id, _ := c.person(t, "LEARNER")
		return []good{{who: c.admin, variables: input{"groupId": c.group(t, c.ids["user"]), "userIds": []any{id}}}}
	},
	"Mutation.removeGroupMembers": func(t *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"groupId": c.group(t, c.ids["user"]), "userIds": []any{c.ids["user"]}}}}
	},
	"Mutation.saveLearningPath": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"slug": "path-" + strings.ToLower(rand.Text()[:8]), "title": "Path", "description": "A way.", "need": "AT_LEAST", "count": 1, "ordered": true,
			"courses": []any{input{"courseId": c.ids["course"], "required": true}}, "selfEnroll": true, "visibility": "MEMBERS", "dueDays": 30, "expectedRevision": 0,
		}}, once: true}}
	},
	"Mutation.publishLearningPath": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"id": c.draftPath(t, "draft-"+strings.ToLower(rand.Text()[:8]))}}}
	},
	"Mutation.archiveLearningPath": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"id": c.path(t, "archived")}}}
	},
	"Mutation.enrollInPath": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"pathId": c.path(t, "enroll")}}}
	},
	"Mutation.assignPath": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{
			"pathId": c.path(t, "assign"), "learnerId": c.ids["user"], "dueAt": "2090-01-01T00:00:00Z",
		}}}}
	},
	"Mutation.withdrawFromPath": func(t *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"pathEnrollmentId": c.assignPath(t, c.path(t, "left"), c.ids["user"])}}}
	},
	"Mutation.revokePathEnrollment": func(t *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"pathEnrollmentId": c.assignPath(t, c.path(t, "ended"), c.ids["user"])}}}
	},
	"Mutation.withdraw": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		return []good{{who: who, variables: input{"enrollmentId": enrollment}}}
	},
	"Mutation.recordProgress": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		return []good{{who: who, variables: input{"input": input{"enrollmentId": enrollment, "lessons": []any{
			input{"lessonId": c.ids["video"], "positionMs": 9000, "segments": []any{input{"fromMs": 1000, "toMs": 9000, "rate": 1}}, "signs": []any{0, 8000}},
		}, "sessionId": "0d9c6a52-7d0e-4a0f-8f3b-1c8b5a4e2f61", "sequence": 1, "ageMs": 0}}}}
	},
	"Mutation.completeLesson": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		return []good{{who: who, variables: input{"input": input{"enrollmentId": enrollment, "lessonId": c.ids["article"]}}}}
	},
	"Mutation.signOffLearner": func(t *testing.T, c *campus) []good {
		_, enrollment, _ := c.student(t)
		return []good{
			{who: c.instructor, variables: input{"input": input{"enrollmentId": enrollment, "partId": c.ids["article"], "note": "Well done."}}},
			{who: c.instructor, variables: input{"input": input{"enrollmentId": enrollment}}},
		}
	},
	"Mutation.recordAttendance": func(t *testing.T, c *campus) []good {
		_, enrollment, _ := c.student(t)
		return []good{{who: c.instructor, variables: input{"input": input{"enrollmentId": enrollment, "partId": c.ids["article"], "minutes": 45, "note": "On site."}}}}
	},
	"Mutation.completeForLearner": func(t *testing.T, c *campus) []good {
		_, enrollment, _ := c.student(t)
		return []good{
			{who: c.instructor, variables: input{"input": input{"enrollmentId": enrollment, "lessonId": c.ids["article"], "reason": "Seen on site."}}},
			{who: c.instructor, variables: input{"input": input{"enrollmentId": enrollment, "reason": "Seen on site."}}},
		}
	},
	"Mutation.applyCompletions": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"input": input{"courseId": c.ids["course"], "number": 1, "after": c.ids["enrollment"], "first": 50}}}}
	},
	"Query.completionPreview": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"courseId": c.ids["course"]}}}
	},
	"Query.completionReport": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"courseId": c.ids["course"], "number": 1}}, {who: c.instructor, variables: input{"courseId": c.ids["course"]}}}
	},
	"Mutation.startAttempt": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		return []good{{who: who, variables: input{"input": input{"enrollmentId": enrollment, "lessonId": c.ids["quiz"]}}}}
	},
	"Mutation.saveAnswer": goodAnswers,
	"Mutation.submitAttempt": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		attempt, _ := c.attempt(t, who, enrollment, c.ids["quiz"])
		return []good{{who: who, variables: input{"attemptId": attempt}}}
	},
	"Mutation.revokeCertificate": func(t *testing.T, c *campus) []good {
		certificate := c.newCertificate(t, "revoked")
		return []good{{who: c.instructor, variables: input{"input": input{"certificateId": certificate.ID, "reason": "A mistake."}}}}
	},
	"Mutation.setLeaderboardProfile": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"input": input{"hidden": false, "pseudonym": "Fox"}}}}
	},
	"Mutation.setTimeZone": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"timeZone": "Europe/Berlin"}}}
	},
	"Mutation.setPointRule": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"input": input{"reason": "LESSON", "points": 10}}}}
	},
	"Mutation.saveAchievement": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.admin, variables: input{"input": input{
			"key": "first-steps", "title": "First steps", "description": "A lesson", "rule": "lessons >= 1", "retired": false,
		}}}}
	},
	"Mutation.markNotificationsRead": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"ids": []any{c.ids["notification"]}}}}
	},
	"Mutation.setMailPreference": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"input": input{"kind": "ENROLLED", "wanted": false}}}}
	},

	"Subscription.assetUpdated": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"id": c.ids["asset"]}}}
	},
	"Subscription.enrollmentChanged": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.instructor, variables: input{"courseId": c.ids["course"], "after": someEvent()}}, {who: c.learner, variables: input{}}}
	},
	"Subscription.progressUpdated": func(t *testing.T, c *campus) []good {
		who, enrollment, _ := c.student(t)
		return []good{{who: who, variables: input{"enrollmentId": enrollment, "after": someEvent()}}}
	},
	"Subscription.notificationReceived": func(_ *testing.T, c *campus) []good {
		return []good{{who: c.learner, variables: input{"after": 0}}}
	},
}

// saveCaptions gives the campus's film captions that say something, and returns the number of their revision.
func (c *campus) saveCaptions(t *testing.T, said string) float64 {
	t.Helper()
	data := c.run(t, c.instructor, `mutation($i: SaveCaptionsInput!) { saveCaptions(input: $i) { revision { number } } }`,
		input{"i": input{"assetId": c.ids["film"], "locale": "en", "content": spokenFile(said)}})
	return dig[float64](t, data, "saveCaptions", "revision", "number")
}

// spokenFile is a caption file that says one thing.
func spokenFile(said string) string { return "WEBVTT\n\n00:00.000 --> 00:01.000\n" + said + "\n" }

// justOnce is a request that ends what it needs, by somebody made for it.
func justOnce(role string, variables input) func(t *testing.T, c *campus) []good {
	return func(t *testing.T, c *campus) []good {
		t.Helper()
		_, who := c.person(t, role)
		return []good{{who: who, variables: variables, once: true}}
	}
}

// onSomebody is what an admin does to a person made for it.
func onSomebody(more input) func(t *testing.T, c *campus) []good {
	return func(t *testing.T, c *campus) []good {
		t.Helper()
		id, _ := c.person(t, "LEARNER")
		return []good{{who: c.admin, variables: with(more, "id", id)}}
	}
}

// onCourse is what an instructor does to a published course made for it.
func onCourse(more input) func(t *testing.T, c *campus) []good {
	return func(t *testing.T, c *campus) []good {
		t.Helper()
		course := c.course(t, "online")
		c.publish(t, course)
		return []good{{who: c.instructor, variables: with(more, "courseId", course)}}
	}
}

func with(more input, name string, value any) input {
	all := input{name: value}
	maps.Copy(all, more)
	return all
}

// student is a new learner with a place in the campus's course.
func (c *campus) student(t *testing.T) (who *stack.Persona, enrollment, id string) {
	t.Helper()
	id, who = c.person(t, "LEARNER")
	return who, c.assign(t, c.ids["course"], id), id
}

func goodLessons(t *testing.T, c *campus) []good {
	t.Helper()
	course := c.course(t, "lessons")
	base := func(kind string, more input) good {
		in := input{
			"courseId": course, "moduleKey": "m", "key": strings.ToLower(kind), "title": "Lesson", "kind": kind, "section": "Part",
			"required": true, "preview": false, "body": "Words.", "bodyFormat": "MARKDOWN",
		}
		maps.Copy(in, more)
		return good{who: c.instructor, variables: input{"input": in}}
	}
	return []good{
		base("FILE", input{"assetId": c.ids["asset"], "attachments": []any{input{"name": "notes.txt", "assetId": c.ids["asset"]}}}),
		base("VIDEO", input{
			"url": "https://videos.example/film.mp4", "durationMs": 1000, "completion": "signed_off",
			"captions": []any{input{"locale": "en", "label": "English", "vtt": "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"}},
		}),
		base("QUIZ", input{"quiz": input{
			"passMark": 50, "attemptsAllowed": 3, "timeLimitSeconds": 600, "shuffle": true, "draw": 2, "questions": []any{
				input{
					"key": "one", "kind": "SINGLE_CHOICE", "prompt": "Which?", "format": "MARKDOWN", "points": 2, "explanation": "So.", "hints": []any{"Think."},
					"choices": []any{
						input{"key": "a", "text": "This", "correct": true, "feedback": "Yes."},
						input{"key": "b", "text": "That", "correct": false, "feedback": "No."},
					},
				},
				input{"key": "two", "kind": "NUMERIC", "prompt": "How many?", "numeric": input{
					"answer": "2", "min": 1.5, "max": 2.5, "excludeMin": true, "excludeMax": true,
				}},
				input{"key": "three", "kind": "SHORT_TEXT", "prompt": "Who?", "text": input{"accepted": []any{"I"}, "caseSensitive": true}},
			},
		}}),
	}
}

func goodAnswers(t *testing.T, c *campus) []good {
	t.Helper()
	course := c.draft(t, "questions")
	c.run(t, c.instructor, `mutation($c: ID!) {
		saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } }
		saveLesson(input: {courseId: $c, moduleKey: "m", key: "q", title: "Quiz", kind: QUIZ, quiz: {passMark: 50, shuffle: false, questions: [
			{key: "one", kind: SINGLE_CHOICE, prompt: "Which?", choices: [{key: "a", text: "This", correct: true}, {key: "b", text: "That"}]}
			{key: "two", kind: NUMERIC, prompt: "How many?", numeric: {answer: "2", min: 2, max: 2}}
			{key: "three", kind: SHORT_TEXT, prompt: "Who?", text: {accepted: ["I"]}}
		]}}) { lesson { id } }
	}`, input{"c": course})
	c.publish(t, course)
	id, who := c.person(t, "LEARNER")
	data := c.run(t, who, `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt { id questions { id kind choices { key } } } } }`,
		input{"e": c.assign(t, course, id), "l": c.lesson(t, course, 0)})
	attempt := dig[map[string]any](t, data, "startAttempt", "attempt")
	var all []good
	for _, q := range dig[[]any](t, attempt, "questions") {
		response := input{}
		switch dig[string](t, q, "kind") {
		case "NUMERIC":
			response["number"] = "2"
		case "SHORT_TEXT":
			response["text"] = "I"
		default:
			response["choices"] = []any{dig[string](t, q, "choices", "0", "key")}
		}
		all = append(all, good{who: who, variables: input{"input": input{
			"attemptId": attempt["id"], "questionId": dig[string](t, q, "id"), "response": response,
		}}})
	}
	return all
}

// someEvent is an event id that some stream might have given: who comes with another stream's is told to look again.
func someEvent() string { return feed.Topic{Kind: "another"}.Position(uuid.Nil, 1) }
