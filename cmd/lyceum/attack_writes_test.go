//go:build attack

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

// TestAttackWrites puts what names the victim's things into every place of every operation that takes an id or a
// name, alone and among the attacker's own. The answer is that for what never existed, in its every byte and in
// the number of its statements; the victim's tables are afterwards as they were, and no row of the attacker's
// points at one of them.
func TestAttackWrites(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	w.remainSeen(t)
	before := w.everything(t, w.victim)
	f := newForger(t, w)
	f.attack(t, ast.Mutation)
	f.attack(t, ast.Query)
	f.cursors(t)
	w.settle(t)
	tables := len(before)
	for _, changed := range attack.Different(before, w.everything(t, w.victim)) {
		t.Errorf("the victim's %s", changed)
	}
	pointing := f.dangling(t)
	for _, missing := range f.unattacked() {
		t.Errorf("%s takes an id, and no provider gives one to attack it with", missing)
	}
	if len(f.places) < 40 || f.asked < 200 {
		t.Errorf("only %d places, %d requests", len(f.places), f.asked)
	}
	t.Logf("writes: %d places of ids and names in %d operations, %d requests compared with what never existed; "+
		"%d tables with the same checksum, %d rows point at the victim's", len(f.places), len(f.operations), f.asked, tables, pointing)
}

// remainSeen keeps the use of sessions and keys from being noted while statements are counted.
func (w *attackWorld) remainSeen(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		`UPDATE sessions SET last_seen_at = now() + interval '1 hour'`, `UPDATE api_keys SET last_used_at = now() + interval '1 hour'`,
	} {
		if err := w.super(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// everything is what a tenant has, by table.
func (w *attackWorld) everything(t *testing.T, s *side) map[string]string {
	t.Helper()
	sums, err := attack.Checksums(t.Context(), w.superScan, s.tenant)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// forger is the attacker's admin, who sends what names the victim's things.
type forger struct {
	*attackWorld

	surface  *attack.Surface
	registry attack.Registry
	// places are the names of the arguments and fields of inputs that were attacked, operations the documents.
	places, operations map[string]bool
	asked              int
}

func newForger(t *testing.T, w *attackWorld) *forger {
	t.Helper()
	registry := w.providers(t, w.attacker)
	// With the right password only the tenant keeps the victim's people from being signed in.
	registry["SignInInput.password"] = attack.Always(attackPassword)
	registry["SaveLessonInput.attachments"] = attack.Always([]any{input{"name": "notes.txt", "assetId": w.attacker.id("Asset")}})
	registry["SaveLessonInput.bodyFormat"] = attack.Always("MARKDOWN")
	return &forger{
		attackWorld: w, surface: loadSurface(t), registry: registry, places: map[string]bool{}, operations: map[string]bool{},
	}
}

// place is where variables hold an id or a name.
type place struct {
	// name is "EnrollInput.courseId" or "Mutation.withdraw.enrollmentId".
	name string
	// path leads there from the variables: names, and positions in lists.
	path []any
	// value is the attacker's own.
	value string
}

// attack tries every place of every mutation, or of every query: of the documents below a root field one for each type
// of what is named.
func (f *forger) attack(t *testing.T, kind ast.Operation) {
	t.Helper()
	operations := f.surface.ByRoot(ast.Mutation, f.surface.Mutations, f.registry.Wanted)
	if kind == ast.Query {
		operations = f.surface.Grouped(ast.Query, f.surface.Queries, f.registry.Wanted)
	}
	binder := attack.NewBinder(f.surface.Schema, f.registry)
	tried := map[string]bool{}
	for _, operation := range operations {
		for _, variables := range binder.Bind(operation) {
			for _, p := range f.find(operation, variables) {
				typ, _, _ := strings.Cut(p.value, "_")
				once := operation.Root() + " " + p.name
				if f.counterpart(p.value) == "" {
					once += " " + typ
				}
				if !tried[once] {
					tried[once], f.places[p.name], f.operations[operation.Root()] = true, true, true
					f.try(t, operation, variables, p)
				}
			}
		}
	}
}

// find returns the places in the variables of an operation.
func (f *forger) find(o attack.Operation, variables map[string]any) []place {
	var found []place
	for _, a := range o.Arguments {
		found = append(found, f.below(a.Name, a.Type, variables[a.Variable], []any{a.Variable})...)
	}
	return found
}

func (f *forger) below(name string, typ *ast.Type, value any, path []any) []place {
	switch value := value.(type) {
	case []any:
		var found []place
		for i, item := range value[:min(len(value), 1)] {
			found = append(found, f.below(name, typ, item, append(slices.Clone(path), i))...)
		}
		return found
	case map[string]any:
		var found []place
		definition := f.surface.Schema.Types[typ.Name()]
		for _, field := range slices.Sorted(maps.Keys(value)) {
			inner := definition.Fields.ForName(field)
			found = append(found, f.below(definition.Name+"."+field, inner.Type, value[field], append(slices.Clone(path), field))...)
		}
		return found
	case string:
		if typ.Name() == "ID" || typ.Name() == "String" && f.counterpart(value) != "" {
			return []place{{name, path, value}}
		}
	}
	return nil
}

// counterpart is the victim's name for what the attacker's is called by the text, "" when it is no name.
func (f *forger) counterpart(text string) string {
	if text == f.attacker.slug {
		return f.victim.slug
	}
	for name, own := range f.attacker.texts {
		if own == text {
			return f.victim.texts[name]
		}
	}
	return ""
}

// try sends an operation with something of the victim's in one place, and with what never existed.
func (f *forger) try(t *testing.T, o attack.Operation, variables map[string]any, p place) {
	t.Helper()
	if theirs := f.counterpart(p.value); theirs != "" {
		f.tryName(t, o, variables, p, theirs)
		return
	}
	own, err := gid.Parse(p.value)
	if err != nil {
		t.Fatalf("%s: %q is no id", p.name, p.value)
	}
	same, other := f.theirs(own.Type)
	if same == nil {
		t.Fatalf("%s: the victim has no %s", p.name, own.Type)
	}
	for _, mixed := range []bool{false, true} {
		if _, list := p.path[len(p.path)-1].(int); mixed && !list {
			continue
		}
		ask := func(id gid.ID) func() observed {
			return func() observed { return f.observe(t, o, f.with(variables, p, id.String(), mixed), id.String()) }
		}
		never, swapped := gid.New(own.Type, uuid.Must(uuid.NewV7())), gid.New(other.Type, uuid.Must(uuid.NewV7()))
		ask(never)() // whatever is made at the first time, or marked among the attacker's own, is made now
		for _, id := range same {
			f.alike(t, o, p, ask(id), ask(never))
		}
		f.alike(t, o, p, ask(other), ask(swapped))
		// The victim's UUID under another type, and theirs under this one.
		f.alike(t, o, p, ask(gid.New(own.Type, other.UUID)), ask(never))
		f.alike(t, o, p, ask(gid.New(other.Type, same[0].UUID)), ask(swapped))
		if a, b := ask(never)(), ask(swapped)(); a.code != b.code {
			t.Errorf("%s %s: an id that never existed is %q, one of another type %q", o.Root(), p.name, a.code, b.code)
		}
	}
}

// theirs are ids of the victim of one type, at most three, and one of another type.
func (f *forger) theirs(typ string) (same []gid.ID, other gid.ID) {
	for _, name := range slices.Sorted(maps.Keys(f.victim.ids)) {
		for _, text := range f.victim.ids[name] {
			id, err := gid.Parse(text)
			switch {
			case err != nil:
			case id.Type != typ:
				other = id
			case len(same) < 3 && !slices.Contains(same, id):
				same = append(same, id)
			}
		}
	}
	return same, other
}

// with returns the variables with another value in one place; mixed, it stands behind the attacker's own.
func (*forger) with(variables map[string]any, p place, value string, mixed bool) map[string]any {
	var put func(at any, path []any) any
	put = func(at any, path []any) any {
		if len(path) == 0 {
			return value
		}
		switch step := path[0].(type) {
		case string:
			object, _ := at.(map[string]any)
			object = maps.Clone(object)
			object[step] = put(object[step], path[1:])
			return object
		case int:
			list, _ := at.([]any)
			if mixed && len(path) == 1 {
				return append(slices.Clone(list), value)
			}
			return []any{put(list[step], path[1:])}
		}
		return nil
	}
	changed, _ := put(variables, p.path).(map[string]any)
	return changed
}

// tryName gives the attacker's thing the name of the victim's, or looks for it by that name.
func (f *forger) tryName(t *testing.T, o attack.Operation, variables map[string]any, p place, theirs string) {
	t.Helper()
	// As long, of the same characters, and nobody's.
	never := strings.NewReplacer(f.victim.marker, marker(), f.victim.public, marker()).Replace(theirs)
	if never == theirs {
		never = neverLike(theirs)
	}
	ask := func(name string) func() observed {
		return func() observed {
			defer f.forget(t, p, name)
			return f.observe(t, o, f.with(variables, p, name, false), name)
		}
	}
	ask(never)()
	f.alike(t, o, p, ask(theirs), ask(never))
}

// made deletes what a name was given to, so that it is new again at the next time.
var made = map[string]string{
	"SaveCourseInput.slug":       `DELETE FROM courses WHERE tenant_id = $1 AND slug = $2`,
	"SaveCourseInput.categories": `DELETE FROM categories WHERE tenant_id = $1 AND slug = $2`,
	"SaveCategoryInput.slug":     `DELETE FROM categories WHERE tenant_id = $1 AND slug = $2`,
	"SaveLearningPathInput.slug": `DELETE FROM learning_paths WHERE tenant_id = $1 AND slug = $2`,
	"SaveGroupInput.key":         `DELETE FROM groups WHERE tenant_id = $1 AND key = $2`,
	"SaveAchievementInput.key":   `DELETE FROM achievements WHERE tenant_id = $1 AND key = $2`,
	"SaveModuleInput.key":        `DELETE FROM modules WHERE tenant_id = $1 AND key = $2`,
	"SaveLessonInput.key":        `DELETE FROM lessons WHERE tenant_id = $1 AND key = $2`,
	"CreateUserInput.email":      `DELETE FROM users WHERE tenant_id = $1 AND email = $2`,
	"RequestUploadInput.sha256":  `DELETE FROM assets WHERE tenant_id = $1 AND sha256 = $2`,
}

func (f *forger) forget(t *testing.T, p place, name string) {
	t.Helper()
	if statement, known := made[p.name]; known {
		if err := f.super(t.Context(), statement, f.attacker.tenant, name); err != nil {
			t.Fatal(err)
		}
	}
}

// neverLike is a text of the same length and kind: letters for letters, digits for digits.
func neverLike(text string) string {
	fresh := []byte(marker() + marker() + marker())
	out := []byte(text)
	for i, c := range out {
		switch {
		case c >= '0' && c <= '9':
			out[i] = '2' + fresh[i%len(fresh)]%6 // which a code may have
		case c >= 'a' && c <= 'z':
			out[i] = 'a' + fresh[i%len(fresh)]%6
		case c >= 'A' && c <= 'Z':
			out[i] = 'A' + fresh[i%len(fresh)]%6
		}
	}
	return string(out)
}

// observed is all that the attacker can tell answers apart by, without what differs each time.
type observed struct {
	status     int
	code, body string
	retry      string
	statements int64
}

// String is the answer in a line.
func (o observed) String() string {
	return fmt.Sprintf("  %d, %d statements, retry %q: %.600s", o.status, o.statements, o.retry, o.body)
}

// changing are parts of an answer that differ whenever it is made: ids and times of what was made, signatures.
var changing = []struct {
	part *regexp.Regexp
	mask string
}{
	{regexp.MustCompile(`\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\b`), "ID"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`"(url|pdfUrl|verifyUrl)":"[^"]*"`), `"$1":"URL"`},
	{regexp.MustCompile(`"(contentHash|hash|token|traceId|remaining|revision)":("[^"]*"|\d+)`), `"$1":"X"`},
	{regexp.MustCompile(`/v/[^/"]+/`), "/v/SIGNATURE/"},
	{regexp.MustCompile(`[0-9a-f]{64}`), "SHA256"},
}

// masked is a body without what differs each time.
func masked(body, sent string) string {
	if sent != "" {
		body = strings.ReplaceAll(body, sent, "SENT")
	}
	for _, c := range changing {
		body = c.part.ReplaceAllString(body, c.mask)
	}
	return body
}

// observe asks as the attacker's admin.
func (f *forger) observe(t *testing.T, o attack.Operation, variables map[string]any, sent string) observed {
	t.Helper()
	f.asked++
	a := f.ask(t, f.attacker.tokens["admin"], f.attacker.host, o.Document, variables)
	if slices.Contains(unattacked, a.Code()) || a.Status == http.StatusUnauthorized {
		t.Errorf("%s was answered %d %s, and attacked nothing", o.Root(), a.Status, a.Code())
	}
	return observed{a.Status, a.Code(), masked(string(a.Body), sent), a.Header.Get("Retry-After"), a.Statements}
}

// alike fails unless the answers are the same. A busy machine splits what loaders gather, so the fewest statements
// of some tries count.
func (f *forger) alike(t *testing.T, o attack.Operation, p place, theirs, never func() observed) {
	t.Helper()
	got, want := theirs(), never()
	for range 10 {
		if got == want {
			return
		}
		again, other := theirs(), never()
		again.statements, other.statements = min(got.statements, again.statements), min(want.statements, other.statements)
		got, want = again, other
	}
	if got != want {
		t.Errorf("%s %s: the victim's\n%s\nwhat never existed\n%s", o.Root(), p.name, got, want)
	}
}

// cursors continues the attacker's lists where the victim's stand, and at places like them that never were.
func (f *forger) cursors(t *testing.T) {
	t.Helper()
	id := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	tried := 0
	for _, field := range f.surface.Schema.Query.Fields {
		if field.Arguments.ForName("after") == nil {
			continue
		}
		theirs := f.cursor(t, f.victim, field.Name)
		raw, err := base64.RawURLEncoding.DecodeString(theirs)
		if err != nil || theirs == "" {
			t.Fatalf("%s: the cursor %q, %v", field.Name, theirs, err)
		}
		never := base64.RawURLEncoding.EncodeToString(id.ReplaceAllFunc(raw, neighbour))
		arguments, inside := "", "__typename id"
		switch field.Name {
		case "enrollments":
			arguments = `, courseId: "` + f.attacker.id("Course") + `"`
		case "pathEnrollments":
			arguments = `, pathId: "` + f.attacker.id("LearningPath") + `"`
		case "captionRevisions":
			arguments, inside = `, assetId: "`+f.attacker.ids["Asset"][1]+`"`, "__typename number locale vtt"
		case "leaderboard":
			arguments, inside = ", period: ALL", "__typename rank points name self"
		}
		o := attack.Operation{
			Kind: ast.Query, Routes: []attack.Route{{{Type: "Query", Field: field}}},
			Document: `query($c: Cursor) { ` + field.Name + `(first: 5, after: $c` + arguments + `) {
				edges { cursor node { ` + inside + ` } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
		}
		p := place{name: "Query." + field.Name + ".after"}
		f.places[p.name] = true
		ask := func(cursor string) func() observed {
			return func() observed { return f.observe(t, o, input{"c": cursor}, cursor) }
		}
		f.alike(t, o, p, ask(theirs), ask(never))
		if answer := ask(theirs)(); strings.Contains(answer.body, f.victim.marker) {
			t.Errorf("%s behind the victim's cursor: %s", field.Name, answer)
		}
		tried++
	}
	if tried < 8 {
		t.Errorf("%d lists, which is too few", tried)
	}
}

// neighbour is an id that never existed, of the same moment as the id.
func neighbour(id []byte) []byte {
	return append(slices.Clone(id[:len("00000000-0000-7000-")]), uuid.NewString()[len("00000000-0000-7000-"):]...)
}

// dangling fails for rows of the attacker's that hold an id of the victim's, and returns how many there are.
func (f *forger) dangling(t *testing.T) int {
	t.Helper()
	rows, err := f.rowIDs(t.Context(), f.victim)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, some := range rows {
		for _, id := range some {
			ids = append(ids, id.String(), gid.Encode(id))
		}
	}
	tables, err := f.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, table := range tables {
		if n := f.pointing(t.Context(), t, table, ids); n > 0 {
			t.Errorf("%d rows of the attacker's %s hold an id of the victim's", n, table)
			total += n
		}
	}
	return total
}

func (f *forger) pointing(ctx context.Context, t *testing.T, table string, ids []string) int {
	t.Helper()
	var n int
	query := `SELECT count(*) FROM "` + table + `" r WHERE tenant_id = $1 AND EXISTS (
		SELECT FROM regexp_matches(to_jsonb(r)::text, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=_)[0-9a-hjkmnp-tv-z]{26}', 'g') m
		WHERE m[1] = ANY ($2))`
	if err := f.superScan(ctx, query, []any{f.attacker.tenant, ids}, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// unattacked are the places of ids in the schema that no provider led to.
func (f *forger) unattacked() []string {
	var missing []string
	seen := map[string]bool{}
	var visit func(name string, typ *ast.Type)
	visit = func(name string, typ *ast.Type) {
		definition := f.surface.Schema.Types[typ.Name()]
		if typ.Name() == "ID" && !f.places[name] {
			missing = append(missing, name)
		}
		if definition.Kind != ast.InputObject || seen[definition.Name] {
			return
		}
		seen[definition.Name] = true
		for _, field := range definition.Fields {
			visit(definition.Name+"."+field.Name, field.Type)
		}
	}
	for _, root := range []*ast.Definition{f.surface.Schema.Query, f.surface.Schema.Mutation} {
		for _, field := range root.Fields {
			for _, argument := range field.Arguments {
				visit(root.Name+"."+field.Name+"."+argument.Name, argument.Type)
			}
		}
	}
	slices.Sort(missing)
	return missing
}
