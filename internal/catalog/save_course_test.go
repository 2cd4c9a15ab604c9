package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/category"
	"lyceum/internal/gen/ent/course"
)

func TestSaveCourse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())

	made := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "Knots"}))(t)
	if made.Revision != 1 || made.Language != "en" || made.Level != outline.All || !made.Certificate ||
		made.Visibility != outline.Public || made.InstructorID != d.acme.Instructor || !catalog.Changed(made) {
		t.Errorf("a new course: %v", made)
	}
	full := catalog.CourseInput{
		Slug: "knots", Title: "गाँठें", Summary: new("Twelve of them."), Description: new("# Why"), Language: new("pt-br"),
		Level: new(outline.Beginner), Categories: []string{"sailing", "data-science"}, Tags: []string{"Rope"},
		Visibility: new(outline.Members), Price: &catalog.Price{Amount: 4900, Currency: "EUR"}, Certificate: new(false),
		ExpectedRevision: new(1),
	}
	changed := must(d.SaveCourse(ctx, full))(t)
	if changed.ID != made.ID || changed.Revision != 2 || changed.Language != "pt-BR" || changed.PriceAmount != 4900 || changed.Certificate {
		t.Errorf("a changed course: %v", changed)
	}
	if name := d.db.Category.Query().Where(category.Slug("data-science")).OnlyX(ctx).Name; name != "Data science" {
		t.Errorf("a category made by its slug is called %q", name)
	}
	full.ExpectedRevision = new(2)
	if again := must(d.SaveCourse(ctx, full))(t); again.Revision != 2 {
		t.Errorf("saving what is there raised the revision to %d", again.Revision)
	}
	// What is not said stays; a price of nothing makes the course free.
	kept := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "गाँठें", Price: &catalog.Price{}}))(t)
	if kept.Revision != 3 || kept.Summary != "Twelve of them." || kept.PriceAmount != 0 || kept.PriceCurrency != "" ||
		cmp.Diff(kept.Categories, []string{"sailing", "data-science"}) != "" {
		t.Errorf("a course with a field changed: %v", kept)
	}
	emptied := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "गाँठें", Tags: []string{}, Categories: []string{}}))(t)
	if len(emptied.Tags)+len(emptied.Categories) != 0 {
		t.Errorf("lists that were emptied: %v", emptied)
	}
	_, err := d.SaveCourse(ctx, full)
	expect(t, err, fault.Conflict)
	_, err = d.SaveCourse(ctx, catalog.CourseInput{Slug: "new", Title: "New", ExpectedRevision: new(1)})
	expect(t, err, fault.Conflict)
	must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "new", Title: "New", ExpectedRevision: new(0)}))(t)
	// The other tenant may have the same slug.
	if theirs := must(d.SaveCourse(d.globex.AsAdmin(t.Context()), catalog.CourseInput{Slug: "knots", Title: "Ours"}))(t); theirs.ID == made.ID {
		t.Error("two tenants share a course")
	}
}

func TestSaveCourseRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	must(d.SaveCourse(d.globex.AsInstructor(t.Context()), catalog.CourseInput{Slug: "theirs", Title: "Theirs"}))(t)
	_, err := d.SaveCourse(ctx, catalog.CourseInput{
		Slug: "No Slug", Title: " ", Summary: new("two\nlines"), Description: new("\x00"), Language: new("klingon!"),
		Level: new(outline.Level("HARD")), Visibility: new(outline.Visibility("SECRET")),
		Categories: []string{"ok", "ok", "Not ok"}, Tags: []string{"a", "A", ""},
		Price: &catalog.Price{Amount: -1, Currency: "XYZ1"}, Prerequisites: []string{"nowhere", "theirs"},
	})
	expect(t, err, fault.BadInput,
		"slug", "title", "summary", "description", "language", "level", "visibility", "categories.1", "categories.2",
		"tags.1", "tags.2", "price.amount", "price.currency", "prerequisites.0", "prerequisites.1")
	_, err = d.SaveCourse(ctx, catalog.CourseInput{Slug: "a", Title: strings.Repeat("x", 301), Prerequisites: []string{"a"}})
	expect(t, err, fault.BadInput, "title", "prerequisites.0", "prerequisites.0")
	if n := d.db.Course.Query().CountX(ctx); n != 0 {
		t.Errorf("%d courses were made by refused requests", n)
	}
}

func TestSameSlugAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const writers = 8
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			in := catalog.CourseInput{Slug: "knots", Title: fmt.Sprint("Knots ", i), Categories: []string{"b", "a", "c"}}
			if _, err := d.SaveCourse(d.acme.AsInstructor(t.Context()), in); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	group.Wait()
	ctx := d.acme.AsInstructor(t.Context())
	if row := d.db.Course.Query().Where(course.Slug("knots")).OnlyX(ctx); row.Revision != writers {
		t.Errorf("revision %d after %d writers", row.Revision, writers)
	}
	if n := d.db.Category.Query().CountX(ctx); n != 3 {
		t.Errorf("%d categories, want 3", n)
	}
}

func TestPrerequisites(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	save := func(slug string, asks ...string) (*ent.Course, error) {
		return d.SaveCourse(ctx, catalog.CourseInput{Slug: slug, Title: slug, Prerequisites: asks})
	}
	a, b := must(save("a"))(t), must(save("b"))(t)
	c := must(save("c", "b", "a"))(t)
	rows := must(d.PrerequisitesOf(ctx, []uuid.UUID{c.ID}))(t)
	if len(rows) != 2 || rows[0].RequiresID != b.ID || rows[1].RequiresID != a.ID {
		t.Errorf("prerequisites of c: %v", rows)
	}
	if again := must(save("c", "b", "a"))(t); again.Revision != c.Revision {
		t.Error("saving the same prerequisites raised the revision")
	}
	if other := must(save("c", "a", "b"))(t); other.Revision != c.Revision+1 {
		t.Error("another order of prerequisites did not raise the revision")
	}
	must(save("b", "a"))(t)
	_, err := save("a", "c")
	expect(t, err, fault.BadInput, "prerequisites.0")
	must(save("d"))(t)
	_, err = save("a", "d", "b")
	expect(t, err, fault.BadInput, "prerequisites.1")
	if rows := must(d.PrerequisitesOf(ctx, []uuid.UUID{a.ID}))(t); len(rows) != 0 {
		t.Error("a refused ring was kept")
	}
	if kept := must(save("c"))(t); kept.Revision != c.Revision+1 {
		t.Error("prerequisites that were not mentioned changed")
	}
	must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "c", Title: "c", Prerequisites: []string{}}))(t)
	if rows := must(d.PrerequisitesOf(ctx, []uuid.UUID{c.ID}))(t); len(rows) != 0 {
		t.Error("prerequisites that were taken away are there")
	}
}

// TestRingsAtTheSameTime lets every course of a ring ask for the next one at once: whatever the order, one
// of them must be refused.
func TestRingsAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	const size = 4
	for i := range size {
		must(d.SaveCourse(ctx, catalog.CourseInput{Slug: fmt.Sprint("c", i), Title: "C"}))(t)
	}
	refused := make(chan error, size)
	var group sync.WaitGroup
	for i := range size {
		group.Go(func() {
			_, err := d.SaveCourse(ctx, catalog.CourseInput{
				Slug: fmt.Sprint("c", i), Title: "C", Prerequisites: []string{fmt.Sprint("c", (i+1)%size)},
			})
			refused <- err
		})
	}
	group.Wait()
	close(refused)
	n := 0
	for err := range refused {
		if err != nil {
			expect(t, err, fault.BadInput, "prerequisites.0")
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %d were refused, want 1", n, size)
	}
}
