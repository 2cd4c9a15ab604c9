package main

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// paths are so many published learning paths of two courses each, and the learner on all of them but the first, on which
// a crowd is.
func (s *school) paths(t *testing.T) []string {
	t.Helper()
	var ids []string
	for i := range many + 1 {
		id := s.path(t, fmt.Sprint("path-", i))
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

// path publishes a learning path of two sized courses.
func (s *school) path(t *testing.T, slug string) string {
	t.Helper()
	var saved struct {
		SaveLearningPath struct{ Path struct{ ID string } }
	}
	s.must(t, s.instructor, s.documents.Text("save-learning-path"), map[string]any{"input": s.pathInput(slug)}, &saved)
	id := saved.SaveLearningPath.Path.ID
	s.must(t, s.instructor, s.documents.Text("publish-learning-path"), map[string]any{"id": id}, &struct{}{})
	return id
}

func (s *school) pathInput(slug string) map[string]any {
	courses := []any{map[string]any{"courseId": s.sized[few].id}, map[string]any{"courseId": s.sized[many].id, "required": false}}
	return map[string]any{"slug": slug, "title": "Path " + slug, "courses": courses, "dueDays": 30}
}

// withPaths adds how the documents of learning paths are asked.
func (s *school) withPaths(t *testing.T, asks map[string]asking) map[string]asking {
	t.Helper()
	ids := s.paths(t)
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
		return asked{s.signIn(t, s.person(t, viewer.Learner)), map[string]any{"pathId": ids[1]}}
	}
	asks["withdraw-from-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		token := s.signIn(t, s.person(t, viewer.Learner))
		var made struct {
			EnrollInPath struct{ Enrollment struct{ ID string } }
		}
		s.must(t, token, s.documents.Text("enroll-in-path"), map[string]any{"pathId": ids[1]}, &made)
		return asked{token, map[string]any{"pathEnrollmentId": made.EnrollInPath.Enrollment.ID}}
	}
	asks["assign-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		var me struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(t, s.signIn(t, s.person(t, viewer.Learner)), `{ viewer { user { id } } }`, nil, &me)
		return asked{s.instructor, map[string]any{"pathId": ids[1], "learnerId": me.Viewer.User.ID, "dueAt": "2090-01-01T00:00:00Z"}}
	}
	asks["save-learning-path"] = func(*testing.T, int) asked {
		return asked{s.instructor, map[string]any{"input": s.pathInput("p" + uuid.NewString()[:8])}}
	}
	asks["publish-learning-path"] = func(t *testing.T, _ int) asked {
		t.Helper()
		var saved struct {
			SaveLearningPath struct{ Path struct{ ID string } }
		}
		input := map[string]any{"input": s.pathInput("p" + uuid.NewString()[:8])}
		s.must(t, s.instructor, s.documents.Text("save-learning-path"), input, &saved)
		return asked{s.instructor, map[string]any{"id": saved.SaveLearningPath.Path.ID}}
	}
	return asks
}
