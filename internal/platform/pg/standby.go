package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// lookEvery is for how long it is believed how far a standby has come.
	lookEvery = time.Second
	// lookWait bounds finding out: those who want to read wait for it.
	lookWait = 250 * time.Millisecond
)

// errNoStandby says why a standby is not read from.
var errNoStandby = errors.New("pg: it is no standby, or has replayed nothing yet")

// standby is a copy of the database that follows it.
type standby struct {
	run     pooled
	primary pooled

	mu     sync.Mutex
	looked time.Time
	// seen is how far it had come then, by the primary's clock; behind is how long ago that was.
	seen   time.Time
	behind time.Duration
	err    error
	// bound is set once row-level security is known to bind the role there.
	bound bool
}

// Follow lets reads that may be a little old be answered by a standby, through a pool that stays the caller's to close.
// The standby need not be there: it is asked for when somebody wants to read from it.
func (db *DB) Follow(pool *pgxpool.Pool) {
	db.standby = &standby{run: pooled{pool: pool, wait: lookWait}, primary: db.run}
}

type standbyKey struct{}

// Reading returns a context under which single statements that read are sent to the standby, if it is at most so far behind;
// what it does not take is read from the primary. It returns as of when everything is seen: what was committed before is. Without
// a standby that is fit for it that is now, and the context is the one that was given.
func (db *DB) Reading(ctx context.Context, maxAge time.Duration) (context.Context, time.Time) {
	if db.standby == nil {
		return ctx, time.Now()
	}
	seen, behind, err := db.standby.position(ctx)
	if err != nil || behind > maxAge {
		return ctx, time.Now()
	}
	return context.WithValue(ctx, standbyKey{}, db.standby), seen
}

// Fresh returns a context under which nothing is read from a standby: for what is kept for others, who allow it to be less
// old or not at all.
func Fresh(ctx context.Context) context.Context { return context.WithValue(ctx, standbyKey{}, nil) }

// Behind returns how far the standby is behind; false without one. The error is why it is not read from.
func (db *DB) Behind(ctx context.Context) (behind time.Duration, followed bool, err error) {
	if db.standby == nil {
		return 0, false, nil
	}
	_, behind, err = db.standby.position(ctx)
	return behind, true, err
}

// position returns how far the standby has come, and how long ago that was. It looks at most once a second, for all.
func (s *standby) position(ctx context.Context) (seen time.Time, behind time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Since(s.looked)
	if since >= lookEvery {
		// The look is for everybody who waits, not for the one who came first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWait)
		defer cancel()
		s.seen, s.behind, s.err = s.look(ctx)
		s.looked, since = time.Now(), 0
	}
	return s.seen, s.behind + since, s.err
}

// look asks the primary where it is, and then the standby whether it has come that far. If it has not, what counts is
// the last commit that it has replayed; when it has simply heard of nothing new, the primary's position says so.
func (s *standby) look(ctx context.Context) (seen time.Time, behind time.Duration, err error) {
	if !s.bound {
		if err := CheckRole(ctx, s.run.pool); err != nil {
			return seen, 0, fmt.Errorf("look at standby: %w", err)
		}
		s.bound = true
	}
	var end string
	var now time.Time
	if err := s.primary.row(ctx, `SELECT pg_current_wal_lsn()::text, clock_timestamp()`).Scan(&end, &now); err != nil {
		return seen, 0, fmt.Errorf("ask primary for its position: %w", err)
	}
	const replayed = `SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false), pg_last_xact_replay_timestamp()`
	var follows, current bool
	var last *time.Time
	if err := s.run.row(ctx, replayed, end).Scan(&follows, &current, &last); err != nil {
		return seen, 0, fmt.Errorf("ask standby for its position: %w", err)
	}
	switch {
	case !follows:
		return seen, 0, errNoStandby
	case current:
		return now, 0, nil
	case last == nil:
		return seen, 0, errNoStandby
	default:
		return *last, max(0, now.Sub(*last)), nil
	}
}

// row runs a statement that returns at most one row.
func (p pooled) row(ctx context.Context, sql string, args ...any) Row {
	rows, err := p.query(ctx, sql, args)
	return row{rows, err}
}

// ask reads from the standby, and reports whether it took the statement: what it does not take the primary does. What
// breaks off while rows are read is the caller's error.
func (s *standby) ask(ctx context.Context, sql string, args []any) (pgx.Rows, bool) {
	// Statements of several lines, as those of reports are, begin with a line break.
	if !strings.HasPrefix(strings.TrimLeft(sql, " \t\n"), "SELECT ") {
		return nil, false
	}
	rows, err := s.run.read(ctx, sql, args)
	return rows, err == nil
}
