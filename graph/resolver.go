// Package graph is the GraphQL edge: resolvers, one file a context, over the services of the contexts.
// A resolver decodes, calls one service method and maps the result.
package graph

import (
	"lyceum/internal/assessment"
	"lyceum/internal/catalog"
	"lyceum/internal/compliance"
	"lyceum/internal/credential"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/learning"
	"lyceum/internal/media"
	"lyceum/internal/notification"
	"lyceum/internal/tenancy"
	"lyceum/search"
)

// Resolver holds the services that resolvers call.
type Resolver struct {
	Tenancy      *tenancy.Service
	Catalog      *catalog.Service
	Media        *media.Service
	Enrollment   *enrollment.Service
	Learning     *learning.Service
	Assessment   *assessment.Service
	Credential   *credential.Service
	Notification *notification.Service
	Compliance   *compliance.Service
	Search       *search.Service
}

var _ graphql.ResolverRoot = (*Resolver)(nil)

type (
	assetResolver                  struct{ *Resolver }
	attemptResolver                struct{ *Resolver }
	auditEntryResolver             struct{ *Resolver }
	certificateResolver            struct{ *Resolver }
	courseResolver                 struct{ *Resolver }
	courseConnectionResolver       struct{ *Resolver }
	courseDraftResolver            struct{ *Resolver }
	courseProgressResolver         struct{ *Resolver }
	courseVersionResolver          struct{ *Resolver }
	enrollmentResolver             struct{ *Resolver }
	lessonResolver                 struct{ *Resolver }
	lessonDraftResolver            struct{ *Resolver }
	lessonProgressResolver         struct{ *Resolver }
	moduleDraftResolver            struct{ *Resolver }
	mutationResolver               struct{ *Resolver }
	notificationConnectionResolver struct{ *Resolver }
	queryResolver                  struct{ *Resolver }
	quizContentResolver            struct{ *Resolver }
	sessionResolver                struct{ *Resolver }
	subscriptionResolver           struct{ *Resolver }
	userResolver                   struct{ *Resolver }
	viewerResolver                 struct{ *Resolver }
)

// Asset implements graphql.ResolverRoot.
func (r *Resolver) Asset() graphql.AssetResolver { return assetResolver{r} }

// Attempt implements graphql.ResolverRoot.
func (r *Resolver) Attempt() graphql.AttemptResolver { return attemptResolver{r} }

// AuditEntry implements graphql.ResolverRoot.
func (r *Resolver) AuditEntry() graphql.AuditEntryResolver { return auditEntryResolver{r} }

// Certificate implements graphql.ResolverRoot.
func (r *Resolver) Certificate() graphql.CertificateResolver { return certificateResolver{r} }

// Course implements graphql.ResolverRoot.
func (r *Resolver) Course() graphql.CourseResolver { return courseResolver{r} }

// CourseConnection implements graphql.ResolverRoot.
func (r *Resolver) CourseConnection() graphql.CourseConnectionResolver {
	return courseConnectionResolver{r}
}

// CourseDraft implements graphql.ResolverRoot.
func (r *Resolver) CourseDraft() graphql.CourseDraftResolver { return courseDraftResolver{r} }

// CourseProgress implements graphql.ResolverRoot.
func (r *Resolver) CourseProgress() graphql.CourseProgressResolver { return courseProgressResolver{r} }

// CourseVersion implements graphql.ResolverRoot.
func (r *Resolver) CourseVersion() graphql.CourseVersionResolver { return courseVersionResolver{r} }

// Enrollment implements graphql.ResolverRoot.
func (r *Resolver) Enrollment() graphql.EnrollmentResolver { return enrollmentResolver{r} }

// Lesson implements graphql.ResolverRoot.
func (r *Resolver) Lesson() graphql.LessonResolver { return lessonResolver{r} }

// LessonDraft implements graphql.ResolverRoot.
func (r *Resolver) LessonDraft() graphql.LessonDraftResolver { return lessonDraftResolver{r} }

// LessonProgress implements graphql.ResolverRoot.
func (r *Resolver) LessonProgress() graphql.LessonProgressResolver { return lessonProgressResolver{r} }

// ModuleDraft implements graphql.ResolverRoot.
func (r *Resolver) ModuleDraft() graphql.ModuleDraftResolver { return moduleDraftResolver{r} }

// Mutation implements graphql.ResolverRoot.
func (r *Resolver) Mutation() graphql.MutationResolver { return mutationResolver{r} }

// NotificationConnection implements graphql.ResolverRoot.
func (r *Resolver) NotificationConnection() graphql.NotificationConnectionResolver {
	return notificationConnectionResolver{r}
}

// Query implements graphql.ResolverRoot.
func (r *Resolver) Query() graphql.QueryResolver { return queryResolver{r} }

// QuizContent implements graphql.ResolverRoot.
func (r *Resolver) QuizContent() graphql.QuizContentResolver { return quizContentResolver{r} }

// Session implements graphql.ResolverRoot.
func (r *Resolver) Session() graphql.SessionResolver { return sessionResolver{r} }

// Subscription implements graphql.ResolverRoot.
func (r *Resolver) Subscription() graphql.SubscriptionResolver { return subscriptionResolver{r} }

// User implements graphql.ResolverRoot.
func (r *Resolver) User() graphql.UserResolver { return userResolver{r} }

// Viewer implements graphql.ResolverRoot.
func (r *Resolver) Viewer() graphql.ViewerResolver { return viewerResolver{r} }
