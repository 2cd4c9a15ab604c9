package graph

import (
	"context"
	"time"

	"lyceum/graph/access"
	"lyceum/graph/loader"
	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/viewer"
)

// now answers fields at once, while objects are written straight to JSON: by the resolvers themselves, once it is known
// that what they ask the loaders for is loaded. Whatever it cannot answer, and every error, is left to the executor, which
// calls the same resolvers again. It lives while one object or list is written.
type now struct {
	ctx    context.Context //nolint:containedctx // see above
	access *access.Access
	asker  *viewer.Viewer
	set    *loader.Set
}

var _ graphql.LeanNow = (*now)(nil)

// guardedBy tells the resolvers who knows what may be seen.
func (r *Resolver) guardedBy(fields *access.Access) { r.access = fields }

// LeanNow returns who answers at once below the context's field; nobody does before guardedBy.
func (r *Resolver) LeanNow(ctx context.Context) graphql.LeanNow {
	if r.access == nil {
		return nil
	}
	return &now{ctx: ctx, access: r.access}
}

// Sees implements graphql.LeanNow.
func (n *now) Sees(object, field string, parent any) bool {
	if n.asker == nil {
		v := access.Asker(n.ctx)
		n.asker = &v
	}
	return n.access.Open(*n.asker, access.Field{Object: object, Name: field}, parent)
}

// loaders are those of the response, which are looked for once.
func (n *now) loaders() *loader.Set {
	if n.set == nil {
		n.set = loader.From(n.ctx)
	}
	return n.set
}

// known is what a resolver answered, if it did.
func known[T any](value T, err error) (T, bool) { return value, err == nil }

// CourseInstructor implements graphql.LeanNow.
func (n *now) CourseInstructor(c *catalog.Course) (*ent.User, bool) {
	if !n.loaders().User.Known(c.InstructorID) {
		return nil, false
	}
	return known(instructorOf(n.ctx, n.loaders(), c))
}

// CourseEnrollment implements graphql.LeanNow.
func (n *now) CourseEnrollment(c *catalog.Course) (*ent.Enrollment, bool) {
	if !n.loaders().Place.Known(c.CourseID) {
		return nil, false
	}
	return known(enrollmentIn(n.ctx, n.loaders(), c))
}

// EnrollmentLearner implements graphql.LeanNow.
func (n *now) EnrollmentLearner(e *ent.Enrollment) (*ent.User, bool) {
	if !n.loaders().User.Known(e.LearnerID) {
		return nil, false
	}
	return known(learnerOf(n.ctx, n.loaders(), e))
}

// EnrollmentCourse implements graphql.LeanNow.
func (n *now) EnrollmentCourse(e *ent.Enrollment) (*catalog.Course, bool) {
	if !n.loaders().Version.Known(e.VersionID) {
		return nil, false
	}
	return known(courseOf(n.ctx, n.loaders(), e))
}

// EnrollmentProgress implements graphql.LeanNow. Of a place without evidence the course says what there is to do.
func (n *now) EnrollmentProgress(e *ent.Enrollment) (*ent.CourseProgress, bool) {
	set := n.loaders()
	if !set.CourseProgress.Known(e.ID) {
		return nil, false
	}
	if _, err := set.CourseProgress.Load(n.ctx, e.ID); loader.IsNotFound(err) && !set.Version.Known(e.VersionID) {
		return nil, false
	}
	return known(progressOf(n.ctx, set, e))
}

// EnrollmentOverdue implements graphql.LeanNow.
func (n *now) EnrollmentOverdue(e *ent.Enrollment) (overdue, sure bool) {
	return known(enrollmentResolver{}.Overdue(n.ctx, e))
}

// CourseProgressState implements graphql.LeanNow.
func (n *now) CourseProgressState(p *ent.CourseProgress) (model.ProgressState, bool) {
	return known(courseProgressResolver{}.State(n.ctx, p))
}

// CourseProgressPercent implements graphql.LeanNow.
func (n *now) CourseProgressPercent(p *ent.CourseProgress) (int, bool) {
	return known(courseProgressResolver{}.Percent(n.ctx, p))
}

// CourseProgressLastActivityAt implements graphql.LeanNow.
func (n *now) CourseProgressLastActivityAt(p *ent.CourseProgress) (*time.Time, bool) {
	return known(courseProgressResolver{}.LastActivityAt(n.ctx, p))
}

// CourseProgressLessons implements graphql.LeanNow.
func (n *now) CourseProgressLessons(p *ent.CourseProgress) ([]*ent.LessonProgress, bool) {
	if !n.loaders().Evidence.Known(p.EnrollmentID) {
		return nil, false
	}
	return known(evidenceOf(n.ctx, n.loaders(), p))
}

// LessonProgressLessonID implements graphql.LeanNow.
func (n *now) LessonProgressLessonID(p *ent.LessonProgress) (*gid.ID, bool) {
	return known(lessonProgressResolver{}.LessonID(n.ctx, p))
}

// LessonProgressState implements graphql.LeanNow.
func (n *now) LessonProgressState(p *ent.LessonProgress) (model.ProgressState, bool) {
	return known(lessonProgressResolver{}.State(n.ctx, p))
}
