package access

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// audience is who may hold an object of a type at all, the widest first. A field that leads from a wider one to
// a narrower one needs @access: there visibility changes.
type audience int

const (
	// everybody in the tenant who may see its catalog, visitors included.
	everybody audience = iota
	// place: who has a place in the course, its previews apart.
	place
	// owner: the person it is about, and staff.
	owner
	// staff: who runs the tenant's teaching, and support with a grant.
	staff
	// author: instructors and admins alone.
	author
	// admin: the tenant's admins alone.
	admin
)

// audiences says it for every type. A type that is not here fails the generation.
var audiences = map[string]audience{
	"Query": everybody, "Mutation": everybody, "Subscription": everybody, "PageInfo": everybody,
	"Tenant": everybody, "Branding": everybody, "User": everybody,
	"Category": everybody, "Price": everybody, "Course": everybody, "Module": everybody, "Lesson": everybody,
	"CourseConnection": everybody, "CourseEdge": everybody,
	"LearningPath": everybody, "LearningPathCourse": everybody, "LearningPathConnection": everybody, "LearningPathEdge": everybody,
	"CertificateVerification": everybody,
	"SearchResult":            everybody, "SearchHit": everybody, "SearchToken": everybody,

	"LessonContent": place, "VideoContent": place, "ArticleContent": place, "QuizContent": place, "FileContent": place,
	"LinkContent": place, "Caption": place, "CaptionTrack": place,

	"Viewer": owner, "Session": owner, "ApiKey": owner,
	"SignInPayload": owner, "SignOutPayload": owner, "RevokeSessionsPayload": owner, "ChangePasswordPayload": owner,
	"CreateApiKeyPayload": owner, "RevokeApiKeyPayload": owner,
	"Enrollment": owner, "EnrollmentConnection": owner, "EnrollmentEdge": owner, "EnrollmentPayload": owner,
	"EnrollmentGrant": owner, "EnrollmentChange": owner,
	"PathEnrollment": owner, "PathEnrollmentConnection": owner, "PathEnrollmentEdge": owner, "PathEnrollmentPayload": owner, "PathStep": owner,
	"EnrollmentEvent": owner, "ProgressEvent": owner, "LearnerDashboard": owner,
	"CourseProgress": owner, "LessonProgress": owner, "RecordProgressPayload": owner,
	"Completion": owner, "CompletionRule": owner, "CompletionCondition": owner, "ModuleProgress": owner, "LessonCompletion": owner, "CompletionPolicy": owner,
	"Attempt": owner, "AttemptQuestion": owner, "Choice": owner, "QuestionResponse": owner, "AttemptPayload": owner,
	"Certificate": owner, "RevokeCertificatePayload": owner,
	"Notification": owner, "NotificationConnection": owner, "NotificationEdge": owner, "MarkNotificationsReadPayload": owner,
	"MailPreference": owner, "SetMailPreferencePayload": owner,

	"Points": owner, "Streak": owner, "EarnedAchievement": owner, "LeaderboardProfile": owner, "LeaderboardProfilePayload": owner,
	"LeaderboardPlace": owner, "LeaderboardConnection": owner, "LeaderboardEdge": owner, "LeaderboardRow": owner,
	"Group": owner, "GroupConnection": owner, "GroupEdge": owner,
	"SetTimeZonePayload": owner, "PointRule": owner, "SetPointRulePayload": owner,

	"CourseReport": staff, "ProgressQuarter": staff, "StuckLearner": staff, "CompletionDay": staff,
	"Achievement": staff, "SaveAchievementPayload": staff,
	"GroupMember": staff, "GroupMemberConnection": staff, "GroupMemberEdge": staff, "GroupPayload": staff, "GroupMembersPayload": staff,
	"CompletionReport": staff, "ApplyCompletionsPayload": staff,
	"UserConnection": staff, "UserEdge": staff, "UserPayload": staff, "UpdateBrandingPayload": staff, "UpdatePublishingRulesPayload": staff,
	"CourseAdmission": staff, "SaveCourseAdmissionPayload": staff, "LearningPathPayload": staff,
	"PublishImpact": staff, "ImpactLesson": staff, "ImpactMapping": staff, "ImpactModule": staff, "RequirementChange": staff, "EnrollmentMigration": staff, "MigrateEnrollmentsPayload": staff,
	"CourseDraft": staff, "CourseDraftConnection": staff, "CourseDraftEdge": staff, "ModuleDraft": staff, "LessonDraft": staff,
	"LessonDropOff": staff, "Attachment": staff, "CourseVersion": staff, "CourseDraftPayload": staff, "SaveModulePayload": staff,
	"SaveLessonPayload": staff, "PublishCoursePayload": staff, "SaveCategoryPayload": staff,
	"Asset": staff, "Rendition": staff, "Playback": staff, "RequestUploadPayload": staff, "UploadTicket": staff, "HttpHeader": staff, "CompleteUploadPayload": staff,
	"CaptionRevision": staff, "CaptionRevisionConnection": staff, "CaptionRevisionEdge": staff, "CaptionsPayload": staff, "ConvertAssetPayload": staff,
	"SignPartsPayload": staff, "PartTicket": staff, "DeleteAssetPayload": staff, "RestoreAssetPayload": staff,

	// What is right and wrong: learners' copies of it are told after grading only, support's never.
	"QuizDraft": author, "QuestionDraft": author, "ChoiceDraft": author, "NumericKey": author, "TextKey": author,
	"QuestionResult": author,

	// How far somebody's upload is concerns nobody who only helps.
	"UploadParts": author, "UploadPart": author,

	"SupportGrant": admin, "SupportGrantConnection": admin, "SupportGrantEdge": admin, "SupportGrantPayload": admin,
	"StorageUsage": admin, "MonthlyUsage": admin,
	"AuditEntry": admin, "AuditDatum": admin, "AuditConnection": admin, "AuditEdge": admin,
}

// narrow are the fields that hold plain values and yet have an audience of their own, and why.
var narrow = map[Field]string{
	{"User", "email"}:                          "others see who teaches them, not how to write to them",
	{"User", "status"}:                         "an account's state is between the person and the tenant",
	{"Asset", "url"}:                           "the file itself leaves the building, which support does not do",
	{"Asset", "playback"}:                      "the film itself leaves the building, which support does not do",
	{"Certificate", "pdfUrl"}:                  "the document spells the name",
	{"CertificateVerification", "learnerName"}: "a pupil's name is not for everybody with the link",
}

// guard says why the field needs @access, or "" when its visibility is that of its parent.
func guard(schema *ast.Schema, field Field, definition *ast.FieldDefinition, parent audience) string {
	switch field.Object {
	case "Query", "Mutation", "Subscription":
		return "every root field has it"
	}
	if why := narrow[field]; why != "" {
		return why
	}
	result := schema.Types[definition.Type.Name()]
	if result == nil || result.IsLeafType() || result.Kind == ast.Interface {
		return ""
	}
	if found, known := audiences[result.Name]; known && found > parent {
		return "its audience is narrower than that of " + field.Object
	}
	return ""
}
