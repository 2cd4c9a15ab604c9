//go:build attack

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/gid"
)

// TestAttackIdempotencyKeys runs every mutation twice under one key, and once more after its answer was lost: it takes
// effect once. A key of another tenant, and one of a colleague, is not found out.
func TestAttackIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	s := w.attacker
	surface, registry := loadSurface(t), w.providers(t, s)
	scenes, changes := w.scenes(s), (&filling{attackWorld: w, side: s}).changes()
	operations := surface.ByRoot(ast.Mutation, surface.Mutations, registry.Wanted)
	if len(operations) != len(surface.Schema.Mutation.Fields) {
		t.Errorf("%d mutations, %d of them in the schema", len(operations), len(surface.Schema.Mutation.Fields))
	}
	var idle []string
	for _, o := range operations {
		own := maps.Clone(registry)
		q := question{token: s.tokens["admin"], host: s.host, document: o.Document}
		for _, prepare := range []func(*testing.T) scene{scenes[o.Root()], changes[o.Root()]} {
			if prepare == nil {
				continue
			}
			sc := prepare(t)
			maps.Copy(own, sc.with)
			q.token = cmp.Or(sc.token, q.token)
		}
		effect := false
		for i, variables := range attack.NewBinder(surface.Schema, own).Bind(o) {
			q.variables, q.header = variables, map[string]string{"Idempotency-Key": fmt.Sprint("key-", o.Root(), i)}
			if effect = w.repeat(t, o.Root(), q); effect {
				break
			}
		}
		if !effect {
			idle = append(idle, o.Root())
		}
	}
	if len(idle) > 0 {
		t.Errorf("without an effect, and so not tested: %v", idle)
	}
	t.Logf("idempotency: %d mutations sent again under their keys, and again after their answers were lost", len(operations))
}

// on runs a mutation on what is prepared for it.
func on(argument string, prepare func(t *testing.T) string) func(*testing.T) scene {
	return func(t *testing.T) scene {
		t.Helper()
		return scene{with: attack.Registry{argument: attack.Always(prepare(t))}}
	}
}

// changes are what a mutation is run on that would change nothing otherwise.
func (f *filling) changes() map[string]func(t *testing.T) scene {
	const key = `mutation { createApiKey(input: {name: "Key", scopes: [READ]}) { apiKey { id } } }`
	const grant = `mutation { grantSupport(input: {reason: "Reason.", expiresInMinutes: 5}) { grant { id } } }`
	return map[string]func(t *testing.T) scene{
		"changeUserRole":     fixed(attack.Registry{"Mutation.changeUserRole.role": attack.Always("INSTRUCTOR")}),
		"arrangeCourse":      fixed(attack.Registry{"ArrangeModuleInput.lessons": attack.Always([]any{})}),
		"revokeCertificate":  fixed(attack.Registry{"RevokeCertificateInput.certificateId": attack.Always(f.id("Certificate"))}),
		"revokeApiKey":       on("Mutation.revokeApiKey.id", func(t *testing.T) string { t.Helper(); return f.make(t, key, nil) }),
		"revokeSupportGrant": on("Mutation.revokeSupportGrant.id", func(t *testing.T) string { t.Helper(); return f.make(t, grant, nil) }),
		"reinstateUser":      on("Mutation.reinstateUser.id", f.suspend),
		"publishCourse":      on("PublishCourseInput.courseId", f.unpublished),
		"revertCourse":       on("Mutation.revertCourse.courseId", f.twiceReleased),
		"completeUpload":     on("Mutation.completeUpload.assetId", f.sent),
		"deleteAsset":        on("Mutation.deleteAsset.assetId", f.spare),
		"restoreAsset":       on("Mutation.restoreAsset.assetId", f.gone),
		"startAttempt":       f.anotherAttempt,
	}
}

// make runs a mutation and returns the first id in its answer.
func (f *filling) make(t *testing.T, document string, variables input) string {
	t.Helper()
	a := f.ask(t, f.tokens["admin"], f.host, document, variables)
	found := regexp.MustCompile(`"id":"([^"]+)"`).FindSubmatch(a.Body)
	if found == nil {
		t.Fatalf("%s: %s", document, a.Body)
	}
	return string(found[1])
}

func (f *filling) suspend(t *testing.T) string {
	t.Helper()
	name := "p" + uuid.NewString()[:8]
	f.addPerson(t, name, "LEARNER", name, name+"@"+f.slug+".example")
	return f.make(t, `mutation($i: ID!) { suspendUser(id: $i) { user { id } } }`, input{"i": gid.New("usr", f.people[name]).String()})
}

func (f *filling) unpublished(t *testing.T) string {
	t.Helper()
	course := f.saveCourse(t, "instructor", input{"slug": "new-" + uuid.NewString()[:8], "title": "New"})
	f.saveLesson(t, "instructor", course, input{"key": "article", "moduleKey": "m", "title": "Article", "kind": "ARTICLE", "body": "Body"})
	return course
}

// twiceReleased is a course that can go back to its first version.
func (f *filling) twiceReleased(t *testing.T) string {
	t.Helper()
	course := f.unpublished(t)
	f.publish(t, "instructor", course)
	f.saveLesson(t, "instructor", course, input{"key": "article", "moduleKey": "m", "title": "Article", "kind": "ARTICLE", "body": "Another"})
	f.publish(t, "instructor", course)
	return course
}

// sent is a file whose bytes have arrived.
func (f *filling) sent(t *testing.T) string {
	t.Helper()
	content := "sent by " + uuid.NewString()
	var asked struct {
		RequestUpload struct {
			Asset  struct{ ID string }
			Upload struct {
				Method, URL string
				Headers     []struct{ Name, Value string }
			}
		}
	}
	f.do(t, "instructor", `mutation($i: RequestUploadInput!) { requestUpload(input: $i) { asset { id } upload { method url headers { name value } } } }`,
		input{"i": uploadInput("sent.txt", "DOCUMENT", "text/plain", content)}, &asked)
	header := map[string]string{}
	for _, h := range asked.RequestUpload.Upload.Headers {
		header[h.Name] = h.Value
	}
	f.put(t, asked.RequestUpload.Upload.Method, asked.RequestUpload.Upload.URL, header, content)
	return asked.RequestUpload.Asset.ID
}

// anotherAttempt is of the learner, whose last one is over.
func (f *filling) anotherAttempt(t *testing.T) scene {
	t.Helper()
	f.do(t, "learner", `mutation($a: ID!) { submitAttempt(attemptId: $a) { attempt { id } } }`, input{"a": f.ids["Attempt"][3]}, nil)
	return scene{token: f.tokens["learner"], with: attack.Registry{"StartAttemptInput.enrollmentId": attack.Always(f.ids["Enrollment"][1])}}
}

// repeat sends a mutation again under its key, and reports whether it had an effect.
func (w *attackWorld) repeat(t *testing.T, root string, q question) bool {
	t.Helper()
	sums := func() map[string]string {
		w.settle(t)
		found, err := w.checksums(t.Context(), w.attacker)
		if err != nil {
			t.Fatal(err)
		}
		delete(found, "idempotency_keys")
		return found
	}
	send := func() answer {
		a, err := w.send(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	start := sums()
	first := send()
	done := sums()
	changed := attack.Different(start, done)
	if root == "signIn" { // takes no key
		if first.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("signIn under a key: %v", first.Header)
		}
		return true
	}
	const marked = `SELECT coalesce(bool_or(effect_at IS NOT NULL), false) FROM idempotency_keys WHERE tenant_id = $1 AND key_hash = sha256($2::bytea)`
	var effect bool
	if err := w.superScan(t.Context(), marked, []any{w.attacker.tenant, []byte(q.header["Idempotency-Key"])}, &effect); err != nil {
		t.Fatal(err)
	}
	if len(changed) > 0 && !effect {
		t.Errorf("%s changed %v, and no transaction of it carried the mark of its key", root, changed)
	}
	if len(changed) == 0 {
		return false // refused, or done already
	}
	w.again(t, root, first, send())
	const lose = `UPDATE idempotency_keys SET finished_at = NULL, status = NULL, body = NULL, claimed_at = claimed_at - interval '1 hour' WHERE tenant_id = $1`
	if err := w.super(t.Context(), lose, w.attacker.tenant); err != nil {
		t.Fatal(err)
	}
	if lost := send(); !endsItself[root] && (lost.Code() != "CONFLICT" || !strings.Contains(string(lost.Body), "answer was lost")) {
		t.Errorf("%s, its answer lost: %d %.300s", root, lost.Status, lost.Body)
	}
	if twice := attack.Different(done, sums()); len(twice) > 0 {
		t.Errorf("%s took effect again: %v", root, twice)
	}
	return true
}

// endsItself are the mutations after which the token that was used is no longer good.
var endsItself = map[string]bool{"signOut": true, "rotateSession": true}

// again checks the second answer under the key.
func (*attackWorld) again(t *testing.T, root string, first, again answer) {
	t.Helper()
	switch {
	case endsItself[root]:
		if again.Status != http.StatusUnauthorized {
			t.Errorf("%s again: %d %s", root, again.Status, again.Body)
		}
	case root == "createApiKey":
		if again.Code() != "CONFLICT" || strings.Contains(string(again.Body), "token") {
			t.Errorf("%s again: %d %s", root, again.Status, again.Body)
		}
	case again.Header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(again.Body, first.Body) || again.Status != first.Status:
		t.Errorf("%s again: %d %v %.300s, want %.300s", root, again.Status, again.Header, again.Body, first.Body)
	}
}

// TestAttackSharedKeys has two tenants, and two people of one, send the same mutation under the same key.
func TestAttackSharedKeys(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	document := `mutation($s: String!) { saveCategory(input: {slug: $s, name: "Shared"}) { category { id } } }`
	seen := map[string]string{}
	for _, who := range []struct {
		name    string
		s       *side
		persona string
	}{
		{"victim", w.victim, "admin"},
		{"attacker", w.attacker, "admin"},
		{"the attacker's colleague", w.attacker, "instructor"},
		{"newcomer", w.newcomer, "admin"},
	} {
		slug := "shared"
		if who.persona == "instructor" {
			slug = "other"
		}
		a, err := w.send(t.Context(), question{
			token: who.s.tokens[who.persona], host: who.s.host, document: document, variables: input{"s": slug},
			header: map[string]string{"Idempotency-Key": "shared"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if a.Header.Get("Idempotency-Replayed") != "false" || len(a.Codes) > 0 {
			t.Errorf("%s: %d %v %s", who.name, a.Status, a.Header, a.Body)
		}
		if other, taken := seen[string(a.Body)]; taken {
			t.Errorf("%s got the answer of %s", who.name, other)
		}
		seen[string(a.Body)] = who.name
	}
}
