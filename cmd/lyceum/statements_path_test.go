package main

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// paths are so many published learning paths of two courses each, and the learner on all of them but the first, on which
// a crowd is. It consists of courses of its own: how many learn in the sized ones matters elsewhere.
func (s *school) paths(t *testing.T) []string {
	t.Helper()
	var own [2]string
	for i := range own {
		own[i] = s.sizedCourse(t, fmt.Sprint("on-path-", i), few, nil).id
	}
	var ids []string
	for i := range many + 1 {
		courses := own
		if i > 0 {
			courses = [2]string{s.sized[few].id, s.sized[many].id}
		}
		id := s.path(t, fmt.Sprint("path-", i), courses)
		ids = append(ids, id)
		if i > 0 {
			s.must(t, s.learner, s.documents.Text("enroll-in-path"), map[string]any{"pathId": id}, &struct{}{})
			continue
		}
		for range many {
			s.must(t, s.signIn(t, s.person(t, viewer.Learner)), s.documents.Text("enroll-in-path"), map[string]any{"pathId": id}, &struct{}{})
		}
	}
	return ids
}

// path publishes a learning path of two courses, of which the second is optional.
func (s *school) path(t *testing.T, slug string, courses [2]string) string {
	t.Helper()
	var saved struct {
		SaveLearningPath struct{ Path struct{ ID string } }
	}
	s.must(t, s.instructor, s.documents.Text("save-learning-path"), map[string]any{"input": pathInput(slug, courses)}, &saved)
	id := saved.SaveLearningPath.Path.ID
	s.must(t, s.instructor, s.documents.Text("publish-learning-path"), map[string]any{"id": id}, &struct{}{})
	return id
}

func pathInput(slug string, courses [2]string) map[string]any {
	steps := []any{map[string]any{"courseId": courses[0]}, map[string]any{"courseId": courses[1], "required": false}}
	return map[string]any{"slug": slug, "title": "Path " + slug, "courses": steps, "dueDays": 30}
}

// withPaths adds how the documents of learning paths are asked.
func (s *school) withPaths(t *testing.T, asks map[string]asking) map[string]asking {
	t.Helper()
	ids, sized := s.paths(t), [2]string{s.sized[few].id, s.sized[many].id}
	page := func(token string, more map[string]any) asking {
		return func(_ *testing.T, n int) asked {
			variables := map[string]any{"first": n}
			maps.Copy(variables, more)
			return asked{token, variables}
		}
	}
	asks["learning-paths"] = page(s.learner, nil)
	asks["my-paths"] = page(s.learner, nil)
	asks["path-drafts"] = page(s.instructor, nil)
	asks["path-roster"] = page(s.instructor, map[string]any{"pathId": ids[0]})
	asks["learning-path"] = func(_ *testing.T, n int) asked {
		return asked{s.learner, map[string]any{"pathSlug": fmt.Sprint("path-", n)}}
	}
	asks["enroll-in-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		return asked{s.signIn(t, s.person(t, viewer.Learner)), map[string]any{"pathId": ids[0]}}
	}
	asks["withdraw-from-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		token := s.signIn(t, s.person(t, viewer.Learner))
		var made struct {
			EnrollInPath struct{ Enrollment struct{ ID string } }
		}
		s.must(t, token, s.documents.Text("enroll-in-path"), map[string]any{"pathId": ids[0]}, &made)
		return asked{token, map[string]any{"pathEnrollmentId": made.EnrollInPath.Enrollment.ID}}
	}
	asks["assign-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		var me struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(t, s.signIn(t, s.person(t, viewer.Learner)), `{ viewer { user { id } } }`, nil, &me)
		return asked{s.instructor, map[string]any{"pathId": ids[0], "learnerId": me.Viewer.User.ID, "dueAt": "2090-01-01T00:00:00Z"}}
	}
	asks["save-learning-path"] = func(*testing.T, int) asked {
		return asked{s.instructor, map[string]any{"input": pathInput("p"+uuid.NewString()[:8], sized)}}
	}
	asks["publish-learning-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		var saved struct {
			SaveLearningPath struct{ Path struct{ ID string } }
		}
		input := map[string]any{"input": pathInput("p"+uuid.NewString()[:8], sized)}
		s.must(t, s.instructor, s.documents.Text("save-learning-path"), input, &saved)
		return asked{s.instructor, map[string]any{"id": saved.SaveLearningPath.Path.ID}}
	}
	return asks
}
