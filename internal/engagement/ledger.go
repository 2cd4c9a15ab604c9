package engagement

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// window is the part of a board that is asked for.
type window struct {
	skip, limit int
	// around asks for the part with the viewer in its middle, if they stand on the board.
	around bool
}

// centred is the window around the place, the first being 0.
func (w window) centred(place int) window {
	w.skip = max(0, place-w.limit/2)
	return w
}

// view is what is seen through a window.
type view struct {
	standings []Standing
	self      *Standing
	// skip is how many stand above.
	skip int
}

// ahead is SQL for the points of everybody on a board who is not hidden. Its parameters: the tenant, the course or nil,
// and since when.
const (
	counted = `
	SELECT p.learner_id, sum(p.points)::bigint AS points
	FROM point_entries p
	WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.course_id = $2) AND p.at >= $3 AND NOT EXISTS (
		SELECT FROM engagement_profiles h WHERE h.tenant_id = $1 AND h.user_id = p.learner_id AND h.hidden
	)`
	grouped = `
	GROUP BY p.learner_id HAVING sum(p.points) > 0`
	ahead = counted + grouped
)

// scope are the first parameters of every statement about the board.
func (b Board) scope(ctx context.Context) []any {
	var course *uuid.UUID
	if b.Course != uuid.Nil {
		course = &b.Course
	}
	return []any{viewer.Tenant(ctx), course, b.Since}
}

// fromLedger sees the board as the ledger has it, whatever is kept elsewhere.
func (s *Service) fromLedger(ctx context.Context, b Board, me uuid.UUID, w window) (view, error) {
	self, err := s.standing(ctx, b, me)
	if err != nil {
		return view{}, err
	}
	if w.around && self != nil {
		place, err := s.place(ctx, b, *self)
		if err != nil {
			return view{}, err
		}
		w = w.centred(place)
	}
	const query = `
		SELECT learner_id, points, rank() OVER (ORDER BY points DESC) FROM (` + ahead + `) b
		ORDER BY points DESC, learner_id OFFSET $4 LIMIT $5`
	standings, err := s.list(ctx, query, append(b.scope(ctx), w.skip, w.limit)...)
	if err != nil {
		return view{}, fmt.Errorf("read leaderboard: %w", err)
	}
	return view{standings: standings, self: self, skip: w.skip}, nil
}

// standing is where somebody stands among those who are not hidden, nil without points.
func (s *Service) standing(ctx context.Context, b Board, who uuid.UUID) (*Standing, error) {
	points, err := s.pointsOf(ctx, b, who)
	if err != nil || points == 0 {
		return nil, err
	}
	const query = `SELECT count(*) FROM (` + ahead + `) b WHERE points > $4`
	above := 0
	if err := s.DB.QueryRow(ctx, query, append(b.scope(ctx), points)...).Scan(&above); err != nil {
		return nil, fmt.Errorf("rank viewer: %w", err)
	}
	return &Standing{Learner: who, Points: points, Rank: above + 1}, nil
}

// pointsOf is the sum of somebody's points on the board.
func (s *Service) pointsOf(ctx context.Context, b Board, who uuid.UUID) (int, error) {
	const query = `
		SELECT coalesce(sum(points), 0)::bigint FROM point_entries
		WHERE tenant_id = $1 AND ($2::uuid IS NULL OR course_id = $2) AND at >= $3 AND learner_id = $4`
	points := 0
	if err := s.DB.QueryRow(ctx, query, append(b.scope(ctx), who)...).Scan(&points); err != nil {
		return 0, fmt.Errorf("add up points: %w", err)
	}
	return points, nil
}

// place is how many lines stand above somebody's.
func (s *Service) place(ctx context.Context, b Board, of Standing) (int, error) {
	const query = `SELECT count(*) FROM (` + ahead + `) b WHERE points > $4 OR points = $4 AND learner_id < $5`
	above := 0
	if err := s.DB.QueryRow(ctx, query, append(b.scope(ctx), of.Points, of.Learner)...).Scan(&above); err != nil {
		return 0, fmt.Errorf("place viewer: %w", err)
	}
	return above, nil
}

func (s *Service) list(ctx context.Context, query string, args ...any) ([]Standing, error) {
	rows, err := s.DB.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var (
		found []Standing
		one   Standing
	)
	err = pg.ForEach(rows, []any{&one.Learner, &one.Points, &one.Rank}, func() error {
		found = append(found, one)
		return nil
	})
	return found, err
}

// Mark says what of the ledger a copy of a board has seen. Whatever was written since has this number or a higher one.
type Mark struct {
	// Written is the oldest transaction that had not ended.
	Written int64
	// Hidden is a digest of those who are hidden.
	Hidden string
}

// String is the mark as it is kept.
func (m Mark) String() string { return strconv.FormatInt(m.Written, 10) + " " + m.Hidden }

// ParseMark reads what String wrote.
func ParseMark(text string) (Mark, bool) {
	var m Mark
	n, err := fmt.Sscanf(text, "%d %s", &m.Written, &m.Hidden)
	return m, err == nil && n == 2
}

// marked is SQL for the mark of this moment and, besides, rows of points: in one statement, so that both are of one
// snapshot. Without rows it returns the mark alone, once.
const marked = `
	SELECT m.written, m.hidden, b.learner_id, b.points FROM (
		SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS written,
			md5(coalesce((SELECT string_agg(user_id::text, ',' ORDER BY user_id) FROM engagement_profiles WHERE tenant_id = $1 AND hidden), '')) AS hidden
	) m LEFT JOIN (`

// whole reads everybody's points on the board, and what they are as of.
func (s *Service) whole(ctx context.Context, b Board) (Mark, map[uuid.UUID]int, error) {
	return s.points(ctx, marked+ahead+`) b ON true`, b.scope(ctx)...)
}

// since reads the points of those whose points may have changed since the mark, and what they are as of.
func (s *Service) since(ctx context.Context, b Board, seen Mark) (Mark, map[uuid.UUID]int, error) {
	const query = marked + counted + `
		AND p.learner_id IN (SELECT learner_id FROM point_entries WHERE tenant_id = $1 AND written_by >= $4)` + grouped + `
	) b ON true`
	return s.points(ctx, query, append(b.scope(ctx), seen.Written)...)
}

func (s *Service) points(ctx context.Context, query string, args ...any) (Mark, map[uuid.UUID]int, error) {
	rows, err := s.DB.Query(ctx, query, args...)
	if err != nil {
		return Mark{}, nil, fmt.Errorf("read points: %w", err)
	}
	var (
		mark    Mark
		learner *uuid.UUID
		points  *int
		all     = map[uuid.UUID]int{}
	)
	err = pg.ForEach(rows, []any{&mark.Written, &mark.Hidden, &learner, &points}, func() error {
		if learner != nil && points != nil {
			all[*learner] = *points
		}
		return nil
	})
	if err != nil {
		return Mark{}, nil, fmt.Errorf("read points: %w", err)
	}
	return mark, all, nil
}
