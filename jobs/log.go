package jobs

import (
	"cmp"
	"context"
	"log/slog"
)

// quiet returns the logger for River, which tells of every job: what is no warning is left out.
func quiet(logger *slog.Logger) *slog.Logger {
	return slog.New(warnings{cmp.Or(logger, slog.Default()).Handler()})
}

// warnings passes on warnings and worse.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
