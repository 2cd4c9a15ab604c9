package pathway_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathcourse"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// TestSave holds what authors write against the bounds: what is refused leaves nothing behind.
func TestSave(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 31)
	foreign := s.offer(t, s.globex, "foreign", 0)
	optional := []pathway.Part{{Course: courses[0]}}
	for name, tt := range map[string]struct {
		d    pathway.Definition
		want fault.Code
	}{
		"no course":               {d: pathway.Definition{}},
		"thirty courses":          {d: pathway.Definition{Courses: required(courses[:30]...)}},
		"nothing required":        {d: pathway.Definition{Courses: optional}},
		"a new one at revision 0": {d: pathway.Definition{ExpectedRevision: new(0)}},
		"due tomorrow":            {d: pathway.Definition{DueDays: new(1)}},
		"one of one":              {d: pathway.Definition{Courses: required(courses[0]), Need: outline.NeedAtLeast, Count: 1}},
		"the longest title":       {d: pathway.Definition{Title: strings.Repeat("𝕏", 300)}},

		"too many courses":          {pathway.Definition{Courses: required(courses...)}, fault.BadInput},
		"a course twice":            {pathway.Definition{Courses: required(courses[0], courses[1], courses[0])}, fault.BadInput},
		"a course nobody knows":     {pathway.Definition{Courses: required(courses[0], uuid.New())}, fault.NotFound},
		"no course at all":          {pathway.Definition{Courses: required(uuid.Nil)}, fault.NotFound},
		"a course of others":        {pathway.Definition{Courses: required(foreign)}, fault.NotFound},
		"a slug with a blank":       {pathway.Definition{Slug: "a path"}, fault.BadInput},
		"a title of blanks":         {pathway.Definition{Title: "  "}, fault.BadInput},
		"a title too long":          {pathway.Definition{Title: strings.Repeat("x", 301)}, fault.BadInput},
		"a description too long":    {pathway.Definition{Description: strings.Repeat("x", 8<<10+1)}, fault.BadInput},
		"due at once":               {pathway.Definition{DueDays: new(0)}, fault.BadInput},
		"due in eleven years":       {pathway.Definition{DueDays: new(3651)}, fault.BadInput},
		"at least none":             {pathway.Definition{Courses: required(courses[0]), Need: outline.NeedAtLeast}, fault.BadInput},
		"at least less than none":   {pathway.Definition{Courses: required(courses[0]), Need: outline.NeedAtLeast, Count: -1}, fault.BadInput},
		"at least more than count":  {pathway.Definition{Courses: append(required(courses[1]), optional...), Need: outline.NeedAtLeast, Count: 2}, fault.BadInput},
		"all, with a count":         {pathway.Definition{Courses: required(courses[0]), Count: 1}, fault.BadInput},
		"a new one at a revision":   {pathway.Definition{ExpectedRevision: new(1)}, fault.Conflict},
		"a course twice, one way":   {pathway.Definition{Courses: append(required(courses[0]), optional...)}, fault.BadInput},
		"a revision less than none": {pathway.Definition{ExpectedRevision: new(-1)}, fault.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := filled(tt.d)
			saved, err := s.Save(s.acme.AsInstructor(t.Context()), d)
			if fault.CodeOf(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			rows := s.db.LearningPath.Query().Where(learningpath.Slug(d.Slug)).AllX(s.acme.System(t.Context()))
			if tt.want != "" {
				if len(rows) != 0 {
					t.Errorf("left behind is %v", rows)
				}
				return
			}
			n := s.db.PathCourse.Query().Where(pathcourse.PathID(saved.ID)).CountX(s.acme.System(t.Context()))
			if len(rows) != 1 || rows[0].State != learningpath.StateDRAFT || rows[0].Revision != 1 || n != len(d.Courses) {
				t.Errorf("saved is %v with %d courses, want %d", rows, n, len(d.Courses))
			}
		})
	}
}

// TestPublish refuses what nobody could complete, and lets an author mend it.
func TestPublish(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 2)
	author := s.acme.AsInstructor(t.Context())
	archived := s.offer(t, s.acme, "archived", 0)
	s.db.Publication.Delete().Where(publication.CourseID(archived)).ExecX(s.acme.System(t.Context()))
	for name, parts := range map[string][]pathway.Part{
		"without courses":              nil,
		"of optional courses":          {{Course: courses[0]}, {Course: courses[1]}},
		"of a course that is not out":  required(archived),
		"with an optional one not out": append(required(courses[0]), pathway.Part{Course: archived}),
	} {
		d := filled(pathway.Definition{Courses: parts})
		saved, err := s.Save(author, d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Publish(author, saved.ID); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("a path %s: %v", name, err)
		}
		d.Courses = required(courses...)
		if _, err := s.Save(author, d); err != nil {
			t.Fatal(err)
		}
		published, err := s.Publish(author, saved.ID)
		if err != nil || published.State != learningpath.StatePUBLISHED || published.PublishedAt == nil {
			t.Fatalf("a path %s, mended: %+v, %v", name, published, err)
		}
		again, err := s.Publish(author, saved.ID)
		if err != nil || again.Revision != published.Revision {
			t.Errorf("published twice: revision %d and %d, %v", published.Revision, again.Revision, err)
		}
		d.Courses = nil
		if _, err := s.Save(author, d); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("a published path without courses: %v", err)
		}
	}
}

// TestOldRevision: of two authors who edit the same revision, the second is told.
func TestOldRevision(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	author := s.acme.AsInstructor(t.Context())
	d := filled(pathway.Definition{Slug: "edited", DueDays: new(7)})
	if _, err := s.Save(author, d); err != nil {
		t.Fatal(err)
	}
	d.ExpectedRevision, d.Title, d.DueDays = new(1), "Second", nil
	if saved, err := s.Save(author, d); err != nil || saved.Revision != 2 || saved.DueDays != nil {
		t.Fatalf("%+v, %v", saved, err)
	}
	d.Title = "Lost"
	if _, err := s.Save(author, d); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the same revision once more: %v", err)
	}
	if got := s.db.LearningPath.Query().OnlyX(s.acme.System(t.Context())); got.Title != "Second" {
		t.Errorf("the title is %q", got.Title)
	}
}

// TestSameKey: two tenants name a path the same, and neither reaches the other's.
func TestSameKey(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	ours := s.path(t, pathway.Definition{Slug: "barista", Title: "Ours", Courses: required(s.courses(t, 1)...), SelfEnroll: true})
	there := s.globex.AsInstructor(t.Context())
	theirs, err := s.Save(there, filled(pathway.Definition{Slug: "barista", Title: "Theirs", ExpectedRevision: new(0)}))
	if err != nil || theirs.ID == ours.ID {
		t.Fatalf("%+v, %v", theirs, err)
	}
	place, err := s.Enroll(s.acme.AsLearner(t.Context()), ours.ID)
	if err != nil {
		t.Fatal(err)
	}
	admin, learner, system := s.globex.AsAdmin(t.Context()), s.globex.AsLearner(t.Context()), s.globex.System(t.Context())
	last, err := s.Review(system, ours.ID, uuid.Nil)
	if err != nil || last != uuid.Nil {
		t.Errorf("review of another's path: %v, %v", last, err)
	}
	for name, err := range map[string]error{
		"publish":              failed(s.Publish(there, ours.ID)),
		"archive":              failed(s.Archive(there, ours.ID)),
		"enroll":               failed(s.Enroll(learner, ours.ID)),
		"assign":               failed(s.Assign(admin, pathway.Assignment{Path: ours.ID, Learner: s.globex.Learner})),
		"assign our learner":   failed(s.Assign(admin, pathway.Assignment{Path: theirs.ID, Learner: s.acme.Learner})),
		"withdraw our learner": failed(s.Withdraw(admin, place.ID)),
		"revoke our learner":   failed(s.Revoke(admin, place.ID)),
	} {
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now := s.db.LearningPath.GetX(s.acme.System(t.Context()), ours.ID); now.Title != "Ours" || now.Revision != ours.Revision || now.State != ours.State {
		t.Errorf("ours is %+v, was %+v", now, ours)
	}
}

func failed[T any](_ T, err error) error { return err }

// TestRoles lets those try everything who may not.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	path := s.path(t, pathway.Definition{Courses: required(s.courses(t, 1)...), SelfEnroll: true})
	place, err := s.Enroll(s.acme.As(t.Context(), pgtest.NewUser(t, s.db, s.acme, "walker", viewer.Learner), viewer.Learner), path.ID)
	if err != nil {
		t.Fatal(err)
	}
	visitor, learner, support, admin := s.acme.Anonymous(t.Context()), s.acme.AsLearner(t.Context()), s.acme.AsSupport(t.Context()), s.acme.AsAdmin(t.Context())
	authors := map[context.Context]fault.Code{visitor: fault.Unauthenticated, learner: fault.Forbidden, support: fault.Forbidden}
	learners := map[context.Context]fault.Code{visitor: fault.Unauthenticated, support: fault.Forbidden}
	leavers := map[context.Context]fault.Code{visitor: fault.Unauthenticated, learner: fault.NotFound, support: fault.Forbidden}
	nobody := map[context.Context]fault.Code{visitor: fault.Unauthenticated, learner: fault.Forbidden, support: fault.Forbidden, admin: fault.Forbidden}
	for name, tt := range map[string]struct {
		refused map[context.Context]fault.Code
		try     func(ctx context.Context) error
	}{
		"save":    {authors, func(ctx context.Context) error { return failed(s.Save(ctx, filled(pathway.Definition{}))) }},
		"publish": {authors, func(ctx context.Context) error { return failed(s.Publish(ctx, path.ID)) }},
		"archive": {authors, func(ctx context.Context) error { return failed(s.Archive(ctx, path.ID)) }},
		"assign": {authors, func(ctx context.Context) error {
			return failed(s.Assign(ctx, pathway.Assignment{Path: path.ID, Learner: s.acme.Learner}))
		}},
		"revoke":   {authors, func(ctx context.Context) error { return failed(s.Revoke(ctx, place.ID)) }},
		"enroll":   {learners, func(ctx context.Context) error { return failed(s.Enroll(ctx, path.ID)) }},
		"withdraw": {leavers, func(ctx context.Context) error { return failed(s.Withdraw(ctx, place.ID)) }},
		"advance":  {nobody, func(ctx context.Context) error { return s.Advance(ctx, place.LearnerID) }},
		"review":   {nobody, func(ctx context.Context) error { return failed(s.Review(ctx, path.ID, uuid.Nil)) }},
		"with":     {nobody, func(ctx context.Context) error { return failed(s.With(ctx, uuid.New())) }},
	} {
		for ctx, want := range tt.refused {
			who, _ := viewer.From(ctx)
			if err := tt.try(ctx); fault.CodeOf(err) != want {
				t.Errorf("%s by %s: %v, want %q", name, who.Role, err, want)
			}
		}
	}
	system := s.acme.System(t.Context())
	if now := s.db.PathEnrollment.Query().OnlyX(system); now.State != place.State {
		t.Errorf("the place is %s", now.State)
	}
	if now := s.db.LearningPath.Query().OnlyX(system); now.Revision != path.Revision {
		t.Errorf("the path is %+v", now)
	}
}
