package search

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// The bounds of a search.
const (
	defaultLimit = 20
	maxLimit     = 50
	maxOffset    = 950
	maxText      = 200
)

// Service is search.
type Service struct {
	DB *pg.DB
	// Local is the engine in Postgres. It is kept up to date always, and answers when Remote does not.
	Local Engine
	// Remote is nil when Postgres searches alone.
	Remote Remote
}

// Result is what a search found.
type Result struct {
	Found

	// Degraded is true when Local answered in place of Remote.
	Degraded bool
}

// Search finds what the viewer may find. A query without words finds nothing.
func (s *Service) Search(ctx context.Context, q Query) (Result, error) {
	q, err := checked(ctx, q)
	if err != nil {
		return Result{}, err
	}
	if q.Text == "" {
		return Result{}, nil
	}
	if s.Remote != nil {
		found, err := s.Remote.Query(ctx, q)
		if err == nil {
			return Result{Found: found}, nil
		}
		slog.WarnContext(ctx, "search engine does not answer, Postgres does", "err", err)
	}
	found, err := s.Local.Query(ctx, q)
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	return Result{Found: found, Degraded: s.Remote != nil}, nil
}

func checked(ctx context.Context, q Query) (Query, error) {
	v, _ := viewer.From(ctx)
	q.Members = v.SignedIn() || v.Is(viewer.System)
	q.Text = strings.Join(strings.Fields(strings.ToValidUTF8(q.Text, "")), " ")
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	var c fault.Collector
	c.Check(len(q.Text) <= maxText, "query", "Look for at most 200 characters.")
	c.Check(!strings.ContainsRune(q.Text, 0), "query", "Look for text.")
	c.Check(q.Limit > 0 && q.Limit <= maxLimit, "first", "`first` is from 1 to 50.")
	c.Check(q.Offset >= 0 && q.Offset <= maxOffset, "offset", "`offset` is from 0 to 950.")
	return q, c.Err()
}

// Token lets the viewer's search box ask the engine directly. It is nil when there is no engine to ask.
func (s *Service) Token(ctx context.Context) (*Token, error) {
	if s.Remote == nil {
		return nil, nil //nolint:nilnil // Postgres is not for browsers
	}
	v, _ := viewer.From(ctx)
	token, err := s.Remote.Token(ctx, v.SignedIn())
	if err != nil {
		return nil, fault.New(fault.Unavailable, "The search engine does not answer; use `search` meanwhile.").Because(err)
	}
	return &token, nil
}

// Ping returns nil when the engine that should answer does.
func (s *Service) Ping(ctx context.Context) error {
	if s.Remote != nil {
		return s.Remote.Ping(ctx)
	}
	return s.Local.Ping(ctx)
}
