package pg

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/viewer"
)

// loggedStatement is how many characters of a slow statement are logged.
const loggedStatement = 300

// slowQuoted is a value that stands in a statement, as the tenant does where a transaction begins.
var slowQuoted = regexp.MustCompile(`'[^']*'`)

// SlowStatements is a tracer of connections (pgx.ConnConfig.Tracer) that logs what takes Least or longer, as a warning with
// its text on one line, never with its arguments. From the start to the end of a statement counts: with the reading of
// its rows, and as one with all that is sent in the same batch, for Postgres may answer a batch in one piece.
type SlowStatements struct {
	Log   *slog.Logger
	Least time.Duration
	// Operation names what the client asked for, "" where the context does not know; nil when nobody does.
	Operation func(ctx context.Context) string
}

var (
	_ pgx.QueryTracer = (*SlowStatements)(nil)
	_ pgx.BatchTracer = (*SlowStatements)(nil)
)

type timedKey struct{}

// timed is a statement or batch that runs.
type timed struct {
	began time.Time
	sql   string
	// batch is nil for a statement that runs alone.
	batch *pgx.Batch
	rows  int64
	err   error
}

// TraceQueryStart implements pgx.QueryTracer.
func (s *SlowStatements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, timedKey{}, &timed{began: time.Now(), sql: data.SQL})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *SlowStatements) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t, ok := ctx.Value(timedKey{}).(*timed)
	if !ok {
		return
	}
	took := time.Since(t.began)
	if took < s.Least {
		return
	}
	t.rows, t.err = data.CommandTag.RowsAffected(), data.Err
	s.log(ctx, t, took)
}

// TraceBatchStart implements pgx.BatchTracer.
func (s *SlowStatements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	return context.WithValue(ctx, timedKey{}, &timed{began: time.Now(), batch: data.Batch})
}

// TraceBatchQuery implements pgx.BatchTracer.
func (s *SlowStatements) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	t, ok := ctx.Value(timedKey{}).(*timed)
	if !ok {
		return
	}
	if t.err == nil {
		t.err = data.Err
	}
	if data.SQL != setTenant {
		t.rows += data.CommandTag.RowsAffected()
	}
}

// TraceBatchEnd implements pgx.BatchTracer.
func (s *SlowStatements) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t, ok := ctx.Value(timedKey{}).(*timed)
	if !ok {
		return
	}
	took := time.Since(t.began)
	if took < s.Least {
		return
	}
	if t.err == nil {
		t.err = data.Err
	}
	t.sql = together(t.batch)
	s.log(ctx, t, took)
}

// together returns the statements of a batch, without the one that names the tenant.
func together(batch *pgx.Batch) string {
	statements := make([]string, 0, len(batch.QueuedQueries))
	for _, q := range batch.QueuedQueries {
		if q.SQL != setTenant {
			statements = append(statements, q.SQL)
		}
	}
	return strings.Join(statements, "; ")
}

func (s *SlowStatements) log(ctx context.Context, t *timed, took time.Duration) {
	attrs := []slog.Attr{slog.String("statement", oneLine(t.sql)), slog.Float64("ms", float64(took.Microseconds())/1000)}
	if t.err == nil {
		attrs = append(attrs, slog.Int64("rows", t.rows))
	} else {
		attrs = append(attrs, slog.String("code", failure(t.err)))
	}
	if tenant := viewer.Tenant(ctx); tenant != uuid.Nil {
		attrs = append(attrs, slog.String("tenant_id", tenant.String()))
	}
	if s.Operation != nil {
		if name := s.Operation(ctx); name != "" {
			attrs = append(attrs, slog.String("operation", name))
		}
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, "slow statement", attrs...)
}

// failure is the code of a failed statement. What Postgres says besides may repeat values of the row.
func failure(err error) string {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok:
		return refused.Code
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "failed"
	}
}

func oneLine(sql string) string {
	text := []rune(strings.Join(strings.Fields(slowQuoted.ReplaceAllString(sql, "?")), " "))
	if len(text) > loggedStatement {
		return string(text[:loggedStatement]) + "…"
	}
	return string(text)
}
