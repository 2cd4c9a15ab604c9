package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/stack"
)

// codes are all that a client may meet when the input is at fault.
var codes = []string{
	"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "BAD_USER_INPUT", "CONFLICT", "GRAPHQL_VALIDATION_FAILED", "OPERATION_TOO_LARGE", "OPERATION_TOO_COSTLY",
}

// revealing are words that belong into a log, not into an answer.
var revealing = regexp.MustCompile(`(?i)\b(sql|sqlstate|pgx?|ent|uuid|gqlgen|panic|goroutine|strconv|nil|runtime)\b|lyceum/|\.go:`)

// harmless are bad values that are taken for what they are not, and why that is right.
var harmless = map[string]string{
	"Mutation.markNotificationsRead ids.0 an id of another type":   "ids that name nothing in the inbox mark nothing",
	"Mutation.markNotificationsRead ids.0 an id of another tenant": "ids that name nothing in the inbox mark nothing",
	"Mutation.markNotificationsRead ids.0 an unknown id":           "ids that name nothing in the inbox mark nothing",
	"Query.auditLog subject an id of another type":                 "entries have subjects of every type",
	"Query.node id an id of another type":                          "nodes are of every type",
	"Query.nodes ids.0 an id of another type":                      "nodes are of every type",
}

// cleaned are values that look bad and are made good, so that there is nothing to refuse.
var cleaned = map[string]string{
	"Mutation.requestUpload input.fileName NUL":                "control characters in file names become underscores",
	"Mutation.requestUpload input.fileName control characters": "control characters in file names become underscores",
}

// TestBadInput sends, to every root field, good requests with one value spoiled: of another type, unknown, of
// another tenant, out of range, too long. Each gets one error with a code, or from a query nothing, and no
// row of any table changes. The good request itself then succeeds, so that it was the bad value that was refused.
func TestBadInput(t *testing.T) {
	schema := loadSchema(t)
	own, foreign := campusOf(t, "acme"), campusOf(t, "globex")
	seen := map[string]bool{}
	requests := 0
	for _, r := range roots(schema) {
		t.Run(r.Name(), func(t *testing.T) {
			good, known := goods[r.Name()]
			if !known && (len(r.Field.Arguments) > 0 || r.Kind == ast.Mutation) {
				t.Fatal("no good request is known: add one to goods")
			} else if !known {
				t.Skip("takes no input")
			}
			for _, g := range good(t, own) {
				spoiled := (&spoiler{t: t, schema: schema, own: own, foreign: foreign, root: r, good: g.variables, seen: seen}).spoil()
				requests += len(spoiled)
				before := settled(t)
				for _, b := range spoiled {
					refused(t, r, g, b)
				}
				unchanged(t, before)
				succeeds(t, r, g)
			}
		})
	}
	complete(t, schema, seen)
	t.Logf("%d bad requests", requests)
}

var lastAddress int

// elsewhere is the same person at another address, where the limit on tries to sign in starts anew.
func elsewhere(p *stack.Persona) *stack.Persona {
	moved := *p
	lastAddress++
	moved.Address = fmt.Sprintf("2001:db8:%x::1", lastAddress)
	return &moved
}

// refused checks the answer to a bad request.
func refused(t *testing.T, r root, g good, b bad) {
	t.Helper()
	name := r.Name() + " " + b.Path + " " + b.What
	if cleaned[name] != "" {
		return
	}
	answer := r.do(t, elsewhere(g.who), b.variables)
	if len(answer.Errors) == 0 {
		if r.Kind == ast.Query && nothing(answer.Data) || harmless[name] != "" {
			return
		}
		t.Errorf("%s: was accepted: %.200s", name, answer.Data)
		return
	}
	if len(answer.Errors) > 1 {
		t.Errorf("%s: %d errors: %+v", name, len(answer.Errors), answer.Errors)
	}
	message := answer.Errors[0].Message
	switch {
	case !slices.Contains(codes, answer.Code()):
		t.Errorf("%s: code %q: %s", name, answer.Code(), message)
	case revealing.MatchString(message):
		t.Errorf("%s: reveals too much: %s", name, message)
	case len(message) > 1000:
		t.Errorf("%s: a message of %d bytes: %.100s…", name, len(message), message)
	case !strings.HasSuffix(message, "."):
		t.Errorf("%s: %s: no sentence: %s", name, answer.Code(), message)
	}
}

// nothing reports whether data holds nothing that was found.
func nothing(data json.RawMessage) bool {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return false
	}
	for _, value := range fields {
		if !empty(value) {
			return false
		}
	}
	return true
}

func empty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case []any:
		return !slices.ContainsFunc(value, func(item any) bool { return !empty(item) })
	case map[string]any:
		for name, inner := range value {
			if name == "__typename" || !empty(inner) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// settled waits until the jobs of earlier requests are done, and returns a hash of every table.
func settled(t *testing.T) map[string]string {
	t.Helper()
	var last map[string]string
	stack.Eventually(t, "quiet", 2*time.Minute, func() bool {
		now, busy := tables(t)
		same := maps.Equal(now, last)
		last = now
		return same && !busy
	})
	return last
}

func tables(t *testing.T) (hashes map[string]string, busy bool) {
	t.Helper()
	hashes, busy, err := running.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return hashes, busy
}

func unchanged(t *testing.T, before map[string]string) {
	t.Helper()
	after, _ := tables(t)
	for name, hash := range after {
		if before[name] != hash {
			t.Errorf("bad requests changed table %s", name)
		}
	}
}

// succeeds sends the good request.
func succeeds(t *testing.T, r root, g good) {
	t.Helper()
	answer := r.do(t, elsewhere(g.who), g.variables)
	if len(answer.Errors) > 0 || bytes.Contains(answer.Data, []byte(`{"`+r.Field.Name+`":null}`)) && r.Field.Type.NonNull {
		t.Errorf("the good request fails: %+v %s", answer.Errors, answer.Data)
	}
}

// complete fails for every argument and input field that no good request uses.
func complete(t *testing.T, schema *ast.Schema, seen map[string]bool) {
	t.Helper()
	want := func(name string) {
		if !seen[name] {
			t.Errorf("no good request uses %s: add it to goods", name)
		}
	}
	for _, r := range roots(schema) {
		for _, argument := range r.Field.Arguments {
			want(r.Name() + "." + argument.Name)
		}
	}
	for _, definition := range schema.Types {
		if definition.Kind != ast.InputObject {
			continue
		}
		for _, field := range definition.Fields {
			want(definition.Name + "." + field.Name)
		}
	}
}
