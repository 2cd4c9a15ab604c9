package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/access"
	"lyceum/graph/limit"
	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/gen/model"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// odd are resolvers that return what they must not: elements that are missing, times that were never set, numbers that
// no Int holds.
type odd struct{ *Resolver }

func (o odd) Query() graphql.QueryResolver { return oddQuery{QueryResolver: o.Resolver.Query()} }

type oddQuery struct{ graphql.QueryResolver }

// Sessions has one that is missing between others.
func (oddQuery) Sessions(ctx context.Context) ([]*ent.Session, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	good := &ent.Session{UserAgent: "good", CreatedAt: time.Unix(1, 5).UTC(), LastSeenAt: time.Unix(1, 0), ExpiresAt: time.Unix(2, 0)}
	return []*ent.Session{good, {UserAgent: "no times"}, nil}, nil
}

// Categories are good, with odd texts.
func (oddQuery) Categories(ctx context.Context) ([]*ent.Category, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	return []*ent.Category{{ID: uuid.Max, Slug: "", Name: "quoted \" \\ and \t\r\n\x01\x1f é \u2028\x7f</script>"}, {Name: strings.Repeat("\"", 300)}}, nil
}

// Courses has a number that no Int holds, in a lesson of the second course.
func (oddQuery) Courses(
	ctx context.Context, _ *int, _ *string, _ *model.CourseFilter, _ *model.CourseOrder,
) (*relay.CourseConnection, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	course := func(title string, lengths ...int) *catalog.Course {
		lessons := make([]outline.Lesson, len(lengths))
		for i, ms := range lengths {
			lessons[i] = outline.Lesson{ID: uuid.Max, Title: title, Kind: outline.Video, DurationMS: ms}
		}
		return &catalog.Course{CourseVersion: &ent.CourseVersion{
			Title: title, DurationMs: lengths[0], Outline: outline.Outline{Modules: []outline.Module{{Title: title, Lessons: lessons}, {}}},
		}}
	}
	connection := &relay.CourseConnection{}
	for _, c := range []*catalog.Course{course("fits", 1, 2), course("does not", 1, 1<<40), course("nor does this", 1<<40, 3)} {
		connection.Edges = append(connection.Edges, relay.Edge[*catalog.Course]{Cursor: c.Title, Node: c})
	}
	return connection, nil
}

// oddly serves odd resolvers to an admin.
func oddly(t *testing.T, document string, executed bool) string {
	t.Helper()
	return settled(t, answered(t, odd{&Resolver{services: &Services{}, executed: executed}}, viewer.TenantAdmin, document))
}

// answered is what somebody in the role is answered by the resolvers.
func answered(t *testing.T, resolvers graphql.ResolverRoot, role viewer.Role, document string) string {
	t.Helper()
	handler, err := newServer(Options{
		Services: &Services{}, Sources: loader.Sources{}, Documents: noDocuments{}, Limits: limit.DefaultLimits(), MaxCost: 10_000, MaxBody: 1 << 16,
		MaxStreams: 10, StreamsPerUser: 10, Introspect: true, Log: slog.New(slog.DiscardHandler),
	}, resolvers)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	who := viewer.Viewer{Tenant: uuid.New(), User: uuid.New(), Role: role, Session: uuid.New()}
	request := httptest.NewRequestWithContext(viewer.With(t.Context(), who), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response.Body.String()
}

// traceID names the request that an error was met in.
var traceID = regexp.MustCompile(`"traceId":"[0-9a-f]+"`)

// settled is an answer without what differs from request to request, its errors in order: what runs at once finds
// them in any.
func settled(t *testing.T, answer string) string {
	t.Helper()
	var parts struct {
		Errors []json.RawMessage `json:"errors"`
	}
	if err := json.Unmarshal([]byte(answer), &parts); err != nil {
		t.Fatalf("%s is no answer: %v", answer, err)
	}
	errs := make([]string, len(parts.Errors))
	for i, e := range parts.Errors {
		errs[i] = traceID.ReplaceAllString(string(e), "")
	}
	slices.Sort(errs)
	_, data, _ := strings.Cut(answer, `"data":`)
	return strings.Join(errs, "\n") + "\n" + data
}

// TestOddValues: what must not be is the same error at the same path, and the same null, whichever executor finds it.
func TestOddValues(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ document, want string }{
		"texts":                {`{ categories { id slug name __typename again: name } }`, `\"`},
		"a missing element":    {`{ sessions { id userAgent } }`, `"path":["sessions",2]`},
		"a time that is unset": {`{ sessions { id userAgent createdAt } }`, `"path":["sessions",1,"createdAt"]`},
		"beside a resolver":    {`{ sessions { id userAgent createdAt current } }`, `"path":["sessions",1,"createdAt"]`},
		"a number too large":   {`{ courses { nodes { title durationMs } } }`, `"path":["courses","nodes",2,"durationMs"]`},
		"deep below":           {`{ courses { nodes { modules { title lessons { id kind durationMs } } } } }`, `"path":["courses","nodes",1,"modules",0,"lessons",1,"durationMs"]`},
		"in a fragment":        {`{ courses { nodes { ...C } } } fragment C on Course { t: title modules { lessons { title durationMs } } modules { title } }`, `"path"`},
		"what fits":            {`{ courses { edges { cursor node { title } } pageInfo { hasNextPage endCursor } } }`, `"cursor":"fits"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			executed, lean := oddly(t, tt.document, true), oddly(t, tt.document, false)
			if !strings.Contains(executed, tt.want) {
				t.Errorf("gqlgen answers %s, want %s in it", executed, tt.want)
			}
			if executed != lean {
				t.Errorf("the executors answer differently:\ngqlgen: %s\nlean:   %s", executed, lean)
			}
		})
	}
}

// TestPlainFieldsAreGuarded: of a field that is written without the executor it is known whether somebody has to be asked
// about it, as the schema says; it takes no arguments, and is of the schema.
func TestPlainFieldsAreGuarded(t *testing.T) {
	t.Parallel()
	schema := graphql.NewExecutableSchema(graphql.Config{}).Schema()
	matrix, err := access.Read(schema)
	if err != nil {
		t.Fatal(err)
	}
	fields, guarded := 0, 0
	for name, object := range graphql.LeanTypes() {
		for field, plain := range object.Fields {
			fields++
			at := access.Field{Object: name, Name: field}
			if plain.Guarded {
				guarded++
			}
			if _, ruled := matrix.Rules[at]; plain.Guarded != (ruled || matrix.Personal[at]) {
				t.Errorf("%s is guarded either by the schema or when it is written: %t", at, plain.Guarded)
			}
			definition := schema.Types[name].Fields.ForName(field)
			if definition == nil || len(definition.Arguments) > 0 {
				t.Errorf("%s is no plain field", at)
			}
			if plain.Of != "" && graphql.LeanTypes()[plain.Of] == nil {
				t.Errorf("%s holds %s, which has no plain fields", at, plain.Of)
			}
		}
	}
	if fields < 200 || guarded < 5 {
		t.Errorf("%d plain fields, %d guarded ones: nothing was compared", fields, guarded)
	}
	t.Logf("%d plain fields of %d types", fields, len(graphql.LeanTypes()))
}
