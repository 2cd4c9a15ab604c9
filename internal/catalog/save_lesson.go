package catalog

import (
	"context"
	"fmt"
	"reflect"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/lesson"
	"lyceum/internal/gen/ent/module"
	"lyceum/internal/platform/input"
)

const maxLessons = 1000

// SaveLesson creates the lesson with the key as the last of its module, or replaces all of it, its questions
// included. A lesson that names another module moves to that module's end. Saving what is there already
// changes nothing.
func (s *Service) SaveLesson(ctx context.Context, courseID uuid.UUID, in LessonInput) (*ent.Lesson, error) {
	var c input.Checker
	in.check(&c)
	if in.Quiz != nil {
		s.Questions.CheckQuestions(&c, "quiz.questions", in.Quiz.Questions)
	}
	var saved *ent.Lesson
	_, err := s.edit(ctx, courseID, func(e *edit) (bool, error) {
		place, err := e.placeLesson(ctx, c, &in)
		if err != nil {
			return false, err
		}
		row, changed, err := e.writeLesson(ctx, place, &in)
		if err != nil {
			return false, err
		}
		saved = row
		if in.Kind != outline.Quiz {
			return changed, nil
		}
		asked, err := s.Questions.SaveQuestions(ctx, e.tx, row.ID, in.questions())
		if err != nil {
			return false, fmt.Errorf("save questions: %w", err)
		}
		return changed || asked, nil
	})
	return saved, err
}

// place is where a lesson goes.
type place struct {
	// row is the lesson as it is, nil for a new one.
	row      *ent.Lesson
	module   uuid.UUID
	position int
}

// placeLesson finds where the lesson goes, and adds to c what is wrong with it in this course. It returns
// everything that c holds.
func (e *edit) placeLesson(ctx context.Context, c input.Checker, in *LessonInput) (place, error) {
	var p place
	home, err := e.tx.Module.Query().Where(module.CourseID(e.course.ID), module.Key(in.Module)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		c.Check(!input.IsKey(in.Module), "moduleKey", "The course has no module with this key.")
		home = &ent.Module{}
	case err != nil:
		return p, fmt.Errorf("find module: %w", err)
	}
	p.module = home.ID
	p.row, err = e.tx.Lesson.Query().Where(lesson.CourseID(e.course.ID), lesson.Key(in.Key)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return p, fmt.Errorf("find lesson: %w", err)
	}
	if err := e.checkFiles(ctx, &c, in); err != nil {
		return p, err
	}
	if p.row != nil && p.row.Kind != in.Kind {
		c.Fail("kind", "The lesson with this key is a %s and stays one; give the new lesson another key.", p.row.Kind)
	}
	if p.row != nil && p.row.ModuleID == home.ID {
		p.position = p.row.Position
		return p, c.Err()
	}
	p.position, err = e.lastPosition(ctx, &c, home.ID, p.row == nil)
	if err != nil {
		return p, err
	}
	return p, c.Err()
}

// lastPosition is the one behind the module's last lesson. Where a lesson is added it minds the course's size.
func (e *edit) lastPosition(ctx context.Context, c *input.Checker, home uuid.UUID, added bool) (int, error) {
	if added {
		n, err := e.tx.Lesson.Query().Where(lesson.CourseID(e.course.ID)).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("count lessons: %w", err)
		}
		c.Check(n < maxLessons, "key", fmt.Sprintf("A course has at most %d lessons.", maxLessons))
	}
	positions, err := e.tx.Lesson.Query().
		Where(lesson.ModuleID(home)).
		Order(lesson.ByPosition()).
		Select(lesson.FieldPosition).
		Ints(ctx)
	return behind(positions), wrap("read positions", err)
}

// checkFiles records files that cannot be used. Files of other tenants do not exist. Who deletes or removes one of them now
// waits for the edit, and sees then that the file is in use.
func (e *edit) checkFiles(ctx context.Context, c *input.Checker, in *LessonInput) error {
	ids := make([]uuid.UUID, 0, len(in.Attachments)+1)
	for _, a := range in.Attachments {
		ids = append(ids, a.Asset)
	}
	if in.Asset != nil {
		ids = append(ids, *in.Asset)
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := e.tx.Asset.Query().
		Where(asset.IDIn(ids...), asset.StatusEQ(asset.StatusREADY)).
		ForUpdate(sql.WithLockClause("FOR KEY SHARE")).
		All(ctx)
	if err != nil {
		return fmt.Errorf("find files: %w", err)
	}
	ready := make(map[uuid.UUID]asset.Kind, len(rows))
	for _, row := range rows {
		ready[row.ID] = row.Kind
	}
	const missing = "There is no such file, or its upload is not complete."
	for i, a := range in.Attachments {
		c.Check(ready[a.Asset] != "", input.Path("attachments", i, "assetId"), missing)
	}
	if in.Asset != nil {
		kind := ready[*in.Asset]
		c.Check(kind != "", "assetId", missing)
		c.Check(kind == "" || in.Kind != outline.Video || kind == asset.KindVIDEO || kind == asset.KindAUDIO,
			"assetId", "A video lesson plays a video or a sound file.")
	}
	return nil
}

// writeLesson writes the lesson's row, and reports whether that changed anything.
func (e *edit) writeLesson(ctx context.Context, p place, in *LessonInput) (*ent.Lesson, bool, error) {
	if p.row == nil {
		create := e.tx.Lesson.Create().SetCourseID(e.course.ID).SetKey(in.Key).SetKind(in.Kind)
		in.put(create.Mutation())
		row, err := create.SetModuleID(p.module).SetPosition(p.position).Save(ctx)
		return row, true, wrap("create lesson", err)
	}
	wanted := in.body()
	if in.Completion == nil {
		wanted.Completion = p.row.Completion
	}
	if p.row.ModuleID == p.module && reflect.DeepEqual(bodyOf(p.row), wanted) {
		return p.row, false, nil
	}
	update := e.tx.Lesson.UpdateOne(p.row)
	in.put(update.Mutation())
	row, err := update.SetModuleID(p.module).SetPosition(p.position).Save(ctx)
	return row, true, wrap("change lesson", err)
}

// body is what an author says in a lesson, questions aside: two lessons with the same body do not differ.
type body struct {
	Title, Section    string
	Required, Preview bool
	Body              string
	Format            outline.Format
	Asset             uuid.UUID
	URL               string
	DurationMS        int
	Captions          []outline.Caption
	Assets            map[string]uuid.UUID
	Quiz              *outline.QuizSettings
	Completion        string
}

func bodyOf(l *ent.Lesson) body {
	b := body{
		Title: l.Title, Section: l.Section, Required: l.Required, Preview: l.Preview,
		Body: l.Body, Format: l.BodyFormat, URL: l.URL, DurationMS: l.DurationMs,
		Captions: l.Captions, Assets: l.Assets, Quiz: l.Quiz, Completion: l.Completion,
	}
	set(&b.Asset, l.AssetID)
	return b
}

func (in *LessonInput) body() body {
	b := body{
		Title: in.Title, Section: in.Section, Required: !in.Optional, Preview: in.Preview,
		Body: in.Body, Format: in.Format, URL: in.URL, DurationMS: in.DurationMS,
		Captions: append([]outline.Caption{}, in.Captions...),
		Assets:   make(map[string]uuid.UUID, len(in.Attachments)),
		Quiz:     in.settings(),
	}
	set(&b.Asset, in.Asset)
	set(&b.Completion, in.Completion)
	for _, a := range in.Attachments {
		b.Assets[a.Name] = a.Asset
	}
	return b
}

// settings is how the quiz is taken; its questions are pinned by publishing.
func (in *LessonInput) settings() *outline.QuizSettings {
	if in.Quiz == nil {
		return nil
	}
	return &outline.QuizSettings{
		PassMark: in.Quiz.PassMark, AttemptsAllowed: in.Quiz.AttemptsAllowed,
		TimeLimitSeconds: in.Quiz.TimeLimitSeconds, Shuffle: in.Quiz.Shuffle, Draw: in.Quiz.Draw,
		Questions: []uuid.UUID{},
	}
}

func (in *LessonInput) questions() []quiz.Draft {
	if in.Quiz == nil {
		return nil
	}
	return in.Quiz.Questions
}

func (in *LessonInput) put(m *ent.LessonMutation) {
	b := in.body()
	m.SetTitle(b.Title)
	m.SetSection(b.Section)
	m.SetRequired(b.Required)
	m.SetPreview(b.Preview)
	m.SetBody(b.Body)
	m.SetBodyFormat(b.Format)
	m.SetURL(b.URL)
	m.SetDurationMs(b.DurationMS)
	m.SetCaptions(b.Captions)
	m.SetAssets(b.Assets)
	if in.Completion != nil {
		m.SetCompletion(b.Completion)
	}
	if in.Asset == nil {
		m.ClearAssetID()
	} else {
		m.SetAssetID(*in.Asset)
	}
	if b.Quiz == nil {
		m.ClearQuiz()
	} else {
		m.SetQuiz(b.Quiz)
	}
}
