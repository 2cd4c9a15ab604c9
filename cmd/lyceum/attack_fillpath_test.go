//go:build attack

package main

import (
	"maps"
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

// walk puts the admin and the learner on a learning path that they have completed already, and on one that they have not.
func (f *filling) walk(t *testing.T) {
	t.Helper()
	f.texts["LearningPath.slug"] = "path-" + f.marker
	arrived := f.learningPath(t, f.texts["LearningPath.slug"], input{"need": "ANY", "dueDays": 30})
	begun := f.learningPath(t, "other-path-"+f.marker, input{"need": "AT_LEAST", "count": 2, "ordered": true})
	f.remember(t, "LearningPath", arrived, begun)
	for _, persona := range []string{"admin", "learner"} {
		for _, path := range []string{arrived, begun} {
			f.remember(t, "PathEnrollment", f.assignPath(t, path, f.people[persona]))
		}
	}
}

// learningPath publishes a learning path of the first two courses.
func (f *filling) learningPath(t *testing.T, slug string, more input) string {
	t.Helper()
	id := f.draftPath(t, slug, more)
	f.do(t, "instructor", `mutation($p: ID!) { publishLearningPath(id: $p) { path { id } } }`, input{"p": id}, nil)
	return id
}

func (f *filling) draftPath(t *testing.T, slug string, more input) string {
	t.Helper()
	in := input{"slug": slug, "title": f.secret("Path"), "description": f.secret("Way"), "visibility": "MEMBERS", "courses": []any{
		input{"courseId": f.ids["Course"][0]}, input{"courseId": f.ids["Course"][1]},
	}}
	maps.Copy(in, more)
	var saved struct {
		SaveLearningPath struct{ Path struct{ ID string } }
	}
	f.do(t, "instructor", `mutation($i: SaveLearningPathInput!) { saveLearningPath(input: $i) { path { id } } }`, input{"i": in}, &saved)
	return saved.SaveLearningPath.Path.ID
}

func (f *filling) assignPath(t *testing.T, path string, user uuid.UUID) string {
	t.Helper()
	var assigned struct {
		AssignPath struct{ Enrollment struct{ ID string } }
	}
	f.do(t, "instructor", `mutation($p: ID!, $u: ID!) { assignPath(input: {pathId: $p, learnerId: $u, dueAt: "2090-01-01T00:00:00Z"}) { enrollment { id } } }`,
		input{"p": path, "u": gid.New("usr", user).String()}, &assigned)
	return assigned.AssignPath.Enrollment.ID
}

// onPath is done to a learning path made for it.
func (f *filling) onPath(argument string) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		return scene{with: attack.Registry{argument: attack.Always(f.learningPath(t, "fresh-"+uuid.NewString()[:8], nil))}}
	}
}

// onPathPlace is done to a place of the admin's on a learning path made for it.
func (f *filling) onPathPlace(argument string) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		name := "fresh-" + uuid.NewString()[:8]
		course := f.plainCourse(t, "instructor", name, f.marker, "MEMBERS")
		path := f.learningPath(t, name, input{"courses": []any{input{"courseId": course}}})
		return scene{with: attack.Registry{argument: attack.Always(f.assignPath(t, path, f.people["admin"]))}}
	}
}
