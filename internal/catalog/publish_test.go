package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/media/rendition"
	"lyceum/internal/platform/pg"
)

// rich makes a course with a lesson of each kind and returns its id.
func (d *desk) rich(t *testing.T, slug string) uuid.UUID {
	t.Helper()
	ctx := d.acme.AsInstructor(t.Context())
	c := must(d.SaveCourse(ctx, catalog.CourseInput{
		Slug: slug, Title: "Knots", Summary: new("Twelve."), Description: new("*Why* knots <script>alert(1)</script>"),
		Language: new("en-GB"), Categories: []string{"sailing"}, Tags: []string{"rope"}, Price: &catalog.Price{Amount: 100, Currency: "EUR"},
	}))(t)
	must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One"}))(t)
	film, plan := d.asset(t, d.acme, asset.KindVIDEO, asset.StatusREADY), d.asset(t, d.acme, asset.KindDOCUMENT, asset.StatusREADY)
	for _, in := range []catalog.LessonInput{
		{
			Module: "m1", Key: "film", Title: "Film", Kind: outline.Video, Section: "Begin", Preview: true, Asset: &film, DurationMS: 90_000,
			Captions:    []outline.Caption{{Locale: "en", VTT: "WEBVTT\n\n00:01.000 --> 00:02.000\nthe rabbit comes out of its hole\n"}},
			Body:        "See [the plan](asset:plan.pdf), [the text](lesson:text) and ![it](asset:plan.pdf#page=2).",
			Attachments: []catalog.Attachment{{Name: "plan.pdf", Asset: plan}},
		},
		{Module: "m1", Key: "text", Title: "Text", Kind: outline.Article, Format: outline.HTML, Body: `<p onclick="x()">Words</p>`},
		{
			Module: "m1", Key: "quiz", Title: "Quiz", Kind: outline.Quiz, Optional: true,
			Quiz: &catalog.QuizInput{PassMark: 60, Draw: 1, Questions: []quiz.Draft{{Key: "one", Prompt: "One?"}, {Key: "two", Prompt: "Two?"}}},
		},
		{Module: "m1", Key: "file", Title: "File", Kind: outline.File, Asset: &plan},
		{Module: "m1", Key: "link", Title: "Link", Kind: outline.Link, URL: "https://example.org"},
	} {
		must(d.SaveLesson(ctx, c.ID, in))(t)
	}
	return c.ID
}

// TestPublishRequiresCaptions: where the tenant asks for them, a film without captions keeps its course from being
// published.
func TestPublishRequiresCaptions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, system := d.acme.AsInstructor(t.Context()), d.acme.System(t.Context())
	id := d.rich(t, "captioned")
	film, spoken := d.asset(t, d.acme, asset.KindVIDEO, asset.StatusREADY), d.asset(t, d.acme, asset.KindVIDEO, asset.StatusREADY)
	for _, in := range []catalog.LessonInput{
		{Module: "m1", Key: "silent", Title: "Silent", Kind: outline.Video, Asset: &film},
		{Module: "m1", Key: "spoken", Title: "Spoken", Kind: outline.Video, Asset: &spoken},
		{Module: "m1", Key: "elsewhere", Title: "Elsewhere", Kind: outline.Video, URL: "https://films.example/a.mp4"},
	} {
		must(d.SaveLesson(ctx, id, in))(t)
	}
	revise := func(film uuid.UUID, number int, removed bool) {
		d.db.CaptionRevision.Create().SetAssetID(film).SetLocale("en").SetNumber(number).SetVtt("WEBVTT\n").SetCueCount(1).SetRemoved(removed).SaveX(system)
	}
	revise(spoken, 1, false)
	must(d.Publish(ctx, id, catalog.PublishInput{}))(t) // nobody asks for captions yet
	d.db.Tenant.UpdateOneID(d.acme.ID).SetCaptionsRequired(true).ExecX(system)
	_, err := d.Publish(ctx, id, catalog.PublishInput{})
	expect(t, err, fault.BadInput, "lessons.silent.captions")
	revise(spoken, 2, true)
	_, err = d.Publish(ctx, id, catalog.PublishInput{})
	expect(t, err, fault.BadInput, "lessons.silent.captions", "lessons.spoken.captions")
	revise(spoken, 3, false)
	revise(film, 1, false)
	must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
}

// TestPublishMeasuredFilm: a video is as long as its author says, and otherwise as its film was measured, as soon as it was.
func TestPublishMeasuredFilm(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, system := d.acme.AsInstructor(t.Context()), d.acme.System(t.Context())
	id := d.rich(t, "measured")
	film := d.asset(t, d.acme, asset.KindVIDEO, asset.StatusREADY)
	for key, declared := range map[string]int{"declared": 50_000, "measured": 0} {
		must(d.SaveLesson(ctx, id, catalog.LessonInput{Module: "m1", Key: key, Title: key, Kind: outline.Video, Asset: &film, DurationMS: declared}))(t)
	}
	expect := func(when string, v *ent.CourseVersion, declared, measured int) {
		t.Helper()
		for _, l := range v.Outline.Lessons() {
			if want, named := map[string]int{"declared": declared, "measured": measured}[l.Key]; named && l.DurationMS != want {
				t.Errorf("%s %s lasts %d ms, want %d", when, l.Key, l.DurationMS, want)
			}
		}
		if total := 90_000 + declared + measured; v.DurationMs != total {
			t.Errorf("%s the course lasts %d ms, want %d", when, v.DurationMs, total)
		}
	}
	expect("before it was measured", must(d.Publish(ctx, id, catalog.PublishInput{}))(t).Version, 50_000, 0)
	d.db.Asset.UpdateOneID(film).SetPlayback(&rendition.Summary{DurationMs: 61_000}).ExecX(system)
	again := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	if !again.Created {
		t.Error("publishing again made no version, though a length is known now")
	}
	expect("measured", again.Version, 50_000, 61_000)
}

func TestPublish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	done := must(d.Publish(ctx, id, catalog.PublishInput{Note: "First."}))(t)
	v := done.Version
	if !done.Created || v.Number != 1 || v.LessonCount != 5 || v.RequiredCount != 4 || v.DurationMs != 90_000 || v.Note != "First." ||
		v.PublishedBy != d.acme.Instructor || len(v.ContentHash) != 64 || v.PriceAmount != 100 || v.Language != "en-GB" {
		t.Errorf("version: %v", v)
	}
	if catalog.Changed(done.Course) || done.Course.PublishedNumber != 1 {
		t.Errorf("course after publishing: %v", done.Course)
	}
	if strings.Contains(v.DescriptionHTML, "script") || !strings.Contains(v.DescriptionHTML, "<em>Why</em>") {
		t.Errorf("description: %q", v.DescriptionHTML)
	}
	lesson := func(key string) outline.Lesson {
		for _, l := range v.Outline.Lessons() {
			if l.Key == key {
				return l
			}
		}
		t.Fatalf("no lesson %s", key)
		return outline.Lesson{}
	}
	if l := lesson("film"); !l.Preview || l.Section != "Begin" || l.DurationMS != 90_000 || l.Quiz != nil {
		t.Errorf("film: %+v", l)
	}
	if l := lesson("quiz"); l.Required || l.Quiz == nil || l.Quiz.PassMark != 60 || l.Quiz.Draw != 1 || len(l.Quiz.Questions) != 2 {
		t.Errorf("quiz: %+v", l)
	}
	body := func(key string) *ent.LessonVersion {
		return d.db.LessonVersion.Query().Where(lessonversion.VersionID(v.ID), lessonversion.LessonID(lesson(key).ID)).OnlyX(ctx)
	}
	if b := body("film"); !strings.Contains(b.BodyHTML, `href="asset:plan.pdf"`) || !strings.Contains(b.BodyHTML, `href="lesson:text"`) || !strings.Contains(b.BodyText, "rabbit") || b.AssetID == nil {
		t.Errorf("film: %v", b)
	}
	if b := body("text"); b.BodyHTML != "<p>Words</p>" || b.BodyText != "Words" {
		t.Errorf("text: %v", b)
	}
	pointer := d.db.Publication.Query().Where(publication.CourseID(id)).OnlyX(ctx)
	if pointer.VersionID != v.ID || pointer.Slug != "knots" || pointer.Title != "Knots" || cmp.Diff(pointer.Tags, []string{"rope"}) != "" {
		t.Errorf("publication: %v", pointer)
	}
	events := d.db.Events()
	if len(events) != 1 || events[0].Kind() != "catalog.course_published" {
		t.Fatalf("events: %v", events)
	}
	if e, _ := events[0].(catalog.CoursePublished); e.Course != id || e.Version != v.ID || e.Tenant != d.acme.ID || e.ID == uuid.Nil || e.At.IsZero() {
		t.Errorf("event: %+v", e)
	}
	if entry := d.db.Entries()[len(d.db.Entries())-1]; entry.Action != "course.published" || entry.Subject != done.Course.GlobalID().String() || entry.Data["number"] != "1" {
		t.Errorf("audit: %+v", entry)
	}
}

func TestPublishAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	first := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	same := must(d.Publish(ctx, id, catalog.PublishInput{ExpectedRevision: new(first.Course.Revision)}))(t)
	if same.Created || same.Version.ID != first.Version.ID || len(d.db.Events()) != 1 || d.actions() != "course.published" {
		t.Errorf("publishing without a change: %v, %d events", same.Version, len(d.db.Events()))
	}
	// An edit that is taken back leaves nothing to publish.
	must(d.SaveLesson(ctx, id, article("m1", "more")))(t)
	must(d.Arrange(ctx, id, []catalog.ModuleOrder{{"m1", []string{"film", "text", "quiz", "file", "link"}}}))(t)
	back := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	if back.Created || catalog.Changed(back.Course) {
		t.Errorf("after an edit that was taken back: created %t, changed %t", back.Created, catalog.Changed(back.Course))
	}
	must(d.SaveModule(ctx, id, catalog.ModuleInput{Key: "m1", Title: "Another"}))(t)
	_, err := d.Publish(ctx, id, catalog.PublishInput{ExpectedRevision: new(first.Course.Revision)})
	expect(t, err, fault.Conflict)
	second := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	if !second.Created || second.Version.Number != 2 || second.Version.ContentHash == first.Version.ContentHash {
		t.Errorf("second version: %v", second.Version)
	}
	pointer := d.db.Publication.Query().Where(publication.CourseID(id)).OnlyX(ctx)
	if pointer.VersionID != second.Version.ID || pointer.Number != 2 || !pointer.PublishedAt.After(pointer.FirstPublishedAt) {
		t.Errorf("publication: %v", pointer)
	}
	// The first version is what it was.
	old := d.db.CourseVersion.Query().Where(courseversion.CourseID(id), courseversion.Number(1)).OnlyX(ctx)
	if diff := cmp.Diff(first.Version.Outline, old.Outline); diff != "" {
		t.Error(diff)
	}
	_, err = d.Publish(ctx, id, catalog.PublishInput{Note: "two\nlines"})
	expect(t, err, fault.BadInput, "note")
}

func TestPublishNamesEveryProblem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	c := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "Knots", Description: new("![](asset:cover.png)")}))(t)
	_, err := d.Publish(ctx, c.ID, catalog.PublishInput{})
	expect(t, err, fault.BadInput, "modules", "description")

	must(d.SaveModule(ctx, c.ID, catalog.ModuleInput{Key: "m1", Title: "One"}))(t)
	gone := d.asset(t, d.acme, asset.KindDOCUMENT, asset.StatusREADY)
	for _, in := range []catalog.LessonInput{
		{Key: "film", Kind: outline.Video},
		{Key: "empty", Kind: outline.Article, Body: "<script>x</script>"},
		{Key: "deep", Kind: outline.Article, Body: strings.Repeat("> ", 5000) + "x"},
		{Key: "pictures", Kind: outline.Article, Body: "![](asset:b.png) ![](asset:a.png) ![](asset:a.png)"},
		{Key: "references", Kind: outline.Article, Body: "[here](lesson:file) [nowhere](lesson:nowhere)"},
		{Key: "unasked", Kind: outline.Quiz, Quiz: &catalog.QuizInput{}},
		{Key: "unset", Kind: outline.Quiz},
		{Key: "asking", Kind: outline.Quiz, Quiz: &catalog.QuizInput{Questions: []quiz.Draft{{Key: "one", Prompt: "asset:a.png"}}}},
		{Key: "file", Kind: outline.File},
		{Key: "lost", Kind: outline.File, Asset: &gone},
		{Key: "attached", Kind: outline.Link, URL: "https://example.org", Attachments: []catalog.Attachment{{Name: "a", Asset: gone}}},
		{Key: "link", Kind: outline.Link},
	} {
		in.Module, in.Title = "m1", "T"
		must(d.SaveLesson(ctx, c.ID, in))(t)
	}
	d.db.Asset.UpdateOneID(gone).SetStatus(asset.StatusREJECTED).ExecX(ctx)
	_, err = d.Publish(ctx, c.ID, catalog.PublishInput{})
	expect(t, err, fault.BadInput,
		"description", "lessons.film.assetId", "lessons.empty.body", "lessons.deep.body", "lessons.deep.body",
		"lessons.pictures.body", "lessons.pictures.body", "lessons.references.body", "lessons.unasked.quiz.questions",
		"lessons.unset.quiz", "lessons.unset.quiz.questions", "lessons.asking.quiz.questions",
		"lessons.file.assetId", "lessons.lost.assetId", "lessons.attached.attachments", "lessons.link.url")
	if n := d.db.CourseVersion.Query().CountX(ctx); n != 0 || len(d.db.Events()) != 0 {
		t.Errorf("a refused publication left %d versions and %d events", n, len(d.db.Events()))
	}
}

func TestTakenSlug(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	other := d.published(t, "other", 1)
	d.db.Publication.Update().Where(publication.CourseID(other.Course.ID)).SetSlug("knots").ExecX(ctx)
	c := d.course(t, "knots", 1)
	_, err := d.Publish(ctx, c.ID, catalog.PublishInput{})
	expect(t, err, fault.Conflict)
	if n := d.db.CourseVersion.Query().Where(courseversion.CourseID(c.ID)).CountX(ctx); n != 0 {
		t.Errorf("%d versions are left of it", n)
	}
}

func TestUnpublish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	unpublished := must(d.Unpublish(ctx, id))(t)
	if len(d.db.Events()) != 0 || unpublished.ID != id {
		t.Error("unpublishing what was never published announced something")
	}
	first := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	must(d.SaveModule(ctx, id, catalog.ModuleInput{Key: "m1", Title: "Another"}))(t)
	second := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	must(d.Unpublish(ctx, id))(t)
	must(d.Unpublish(ctx, id))(t)
	events := d.db.Events()
	if e, _ := events[len(events)-1].(catalog.CourseUnpublished); len(events) != 3 || e.Course != id || e.Tenant != d.acme.ID {
		t.Errorf("events: %v", events)
	}
	_, err := d.Course(ctx, id)
	expect(t, err, fault.NotFound)
	back := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	if back.Created || back.Version.ID != second.Version.ID {
		t.Errorf("published again: %v", back.Version)
	}
	pointer := d.db.Publication.Query().Where(publication.CourseID(id)).OnlyX(ctx)
	if !pointer.FirstPublishedAt.Equal(first.Version.CreatedAt.Truncate(time.Microsecond)) {
		t.Errorf("first published at %v, want %v", pointer.FirstPublishedAt, first.Version.CreatedAt)
	}
	if got := d.actions(); got != "course.published course.published course.unpublished course.published" {
		t.Errorf("audit: %s", got)
	}
}

func TestRevert(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	id := d.rich(t, "knots")
	_, err := d.Revert(ctx, id, 1)
	expect(t, err, fault.NotFound)
	first := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	must(d.SaveCourse(ctx, catalog.CourseInput{Slug: "knots", Title: "More knots", Visibility: new(outline.Unlisted)}))(t)
	must(d.Publish(ctx, id, catalog.PublishInput{}))(t)

	back := must(d.Revert(ctx, id, 1))(t)
	if !back.Created || back.Version.Number != 3 || back.Version.ContentHash != first.Version.ContentHash || back.Version.Title != "Knots" {
		t.Errorf("reverted to %v", back.Version)
	}
	if diff := cmp.Diff(first.Version.Outline, back.Version.Outline); diff != "" {
		t.Error(diff)
	}
	bodies := func(v uuid.UUID) []string {
		return d.db.LessonVersion.Query().Where(lessonversion.VersionID(v)).Order(lessonversion.ByLessonID()).
			Select(lessonversion.FieldBodyHTML).StringsX(ctx)
	}
	if diff := cmp.Diff(bodies(first.Version.ID), bodies(back.Version.ID)); diff != "" {
		t.Error(diff)
	}
	if c := must(d.CourseBySlug(ctx, "knots"))(t); c.Title != "Knots" || c.Number != 3 || c.Visibility != outline.Public {
		t.Errorf("in force: %v", c)
	}
	if !catalog.Changed(back.Course) || back.Course.Title != "More knots" {
		t.Errorf("the draft after reverting: %v", back.Course)
	}
	again := must(d.Revert(ctx, id, 3))(t)
	if again.Created || again.Version.ID != back.Version.ID {
		t.Error("reverting to what is in force made a version")
	}
	fourth := must(d.Publish(ctx, id, catalog.PublishInput{}))(t)
	if !fourth.Created || fourth.Version.Number != 4 || fourth.Version.Title != "More knots" {
		t.Errorf("publishing the draft after reverting: %v", fourth.Version)
	}
	_, err = d.Revert(ctx, id, 9)
	expect(t, err, fault.NotFound)
	if got := d.actions(); got != "course.published course.published course.reverted course.published" {
		t.Errorf("audit: %s", got)
	}
	must(d.Unpublish(ctx, id))(t)
	if c := must(d.Revert(ctx, id, 4))(t); c.Created {
		t.Error("the newest version was made again")
	}
	if c := must(d.CourseBySlug(ctx, "knots"))(t); c.Number != 4 {
		t.Errorf("in force: %v", c)
	}
}

// TestPublishAtTheSameTime lets many authors change the course and publish it: each number is given once,
// and none is left out.
func TestPublishAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.course(t, "knots", 1)
	const authors = 16
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range authors {
		group.Go(func() {
			ctx := d.acme.AsInstructor(t.Context())
			<-start
			in := article("m1", "a1")
			in.Body = fmt.Sprint("Words ", i)
			if _, err := d.SaveLesson(ctx, c.ID, in); err != nil {
				t.Errorf("author %d saves: %v", i, err)
			}
			if _, err := d.Publish(ctx, c.ID, catalog.PublishInput{}); err != nil {
				t.Errorf("author %d publishes: %v", i, err)
			}
		})
	}
	close(start)
	group.Wait()
	ctx := d.acme.AsInstructor(t.Context())
	rows := d.db.CourseVersion.Query().Where(courseversion.CourseID(c.ID)).Order(courseversion.ByNumber()).AllX(ctx)
	for i, v := range rows {
		if v.Number != i+1 {
			t.Errorf("version %d has the number %d", i+1, v.Number)
		}
		if i > 0 && v.ContentHash == rows[i-1].ContentHash {
			t.Errorf("version %d is equal to the one before it", v.Number)
		}
	}
	draft := must(d.Draft(ctx, c.ID))(t)
	if draft.PublishedNumber != len(rows) || catalog.Changed(draft) {
		t.Errorf("%d versions, the course says %d, changed: %t", len(rows), draft.PublishedNumber, catalog.Changed(draft))
	}
	pointer := d.db.Publication.Query().Where(publication.CourseID(c.ID)).OnlyX(ctx)
	if newest := rows[len(rows)-1]; pointer.VersionID != newest.ID {
		t.Error("the publication does not point at the newest version")
	}
	if n := len(d.db.Events()); n != len(rows) {
		t.Errorf("%d events for %d versions", n, len(rows))
	}
}

// TestPublishCostsTheSame publishes a small and a large course, for the first time and again.
func TestPublishCostsTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	small, large := d.course(t, "small", 2), d.course(t, "large", 60)
	cost := func(c *ent.Course) int64 {
		ctx, count := pg.CountStatements(d.acme.AsInstructor(t.Context()))
		must(d.Publish(ctx, c.ID, catalog.PublishInput{}))(t)
		return count.Load()
	}
	first, want := cost(large), cost(small)
	if first != want {
		t.Errorf("%d statements to publish 60 lessons, %d for 2", first, want)
	}
	t.Logf("%d statements to publish, %d to find nothing new", want, cost(large))
}
