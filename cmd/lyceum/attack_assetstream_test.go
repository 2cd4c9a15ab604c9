//go:build attack

package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/viewer"
)

const watchDocument = `subscription S($i: ID!) { assetUpdated(id: $i) { __typename id fileName failure notes progress conversion } }`

// hold makes the tenant's film one that is being converted for ever.
func (f *filling) hold(t *testing.T) (film string) {
	t.Helper()
	film = f.ids["Asset"][1]
	if err := f.super(t.Context(), `UPDATE assets SET conversion = 'RUNNING', worked_at = now() + interval '1 hour', progress = 1 WHERE tenant_id = $1 AND id = $2`,
		f.tenant, rawOf(t, film)); err != nil {
		t.Fatal(err)
	}
	return film
}

// advance gets the film further, as its worker does.
func (f *filling) advance(t *testing.T, film string, percent int) {
	t.Helper()
	ctx := viewer.With(t.Context(), viewer.Job(f.tenant, "attack"))
	if err := f.db.Asset.UpdateOneID(rawOf(t, film)).SetProgress(percent).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	assetBus{f.feed.Bus}.Wake(ctx, f.tenant, rawOf(t, film))
}

// TestAttackAssetStreams lets everybody of the attacker's tenant watch the victim's film, and its staff their own,
// while both are converted: the one does not exist, and of the other nothing is told but what is its own.
func TestAttackAssetStreams(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	everything, err := w.scanner(t.Context(), w.victim, false)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := &filling{w, w.attacker}, &filling{w, w.victim}
	own, foreign := mine.hold(t), theirs.hold(t)
	staff := []string{"admin", "instructor", "reader"}
	open, refused := 0, map[string]int{}
	var feeds []*heard
	for _, transport := range transports() {
		for persona, token := range w.attacker.tokens {
			of := func(film string) *heard {
				f, err := w.subscribe(t.Context(), transport, question{token: token, host: w.attacker.host, document: watchDocument, variables: input{"i": film}})
				if err != nil {
					t.Fatalf("%s over %s: %v", persona, transport, err)
				}
				return f
			}
			event := of(foreign).next(t, persona)
			code := codeOf(event)
			refused[code]++ // "" is a socket that was not opened
			if code == "" && event != "" || slices.Contains(staff, persona) && code != "NOT_FOUND" {
				t.Errorf("%s over %s is told %s of the victim's film", persona, transport, event)
			}
			event = of(own).next(t, persona)
			if leaks := everything.Scan([]byte(event)); len(leaks) > 0 {
				t.Errorf("%s over %s is told of the victim's: %v", persona, transport, leaks)
			}
		}
		for _, persona := range []string{"admin", "instructor"} {
			f, err := w.subscribe(t.Context(), transport, question{
				token: w.attacker.tokens[persona], host: w.attacker.host, document: watchDocument, variables: input{"i": own},
			})
			if err != nil {
				t.Fatal(err)
			}
			if event := f.next(t, persona); !strings.Contains(event, `"progress":1`) {
				t.Fatalf("%s over %s is told %s of its own film", persona, transport, event)
			}
			feeds = append(feeds, f)
			open++
		}
	}
	for percent := 2; percent < 50; percent++ {
		theirs.advance(t, foreign, percent)
	}
	mine.advance(t, own, 77)
	for _, f := range feeds {
		event := f.next(t, "a watcher")
		if leaks := everything.Scan([]byte(event)); !strings.Contains(event, `"progress":77`) || len(leaks) > 0 {
			t.Errorf("a watcher is told %s (%v)", event, leaks)
		}
	}
	w.shutOut(t, mine, own)
	t.Logf("%d streams told of their own film alone; of the victim's: %v", open, refused)
}

// shutOut takes the role of somebody who watches: the stream ends, and tells nothing more.
func (w *attackWorld) shutOut(t *testing.T, f *filling, film string) {
	t.Helper()
	user := w.newcomerTo(t, f.side, viewer.Instructor)
	token, err := w.session(t.Context(), f.side, user)
	if err != nil {
		t.Fatal(err)
	}
	for _, transport := range transports() {
		if err := f.super(t.Context(), `UPDATE users SET role = 'INSTRUCTOR' WHERE id = $1`, user); err != nil {
			t.Fatal(err)
		}
		feed, err := w.subscribe(t.Context(), transport, question{token: token, host: f.host, document: watchDocument, variables: input{"i": film}})
		if err != nil {
			t.Fatal(err)
		}
		if event := feed.next(t, "an instructor"); codeOf(event) != "" {
			t.Fatalf("over %s: %s", transport, event)
		}
		if err := f.super(t.Context(), `UPDATE users SET role = 'LEARNER' WHERE id = $1`, user); err != nil {
			t.Fatal(err)
		}
		lost := time.Now()
		for event := feed.next(t, "who lost the role"); event != ""; event = feed.next(t, "who lost the role") {
			if codeOf(event) == "" {
				t.Errorf("over %s: who lost the role is told %s", transport, event)
			}
		}
		if took := time.Since(lost); took > closesWithin {
			t.Errorf("over %s the stream goes on for %s", transport, took)
		}
	}
	if n := f.db.Asset.Query().Where(asset.ConversionEQ(asset.ConversionRUNNING)).CountX(viewer.With(t.Context(), viewer.Job(f.tenant, "attack"))); n != 1 {
		t.Errorf("%d films are being converted, want the one that was watched", n)
	}
}
