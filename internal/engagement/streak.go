package engagement

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Day is a day of a calendar, counted from the first of January 1970.
type Day int

const daySeconds = 24 * 60 * 60

// dayOf is the day that it is at that moment in the zone, whatever its clocks are doing.
func dayOf(at time.Time, zone *time.Location) Day {
	year, month, day := at.In(zone).Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

func (d Day) date() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// Streak is how many days in a row somebody has learned something.
type Streak struct {
	// Current is the run that goes on: its last day is today or yesterday, in the learner's time zone.
	Current, Longest int
	// Today says that today counts already.
	Today bool
	// TimeZone is the learner's, an IANA name.
	TimeZone string
}

// Streak returns the viewer's own.
func (s *Service) Streak(ctx context.Context) (Streak, error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return Streak{}, err
	}
	self, err := s.DB.User.Get(ctx, who.User)
	if err != nil {
		return Streak{}, fmt.Errorf("find viewer: %w", err)
	}
	learned, err := days(ctx, s.DB, who.User)
	if err != nil {
		return Streak{}, err
	}
	today := dayOf(s.now(), zoneOf(self.TimeZone))
	return Streak{
		Current: current(learned, today), Longest: longest(learned), TimeZone: self.TimeZone,
		Today: len(learned) > 0 && learned[len(learned)-1] >= today,
	}, nil
}

// zoneOf is the zone of that name. Names are checked when they are saved; one that is unknown here counts as UTC, so
// that nobody's points wait for it.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// keepDay notes that the learner learned something on the day that the deed has in their time zone.
func keepDay(ctx context.Context, tx *pg.Tx, d Deed) error {
	learner, err := tx.User.Get(ctx, d.Learner)
	if err != nil {
		return fmt.Errorf("find learner: %w", err)
	}
	const statement = `INSERT INTO learning_days (tenant_id, learner_id, day) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	day := dayOf(d.At, zoneOf(learner.TimeZone)).date()
	if _, err := tx.Exec(ctx, statement, viewer.Tenant(ctx), d.Learner, day); err != nil {
		return fmt.Errorf("keep day: %w", err)
	}
	return nil
}

// reader is a transaction or the database.
type reader interface {
	Query(ctx context.Context, sql string, args ...any) (pg.Rows, error)
}

// days are those on which the learner learned something, in order.
func days(ctx context.Context, from reader, learner uuid.UUID) ([]Day, error) {
	const query = `SELECT day FROM learning_days WHERE tenant_id = $1 AND learner_id = $2 ORDER BY day`
	rows, err := from.Query(ctx, query, viewer.Tenant(ctx), learner)
	if err != nil {
		return nil, fmt.Errorf("list days: %w", err)
	}
	var (
		found []Day
		day   time.Time
	)
	err = pg.ForEach(rows, []any{&day}, func() error {
		found = append(found, dayOf(day, time.UTC))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list days: %w", err)
	}
	return found, nil
}

// current is the length of the run that ends today or yesterday. Who has travelled west may have learned tomorrow.
func current(days []Day, today Day) int {
	if len(days) == 0 || days[len(days)-1] < today-1 {
		return 0
	}
	run := 1
	for i := len(days) - 1; i > 0 && days[i-1] == days[i]-1; i-- {
		run++
	}
	return run
}

// longest is the length of the longest run there was.
func longest(days []Day) int {
	best, run := 0, 0
	for i, day := range days {
		if i > 0 && day == days[i-1]+1 {
			run++
		} else {
			run = 1
		}
		best = max(best, run)
	}
	return best
}
