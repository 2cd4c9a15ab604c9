package learning

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/attestation"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning/rule"
)

// Sitting is a place in a course and the outline that its evidence is held against.
type Sitting struct {
	Place   *ent.Enrollment
	Outline *outline.Outline
}

// Known is what is known of a place.
type Known struct {
	rule.Evidence
	Sitting

	// At is when lessons, modules and the course were completed.
	At map[uuid.UUID]time.Time
}

// Find reads what is known of the places, at most five statements however many there are. The caller has seen the
// places, so that what may be seen is decided.
func Find(ctx context.Context, client *ent.Client, now time.Time, sittings []Sitting) (map[uuid.UUID]*Known, error) {
	f := finder{client: client, all: make(map[uuid.UUID]*Known, len(sittings))}
	for _, s := range sittings {
		f.add(s, now)
	}
	steps := []func(context.Context) error{f.lessons, f.courses, f.completions}
	if f.quizzes {
		steps = append(steps, f.attempts)
	}
	if f.staff {
		steps = append(steps, f.attestations)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return f.all, nil
}

// finder reads evidence, one kind a method.
type finder struct {
	client         *ent.Client
	places         []uuid.UUID
	all            map[uuid.UUID]*Known
	quizzes, staff bool
}

func (f *finder) add(s Sitting, now time.Time) {
	e := rule.Evidence{
		Course: s.Place.CourseID, Facts: map[uuid.UUID]rule.Facts{}, Done: map[uuid.UUID]bool{},
		Now: now, Enrolled: s.Place.EnrolledAt,
	}
	if s.Place.DueAt != nil {
		e.Due = *s.Place.DueAt
	}
	f.places = append(f.places, s.Place.ID)
	f.all[s.Place.ID] = &Known{Evidence: e, Sitting: s, At: map[uuid.UUID]time.Time{}}
	quizzes, staff := rule.Wants(s.Outline)
	f.quizzes, f.staff = f.quizzes || quizzes, f.staff || staff
}

// done notes that a node was completed. What was noted first stays.
func (k *Known) done(node uuid.UUID, at *time.Time) {
	if at == nil || k.Done[node] {
		return
	}
	k.Done[node], k.At[node] = true, *at
}

// fact changes what is known of a node.
func (k *Known) fact(node uuid.UUID, change func(*rule.Facts)) {
	facts := k.Facts[node]
	change(&facts)
	k.Facts[node] = facts
}

func (f *finder) lessons(ctx context.Context) error {
	rows, err := f.client.LessonProgress.Query().
		Where(lessonprogress.EnrollmentIDIn(f.places...)).
		Select(
			lessonprogress.FieldEnrollmentID, lessonprogress.FieldLessonID, lessonprogress.FieldWatchedMs,
			lessonprogress.FieldDeclaredAt, lessonprogress.FieldCompletedAt,
		).All(ctx)
	if err != nil {
		return fmt.Errorf("read evidence: %w", err)
	}
	for _, row := range rows {
		known := f.all[row.EnrollmentID]
		known.done(row.LessonID, row.CompletedAt)
		lesson := known.Outline.Lesson(row.LessonID)
		known.fact(row.LessonID, func(facts *rule.Facts) {
			facts.WatchedSeconds = float64(row.WatchedMs) / 1000
			facts.Read = row.DeclaredAt != nil
			if lesson == nil {
				return
			}
			if lesson.DurationMS > 0 {
				facts.Watched = min(float64(row.WatchedMs)/float64(lesson.DurationMS), 1)
			}
			// Until rules asked for it, a learner's word was kept as the completion that it led to.
			facts.Read = facts.Read || row.CompletedAt != nil && onTheirWord(lesson) == nil
		})
	}
	return nil
}

func (f *finder) courses(ctx context.Context) error {
	rows, err := f.client.CourseProgress.Query().
		Where(courseprogress.EnrollmentIDIn(f.places...)).
		Select(courseprogress.FieldEnrollmentID, courseprogress.FieldCourseID, courseprogress.FieldCompletedAt).All(ctx)
	if err != nil {
		return fmt.Errorf("read progress: %w", err)
	}
	for _, row := range rows {
		f.all[row.EnrollmentID].done(row.CourseID, row.CompletedAt)
	}
	return nil
}

func (f *finder) completions(ctx context.Context) error {
	rows, err := f.client.Completion.Query().
		Where(completion.EnrollmentIDIn(f.places...), completion.NodeEQ(completion.NodeMODULE)).
		Select(completion.FieldEnrollmentID, completion.FieldNodeID, completion.FieldCompletedAt).All(ctx)
	if err != nil {
		return fmt.Errorf("read completed modules: %w", err)
	}
	for _, row := range rows {
		f.all[row.EnrollmentID].done(row.NodeID, &row.CompletedAt)
	}
	return nil
}

// tries are the graded attempts at one quiz.
type tries struct {
	Enrollment uuid.UUID `json:"enrollment_id"`
	Lesson     uuid.UUID `json:"lesson_id"`
	Count      int       `json:"count"`
	Best       float64   `json:"best"`
	Passed     bool      `json:"any_passed"`
}

func (f *finder) attempts(ctx context.Context) error {
	var rows []tries
	err := f.client.Attempt.Query().
		Where(attempt.EnrollmentIDIn(f.places...), attempt.StateNEQ(attempt.StateIN_PROGRESS)).
		GroupBy(attempt.FieldEnrollmentID, attempt.FieldLessonID).
		Aggregate(ent.Count(), best, passed).
		Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	for _, row := range rows {
		f.all[row.Enrollment].fact(row.Lesson, func(facts *rule.Facts) {
			facts.QuizAttempts, facts.QuizScore, facts.QuizPassed = row.Count, row.Best, row.Passed
		})
	}
	return nil
}

// best is the best share of the points; a quiz without points gives none.
func best(s *sql.Selector) string {
	return sql.As("coalesce(max("+s.C(attempt.FieldScore)+" / nullif("+s.C(attempt.FieldMaxScore)+", 0)), 0)", "best")
}

func passed(s *sql.Selector) string {
	return sql.As("bool_or("+s.C(attempt.FieldPassed)+")", "any_passed")
}

func (f *finder) attestations(ctx context.Context) error {
	rows, err := f.client.Attestation.Query().
		Where(attestation.EnrollmentIDIn(f.places...)).
		Select(attestation.FieldEnrollmentID, attestation.FieldNodeID, attestation.FieldKind, attestation.FieldMinutes).All(ctx)
	if err != nil {
		return fmt.Errorf("read attestations: %w", err)
	}
	for _, row := range rows {
		f.all[row.EnrollmentID].fact(row.NodeID, func(facts *rule.Facts) {
			facts.AttendanceMinutes += row.Minutes
			facts.SignedOff = facts.SignedOff || row.Kind == attestation.KindSIGN_OFF
		})
	}
	return nil
}
