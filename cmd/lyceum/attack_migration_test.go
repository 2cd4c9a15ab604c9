//go:build attack

package main

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
)

// sceneRemade is a course of which an article was written anew in the second version.
func (f *filling) sceneRemade(t *testing.T) scene {
	t.Helper()
	course := f.saveCourse(t, "instructor", input{"slug": "remade-" + uuid.NewString()[:8], "title": f.secret("Remade"), "visibility": "MEMBERS"})
	var parts []string
	for _, key := range []string{"old", "new"} {
		f.saveLesson(t, "instructor", course, input{"key": key, "moduleKey": "m", "title": f.secret("Article"), "kind": "ARTICLE", "body": f.secret("Body")})
		f.do(t, "instructor", `mutation($c: ID!, $k: String!) { arrangeCourse(input: {courseId: $c, modules: [{key: "m", lessons: [$k]}]}) { course { id } } }`,
			input{"c": course, "k": key}, nil)
		f.publish(t, "instructor", course)
		parts = append(parts, f.partsOf(t, course)[2])
	}
	return scene{with: attack.Registry{
		"MigrateEnrollmentsInput.courseId": attack.Always(course),
		"MigrateEnrollmentsInput.mapping":  attack.Always([]any{input{"fromLessonId": parts[0], "toLessonId": parts[1]}}),
	}}
}

// remade is a course whose places have moved, and whose draft asks for another article than the one in force, under the same
// title, for less of one that stays, and for any of both.
func (f *filling) remade(t *testing.T) string {
	t.Helper()
	course := f.saveCourse(t, "instructor", input{"slug": "redone-" + uuid.NewString()[:8], "title": f.secret("Redone"), "visibility": "MEMBERS"})
	title := f.secret("Article")
	save := func(key, rule string) {
		f.saveLesson(t, "instructor", course, input{
			"key": key, "moduleKey": "m", "title": title, "kind": "ARTICLE", "body": f.secret("Body"), "completion": rule,
		})
	}
	save("old", "read")
	save("kept", "read && signed_off")
	f.publish(t, "instructor", course)
	f.do(t, "instructor", `mutation($c: ID!) { migrateEnrollments(input: {courseId: $c}) { migration { total } } }`, input{"c": course}, nil)
	save("new", "read")
	save("kept", "read")
	f.do(t, "instructor", `mutation($i: SaveModuleInput!) { saveModule(input: $i) { module { id } } }`, input{"i": input{
		"courseId": course, "key": "m", "title": f.secret("Module"), "completion": input{"need": "ANY"},
	}}, nil)
	f.do(t, "instructor", `mutation($c: ID!) { arrangeCourse(input: {courseId: $c, modules: [{key: "m", lessons: ["new", "kept"]}]}) { course { id } } }`,
		input{"c": course}, nil)
	return course
}
