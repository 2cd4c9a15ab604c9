//go:build attack

package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/platform/gid"
)

// attackerPassword is what attackers try; it is nobody's.
const attackerPassword = "not the password of anybody"

// providers say what every argument of the schema is given: what names something of the side. A field with a new
// argument that is required, or that is an id, needs a provider here.
func (w *attackWorld) providers(t *testing.T, s *side) attack.Registry {
	t.Helper()
	all := attack.Registry{}
	for _, more := range []attack.Registry{w.queryProviders(t, s), s.mutationProviders(), s.inputProviders(), s.lessonProviders()} {
		maps.Copy(all, more)
	}
	return all
}

// ofType provides ids of the type that is asked for below, or else of courses.
func (s *side) ofType(below []string) []any {
	for _, typ := range below {
		if ids := s.ids[typ]; ids != nil {
			return anys(ids)
		}
	}
	return anys(s.ids["Course"])
}

// oneOf provides the ids of a type, one at a time.
func (s *side) oneOf(typ string) attack.Provider { return attack.Always(anys(s.ids[typ])...) }

func (s *side) text(names ...string) attack.Provider {
	var values []any
	for _, name := range names {
		values = append(values, s.texts[name])
	}
	return attack.Always(values...)
}

func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = value
	}
	return all
}

// contentLessons are the lessons in which each kind of content is found.
var contentLessons = map[string]string{
	"VideoContent": "Lesson.VIDEO", "ArticleContent": "Lesson.ARTICLE", "QuizContent": "Lesson.QUIZ",
	"FileContent": "Lesson.FILE", "LinkContent": "Lesson.LINK",
}

// lessonOf provides a lesson with the content that is asked for below.
func (s *side) lessonOf(below []string) []any {
	for _, typ := range below {
		if kind, known := contentLessons[typ]; known {
			return anys(s.ids[kind])
		}
	}
	return anys(slices.Concat(s.ids["Lesson.ARTICLE"][:1], s.ids["Lesson.VIDEO"]))
}

func (w *attackWorld) queryProviders(t *testing.T, s *side) attack.Registry {
	t.Helper()
	everything := slices.Concat(s.ids["Course"][:1], s.ids["Enrollment"], s.ids["User"], s.ids["Certificate"], s.ids["Asset"], s.ids["Session"])
	all := attack.Registry{
		"Query.node.id":   s.ofType,
		"Query.nodes.ids": attack.Always(anys(everything)),
		"Query.course.id": attack.Always(s.ids["Course"][0], attack.Omit), "Query.course.slug": attack.Always(attack.Omit, s.texts["Course.slug"]),
		"Query.courseDraft.id":                    attack.Always(s.ids["CourseDraft"][0], s.ids["CourseDraft"][1], s.ids["CourseDraft"][2], attack.Omit),
		"Query.courseDraft.slug":                  attack.Always(attack.Omit, attack.Omit, attack.Omit, s.texts["Course.slug"]),
		"Query.lesson.courseId":                   attack.Always(s.id("Course")),
		"Query.lesson.id":                         s.lessonOf,
		"Query.lessonDropOff.courseId":            attack.Always(s.id("Course")),
		"Query.lessonDropOff.lessonId":            attack.Always(s.id("Lesson.VIDEO")),
		"Query.attempt.id":                        s.oneOf("Attempt"),
		"Query.enrollments.courseId":              attack.Always(s.id("Course")),
		"Query.courseAdmission.courseId":          attack.Always(s.id("Course")),
		"Query.learningPath.id":                   attack.Always(s.ids["LearningPath"][0], s.ids["LearningPath"][1], attack.Omit),
		"Query.learningPath.slug":                 attack.Always(attack.Omit, attack.Omit, s.texts["LearningPath.slug"]),
		"Query.pathEnrollments.pathId":            s.oneOf("LearningPath"),
		"Query.auditLog.subject":                  attack.Always(attack.Omit, s.id("Course"), s.id("User")),
		"Query.assetsByContent.sha256":            attack.Always([]any{s.texts["Asset.sha256"]}),
		"Query.verifyCertificate.code":            s.text("Certificate.code", "Certificate.code revoked"),
		"Query.search.query":                      attack.Always(s.word),
		"Query.search.filter":                     attack.Always(attack.Omit, input{"category": s.texts["Category.slug"]}),
		"Query.users.filter":                      attack.Always(attack.Omit, input{"search": s.marker}, attack.Omit),
		"Query.courses.filter":                    attack.Always(attack.Omit, input{"category": s.texts["Category.slug"]}, input{"tag": s.texts["Course.tag"]}, attack.Omit),
		"Query.asset.id":                          s.oneOf("Asset"),
		"Query.captionRevisions.assetId":          s.film(),
		"Query.captionRevisions.locale":           attack.Always(attack.Omit, "en", attack.Omit),
		"Query.leaderboard.courseId":              attack.Always(attack.Omit, s.id("Course"), attack.Omit),
		"Query.leaderboard.groupId":               attack.Always(attack.Omit, attack.Omit, s.id("Group"), attack.Omit),
		"Query.group.id":                          s.oneOf("Group"),
		"Query.leaderboard.period":                attack.Always("ALL"),
		"Query.completionPreview.courseId":        attack.Always(s.id("Course.relaxed")),
		"Query.completionReport.courseId":         attack.Always(s.id("Course.relaxed")),
		"Query.publishImpact.courseId":            attack.Always(s.id("Course.remade")),
		"Query.enrollmentMigration.courseId":      attack.Always(s.id("Course.remade")),
		"Subscription.assetUpdated.id":            s.oneOf("Asset"),
		"Subscription.notificationReceived.after": attack.Always(0),

		"Subscription.enrollmentChanged.courseId":   attack.Always(s.id("Course"), attack.Omit),
		"Subscription.enrollmentChanged.after":      attack.Always(enrollment.TopicOfCourse(s.raw("Course")).Position(s.tenant, 0), attack.Omit),
		"Subscription.progressUpdated.enrollmentId": s.oneOf("Enrollment"),
		"Subscription.progressUpdated.after":        attack.Always(s.sinceEver(t)...),
	}
	for field, after := range map[string]int{
		"users": 2, "courses": 3, "courseDrafts": 1, "myEnrollments": 1, "enrollments": 1, "notifications": 1, "auditLog": 3, "supportGrants": 1, "leaderboard": 3, "groups": 1, "myGroups": 1, "captionRevisions": 2, "learningPaths": 1, "allLearningPaths": 1, "myPathEnrollments": 1, "pathEnrollments": 2,
	} {
		// The other arguments change before: a cursor goes with the ones that it came from.
		values := slices.Repeat([]any{attack.Omit}, after)
		all["Query."+field+".after"] = attack.Always(append(values, w.cursor(t, s, field))...)
	}
	all["Query.auditLog.subject"] = attack.Always(attack.Omit, s.id("Course"), s.id("User"), attack.Omit)
	return all
}

// sinceEver are the event ids from which the progress of each place is told from the beginning.
func (s *side) sinceEver(t *testing.T) []any {
	t.Helper()
	var ids []any
	for _, place := range s.ids["Enrollment"] {
		ids = append(ids, learning.Topic(rawOf(t, place)).Position(s.tenant, 0))
	}
	return ids
}

// cursor is where the first page of one of a connection ends.
func (w *attackWorld) cursor(t *testing.T, s *side, field string) string {
	t.Helper()
	arguments := "first: 1"
	switch field {
	case "leaderboard":
		arguments += ", period: ALL"
	case "enrollments":
		arguments += `, courseId: "` + s.id("Course") + `"`
	case "pathEnrollments":
		arguments += `, pathId: "` + s.id("LearningPath") + `"`
	case "captionRevisions":
		arguments += `, assetId: "` + s.ids["Asset"][1] + `"`
	}
	var data map[string]struct{ PageInfo struct{ EndCursor string } }
	w.run(t, s.tokens["admin"], s.host, `{ `+field+`(`+arguments+`) { pageInfo { endCursor } } }`, nil, &data)
	return data[field].PageInfo.EndCursor
}

// film is the asset that has captions.
func (s *side) film() attack.Provider { return attack.Always(s.ids["Asset"][1]) }

// captionsOf is a caption file that says one thing.
func captionsOf(said string) string { return "WEBVTT\n\n00:00.000 --> 00:01.000\n" + said + "\n" }

func (s *side) mutationProviders() attack.Registry {
	return attack.Registry{
		"Mutation.revokeSessions.id":        s.oneOf("Session"),
		"Mutation.revokeApiKey.id":          s.oneOf("ApiKey"),
		"Mutation.changeUserRole.id":        s.oneOf("User"),
		"Mutation.changeUserRole.role":      attack.Always("LEARNER"),
		"Mutation.suspendUser.id":           s.oneOf("User"),
		"Mutation.reinstateUser.id":         s.oneOf("User"),
		"Mutation.revokeSupportGrant.id":    s.oneOf("SupportGrant"),
		"Mutation.unpublishCourse.courseId": s.oneOf("Course"),
		"Mutation.revertCourse.courseId":    s.oneOf("Course"), "Mutation.revertCourse.number": attack.Always(1),
		"Mutation.archiveCourse.courseId":    s.oneOf("Course"),
		"Mutation.convertAsset.assetId":      s.film(),
		"Mutation.completeUpload.assetId":    attack.Always(anys(s.ids["Asset"][:2])...),
		"Mutation.deleteAsset.assetId":       s.oneOf("Asset"),
		"Mutation.restoreAsset.assetId":      attack.Always(anys(s.ids["Asset"][:3])...),
		"Mutation.withdraw.enrollmentId":     s.oneOf("Enrollment"),
		"Mutation.setTimeZone.timeZone":      attack.Always("Europe/Berlin", "UTC"),
		"Mutation.submitAttempt.attemptId":   s.oneOf("Attempt"),
		"Mutation.markNotificationsRead.ids": attack.Always(anys(s.ids["Notification"])),

		"Mutation.archiveGroup.groupId":       s.oneOf("Group"),
		"Mutation.addGroupMembers.groupId":    s.oneOf("Group"),
		"Mutation.addGroupMembers.userIds":    attack.Always([]any{s.ids["User"][2]}),
		"Mutation.removeGroupMembers.groupId": s.oneOf("Group"),
		"Mutation.removeGroupMembers.userIds": attack.Always([]any{s.ids["User"][2]}),

		"Mutation.publishLearningPath.id": s.oneOf("LearningPath"), "Mutation.archiveLearningPath.id": s.oneOf("LearningPath"),
		"Mutation.enrollInPath.pathId": s.oneOf("LearningPath"), "Mutation.withdrawFromPath.pathEnrollmentId": s.oneOf("PathEnrollment"),
		"Mutation.revokePathEnrollment.pathEnrollmentId": s.oneOf("PathEnrollment"),
	}
}

func (s *side) inputProviders() attack.Registry {
	return attack.Registry{
		"SignInInput.email": s.text("User.email"), "SignInInput.password": attack.Always(attackerPassword),
		"SignInInput.tenant":          attack.Always(s.slug),
		"ChangePasswordInput.current": attack.Always(attackPassword), "ChangePasswordInput.new": attack.Always("another long password"),
		"CreateApiKeyInput.name": attack.Always("Key"),
		"CreateUserInput.email":  s.text("User.email"), "CreateUserInput.name": attack.Always("Somebody"),
		"CreateUserInput.password": attack.Always(attackPassword), "CreateUserInput.role": attack.Always("LEARNER"),
		"GrantSupportInput.reason": attack.Always("Reason."), "GrantSupportInput.expiresInMinutes": attack.Always(5),
		"BrandingInput.accent": attack.Always("#111111"), "PublishingRulesInput.captionsRequired": attack.Always(true),
		"SaveCaptionsInput.assetId": s.film(), "SaveCaptionsInput.locale": attack.Always("en"), "SaveCaptionsInput.content": attack.Always(captionsOf("Somebody else's.")),
		"RevertCaptionsInput.assetId": s.film(), "RevertCaptionsInput.locale": attack.Always("en"), "RevertCaptionsInput.number": attack.Always(1),
		"RemoveCaptionsInput.assetId": s.film(), "RemoveCaptionsInput.locale": attack.Always("en"),

		"SaveCourseInput.slug": s.text("Course.slug"), "SaveCourseInput.title": attack.Always("Title"),
		"SaveCourseInput.prerequisites": attack.Always(attack.Omit, []any{s.texts["Course.slug base"]}),
		"SaveCourseInput.categories":    attack.Always([]any{s.texts["Category.slug"]}),
		"SaveModuleInput.courseId":      s.oneOf("Course"), "SaveModuleInput.key": s.text("Module.key"), "SaveModuleInput.title": attack.Always("Title"),
		"ArrangeCourseInput.courseId": s.oneOf("Course"), "ArrangeModuleInput.key": s.text("Module.key"),
		"ArrangeModuleInput.lessons":  attack.Always([]any{s.texts["Lesson.key"]}),
		"PublishCourseInput.courseId": s.oneOf("Course"),
		"SaveCategoryInput.slug":      s.text("Category.slug"), "SaveCategoryInput.name": attack.Always("Name"),

		"RequestUploadInput.kind": attack.Always("DOCUMENT"), "RequestUploadInput.fileName": attack.Always("notes.txt"),
		"RequestUploadInput.contentType": attack.Always("text/plain"), "RequestUploadInput.size": attack.Always(len(s.secret("Notes of"))),
		"RequestUploadInput.sha256": s.text("Asset.sha256"),
		"SignPartsInput.assetId":    attack.Always(last(s.ids["Asset"])), "SignPartInput.number": attack.Always(1),
		"SignPartInput.sha256": attack.Always(hashOf("a part")),

		"LeaderboardProfileInput.hidden": attack.Always(false), "LeaderboardProfileInput.pseudonym": attack.Always("Fox"),
		"PointRuleInput.reason": attack.Always("LESSON"), "PointRuleInput.points": attack.Always(12, 10),
		"SaveAchievementInput.key": s.text("Achievement.key"), "SaveAchievementInput.title": attack.Always("Title"),
		"SaveAchievementInput.rule": attack.Always("points >= 1"),

		"SaveGroupInput.key": s.text("Group.key"), "SaveGroupInput.name": attack.Always("Name"),

		"SaveLearningPathInput.slug": s.text("LearningPath.slug"), "SaveLearningPathInput.title": attack.Always("Title"),
		"LearningPathCourseInput.courseId": s.oneOf("Course"),
		"AssignPathInput.pathId":           s.oneOf("LearningPath"), "AssignPathInput.learnerId": attack.Always(s.ids["User"][2]),

		"EnrollInput.courseId":       s.oneOf("Course"),
		"AssignCourseInput.courseId": s.oneOf("Course"), "AssignCourseInput.learnerId": attack.Always(s.ids["User"][2]),
		"AnswerInvitationInput.enrollmentId": s.oneOf("Enrollment"), "AnswerInvitationInput.accept": attack.Always(true),
		"RevokeGrantInput.enrollmentId": s.oneOf("Enrollment"), "RevokeGrantInput.source": attack.Always("STAFF"),
		"SaveCourseAdmissionInput.courseId": s.oneOf("Course"), "SaveCourseAdmissionInput.equivalentIds": attack.Always([]any{s.ids["Course"][1]}),
		"RecordProgressInput.enrollmentId": s.oneOf("Enrollment"), "PlayedLessonInput.lessonId": attack.Always(s.id("Lesson.VIDEO")),
		"PlayedLessonInput.positionMs": attack.Always(9000), "PlayedLessonInput.signs": attack.Always([]any{0, 8000}),
		"RecordProgressInput.sessionId": attack.Always(uuid.NewString()), "RecordProgressInput.sequence": attack.Always(1),
		"RecordProgressInput.ageMs": attack.Always(0), "SegmentInput.rate": attack.Always(1),
		"SegmentInput.fromMs": attack.Always(1000), "SegmentInput.toMs": attack.Always(9000),
		"CompleteLessonInput.enrollmentId": s.oneOf("Enrollment"), "CompleteLessonInput.lessonId": attack.Always(s.id("Lesson.ARTICLE")),
		"SignOffLearnerInput.enrollmentId": s.oneOf("Enrollment"), "SignOffLearnerInput.partId": attack.Always(s.id("Lesson.LINK")),
		"RecordAttendanceInput.enrollmentId": s.oneOf("Enrollment"), "RecordAttendanceInput.partId": attack.Always(s.id("Lesson.LINK")),
		"RecordAttendanceInput.minutes":        attack.Always(5),
		"CompleteForLearnerInput.enrollmentId": s.oneOf("Enrollment"), "CompleteForLearnerInput.lessonId": attack.Always(s.id("Lesson.ARTICLE")),
		"CompleteForLearnerInput.reason":   attack.Always("Reason."),
		"MigrateEnrollmentsInput.courseId": s.oneOf("Course"), "MigrateEnrollmentsInput.places": attack.Always("NOT_COMPLETED"),
		"MigrateEnrollmentsInput.mapping": attack.Always([]any{input{"fromLessonId": s.id("Lesson.ARTICLE"), "toLessonId": s.id("Lesson.ARTICLE")}}),
		"ApplyCompletionsInput.courseId":  s.oneOf("Course"), "ApplyCompletionsInput.after": attack.Always(attack.Omit, s.id("Enrollment")), "ApplyCompletionsInput.first": attack.Always(1),
		"StartAttemptInput.enrollmentId": s.oneOf("Enrollment"), "StartAttemptInput.lessonId": attack.Always(s.id("Lesson.QUIZ")),
		"SaveAnswerInput.attemptId":            attack.Always(s.ids["Attempt"][1], s.ids["Attempt"][0]),
		"SaveAnswerInput.questionId":           attack.Always(s.id("AttemptQuestion.SHORT_TEXT")),
		"SaveAnswerInput.response":             attack.Always(input{"text": "I"}),
		"RevokeCertificateInput.certificateId": s.oneOf("Certificate"), "RevokeCertificateInput.reason": attack.Always("Reason."),
		"SetMailPreferenceInput.kind": attack.Always("ENROLLED"), "SetMailPreferenceInput.wanted": attack.Always(true),
	}
}

func (s *side) lessonProviders() attack.Registry {
	return attack.Registry{
		"SaveLessonInput.courseId": s.oneOf("Course"), "SaveLessonInput.moduleKey": s.text("Module.key"), "SaveLessonInput.key": s.text("Lesson.key"),
		"SaveLessonInput.title": attack.Always("Title"), "SaveLessonInput.kind": attack.Always("FILE"), "SaveLessonInput.assetId": attack.Always(anys(s.ids["Asset"][:2])...),
	}
}

// scene is how the victim's admin runs a mutation whose plain arguments would break what the attacks go after: on
// things made for it.
type scene struct {
	// token is "" for the admin's.
	token string
	with  attack.Registry
}

// scenes make one, by mutation. Mutations without one change nothing that matters when an admin runs them with
// the plain arguments.
func (w *attackWorld) scenes(s *side) map[string]func(t *testing.T) scene {
	f := &filling{attackWorld: w, side: s}
	return map[string]func(t *testing.T) scene{
		"signIn":             f.sceneSignIn,
		"signOut":            f.sceneAlone,
		"rotateSession":      f.sceneAlone,
		"revokeSessions":     f.sceneSessions,
		"changePassword":     f.scenePassword,
		"revokeApiKey":       fixed(attack.Registry{"Mutation.revokeApiKey.id": attack.Always(last(s.ids["ApiKey"]))}),
		"createUser":         fixed(attack.Registry{"CreateUserInput.email": attack.Always("fresh@" + s.slug + ".example")}),
		"changeUserRole":     f.onSomebody("Mutation.changeUserRole.id"),
		"suspendUser":        f.onSomebody("Mutation.suspendUser.id"),
		"reinstateUser":      f.onSomebody("Mutation.reinstateUser.id"),
		"updateBranding":     fixed(attack.Registry{"BrandingInput.accent": attack.Always("#0f766e")}),
		"saveCourse":         fixed(attack.Registry{"SaveCourseInput.slug": attack.Always("saved"), "SaveCourseInput.prerequisites": attack.Always(attack.Omit)}),
		"saveModule":         f.onCourse("SaveModuleInput.courseId", nil),
		"saveLesson":         f.onCourse("SaveLessonInput.courseId", attack.Registry{"SaveLessonInput.moduleKey": attack.Always("m"), "SaveLessonInput.key": attack.Always("fresh")}),
		"arrangeCourse":      f.onCourse("ArrangeCourseInput.courseId", attack.Registry{"ArrangeModuleInput.key": attack.Always("m"), "ArrangeModuleInput.lessons": attack.Always([]any{"article"})}),
		"publishCourse":      f.onCourse("PublishCourseInput.courseId", nil),
		"unpublishCourse":    f.onCourse("Mutation.unpublishCourse.courseId", nil),
		"revertCourse":       f.onCourse("Mutation.revertCourse.courseId", nil),
		"archiveCourse":      f.onCourse("Mutation.archiveCourse.courseId", nil),
		"saveAchievement":    fixed(attack.Registry{"SaveAchievementInput.key": attack.Always("saved")}),
		"saveGroup":          fixed(attack.Registry{"SaveGroupInput.key": attack.Always("saved")}),
		"archiveGroup":       f.onGroup("Mutation.archiveGroup.groupId"),
		"addGroupMembers":    f.onGroup("Mutation.addGroupMembers.groupId"),
		"removeGroupMembers": f.onGroup("Mutation.removeGroupMembers.groupId", "learner"),
		"saveLearningPath":   fixed(attack.Registry{"SaveLearningPathInput.slug": attack.Always("saved")}),
		"publishLearningPath": func(t *testing.T) scene {
			t.Helper()
			return scene{with: attack.Registry{"Mutation.publishLearningPath.id": attack.Always(f.draftPath(t, "draft-"+uuid.NewString()[:8], nil))}}
		},
		"archiveLearningPath":  f.onPath("Mutation.archiveLearningPath.id"),
		"enrollInPath":         f.onPath("Mutation.enrollInPath.pathId"),
		"assignPath":           f.onPath("AssignPathInput.pathId"),
		"withdrawFromPath":     f.onPathPlace("Mutation.withdrawFromPath.pathEnrollmentId"),
		"revokePathEnrollment": f.onPathPlace("Mutation.revokePathEnrollment.pathEnrollmentId"),
		"saveCategory":         fixed(attack.Registry{"SaveCategoryInput.slug": attack.Always("saved")}),
		"requestUpload":        fixed(attack.Registry{"RequestUploadInput.sha256": attack.Always(s.texts["Asset.sha256"], hashOf("something new"))}),
		"deleteAsset":          on("Mutation.deleteAsset.assetId", f.spare),
		"restoreAsset":         on("Mutation.restoreAsset.assetId", f.gone),
		"enroll":               f.onCourse("EnrollInput.courseId", nil),
		"withdraw":             f.onPlace("Mutation.withdraw.enrollmentId", nil),
		"answerInvitation":     f.onPlace("AnswerInvitationInput.enrollmentId", input{"invite": true}),
		"revokeGrant":          f.onPlace("RevokeGrantInput.enrollmentId", nil),
		"saveCourseAdmission":  f.onCourse("SaveCourseAdmissionInput.courseId", nil),
		"recordProgress":       f.sceneFilm,
		"applyCompletions":     on("ApplyCompletionsInput.courseId", f.relaxed),
		"saveAnswer":           fixed(attack.Registry{"SaveAnswerInput.attemptId": attack.Always(s.ids["Attempt"][1])}),
		"revokeCertificate":    fixed(attack.Registry{"RevokeCertificateInput.certificateId": attack.Always(last(s.ids["Certificate"]))}),
		"migrateEnrollments":   f.sceneRemade,
	}
}

func last(ids []string) string { return ids[len(ids)-1] }

func fixed(with attack.Registry) func(*testing.T) scene {
	return func(*testing.T) scene { return scene{with: with} }
}

// spare is a file that nobody uses.
func (f *filling) spare(t *testing.T) string {
	t.Helper()
	return f.uploadFile(t, "spare.txt", "DOCUMENT", "text/plain", "spare "+uuid.NewString())
}

func (f *filling) sceneSignIn(*testing.T) scene {
	return scene{with: attack.Registry{"SignInInput.password": attack.Always(attackPassword)}}
}

// sceneAlone is a session of the admin's of its own.
func (f *filling) sceneAlone(t *testing.T) scene {
	t.Helper()
	token, err := f.session(t.Context(), f.side, f.people["admin"])
	if err != nil {
		t.Fatal(err)
	}
	return scene{token: token}
}

// sceneSessions ends a session that the admin has besides.
func (f *filling) sceneSessions(t *testing.T) scene {
	t.Helper()
	alone := f.sceneAlone(t)
	var mine struct{ Sessions []struct{ ID string } }
	f.run(t, alone.token, f.host, `{ sessions { id } }`, nil, &mine)
	return scene{with: attack.Registry{"Mutation.revokeSessions.id": attack.Always(mine.Sessions[0].ID)}}
}

// scenePassword is another admin, who changes their own password.
func (f *filling) scenePassword(t *testing.T) scene {
	t.Helper()
	f.addPerson(t, "second admin", "TENANT_ADMIN", f.secret("Second"), "second@"+f.slug+".example")
	return scene{token: f.tokens["second admin"]}
}

// onSomebody is done to a person made for it.
func (f *filling) onSomebody(argument string) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		name := "p" + uuid.NewString()[:8]
		f.addPerson(t, name, "LEARNER", f.secret("Somebody"), name+"@"+f.slug+".example")
		return scene{with: attack.Registry{argument: attack.Always(gid.New("usr", f.people[name]).String())}}
	}
}

// onCourse is done to a course made for it.
func (f *filling) onCourse(argument string, with attack.Registry) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		course := f.plainCourse(t, "instructor", "fresh-"+uuid.NewString()[:8], f.marker, "MEMBERS")
		all := attack.Registry{argument: attack.Always(course)}
		maps.Copy(all, with)
		return scene{with: all}
	}
}

// onPlace is done to a place of the admin's made for it.
func (f *filling) onPlace(argument string, terms input) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		course := f.plainCourse(t, "instructor", "fresh-"+uuid.NewString()[:8], f.marker, "MEMBERS")
		return scene{with: attack.Registry{argument: attack.Always(f.assignOn(t, "instructor", course, f.people["admin"], terms))}}
	}
}

// sceneFilm is a place in a course with a film so short that it is seen to its end.
func (f *filling) sceneFilm(t *testing.T) scene {
	t.Helper()
	course := f.saveCourse(t, "instructor", input{"slug": "film", "title": f.secret("Film"), "visibility": "MEMBERS"})
	f.saveLesson(t, "instructor", course, input{
		"key": "film", "moduleKey": "m", "title": f.secret("Film"), "kind": "VIDEO", "url": "https://films.example/" + f.marker, "durationMs": 8000,
	})
	f.publish(t, "instructor", course)
	return scene{with: attack.Registry{
		"RecordProgressInput.enrollmentId": attack.Always(f.assign(t, course, f.people["admin"])),
		"PlayedLessonInput.lessonId":       attack.Always(last(f.partsOf(t, course))),
		"SegmentInput.fromMs":              attack.Always(0),
	}}
}
