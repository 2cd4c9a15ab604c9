package engagement

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Window is the part of a board that is asked for, and by whom.
type Window struct {
	Learner     uuid.UUID
	Skip, Limit int
	// Around asks for the part with the learner in its middle, if they have points.
	Around bool
}

// View is what is seen through a window.
type View struct {
	Standings []Standing
	// Self is where the learner stands who looks. Without points they stand nowhere.
	Self Standing
	// Skip is how many stand above.
	Skip int
}

const (
	// among is SQL for whether somebody's points are on the board. Its parameters: the tenant, the course or null, since
	// when, whoever looks, and the group or null. The members are an array, which the index of the ledger by learner is asked
	// for; as rows of a subquery behind OR they would be looked for in all points of the tenant.
	among = `p.tenant_id = $1 AND ($2::uuid IS NULL OR p.course_id = $2) AND p.at >= $3 AND (
		$5::uuid IS NULL OR p.learner_id = ANY (ARRAY(SELECT user_id FROM group_members WHERE tenant_id = $1 AND group_id = $5))
	)`
	// counted is SQL for the points of those on a board who are not hidden.
	counted = `
	SELECT p.learner_id, sum(p.points)::bigint AS points
	FROM point_entries p
	WHERE ` + among + ` AND NOT EXISTS (
		SELECT FROM engagement_profiles h WHERE h.tenant_id = $1 AND h.user_id = p.learner_id AND h.hidden
	)`
	grouped = `
	GROUP BY p.learner_id HAVING sum(p.points) > 0`
	// mine is SQL for the points of the one who looks, hidden or not.
	mine = `
	SELECT coalesce(sum(p.points), 0)::bigint AS points FROM point_entries p
	WHERE ` + among + ` AND p.learner_id = $4`
	// marked is SQL for the mark of this moment and the points of the one who looks, with rows of points besides: in one
	// statement, so that all are of one moment. Without rows it returns one line without a learner. The mark has who is
	// hidden, and who is in the group: with either the board is another.
	marked = `
	SELECT m.written, m.state, me.points, b.learner_id, b.points
	FROM (
		SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS written, (
			SELECT md5(coalesce(string_agg(user_id::text, ',' ORDER BY user_id), '')) FROM engagement_profiles WHERE tenant_id = $1 AND hidden
		) || coalesce((
			SELECT md5(string_agg(user_id::text, ',' ORDER BY user_id)) FROM group_members WHERE tenant_id = $1 AND group_id = $5
		), '') AS state
	) m CROSS JOIN (` + mine + `) me LEFT JOIN (`
)

// scope are the first parameters of every statement about the board.
func (b Board) scope(ctx context.Context, me uuid.UUID) []any {
	return []any{viewer.Tenant(ctx), some(b.Course), b.Since, me, some(b.Group)}
}

// some is nil for the nil id.
func some(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// fromLedger sees the board as the ledger has it, all at one moment.
func (s *Service) fromLedger(ctx context.Context, b Board, w Window) (View, error) {
	const query = `
		WITH board AS MATERIALIZED (` + counted + grouped + `), me AS (` + mine + `),
		lines AS (
			SELECT learner_id, points, rank() OVER (ORDER BY points DESC) AS rank,
				row_number() OVER (ORDER BY points DESC, learner_id) - 1 AS line
			FROM board
		),
		skipped AS (
			SELECT CASE WHEN $6 AND me.points > 0 THEN greatest(0, (
				SELECT count(*) FROM board b WHERE b.points > me.points OR b.points = me.points AND b.learner_id < $4 AND EXISTS (
					SELECT FROM board WHERE learner_id = $4
				)
			) - ($8::bigint - 1) / 2) ELSE $7::bigint END AS lines
			FROM me
		)
		SELECT me.points, (SELECT count(*) + 1 FROM board b WHERE b.points > me.points), skipped.lines, l.learner_id, l.points, l.rank
		FROM me CROSS JOIN skipped LEFT JOIN lines l ON l.line >= skipped.lines AND l.line < skipped.lines + $8
		ORDER BY l.line`
	rows, err := s.DB.Query(ctx, query, append(b.scope(ctx, w.Learner), w.Around, w.Skip, w.Limit)...)
	if err != nil {
		return View{}, fmt.Errorf("read leaderboard: %w", err)
	}
	seen := View{Self: Standing{Learner: w.Learner}}
	var (
		learner      *uuid.UUID
		points, rank *int
	)
	err = pg.ForEach(rows, []any{&seen.Self.Points, &seen.Self.Rank, &seen.Skip, &learner, &points, &rank}, func() error {
		if learner != nil {
			seen.Standings = append(seen.Standings, Standing{Learner: *learner, Points: *points, Rank: *rank})
		}
		return nil
	})
	if err != nil {
		return View{}, fmt.Errorf("read leaderboard: %w", err)
	}
	return seen, nil
}

// whole reads everybody's points on the board, and changed those that may have changed since the mark.
func (s *Service) whole(ctx context.Context, b Board, me uuid.UUID) (tally, error) {
	return s.tally(ctx, marked+counted+grouped+`) b ON true`, b.scope(ctx, me)...)
}

func (s *Service) changed(ctx context.Context, b Board, me uuid.UUID, since cache.Mark) (tally, error) {
	const query = marked + counted + `
		AND p.learner_id IN (SELECT learner_id FROM point_entries WHERE tenant_id = $1 AND written_by >= $6)` + grouped + `
	) b ON true`
	return s.tally(ctx, query, append(b.scope(ctx, me), since.Seen)...)
}

// tally is who has how many points, as of the mark.
type tally struct {
	// mark is the oldest transaction that had not ended, since what was written later has its number or a higher one, with
	// a digest of those who are hidden, and of those who are in the group.
	mark cache.Mark
	// mine are the points of the one who looks.
	mine   int
	points map[string]int64
}

func (s *Service) tally(ctx context.Context, query string, args ...any) (tally, error) {
	rows, err := s.DB.Query(ctx, query, args...)
	if err != nil {
		return tally{}, fmt.Errorf("read points: %w", err)
	}
	var (
		learner *uuid.UUID
		points  *int64
		all     = tally{points: map[string]int64{}}
	)
	err = pg.ForEach(rows, []any{&all.mark.Seen, &all.mark.State, &all.mine, &learner, &points}, func() error {
		if learner != nil {
			all.points[learner.String()] = *points
		}
		return nil
	})
	if err != nil {
		return tally{}, fmt.Errorf("read points: %w", err)
	}
	return all, nil
}
