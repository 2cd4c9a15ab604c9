// Package telemetry is how the server tells what it does: logs, traces and metrics, and the HTTP middleware that
// feeds them. What a line or a request is about (who asks, for whom) is put into the context as attributes by
// those who know.
package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"
)

// LogOptions say what is logged, and how.
type LogOptions struct {
	// Level is "debug", "info", "warn" or "error"; anything else is "info".
	Level string
	// Format is "json", "text", or "auto": text on a terminal, else JSON.
	Format string
}

// NewLogger returns a logger that writes to w. Every line carries the attributes of its context, and the trace
// it belongs to. Text on a terminal is coloured.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	level := slog.LevelInfo
	// An unknown word leaves the level as it is.
	_ = level.UnmarshalText([]byte(o.Level))
	terminal := isTerminal(w)
	options := &slog.HandlerOptions{Level: level}
	switch {
	case o.Format == "text" || o.Format == "auto" && terminal:
		return slog.New(newContextHandler(newTextHandler(w, options, terminal)))
	default:
		return slog.New(newContextHandler(slog.NewJSONHandler(w, options)))
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// attrsKey is the context key of the attributes.
type attrsKey struct{}

// WithAttrs returns a context whose log lines carry the attributes, besides those it has already. An attribute
// of the same key is replaced. Secrets and personal data do not belong here.
func WithAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	merged := slices.Clone(Attrs(ctx))
	for _, attr := range attrs {
		at := slices.IndexFunc(merged, func(a slog.Attr) bool { return a.Key == attr.Key })
		if at >= 0 {
			merged[at] = attr
			continue
		}
		merged = append(merged, attr)
	}
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		s.keep(merged)
	}
	return context.WithValue(ctx, attrsKey{}, merged)
}

// Attrs returns the attributes of a context. They are not to be changed.
func Attrs(ctx context.Context) []slog.Attr {
	attrs, ok := ctx.Value(attrsKey{}).([]slog.Attr)
	if !ok {
		return nil
	}
	return attrs
}

// TraceID returns the id of the trace that ctx is part of, "" when there is none.
func TraceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}

// contextHandler adds what the context says to every line, always at its top level.
type contextHandler struct {
	// root has no groups yet; groups are opened on it for each line, after the context's attributes.
	root slog.Handler
	// open is what happened to the logger since its first group.
	open []func(slog.Handler) slog.Handler
}

func newContextHandler(h slog.Handler) slog.Handler { return contextHandler{root: h} }

// Enabled implements slog.Handler.
func (h contextHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.root.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := Attrs(ctx)
	if id := TraceID(ctx); id != "" {
		attrs = append(slices.Clip(attrs), slog.String("trace_id", id))
	}
	handler := h.root
	if len(h.open) == 0 {
		r = r.Clone()
		r.AddAttrs(attrs...)
	} else {
		handler = handler.WithAttrs(attrs)
		for _, apply := range h.open {
			handler = apply(handler)
		}
	}
	if err := handler.Handle(ctx, r); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.open) == 0 {
		return contextHandler{root: h.root.WithAttrs(attrs)}
	}
	return h.then(func(inner slog.Handler) slog.Handler { return inner.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.then(func(inner slog.Handler) slog.Handler { return inner.WithGroup(name) })
}

func (h contextHandler) then(apply func(slog.Handler) slog.Handler) slog.Handler {
	return contextHandler{root: h.root, open: append(slices.Clip(h.open), apply)}
}

// textHandler writes a line for people: time, level, message, key=value.
type textHandler struct {
	// attrs writes the attributes alone, into the buffer.
	attrs slog.Handler
	out   *textOutput
}

// textOutput is what the handlers of one logger share.
type textOutput struct {
	mu     sync.Mutex
	w      io.Writer
	buffer bytes.Buffer
	colour bool
}

func newTextHandler(w io.Writer, options *slog.HandlerOptions, colour bool) slog.Handler {
	out := &textOutput{w: w, colour: colour}
	attrs := slog.NewTextHandler(&out.buffer, &slog.HandlerOptions{
		Level: options.Level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
				return slog.Attr{}
			}
			return a
		},
	})
	return textHandler{attrs: attrs, out: out}
}

// Enabled implements slog.Handler.
func (h textHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.attrs.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h textHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.buffer.Reset()
	if err := h.attrs.Handle(ctx, r); err != nil {
		return fmt.Errorf("write attributes: %w", err)
	}
	c := h.out.colours(r.Level)
	attrs := bytes.TrimSpace(h.out.buffer.Bytes())
	if len(attrs) > 0 {
		attrs = append([]byte(" "), attrs...)
	}
	_, err := fmt.Fprintf(h.out.w, "%s%s%s %s%-5s%s %s%s%s%s\n",
		c.dim, r.Time.Format("15:04:05.000"), c.end, c.level, r.Level, c.end, r.Message, c.dim, attrs, c.end)
	if err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	return nil
}

// colours are the codes that begin the word for a level, begin a side remark, and end both.
type colours struct{ level, dim, end string }

func (o *textOutput) colours(level slog.Level) colours {
	const red, yellow, green, dim, end = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
	switch {
	case !o.colour:
		return colours{}
	case level >= slog.LevelError:
		return colours{level: red, dim: dim, end: end}
	case level >= slog.LevelWarn:
		return colours{level: yellow, dim: dim, end: end}
	case level >= slog.LevelInfo:
		return colours{level: green, dim: dim, end: end}
	default:
		return colours{level: dim, dim: dim, end: end}
	}
}

// WithAttrs implements slog.Handler.
func (h textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return textHandler{attrs: h.attrs.WithAttrs(attrs), out: h.out}
}

// WithGroup implements slog.Handler.
func (h textHandler) WithGroup(name string) slog.Handler {
	return textHandler{attrs: h.attrs.WithGroup(name), out: h.out}
}
