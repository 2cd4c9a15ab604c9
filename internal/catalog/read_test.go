package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// shop is a desk with courses of every sort in its catalog.
func newShop(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	for _, in := range []catalog.CourseInput{
		{Slug: "english", Title: "C", Language: new("en"), Categories: []string{"a", "b"}, Tags: []string{"x"}, Level: new(outline.Beginner)},
		{Slug: "british", Title: "B", Language: new("en-GB"), Categories: []string{"b"}, Price: &catalog.Price{Amount: 1, Currency: "GBP"}},
		{Slug: "english-creole", Title: "B", Language: new("enc"), Tags: []string{"x y"}},
		{Slug: "members", Title: "A", Visibility: new(outline.Members), Categories: []string{"a"}},
		{Slug: "unlisted", Title: "D", Visibility: new(outline.Unlisted), Categories: []string{"a"}},
	} {
		c := must(d.SaveCourse(ctx, in))(t)
		must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One"}))(t)
		must(d.SaveLesson(ctx, c.ID, article("m1", "a1")))(t)
		must(d.Publish(ctx, c.ID, catalog.PublishInput{}))(t)
	}
	d.course(t, "draft", 1)
	theirs := d.globex.AsInstructor(t.Context())
	c := must(d.SaveCourse(theirs, catalog.CourseInput{Slug: "theirs", Title: "Theirs", Categories: []string{"a"}}))(t)
	must(d.SaveModule(theirs, c.ID, catalog.ModuleInput{Key: "m1", Title: "One"}))(t)
	must(d.SaveLesson(theirs, c.ID, article("m1", "a1")))(t)
	must(d.Publish(theirs, c.ID, catalog.PublishInput{}))(t)
	return d
}

func slugs(courses []*catalog.Course) string {
	names := make([]string, len(courses))
	for i, c := range courses {
		names[i] = c.Slug
	}
	return strings.Join(names, " ")
}

func TestCourses(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	learner := d.acme.AsLearner(t.Context())
	tests := map[string]struct {
		ctx    context.Context
		filter catalog.Filter
		order  catalog.Order
		want   string
	}{
		"newest":        {learner, catalog.Filter{}, catalog.Newest, "members english-creole british english"},
		"by title":      {learner, catalog.Filter{}, catalog.ByTitle, "members british english-creole english"},
		"visitor":       {d.acme.Anonymous(t.Context()), catalog.Filter{}, catalog.Newest, "english-creole british english"},
		"other tenant":  {d.globex.AsAdmin(t.Context()), catalog.Filter{}, catalog.Newest, "theirs"},
		"category":      {learner, catalog.Filter{Category: "a"}, catalog.Newest, "members english"},
		"no category":   {learner, catalog.Filter{Category: "c"}, catalog.Newest, ""},
		"tag":           {learner, catalog.Filter{Tag: "x"}, catalog.Newest, "english"},
		"language":      {learner, catalog.Filter{Language: "EN"}, catalog.Newest, "members british english"},
		"region":        {learner, catalog.Filter{Language: "en-gb"}, catalog.Newest, "british"},
		"level":         {learner, catalog.Filter{Level: outline.Beginner}, catalog.Newest, "english"},
		"free":          {learner, catalog.Filter{Free: new(true)}, catalog.Newest, "members english-creole english"},
		"priced":        {learner, catalog.Filter{Free: new(false)}, catalog.Newest, "british"},
		"several":       {learner, catalog.Filter{Category: "b", Language: "en", Free: new(true)}, catalog.Newest, "english"},
		"tag of SQL":    {learner, catalog.Filter{Tag: `"]' OR 1=1 --`}, catalog.Newest, ""},
		"level unknown": {learner, catalog.Filter{Level: "HARD"}, catalog.Newest, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := must(d.Courses(tt.ctx, page.Request{First: 10}, tt.filter, tt.order))(t)
			// Two courses with one title stand in the order of their ids, which is that of their creation.
			if slugs(got.Rows) != tt.want {
				t.Errorf("%s, want %s", slugs(got.Rows), tt.want)
			}
			if n := must(d.Count(tt.ctx, tt.filter))(t); n != len(strings.Fields(tt.want)) {
				t.Errorf("count %d, want %s", n, tt.want)
			}
			var paged []string
			request := page.Request{First: 1}
			for range 10 {
				p := must(d.Courses(tt.ctx, request, tt.filter, tt.order))(t)
				if len(p.Rows) == 0 {
					break
				}
				paged = append(paged, slugs(p.Rows))
				if !p.HasNext {
					break
				}
				request.After = p.Cursors[0]
			}
			if strings.Join(paged, " ") != tt.want {
				t.Errorf("page by page: %v, want %s", paged, tt.want)
			}
		})
	}
}

func TestCoursesRefuse(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	ctx := d.acme.AsLearner(t.Context())
	first := must(d.Courses(ctx, page.Request{First: 1}, catalog.Filter{}, catalog.Newest))(t)
	for name, tt := range map[string]struct {
		after  string
		filter catalog.Filter
		order  catalog.Order
		field  string
	}{
		"cursor of another order":  {first.Cursors[0], catalog.Filter{}, catalog.ByTitle, "after"},
		"cursor of another filter": {first.Cursors[0], catalog.Filter{Tag: "x"}, catalog.Newest, "after"},
		"no cursor":                {"nonsense", catalog.Filter{}, catalog.Newest, "after"},
		"no language":              {"", catalog.Filter{Language: "e%"}, catalog.Newest, "filter.language"},
		"NUL":                      {"", catalog.Filter{Tag: "a\x00"}, catalog.Newest, "filter.tag"},
	} {
		_, err := d.Courses(ctx, page.Request{First: 1, After: tt.after}, tt.filter, tt.order)
		if fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: %v", name, err)
			continue
		}
		expect(t, err, fault.BadInput, tt.field)
	}
	_, err := d.Count(ctx, catalog.Filter{Language: "?"})
	expect(t, err, fault.BadInput, "filter.language")
}

func TestCoursePage(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	anonymous, learner := d.acme.Anonymous(t.Context()), d.acme.AsLearner(t.Context())
	unlisted := must(d.CourseBySlug(anonymous, "unlisted"))(t)
	if got := must(d.Course(anonymous, unlisted.CourseID))(t); got.ID != unlisted.ID {
		t.Error("an unlisted course by id is another one")
	}
	members := must(d.CourseBySlug(learner, "members"))(t)
	for name, err := range map[string]error{
		"members, by a visitor": second(d.CourseBySlug(anonymous, "members")),
		"members by id":         second(d.Course(anonymous, members.CourseID)),
		"a draft":               second(d.CourseBySlug(learner, "draft")),
		"of another tenant":     second(d.CourseBySlug(learner, "theirs")),
		"by id there":           second(d.Course(d.globex.AsAdmin(t.Context()), members.CourseID)),
		"none":                  second(d.Course(learner, uuid.New())),
	} {
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found := must(d.Publications(anonymous, []uuid.UUID{members.CourseID, unlisted.CourseID}))(t); len(found) != 1 {
		t.Errorf("a visitor sees %d publications, want 1", len(found))
	}
}

func second[T any](_ T, err error) error { return err }

// enroll gives acme's learner a place that pins the version.
func (d *desk) enroll(t *testing.T, v *ent.CourseVersion, state enrollment.State) {
	t.Helper()
	d.db.Enrollment.Create().
		SetLearnerID(d.acme.Learner).SetCourseID(v.CourseID).SetVersionID(v.ID).SetState(state).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(d.acme.Learner).
		SaveX(d.acme.System(t.Context()))
}

func TestLesson(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	author, learner := d.acme.AsInstructor(t.Context()), d.acme.AsLearner(t.Context())
	first := d.published(t, "knots", 2)
	a1 := first.Version.Outline.Modules[0].Lessons[0].ID
	must(d.SaveLesson(author, first.Course.ID, catalog.LessonInput{Module: "m1", Key: "a1", Title: "New title", Kind: outline.Article, Body: "x"}))(t)
	must(d.SaveLesson(author, first.Course.ID, article("m1", "a3")))(t)
	second := must(d.Publish(author, first.Course.ID, catalog.PublishInput{}))(t)
	a3 := second.Version.Outline.Modules[0].Lessons[2].ID

	if l := must(d.Lesson(learner, first.Course.ID, a1))(t); l.Title != "New title" || l.Course.Number != 2 {
		t.Errorf("before enrolling: %v of version %d", l.Title, l.Course.Number)
	}
	d.enroll(t, first.Version, enrollment.StateACTIVE)
	if l := must(d.Lesson(learner, first.Course.ID, a1))(t); l.Title != "Article a1" || l.Course.Number != 1 {
		t.Errorf("with a place: %v of version %d", l.Title, l.Course.Number)
	}
	_, err := d.Lesson(learner, first.Course.ID, a3)
	expect(t, err, fault.NotFound)
	must(d.Lesson(d.acme.Anonymous(t.Context()), first.Course.ID, a3))(t)
	// The place outlives the publication.
	must(d.Unpublish(author, first.Course.ID))(t)
	must(d.Lesson(learner, first.Course.ID, a1))(t)
	_, err = d.Lesson(d.acme.Anonymous(t.Context()), first.Course.ID, a1)
	expect(t, err, fault.NotFound)
	_, err = d.Lesson(d.globex.AsAdmin(t.Context()), first.Course.ID, a1)
	expect(t, err, fault.NotFound)
}

func TestContents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	author := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	first := must(d.Publish(author, id, catalog.PublishInput{}))(t)
	old := &catalog.Course{CourseVersion: first.Version}
	must(d.SaveLesson(author, id, article("m1", "more")))(t)
	must(d.Publish(author, id, catalog.PublishInput{}))(t)
	now := must(d.Course(author, id))(t)
	stranger := pgtest.NewUser(t, d.db, d.acme, "stranger", "LEARNER")
	left := pgtest.NewUser(t, d.db, d.acme, "left", "LEARNER")
	d.enroll(t, first.Version, enrollment.StateACTIVE)
	d.db.Enrollment.Create().SetLearnerID(left).SetCourseID(id).SetVersionID(first.Version.ID).SetState(enrollment.StateWITHDRAWN).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(left).SaveX(d.acme.System(t.Context()))

	tests := map[string]struct {
		ctx context.Context
		// preview, text and more are the codes for a preview, for a lesson of both versions, and for one that
		// only the newest version has. Ours is the code for the text in the version that the place pins.
		preview, text, more, ours fault.Code
	}{
		"visitor":            {d.acme.Anonymous(t.Context()), "", fault.Unauthenticated, fault.Unauthenticated, fault.Unauthenticated},
		"stranger":           {d.acme.As(t.Context(), stranger, "LEARNER"), "", fault.Forbidden, fault.Forbidden, fault.Forbidden},
		"learner who left":   {d.acme.As(t.Context(), left, "LEARNER"), "", fault.Forbidden, fault.Forbidden, fault.Forbidden},
		"learner":            {d.acme.AsLearner(t.Context()), "", "", fault.Forbidden, ""},
		"instructor":         {author, "", "", "", ""},
		"admin":              {d.acme.AsAdmin(t.Context()), "", "", "", ""},
		"support":            {d.acme.AsSupport(t.Context()), "", "", "", ""},
		"of another tenant":  {d.globex.AsLearner(t.Context()), fault.Forbidden, fault.Forbidden, fault.Forbidden, fault.Forbidden},
		"admin of the other": {d.globex.AsAdmin(t.Context()), fault.NotFound, fault.NotFound, fault.NotFound, fault.NotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contents, errs := d.Contents(tt.ctx, []catalog.LessonRef{ref(t, now, "film"), ref(t, now, "text"), ref(t, now, "more"), ref(t, old, "text")})
			for i, want := range []fault.Code{tt.preview, tt.text, tt.more, tt.ours} {
				if got := fault.CodeOf(errs[i]); got != want {
					t.Errorf("lesson %d: %v, want %q", i, errs[i], want)
				}
				if (contents[i] == nil) != (want != "") {
					t.Errorf("lesson %d: content %v with %q", i, contents[i], want)
				}
			}
		})
	}
}

// TestContentsOfUnpublished looks at a preview after its course has left the catalog.
func TestContentsOfUnpublished(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	author := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	first := must(d.Publish(author, id, catalog.PublishInput{}))(t)
	film := ref(t, &catalog.Course{CourseVersion: first.Version}, "film")
	d.enroll(t, first.Version, enrollment.StateCOMPLETED)
	must(d.Unpublish(author, id))(t)
	_, errs := d.Contents(d.acme.Anonymous(t.Context()), []catalog.LessonRef{film})
	expect(t, errs[0], fault.Unauthenticated)
	if _, errs = d.Contents(d.acme.AsLearner(t.Context()), []catalog.LessonRef{film}); errs[0] != nil {
		t.Error(errs[0])
	}
}

func ref(t *testing.T, c *catalog.Course, key string) catalog.LessonRef {
	t.Helper()
	for _, m := range c.Modules() {
		for _, l := range m.Lessons() {
			if l.Key == key {
				return l.Ref()
			}
		}
	}
	t.Fatalf("no lesson %s", key)
	return catalog.LessonRef{}
}

func TestContentsSignFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	author := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	must(d.Publish(author, id, catalog.PublishInput{}))(t)
	c := must(d.Course(author, id))(t)
	var all []catalog.LessonRef
	for _, key := range []string{"film", "text", "quiz", "file", "link"} {
		all = append(all, ref(t, c, key))
	}
	contents, errs := d.Contents(author, all)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	film, text, file, link := contents[0], contents[1], contents[3], contents[4]
	if d.files.asked != 1 {
		t.Errorf("files were asked %d times", d.files.asked)
	}
	plan := file.File.URL
	if !strings.Contains(film.HTML, `href="`+plan+`"`) || !strings.Contains(film.HTML, `src="`+plan+`#page=2"`) || strings.Contains(film.HTML, "asset:") {
		t.Errorf("film: %s", film.HTML)
	}
	if film.File == nil || film.File.URL == plan || len(film.Captions) != 1 || text.File != nil || link.URL != "https://example.org" {
		t.Errorf("film %+v, text %+v, link %+v", film, text, link)
	}
}

// TestReadsCostTheSame reads a little and a lot.
func TestReadsCostTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 12 {
		d.published(t, fmt.Sprint("c", i), 3)
	}
	large := d.published(t, "large", 40)
	d.enroll(t, large.Version, enrollment.StateACTIVE)
	reads := map[string]func(ctx context.Context, few bool){
		"courses": func(ctx context.Context, few bool) {
			first := 12
			if few {
				first = 2
			}
			must(d.Courses(ctx, page.Request{First: first}, catalog.Filter{}, catalog.Newest))(t)
		},
		"contents": func(ctx context.Context, few bool) {
			var refs []catalog.LessonRef
			for _, l := range (&catalog.Course{CourseVersion: large.Version}).Modules()[0].Lessons() {
				refs = append(refs, l.Ref())
			}
			if few {
				refs = refs[:2]
			}
			d.Contents(ctx, refs)
		},
	}
	for name, read := range reads {
		cost := func(few bool) int64 {
			ctx, count := pg.CountStatements(d.acme.AsLearner(t.Context()))
			read(ctx, few)
			return count.Load()
		}
		if few, many := cost(true), cost(false); few != many || few != 2 {
			t.Errorf("%s: %d statements for a few, %d for many, want 2", name, few, many)
		}
	}
}
