//go:build attack

package main

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/e2e/attack"
	"lyceum/internal/policy"
)

// untold are fields whose values are anybody's: from their answers alone nobody can tell whose they are, not even when
// they leak. What they may depend on, TestAttackNonInterference says. The list can only shrink.
var untold = map[string][]string{
	"a sum, a rank or a count": {
		"Query.storageUsage", "StorageUsage.used", "StorageUsage.quota", "StorageUsage.mine", "StorageUsage.quotaPerUser", "StorageUsage.months",
		"MonthlyUsage.bytesStored", "MonthlyUsage.bytesRemoved", "MonthlyUsage.minutesTranscoded",
		"CourseConnection.totalCount", "SearchResult.totalCount", "NotificationConnection.unreadCount",
		"Query.myStreak", "Streak.current", "Streak.longest", "Points.total", "Points.week", "Points.month",
		"Query.pointRules", "PointRule.points", "LeaderboardRow.rank", "LeaderboardRow.points", "LeaderboardPlace.rank", "LeaderboardPlace.points",
		"SearchHit.atMs",
	},
	"a date or a time": {
		"CertificateVerification.completedAt", "CertificateVerification.issuedAt", "CertificateVerification.revokedAt", "CertificateVerification.expiresAt",
		"EarnedAchievement.earnedAt", "Achievement.retiredAt", "MonthlyUsage.month",
	},
	"a switch, or one of few words": {
		"Viewer.role", "CertificateVerification.status", "SearchResult.degraded", "Streak.today", "Streak.timeZone", "PointRule.reason",
		"Achievement.rule", "LeaderboardProfile.hidden", "LeaderboardConnection.hidden", "LeaderboardRow.self",
		"PageInfo.hasNextPage", "PageInfo.hasPreviousPage", "Query.mailPreferences", "MailPreference.kind", "MailPreference.wanted",
	},
	"a shell: what is inside is attacked by itself": {
		"NotificationConnection.edges", "NotificationConnection.pageInfo", "LeaderboardConnection.edges", "LeaderboardConnection.pageInfo",
		"LeaderboardConnection.self", "AuditConnection.edges", "AuditConnection.pageInfo",
		"NotificationEdge.cursor", "LeaderboardEdge.cursor", "AuditEdge.cursor",
	},
	"known to whoever asks": {"CertificateVerification.code"},
	"null without Meilisearch": {
		"Query.searchToken", "SearchToken.token", "SearchToken.expiresAt", "SearchToken.host", "SearchToken.index",
	},
}

// TestAttackBites breaks what the attacks rely on, and expects them to notice: an attacker who is the victim's own
// admin, and two walls that are down at the same time. What they find is named.
func TestAttackBites(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t, nothingKept...)
	w.attackPlan(t)
	t.Run("the victim's admin as an attacker", func(t *testing.T) {
		tight := w.bitten(t, attackOptions{attackers: []attacker{{
			viewer: "victim's admin", token: w.victim.tokens["admin"], host: w.victim.host, home: w.victim,
		}}})
		known := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(untold))...)))
		if slices.Sort(tight); !slices.Equal(tight, known) {
			t.Errorf("these do not leak to the victim's own admin:\n%v\nand these are known for it:\n%v", tight, known)
		}
	})
	t.Run("all walls are up", func(t *testing.T) {
		if leaks := w.attackReads(t, attackOptions{grouped: true}); len(leaks) > 0 {
			t.Errorf("%d leaks: %v", len(leaks), leaks[0])
		}
	})
	t.Run("policies are down", func(t *testing.T) {
		w.fell(t)
		if leaks := w.attackReads(t, attackOptions{grouped: true, attackers: w.foreigners()}); len(leaks) > 0 {
			t.Errorf("%d leaks: %v", len(leaks), leaks[0])
		}
	})
	t.Run("both walls are down", func(t *testing.T) {
		w.fell(t)
		w.openTables(t)
		if tight := w.bitten(t, attackOptions{attackers: w.admins()}); len(tight) > len(w.plan.reads)/5 {
			t.Errorf("of %d pairs these do not leak: %v", len(w.plan.reads), tight)
		}
		if leaks := w.attackReads(t, attackOptions{first: true, grouped: true, attackers: w.admins()}); len(leaks) == 0 {
			t.Error("the short attack finds nothing")
		}
	})
	t.Run("the walls are up again", func(t *testing.T) {
		if leaks := w.attackReads(t, attackOptions{grouped: true, attackers: w.admins()}); len(leaks) > 0 {
			t.Errorf("%d leaks: %v", len(leaks), leaks[0])
		}
	})
}

// fell lets no policy narrow or deny until the test ends.
func (w *attackWorld) fell(t *testing.T) {
	t.Helper()
	within := func(ctx context.Context) context.Context { return policy.Fell(ctx) }
	w.within.Store(&within)
	t.Cleanup(func() { w.within.Store(nil) })
}

// openTables switches row-level security off until the test ends.
func (w *attackWorld) openTables(t *testing.T) {
	t.Helper()
	tables, err := w.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	protected := slices.DeleteFunc(tables, func(name string) bool { return name == "domains" })
	set := func(ctx context.Context, state string) {
		for _, table := range protected {
			if err := w.super(ctx, `ALTER TABLE `+pgx.Identifier{table}.Sanitize()+` `+state+` ROW LEVEL SECURITY`); err != nil {
				t.Error(err)
			}
		}
	}
	set(t.Context(), "DISABLE")
	t.Cleanup(func() { set(context.WithoutCancel(t.Context()), "ENABLE") })
}

// bitten attacks and returns the pairs that do not leak. Those that matter most must.
func (w *attackWorld) bitten(t *testing.T, o attackOptions) (tight []string) {
	t.Helper()
	leaked := map[attack.Pair]bool{}
	for _, l := range w.attackReads(t, o) {
		for _, pair := range l.pairs {
			leaked[pair] = true
		}
	}
	for _, pair := range []attack.Pair{{Type: "Course", Field: "title"}, {Type: "User", Field: "email"}, {Type: "Enrollment", Field: "state"}, {Type: "Attempt", Field: "score"}} {
		if !leaked[pair] {
			t.Errorf("%s does not leak", pair)
		}
	}
	for _, o := range w.plan.reads {
		if pair := o.Pairs()[0]; !leaked[pair] {
			tight = append(tight, pair.String())
		}
	}
	t.Logf("%d of %d pairs leak", len(leaked), len(w.plan.reads))
	return tight
}
