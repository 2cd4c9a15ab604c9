package notification

import (
	"context"
	"errors"
	"slices"
	"testing"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/inbox"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// TestNumbersHaveNoGaps delivers to one inbox from 32 transactions at once, of which some fail afterwards.
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const writers, failing = 32, 8
	ctx := f.acme.System(t.Context())
	err := race(writers+failing, func(i int) error {
		if i < writers {
			return f.tell(t.Context(), f.acme, f.acme.Learner)
		}
		_ = f.Tx(ctx, func(tx *pg.Tx) error {
			if err := f.s.deliver(ctx, tx, note{user: f.acme.Learner, kind: "ENROLLED", subject: uuid.New(), text: text{"T", "B"}}); err != nil {
				return err
			}
			return context.Canceled
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := seqs(f.inbox(t, f.acme, f.acme.Learner)); !slices.Equal(got, upTo(writers)) {
		t.Errorf("numbers %v, want 1 to %d", got, writers)
	}
	box := f.Inbox.Query().Where(inbox.UserID(f.acme.Learner)).OnlyX(ctx)
	if box.LastSeq != writers || box.Unread != writers {
		t.Errorf("inbox %+v", box)
	}
}

// TestToldOnce delivers the same thing sixteen times at once, as a job that runs again does.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	subject := uuid.New()
	err := race(16, func(int) error { return f.tellAbout(t.Context(), f.acme, f.acme.Learner, subject) })
	if err != nil {
		t.Fatal(err)
	}
	if rows := f.inbox(t, f.acme, f.acme.Learner); len(rows) != 1 {
		t.Errorf("told %d times, want once", len(rows))
	}
	if n, err := f.s.Unread(f.acme.AsLearner(t.Context())); err != nil || n != 1 {
		t.Errorf("%d unread (%v), want 1", n, err)
	}
}

// TestUnreadIsExact marks as read from many sides while more arrives.
func TestUnreadIsExact(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, f.acme.Learner, 20)
	ctx := f.acme.AsLearner(t.Context())
	rows := f.inbox(t, f.acme, f.acme.Learner)
	err := race(24, func(i int) error {
		switch i % 3 {
		case 0:
			return f.tell(t.Context(), f.acme, f.acme.Learner)
		case 1:
			_, _, err := f.s.MarkRead(ctx, []uuid.UUID{rows[i%20].ID, rows[(i+1)%20].ID, rows[i%20].ID})
			return err
		default:
			_, _, err := f.s.MarkRead(ctx, nil)
			return err
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	unread := 0
	for _, n := range f.inbox(t, f.acme, f.acme.Learner) {
		if n.ReadAt == nil {
			unread++
		}
	}
	if counted, err := f.s.Unread(ctx); err != nil || counted != unread {
		t.Errorf("the counter says %d (%v), %d are unread", counted, err, unread)
	}
}

func TestMarkRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, f.acme.Learner, 3)
	f.fill(t, f.acme, f.acme.Instructor, 2)
	f.fill(t, f.globex, f.globex.Learner, 2)
	ctx := f.acme.AsLearner(t.Context())
	mine, colleagues := f.inbox(t, f.acme, f.acme.Learner), f.inbox(t, f.acme, f.acme.Instructor)
	theirs := f.inbox(t, f.globex, f.globex.Learner)
	for name, tt := range map[string]struct {
		ids            []uuid.UUID
		marked, unread int
	}{
		"1 none named":    {[]uuid.UUID{}, 0, 3},
		"2 unknown":       {[]uuid.UUID{uuid.New()}, 0, 3},
		"3 a colleague's": {[]uuid.UUID{colleagues[0].ID}, 0, 3},
		"4 globex's":      {[]uuid.UUID{theirs[0].ID, theirs[1].ID}, 0, 3},
		"5 one, twice":    {[]uuid.UUID{mine[1].ID, mine[1].ID}, 1, 2},
	} {
		marked, unread, err := f.s.MarkRead(ctx, tt.ids)
		if err != nil || marked != tt.marked || (name != "5 one, twice" && unread < 2) {
			t.Errorf("%s: %d marked, %d unread (%v)", name, marked, unread, err)
		}
	}
	if marked, unread, err := f.s.MarkRead(ctx, []uuid.UUID{mine[1].ID}); err != nil || marked != 0 || unread != 2 {
		t.Errorf("again: %d marked, %d unread (%v)", marked, unread, err)
	}
	if marked, unread, err := f.s.MarkRead(ctx, nil); err != nil || marked != 2 || unread != 0 {
		t.Errorf("all: %d marked, %d unread (%v)", marked, unread, err)
	}
	for tenant, user := range map[*pgtest.Tenant]uuid.UUID{&f.acme: f.acme.Instructor, &f.globex: f.globex.Learner} {
		for _, n := range f.inbox(t, *tenant, user) {
			if n.ReadAt != nil {
				t.Errorf("%s of %s was marked as read by another", n.ID, tenant.Slug)
			}
		}
	}
	if marked, unread, err := f.s.MarkRead(f.acme.AsAdmin(t.Context()), nil); err != nil || marked != 0 || unread != 0 {
		t.Errorf("an inbox that was never used: %d, %d (%v)", marked, unread, err)
	}
	_, _, err := f.s.MarkRead(ctx, make([]uuid.UUID, 101))
	wantCode(t, "101 ids", err, fault.BadInput)
	_, _, err = f.s.MarkRead(f.acme.Anonymous(t.Context()), nil)
	wantCode(t, "a visitor", err, fault.Unauthenticated)
}

func TestList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, f.acme.Learner, 25)
	f.fill(t, f.acme, f.acme.Instructor, 1)
	f.fill(t, f.globex, f.globex.Learner, 1)
	ctx := f.acme.AsLearner(t.Context())
	var seen []int
	for r := (page.Request{First: 10}); ; {
		counting, statements := pg.CountStatements(ctx)
		p, err := f.s.List(counting, r, false)
		if err != nil {
			t.Fatal(err)
		}
		if statements.Load() != 1 {
			t.Errorf("%d statements for a page", statements.Load())
		}
		seen = append(seen, seqs(p.Rows)...)
		if !p.HasNext {
			break
		}
		r.After = p.Cursors[len(p.Cursors)-1]
	}
	want := upTo(25)
	slices.Reverse(want)
	if !slices.Equal(seen, want) {
		t.Errorf("numbers %v, want newest first", seen)
	}
	rows := f.inbox(t, f.acme, f.acme.Learner)
	if _, _, err := f.s.MarkRead(ctx, []uuid.UUID{rows[0].ID, rows[24].ID}); err != nil {
		t.Fatal(err)
	}
	p, err := f.s.List(ctx, page.Request{First: 100}, true)
	if err != nil || len(p.Rows) != 23 || p.Rows[0].Seq != 24 {
		t.Errorf("unread: %v (%v)", seqs(p.Rows), err)
	}
	_, err = f.s.List(ctx, page.Request{First: 1, After: p.Cursors[0]}, false)
	wantCode(t, "a cursor of the other list", err, fault.BadInput)
	for role, ctx := range map[viewer.Role]context.Context{
		viewer.Instructor: f.acme.AsInstructor(t.Context()), viewer.TenantAdmin: f.acme.AsAdmin(t.Context()), viewer.Support: f.acme.AsSupport(t.Context()),
	} {
		want := map[viewer.Role]int{viewer.Instructor: 1}[role]
		p, err := f.s.List(ctx, page.Request{First: 100}, false)
		unread, unreadErr := f.s.Unread(ctx)
		if err != nil || unreadErr != nil || len(p.Rows) != want || unread != want {
			t.Errorf("%s: %d rows, %d unread (%v, %v), want %d of their own", role, len(p.Rows), unread, err, unreadErr, want)
		}
	}
	if _, err := f.s.List(f.acme.AsUngranted(t.Context()), page.Request{First: 1}, false); !errors.Is(err, privacy.Deny) {
		t.Errorf("support without a grant: %v", err)
	}
	_, err = f.s.List(f.acme.Anonymous(t.Context()), page.Request{First: 1}, false)
	wantCode(t, "a visitor", err, fault.Unauthenticated)
	_, err = f.s.Unread(f.acme.Anonymous(t.Context()))
	wantCode(t, "a visitor counts", err, fault.Unauthenticated)
}
