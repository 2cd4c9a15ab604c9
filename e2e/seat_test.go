package e2e

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// TestSeatIsToldLive waits for a seat in a full course: when who has it leaves, whoever waited has it, and is told at once.
func TestSeatIsToldLive(t *testing.T) {
	c := campusOf(t, "acme")
	_, holds := c.person(t, "LEARNER")
	_, waits := c.person(t, "LEARNER")
	course := dig[string](t, c.small(t, "one-seat"), "id")
	c.run(t, c.instructor, `mutation($c: ID!) { saveCourseAdmission(input: {courseId: $c, capacity: 1}) { admission { capacity } } }`, input{"c": course})
	inbox := waits.Events(t, `subscription { notificationReceived { kind title link } }`, "")
	const enroll = `mutation($c: ID!) { enroll(input: {courseId: $c}) { enrollment { id state } } }`
	held := c.ask(t, holds, enroll, input{"c": course}, "enroll", "enrollment", "id")
	if state := c.ask(t, waits, enroll, input{"c": course}, "enroll", "enrollment", "state"); state != "WAITLISTED" {
		t.Fatalf("in a full course the second learner is %s", state)
	}
	c.run(t, holds, `mutation($e: ID!) { withdraw(enrollmentId: $e) { enrollment { state } } }`, input{"e": held})

	type told struct{ Kind, Title, Link string }
	var got struct {
		Data struct{ NotificationReceived told }
	}
	select {
	case event := <-inbox:
		if err := json.Unmarshal(event, &got); err != nil {
			t.Fatalf("event %s: %v", event, err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nobody told who waited of the seat")
	}
	title := c.ask(t, waits, `query($c: ID!) { node(id: $c) { ... on Course { title } } }`, input{"c": course}, "node", "title")
	if note := got.Data.NotificationReceived; note.Kind != "PROMOTED" || note.Title != "A seat in “"+title+"” is yours" || note.Link == "" {
		t.Errorf("told is %+v of %q", note, title)
	}
	var kinds []string
	for _, note := range c.list(t, waits, `{ notifications(first: 10) { nodes { kind } } }`, nil, "notifications", "nodes") {
		kinds = append(kinds, dig[string](t, note, "kind"))
	}
	if !slices.Equal(kinds, []string{"PROMOTED"}) {
		t.Errorf("the inbox has %v", kinds)
	}
}
