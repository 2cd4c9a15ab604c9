//go:build attack

package main

import (
	"maps"
	"slices"
	"testing"
)

// author writes the courses: one with everything in it, one to complete, one for everybody, one in the archive.
func (f *filling) author(t *testing.T) {
	t.Helper()
	f.texts["Course.slug"], f.texts["Module.key"], f.texts["Lesson.key"] = "study-"+f.marker, "module-"+f.marker, "article-"+f.marker
	f.texts["Course.tag"] = f.secret("tag")
	base := f.plainCourse(t, "instructor", "base", f.marker, "MEMBERS")
	open := f.plainCourse(t, "teacher", "open", f.public, "PUBLIC")
	study := f.study(t)
	archived := f.plainCourse(t, "instructor", "archived", f.marker, "MEMBERS")
	f.do(t, "instructor", `mutation($c: ID!) { archiveCourse(courseId: $c) { course { id } } }`, input{"c": archived}, nil)
	f.remember(t, "Course", study, base, open)
	f.remember(t, "CourseDraft", study, archived, base)
	f.texts["Course.slug base"], f.texts["Course.slug archived"] = "base-"+f.marker, "archived-"+f.marker
	f.readOutline(t, study)
	f.readOutline(t, base)
}

// plainCourse publishes a course of one article and returns its id.
func (f *filling) plainCourse(t *testing.T, persona, name, mark, visibility string) string {
	t.Helper()
	id := f.saveCourse(t, persona, input{
		"slug": name + "-" + mark, "title": name + " " + f.word + " " + mark, "summary": "Summary " + mark, "description": "Description " + mark,
		"visibility": visibility, "hasCertificate": true, "certificateMonths": 24, "categories": []any{f.texts["Category.slug"]}, "tags": []any{"tag " + mark},
	})
	f.saveLesson(t, persona, id, input{
		"key": "article", "moduleKey": "m", "title": "Article " + mark, "kind": "ARTICLE", "body": "Body " + f.word + " " + mark,
	})
	f.publish(t, persona, id)
	return id
}

// saveCourse makes a draft with one module and returns its id.
func (f *filling) saveCourse(t *testing.T, persona string, course input) string {
	t.Helper()
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	f.do(t, persona, `mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id title } } }`, input{"i": course}, &saved)
	id := saved.SaveCourse.Course.ID
	f.do(t, persona, `mutation($c: ID!) { saveModule(input: {courseId: $c, key: "m", title: "Module"}) { module { id } } }`, input{"c": id}, nil)
	return id
}

func (f *filling) saveLesson(t *testing.T, persona, course string, lesson input) {
	t.Helper()
	lesson["courseId"] = course
	f.do(t, persona, `mutation($i: SaveLessonInput!) { saveLesson(input: $i) { lesson { id } } }`, input{"i": lesson}, nil)
}

func (f *filling) publish(t *testing.T, persona, course string) {
	t.Helper()
	f.do(t, persona, `mutation($c: ID!, $n: String!) { publishCourse(input: {courseId: $c, note: $n}) { created } }`,
		input{"c": course, "n": f.secret("Note")}, nil)
}

// study publishes the course with a lesson of each kind.
func (f *filling) study(t *testing.T) string {
	t.Helper()
	id := f.saveCourse(t, "instructor", input{
		"slug": f.texts["Course.slug"], "title": f.secret("Study " + f.word), "summary": f.secret("Summary"), "description": f.secret("*Description*"),
		"visibility": "MEMBERS", "hasCertificate": true, "certificateMonths": 24, "categories": []any{f.texts["Category.slug"]}, "tags": []any{f.texts["Course.tag"]},
		"price": input{"amount": 900, "currency": "EUR"}, "prerequisites": []any{"base-" + f.marker}, "level": "BEGINNER", "language": "en",
		"completion": input{"need": "ANY", "when": longAgo},
	})
	module := f.texts["Module.key"]
	f.do(t, "instructor", `mutation($i: SaveModuleInput!) { saveModule(input: $i) { module { id } } }`, input{"i": input{
		"courseId": id, "key": module, "title": f.secret("Module"), "summary": f.secret("Summary"),
		"completion": input{"need": "AT_LEAST", "count": 4, "when": "completed >= 4 && " + longAgo},
	}}, nil)
	attachments := []any{input{"name": "notes-" + f.marker + ".txt", "assetId": f.ids["Asset"][0]}}
	captions := []any{input{"locale": "en", "label": f.secret("English"), "vtt": "WEBVTT\n\n00:00.000 --> 00:01.000\n" + f.secret("Caption "+f.word) + "\n"}}
	for _, lesson := range []input{
		{"key": f.texts["Lesson.key"], "kind": "ARTICLE", "body": f.secret("Read " + f.word), "attachments": attachments, "preview": false},
		{"key": "film-" + f.marker, "kind": "VIDEO", "assetId": f.ids["Asset"][1], "durationMs": 60000, "body": f.secret("Watch"), "captions": captions},
		{
			"key": "elsewhere-" + f.marker, "kind": "VIDEO", "url": "https://films.example/" + f.marker + ".mp4", "durationMs": 60000,
			"body": f.secret("Watch"), "captions": captions,
		},
		{"key": "file-" + f.marker, "kind": "FILE", "assetId": f.ids["Asset"][0], "body": f.secret("Take")},
		{"key": "link-" + f.marker, "kind": "LINK", "url": "https://links.example/" + f.marker, "body": f.secret("Follow"), "completion": "read || signed_off || now > due"},
		{"key": "quiz-" + f.marker, "kind": "QUIZ", "body": f.secret("Answer"), "quiz": f.quiz()},
	} {
		lesson["moduleKey"], lesson["section"] = module, f.secret("Section")
		lesson["title"] = f.secret("Lesson")
		f.saveLesson(t, "instructor", id, lesson)
	}
	f.publish(t, "instructor", id)
	return id
}

// quiz asks a question of each kind.
func (f *filling) quiz() input {
	question := func(key, kind string, more input) input {
		q := input{
			"key": key + "-" + f.marker, "kind": kind, "prompt": f.secret("Prompt"), "points": 2, "explanation": f.secret("Explanation"),
			"hints": []any{f.secret("Hint")},
		}
		maps.Copy(q, more)
		return q
	}
	choices := []any{
		input{"key": "right-" + f.marker, "text": f.secret("Right"), "correct": true, "feedback": f.secret("Yes")},
		input{"key": "wrong-" + f.marker, "text": f.secret("Wrong"), "correct": false, "feedback": f.secret("No")},
	}
	return input{"passMark": 50, "attemptsAllowed": 100, "timeLimitSeconds": 36000, "shuffle": false, "draw": 4, "questions": []any{
		question("single", "SINGLE_CHOICE", input{"choices": choices}),
		question("multiple", "MULTIPLE_CHOICE", input{"choices": choices}),
		question("numeric", "NUMERIC", input{"numeric": input{"answer": "2", "min": 1.5, "max": 2.5}}),
		question("text", "SHORT_TEXT", input{"text": input{"accepted": []any{f.secret("Accepted")}}}),
	}}
}

// readOutline notes the ids inside a course.
func (f *filling) readOutline(t *testing.T, course string) {
	t.Helper()
	var read struct {
		CourseDraft struct {
			Published struct{ ID string }
			Modules   []struct {
				ID      string
				Lessons []struct {
					ID, Kind string
					Quiz     *struct{ Questions []struct{ ID, Kind string } }
				}
			}
		}
	}
	f.do(t, "instructor", `query($c: ID!) { courseDraft(id: $c) { published { id } modules { id lessons { id kind quiz { questions { id kind } } } } } }`,
		input{"c": course}, &read)
	f.remember(t, "CourseVersion", read.CourseDraft.Published.ID)
	for _, module := range slices.Backward(read.CourseDraft.Modules) {
		f.remember(t, "Module", module.ID)
		for _, lesson := range module.Lessons {
			f.remember(t, "Lesson", lesson.ID)
			f.remember(t, "Lesson."+lesson.Kind, lesson.ID)
			if lesson.Quiz == nil {
				continue
			}
			for _, q := range lesson.Quiz.Questions {
				f.remember(t, "QuestionDraft", q.ID)
			}
		}
	}
}

// partsOf are the ids of a course, its modules and its lessons.
func (f *filling) partsOf(t *testing.T, course string) []string {
	t.Helper()
	var read struct {
		CourseDraft struct {
			Modules []struct {
				ID      string
				Lessons []struct{ ID string }
			}
		}
	}
	f.do(t, "instructor", `query($c: ID!) { courseDraft(id: $c) { modules { id lessons { id } } } }`, input{"c": course}, &read)
	parts := []string{course}
	for _, module := range read.CourseDraft.Modules {
		parts = append(parts, module.ID)
		for _, lesson := range module.Lessons {
			parts = append(parts, lesson.ID)
		}
	}
	return parts
}
