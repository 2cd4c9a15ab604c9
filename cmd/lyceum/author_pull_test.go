package main

import (
	"path/filepath"
	"strings"
	"testing"

	"lyceum/internal/author/folder"
	"lyceum/internal/author/push"
	"lyceum/internal/viewer"
)

// TestPulledCourseIsPushedAsItWas pulls a course that was written in a browser, with texts in every form that the API takes:
// the folder can be read, and pushing it sends nothing.
func TestPulledCourseIsPushedAsItWas(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	token := s.signIn(t, s.person(t, viewer.Instructor))
	var made struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	s.must(t, token, `mutation($d: String!) { saveCourse(input: {
		slug: "untidy", title: " Two  words ", summary: "One  line ", description: $d, tags: ["a  b", "c"] }) { course { id } } }`,
		map[string]any{"d": "\r\n\nFirst.\r\n\r\n  Last. \n\n"}, &made)
	id := made.SaveCourse.Course.ID
	for key, summary := range map[string]string{
		"several": "Two lines:\n---\nkey: value\n- and a list\n\n", "indented": "  begins\n\twith blanks\n", "one": "One  line. ",
		"endless": strings.Repeat("A line.\n", 250), "blank": "\n \n",
	} {
		s.must(t, token, `mutation($c: ID!, $k: String!, $s: String!) { saveModule(input: {courseId: $c, key: $k, title: "Module ", summary: $s}) { module { id } } }`,
			map[string]any{"c": id, "k": key, "s": summary}, &struct{}{})
		s.must(t, token, `mutation($in: SaveLessonInput!) { saveLesson(input: $in) { lesson { id } } }`, map[string]any{"in": map[string]any{
			"courseId": id, "moduleKey": key, "key": key + "-a", "kind": "ARTICLE", "title": "An  article", "section": " Begin ", "body": "\n\nWords.\r\n---\n\n",
		}}, &struct{}{})
		s.must(t, token, `mutation($in: SaveLessonInput!) { saveLesson(input: $in) { lesson { id } } }`, map[string]any{"in": map[string]any{
			"courseId": id, "moduleKey": key, "key": key + "-q", "kind": "QUIZ", "title": "A quiz",
			"quiz": map[string]any{"passMark": 50, "questions": []any{
				map[string]any{
					"key": "c", "kind": "SINGLE_CHOICE", "prompt": "Which?\n", "explanation": "\nThat.\n", "hints": []any{"Think. "},
					"choices": []any{map[string]any{"key": "a", "text": "This\n", "correct": true, "feedback": "Yes \n"}, map[string]any{"key": "b", "text": "That"}},
				},
				map[string]any{
					"key": "t", "kind": "SHORT_TEXT", "prompt": "Who? ",
					"text": map[string]any{"accepted": []any{"Ann  Lee", "ann lee", "Bob"}},
				},
			}},
		}}, &struct{}{})
	}

	client := push.NewClient("http://school.localhost", token, &rough{to: s.server.URL, stored: map[string]int{}})
	dir := filepath.Join(t.TempDir(), "untidy")
	pulled, err := client.Pull(t.Context(), "untidy", dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range pulled.Modules {
		if m.Key == "several" && m.Summary != "Two lines:\n---\nkey: value\n- and a list" {
			t.Errorf("the summary of several lines came as %q", m.Summary)
		}
	}
	f, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	report, err := client.Push(t.Context(), f, &tally{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Changes) != 0 {
		t.Errorf("pushing what was pulled sends %v", report.Changes)
	}
}
