package main

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/platform/local"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// pair is a Postgres and its hot standby.
type pair struct{ primary, standby *local.Postgres }

func startPair(t *testing.T) pair {
	t.Helper()
	start := func(follows string) *local.Postgres {
		p, err := local.StartPostgres(t.Context(), local.PostgresOptions{Home: t.TempDir(), Fast: true, Follows: follows})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Stop(context.WithoutCancel(t.Context())) })
		return p
	}
	primary := start("")
	return pair{primary: primary, standby: start(primary.SuperuserURL)}
}

// onStandby is the address of the same database on the standby.
func (p pair) onStandby(t *testing.T, address string) string {
	t.Helper()
	there, err := url.Parse(p.standby.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	here, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	here.Host = there.Host
	return here.String()
}

// order has the standby's superuser run a statement.
func (p pair) order(t *testing.T, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.standby.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// registry is what the school's admin is told of its people.
type registry struct {
	emails []string
	asOf   time.Time
	code   string
}

// everybody asks for all people, by the directive or afresh.
func (s *school) everybody(t *testing.T, directive string) registry {
	t.Helper()
	response := s.send(t, "query "+directive+" { users(first: 100) { nodes { email } } }", asked{token: s.admin})
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data *struct {
			Users struct{ Nodes []struct{ Email string } }
		}
		Extensions struct{ AsOf time.Time }
		Errors     []struct{ Extensions struct{ Code string } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	found := registry{asOf: answer.Extensions.AsOf}
	if len(answer.Errors) > 0 {
		found.code = answer.Errors[0].Extensions.Code
		return found
	}
	for _, node := range answer.Data.Users.Nodes {
		found.emails = append(found.emails, node.Email)
	}
	return found
}

// TestStaleQueriesAreReadFromTheStandby: who allows an answer to be old is answered by the standby while it is close
// enough, is told as of when that is, and never reaches another tenant there; everybody else, and everybody when the
// standby is gone, by the primary.
func TestStaleQueriesAreReadFromTheStandby(t *testing.T) {
	servers := startPair(t)
	t.Setenv(pgtest.URLVariable, servers.primary.SuperuserURL)
	appURL, ownerURL, _ := pgtest.Clone(t)
	s := openSchoolOn(t, appURL, ownerURL, t.TempDir(), "LYCEUM_RESPONSE_CACHE=off", "DATABASE_REPLICA_URL="+servers.onStandby(t, appURL))
	s.admin = s.signIn(t, "admin@school.example")
	follows := func() bool {
		behind, followed, err := s.db.Behind(t.Context())
		return followed && err == nil && behind < time.Second
	}
	until(t, "the standby follows", follows)

	servers.order(t, `SELECT pg_wal_replay_pause()`)
	paused := time.Now()
	late := s.person(t, viewer.Learner)
	if fresh := s.everybody(t, ""); !slices.Contains(fresh.emails, late) || !fresh.asOf.IsZero() {
		t.Errorf("afresh, as of %s: %v, without %s", fresh.asOf, fresh.emails, late)
	}
	old := s.everybody(t, "@stale(maxAge: 300)")
	if slices.Contains(old.emails, late) || len(old.emails) == 0 || old.asOf.IsZero() || old.asOf.After(paused) {
		t.Errorf("from a standby that stood still at %s, as of %s: %v", paused, old.asOf, old.emails)
	}
	s.staysWithin(t)
	s.keepsNothingOld(t)
	until(t, "one second is too far behind", func() bool {
		now := s.everybody(t, "@stale(maxAge: 1)")
		return slices.Contains(now.emails, late) && now.asOf.After(paused)
	})
	servers.order(t, `SELECT pg_wal_replay_resume()`)
	until(t, "the standby has caught up", func() bool { return slices.Contains(s.everybody(t, "@stale").emails, late) && follows() })

	servers.order(t, `SELECT pg_promote()`)
	until(t, "a database of its own is no standby", func() bool {
		_, _, err := s.db.Behind(t.Context())
		return err != nil
	})
	s.isRead(t, "a promoted standby")
	if err := servers.standby.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.isRead(t, "no standby")
	if err := s.checkStandby(t.Context()); err == nil {
		t.Error("doctor is content without the standby that is configured")
	}
}

// staysWithin asks the standby, past the first wall, as the school and as somebody of another tenant.
func (s *school) staysWithin(t *testing.T) {
	t.Helper()
	const everybody = `SELECT count(*) FROM users`
	for tenant, sees := range map[uuid.UUID]bool{s.tenant: true, uuid.New(): false, uuid.Nil: false} {
		ctx, _ := s.db.Reading(viewer.With(t.Context(), viewer.Of(tenant)), time.Hour)
		var n int
		if err := s.db.QueryRow(ctx, everybody).Scan(&n); err != nil || n > 0 != sees {
			t.Errorf("%s sees %d people on the standby: %v", tenant, n, err)
		}
		// The statements of reports have several lines.
		for _, statement := range []string{`SELECT pg_is_in_recovery()`, "\n\t\tSELECT pg_is_in_recovery()"} {
			var there bool
			if err := s.db.QueryRow(ctx, statement).Scan(&there); err != nil || !there {
				t.Errorf("%s was not asked on the standby: %q (%v)", tenant, statement, err)
			}
		}
	}
}

// keepsNothingOld publishes a course that the standby does not have, and looks for its version as of then: what is kept for
// everybody is what there is.
func (s *school) keepsNothingOld(t *testing.T) {
	t.Helper()
	s.publishKept(t, "Not yet there")
	now := viewer.With(t.Context(), viewer.Job(s.tenant, "test"))
	version := s.db.Publication.Query().OnlyX(now).VersionID
	old, _ := s.db.Reading(now, time.Hour)
	if n := s.db.CourseVersion.Query().CountX(old); n != 0 {
		t.Fatalf("the standby has %d versions already", n)
	}
	for i, ctx := range []context.Context{old, now} {
		if found, err := s.services.Catalog.Versions(ctx, []uuid.UUID{version}); err != nil || len(found) != 1 {
			t.Errorf("look %d: %d versions (%v), want the one that was published", i, len(found), err)
		}
	}
}

// isRead makes sure that people are told what is, however old they allow it to be.
func (s *school) isRead(t *testing.T, with string) {
	t.Helper()
	newest, began := s.person(t, viewer.Learner), time.Now()
	if got := s.everybody(t, "@stale(maxAge: 300)"); !slices.Contains(got.emails, newest) || got.asOf.Before(began) {
		t.Errorf("with %s, as of %s: %v, without %s", with, got.asOf, strings.Join(got.emails, ", "), newest)
	}
}

// TestStaleAges: an age that cannot be meant is refused, and without a standby an answer is of now.
func TestStaleAges(t *testing.T) {
	t.Parallel()
	s := openSchool(t, t.TempDir())
	s.admin = s.signIn(t, "admin@school.example")
	for directive, want := range map[string]string{
		"@stale": "", "@stale(maxAge: 1)": "", "@stale(maxAge: 300)": "",
		"@stale(maxAge: 0)": "BAD_USER_INPUT", "@stale(maxAge: -1)": "BAD_USER_INPUT", "@stale(maxAge: 301)": "BAD_USER_INPUT", "@stale(maxAge: 2147483647)": "BAD_USER_INPUT",
		"($age: Int! = 301) @stale(maxAge: $age)": "BAD_USER_INPUT", "($age: Int! = 60) @stale(maxAge: $age)": "",
		"@stale(maxAge: \"5\")": "GRAPHQL_VALIDATION_FAILED", "@stale(maxAge: null)": "GRAPHQL_VALIDATION_FAILED", "@stale @stale": "GRAPHQL_VALIDATION_FAILED",
	} {
		began := time.Now().Truncate(time.Millisecond)
		got := s.everybody(t, directive)
		if got.code != want || (want == "") == got.asOf.Before(began) {
			t.Errorf("%s: %q as of %s, want %q", directive, got.code, got.asOf, want)
		}
	}
}
