package engagement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/pg"
)

const (
	// maxChanged is how many changes are applied to a copy; with more it is made anew.
	maxChanged = 1000
	// CopyLife is how long the copy of a leaderboard stays that nobody looks at.
	CopyLife = time.Hour
)

// look sees the board through its copy, which is brought up to date, and through the ledger where there is none to be had.
func (s *Service) look(ctx context.Context, tenant uuid.UUID, b Board, w Window) (View, error) {
	if s.Copies == nil {
		return s.fromLedger(ctx, b, w)
	}
	// The copy is everybody's: who allows an answer to be old does not make it old for others.
	seen, err := s.fromCopy(pg.Fresh(ctx), b.key(tenant), b, w)
	if err == nil || ctx.Err() != nil {
		return seen, err
	}
	return s.fromLedger(ctx, b, w)
}

// key names the board's copy.
func (b Board) key(tenant uuid.UUID) cache.Key {
	return cache.NewKey(tenant, "board", b.Course.String(), b.Group.String(), string(b.Period), b.Since.Format(time.DateOnly))
}

func (s *Service) fromCopy(ctx context.Context, key cache.Key, b Board, w Window) (View, error) {
	now, err := s.refresh(ctx, key, b, w.Learner)
	if err != nil {
		return View{}, err
	}
	part, err := s.Copies.Read(ctx, key, now.mark, cache.Look{
		Member: w.Learner.String(), Score: int64(now.mine), Around: w.Around, Skip: w.Skip, Limit: w.Limit,
	})
	if err != nil {
		return View{}, err
	}
	return viewOf(part)
}

// refresh brings the copy up to date, or makes it.
func (s *Service) refresh(ctx context.Context, key cache.Key, b Board, me uuid.UUID) (tally, error) {
	seen, err := s.Copies.Mark(ctx, key)
	if errors.Is(err, cache.ErrNoRanking) {
		return s.remake(ctx, key, b, me)
	} else if err != nil {
		return tally{}, err
	}
	now, err := s.changed(ctx, b, me, seen)
	if err != nil {
		return tally{}, err
	}
	// A mark from a future that this database does not have is another database's.
	if now.mark.State != seen.State || now.mark.Seen < seen.Seen || len(now.points) > maxChanged {
		return s.remake(ctx, key, b, me)
	}
	return now, s.Copies.Raise(ctx, key, now.points, seen.Seen, now.mark)
}

func (s *Service) remake(ctx context.Context, key cache.Key, b Board, me uuid.UUID) (tally, error) {
	all, err := s.whole(ctx, b, me)
	if err != nil {
		return tally{}, err
	}
	return all, s.Copies.Replace(ctx, key, all.points, all.mark)
}

// viewOf reads the ids in a part of a copy.
func viewOf(part cache.Ranking) (View, error) {
	seen := View{Skip: part.Skip}
	var err error
	if seen.Self, err = standingOf(part.Self); err != nil {
		return View{}, err
	}
	for _, member := range part.Members {
		one, err := standingOf(member)
		if err != nil {
			return View{}, err
		}
		seen.Standings = append(seen.Standings, one)
	}
	return seen, nil
}

func standingOf(r cache.Ranked) (Standing, error) {
	learner, err := uuid.Parse(r.Member)
	if err != nil {
		return Standing{}, fmt.Errorf("read leaderboard: %w", err)
	}
	return Standing{Learner: learner, Points: int(r.Score), Rank: r.Rank}, nil
}
