package policy_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/privacy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	_ "lyceum/internal/gen/ent/runtime" // installs the policies
	"lyceum/internal/viewer"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt anew")

// matrix is the committed answer to who may do what to which rows of every entity.
const matrix = "testdata/matrix.txt"

// errRecorded ends every statement of the recorder.
var errRecorded = errors.New("recorded")

// recorder is a database that keeps the last statement instead of running it.
type recorder struct{ statement string }

func (r *recorder) Exec(_ context.Context, query string, _, _ any) error {
	r.statement = query
	return errRecorded
}

func (r *recorder) Query(_ context.Context, query string, _, _ any) error {
	r.statement = query
	return errRecorded
}

func (r *recorder) Tx(context.Context) (dialect.Tx, error) { return recordedTx{r}, nil }
func (*recorder) Close() error                             { return nil }
func (*recorder) Dialect() string                          { return dialect.Postgres }

type recordedTx struct{ *recorder }

func (recordedTx) Commit() error   { return nil }
func (recordedTx) Rollback() error { return nil }

// caller is somebody who tries.
type caller struct {
	name string
	ctx  context.Context
}

func callers(ctx context.Context) []caller {
	tenant := uuid.New()
	as := func(role viewer.Role) context.Context {
		return viewer.With(ctx, viewer.Viewer{Tenant: tenant, User: uuid.New(), Role: role, Session: uuid.New()})
	}
	key := func(role viewer.Role, scopes ...viewer.Scope) context.Context {
		return viewer.With(ctx, viewer.Viewer{Tenant: tenant, User: uuid.New(), Role: role, APIKey: uuid.New(), Scopes: scopes})
	}
	return []caller{
		{"nobody", ctx},
		{"visitor", viewer.With(ctx, viewer.Of(tenant))},
		{"learner", as(viewer.Learner)},
		{"instructor", as(viewer.Instructor)},
		{"admin", as(viewer.TenantAdmin)},
		{"ungranted", as(viewer.Support)},
		{"support", granted(as(viewer.Support))},
		{"admin's reading key", key(viewer.TenantAdmin, viewer.ScopeRead)},
		{"analyst's key", key(viewer.Instructor, viewer.ScopePersisted)},
		{"learner's writing key", key(viewer.Learner, viewer.ScopeWrite)},
		{"system", viewer.With(ctx, viewer.Job(tenant, "test"))},
		{"learner, whole tenant", viewer.WholeTenant(as(viewer.Learner))},
		{"ungranted, whole tenant", viewer.WholeTenant(as(viewer.Support))},
		{"support, whole tenant", viewer.WholeTenant(granted(as(viewer.Support)))},
		{"visitor, whole tenant", viewer.WholeTenant(viewer.With(ctx, viewer.Of(tenant)))},
		{"platform", viewer.AsPlatform(ctx)},
	}
}

// granted is the viewer of the context with a grant in force.
func granted(ctx context.Context) context.Context {
	v, _ := viewer.From(ctx)
	v.Grant = uuid.New()
	return viewer.With(ctx, v)
}

// operations are what can be tried on an entity's client, each as a chain of method calls.
func operations() map[string][]string {
	return map[string][]string{
		"1 read":        {"Query", "All"},
		"2 count":       {"Query", "Count"},
		"3 create":      {"Create", "Exec"},
		"4 update many": {"Update", "Exec"},
		"5 update one":  {"UpdateOneID", "Exec"},
		"6 delete many": {"Delete", "Exec"},
		"7 delete one":  {"DeleteOneID", "Exec"},
	}
}

// try runs the chain by reflection, because every entity has its own types, and returns the error.
func try(ctx context.Context, client reflect.Value, chain []string) error {
	at := client
	var last []reflect.Value
	for _, name := range chain {
		method := at.MethodByName(name)
		if !method.IsValid() {
			return fmt.Errorf("%s has no method %s", at.Type(), name)
		}
		var args []reflect.Value
		for in := range method.Type().Ins() {
			switch in := in; {
			case in == reflect.TypeFor[context.Context]():
				args = append(args, reflect.ValueOf(ctx))
			case in == reflect.TypeFor[uuid.UUID]():
				args = append(args, reflect.ValueOf(uuid.New()))
			}
		}
		last = method.Call(args)
		at = last[0]
	}
	err, _ := reflect.TypeAssert[error](last[len(last)-1])
	return err
}

var (
	where      = regexp.MustCompile(`WHERE (.*?)( ORDER BY.*)?$`)
	tableName  = regexp.MustCompile(`"[a-z_]+"\."([a-z_]+)"`)
	parameters = regexp.MustCompile(`\$\d+`)
)

// outcome says in a few words what became of a try.
func outcome(err error, statement string) string {
	switch {
	case errors.Is(err, privacy.Deny):
		return "denied"
	case err == nil:
		return "ran without a statement"
	case ent.IsValidationError(err):
		return "allowed" // a creation without its fields comes this far
	case !errors.Is(err, errRecorded):
		return "error: " + err.Error()
	}
	found := where.FindStringSubmatch(statement)
	if found == nil {
		return "everything"
	}
	return parameters.ReplaceAllString(strings.ReplaceAll(tableName.ReplaceAllString(found[1], "$1"), `"`, ""), "?")
}

// TestMatrix tries every operation on every entity as every kind of viewer, and compares with the committed
// answer. The first wall alone decides here: no database is asked.
func TestMatrix(t *testing.T) {
	t.Parallel()
	database := &recorder{}
	client := reflect.ValueOf(ent.NewClient(ent.Driver(database))).Elem()
	var lines []string
	for i := range client.NumField() {
		entity := client.Type().Field(i)
		if !entity.IsExported() || !strings.HasSuffix(entity.Type.String(), "Client") {
			continue
		}
		for operation, chain := range operations() {
			byOutcome := map[string][]string{}
			for _, c := range callers(t.Context()) {
				database.statement = ""
				err := try(c.ctx, client.Field(i), chain)
				verdict := outcome(err, database.statement)
				byOutcome[verdict] = append(byOutcome[verdict], c.name)
			}
			for verdict, who := range byOutcome {
				lines = append(lines, fmt.Sprintf("%s, %s: %s: %s", entity.Name, operation[2:], verdict, strings.Join(who, " · ")))
			}
		}
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(matrix, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(matrix)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("who may do what has changed; if it is meant, run with -update and read the difference:\n%s", diff)
	}
	holdsForAll(t, lines)
}

// holdsForAll checks what is true of every line, whatever was committed.
func holdsForAll(t *testing.T, lines []string) {
	t.Helper()
	global := regexp.MustCompile(`^(Placement|Domain|Staff|StaffSession), `)
	for _, line := range lines {
		what, rest, _ := strings.Cut(line, ": ")
		verdict, who, _ := strings.Cut(rest, ": ")
		if global.MatchString(line) {
			continue
		}
		if verdict != "denied" && (strings.Contains(who, "nobody") || strings.Contains(who, "platform")) {
			t.Errorf("%s: somebody without a tenant gets through", line)
		}
		if verdict != "denied" && verdict != "allowed" && !strings.Contains(verdict, "tenant_id = ?") {
			t.Errorf("%s: not narrowed to a tenant", line)
		}
		reading := strings.HasSuffix(what, "read") || strings.HasSuffix(what, "count")
		own := regexp.MustCompile(`^(Tenant, |User, |Session, )`).MatchString(line)
		if reading && !own && verdict != "denied" && strings.Contains(who, "ungranted") {
			t.Errorf("%s: support reads without a grant", line)
		}
		for _, reader := range []string{"visitor", "support", "ungranted", "reading key", "analyst's key"} {
			if !reading && verdict != "denied" && strings.Contains(who, reader) {
				t.Errorf("%s: %s writes", line, reader)
			}
		}
	}
}
