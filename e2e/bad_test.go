package e2e

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// bad is a value that must not be accepted in the place of a good one.
type bad struct {
	// Path is the way to the value in the variables, dotted: "input.modules.0.key".
	Path string
	// What is wrong with it.
	What      string
	variables map[string]any
}

// huge is longer than anything that a field may hold, and still fits into a request.
var huge = strings.Repeat("x", 230_000)

// idKinds says what the ids in arguments are of, by the argument's name.
var idKinds = map[string]string{
	"courseId": "course", "lessonId": "lesson", "fromLessonId": "lesson", "toLessonId": "lesson", "partId": "lesson", "enrollmentId": "enrollment", "attemptId": "attempt", "questionId": "question",
	"learnerId": "user", "after": "enrollment", "pathId": "path", "groupId": "group", "userIds": "user", "pathEnrollmentId": "pathEnrollment", "equivalentIds": "course", "assetId": "asset", "certificateId": "certificate", "ids": "notification", "subject": "course",
}

// idKindsOf does the same for arguments called "id".
var idKindsOf = map[string]string{
	"Query.asset": "asset", "Subscription.assetUpdated": "asset", "Query.node": "course", "Query.course": "course", "Query.lesson": "lesson", "Query.courseDraft": "course", "Query.attempt": "attempt",
	"Query.group":        "group",
	"Query.learningPath": "path", "Mutation.publishLearningPath": "path", "Mutation.archiveLearningPath": "path",
	"Mutation.revokeSessions": "session", "Mutation.revokeApiKey": "apiKey", "Mutation.changeUserRole": "user",
	"Mutation.suspendUser": "user", "Mutation.reinstateUser": "user", "Mutation.revokeSupportGrant": "supportGrant",
}

// spoiler makes bad requests of a good one.
type spoiler struct {
	t       *testing.T
	schema  *ast.Schema
	own     *campus
	foreign *campus
	root    root
	good    map[string]any
	made    []bad
	// seen are the schema's own names of the places that were spoiled: "SaveCourseInput.slug".
	seen map[string]bool
}

// spoil returns every request that differs from the good one in one bad value.
func (s *spoiler) spoil() []bad {
	for _, argument := range s.root.Field.Arguments {
		s.place(argument.Name, s.root.Name()+"."+argument.Name, argument.Type, s.good[argument.Name])
	}
	return s.made
}

// place spoils what stands at the path, if anything does, and everything in it.
func (s *spoiler) place(path, name string, typ *ast.Type, value any) {
	if value == nil {
		return
	}
	s.seen[name] = true
	if typ.NonNull {
		s.put(path, "null", nil)
	}
	if list, ok := value.([]any); ok && typ.Elem != nil {
		s.list(path, name, typ, list)
		return
	}
	definition := s.schema.Types[typ.Name()]
	if definition.Kind == ast.InputObject {
		s.object(path, definition, value.(map[string]any))
		return
	}
	s.leaf(path, name, definition)
}

func (s *spoiler) list(path, name string, typ *ast.Type, list []any) {
	s.put(path, "an object for a list", map[string]any{"x": 1})
	s.put(path, "a thousand and one items", slices.Repeat(list[:1], 1001))
	if typ.Elem.NonNull {
		s.put(path, "a list with null", append([]any{nil}, list...))
	}
	for i, item := range list {
		s.place(path+"."+strconv.Itoa(i), name, typ.Elem, item)
	}
}

func (s *spoiler) object(path string, definition *ast.Definition, object map[string]any) {
	s.put(path, "a text for an object", "text")
	s.put(path, "an unknown field", with(object, "nonsense", 1))
	for _, field := range definition.Fields {
		if field.Type.NonNull && field.DefaultValue == nil {
			without := maps.Clone(object)
			delete(without, field.Name)
			s.put(path, "no "+field.Name, without)
		}
		s.place(path+"."+field.Name, definition.Name+"."+field.Name, field.Type, object[field.Name])
	}
}

func (s *spoiler) leaf(path, name string, definition *ast.Definition) {
	s.put(path, "an object for a value", map[string]any{"x": 1})
	s.put(path, "a list of lists for a value", []any{[]any{1}})
	switch definition.Name {
	case "Int":
		s.puts(path, map[string]any{"a text": "7", "a fraction": 1.5, "a large number": 2_147_483_648, "a negative number": -1, "a truth": true})
	case "Bytes":
		s.puts(path, map[string]any{"a text": "many", "a number as a text": "7", "a fraction": 1.5, "a negative number": -1, "a huge number": 1e300})
	case "Float":
		s.puts(path, map[string]any{"a text": "2", "a truth": true})
	case "Boolean":
		s.puts(path, map[string]any{"a text": "true", "a number": 1})
	case "Time":
		s.puts(path, map[string]any{
			"a text": "tomorrow", "a number": 5, "month 13": "2090-13-01T00:00:00Z", "no zone": "2090-01-01T00:00:00", "year 99999": "99999-01-01T00:00:00Z",
		})
	case "Cursor":
		s.puts(path, map[string]any{"nonsense": "nonsense", "a number": 5, "NUL": "\x00", "very long": huge})
	case "String":
		s.puts(path, map[string]any{"a number": 5, "a truth": true, "NUL": "a\x00b", "control characters": "a\x07\x1b[31mb", "very long": huge})
	case "ID":
		s.ids(path, name)
	default: // an enum
		s.puts(path, map[string]any{"an unknown value": "NONSENSE", "a number": 5, "lower case": "learner"})
	}
}

func (s *spoiler) ids(path, name string) {
	kind := s.idKind(name)
	s.puts(path, map[string]any{
		"a number": 5, "an empty id": "", "a malformed id": "nonsense", "a malformed id of the type": s.own.ids[kind][:4] + "0000",
		"NUL in an id": s.own.ids[kind] + "\x00", "a very long id": huge,
		"an id of another type": s.own.ids["tenant"], "an id of another tenant": s.foreign.ids[kind], "an unknown id": unheardOf(s.own.ids[kind]),
	})
}

// idKind says what the id is of, and fails for an argument that nobody has described.
func (s *spoiler) idKind(name string) string {
	argument := name[strings.LastIndex(name, ".")+1:]
	kind := idKinds[argument]
	if argument == "id" {
		kind = idKindsOf[s.root.Name()]
	}
	if s.own.ids[kind] == "" || s.foreign.ids[kind] == "" {
		s.t.Fatalf("%s: say in idKinds what this id is of", name)
	}
	return kind
}

// unheardOf is an id of the same type that nothing has.
func unheardOf(id string) string {
	return id[:len(id)-20] + "0123456789abcdefghjk"
}

func (s *spoiler) puts(path string, values map[string]any) {
	for _, what := range slices.Sorted(maps.Keys(values)) {
		s.put(path, what, values[what])
	}
}

// put makes the good request with another value at the path.
func (s *spoiler) put(path, what string, value any) {
	steps := strings.Split(path, ".")
	variables, _ := replaced(s.good, steps, value).(map[string]any)
	s.made = append(s.made, bad{Path: path, What: what, variables: variables})
}

// replaced copies what is on the way to the value, and shares the rest.
func replaced(in any, steps []string, value any) any {
	if len(steps) == 0 {
		return value
	}
	switch node := in.(type) {
	case map[string]any:
		changed := maps.Clone(node)
		changed[steps[0]] = replaced(node[steps[0]], steps[1:], value)
		return changed
	case []any:
		changed := slices.Clone(node)
		i, _ := strconv.Atoi(steps[0])
		changed[i] = replaced(node[i], steps[1:], value)
		return changed
	default:
		return in
	}
}
