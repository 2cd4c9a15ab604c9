package learning

import (
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
)

// LessonCompleted says that a learner completed a lesson. It is announced once for each lesson and place.
type LessonCompleted struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Course     uuid.UUID `json:"course_id"`
	Lesson     uuid.UUID `json:"lesson_id"`
}

// ModuleCompleted says that a learner completed a module. It is announced once for each module and place.
type ModuleCompleted struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Course     uuid.UUID `json:"course_id"`
	Module     uuid.UUID `json:"module_id"`
}

// CourseCompleted says that a learner completed all that a course requires. It is announced once for each
// place.
type CourseCompleted struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Course     uuid.UUID `json:"course_id"`
}

var (
	_ pg.Single = LessonCompleted{}
	_ pg.Single = ModuleCompleted{}
	_ pg.Single = CourseCompleted{}
)

// Kind implements pg.Event.
func (LessonCompleted) Kind() string { return "learning.lesson_completed" }

// Kind implements pg.Event.
func (ModuleCompleted) Kind() string { return "learning.module_completed" }

// Kind implements pg.Event.
func (CourseCompleted) Kind() string { return "learning.course_completed" }

// Once implements pg.Single: a place completes a lesson once, whichever version of a rule says so.
func (e LessonCompleted) Once() string { return e.Enrollment.String() + " " + e.Lesson.String() }

// Once implements pg.Single.
func (e CourseCompleted) Once() string { return e.Enrollment.String() }

// Once implements pg.Single.
func (e ModuleCompleted) Once() string { return e.Enrollment.String() + " " + e.Module.String() }

func (st *study) lessonCompleted(lesson uuid.UUID) LessonCompleted {
	return LessonCompleted{
		ID: uuid.Must(uuid.NewV7()), Tenant: st.place.TenantID, At: st.now,
		Enrollment: st.place.ID, Learner: st.place.LearnerID, Course: st.place.CourseID, Lesson: lesson,
	}
}

func (st *study) moduleCompleted(module uuid.UUID) ModuleCompleted {
	return ModuleCompleted{
		ID: uuid.Must(uuid.NewV7()), Tenant: st.place.TenantID, At: st.now,
		Enrollment: st.place.ID, Learner: st.place.LearnerID, Course: st.place.CourseID, Module: module,
	}
}

func (st *study) courseCompleted() CourseCompleted {
	return CourseCompleted{
		ID: uuid.Must(uuid.NewV7()), Tenant: st.place.TenantID, At: st.now,
		Enrollment: st.place.ID, Learner: st.place.LearnerID, Course: st.place.CourseID,
	}
}
