package learning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// errPanicked is what a group fails with that something in it made panic.
var errPanicked = errors.New("learning: a panic while batches were kept")

// sent is a batch on its way, and what became of it.
type sent struct {
	// ctx is its caller's, without their going away.
	ctx   context.Context //nolint:containedctx // the batch is kept by another goroutine than its caller's
	who   viewer.Viewer
	place uuid.UUID
	batch Batch

	booked booked
	// answer is what is told when the group has been committed, refused what is told about this batch alone.
	answer  *Recorded
	refused error
}

// keep keeps the batches of any learners and tenants in one transaction. Each has its answer or its refusal afterwards;
// with an error nothing was kept. The number of statements depends on the number of tenants alone, but for
// batches that complete a lesson; those that do not take three round trips, with the beginning.
func (s *Service) keep(ctx context.Context, group []*sent) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanicked, p)
		}
	}()
	err = s.DB.Together(ctx, func(g *pg.Group) error {
		ledgers := ledgersOf(group)
		now, err := s.load(ctx, g, ledgers)
		if err != nil {
			return err
		}
		for _, l := range ledgers {
			l.book(now)
		}
		if pg.Sealed(ctx) || slices.ContainsFunc(ledgers, (*ledger).completes) {
			return s.keepAndComplete(ctx, g, ledgers, now)
		}
		return s.keepAlone(ctx, g, ledgers, now)
	})
	if err != nil {
		return fmt.Errorf("keep %d batches: %w", len(group), err)
	}
	return nil
}

// keepAlone writes batches that complete nothing, tells of them, and commits, in one round trip.
func (s *Service) keepAlone(ctx context.Context, g *pg.Group, ledgers []*ledger, now time.Time) error {
	err := finishEach(ctx, g, ledgers, func(l *ledger) []pg.Statement {
		return append(l.write(now), s.tell(ctx, g, l)...)
	})
	if err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	for _, l := range ledgers {
		l.answer()
	}
	return nil
}

// keepAndComplete writes batches, and then all that they complete.
func (s *Service) keepAndComplete(ctx context.Context, g *pg.Group, ledgers []*ledger, now time.Time) error {
	if err := sendEach(ctx, g, ledgers, func(l *ledger) []pg.Statement { return l.write(now) }); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	for _, l := range ledgers {
		if err := l.complete(g, now); err != nil { //nolint:contextcheck // the group carries the tenant's
			return err
		}
		l.answer()
	}
	if err := sendEach(ctx, g, ledgers, func(l *ledger) []pg.Statement { return s.tell(ctx, g, l) }); err != nil {
		return fmt.Errorf("tell what moved: %w", err)
	}
	return g.Seal(ctx)
}

// ledgersOf sorts the batches by tenant, which is the order in which groups lock. Batches are anew what they
// were when they were sent: a transaction may be tried twice.
func ledgersOf(group []*sent) []*ledger {
	var all []*ledger
	byTenant := map[uuid.UUID]*ledger{}
	for _, s := range group {
		s.booked, s.answer, s.refused = booked{}, nil, nil
		l := byTenant[s.who.Tenant]
		if l == nil {
			l = newLedger(s.who.Tenant)
			byTenant[s.who.Tenant] = l
			all = append(all, l)
		}
		l.sent = append(l.sent, s)
	}
	slices.SortFunc(all, func(a, b *ledger) int { return compareIDs(a.tenant, b.tenant) })
	return all
}

// book books the batches in the order in which they came.
func (l *ledger) book(now time.Time) {
	for _, s := range l.sent {
		var lessons []folded
		if lessons, s.refused = l.fold(s); s.refused != nil {
			continue
		}
		a := l.accounts[s.place]
		if a == nil {
			s.refused = errMoving()
			continue
		}
		s.booked = a.book(s.batch, lessons, now)
	}
}

// fold holds a batch against its place and its course.
func (l *ledger) fold(s *sent) ([]folded, error) {
	place := l.unopened[s.place]
	if a := l.accounts[s.place]; a != nil {
		place = a.place
	}
	if err := mayLearn(place, s.who.User); err != nil {
		return nil, err
	}
	return fold(l.outlines[place.VersionID], s.batch.Lessons)
}

// completes says whether a batch may complete something. Where authors wrote rules, more than lengths may suffice.
func (l *ledger) completes() bool {
	return slices.ContainsFunc(l.sent, func(s *sent) bool {
		if !s.counts() {
			return false
		}
		a := l.accounts[s.place]
		return a.outline.HasRules() || len(a.earned(s)) > 0
	})
}

// complete completes what the batches suffice for, one after another.
func (l *ledger) complete(g *pg.Group, now time.Time) error {
	for _, s := range l.sent {
		if !s.counts() {
			continue
		}
		if err := l.accounts[s.place].complete(g, s, now); err != nil {
			return err
		}
	}
	return nil
}

// counts says whether the batch is neither refused nor one that was kept before.
func (s *sent) counts() bool { return s.refused == nil && !s.booked.again }

// answer says what to answer.
func (l *ledger) answer() {
	for _, s := range l.sent {
		if s.refused == nil {
			s.answer = l.accounts[s.place].answer(s)
		}
	}
}

// tell is the statement that tells the feed which places of the tenant moved; their streams are woken after the commit.
func (s *Service) tell(ctx context.Context, g *pg.Group, l *ledger) []pg.Statement {
	changes := Moved(l.moved()...)
	if s.Feed == nil || len(changes) == 0 {
		return nil
	}
	ctx = viewer.With(ctx, viewer.Job(l.tenant, "progress"))
	g.AfterCommit(func() { s.Feed.WakeLater(ctx, feed.Topics(changes...)) })
	return []pg.Statement{feed.Telling(l.tenant, changes...)}
}

// moved are the places that moved. Where something was completed, events tell of it.
func (l *ledger) moved() []uuid.UUID {
	told := map[uuid.UUID]bool{}
	for _, s := range l.sent {
		if s.counts() {
			told[s.place] = told[s.place] || len(s.booked.completed) > 0
		}
	}
	var moved []uuid.UUID
	for place, told := range told {
		if !told {
			moved = append(moved, place)
		}
	}
	return moved
}

// earned are the lessons that the batch suffices for and that were not completed before.
func (a *account) earned(s *sent) []uuid.UUID {
	return slices.DeleteFunc(earned(a.outline, s.booked.lengths), func(lesson uuid.UUID) bool {
		l := a.lessons[lesson]
		return l != nil && l.completed
	})
}

// complete completes the lessons that the batch suffices for. Where authors wrote rules, more than lengths may suffice.
func (a *account) complete(g *pg.Group, s *sent, now time.Time) error {
	ctx := viewer.With(s.ctx, s.who)
	st := &study{tx: g.As(ctx), place: a.place, outline: a.outline, progress: a.progress, now: now, under: decision{by: completion.ByRULE}}
	earned := a.earned(s)
	if len(earned) == 0 && !a.outline.HasRules() {
		return nil
	}
	recorded, err := st.end(ctx, earned, st.change(*a.progress.LastLessonID))
	if err != nil {
		return err
	}
	a.progress, s.booked.completed = recorded.Progress, recorded.Completed
	for _, lesson := range recorded.Completed {
		a.line(lesson).completed = true
	}
	if known := a.sessions[s.batch.Session]; known != nil {
		known.completed[strconv.Itoa(s.batch.Sequence)] = recorded.Completed
	}
	return st.rememberCompleted(ctx, s.batch, recorded.Completed)
}

// answer is what is told about a batch. One that was kept before is answered as it was then; it may have come
// twice in the same group.
func (a *account) answer(s *sent) *Recorded {
	completed := s.booked.completed
	if s.booked.again {
		completed = a.sessions[s.batch.Session].completed[strconv.Itoa(s.batch.Sequence)]
	}
	progress := *a.progress
	return &Recorded{Progress: &progress, Completed: completed}
}
