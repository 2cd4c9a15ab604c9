package crowd

import (
	"context"
	"fmt"
	"time"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
)

// speaker writes the requests of the crowd.
type speaker struct{ question.Lyceum }

const (
	streamDocument = `subscription Live($e: ID!) { progressUpdated(enrollmentId: $e) { eventId } }`
	reportDocument = `mutation Record($input: RecordProgressInput!) { recordProgress(input: $input) { progress { percent } } }`
	signInDocument = `mutation SignIn($input: SignInInput!) { signIn(input: $input) { token } }`
	saveDocument   = `mutation Save($input: SaveCourseInput!) { saveCourse(input: $input) { course { id } } }`
	publishing     = `mutation Publish($input: PublishCourseInput!) { publishCourse(input: $input) { created } }`
)

func (s speaker) stream(v dataset.Visit) load.Request {
	return s.Post(v.Slug, v.LearnerToken, "Accept: text/event-stream\r\n", streamDocument, map[string]any{"e": gid.New(ent.GIDEnrollment, v.Enrollment)})
}

func (s speaker) report(p *person, from, to int) load.Request {
	return s.Post(p.visit.Slug, p.visit.LearnerToken, "", reportDocument, map[string]any{"input": map[string]any{
		"enrollmentId": gid.New(ent.GIDEnrollment, p.visit.Enrollment), "sessionId": p.session, "sequence": p.sequence,
		"lessons": []any{map[string]any{
			"lessonId": gid.New("les", p.visit.Lessons[0]), "positionMs": to, "segments": []any{map[string]any{"fromMs": from, "toMs": to}},
		}},
	}})
}

// readCatalog has visitors of the learners' tenants look at the catalog, each as the first time.
func (o Options) readCatalog(speak speaker) func(context.Context, *load.Conn, int) error {
	written := make([]load.Request, len(o.Learners))
	for i, visit := range o.Learners {
		written[i] = speak.Ask("W1", &question.Visitor{Visit: visit}, 0)
	}
	return func(ctx context.Context, conn *load.Conn, n int) error {
		return conn.Ask(ctx, written[n%len(written)], question.Accept)
	}
}

// signIn has the accounts sign in, in turn, each from an address of their own.
func (o Options) signIn(speak speaker) func(context.Context, *load.Conn, int) error {
	return func(ctx context.Context, conn *load.Conn, n int) error {
		a := o.Accounts[n%len(o.Accounts)]
		// A connection is kept only by who keeps asking.
		fresh := &load.Conn{Address: conn.Address, From: from(n)}
		defer fresh.Close()
		return fresh.Ask(ctx, speak.Post(a.Slug, "", "", signInDocument, map[string]any{
			"input": map[string]any{"email": a.Email, "password": a.Password},
		}), question.Accept)
	}
}

// publish has instructors change a course's summary and publish it, one after the other.
func (o Options) publish(speak speaker) func(context.Context, *load.Conn, int) error {
	return func(ctx context.Context, conn *load.Conn, n int) error {
		v := o.Learners[n%len(o.Learners)]
		err := conn.Ask(ctx, speak.Post(v.Slug, v.InstructorToken, "", saveDocument, map[string]any{"input": map[string]any{
			"slug": v.LongCourseSlug, "title": "Changed under load", "summary": "Changed at " + time.Now().Format(time.RFC3339Nano),
		}}), question.Accept)
		if err != nil {
			return fmt.Errorf("save course: %w", err)
		}
		err = conn.Ask(ctx, speak.Post(v.Slug, v.InstructorToken, "", publishing, map[string]any{
			"input": map[string]any{"courseId": gid.New(ent.GIDCourse, v.LongCourse)},
		}), question.Accept)
		if err != nil {
			return fmt.Errorf("publish course: %w", err)
		}
		return nil
	}
}
