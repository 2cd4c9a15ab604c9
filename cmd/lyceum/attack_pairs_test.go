//go:build attack

package main

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// vacuousPairs are fields that are null even for the victim's own admin, so that attacking them proves nothing,
// each with its reason. The list can only shrink: an entry that is no longer needed fails.
var vacuousPairs = map[string]string{
	"Query.searchToken":     "without Meilisearch there are no tokens for it",
	"SearchToken.token":     "without Meilisearch there are no tokens for it",
	"SearchToken.expiresAt": "without Meilisearch there are no tokens for it",
	"SearchToken.host":      "without Meilisearch there are no tokens for it",
	"SearchToken.index":     "without Meilisearch there are no tokens for it",
}

// vacuous names the pairs that were never anything but null for the victim's admin, and fails unless exactly those
// are listed.
func (p *attackPlan) vacuous(t *testing.T) []string {
	t.Helper()
	var never []string
	for _, operations := range [][]planned{p.reads, p.mutations, p.subscriptions} {
		for _, o := range operations {
			for _, pair := range o.Pairs() {
				if !p.proven[pair] {
					never = append(never, pair.String())
				}
			}
		}
	}
	for _, pair := range never {
		if vacuousPairs[pair] == "" {
			t.Errorf("attacking %s proves nothing: it is null for the victim's own admin", pair)
		}
	}
	for pair := range vacuousPairs {
		if !slices.Contains(never, pair) {
			t.Errorf("%s is listed as vacuous and is not: take it off the list", pair)
		}
	}
	return never
}

// TestAttackPairs attacks every field that the schema has: what is asked for is the victim's, who asks is not.
func TestAttackPairs(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	began := time.Now()
	p := w.attackPlan(t)
	w.controlMutations(t, p)
	w.controlSubscriptions(t, p)
	never := p.vacuous(t)
	w.settle(t)
	w.rescan(t, p)
	before := w.sums(t)

	reads := w.raidReads(t, attackOptions{})
	reads.report(t)
	subscriptions := w.raidSubscriptions(t)
	subscriptions.report(t)
	w.scanRedis(t, p)
	// Before the raid, which ends sessions.
	w.scanOwnMutations(t, p)
	mutations := w.raidMutations(t)
	mutations.report(t)
	w.settle(t)
	w.scanResidues(t, p)
	if after := w.sums(t); !maps.Equal(before, after) {
		for table := range after {
			if before[table] != after[table] {
				t.Errorf("attackers changed the victim's %s: %s, then %s", table, before[table], after[table])
			}
		}
	}
	t.Logf("pairs: %d attacked by %d viewers on 2 hosts with %d operations in %d requests; vacuous: %d, listed with reasons; leaks: %d; %.1f s",
		len(p.proven), len(w.attackers())/2, len(p.reads)+len(p.mutations)+len(p.subscriptions),
		reads.requests+mutations.requests+subscriptions.requests, len(never),
		len(reads.leaks)+len(mutations.leaks)+len(subscriptions.leaks), time.Since(began).Seconds())
	t.Logf("answers: reads %v, mutations %v, subscriptions %v", reads.codes, mutations.codes, subscriptions.codes)
}

// sums are the checksums of the victim.
func (w *attackWorld) sums(t *testing.T) map[string]string {
	t.Helper()
	sums, err := w.checksums(t.Context(), w.victim)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestAttackWorld makes sure that both tenants have what the attacks go after.
func TestAttackWorld(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	for _, s := range []*side{w.victim, w.attacker} {
		for _, typ := range []string{
			"ApiKey", "Asset", "Attempt", "AttemptQuestion", "AuditEntry", "Category", "Certificate", "Course", "CourseDraft", "CourseVersion",
			"Enrollment", "Group", "LearningPath", "Lesson", "Module", "Notification", "PathEnrollment", "QuestionDraft", "Session", "SupportGrant", "Tenant", "User",
		} {
			if s.id(typ) == "" {
				t.Errorf("%s has no %s", s.slug, typ)
			}
		}
	}
	if len(w.newcomer.ids["User"]) != 1 {
		t.Errorf("the newcomer has %d people", len(w.newcomer.ids["User"]))
	}
}
