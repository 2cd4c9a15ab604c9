package loader_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/internal/catalog"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// loaders returns every loader of the set by its path, such as "Nodes.Asset". What is neither a loader nor a
// struct of loaders fails the test by name.
func loaders(t *testing.T, set reflect.Value, path string) map[string]reflect.Value {
	t.Helper()
	found := map[string]reflect.Value{}
	for i := range set.NumField() {
		field, name := set.Type().Field(i), strings.TrimPrefix(path+"."+set.Type().Field(i).Name, ".")
		switch {
		case !field.IsExported():
		case field.Type.Kind() == reflect.Struct:
			maps.Copy(found, loaders(t, set.Field(i), name))
		case field.Type.Kind() == reflect.Pointer && strings.HasPrefix(field.Type.Elem().Name(), "Loader["):
			found[name] = set.Field(i)
		default:
			t.Fatalf("%s is a %s, not a loader: nobody attacks it", name, field.Type)
		}
	}
	return found
}

// loadersOf returns the loaders of the response.
func loadersOf(t *testing.T, response context.Context) map[string]reflect.Value {
	t.Helper()
	return loaders(t, reflect.ValueOf(loader.From(response)).Elem(), "")
}

// keys are what loaders are asked for, by the type of their keys: everything that either tenant has, and what is
// made of both.
type keys map[reflect.Type][]reflect.Value

func (k keys) add(values ...any) {
	for _, value := range values {
		v := reflect.ValueOf(value)
		k[v.Type()] = append(k[v.Type()], v)
	}
}

func (w world) keys(t *testing.T) keys {
	t.Helper()
	found := keys{}
	found.add("shared", "first", "second", "", mark(w.globex))
	var places, lessons []uuid.UUID
	for _, tenant := range []pgtest.Tenant{w.acme, w.globex} {
		ctx := tenant.System(t.Context())
		for _, id := range w.ids(t, tenant) {
			found.add(id)
		}
		places = append(places, w.Enrollment.Query().IDsX(ctx)...)
		for _, l := range w.LessonVersion.Query().AllX(ctx) {
			lessons = append(lessons, l.LessonID)
			found.add(catalog.LessonRef{Version: l.VersionID, Course: l.CourseID, Lesson: l.LessonID},
				catalog.LessonRef{Version: l.VersionID, Course: l.CourseID, Lesson: l.LessonID, Preview: true})
		}
		for _, id := range w.Group.Query().IDsX(ctx) {
			found.add(tenancy.MembersAsked{Group: id, Page: page.Request{First: 5}})
		}
		for _, id := range w.Module.Query().IDsX(ctx) {
			found.add(loader.Named{Module: id, Keys: "q\nother"})
		}
		for _, a := range w.Attempt.Query().AllX(ctx) {
			found.add(a)
		}
	}
	for _, place := range places {
		for _, lesson := range lessons {
			found.add(loader.Step{Enrollment: place, Lesson: lesson})
		}
	}
	mine := w.Publication.Query().OnlyX(w.acme.System(t.Context()))
	for _, lesson := range lessons {
		found.add(catalog.LessonRef{Version: mine.VersionID, Course: mine.CourseID, Lesson: lesson, Preview: true})
	}
	return found
}

// answers asks every loader of the context's set for every key, and returns what each said.
func answers(t *testing.T, ctx context.Context, all keys, set map[string]reflect.Value) map[string][]string {
	t.Helper()
	said := map[string][]string{}
	for name, l := range set {
		load := l.MethodByName("LoadThunk")
		asked, known := all[load.Type().In(1)]
		if !known {
			t.Errorf("%s is keyed by %s, of which there are no examples: nobody attacks it", name, load.Type().In(1))
			continue
		}
		thunks := make([]reflect.Value, len(asked))
		for i, key := range asked {
			thunks[i] = load.Call([]reflect.Value{reflect.ValueOf(ctx), key})[0]
			if key.Kind() == reflect.Pointer {
				// A row as a key comes from the viewer's own response; a foreign one spoils a batch for all.
				thunks[i].Call(nil)
			}
		}
		for i, thunk := range thunks {
			said[name] = append(said[name], answer(asked[i], thunk.Call(nil)))
		}
	}
	return said
}

const busy = "busy"

// answer renders what a loader said. An error may name what stands in a row that is the key: whoever asked had
// that.
func answer(key reflect.Value, results []reflect.Value) string {
	err, _ := reflect.TypeAssert[error](results[1])
	switch {
	case err == nil && results[0].CanInt():
		// A number carries no mark; whose it is, its key says.
		return render(key) + " has " + render(results[0])
	case err == nil:
		return render(results[0])
	case fault.CodeOf(err) == fault.Unavailable:
		return busy
	case loader.IsNotFound(err):
		return "not found"
	case key.Kind() == reflect.Pointer:
		return "error: " + idPattern.ReplaceAllString(err.Error(), "an id of the key")
	default:
		// How many keys came in time for a batch is chance.
		return "error: " + batchSize.ReplaceAllString(err.Error(), "load some")
	}
}

var batchSize = regexp.MustCompile(`load (children of )?\d+`)

// patiently asks again while the pool is used up, which is not what this test is about.
func patiently(t *testing.T, ctx context.Context, w world, all keys) map[string][]string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		response := loader.With(ctx, w.sources)
		said := answers(t, response, all, loadersOf(t, response))
		tired := false
		for _, answers := range said {
			tired = tired || slices.Contains(answers, busy)
		}
		if !tired || time.Now().After(deadline) {
			return said
		}
	}
}

// caller is somebody who loads, and whose rows are foreign to them.
type caller struct {
	name        string
	ctx         context.Context
	mine, other pgtest.Tenant
	// ids are those of the caller's own tenant's rows.
	ids   []uuid.UUID
	alone map[string][]string
}

// owns reports whether something of the caller's own tenant was said.
func (c *caller) owns(said []string) bool {
	text := strings.Join(said, "\n")
	return strings.Contains(text, mark(c.mine)) || slices.ContainsFunc(c.ids, func(id uuid.UUID) bool { return strings.Contains(text, id.String()) })
}

// callers alternate between the tenants.
func (w world) callers(t *testing.T) []*caller {
	t.Helper()
	var found []*caller
	type as func(pgtest.Tenant) context.Context
	for _, role := range []struct {
		name string
		of   as
	}{
		{"visitor", func(o pgtest.Tenant) context.Context { return o.Anonymous(t.Context()) }},
		{"learner", func(o pgtest.Tenant) context.Context { return o.AsLearner(t.Context()) }},
		{"instructor", func(o pgtest.Tenant) context.Context { return o.AsInstructor(t.Context()) }},
		{"admin", func(o pgtest.Tenant) context.Context { return o.AsAdmin(t.Context()) }},
		{"support", func(o pgtest.Tenant) context.Context { return o.AsSupport(t.Context()) }},
		{"key", func(o pgtest.Tenant) context.Context {
			return viewer.With(t.Context(), viewer.Viewer{
				Tenant: o.ID, User: o.Instructor, Role: viewer.Instructor, APIKey: uuid.New(), Scopes: []viewer.Scope{viewer.ScopeRead},
			})
		}},
		{"nobody", func(pgtest.Tenant) context.Context { return t.Context() }},
	} {
		found = append(found,
			&caller{name: "acme's " + role.name, ctx: role.of(w.acme), mine: w.acme, other: w.globex},
			&caller{name: "globex' " + role.name, ctx: role.of(w.globex), mine: w.globex, other: w.acme})
	}
	return found
}

// foreign are the texts that a caller must not be given: the marks and the ids of the other tenant.
func (w world) foreign(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for other, mine := range map[*pgtest.Tenant]*pgtest.Tenant{&w.acme: &w.globex, &w.globex: &w.acme} {
		own := w.ids(t, *mine)
		found[other.Slug] = []string{mark(*other), "@" + other.Slug + ".example"}
		for _, id := range w.ids(t, *other) {
			if !slices.Contains(own, id) {
				found[other.Slug] = append(found[other.Slug], id.String())
			}
		}
		if len(found[other.Slug]) < 30 {
			t.Fatalf("only %d texts tell %s", len(found[other.Slug]), other.Slug)
		}
	}
	return found
}

// TestAttackLoaders has 64 goroutines of one process load everything that both tenants have, as alternating
// viewers: nobody is given a row of the other tenant, and everybody is told what they are told alone.
func TestAttackLoaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys, foreign, callers := w.keys(t), w.foreign(t), w.callers(t)
	found := map[string]bool{}
	for _, c := range callers {
		c.ids = append(w.ids(t, c.mine), c.mine.ID)
		c.alone = patiently(t, c.ctx, w, keys)
		for name, said := range c.alone {
			checkForeign(t, c.name+" alone, "+name, said, foreign[c.other.Slug])
			found[name] = found[name] || c.owns(said)
		}
	}
	for name, ok := range found {
		if !ok {
			t.Errorf("%s found nothing for anybody: the attack is vacuous", name)
		}
	}

	const goroutines, rounds = 64, 2
	together := make([][]map[string][]string, goroutines)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			<-begin
			for range rounds {
				together[i] = append(together[i], patiently(t, callers[i%len(callers)].ctx, w, keys))
			}
		})
	}
	close(begin)
	wg.Wait()
	loads := 0
	for i, rounds := range together {
		c := callers[i%len(callers)]
		for _, said := range rounds {
			for name, answers := range said {
				loads += len(answers)
				checkForeign(t, c.name+", "+name, answers, foreign[c.other.Slug])
				if !slices.Equal(answers, c.alone[name]) {
					t.Errorf("%s is told something else by %s than alone", c.name, name)
				}
			}
		}
	}
	t.Logf("%d loaders, %d viewers, %d goroutines: %d keys loaded", len(found), len(callers), goroutines, loads)
}

func checkForeign(t *testing.T, who string, said, foreign []string) {
	t.Helper()
	text := strings.Join(said, "\n")
	for _, mark := range foreign {
		if strings.Contains(text, mark) {
			t.Errorf("%s is given %q of the other tenant", who, mark)
		}
	}
}

// TestAttackLoadersEndWithTheirResponse: what one response loaded, or was told of, is nothing to the next.
func TestAttackLoadersEndWithTheirResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	learner := w.acme.AsLearner(t.Context())
	first := loader.With(learner, w.sources)
	before, err := loader.From(first).User.Load(first, w.acme.Learner)
	if err != nil {
		t.Fatal(err)
	}
	poison := &catalog.Course{CourseVersion: &ent.CourseVersion{ID: uuid.New(), TenantID: w.globex.ID, Title: mark(w.globex)}}
	loader.From(first).Keep(poison)
	w.User.UpdateOneID(w.acme.Learner).SetName("Renamed").ExecX(w.acme.System(t.Context()))
	for name, ctx := range map[string]context.Context{
		"the same viewer": loader.With(learner, w.sources), "within the first": loader.With(first, w.sources),
		"another tenant": loader.With(w.globex.AsAdmin(first), w.sources),
	} {
		set := loader.From(ctx)
		if set == loader.From(first) {
			t.Fatalf("%s: two responses share a set", name)
		}
		if _, err := set.Version.Load(ctx, poison.ID); !loader.IsNotFound(err) {
			t.Errorf("%s: what the first response kept: %v, want not found", name, err)
		}
		after, err := set.User.Load(ctx, w.acme.Learner)
		switch {
		case name == "another tenant" && !loader.IsNotFound(err):
			t.Errorf("%s: what the first response loaded: %v (%v)", name, after, err)
		case name != "another tenant" && (err != nil || after == before || after.Name != "Renamed"):
			t.Errorf("%s: %v (%v), want it read again", name, after, err)
		}
	}
}

// TestAttackLoadersServeTheirViewerOnly asks the set of one viewer as another, or wider than the viewer: it is
// refused, by each loader, before anything is read.
func TestAttackLoadersServeTheirViewerOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, owner := w.keys(t), w.acme.AsLearner(t.Context())
	key := func(scope viewer.Scope) context.Context {
		return viewer.With(t.Context(), viewer.Viewer{
			Tenant: w.acme.ID, User: w.acme.Learner, Role: viewer.Learner, APIKey: w.acme.Admin, Scopes: []viewer.Scope{scope},
		})
	}
	for name, tt := range map[string]struct{ owner, stranger context.Context }{
		"the other tenant's admin": {owner, w.globex.AsAdmin(t.Context())},
		"the other tenant's user":  {owner, w.globex.As(t.Context(), w.acme.Learner, viewer.Learner)},
		"another user":             {owner, w.acme.As(t.Context(), w.acme.Admin, viewer.Learner)},
		"the user with more":       {owner, w.acme.As(t.Context(), w.acme.Learner, viewer.TenantAdmin)},
		"a visitor":                {owner, w.acme.Anonymous(t.Context())},
		"nobody":                   {owner, t.Context()},
		"the system":               {owner, w.acme.System(t.Context())},
		"the whole tenant":         {owner, viewer.WholeTenant(owner)},
		"the user by a key":        {owner, key(viewer.ScopeRead)},
		"a key with more scopes":   {key(viewer.ScopePersisted), key(viewer.ScopeRead)},
	} {
		response := loader.With(tt.owner, w.sources)
		// The stranger has the set, as one has who keeps it in a variable; its context says who it is.
		v, _ := viewer.From(tt.stranger)
		stranger := viewer.With(response, v)
		if viewer.SeesWholeTenant(tt.stranger) {
			stranger = viewer.WholeTenant(stranger)
		}
		counted, counter := pg.CountStatements(stranger)
		for loaderName, said := range answers(t, counted, all, loadersOf(t, response)) {
			for _, answer := range said {
				if !strings.Contains(answer, "belongs to another viewer") {
					t.Errorf("%s: %s says %s", name, loaderName, answer)
				}
			}
		}
		if n := counter.Load(); n != 0 {
			t.Errorf("%s: %d statements were run", name, n)
		}
		if err := panicOf(func() { loader.From(stranger) }); err == nil {
			t.Errorf("%s is given the set", name)
		}
	}
	if err := panicOf(func() { loader.From(owner) }); err == nil {
		t.Error("a context without a response has loaders")
	}
}

// panicOf returns what fn panics with.
func panicOf(fn func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(errors.New("panic"), fmt.Errorf("%v", p))
		}
	}()
	fn()
	return nil
}
