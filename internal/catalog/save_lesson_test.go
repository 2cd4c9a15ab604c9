package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
)

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
