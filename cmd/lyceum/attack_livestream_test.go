//go:build attack

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

const (
	placesDocument = `subscription S($c: ID, $a: String) { enrollmentChanged(courseId: $c, after: $a) {
		__typename eventId kind at enrollment { id state learner { name } course { title } } } }`
	progressDocument = `subscription S($i: ID!, $a: String) { progressUpdated(enrollmentId: $i, after: $a) {
		__typename eventId kind at lessonId enrollment { id learner { name } progress { percent } } } }`
)

// glimpse is the first event that the persona is told, who then leaves.
func (w *attackWorld) glimpse(t *testing.T, s *side, persona, transport, document string, variables input) string {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	_, first := w.openAs(t, ctx, s, persona, transport, document, variables)
	return first
}

// openAs subscribes as the persona until ctx ends, and returns the stream with its first event.
func (w *attackWorld) openAs(t *testing.T, ctx context.Context, s *side, persona, transport, document string, variables input) (stream *heard, first string) {
	t.Helper()
	stream, err := w.subscribe(ctx, transport, question{token: s.tokens[persona], host: s.host, document: document, variables: variables})
	if err != nil {
		t.Fatalf("%s over %s: %v", persona, transport, err)
	}
	return stream, stream.next(t, persona)
}

// TestAttackPlaceStreams lets everybody of the attacker's tenant watch the victim's course and its learners' places,
// which do not exist for them, and their own, while 200 events are made for the victim's people: of what they are
// told nothing is the victim's, and the first event after the start is their own.
func TestAttackPlaceStreams(t *testing.T) {
	t.Parallel()
	const events = 200
	w := newAttackWorld(t)
	everything, err := w.scanner(t.Context(), w.victim, false)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := &filling{w, w.attacker}, &filling{w, w.victim}
	course := mine.plainCourse(t, "instructor", "live-"+uuid.NewString()[:8], mine.marker, "MEMBERS")
	learner := w.attacker.people["learner"]
	place := mine.assign(t, course, learner)
	stolen := theirs.stolenPositions(t)
	own := map[string]*heard{}
	refused := map[string]int{}
	for _, transport := range transports() {
		for persona := range w.attacker.tokens {
			for _, foreign := range []struct {
				document  string
				variables input
			}{
				{placesDocument, input{"c": w.victim.id("Course")}},
				{placesDocument, input{"c": w.victim.id("Course"), "a": stolen[0]}},
				{progressDocument, input{"i": w.victim.id("Enrollment")}},
				{progressDocument, input{"i": w.victim.id("Enrollment"), "a": stolen[1]}},
			} {
				event := w.glimpse(t, w.attacker, persona, transport, foreign.document, foreign.variables)
				code := codeOf(event)
				refused[code]++ // "" is a socket that was not opened
				if code == "" && event != "" {
					t.Errorf("%s over %s is told %s of the victim's", persona, transport, event)
				}
			}
		}
		for who, ask := range map[string]struct {
			persona, document string
			variables         input
		}{
			"the learner of their places":   {"learner", placesDocument, nil},
			"the learner of their progress": {"learner", progressDocument, input{"i": place}},
			"the instructor of the course":  {"instructor", placesDocument, input{"c": course}},
			"the admin of the progress":     {"admin", progressDocument, input{"i": place}},
		} {
			stream, first := w.openAs(t, t.Context(), w.attacker, ask.persona, transport, ask.document, ask.variables)
			if !strings.Contains(first, `"STARTED"`) {
				t.Fatalf("%s over %s starts with %s", who, transport, first)
			}
			own[who+" over "+transport] = stream
			// With an id of the victim's stream everybody is told to start again, and nothing else.
			again := input{"a": stolen[0]}
			for name, value := range ask.variables {
				again[name] = value
			}
			if first := w.glimpse(t, w.attacker, ask.persona, transport, ask.document, again); !strings.Contains(first, `"RESYNC"`) {
				t.Errorf("%s over %s, resumed with the victim's id: %s", who, transport, first)
			}
		}
	}
	people := w.bystanders(t, w.victim, events/5)
	for range 5 {
		foreign := theirs.plainCourse(t, "instructor", "live-"+uuid.NewString()[:8], theirs.marker, "MEMBERS")
		for _, user := range people {
			theirs.assign(t, foreign, user)
		}
	}
	mine.do(t, "learner", `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`,
		input{"e": place, "l": mine.articleOf(t, course)}, nil)
	mine.settle(t)
	for who, stream := range own {
		event := stream.next(t, who)
		if leaks := everything.Scan([]byte(event)); len(leaks) > 0 || codeOf(event) != "" || !strings.Contains(event, place) {
			t.Errorf("%s: told %s (%v)", who, event, leaks)
		}
	}
	t.Logf("%d events of the victim; %d streams told of their own alone; of the victim's: %v", events, len(own), refused)
}

// stolenPositions are event ids of the tenant's streams: of a course, and of a place.
func (f *filling) stolenPositions(t *testing.T) [2]string {
	t.Helper()
	var ids [2]string
	for i, of := range []struct {
		document  string
		variables input
	}{
		{placesDocument, input{"c": f.id("Course")}}, {progressDocument, input{"i": f.id("Enrollment")}},
	} {
		first := f.glimpse(t, f.side, "instructor", "SSE", of.document, of.variables)
		_, rest, found := strings.Cut(first, `"eventId":"`)
		if !found {
			t.Fatalf("no event id in %s", first)
		}
		ids[i], _, _ = strings.Cut(rest, `"`)
	}
	return ids
}

// articleOf is the article of a plain course.
func (f *filling) articleOf(t *testing.T, course string) string {
	t.Helper()
	var read struct {
		CourseDraft struct {
			Modules []struct{ Lessons []struct{ ID string } }
		}
	}
	f.do(t, "instructor", `query($c: ID!) { courseDraft(id: $c) { modules { lessons { id } } } }`, input{"c": course}, &read)
	return read.CourseDraft.Modules[0].Lessons[0].ID
}

// TestAttackPlaceStreamsEnd takes the role of somebody who watches a course and a learner's progress: both streams end
// within five seconds and tell nothing more, with Redis and without.
func TestAttackPlaceStreamsEnd(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	f := &filling{w, w.attacker}
	place, course := f.id("Enrollment"), f.id("Course")
	for _, redis := range []string{"with Redis", "without Redis"} {
		if redis == "without Redis" {
			w.redis.Stop(t)
		}
		for _, transport := range transports() {
			user := w.newcomerTo(t, f.side, viewer.Instructor)
			token, err := w.session(t.Context(), f.side, user)
			if err != nil {
				t.Fatal(err)
			}
			for document, variables := range map[string]input{placesDocument: {"c": course}, progressDocument: {"i": place}} {
				if err := f.super(t.Context(), `UPDATE users SET role = 'INSTRUCTOR' WHERE id = $1`, user); err != nil {
					t.Fatal(err)
				}
				stream, err := w.subscribe(t.Context(), transport, question{token: token, host: f.host, document: document, variables: variables})
				if err != nil {
					t.Fatal(err)
				}
				if event := stream.next(t, "an instructor"); !strings.Contains(event, `"STARTED"`) {
					t.Fatalf("%s, over %s: %s", redis, transport, event)
				}
				if err := f.super(t.Context(), `UPDATE users SET role = 'LEARNER' WHERE id = $1`, user); err != nil {
					t.Fatal(err)
				}
				lost := time.Now()
				for event := stream.next(t, "who lost the role"); event != ""; event = stream.next(t, "who lost the role") {
					if codeOf(event) == "" {
						t.Errorf("%s, over %s: who lost the role is told %s", redis, transport, event)
					}
				}
				if took := time.Since(lost); took > closesWithin {
					t.Errorf("%s, over %s the stream goes on for %s", redis, transport, took)
				}
			}
		}
	}
}
