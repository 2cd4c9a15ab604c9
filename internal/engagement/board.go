package engagement

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/group"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/page"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Period is the time that a leaderboard counts, in UTC.
type Period string

// The periods there are.
const (
	Week    Period = "WEEK"
	Month   Period = "MONTH"
	AllTime Period = "ALL"
)

// start is when the period of that moment began: a Monday, the first of a month, or the beginning of all.
func (p Period) start(now time.Time) time.Time {
	year, month, day := now.UTC().Date()
	switch p {
	case Week:
		monday := day - (int(now.UTC().Weekday())+6)%7
		return time.Date(year, month, monday, 0, 0, 0, 0, time.UTC)
	case Month:
		return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	default:
		return time.Unix(0, 0).UTC()
	}
}

// Board says whose points are compared: those of one course, those of the members of one group in the tenant, or, when
// both are the nil id, everybody's in the tenant.
type Board struct {
	Course, Group uuid.UUID
	Period        Period
	// Since is when the period began.
	Since time.Time
}

// maxSkip is more than stand on any leaderboard. Further than that the copy cannot count, and the ledger would be read.
const maxSkip = 1_000_000_000

// Standing is somebody's place. Who has the same points has the same rank.
type Standing struct {
	Learner uuid.UUID
	Points  int
	Rank    int
}

// Row is a line of a leaderboard as the viewer may see it.
type Row struct {
	Rank, Points int
	// Name is the pseudonym or the name, nil where the viewer is not told it.
	Name *string
	Self bool
}

// Leaderboard is a page of one.
type Leaderboard struct {
	page.Page[*Row]

	// Self is where the viewer stands, nil without points. Who is hidden stands there for themself only.
	Self *Standing
	// Hidden says that the viewer is in nobody's list.
	Hidden bool
}

// Ask is what a leaderboard is asked for.
type Ask struct {
	// Course or Group say of what; both are nil for the whole tenant.
	Course, Group *uuid.UUID
	Period        Period
	// Around asks for the page in whose middle the viewer stands, instead of one behind a cursor.
	Around bool
}

// Leaderboard returns a page of those who have points, most first. Faults: Unauthenticated; BadInput for a course and a
// group at the same time; NotFound for a course that the viewer has no place in, and for a group that they are not in.
func (s *Service) Leaderboard(ctx context.Context, r page.Request, ask Ask) (*Leaderboard, error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	board, err := s.board(ctx, who, ask)
	if err != nil {
		return nil, err
	}
	profile, err := s.profile(ctx, who.User)
	if err != nil {
		return nil, err
	}
	order := board.order()
	skip := 0
	if _, err := r.Position(order, &skip); err != nil {
		return nil, err
	}
	if skip < 0 || skip > maxSkip {
		return nil, fault.Invalid("after", "This cursor does not belong to this list; start again without `after`.")
	}
	seen, err := s.look(ctx, who.Tenant, board, Window{Learner: who.User, Skip: skip, Limit: r.Limit(), Around: ask.Around})
	if err != nil {
		return nil, err
	}
	rows, err := s.rows(ctx, who, seen.Standings)
	if err != nil {
		return nil, err
	}
	at := seen.Skip
	found := page.Of(rows, r, order, func(*Row) []any { at++; return []any{at} })
	found.HasPrevious = seen.Skip > 0
	shown := &Leaderboard{Page: found, Hidden: profile.Hidden}
	if seen.Self.Points > 0 {
		shown.Self = &seen.Self
	}
	return shown, nil
}

// board is the one that is asked for, if the viewer may see it.
func (s *Service) board(ctx context.Context, who viewer.Viewer, ask Ask) (Board, error) {
	board := Board{Period: ask.Period, Since: ask.Period.start(s.now())}
	switch {
	case ask.Course != nil && ask.Group != nil:
		return Board{}, fault.Invalid("groupId", "Ask for a course or for a group, not for both.")
	case ask.Course != nil:
		board.Course = *ask.Course
		return board, s.admit(ctx, who, board.Course)
	case ask.Group != nil:
		board.Group = *ask.Group
		return board, s.admitToGroup(ctx, board.Group)
	default:
		return board, nil
	}
}

// order binds cursors to the board.
func (b Board) order() string {
	if b.Group != uuid.Nil {
		return fmt.Sprintf("leaderboard of group %s %s", b.Group, b.Period)
	}
	return fmt.Sprintf("leaderboard %s %s", b.Course, b.Period)
}

// admitToGroup refuses a group that the viewer does not see: learners see those in use that they are in.
func (s *Service) admitToGroup(ctx context.Context, id uuid.UUID) error {
	known, err := s.DB.Group.Query().Where(group.ID(id)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("find group: %w", err)
	}
	if !known {
		return fault.New(fault.NotFound, "There is no such group among yours.")
	}
	return nil
}

// admit refuses a course that the viewer neither learns nor teaches in: who waits for a place, gave it up or was sent out
// hears nothing of those inside.
func (s *Service) admit(ctx context.Context, who viewer.Viewer, id uuid.UUID) error {
	var known bool
	var err error
	if who.Staff() || who.Granted() {
		known, err = s.DB.Course.Query().Where(course.ID(id)).Exist(ctx)
	} else {
		known, err = s.DB.Enrollment.Query().Where(
			enrollment.CourseID(id), enrollment.LearnerID(who.User), enrollment.StateIn(enrollment.StateACTIVE, enrollment.StateCOMPLETED),
		).Exist(ctx)
	}
	if err != nil {
		return fmt.Errorf("find course: %w", err)
	}
	if !known {
		return fault.New(fault.NotFound, "There is no such course among yours.")
	}
	return nil
}

// rows puts names to the standings, as far as the viewer may know them: in a school, pupils see nobody's but their own.
func (s *Service) rows(ctx context.Context, who viewer.Viewer, standings []Standing) ([]*Row, error) {
	names, err := s.names(ctx, standings)
	if err != nil {
		return nil, err
	}
	masked := false
	if !who.Staff() && len(standings) > 0 {
		home, err := s.DB.Tenant.Get(ctx, who.Tenant)
		if err != nil {
			return nil, fmt.Errorf("find tenant: %w", err)
		}
		masked = home.Kind == tenant.KindSCHOOL
	}
	rows := make([]*Row, len(standings))
	for i, standing := range standings {
		row := &Row{Rank: standing.Rank, Points: standing.Points, Self: standing.Learner == who.User}
		if name, known := names[standing.Learner]; known && (row.Self || !masked) {
			row.Name = &name
		}
		rows[i] = row
	}
	return rows, nil
}

// names are what the learners are called in leaderboards.
func (s *Service) names(ctx context.Context, standings []Standing) (map[uuid.UUID]string, error) {
	if len(standings) == 0 {
		return nil, nil //nolint:nilnil // nobody has no names
	}
	ids := make([]uuid.UUID, len(standings))
	for i, standing := range standings {
		ids[i] = standing.Learner
	}
	// A learner sees colleagues here and nowhere else.
	wide := viewer.WholeTenant(ctx)
	people, err := s.people(wide, ids)
	if err != nil {
		return nil, err
	}
	profiles, err := s.profiles(wide, ids)
	if err != nil {
		return nil, err
	}
	names := make(map[uuid.UUID]string, len(people))
	for _, person := range people {
		names[person.ID] = person.Name
	}
	for _, profile := range profiles {
		if profile.Pseudonym != "" {
			names[profile.UserID] = profile.Pseudonym
		}
	}
	return names, nil
}
