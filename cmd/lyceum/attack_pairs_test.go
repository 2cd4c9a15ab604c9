//go:build attack

package main

import "testing"

// TestAttackWorld makes sure that both tenants have what the attacks go after.
func TestAttackWorld(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	for _, s := range []*side{w.victim, w.attacker} {
		for _, typ := range []string{
			"ApiKey", "Asset", "Attempt", "AttemptQuestion", "AuditEntry", "Category", "Certificate", "Course", "CourseDraft", "CourseVersion",
			"Enrollment", "Lesson", "Module", "Notification", "QuestionDraft", "Session", "Tenant", "User",
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
