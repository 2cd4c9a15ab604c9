package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/fault"
	"lyceum/internal/platform/page"
)

func TestAuthoringIsForInstructorsAndAdmins(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.course(t, "knots", 1)
	theirs := must(d.SaveCourse(d.globex.AsInstructor(t.Context()), catalog.CourseInput{Slug: "theirs", Title: "Theirs"}))(t)
	edits := map[string]func(ctx context.Context, id uuid.UUID) error{
		"SaveModule": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.SaveModule(ctx, id, catalog.ModuleInput{Key: "m2", Title: "Two"})
			return err
		},
		"SaveLesson": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.SaveLesson(ctx, id, article("m1", "a9"))
			return err
		},
		"Arrange": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.Arrange(ctx, id, nil)
			return err
		},
		"Publish": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.Publish(ctx, id, catalog.PublishInput{})
			return err
		},
		"Revert": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.Revert(ctx, id, 1)
			return err
		},
		"Unpublish": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.Unpublish(ctx, id)
			return err
		},
		"Archive": func(ctx context.Context, id uuid.UUID) error {
			_, err := d.Archive(ctx, id)
			return err
		},
	}
	before := d.db.Module.Query().CountX(d.acme.System(t.Context())) + d.db.Lesson.Query().CountX(d.acme.System(t.Context()))
	for name, edit := range edits {
		expect(t, edit(d.acme.Anonymous(t.Context()), c.ID), fault.Unauthenticated)
		expect(t, edit(d.acme.AsLearner(t.Context()), c.ID), fault.Forbidden)
		expect(t, edit(d.acme.AsSupport(t.Context()), c.ID), fault.Forbidden)
		foreign, missing := edit(d.acme.AsAdmin(t.Context()), theirs.ID), edit(d.acme.AsAdmin(t.Context()), uuid.New())
		expect(t, foreign, fault.NotFound)
		if foreign.Error() != missing.Error() {
			t.Errorf("%s: %v of another tenant's course, %v of none", name, foreign, missing)
		}
	}
	for _, role := range []context.Context{d.acme.Anonymous(t.Context()), d.acme.AsLearner(t.Context()), d.acme.AsSupport(t.Context())} {
		if _, err := d.SaveCourse(role, catalog.CourseInput{Slug: "mine", Title: "Mine"}); err == nil {
			t.Error("somebody who may not author made a course")
		}
		if _, err := d.SaveCategory(role, catalog.CategoryInput{Slug: "mine", Name: "Mine"}); err == nil {
			t.Error("somebody who may not author made a category")
		}
	}
	after := d.db.Module.Query().CountX(d.acme.System(t.Context())) + d.db.Lesson.Query().CountX(d.acme.System(t.Context()))
	if before != after || d.db.Course.Query().CountX(d.acme.System(t.Context())) != 1 {
		t.Error("refused edits left rows")
	}
}

func revision(t *testing.T, d *desk, id uuid.UUID) int {
	t.Helper()
	return must(d.Draft(d.acme.AsInstructor(t.Context()), id))(t).Revision
}

func TestEditsAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.course(t, "knots", 0)
	before := revision(t, d, c.ID)
	const writers = 16
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			if _, err := d.SaveLesson(d.acme.AsInstructor(t.Context()), c.ID, article("m1", fmt.Sprint("a", i))); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if got := revision(t, d, c.ID); got != before+writers {
		t.Errorf("revision %d, want %d", got, before+writers)
	}
	seen := map[int]bool{}
	for _, l := range must(d.LessonsOf(d.acme.AsInstructor(t.Context()), []uuid.UUID{must(d.ModulesOf(d.acme.AsInstructor(t.Context()), []uuid.UUID{c.ID}))(t)[0].ID}))(t) {
		if seen[l.Position] {
			t.Errorf("two lessons are at %d", l.Position)
		}
		seen[l.Position] = true
	}
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	for _, title := range []string{"B", "A", "B", "C"} {
		must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "c" + uuid.NewString(), Title: title}))(t)
	}
	hidden := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "old", Title: "A"}))(t)
	must(d.Archive(ctx, hidden.ID))(t)
	must(d.SaveCourse(d.globex.AsInstructor(t.Context()), catalog.CourseInput{Slug: "theirs", Title: "A"}))(t)

	var titles []string
	request := page.Request{First: 2}
	for range 3 {
		p := must(d.Drafts(ctx, request))(t)
		for _, row := range p.Rows {
			titles = append(titles, row.Title)
		}
		if !p.HasNext {
			break
		}
		request.After = p.Cursors[len(p.Cursors)-1]
	}
	if diff := cmp.Diff([]string{"A", "B", "B", "C"}, titles); diff != "" {
		t.Error(diff)
	}
	_, err := d.Drafts(ctx, page.Request{First: 2, After: "x"})
	expect(t, err, fault.BadInput, "after")
	if got := must(d.DraftBySlug(ctx, "old"))(t); got.ID != hidden.ID {
		t.Error("an archived draft cannot be found by its slug")
	}
	_, err = d.DraftBySlug(ctx, "theirs")
	expect(t, err, fault.NotFound)
	if _, err := d.Draft(d.acme.AsLearner(t.Context()), hidden.ID); err == nil {
		t.Error("a learner read a draft")
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.published(t, "knots", 1).Course
	archived := must(d.Archive(ctx, c.ID))(t)
	if archived.ArchivedAt == nil || archived.Revision != c.Revision {
		t.Errorf("an archived course: %v", archived)
	}
	_, err := d.CourseBySlug(ctx, "knots")
	expect(t, err, fault.NotFound)
	_, err = d.SaveLesson(ctx, c.ID, article("m1", "a2"))
	expect(t, err, fault.Conflict)
	_, err = d.Publish(ctx, c.ID, catalog.PublishInput{})
	expect(t, err, fault.Conflict)
	_, err = d.Revert(ctx, c.ID, 1)
	expect(t, err, fault.Conflict)
	must(d.Archive(ctx, c.ID))(t)
	back := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: c.Title}))(t)
	if back.ArchivedAt != nil {
		t.Error("saving an archived course did not bring it back")
	}
	if entries := d.actions(); entries != "course.published course.archived" {
		t.Errorf("audit: %s", entries)
	}
}

// actions are what was recorded besides edits, in order.
func (d *desk) actions() string {
	var actions []string
	for _, entry := range d.db.Entries() {
		if entry.Action != "course.edited" {
			actions = append(actions, entry.Action)
		}
	}
	return strings.Join(actions, " ")
}

// TestEditsAreRecorded: every change of a draft or category is in the audit log with who it was about, and what
// changes nothing is not.
func TestEditsAreRecorded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	course := catalog.CourseInput{Slug: "knots", Title: "Knots"}
	id := must(d.SaveCourse(ctx, course))(t).ID
	module := catalog.ModuleInput{Key: "m", Title: "Module"}
	for range 2 { // the second time there is nothing to change
		must(d.SaveCourse(ctx, course))(t)
		must(d.SaveModule(ctx, id, module))(t)
		must(d.SaveLesson(ctx, id, article("m", "one")))(t)
		must(d.Arrange(ctx, id, []catalog.ModuleOrder{{Key: "m", Lessons: []string{"one"}}}))(t)
		must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "ropes", Name: "Ropes"}))(t)
	}
	must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "More knots"}))(t)
	must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "ropes", Name: "All ropes"}))(t)
	var got []string
	for _, entry := range d.db.Entries() {
		got = append(got, entry.Action+entry.Data["revision"])
	}
	want := []string{"course.edited1", "course.edited2", "course.edited3", "category.saved", "course.edited4", "category.saved"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
