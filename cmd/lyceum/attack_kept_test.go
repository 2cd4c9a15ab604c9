//go:build attack

package main

import (
	"bytes"
	"net/http"
	"testing"

	"lyceum/internal/viewer"
)

// keptDocuments are questions whose answers are kept for all visitors. Their variables are the same for both tenants.
var keptDocuments = []string{
	`{ courses(first: 50) { nodes { id slug title summary instructor { name } modules { title lessons { title } } } totalCount } }`,
	`{ courses(first: 50) { edges { cursor node { description tags price { amount currency } prerequisites { title } } } pageInfo { endCursor } } }`,
	`{ categories { id slug name } }`,
}

// keptReader is somebody who asks on a host.
type keptReader struct {
	name, token, host string
	// side is whose answers they get.
	side *side
	// kept says that what they get is the answer of any visitor on that host.
	kept bool
}

func (w *attackWorld) keptReaders() []keptReader {
	var all []keptReader
	for _, s := range []*side{w.victim, w.attacker} {
		for _, host := range []string{s.host, s.texts["Domain.host"]} {
			all = append(all, keptReader{"a visitor on " + host, "", host, s, true})
			for _, persona := range []string{"learner", "instructor", "admin", "reader"} {
				all = append(all, keptReader{persona + " on " + host, s.tokens[persona], host, s, false})
			}
		}
	}
	return all
}

// TestAttackKeptAnswers warms every answer by each reader and then asks as each other one, of both tenants, of all roles, on
// all hosts, in several languages, by POST and by GET: everybody is answered as without a cache, and shown nothing of the
// other tenant. That visitors are answered from what is kept is checked too, or this would prove nothing.
func TestAttackKeptAnswers(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	readers := w.keptReaders()
	ask := func(reader keptReader, document, language string) answer {
		t.Helper()
		a, err := w.send(t.Context(), question{
			token: reader.token, host: reader.host, document: document, header: map[string]string{"Accept-Language": language},
		})
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != http.StatusOK || len(a.Codes) > 0 {
			t.Fatalf("%s: %d %.300s", reader.name, a.Status, a.Body)
		}
		return a
	}
	// Each reader's own answer, when nobody has asked before.
	alone := map[string]map[string][]byte{}
	for _, document := range keptDocuments {
		alone[document] = map[string][]byte{}
		for _, reader := range readers {
			w.forgetAnswers(t, reader.side)
			alone[document][reader.name] = ask(reader, document, "en").Data
		}
	}
	asked, kept := 0, 0
	for _, document := range keptDocuments {
		for _, warmer := range readers {
			w.forgetAnswers(t, w.victim)
			w.forgetAnswers(t, w.attacker)
			ask(warmer, document, "en")
			for _, reader := range readers {
				a := ask(reader, document, "de, ar;q=0.5")
				asked++
				if a.Statements == 0 {
					kept++
				}
				if reader.name == warmer.name && reader.kept && a.Statements > 0 {
					t.Errorf("%s is answered with %d statements though the answer was kept", reader.name, a.Statements)
				}
				if !reader.kept && a.Statements == 0 {
					t.Errorf("%s is answered without looking who they are", reader.name)
				}
				if !bytes.Equal(a.Data, alone[document][reader.name]) {
					t.Errorf("%s after %s: %.300s, alone %.300s", reader.name, warmer.name, a.Data, alone[document][reader.name])
				}
				for _, other := range []*side{w.victim, w.attacker} {
					if other != reader.side && (bytes.Contains(a.Body, []byte(other.marker)) || bytes.Contains(a.Body, []byte(other.public))) {
						t.Errorf("%s after %s is shown %s's: %.300s", reader.name, warmer.name, other.slug, a.Body)
					}
				}
			}
		}
	}
	if kept == 0 {
		t.Error("no answer was kept: the attack proves nothing")
	}
	t.Logf("%d readers warmed %d questions for each other: %d asked, %d answered without a statement", len(readers), len(keptDocuments), asked, kept)
}

// forgetAnswers changes something that visitors of the side are shown, and changes it back.
func (w *attackWorld) forgetAnswers(t *testing.T, s *side) {
	t.Helper()
	ctx := viewer.With(w.policies.In(t.Context()), viewer.Job(s.tenant, "test"))
	tenant := w.db.Tenant.Query().OnlyX(ctx)
	for _, name := range []string{tenant.Name + "!", tenant.Name} {
		w.db.Tenant.UpdateOne(tenant).SetName(name).ExecX(ctx)
	}
	w.showing.epochs.Moved(t.Context(), s.tenant)
}
