package main

import (
	"testing"

	"lyceum/internal/viewer"
)

// askInvited accepts an invitation to a sized course.
func (s *school) askInvited(t *testing.T, n int) asked {
	t.Helper()
	token := s.signIn(t, s.person(t, viewer.Learner))
	var me struct {
		Viewer struct{ User struct{ ID string } }
	}
	s.must(t, token, `{ viewer { user { id } } }`, nil, &me)
	var made struct {
		AssignCourse struct{ Enrollment struct{ ID string } }
	}
	invite := map[string]any{"courseId": s.sized[n].id, "learnerId": me.Viewer.User.ID, "invite": true}
	s.must(t, s.instructor, `mutation($i: AssignCourseInput!) { assignCourse(input: $i) { enrollment { id } } }`, map[string]any{"i": invite}, &made)
	return asked{token, map[string]any{"enrollmentId": made.AssignCourse.Enrollment.ID, "accept": true}}
}
