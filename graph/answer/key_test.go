package answer

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"lyceum/internal/viewer"
)

// subjects draws subjects that are easily mistaken for each other.
func subjects() *rapid.Generator[Subject] {
	texts := rapid.SampledFrom([]string{"", "a", "b", "ab", "a\x00b", `"`, "{}", "1", "ANONYMOUS", "true", "false", "t:{x}"})
	values := rapid.OneOf(
		rapid.Map(texts, func(s string) any { return s }),
		rapid.SampledFrom([]any{nil, true, json.Number("1"), json.Number("1.0"), []any{"a", "b"}, []any{"ab"}, map[string]any{"a": "b"}}),
	)
	return rapid.Custom(func(t *rapid.T) Subject {
		return Subject{
			Tenant: uuid.UUID{byte(rapid.IntRange(1, 3).Draw(t, "tenant"))}, Epoch: rapid.Int64Range(0, 12).Draw(t, "epoch"),
			Role:   rapid.SampledFrom([]viewer.Role{viewer.Anonymous, viewer.Learner, viewer.Instructor}).Draw(t, "role"),
			School: rapid.Bool().Draw(t, "school"), Host: texts.Draw(t, "host"), Text: texts.Draw(t, "text"),
			Operation: texts.Draw(t, "operation"), Variables: rapid.MapOfN(texts, values, 0, 3).Draw(t, "variables"),
		}
	})
}

// TestKeysTellSubjectsApart: two questions have the same key when they are the same in everything that an answer depends
// on, and otherwise never.
func TestKeysTellSubjectsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, other := subjects().Draw(t, "one"), subjects().Draw(t, "other")
		// Most pairs differ in one thing.
		if field := rapid.IntRange(-1, reflect.TypeFor[Subject]().NumField()-1).Draw(t, "field"); field >= 0 {
			changed := one
			reflect.ValueOf(&changed).Elem().Field(field).Set(reflect.ValueOf(other).Field(field))
			other = changed
		}
		a, err := one.key("build")
		if err != nil {
			t.Fatal(err)
		}
		b, err := other.key("build")
		if err != nil {
			t.Fatal(err)
		}
		same := reflect.DeepEqual(one, other) || (len(one.Variables) == 0 && len(other.Variables) == 0 && equalBut(one, other))
		if (a == b) != same {
			t.Fatalf("%+v has the key %s, and %+v %s", one, a, other, b)
		}
		if !a.OfTenant() || !strings.HasPrefix(a.String(), "t:{"+one.Tenant.String()+"}:") {
			t.Fatalf("%s is not in the name of its tenant", a)
		}
	})
}

// equalBut compares subjects without their variables.
func equalBut(one, other Subject) bool {
	one.Variables, other.Variables = nil, nil
	return reflect.DeepEqual(one, other)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := Subject{Tenant: uuid.New(), Text: "{a}"}
	one, err := s.key("one build")
	if err != nil {
		t.Fatal(err)
	}
	if other, err := s.key("another build"); err != nil || other == one {
		t.Errorf("another build has the same key (%v)", err)
	}
	if key, err := (Subject{Text: "{a}"}).key("build"); err != nil || !key.IsZero() {
		t.Errorf("without a tenant the key is %s (%v)", key, err)
	}
	if _, err := (Subject{Tenant: s.Tenant, Variables: map[string]any{"a": func() {}}}).key("build"); err == nil {
		t.Error("what cannot be written has a key")
	}
	if documentOf("a", "b") == documentOf("ab", "") {
		t.Error("documents are not told apart")
	}
}
