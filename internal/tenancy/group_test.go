package tenancy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// group makes one of the tenant with these people.
func (f fixture) group(t *testing.T, tenant pgtest.Tenant, key string, people ...uuid.UUID) uuid.UUID {
	t.Helper()
	made, err := f.s.SaveGroup(tenant.AsAdmin(t.Context()), key, "Group "+key)
	if err != nil {
		t.Fatal(err)
	}
	if len(people) > 0 {
		if _, n, err := f.s.AddMembers(tenant.AsAdmin(t.Context()), made.ID, people); err != nil || n != len(people) {
			t.Fatalf("add members: %d, %v", n, err)
		}
	}
	return made.ID
}

// keys are those of all pages.
func keys(t *testing.T, list func(page.Request) (page.Page[*ent.Group], error)) (all []string) {
	t.Helper()
	request := page.Request{First: 2}
	for {
		found, err := list(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range found.Rows {
			all = append(all, g.Key)
		}
		if !found.HasNext {
			return all
		}
		request.After = found.Cursors[len(found.Cursors)-1]
	}
}

// people are the members on all pages.
func (f fixture) people(t *testing.T, ctx context.Context, group uuid.UUID, first int) (all []uuid.UUID) {
	t.Helper()
	asked := tenancy.MembersAsked{Group: group, Page: page.Request{First: first}}
	for {
		pages, err := f.s.Members(ctx, []tenancy.MembersAsked{asked})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pages[asked].Rows {
			if m.Since.IsZero() {
				t.Errorf("%s is a member since never", m.User)
			}
			all = append(all, m.User)
		}
		if !pages[asked].HasNext {
			return all
		}
		asked.Page.After = pages[asked].Cursors[len(pages[asked].Cursors)-1]
	}
}

func TestGroupsAreSavedAndArchived(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.acme.AsAdmin(t.Context())
	for _, key := range []string{"c", "a", "b"} {
		f.group(t, f.acme, key)
	}
	theirs := f.group(t, f.globex, "a", f.globex.Learner)
	again, err := f.s.SaveGroup(admin, "a", "Group a")
	if err != nil || f.recorded("group.saved") != 4 {
		t.Errorf("saved as it was: %v, %d entries", err, f.recorded("group.saved"))
	}
	all := func(archived bool) []string {
		return keys(t, func(r page.Request) (page.Page[*ent.Group], error) {
			return f.s.Groups(f.acme.AsInstructor(t.Context()), r, archived)
		})
	}
	if got := all(false); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("groups %v", got)
	}
	for range 2 {
		if gone, err := f.s.ArchiveGroup(admin, again.ID); err != nil || gone.ArchivedAt == nil {
			t.Errorf("archive: %+v, %v", gone, err)
		}
	}
	if f.recorded("group.archived") != 1 || !slices.Equal(all(false), []string{"b", "c"}) || !slices.Equal(all(true), []string{"a"}) {
		t.Errorf("archived: %v and %v, %d entries", all(false), all(true), f.recorded("group.archived"))
	}
	_, _, err = f.s.AddMembers(admin, again.ID, []uuid.UUID{f.acme.Learner})
	wantCode(t, "members of an archived group", err, fault.Conflict)
	back, err := f.s.SaveGroup(admin, "a", " Zebra ")
	if err != nil || back.ID != again.ID || back.ArchivedAt != nil || back.Name != "Zebra" || !slices.Equal(all(false), []string{"b", "c", "a"}) {
		t.Errorf("saved again: %+v, %v, %v", back, err, all(false))
	}
	_, err = f.s.ArchiveGroup(admin, theirs)
	wantCode(t, "archive another tenant's", err, fault.NotFound)
}

func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.acme.AsAdmin(t.Context())
	group := f.group(t, f.acme, "class")
	var pupils []uuid.UUID
	for i := range 5 {
		pupils = append(pupils, pgtest.NewUser(t, f.Database, f.acme, fmt.Sprint("pupil", i), viewer.Learner))
	}
	change := func(what string, do func(context.Context, uuid.UUID, []uuid.UUID) (*ent.Group, int, error), who []uuid.UUID, want int) {
		t.Helper()
		if _, n, err := do(admin, group, who); err != nil || n != want {
			t.Errorf("%s: %d, %v, want %d", what, n, err, want)
		}
	}
	change("first", f.s.AddMembers, []uuid.UUID{pupils[0], pupils[0]}, 1)
	change("all", f.s.AddMembers, pupils, 4)
	change("all again", f.s.AddMembers, pupils, 0)
	if f.recorded("group.members_added") != 2 {
		t.Errorf("%d entries for members who came twice", f.recorded("group.members_added"))
	}
	staff := f.acme.AsInstructor(t.Context())
	if got := f.people(t, staff, group, 2); len(got) != 5 || got[0] != pupils[0] {
		t.Errorf("members %v, want %v", got, pupils)
	}
	change("two", f.s.RemoveMembers, append(pupils[:2:2], f.acme.Learner), 2)
	change("two again", f.s.RemoveMembers, pupils[:2], 0)
	last := f.Entries()[len(f.Entries())-1]
	if f.recorded("group.members_removed") != 1 || last.Data["count"] != "2" || !strings.Contains(last.Data["users"], "usr_") {
		t.Errorf("%d entries, the last %+v", f.recorded("group.members_removed"), last)
	}
	// Who is suspended stays in, as in courses.
	f.User.Update().Where(user.ID(pupils[2])).SetStatus(user.StatusSUSPENDED).ExecX(f.acme.System(t.Context()))
	if got := f.people(t, staff, group, 100); len(got) != 3 || slices.Contains(got, pupils[0]) {
		t.Errorf("members %v, want %v", got, pupils[2:])
	}
	counts, err := f.s.MemberCounts(f.acme.As(t.Context(), pupils[3], viewer.Learner), []uuid.UUID{group})
	if err != nil || counts[group] != 3 {
		t.Errorf("counted %v, %v", counts, err)
	}
	if counts, err := f.s.MemberCounts(f.acme.AsLearner(t.Context()), []uuid.UUID{group}); err != nil || len(counts) != 0 {
		t.Errorf("a stranger counts %v, %v", counts, err)
	}
}

// TestMembersComeAtOnce: everybody puts the same people in, and each is in once.
func TestMembersComeAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	group := f.group(t, f.acme, "class")
	var came sync.Map
	var busy sync.WaitGroup
	for i := range 6 {
		busy.Go(func() {
			_, n, err := f.s.AddMembers(f.acme.AsAdmin(t.Context()), group, []uuid.UUID{f.acme.Learner, f.acme.Instructor})
			if err != nil {
				t.Error(err)
			}
			came.Store(i, n)
		})
	}
	busy.Wait()
	total := 0
	came.Range(func(_, n any) bool { total += n.(int); return true })
	if got := f.people(t, f.acme.AsAdmin(t.Context()), group, 10); len(got) != 2 || total != 2 {
		t.Errorf("%d are in, %d came", len(got), total)
	}
}

// TestPagesOfManyGroups are found in one statement, however many groups are asked for.
func TestPagesOfManyGroups(t *testing.T) {
	t.Parallel()
	f := setup(t)
	one, two := f.group(t, f.acme, "one", f.acme.Learner, f.acme.Instructor), f.group(t, f.acme, "two", f.acme.Learner)
	theirs := f.group(t, f.globex, "theirs", f.globex.Learner)
	asked := []tenancy.MembersAsked{
		{Group: one, Page: page.Request{First: 1}}, {Group: two, Page: page.Request{First: 5}}, {Group: theirs, Page: page.Request{First: 5}},
	}
	pages, err := f.s.Members(f.acme.AsAdmin(t.Context()), asked)
	if err != nil || len(pages[asked[0]].Rows) != 1 || !pages[asked[0]].HasNext || len(pages[asked[1]].Rows) != 1 || pages[asked[1]].HasNext {
		t.Errorf("%+v, %v", pages, err)
	}
	if len(pages[asked[2]].Rows) != 0 {
		t.Errorf("another tenant's members: %+v", pages[asked[2]])
	}
	elsewhere := tenancy.MembersAsked{Group: two, Page: page.Request{First: 1, After: pages[asked[0]].Cursors[0]}}
	_, err = f.s.Members(f.acme.AsAdmin(t.Context()), []tenancy.MembersAsked{elsewhere})
	wantCode(t, "a cursor of another group", err, fault.BadInput)
}

func TestLearnersSeeTheirGroups(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.group(t, f.acme, "b", f.acme.Learner, f.acme.Instructor)
	other, archived := f.group(t, f.acme, "other"), f.group(t, f.acme, "archived", f.acme.Learner)
	mine := f.group(t, f.acme, "a", f.acme.Learner)
	if _, err := f.s.ArchiveGroup(f.acme.AsAdmin(t.Context()), archived); err != nil {
		t.Fatal(err)
	}
	of := func(ctx context.Context) []string {
		return keys(t, func(r page.Request) (page.Page[*ent.Group], error) { return f.s.MyGroups(ctx, r) })
	}
	learner := f.acme.AsLearner(t.Context())
	if got := of(learner); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the learner is in %v", got)
	}
	if got := of(f.acme.AsInstructor(t.Context())); !slices.Equal(got, []string{"b"}) {
		t.Errorf("the instructor is in %v", got)
	}
	if got := of(f.acme.AsAdmin(t.Context())); len(got) != 0 {
		t.Errorf("the admin is in %v", got)
	}
	if got, err := f.s.Group(learner, mine); err != nil || got.Key != "a" {
		t.Errorf("their group: %+v, %v", got, err)
	}
	for name, id := range map[string]uuid.UUID{"of others": other, "archived": archived, "unknown": uuid.New()} {
		_, err := f.s.Group(learner, id)
		wantCode(t, name, err, fault.NotFound)
	}
	if got, err := f.s.Group(f.acme.AsInstructor(t.Context()), archived); err != nil || got.Key != "archived" {
		t.Errorf("staff and an archived group: %+v, %v", got, err)
	}
}

func TestGroupsRefuse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.acme.AsAdmin(t.Context())
	group := f.group(t, f.acme, "class")
	suspended := pgtest.NewUser(t, f.Database, f.acme, "suspended", viewer.Learner)
	f.User.Update().Where(user.ID(suspended)).SetStatus(user.StatusSUSPENDED).ExecX(f.acme.System(t.Context()))
	helper := pgtest.NewUser(t, f.Database, f.acme, "helper", viewer.Support)
	for name, tt := range map[string]struct{ key, name, field string }{
		"no key": {"", "Class", "key"}, "a key of words": {"My class", "Class", "key"}, "no name": {"k", " ", "name"},
		"two lines": {"k", "a\nb", "name"}, "a long name": {"k", strings.Repeat("x", 201), "name"}, "a long key": {strings.Repeat("x", 101), "Class", "key"},
	} {
		_, err := f.s.SaveGroup(admin, tt.key, tt.name)
		wantViolations(t, name, err, tt.field)
	}
	many := make([]uuid.UUID, 501)
	for name, tt := range map[string]struct {
		group uuid.UUID
		users []uuid.UUID
		want  fault.Code
	}{
		"nobody":               {group, nil, fault.BadInput},
		"too many":             {group, many, fault.BadInput},
		"support":              {group, []uuid.UUID{f.acme.Learner, helper}, fault.BadInput},
		"suspended":            {group, []uuid.UUID{f.acme.Learner, suspended}, fault.Conflict},
		"unknown":              {group, []uuid.UUID{f.acme.Learner, uuid.New()}, fault.NotFound},
		"of another tenant":    {group, []uuid.UUID{f.acme.Learner, f.globex.Learner}, fault.NotFound},
		"no group":             {uuid.New(), []uuid.UUID{f.acme.Learner}, fault.NotFound},
		"another tenant group": {f.group(t, f.globex, "class"), []uuid.UUID{f.acme.Learner}, fault.NotFound},
	} {
		_, _, err := f.s.AddMembers(admin, tt.group, tt.users)
		wantCode(t, "add: "+name, err, tt.want)
		if tt.want != fault.Conflict && name != "support" {
			_, _, err = f.s.RemoveMembers(admin, tt.group, tt.users)
			wantCode(t, "remove: "+name, err, tt.want)
		}
	}
	if got := f.people(t, admin, group, 10); len(got) != 0 {
		t.Errorf("what was refused left %v in the group", got)
	}
	for name, ctx := range map[string]context.Context{
		"instructor": f.acme.AsInstructor(t.Context()), "learner": f.acme.AsLearner(t.Context()), "support": f.acme.AsSupport(t.Context()),
	} {
		_, err := f.s.SaveGroup(ctx, "k", "Class")
		wantCode(t, name+" saves", err, fault.Forbidden)
		_, err = f.s.ArchiveGroup(ctx, group)
		wantCode(t, name+" archives", err, fault.Forbidden)
		_, _, err = f.s.AddMembers(ctx, group, []uuid.UUID{f.acme.Learner})
		wantCode(t, name+" adds", err, fault.Forbidden)
		_, _, err = f.s.RemoveMembers(ctx, group, []uuid.UUID{f.acme.Learner})
		wantCode(t, name+" removes", err, fault.Forbidden)
	}
	for name, ctx := range map[string]context.Context{"learner": f.acme.AsLearner(t.Context()), "ungranted": f.acme.AsUngranted(t.Context())} {
		_, err := f.s.Groups(ctx, page.Request{First: 1}, false)
		wantCode(t, name+" lists", err, fault.Forbidden)
		_, err = f.s.Members(ctx, []tenancy.MembersAsked{{Group: group, Page: page.Request{First: 1}}})
		wantCode(t, name+" sees members", err, fault.Forbidden)
	}
	_, err := f.s.MyGroups(f.acme.Anonymous(t.Context()), page.Request{First: 1})
	wantCode(t, "a visitor", err, fault.Unauthenticated)
	_, err = f.s.Group(f.acme.Anonymous(t.Context()), group)
	wantCode(t, "a visitor", err, fault.Unauthenticated)
	_, err = f.s.MyGroups(admin, page.Request{First: 1, After: "x"})
	wantCode(t, "a cursor of nothing", err, fault.BadInput)
}
