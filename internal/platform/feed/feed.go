// Package feed is the log that live streams are made of. Things that are watched are topics; whoever changes one
// says so in the transaction of the change, and every stream of it, in any process and after any interruption, is
// told what it has not seen yet: docs/decisions/0017-live-feed.md.
//
// A topic counts its changes. Some are told one by one and kept as entries for Life; others only move the count,
// which says that there is something new to look at, and many of them are told as one. The lock on the topic's row
// lasts to the commit, so numbers appear in the order in which they were given.
package feed

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Life is how long entries are kept. Who was away for longer is told to look at everything again.
const Life = 7 * 24 * time.Hour

// Topic is something that is watched: a kind of things, in a word, and which of them.
type Topic struct {
	Kind    string
	Subject uuid.UUID
}

// Change is one change of a topic.
type Change struct {
	Topic

	// Event is what happened, in a word, and Ref what it was about. Without a word the change only says that there
	// is something new to look at.
	Event string
	Ref   uuid.UUID
}

// Bus carries hints between processes. A hint that is lost is made good by looking.
type Bus interface {
	// Wake tells the streams of the tenant's topics that there is more.
	Wake(ctx context.Context, tenant uuid.UUID, topics []Topic)
	// Listen returns a channel that gets a value after a Wake of the topic, until ctx ends.
	Listen(ctx context.Context, tenant uuid.UUID, topic Topic) <-chan struct{}
	// Connected reports whether hints of other processes arrive at present.
	Connected() bool
}

// Gate looks after viewers who were let in.
type Gate interface {
	// Gone returns a channel that is closed when the viewer is not welcome any more. They are looked after until ctx
	// ends.
	Gone(ctx context.Context, v viewer.Viewer) <-chan struct{}
}

// Log is where changes are told and streams are opened. Without a bus nobody is woken, and streams look for
// themselves; without a gate whoever was let in stays.
type Log struct {
	Bus  Bus
	Gate Gate
	// Look is how often a stream that is not woken looks for itself; zero is three seconds.
	Look time.Duration
	// Log hears of streams that break; nil is the default logger.
	Log *slog.Logger
}

// Tell adds the changes, as many as there are in one statement, and wakes their streams after the commit. It takes a
// lock on each topic that lasts as long as the transaction: it is called last. A nil log tells nobody.
func (l *Log) Tell(ctx context.Context, tx *pg.Tx, changes ...Change) error {
	if l == nil || len(changes) == 0 {
		return nil
	}
	told := Telling(viewer.Tenant(ctx), changes...)
	if _, err := tx.Exec(ctx, told.SQL, told.Args...); err != nil {
		return fmt.Errorf("tell %d changes: %w", len(changes), err)
	}
	l.Hint(ctx, tx, Topics(changes...)...)
	return nil
}

// Telling is the statement of Tell, for who sends it among others; Hint or WakeLater then wakes the streams.
func Telling(tenant uuid.UUID, changes ...Change) pg.Statement {
	var kinds, events []string
	var subjects, refs []uuid.UUID
	named := false
	for _, c := range changes {
		kinds, subjects = append(kinds, c.Kind), append(subjects, c.Subject)
		events, refs = append(events, c.Event), append(refs, c.Ref)
		named = named || c.Event != ""
	}
	if !named {
		return pg.Statement{SQL: countUp, Args: []any{tenant, kinds, subjects}}
	}
	return pg.Statement{SQL: countUpAndName, Args: []any{tenant, kinds, subjects, events, refs}}
}

// The topics are counted up in one order, so that two that tell of the same ones wait and do not deadlock.
const (
	countUp = `
		INSERT INTO feed_topics AS t (tenant_id, topic, subject, seq, moved_at)
		SELECT $1, topic, subject, count(*), clock_timestamp()
		FROM unnest($2::text[], $3::uuid[]) AS c (topic, subject) GROUP BY topic, subject ORDER BY topic, subject
		ON CONFLICT (tenant_id, topic, subject) DO UPDATE SET seq = t.seq + excluded.seq, moved_at = excluded.moved_at`
	countUpAndName = `
		WITH told AS MATERIALIZED (
			SELECT topic, subject, event, ref,
				row_number() OVER (PARTITION BY topic, subject ORDER BY place) AS nth,
				count(*) OVER (PARTITION BY topic, subject) AS of
			FROM unnest($2::text[], $3::uuid[], $4::text[], $5::uuid[]) WITH ORDINALITY AS c (topic, subject, event, ref, place)
		), moved AS (
			INSERT INTO feed_topics AS t (tenant_id, topic, subject, seq, moved_at)
			SELECT $1, topic, subject, count(*), clock_timestamp() FROM told GROUP BY topic, subject ORDER BY topic, subject
			ON CONFLICT (tenant_id, topic, subject) DO UPDATE SET seq = t.seq + excluded.seq, moved_at = excluded.moved_at
			RETURNING topic, subject, seq
		)
		INSERT INTO feed_entries (tenant_id, topic, subject, seq, event, ref, at)
		SELECT $1, topic, subject, m.seq - t.of + t.nth, t.event, t.ref, clock_timestamp()
		FROM told t JOIN moved m USING (topic, subject)
		WHERE t.event <> ''`
)

// Hint wakes the streams of the topics after the commit, for what is kept elsewhere. A nil log wakes nobody.
func (l *Log) Hint(ctx context.Context, tx *pg.Tx, topics ...Topic) {
	if l == nil || l.Bus == nil {
		return
	}
	tenant := viewer.Tenant(ctx)
	tx.AfterCommit(func() { l.Bus.Wake(context.WithoutCancel(ctx), tenant, topics) })
}

// WakeLater wakes the streams of the topics, for who has committed and answers somebody: nobody waits for it.
func (l *Log) WakeLater(ctx context.Context, topics []Topic) {
	if l == nil || l.Bus == nil {
		return
	}
	go l.Bus.Wake(context.WithoutCancel(ctx), viewer.Tenant(ctx), topics)
}

// Topics are the topics of the changes, each once.
func Topics(changes ...Change) []Topic {
	var topics []Topic
	seen := map[Topic]bool{}
	for _, c := range changes {
		if !seen[c.Topic] {
			seen[c.Topic] = true
			topics = append(topics, c.Topic)
		}
	}
	return topics
}

// sweepBatch is how many entries are forgotten in one statement.
const sweepBatch = 10_000

// Sweep forgets the entries of the context's tenant that are older than Life, and notes up to where.
func Sweep(ctx context.Context, db *pg.DB) error {
	const sweep = `
		WITH old AS (
			SELECT topic, subject, seq FROM feed_entries WHERE tenant_id = $1 AND at < now() - $2::interval ORDER BY at LIMIT $3
		), gone AS (
			DELETE FROM feed_entries e USING old
			WHERE e.tenant_id = $1 AND e.topic = old.topic AND e.subject = old.subject AND e.seq = old.seq
			RETURNING e.topic, e.subject, e.seq
		), floors AS (
			SELECT topic, subject, max(seq) AS seq FROM gone GROUP BY topic, subject
		), noted AS (
			UPDATE feed_topics t SET floor = greatest(t.floor, f.seq) FROM floors f
			WHERE t.tenant_id = $1 AND t.topic = f.topic AND t.subject = f.subject
		)
		SELECT count(*) FROM gone`
	for {
		var gone int
		if err := db.QueryRow(ctx, sweep, viewer.Tenant(ctx), Life, sweepBatch).Scan(&gone); err != nil {
			return fmt.Errorf("forget old changes: %w", err)
		}
		if gone < sweepBatch {
			return nil
		}
	}
}
