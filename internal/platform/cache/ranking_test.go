package cache_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
)

// members are "name score rank", in order.
func members(r cache.Ranking) (all []string) {
	for _, m := range r.Members {
		all = append(all, fmt.Sprintf("%s %d %d", m.Member, m.Score, m.Rank))
	}
	return all
}

// TestRankings works on the real server and on the one in process alike.
func TestRankings(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"server": cachetest.Start(t).URL(), "in process": "redis://" + miniredis.RunT(t).Addr()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rankings := cache.NewRankings(open(t, url, slow), time.Hour)
			key := cache.NewKey(uuid.New(), "board")
			if _, err := rankings.Mark(t.Context(), key); !errors.Is(err, cache.ErrNoRanking) {
				t.Errorf("Mark of nothing = %v", err)
			}
			first := cache.Mark{Seen: 5, State: "s"}
			if err := rankings.Raise(t.Context(), key, nil, 5, first); !errors.Is(err, cache.ErrNoRanking) {
				t.Errorf("Raise of nothing = %v", err)
			}
			if err := rankings.Replace(t.Context(), key, map[string]int64{"a": 10, "b": 30, "c": 10, "d": 20}, first); err != nil {
				t.Fatal(err)
			}
			if mark, err := rankings.Mark(t.Context(), key); err != nil || mark != first {
				t.Errorf("Mark = %v, %v", mark, err)
			}
			for _, tt := range []struct {
				look cache.Look
				want []string
				self cache.Ranked
				skip int
			}{
				{cache.Look{Member: "c", Limit: 9}, []string{"b 30 1", "d 20 2", "a 10 3", "c 10 3"}, cache.Ranked{Member: "c", Score: 10, Rank: 3}, 0},
				{cache.Look{Member: "c", Skip: 3, Limit: 2}, []string{"c 10 3"}, cache.Ranked{Member: "c", Score: 10, Rank: 3}, 3},
				{cache.Look{Member: "c", Skip: 9, Limit: 2}, nil, cache.Ranked{Member: "c", Score: 10, Rank: 3}, 9},
				{cache.Look{Member: "a", Around: true, Limit: 3}, []string{"d 20 2", "a 10 3", "c 10 3"}, cache.Ranked{Member: "a", Score: 10, Rank: 3}, 1},
				{cache.Look{Member: "x", Score: 15, Around: true, Limit: 3}, []string{"d 20 2", "a 10 3", "c 10 3"}, cache.Ranked{Member: "x", Score: 15, Rank: 3}, 1},
				{cache.Look{Member: "x", Around: true, Skip: 1, Limit: 1}, []string{"d 20 2"}, cache.Ranked{Member: "x", Score: 0, Rank: 5}, 1},
			} {
				got, err := rankings.Read(t.Context(), key, first, tt.look)
				if err != nil || !slices.Equal(members(got), tt.want) || got.Self != tt.self || got.Skip != tt.skip {
					t.Errorf("Read(%+v) = %+v, %v", tt.look, got, err)
				}
			}
			// It has not seen that much, or depends on something else.
			for _, ahead := range []cache.Mark{{Seen: 6, State: "s"}, {Seen: 5, State: "t"}} {
				if _, err := rankings.Read(t.Context(), key, ahead, cache.Look{Member: "a", Limit: 1}); !errors.Is(err, cache.ErrNoRanking) {
					t.Errorf("Read as of %v = %v", ahead, err)
				}
				if err := rankings.Raise(t.Context(), key, nil, ahead.Seen, ahead); !errors.Is(err, cache.ErrNoRanking) {
					t.Errorf("Raise from %v = %v", ahead, err)
				}
			}
			// Nobody is lowered, and a mark does not go back.
			for _, mark := range []cache.Mark{{Seen: 8, State: "s"}, {Seen: 7, State: "s"}} {
				if err := rankings.Raise(t.Context(), key, map[string]int64{"a": 40, "b": 5, "e": 1}, 5, mark); err != nil {
					t.Fatal(err)
				}
			}
			got, err := rankings.Read(t.Context(), key, cache.Mark{Seen: 8, State: "s"}, cache.Look{Member: "e", Limit: 9})
			if want := []string{"a 40 1", "b 30 2", "d 20 3", "c 10 4", "e 1 5"}; err != nil || !slices.Equal(members(got), want) {
				t.Errorf("raised: %v, %v", members(got), err)
			}
			if err := rankings.Replace(t.Context(), key, nil, first); err != nil {
				t.Fatal(err)
			}
			if got, err := rankings.Read(t.Context(), key, first, cache.Look{Member: "e", Limit: 9}); err != nil || len(got.Members) != 0 {
				t.Errorf("nobody: %v, %v", members(got), err)
			}
			if _, err := rankings.Mark(t.Context(), cache.Key{}); !errors.Is(err, cache.ErrKey) {
				t.Errorf("Mark of no key = %v", err)
			}
		})
	}
}
