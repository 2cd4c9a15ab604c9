// Package graph is the GraphQL edge: resolvers, one file a context, over the services of the contexts.
// A resolver decodes, calls one service method and maps the result.
package graph

import (
	"lyceum/graph/access"
	"lyceum/internal/analytics"
	"lyceum/internal/assessment"
	"lyceum/internal/catalog"
	"lyceum/internal/compliance"
	"lyceum/internal/credential"
	"lyceum/internal/engagement"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/learning"
	"lyceum/internal/media"
	"lyceum/internal/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/tenancy"
	"lyceum/search"
)

// Services are what resolvers call.
type Services struct {
	Directory    *tenancy.Directory
	Tenancy      *tenancy.Service
	Catalog      *catalog.Service
	Media        *media.Service
	Enrollment   *enrollment.Service
	Pathway      *pathway.Service
	Learning     *learning.Service
	Assessment   *assessment.Service
	Credential   *credential.Service
	Notification *notification.Service
	Engagement   *engagement.Service
	Dashboards   *analytics.Dashboards
	Compliance   *compliance.Service
	Search       *search.Service
	Guesses      Guesses
}

// Resolver is the root of all resolvers.
type Resolver struct {
	services *Services
	// executed leaves every field to gqlgen's executor.
	executed bool
	// access says what may be seen of objects that are written straight to JSON.
	access *access.Access
}

// NewResolver returns the root over the services.
func NewResolver(services *Services) *Resolver { return &Resolver{services: services} }

// Lean implements lean.Switch.
func (r *Resolver) Lean() bool { return !r.executed }

var _ graphql.ResolverRoot = (*Resolver)(nil)

type (
	assetResolver                  struct{ services *Services }
	attemptResolver                struct{ services *Services }
	auditEntryResolver             struct{ services *Services }
	certificateResolver            struct{ services *Services }
	completionResolver             struct{ services *Services }
	completionConditionResolver    struct{ services *Services }
	courseResolver                 struct{ services *Services }
	courseConnectionResolver       struct{ services *Services }
	courseDraftResolver            struct{ services *Services }
	courseProgressResolver         struct{ services *Services }
	courseVersionResolver          struct{ services *Services }
	enrollmentResolver             struct{ services *Services }
	enrollmentGrantResolver        struct{ services *Services }
	enrollmentChangeResolver       struct{ services *Services }
	courseAdmissionResolver        struct{ services *Services }
	impactLessonResolver           struct{ services *Services }
	enrollmentEventResolver        struct{ services *Services }
	courseReportResolver           struct{ services *Services }
	learnerDashboardResolver       struct{ services *Services }
	groupResolver                  struct{ services *Services }
	groupMemberResolver            struct{ services *Services }
	learningPathResolver           struct{ services *Services }
	learningPathCourseResolver     struct{ services *Services }
	pathEnrollmentResolver         struct{ services *Services }
	pathStepResolver               struct{ services *Services }
	stuckLearnerResolver           struct{ services *Services }
	lessonResolver                 struct{ services *Services }
	lessonCompletionResolver       struct{ services *Services }
	lessonDraftResolver            struct{ services *Services }
	lessonProgressResolver         struct{ services *Services }
	moduleDraftResolver            struct{ services *Services }
	moduleProgressResolver         struct{ services *Services }
	mutationResolver               struct{ services *Services }
	notificationConnectionResolver struct{ services *Services }
	progressEventResolver          struct{ services *Services }
	queryResolver                  struct{ services *Services }
	quizContentResolver            struct{ services *Services }
	sessionResolver                struct{ services *Services }
	subscriptionResolver           struct{ services *Services }
	supportGrantResolver           struct{ services *Services }
	captionRevisionResolver        struct{ services *Services }
	viewerResolver                 struct{ services *Services }
)

// Asset implements graphql.ResolverRoot.
func (r *Resolver) Asset() graphql.AssetResolver { return assetResolver{r.services} }

// Attempt implements graphql.ResolverRoot.
func (r *Resolver) Attempt() graphql.AttemptResolver { return attemptResolver{r.services} }

// AuditEntry implements graphql.ResolverRoot.
func (r *Resolver) AuditEntry() graphql.AuditEntryResolver { return auditEntryResolver{r.services} }

// Certificate implements graphql.ResolverRoot.
func (r *Resolver) Certificate() graphql.CertificateResolver { return certificateResolver{r.services} }

// Completion implements graphql.ResolverRoot.
func (r *Resolver) Completion() graphql.CompletionResolver { return completionResolver{r.services} }

// CompletionCondition implements graphql.ResolverRoot.
func (r *Resolver) CompletionCondition() graphql.CompletionConditionResolver {
	return completionConditionResolver{r.services}
}

// Course implements graphql.ResolverRoot.
func (r *Resolver) Course() graphql.CourseResolver { return courseResolver{r.services} }

// CourseConnection implements graphql.ResolverRoot.
func (r *Resolver) CourseConnection() graphql.CourseConnectionResolver {
	return courseConnectionResolver{r.services}
}

// CourseDraft implements graphql.ResolverRoot.
func (r *Resolver) CourseDraft() graphql.CourseDraftResolver { return courseDraftResolver{r.services} }

// CourseProgress implements graphql.ResolverRoot.
func (r *Resolver) CourseProgress() graphql.CourseProgressResolver {
	return courseProgressResolver{r.services}
}

// CourseVersion implements graphql.ResolverRoot.
func (r *Resolver) CourseVersion() graphql.CourseVersionResolver {
	return courseVersionResolver{r.services}
}

// Enrollment implements graphql.ResolverRoot.
func (r *Resolver) Enrollment() graphql.EnrollmentResolver { return enrollmentResolver{r.services} }

// EnrollmentGrant implements graphql.ResolverRoot.
func (r *Resolver) EnrollmentGrant() graphql.EnrollmentGrantResolver {
	return enrollmentGrantResolver{r.services}
}

// EnrollmentChange implements graphql.ResolverRoot.
func (r *Resolver) EnrollmentChange() graphql.EnrollmentChangeResolver {
	return enrollmentChangeResolver{r.services}
}

// CourseAdmission implements graphql.ResolverRoot.
func (r *Resolver) CourseAdmission() graphql.CourseAdmissionResolver {
	return courseAdmissionResolver{r.services}
}

// ImpactLesson implements graphql.ResolverRoot.
func (r *Resolver) ImpactLesson() graphql.ImpactLessonResolver {
	return impactLessonResolver{r.services}
}

// EnrollmentEvent implements graphql.ResolverRoot.
func (r *Resolver) EnrollmentEvent() graphql.EnrollmentEventResolver {
	return enrollmentEventResolver{r.services}
}

// Group implements graphql.ResolverRoot.
func (r *Resolver) Group() graphql.GroupResolver { return groupResolver{r.services} }

// GroupMember implements graphql.ResolverRoot.
func (r *Resolver) GroupMember() graphql.GroupMemberResolver { return groupMemberResolver{r.services} }

// LearningPath implements graphql.ResolverRoot.
func (r *Resolver) LearningPath() graphql.LearningPathResolver {
	return learningPathResolver{r.services}
}

// LearningPathCourse implements graphql.ResolverRoot.
func (r *Resolver) LearningPathCourse() graphql.LearningPathCourseResolver {
	return learningPathCourseResolver{r.services}
}

// PathEnrollment implements graphql.ResolverRoot.
func (r *Resolver) PathEnrollment() graphql.PathEnrollmentResolver {
	return pathEnrollmentResolver{r.services}
}

// PathStep implements graphql.ResolverRoot.
func (r *Resolver) PathStep() graphql.PathStepResolver { return pathStepResolver{r.services} }

// Lesson implements graphql.ResolverRoot.
func (r *Resolver) Lesson() graphql.LessonResolver { return lessonResolver{r.services} }

// LessonCompletion implements graphql.ResolverRoot.
func (r *Resolver) LessonCompletion() graphql.LessonCompletionResolver {
	return lessonCompletionResolver{r.services}
}

// LessonDraft implements graphql.ResolverRoot.
func (r *Resolver) LessonDraft() graphql.LessonDraftResolver { return lessonDraftResolver{r.services} }

// LessonProgress implements graphql.ResolverRoot.
func (r *Resolver) LessonProgress() graphql.LessonProgressResolver {
	return lessonProgressResolver{r.services}
}

// ModuleDraft implements graphql.ResolverRoot.
func (r *Resolver) ModuleDraft() graphql.ModuleDraftResolver { return moduleDraftResolver{r.services} }

// ModuleProgress implements graphql.ResolverRoot.
func (r *Resolver) ModuleProgress() graphql.ModuleProgressResolver {
	return moduleProgressResolver{r.services}
}

// Mutation implements graphql.ResolverRoot.
func (r *Resolver) Mutation() graphql.MutationResolver { return mutationResolver{r.services} }

// NotificationConnection implements graphql.ResolverRoot.
func (r *Resolver) NotificationConnection() graphql.NotificationConnectionResolver {
	return notificationConnectionResolver{r.services}
}

// ProgressEvent implements graphql.ResolverRoot.
func (r *Resolver) ProgressEvent() graphql.ProgressEventResolver {
	return progressEventResolver{r.services}
}

// Query implements graphql.ResolverRoot.
func (r *Resolver) Query() graphql.QueryResolver { return queryResolver{r.services} }

// QuizContent implements graphql.ResolverRoot.
func (r *Resolver) QuizContent() graphql.QuizContentResolver { return quizContentResolver{r.services} }

// Session implements graphql.ResolverRoot.
func (r *Resolver) Session() graphql.SessionResolver { return sessionResolver{r.services} }

// Subscription implements graphql.ResolverRoot.
func (r *Resolver) Subscription() graphql.SubscriptionResolver {
	return subscriptionResolver{r.services}
}

// CaptionRevision implements graphql.ResolverRoot.
func (r *Resolver) CaptionRevision() graphql.CaptionRevisionResolver {
	return captionRevisionResolver{r.services}
}

// SupportGrant implements graphql.ResolverRoot.
func (r *Resolver) SupportGrant() graphql.SupportGrantResolver {
	return supportGrantResolver{r.services}
}

// Viewer implements graphql.ResolverRoot.
func (r *Resolver) Viewer() graphql.ViewerResolver { return viewerResolver{r.services} }

// CourseReport implements graphql.ResolverRoot.
func (r *Resolver) CourseReport() graphql.CourseReportResolver {
	return courseReportResolver{r.services}
}

// LearnerDashboard implements graphql.ResolverRoot.
func (r *Resolver) LearnerDashboard() graphql.LearnerDashboardResolver {
	return learnerDashboardResolver{r.services}
}

// StuckLearner implements graphql.ResolverRoot.
func (r *Resolver) StuckLearner() graphql.StuckLearnerResolver {
	return stuckLearnerResolver{r.services}
}
