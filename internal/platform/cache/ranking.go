package cache

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed ranking_raise.lua
var rankingRaise string

//go:embed ranking_read.lua
var rankingRead string

// chunk is how many members go into one command.
const chunk = 1000

// ErrNoRanking is returned for a ranking that is not there, or that has not seen as much as was asked for.
var ErrNoRanking = errors.New("no such ranking")

// Mark says what of the truth a ranking has seen.
type Mark struct {
	// Seen grows.
	Seen int64
	// State must be the same for two marks to be compared: whatever else the ranking depends on.
	State string
}

// member is how the mark stands in the ranking itself, so that neither is ever there without the other.
func (m Mark) member() string { return "#" + strconv.FormatInt(m.Seen, 10) + " " + m.State }

func parseMark(member string) (m Mark, ok bool) {
	seen, state, found := strings.Cut(strings.TrimPrefix(member, "#"), " ")
	if !found {
		return Mark{}, false
	}
	n, err := strconv.ParseInt(seen, 10, 64)
	return Mark{Seen: n, State: state}, err == nil
}

// Look is what part of a ranking is asked for, and by whom.
type Look struct {
	// Member looks. Score is theirs in case the ranking does not have them.
	Member string
	Score  int64
	// Around asks for the part with them in its middle, if they score at all.
	Around      bool
	Skip, Limit int
}

// Ranked is a member of a ranking. Who scores the same has the same rank.
type Ranked struct {
	Member string
	Score  int64
	Rank   int
}

// Ranking is a part of one.
type Ranking struct {
	Members []Ranked
	// Skip is how many stand before the part.
	Skip int
	// Self is the member who looks.
	Self Ranked
}

// Rankings are sorted sets in Redis, each with a mark. The highest score comes first, among equals the least member.
type Rankings struct {
	client      *Client
	raise, read *redis.Script
	life        time.Duration
}

// NewRankings returns rankings that are forgotten when nobody has looked at them for so long.
func NewRankings(client *Client, life time.Duration) *Rankings {
	return &Rankings{client: client, raise: redis.NewScript(rankingRaise), read: redis.NewScript(rankingRead), life: life}
}

// Mark returns the mark of the ranking, or ErrNoRanking.
func (r *Rankings) Mark(ctx context.Context, key Key) (Mark, error) {
	var found *redis.StringSliceCmd
	err := r.client.onKey(ctx, "look for ranking", key, func(ctx context.Context, name string) error {
		found = r.client.rdb.ZRangeByScore(ctx, name, &redis.ZRangeBy{Min: "+inf", Max: "+inf"})
		return found.Err()
	})
	if err != nil {
		return Mark{}, err
	}
	if len(found.Val()) != 1 {
		return Mark{}, ErrNoRanking
	}
	mark, ok := parseMark(found.Val()[0])
	if !ok {
		return Mark{}, ErrNoRanking
	}
	return mark, nil
}

// Replace puts a new ranking in the place of the old one. Scores are positive.
func (r *Rankings) Replace(ctx context.Context, key Key, scores map[string]int64, mark Mark) error {
	return r.client.onKey(ctx, "replace ranking", key, func(ctx context.Context, name string) error {
		pipe := r.client.rdb.TxPipeline()
		pipe.Del(ctx, name)
		members := make([]any, 0, 2*min(len(scores), chunk))
		add := func() {
			if len(members) > 0 {
				pipe.Do(ctx, append([]any{"ZADD", name}, members...)...)
			}
			members = members[:0]
		}
		for member, score := range scores {
			members = append(members, strconv.FormatInt(-score, 10), member)
			if len(members) == 2*chunk {
				add()
			}
		}
		add()
		pipe.Do(ctx, "ZADD", name, "+inf", mark.member())
		pipe.PExpire(ctx, name, r.life)
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("run pipeline: %w", err)
		}
		return nil
	})
}

// Raise lifts the members to their scores, lowers none, and moves the mark on from what was seen before. ErrNoRanking
// when the ranking has not seen that much.
func (r *Rankings) Raise(ctx context.Context, key Key, scores map[string]int64, seen int64, mark Mark) error {
	args := []any{seen, mark.Seen, mark.State, r.life.Milliseconds()}
	for member, score := range scores {
		args = append(args, strconv.FormatInt(-score, 10), member)
	}
	var raised *redis.Cmd
	err := r.client.onKey(ctx, "raise ranking", key, func(ctx context.Context, name string) error {
		raised = r.raise.Run(ctx, r.client.rdb, []string{name}, args...)
		return raised.Err()
	})
	if err != nil {
		return err
	}
	if n, err := raised.Int(); err != nil || n != 1 {
		return errors.Join(ErrNoRanking, err)
	}
	return nil
}

// Read returns a part of the ranking. ErrNoRanking unless it has seen as much as the mark.
func (r *Rankings) Read(ctx context.Context, key Key, mark Mark, look Look) (Ranking, error) {
	args := []any{mark.Seen, mark.State, look.Member, -look.Score, flag(look.Around), look.Skip, look.Limit}
	var read *redis.Cmd
	err := r.client.onKey(ctx, "read ranking", key, func(ctx context.Context, name string) error {
		read = r.read.Run(ctx, r.client.rdb, []string{name}, args...)
		return read.Err()
	})
	if err != nil {
		return Ranking{}, err
	}
	answer, err := read.StringSlice()
	if err != nil {
		return Ranking{}, fmt.Errorf("read ranking: %w", err)
	}
	return parseRanking(look.Member, answer)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// parseRanking reads what ranking_read.lua answers.
func parseRanking(self string, answer []string) (Ranking, error) {
	const heads = 4
	if len(answer) < heads || len(answer)%2 != 0 {
		return Ranking{}, ErrNoRanking
	}
	var n [heads]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(answer[i], 10, 64); err != nil {
			return Ranking{}, fmt.Errorf("read ranking: %w", err)
		}
	}
	found := Ranking{Skip: int(n[2]), Self: Ranked{Member: self, Score: -n[0], Rank: int(n[1]) + 1}}
	rank := int(n[3]) + 1
	for i := heads; i < len(answer); i += 2 {
		score, err := strconv.ParseInt(answer[i+1], 10, 64)
		if err != nil {
			return Ranking{}, fmt.Errorf("read ranking: %w", err)
		}
		line := len(found.Members)
		if line > 0 && found.Members[line-1].Score != -score {
			rank = found.Skip + line + 1
		}
		found.Members = append(found.Members, Ranked{Member: answer[i], Score: -score, Rank: rank})
	}
	return found, nil
}
