package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// What a stream says of itself, in the place of an event.
const (
	// Started is the first event of a stream that continues nothing: what is read now and what is told from here on
	// is all there is.
	Started = "STARTED"
	// Resync says that some of what was missed cannot be told any more: read everything again, and go on from here.
	Resync = "RESYNC"
	// Moved says that there is something new to look at. One stands for all that there were since the last event.
	Moved = "MOVED"
)

// Event is one event of a stream.
type Event struct {
	// ID is where the stream is continued after this event.
	ID string
	// Name is Started, Resync, Moved, or what Change.Event was.
	Name string
	Ref  uuid.UUID
	At   time.Time

	seq int64
}

// batch is how many missed entries are read at a time.
const batch = 100

// movedRest is the least time from one Moved to the next.
const movedRest = 2 * time.Second

// Open streams the changes of the topic behind the position after, and then those that come, until ctx ends or the
// viewer is not welcome any more. An empty after starts afresh; a malformed one is a BadInput fault. Whether the viewer
// may watch the topic at all is the caller's to know.
func (l *Log) Open(ctx context.Context, db *pg.DB, topic Topic, after string) (<-chan Event, error) {
	v, _ := viewer.From(ctx)
	s := &source{db: db, topic: topic, tenant: v.Tenant, fresh: after == ""}
	seen := int64(0)
	if !s.fresh {
		var err error
		if seen, err = topic.number(v.Tenant, after); err != nil {
			return nil, err
		}
	}
	return Follow(ctx, l.Watch(ctx, v, topic), seen, s.read), nil
}

// Watch is how a stream of the viewer watches the topic. It listens from now on: who reads after that misses nothing.
func (l *Log) Watch(ctx context.Context, v viewer.Viewer, topic Topic) Watch {
	w := Watch{Look: l.Look, Log: l.Log}
	if l.Bus != nil {
		w.Woken, w.Connected = l.Bus.Listen(ctx, v.Tenant, topic), l.Bus.Connected
	}
	if l.Gate != nil {
		w.Gone = l.Gate.Gone(ctx, v)
	}
	return w
}

// source reads one topic.
type source struct {
	db     *pg.DB
	topic  Topic
	tenant uuid.UUID
	// fresh: nothing was sent yet, and nothing is continued.
	fresh bool
}

// read returns what is behind the number seen.
func (s *source) read(ctx context.Context, seen int64) ([]Step[Event], bool, error) {
	head, floor, movedAt, entries, err := s.behind(ctx, seen)
	if err != nil {
		return nil, false, err
	}
	switch {
	case s.fresh:
		s.fresh = false
		return []Step[Event]{s.step(Started, uuid.Nil, movedAt, head)}, false, nil
	case seen > head || seen < floor:
		return []Step[Event]{s.step(Resync, uuid.Nil, movedAt, head)}, false, nil
	case len(entries) == batch:
		return entries, true, nil
	}
	last := seen
	if n := len(entries); n > 0 {
		last = entries[n-1].Seq
	}
	if head > last {
		moved := s.step(Moved, uuid.Nil, movedAt, head)
		moved.Rest = movedRest
		entries = append(entries, moved)
	}
	return entries, false, nil
}

func (s *source) step(name string, ref uuid.UUID, at time.Time, seq int64) Step[Event] {
	return Step[Event]{Seq: seq, Event: Event{ID: s.topic.Position(s.tenant, seq), Name: name, Ref: ref, At: at, seq: seq}}
}

// behind reads the topic's count and the first entries behind seen, as of one moment. A topic that never changed
// stands at 0.
func (s *source) behind(ctx context.Context, seen int64) (head, floor int64, movedAt time.Time, entries []Step[Event], err error) {
	const read = `
		SELECT t.seq, t.floor, t.moved_at, e.seq, e.event, e.ref, e.at
		FROM feed_topics t LEFT JOIN LATERAL (
			SELECT seq, event, ref, at FROM feed_entries
			WHERE tenant_id = t.tenant_id AND topic = t.topic AND subject = t.subject AND seq > $4
			ORDER BY seq LIMIT $5
		) e ON true
		WHERE t.tenant_id = $1 AND t.topic = $2 AND t.subject = $3`
	rows, err := s.db.Query(ctx, read, s.tenant, s.topic.Kind, s.topic.Subject, seen, batch)
	if err != nil {
		return 0, 0, time.Time{}, nil, fmt.Errorf("read feed: %w", err)
	}
	defer rows.Close()
	movedAt = time.Now()
	for rows.Next() {
		var seq *int64
		var event *string
		var ref *uuid.UUID
		var at *time.Time
		if err := rows.Scan(&head, &floor, &movedAt, &seq, &event, &ref, &at); err != nil {
			return 0, 0, time.Time{}, nil, fmt.Errorf("read feed entry: %w", err)
		}
		if seq != nil {
			entries = append(entries, s.step(*event, *ref, at.UTC(), *seq))
		}
	}
	return head, floor, movedAt.UTC(), entries, rows.Err()
}
