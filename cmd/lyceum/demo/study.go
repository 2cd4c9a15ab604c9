package demo

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/gid"
)

// everything is as many lessons as there are.
const everything = math.MaxInt

// Times of a study.
const (
	// dueIn is how long learners get for what is assigned to them.
	dueIn = 14 * 24 * time.Hour
	// patience bounds the wait for the workers.
	patience = 30 * time.Second
	// lookEvery is how often one looks whether they are done.
	lookEvery = 50 * time.Millisecond
)

// study is how far a learner has come in a course.
type study struct {
	// learner is a mailbox, course a slug.
	learner, course string
	// lessons is how many required lessons, from the first on, are completed.
	lessons int
	// assigned says that the instructor gave the course to the learner.
	assigned bool
	// revoked is why the certificate was revoked, "" when it was not.
	revoked string
}

// place is a learner's enrollment with what hangs on it.
type place struct {
	*ent.Enrollment

	completed   int
	certificate *ent.Certificate
}

// find returns the place of a study, nil when there is none.
func (r *room) find(ctx context.Context, s study) (*place, error) {
	ctx = r.operator(ctx)
	learner, err := r.DB.User.Query().Where(user.Email(r.Email(s.learner))).OnlyID(ctx)
	if err != nil {
		return nil, fmt.Errorf("find learner: %w", err)
	}
	offered, err := r.DB.Course.Query().Where(course.Slug(s.course)).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("find course: %w", err)
	}
	found, err := r.DB.Enrollment.Query().
		Where(enrollment.LearnerID(learner), enrollment.CourseIDIn(offered...)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // there is no place yet
	} else if err != nil {
		return nil, fmt.Errorf("find enrollment: %w", err)
	}
	p := &place{Enrollment: found}
	progress, err := r.DB.CourseProgress.Query().Where(courseprogress.EnrollmentID(found.ID)).Only(ctx)
	if err == nil {
		p.completed = progress.CompletedRequired
	} else if !ent.IsNotFound(err) {
		return nil, fmt.Errorf("find progress: %w", err)
	}
	p.certificate, err = r.DB.Certificate.Query().Where(certificate.EnrollmentID(found.ID)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("find certificate: %w", err)
	}
	return p, nil
}

// certified says whether the workers have drawn all consequences of a completed course.
func (p *place) certified() bool {
	return p.State == enrollment.StateCOMPLETED && p.certificate != nil && p.certificate.PdfKey != ""
}

// isDone says whether a study is as it should be, or was left by somebody since.
func (r *room) isDone(ctx context.Context, s study) (bool, error) {
	p, err := r.find(ctx, s)
	switch {
	case err != nil || p == nil:
		return false, err
	case p.State == enrollment.StateWITHDRAWN:
		return true, nil
	case s.lessons < everything:
		return p.completed >= s.lessons, nil
	default:
		return p.certified() && (s.revoked == "" || p.certificate.RevokedAt != nil), nil
	}
}

// learn takes a study as far as it should be.
func (r *room) learn(ctx context.Context, s study) error {
	me, err := r.as(ctx, s.learner)
	if err != nil {
		return err
	}
	c, err := r.enter(ctx, me, s)
	if err != nil {
		return err
	}
	left := s.lessons
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			if !l.Required || left == 0 {
				continue
			}
			left--
			if l.Progress.State == "COMPLETED" {
				continue
			}
			if err := r.take(ctx, me, c.Enrollment.ID, l); err != nil {
				return fmt.Errorf("lesson %s: %w", l.Key, err)
			}
		}
	}
	if s.lessons < everything {
		return nil
	}
	return r.certify(ctx, s)
}

// syllabus is a course as its learner sees it.
type syllabus struct {
	ID         string
	Enrollment struct{ ID string }
	Modules    []struct{ Lessons []lesson }
}

type lesson struct {
	ID, Key, Kind string
	Required      bool
	DurationMs    int
	Progress      struct{ State string }
}

// enter gives the learner the place, and returns the course with it.
func (r *room) enter(ctx context.Context, me caller, s study) (*syllabus, error) {
	read := func() (*syllabus, error) {
		var data struct{ Course *syllabus }
		if err := me.run(ctx, r.documents.Text("course"), map[string]any{"slug": s.course}, &data); err != nil {
			return nil, err
		}
		if data.Course == nil {
			return nil, fmt.Errorf("%s sees no course %s", s.learner, s.course)
		}
		return data.Course, nil
	}
	c, err := read()
	if err != nil || c.Enrollment.ID != "" {
		return c, err
	}
	if s.assigned {
		err = r.assign(ctx, s, c.ID)
	} else {
		err = me.run(ctx, r.documents.Text("enroll"), map[string]any{"courseId": c.ID}, &struct{}{})
	}
	if err != nil {
		return nil, err
	}
	return read()
}

// assign lets the instructor give the course to the learner.
func (r *room) assign(ctx context.Context, s study, courseID string) error {
	const document = `mutation($input: AssignCourseInput!) { assignCourse(input: $input) { enrollment { id } } }`
	teacher, err := r.as(ctx, Instructor)
	if err != nil {
		return err
	}
	learner, err := r.DB.User.Query().Where(user.Email(r.Email(s.learner))).Only(r.operator(ctx))
	if err != nil {
		return fmt.Errorf("find learner: %w", err)
	}
	return teacher.run(ctx, document, map[string]any{"input": map[string]any{
		"courseId": courseID, "learnerId": learner.GlobalID().String(), "dueAt": time.Now().Add(dueIn).UTC().Format(time.RFC3339),
	}}, &struct{}{})
}

// take does what completes a lesson of its kind.
func (r *room) take(ctx context.Context, me caller, enrollmentID string, l lesson) error {
	switch {
	case l.Kind == "QUIZ":
		return r.answer(ctx, me, enrollmentID, l)
	case l.Kind == "VIDEO" && l.DurationMs > 0:
		played := map[string]any{
			"lessonId": l.ID, "positionMs": l.DurationMs,
			"segments": []map[string]int{{"fromMs": 0, "toMs": l.DurationMs}},
		}
		variables := map[string]any{"enrollmentId": enrollmentID, "lessons": []any{played}}
		return me.run(ctx, r.documents.Text("record-progress"), variables, &struct{}{})
	default:
		variables := map[string]any{"enrollmentId": enrollmentID, "lessonId": l.ID}
		return me.run(ctx, r.documents.Text("complete-lesson"), variables, &struct{}{})
	}
}

// answer takes a quiz and knows everything.
func (r *room) answer(ctx context.Context, me caller, enrollmentID string, l lesson) error {
	var started struct {
		StartAttempt struct {
			Attempt struct {
				ID        string
				Questions []struct{ ID string }
			}
		}
	}
	variables := map[string]any{"enrollmentId": enrollmentID, "lessonId": l.ID}
	if err := me.run(ctx, r.documents.Text("start-attempt"), variables, &started); err != nil {
		return err
	}
	attempt := started.StartAttempt.Attempt
	for _, q := range attempt.Questions {
		response, err := r.solve(ctx, q.ID)
		if err != nil {
			return err
		}
		variables := map[string]any{"attemptId": attempt.ID, "questionId": q.ID, "response": response}
		if err := me.run(ctx, r.documents.Text("save-answer"), variables, &struct{}{}); err != nil {
			return err
		}
	}
	return me.run(ctx, r.documents.Text("submit-attempt"), map[string]any{"attemptId": attempt.ID}, &struct{}{})
}

// solve looks the right response up where no learner can: in the database.
func (r *room) solve(ctx context.Context, questionID string) (map[string]any, error) {
	id, err := gid.Parse(questionID)
	if err != nil {
		return nil, fmt.Errorf("read question id: %w", err)
	}
	question, err := r.DB.QuestionVersion.Get(r.operator(ctx), id.UUID)
	if err != nil {
		return nil, fmt.Errorf("find question: %w", err)
	}
	key := question.AnswerKey
	switch question.Kind {
	case quiz.Numeric:
		middle := (key.Numeric.Min + key.Numeric.Max) / 2
		return map[string]any{"number": strconv.FormatFloat(middle, 'f', -1, 64)}, nil
	case quiz.ShortText:
		return map[string]any{"text": key.Text.Accepted[0]}, nil
	default:
		return map[string]any{"choices": append([]string{}, key.Correct...)}, nil
	}
}

// certify waits for the certificate of a completed course, and revokes it where the study says so.
func (r *room) certify(ctx context.Context, s study) error {
	p, err := r.await(ctx, s)
	if err != nil || s.revoked == "" || p.certificate.RevokedAt != nil {
		return err
	}
	const document = `mutation($input: RevokeCertificateInput!) { revokeCertificate(input: $input) { certificate { id } } }`
	admin, err := r.as(ctx, Admin)
	if err != nil {
		return err
	}
	return admin.run(ctx, document, map[string]any{
		"input": map[string]any{"certificateId": p.certificate.GlobalID().String(), "reason": s.revoked},
	}, &struct{}{})
}

// await returns the place once the workers have issued and printed its certificate.
func (r *room) await(ctx context.Context, s study) (*place, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		p, err := r.find(ctx, s)
		if err != nil || (p != nil && p.certified()) {
			return p, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no certificate within %v: %w", patience, ctx.Err())
		case <-tick.C:
		}
	}
}
