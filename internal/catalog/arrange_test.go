package catalog_test

import (
	"fmt"
	"testing"

	"lyceum/internal/catalog"
	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
)

func TestSaveModule(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "Knots"}))(t)
	for i, key := range []string{"m1", "m2"} {
		if m := must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: key, Title: key, Summary: new("S")}))(t); m.Position != i {
			t.Errorf("%s is at %d", key, m.Position)
		}
	}
	same := must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "m1"}))(t)
	if same.Summary != "S" || revision(t, d, c.ID) != 3 {
		t.Errorf("saving the same module: summary %q, revision %d", same.Summary, revision(t, d, c.ID))
	}
	if m := must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "Other", Summary: new("")}))(t); m.Title != "Other" || m.Summary != "" || m.Position != 0 {
		t.Errorf("a changed module: %v", m)
	}
	if revision(t, d, c.ID) != 4 {
		t.Errorf("revision %d", revision(t, d, c.ID))
	}
	_, err := d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m_3", Summary: new("\x01")})
	expect(t, err, fault.BadInput, "key", "title", "summary")
}

func TestArrange(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "knots", 3)
	must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m2", Title: "Two"}))(t)
	must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m3", Title: "Three"}))(t)
	must(d.SaveLesson(ctx, c.ID, article("m3", "a9")))(t)

	steps := []struct {
		name    string
		order   []catalog.ModuleOrder
		want    string
		changes int
	}{
		{"as it is", []catalog.ModuleOrder{{"m1", []string{"a1", "a2", "a3"}}, {"m2", nil}, {"m3", []string{"a9"}}}, "m1: a1 a2 a3 | m2: | m3: a9", 0},
		{"order", []catalog.ModuleOrder{{"m2", nil}, {"m1", []string{"a3", "a1", "a2"}}, {"m3", []string{"a9"}}}, "m2: | m1: a3 a1 a2 | m3: a9", 1},
		{"move", []catalog.ModuleOrder{{"m2", []string{"a9", "a1"}}, {"m1", []string{"a3", "a2"}}, {"m3", nil}}, "m2: a9 a1 | m1: a3 a2 | m3:", 1},
		{"remove", []catalog.ModuleOrder{{"m1", []string{"a3", "a9"}}}, "m1: a3 a9", 1},
		{"remove all", nil, "", 1},
	}
	for _, step := range steps {
		before := revision(t, d, c.ID)
		after := must(d.Arrange(ctx, c.ID, step.order))(t)
		if got := keys(t, d, c.ID); got != step.want || after.Revision != before+step.changes {
			t.Errorf("%s: %q at revision %d, want %q at %d", step.name, got, after.Revision, step.want, before+step.changes)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c, other := d.course(t, "knots", 2), d.course(t, "other", 5)
	_, err := d.Arrange(ctx, c.ID, []catalog.ModuleOrder{
		{"m1", []string{"a1", "a1", "a5"}}, {"m1", []string{"a2"}}, {"m9", nil},
	})
	expect(t, err, fault.BadInput, "modules.0.lessons.1", "modules.0.lessons.2", "modules.1.key", "modules.2.key")
	if got := keys(t, d, c.ID) + " / " + keys(t, d, other.ID); got != "m1: a1 a2 / m1: a1 a2 a3 a4 a5" {
		t.Errorf("after a refused order: %s", got)
	}
}

// TestArrangeCostsTheSame moves every lesson of a small and of a large course.
func TestArrangeCostsTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	cost := func(slug string, n int) int64 {
		c := d.course(t, slug, n)
		var turned []string
		for i := n; i > 0; i-- {
			turned = append(turned, fmt.Sprint("a", i))
		}
		ctx, count := pg.CountStatements(d.acme.AsInstructor(t.Context()))
		must(d.Arrange(ctx, c.ID, []catalog.ModuleOrder{{"m1", turned}}))(t)
		return count.Load()
	}
	if small, large := cost("small", 2), cost("large", 40); small != large {
		t.Errorf("%d statements for 2 lessons, %d for 40", small, large)
	}
}
