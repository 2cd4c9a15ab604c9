package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	places "lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/learning"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

var updateStatements = flag.Bool("update", false, "write docs/operations/statements.json anew")

// statementsFile records how many SQL statements each ready document takes, authentication included.
const statementsFile = "../../docs/operations/statements.json"

// few and many are the sizes that are compared: of a page, a course, a quiz, a batch.
const few, many = 2, 20

// TestStatementsDoNotGrow runs every ready document over HTTP on little and on much: it takes as many SQL
// statements for both, and no more than on record.
func TestStatementsDoNotGrow(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	asks := s.asks(t)
	counted := map[string]int64{}
	for _, name := range s.documents.Names() {
		t.Run(name, func(t *testing.T) {
			ask, known := asks[name]
			if !known {
				t.Fatalf("nobody has said how to run %s: add it to asks", name)
			}
			little := s.cost(t, name, ask, few, 0)
			much := s.cost(t, name, ask, many, little)
			if little != much {
				t.Errorf("%d statements for %d, %d for %d", little, few, much, many)
			}
			counted[name] = min(little, much)
		})
	}
	if *updateStatements {
		record(t, counted)
	}
	compare(t, counted)
}

// record writes what was counted.
func record(t *testing.T, counted map[string]int64) {
	t.Helper()
	body, err := json.MarshalIndent(counted, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(statementsFile, append(body, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compare fails for a document that takes more statements than on record, or is not on record.
func compare(t *testing.T, counted map[string]int64) {
	t.Helper()
	body, err := os.ReadFile(statementsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	recorded := map[string]int64{}
	if err == nil {
		if err := json.Unmarshal(body, &recorded); err != nil {
			t.Fatal(err)
		}
	}
	for name, n := range counted {
		switch budget, known := recorded[name]; {
		case !known:
			t.Errorf("%s takes %d statements, which is not on record: run with -update", name, n)
		case n > budget:
			t.Errorf("%s takes %d statements, %d are on record", name, n, budget)
		case n < budget:
			t.Logf("%s takes %d statements, %d are on record: run with -update to keep it so", name, n, budget)
		}
	}
}

// asked is a request: a token, "" for visitors, and variables.
type asked struct {
	token     string
	variables map[string]any
}

// asking prepares a request for a document on something of size n.
type asking func(t *testing.T, n int) asked

// asks says for each ready document how it is asked.
func (s *school) asks(t *testing.T) map[string]asking {
	t.Helper()
	page := func(token string, more map[string]any) asking {
		return func(_ *testing.T, n int) asked {
			variables := map[string]any{"first": n}
			maps.Copy(variables, more)
			return asked{token, variables}
		}
	}
	fixed := func(token string, variables map[string]any) asking {
		return func(*testing.T, int) asked { return asked{token, variables} }
	}
	return s.withGroups(t, s.withPaths(t, map[string]asking{
		"audit-log":         page(s.admin, nil),
		"grant-support":     fixed(s.admin, map[string]any{"reason": "Somebody cannot sign in.", "minutes": 5}),
		"catalog":           page("", nil),
		"dashboard":         page(s.learner, nil),
		"learner-dashboard": fixed(s.learner, nil),
		"course-reports":    page(s.admin, nil),
		"notifications":     page(s.learner, nil),
		"people":            page(s.admin, nil),
		"roster":            page(s.instructor, map[string]any{"courseId": s.listed[0]}),
		"search":            page("", map[string]any{"query": "Listed"}),
		"sign-in":           fixed("", map[string]any{"email": s.person(t, viewer.Learner), "password": schoolPassword}),
		"viewer":            fixed(s.learner, nil),
		"search-token":      fixed(s.admin, nil),
		"mark-read":         fixed(s.learner, nil),
		"mail-preferences":  fixed(s.learner, nil),
		"set-mail-preference": func(t *testing.T, _ int) asked {
			t.Helper()
			s.must(t, s.learner, `mutation { setMailPreference(input: {kind: ENROLLED, wanted: true}) { mailPreferences { wanted } } }`, nil, &struct{}{})
			return asked{s.learner, map[string]any{"kind": "ENROLLED", "wanted": false}}
		},
		"revoke-certificate": func(t *testing.T, _ int) asked {
			t.Helper()
			ctx := viewer.With(t.Context(), viewer.Operator(s.tenant, "test"))
			if _, err := s.db.Exec(ctx, `UPDATE certificates SET revoked_at = NULL WHERE tenant_id = $1`, s.tenant); err != nil {
				t.Fatal(err)
			}
			return asked{s.instructor, map[string]any{"certificateId": s.revocable, "reason": "A mistake."}}
		},
		"verify-certificate": fixed("", map[string]any{"code": s.code}),
		"engagement":         page(s.learner, map[string]any{"period": "ALL"}),
		"leaderboard":        page(s.learner, map[string]any{"period": "ALL"}),
		"set-time-zone":      fixed(s.learner, map[string]any{"timeZone": "Europe/Berlin"}),
		"save-achievement": func(*testing.T, int) asked {
			return asked{s.admin, map[string]any{"input": map[string]any{"key": "k" + uuid.NewString(), "title": "First", "rule": "lessons >= 1"}}}
		},
		"set-leaderboard-profile": fixed(s.learner, map[string]any{"input": map[string]any{"hidden": false, "pseudonym": "Fox"}}),
		"notification-received": func(t *testing.T, n int) asked {
			t.Helper()
			return asked{s.learner, map[string]any{"after": s.lastNotification(t) - n}}
		},

		"publishing-rules": func(_ *testing.T, n int) asked {
			return asked{s.admin, map[string]any{"captionsRequired": n%2 == 0}}
		},
		"captions": func(t *testing.T, n int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"assetId": s.captioned(t, n), "first": n}}
		},
		"save-captions": func(t *testing.T, n int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"assetId": s.captioned(t, n), "locale": "en", "content": captionsSaying(uuid.NewString())}}
		},
		"revert-captions": func(t *testing.T, n int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"assetId": s.captioned(t, n+1), "locale": "en", "number": 1}}
		},
		"convert-asset": func(t *testing.T, n int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"assetId": s.captioned(t, n)}}
		},
		"enrollment-changed": func(t *testing.T, n int) asked {
			t.Helper()
			course := s.sized[n].id
			return asked{s.instructor, map[string]any{"courseId": course, "after": s.beforeLast(t, places.TopicOfCourse(idOf(t, course)))}}
		},
		"progress-updated": func(t *testing.T, n int) asked {
			t.Helper()
			token, place := s.student(t, n)
			done := map[string]any{"enrollmentId": place, "lessonId": s.sized[n].lessons["a"]}
			s.must(t, token, s.documents.Text("complete-lesson"), done, &struct{}{})
			return asked{s.instructor, map[string]any{"enrollmentId": place, "after": s.beforeLast(t, learning.Topic(idOf(t, place)))}}
		},

		"course": func(_ *testing.T, n int) asked { return asked{s.learner, map[string]any{"slug": s.asking[n].slug}} },
		"place": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			return asked{token, map[string]any{"enrollmentId": enrollment}}
		},
		"course-draft": func(_ *testing.T, n int) asked {
			return asked{s.instructor, map[string]any{"slug": s.sized[n].slug}}
		},
		"lesson": func(_ *testing.T, n int) asked {
			return asked{s.learner, map[string]any{"courseId": s.sized[n].id, "id": s.sized[n].lessons["q"]}}
		},
		"lesson-drop-off": func(_ *testing.T, n int) asked {
			return asked{s.instructor, map[string]any{"courseId": s.sized[n].id, "lessonId": s.sized[n].lessons["v0"]}}
		},
		"publish-course": func(t *testing.T, n int) asked {
			t.Helper()
			s.saveLesson(t, s.instructor, s.sized[n].id, "a", `kind: ARTICLE, body: "`+uuid.NewString()+`"`)
			return asked{s.instructor, map[string]any{"courseId": s.sized[n].id}}
		},
		"enroll": func(t *testing.T, n int) asked {
			t.Helper()
			return asked{s.signIn(t, s.person(t, viewer.Learner)), map[string]any{"courseId": s.sized[n].id}}
		},
		"withdraw": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			return asked{token, map[string]any{"enrollmentId": enrollment}}
		},
		"answer-invitation": s.askInvited,
		"complete-lesson": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			return asked{token, map[string]any{"enrollmentId": enrollment, "lessonId": s.sized[n].lessons["a"]}}
		},
		"record-progress": s.askProgress,
		"request-upload": func(*testing.T, int) asked {
			return asked{s.instructor, map[string]any{"input": textUpload("a text " + uuid.NewString())}}
		},
		"sign-parts": s.askParts,
		"complete-upload": func(t *testing.T, _ int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"assetId": s.sentText(t)}}
		},
		"asset-updated": func(t *testing.T, _ int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"id": s.text(t)}}
		},
		"delete-asset": func(t *testing.T, _ int) asked {
			t.Helper()
			return asked{s.instructor, map[string]any{"assetId": s.text(t)}}
		},
		"restore-asset": func(t *testing.T, _ int) asked {
			t.Helper()
			deleted := map[string]any{"assetId": s.text(t)}
			s.must(t, s.instructor, s.documents.Text("delete-asset"), deleted, &struct{}{})
			return asked{s.instructor, deleted}
		},
		"storage-usage": fixed(s.admin, map[string]any{"months": 3}),
		"what-is-left": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			return asked{token, map[string]any{"enrollmentId": enrollment}}
		},
		"completion-preview": func(_ *testing.T, n int) asked {
			return asked{s.instructor, map[string]any{"courseId": s.sized[n].id}}
		},
		"start-attempt": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			return asked{token, map[string]any{"enrollmentId": enrollment, "lessonId": s.sized[n].lessons["q"]}}
		},
		"save-answer": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			attempt, questions := s.attempt(t, token, enrollment, n)
			return asked{token, map[string]any{"attemptId": attempt, "questionId": questions[n-1], "response": map[string]any{"text": "I"}}}
		},
		"sign-out": func(t *testing.T, _ int) asked {
			t.Helper()
			return asked{s.signIn(t, s.person(t, viewer.Learner)), nil}
		},
		"attempt": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			attempt, _ := s.attempt(t, token, enrollment, n)
			s.must(t, token, s.documents.Text("submit-attempt"), map[string]any{"attemptId": attempt}, &struct{}{})
			return asked{token, map[string]any{"attemptId": attempt}}
		},
		"submit-attempt": func(t *testing.T, n int) asked {
			t.Helper()
			token, enrollment := s.student(t, n)
			attempt, questions := s.attempt(t, token, enrollment, n)
			for _, question := range questions {
				s.must(t, token, s.documents.Text("save-answer"), map[string]any{
					"attemptId": attempt, "questionId": question, "response": map[string]any{"text": "I"},
				}, &struct{}{})
			}
			return asked{token, map[string]any{"attemptId": attempt}}
		},
	}))
}

// captioned is a film with n revisions of its captions.
func (s *school) captioned(t *testing.T, n int) string {
	t.Helper()
	ctx := viewer.With(t.Context(), viewer.Job(s.tenant, "test"))
	owner, err := s.db.User.Query().FirstID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var made *ent.Asset
	err = s.db.Tx(ctx, func(tx *pg.Tx) (err error) {
		id := uuid.New()
		made, err = tx.Asset.Create().SetID(id).SetOwnerID(owner).SetKind(asset.KindVIDEO).SetFileName("film.mp4").
			SetContentType("video/mp4").SetSize(1).SetSha256(strings.Repeat("a", 64)).SetStatus(asset.StatusREADY).
			SetConversion(asset.ConversionFAILED).SetBlobKey("t/" + s.tenant.String() + "/assets/" + id.String()).Save(ctx)
		if err != nil {
			return err
		}
		edits := make([]*ent.CaptionRevisionCreate, n)
		for i := range edits {
			edits[i] = tx.CaptionRevision.Create().SetAssetID(id).SetAuthorID(owner).SetLocale("en").SetNumber(i + 1).
				SetVtt(captionsSaying(strconv.Itoa(i))).SetCueCount(1)
		}
		return tx.CaptionRevision.CreateBulk(edits...).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.GlobalID().String()
}

// captionsSaying is a caption file.
func captionsSaying(text string) string { return "WEBVTT\n\n00:00.000 --> 00:01.000\n" + text + "\n" }

// askProgress reports that n films were played.
func (s *school) askProgress(t *testing.T, n int) asked {
	t.Helper()
	token, enrollment := s.student(t, n)
	var played []any
	for i := range n {
		played = append(played, map[string]any{
			"lessonId": s.sized[n].lessons["v"+strconv.Itoa(i)], "positionMs": 5000, "segments": []any{map[string]any{"fromMs": 0, "toMs": 5000}},
		})
	}
	return asked{token, map[string]any{"enrollmentId": enrollment, "lessons": played}}
}

// cost is how many statements a document takes. On a busy machine the window of a loader may close before
// all that belongs together is in it, so the least of some runs counts; enough says when no run can do better.
func (s *school) cost(t *testing.T, name string, ask asking, n int, enough int64) int64 {
	t.Helper()
	least := int64(math.MaxInt64)
	// A busy machine splits what loaders gather, so the least of many runs counts.
	const runs = 20
	for same := 0; same < runs && least > enough; same++ {
		request := ask(t, n)
		counted := s.count(t, name, request, n)
		if counted < least {
			least, same = counted, 0
		}
	}
	return least
}

// streamed is how many events of a stream are counted; it does not end by itself.
var streamed = map[string]func(n int) int{
	"notification-received": func(n int) int { return n },
	// Each event is an answer of its own.
	"enrollment-changed": func(int) int { return 1 },
	"progress-updated":   func(int) int { return 1 },
}

// beforeLast is where a stream continues that is told the last change of the topic.
func (s *school) beforeLast(t *testing.T, topic feed.Topic) string {
	t.Helper()
	const last = `SELECT seq FROM feed_topics WHERE tenant_id = $1 AND topic = $2 AND subject = $3`
	var seq int64
	ctx := viewer.With(t.Context(), viewer.Job(s.tenant, "test"))
	if err := s.db.QueryRow(ctx, last, s.tenant, topic.Kind, topic.Subject).Scan(&seq); err != nil {
		t.Fatal(err)
	}
	return topic.Position(s.tenant, seq-1)
}

// idOf is what a global id names.
func idOf(t *testing.T, id string) uuid.UUID {
	t.Helper()
	parsed, err := gid.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.UUID
}

// count runs a document and counts its statements.
func (s *school) count(t *testing.T, name string, request asked, n int) int64 {
	t.Helper()
	response := s.send(t, s.documents.Text(name), request)
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	events := 0
	for lines.Scan() {
		line := strings.TrimPrefix(lines.Text(), "data: ")
		if strings.Contains(line, `"errors"`) {
			t.Fatalf("%s: %s", name, line)
		}
		if strings.HasPrefix(line, `{"data"`) {
			events++
		}
		if wanted := streamed[name]; wanted != nil && events == wanted(n) {
			break
		}
	}
	if err := lines.Err(); err != nil || events == 0 {
		t.Fatalf("%s: %d answers, %v", name, events, err)
	}
	return s.counter.Load().Load()
}
