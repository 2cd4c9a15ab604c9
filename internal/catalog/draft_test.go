package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/category"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
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

func revision(t *testing.T, d *desk, id uuid.UUID) int {
	t.Helper()
	return must(d.Draft(d.acme.AsInstructor(t.Context()), id))(t).Revision
}

func TestSaveLesson(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	film, plan := d.asset(t, d.acme, asset.KindVIDEO, asset.StatusREADY), d.asset(t, d.acme, asset.KindDOCUMENT, asset.StatusREADY)
	lessons := map[string]catalog.LessonInput{
		"video": {
			Module: "m1", Key: "v1", Title: "Film", Kind: outline.Video, Section: "Begin", Preview: true, Asset: &film, DurationMS: 90_000,
			Captions:    []outline.Caption{{Locale: "en", Label: "English", VTT: "1\n00:00:01,000 --> 00:00:02,000\n<b>Hi</b> <script>x</script>\n"}},
			Body:        "See [the plan](asset:plan.pdf).",
			Attachments: []catalog.Attachment{{Name: "plan.pdf", Asset: plan}},
		},
		"quiz": {
			Module: "m1", Key: "q1", Title: "Quiz", Kind: outline.Quiz, Optional: true, Format: outline.HTML,
			Quiz: &catalog.QuizInput{
				PassMark: 60, AttemptsAllowed: 3, TimeLimitSeconds: 600, Draw: 1, Shuffle: true,
				Questions: []quiz.Draft{{Key: "one", Prompt: "One?"}, {Key: "two", Prompt: "Two?"}},
			},
		},
		"file":       {Module: "m2", Key: "f1", Title: "File", Kind: outline.File, Asset: &plan},
		"link":       {Module: "m2", Key: "l1", Title: "Link", Kind: outline.Link, URL: "https://example.org"},
		"elsewhere":  {Module: "m2", Key: "v2", Title: "Film", Kind: outline.Video, URL: "https://video.example/1"},
		"unfinished": {Module: "m2", Key: "v3", Title: "Film to come", Kind: outline.Video},
	}
	for name, in := range lessons {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := d.course(t, name, 2)
			must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m2", Title: "Two"}))(t)
			before := revision(t, d, c.ID)
			made := must(d.SaveLesson(ctx, c.ID, in))(t)
			if revision(t, d, c.ID) != before+1 {
				t.Errorf("revision went from %d to %d", before, revision(t, d, c.ID))
			}
			again := must(d.SaveLesson(ctx, c.ID, in))(t)
			if again.ID != made.ID || revision(t, d, c.ID) != before+1 {
				t.Errorf("saving it again: id %v then %v, revision %d", made.ID, again.ID, revision(t, d, c.ID))
			}
			if made.Required == in.Optional || made.Preview != in.Preview || made.Section != in.Section || made.DurationMs != in.DurationMS {
				t.Errorf("kept as %v", made)
			}
			in.Title = "Other"
			if changed := must(d.SaveLesson(ctx, c.ID, in))(t); changed.Title != "Other" || revision(t, d, c.ID) != before+2 {
				t.Errorf("changed to %v at %d", changed, revision(t, d, c.ID))
			}
		})
	}
}

func TestSaveLessonReplacesAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "knots", 0)
	film := d.asset(t, d.acme, asset.KindVIDEO, asset.StatusREADY)
	kept := must(d.SaveLesson(ctx, c.ID, catalog.LessonInput{
		Module: "m1", Key: "v1", Title: "Film", Kind: outline.Video, Preview: true, Asset: &film, Body: "Words.",
		Captions:    []outline.Caption{{Locale: "en", VTT: "1\n00:00:01,000 --> 00:00:02,000\n<b>Hi</b> <script>x</script>\n"}},
		Attachments: []catalog.Attachment{{Name: "film", Asset: film}},
	}))(t)
	if vtt := kept.Captions[0].VTT; !strings.HasPrefix(vtt, "WEBVTT\n") || strings.Contains(vtt, "<script") {
		t.Errorf("captions kept as %q", vtt)
	}
	bare := must(d.SaveLesson(ctx, c.ID, catalog.LessonInput{Module: "m1", Key: "v1", Title: "Film", Kind: outline.Video}))(t)
	if bare.ID != kept.ID || bare.AssetID != nil || len(bare.Captions)+len(bare.Assets) > 0 || bare.Body != "" || bare.Preview {
		t.Errorf("a replaced lesson keeps %v", bare)
	}
}

func TestQuestionsRaiseTheRevision(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "knots", 0)
	in := catalog.LessonInput{
		Module: "m1", Key: "q1", Title: "Quiz", Kind: outline.Quiz,
		Quiz: &catalog.QuizInput{PassMark: 50, Questions: []quiz.Draft{{Key: "one", Prompt: "One?"}}},
	}
	must(d.SaveLesson(ctx, c.ID, in))(t)
	before := revision(t, d, c.ID)
	in.Quiz.Questions = []quiz.Draft{{Key: "one", Prompt: "One or two?"}}
	must(d.SaveLesson(ctx, c.ID, in))(t)
	if got := revision(t, d, c.ID); got != before+1 {
		t.Errorf("revision %d, want %d", got, before+1)
	}
	in.Quiz.Questions[0].Prompt = ""
	in.Title = ""
	_, err := d.SaveLesson(ctx, c.ID, in)
	expect(t, err, fault.BadInput, "title", "quiz.questions.0.prompt")
}

func TestLessonsMove(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "knots", 3)
	must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m2", Title: "Two"}))(t)
	must(d.SaveLesson(ctx, c.ID, article("m2", "a9")))(t)
	before := revision(t, d, c.ID)
	must(d.SaveLesson(ctx, c.ID, article("m2", "a1")))(t)
	if got, want := keys(t, d, c.ID), "m1: a2 a3 | m2: a9 a1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if revision(t, d, c.ID) != before+1 {
		t.Error("a move did not raise the revision")
	}
}

// keys shows the draft's order.
func keys(t *testing.T, d *desk, id uuid.UUID) string {
	t.Helper()
	ctx := d.acme.AsInstructor(t.Context())
	var parts []string
	for _, m := range must(d.ModulesOf(ctx, []uuid.UUID{id}))(t) {
		line := m.Key + ":"
		for _, l := range must(d.LessonsOf(ctx, []uuid.UUID{m.ID}))(t) {
			line += " " + l.Key
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, " | ")
}

func TestSaveLessonRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "knots", 1)
	pending := d.asset(t, d.acme, asset.KindVIDEO, asset.StatusPENDING)
	theirs := d.asset(t, d.globex, asset.KindVIDEO, asset.StatusREADY)
	document := d.asset(t, d.acme, asset.KindDOCUMENT, asset.StatusREADY)
	long := strings.Repeat("x", 200<<10+1)
	tests := map[string]struct {
		in   catalog.LessonInput
		want []string
	}{
		"nothing":        {catalog.LessonInput{}, []string{"moduleKey", "key", "title", "kind"}},
		"no such module": {article("m9", "a9"), []string{"moduleKey"}},
		"another kind":   {catalog.LessonInput{Module: "m1", Key: "a1", Title: "T", Kind: outline.Link}, []string{"kind"}},
		"long body":      {catalog.LessonInput{Module: "m1", Key: "a1", Title: "T", Kind: outline.Article, Body: long}, []string{"body"}},
		"unknown format": {catalog.LessonInput{Module: "m1", Key: "a1", Title: "T", Kind: outline.Article, Format: "RTF"}, []string{"bodyFormat"}},
		"fields of others": {
			catalog.LessonInput{
				Module: "m1", Key: "a1", Title: "T", Kind: outline.Article, Asset: &document, URL: "https://example.org", DurationMS: 1,
				Captions: []outline.Caption{{Locale: "en", VTT: "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n"}}, Quiz: &catalog.QuizInput{},
			},
			[]string{"assetId", "url", "url", "durationMs", "captions", "quiz"},
		},
		"script as address": {catalog.LessonInput{Module: "m1", Key: "l1", Title: "T", Kind: outline.Link, URL: "javascript:alert(1)"}, []string{"url"}},
		"pending upload":    {catalog.LessonInput{Module: "m1", Key: "v1", Title: "T", Kind: outline.Video, Asset: &pending}, []string{"assetId"}},
		"foreign file":      {catalog.LessonInput{Module: "m1", Key: "v1", Title: "T", Kind: outline.Video, Asset: &theirs}, []string{"assetId"}},
		"no such file":      {catalog.LessonInput{Module: "m1", Key: "v1", Title: "T", Kind: outline.Video, Asset: new(uuid.New())}, []string{"assetId"}},
		"document as film":  {catalog.LessonInput{Module: "m1", Key: "v1", Title: "T", Kind: outline.Video, Asset: &document}, []string{"assetId"}},
		"attachments": {
			catalog.LessonInput{Module: "m1", Key: "a1", Title: "T", Kind: outline.Article, Attachments: []catalog.Attachment{
				{Name: "a", Asset: document}, {Name: "a", Asset: document}, {Name: "<b>", Asset: theirs}, {Name: "", Asset: document},
			}},
			[]string{"attachments.1.name", "attachments.2.name", "attachments.2.assetId", "attachments.3.name"},
		},
		"captions": {
			catalog.LessonInput{Module: "m1", Key: "v1", Title: "T", Kind: outline.Video, Captions: []outline.Caption{
				{Locale: "en", VTT: "no captions"}, {Locale: "EN", VTT: "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n"}, {Locale: "?", VTT: strings.Repeat("x", 1<<20+1)},
			}},
			[]string{"captions.0.vtt", "captions.1.locale", "captions.2.locale", "captions.2.vtt"},
		},
		"quiz": {
			catalog.LessonInput{Module: "m1", Key: "q1", Title: "T", Kind: outline.Quiz, Quiz: &catalog.QuizInput{
				PassMark: 101, AttemptsAllowed: -1, TimeLimitSeconds: -1, Draw: 1,
			}},
			[]string{"quiz.passMark", "quiz.attemptsAllowed", "quiz.timeLimitSeconds", "quiz.draw"},
		},
	}
	before := revision(t, d, c.ID)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := d.SaveLesson(ctx, c.ID, tt.in)
			expect(t, err, fault.BadInput, tt.want...)
			if got := revision(t, d, c.ID); got != before || keys(t, d, c.ID) != "m1: a1" {
				t.Errorf("refused lessons left revision %d, %s", got, keys(t, d, c.ID))
			}
		})
	}
}

func TestCourseHasRoomForSoManyLessons(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := d.course(t, "knots", 0)
	home := must(d.ModulesOf(ctx, []uuid.UUID{c.ID}))(t)[0].ID
	full := make([]*ent.LessonCreate, 1000)
	for i := range full {
		full[i] = d.db.Lesson.Create().SetCourseID(c.ID).SetModuleID(home).SetKey(fmt.Sprint("l", i)).SetTitle("L").SetKind(outline.Article).SetPosition(i)
	}
	d.db.Lesson.CreateBulk(full...).ExecX(ctx)
	_, err := d.SaveLesson(ctx, c.ID, article("m1", "one-more"))
	expect(t, err, fault.BadInput, "key")
	must(d.SaveLesson(ctx, c.ID, article("m1", "l999")))(t)
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

// actions are what was recorded, in order.
func (d *desk) actions() string {
	var names []string
	for _, e := range d.db.Entries() {
		names = append(names, e.Action)
	}
	return strings.Join(names, " ")
}

func TestSaveCategory(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsAdmin(t.Context())
	made := must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "sailing", Name: "Sailing", Position: new(2)}))(t)
	kept := must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "sailing", Name: "Segeln"}))(t)
	if kept.ID != made.ID || kept.Name != "Segeln" || kept.Position != 2 {
		t.Errorf("a renamed category: %v", kept)
	}
	must(d.SaveCategory(ctx, catalog.CategoryInput{Slug: "first", Name: "First"}))(t)
	must(d.SaveCategory(d.globex.AsAdmin(t.Context()), catalog.CategoryInput{Slug: "theirs", Name: "Theirs"}))(t)
	_, err := d.SaveCategory(ctx, catalog.CategoryInput{Slug: "Sailing", Position: new(-1)})
	expect(t, err, fault.BadInput, "slug", "name", "position")
	var slugs []string
	for _, c := range must(d.Categories(d.acme.Anonymous(t.Context())))(t) {
		slugs = append(slugs, c.Slug)
	}
	if diff := cmp.Diff([]string{"first", "sailing"}, slugs); diff != "" {
		t.Error(diff)
	}
}
