package graph

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) CourseDrafts(ctx context.Context, first *int, after *string) (*relay.CourseDraftConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	drafts, err := r.services.Catalog.Drafts(ctx, request)
	if err != nil {
		return nil, err
	}
	return &relay.CourseDraftConnection{Page: relay.From(drafts)}, nil
}

func (r queryResolver) CourseDraft(ctx context.Context, id *gid.ID, slug *string) (*ent.Course, error) {
	key, err := either(id, slug, ent.GIDCourse)
	if err != nil {
		return absent[ent.Course](nil, err)
	}
	return absent(byEither(ctx, key, r.services.Catalog.Draft, r.services.Catalog.DraftBySlug))
}

func (r mutationResolver) SaveCourse(ctx context.Context, in model.SaveCourseInput) (*model.CourseDraftPayload, error) {
	return draftPayload(r.services.Catalog.SaveCourse(ctx, catalog.CourseInput{
		Slug: in.Slug, Title: in.Title, Summary: in.Summary, Description: in.Description, Language: in.Language, Level: in.Level,
		Categories: in.Categories, Tags: in.Tags, Visibility: in.Visibility, Price: priceOf(in.Price),
		Certificate: in.HasCertificate, Prerequisites: in.Prerequisites, ExpectedRevision: in.ExpectedRevision,
		CertificateMonths: in.CertificateMonths, Completion: policyOf(in.Completion),
	}))
}

// policyOf is nil for a policy of which nothing was said, and the default for null.
func policyOf(said graphql.Omittable[*model.CompletionPolicyInput]) *outline.Policy {
	in, ok := said.ValueOK()
	switch {
	case !ok:
		return nil
	case in == nil:
		return &outline.Policy{}
	default:
		return &outline.Policy{Need: in.Need, Count: value(in.Count), When: value(in.When)}
	}
}

// ruleOf is nil for a rule of which nothing was said, and empty for null.
func ruleOf(said graphql.Omittable[*string]) *string {
	in, ok := said.ValueOK()
	switch {
	case !ok:
		return nil
	case in == nil:
		return new(string)
	default:
		return in
	}
}

func priceOf(in *model.PriceInput) *catalog.Price {
	if in == nil {
		return nil
	}
	return &catalog.Price{Amount: in.Amount, Currency: in.Currency}
}

func draftPayload(course *ent.Course, err error) (*model.CourseDraftPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.CourseDraftPayload{Course: course}, nil
}

func (r mutationResolver) SaveModule(ctx context.Context, in model.SaveModuleInput) (*model.SaveModulePayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	module, err := r.services.Catalog.SaveModule(ctx, course, catalog.ModuleInput{
		Key: in.Key, Title: in.Title, Summary: in.Summary, Completion: policyOf(in.Completion),
	})
	if err != nil {
		return nil, err
	}
	return &model.SaveModulePayload{Module: module}, nil
}

func (r mutationResolver) SaveLesson(ctx context.Context, in model.SaveLessonInput) (*model.SaveLessonPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	lesson, err := r.services.Catalog.SaveLesson(ctx, course, lessonInput(&in))
	if err != nil {
		return nil, err
	}
	return &model.SaveLessonPayload{Lesson: lesson}, nil
}

func lessonInput(in *model.SaveLessonInput) catalog.LessonInput {
	return catalog.LessonInput{
		Module: in.ModuleKey, Key: in.Key, Title: in.Title, Section: value(in.Section), Kind: in.Kind,
		Optional: in.Required != nil && !*in.Required, Preview: value(in.Preview),
		Body: value(in.Body), Format: value(in.BodyFormat), Asset: fileID(in.AssetID), URL: value(in.URL), DurationMS: value(in.DurationMs),
		Captions: each(in.Captions, func(c *model.CaptionInput) outline.Caption {
			return outline.Caption{Locale: c.Locale, Label: value(c.Label), VTT: c.Vtt}
		}),
		Attachments: each(in.Attachments, func(a *model.AttachmentInput) catalog.Attachment {
			return catalog.Attachment{Name: a.Name, Asset: *fileID(&a.AssetID)}
		}),
		Quiz: quizInput(in.Quiz), Completion: ruleOf(in.Completion),
	}
}

// fileID is the UUID of an asset. An id of another type becomes one that no asset has, so that the service
// can name the field with all others that are wrong.
func fileID(id *gid.ID) *uuid.UUID {
	if id == nil {
		return nil
	}
	u, err := idOf(*id, ent.GIDAsset)
	if err != nil {
		return new(uuid.UUID)
	}
	return &u
}

// each maps a list; an absent one stays absent.
func each[A, B any](list []A, to func(A) B) []B {
	if list == nil {
		return nil
	}
	mapped := make([]B, len(list))
	for i, item := range list {
		mapped[i] = to(item)
	}
	return mapped
}

func quizInput(in *model.QuizInput) *catalog.QuizInput {
	if in == nil {
		return nil
	}
	return &catalog.QuizInput{
		PassMark: in.PassMark, AttemptsAllowed: value(in.AttemptsAllowed), TimeLimitSeconds: value(in.TimeLimitSeconds),
		Draw: value(in.Draw), Shuffle: value(in.Shuffle), Questions: each(in.Questions, question),
	}
}

func question(in *model.QuestionInput) quiz.Draft {
	q := quiz.Draft{
		Key: in.Key, Kind: in.Kind, Format: outline.Markdown, Prompt: in.Prompt, Points: 1,
		Explanation: value(in.Explanation), Hints: in.Hints,
		Choices: each(in.Choices, func(c *model.ChoiceInput) quiz.DraftChoice {
			return quiz.DraftChoice{Key: c.Key, Text: c.Text, Correct: value(c.Correct), Feedback: value(c.Feedback)}
		}),
	}
	if in.Format != nil {
		q.Format = *in.Format
	}
	if in.Points != nil {
		q.Points = *in.Points
	}
	if n := in.Numeric; n != nil {
		q.Numeric = &quiz.NumericKey{
			Answer: n.Answer, Min: n.Min, Max: n.Max, ExcludeMin: value(n.ExcludeMin), ExcludeMax: value(n.ExcludeMax),
		}
	}
	if t := in.Text; t != nil {
		q.Text = &quiz.TextKey{Accepted: t.Accepted, CaseSensitive: value(t.CaseSensitive)}
	}
	return q
}

func (r mutationResolver) ArrangeCourse(ctx context.Context, in model.ArrangeCourseInput) (*model.CourseDraftPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return draftPayload(r.services.Catalog.Arrange(ctx, course, each(in.Modules, func(m *model.ArrangeModuleInput) catalog.ModuleOrder {
		return catalog.ModuleOrder{Key: m.Key, Lessons: m.Lessons}
	})))
}

func (r mutationResolver) PublishCourse(ctx context.Context, in model.PublishCourseInput) (*model.PublishCoursePayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return publishPayload(r.services.Catalog.Publish(ctx, course, catalog.PublishInput{
		Note: value(in.Note), ExpectedRevision: in.ExpectedRevision,
	}))
}

func publishPayload(done *catalog.Published, err error) (*model.PublishCoursePayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.PublishCoursePayload{Course: done.Course, Version: done.Version, Created: done.Created}, nil
}

func (r mutationResolver) UnpublishCourse(ctx context.Context, courseID gid.ID) (*model.CourseDraftPayload, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return draftPayload(r.services.Catalog.Unpublish(ctx, course))
}

func (r mutationResolver) RevertCourse(ctx context.Context, courseID gid.ID, number int) (*model.PublishCoursePayload, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return publishPayload(r.services.Catalog.Revert(ctx, course, number))
}

func (r mutationResolver) ArchiveCourse(ctx context.Context, courseID gid.ID) (*model.CourseDraftPayload, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return draftPayload(r.services.Catalog.Archive(ctx, course))
}

func (r mutationResolver) SaveCategory(ctx context.Context, in model.SaveCategoryInput) (*model.SaveCategoryPayload, error) {
	saved, err := r.services.Catalog.SaveCategory(ctx, catalog.CategoryInput{Slug: in.Slug, Name: in.Name, Position: in.Position})
	if err != nil {
		return nil, err
	}
	return &model.SaveCategoryPayload{Category: saved}, nil
}

func (courseDraftResolver) Price(_ context.Context, c *ent.Course) (*catalog.Price, error) {
	return catalog.PriceOf(c.PriceAmount, c.PriceCurrency), nil
}

func (courseDraftResolver) Instructor(ctx context.Context, c *ent.Course) (*ent.User, error) {
	return loader.Optional(loader.From(ctx).User.Load(ctx, c.InstructorID))
}

func (courseDraftResolver) Prerequisites(ctx context.Context, c *ent.Course) ([]string, error) {
	set := loader.From(ctx)
	asked, err := set.Prerequisites.Load(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	courses, err := loader.Found(ctx, set.Draft, required(asked))
	return each(courses, func(c *ent.Course) string { return c.Slug }), err
}

func (courseDraftResolver) Changed(_ context.Context, c *ent.Course) (bool, error) {
	return catalog.Changed(c), nil
}

func (courseDraftResolver) Modules(ctx context.Context, c *ent.Course) ([]*ent.Module, error) {
	return loader.From(ctx).Modules.Load(ctx, c.ID)
}

func (courseDraftResolver) Versions(ctx context.Context, c *ent.Course) ([]*ent.CourseVersion, error) {
	return loader.From(ctx).History.Load(ctx, c.ID)
}

func (courseDraftResolver) Published(ctx context.Context, c *ent.Course) (*ent.CourseVersion, error) {
	published, err := loader.Optional(loader.From(ctx).Published.Load(ctx, c.ID))
	if err != nil || published == nil {
		return nil, err
	}
	return published.CourseVersion, nil
}

func (courseVersionResolver) PublishedBy(ctx context.Context, v *ent.CourseVersion) (*ent.User, error) {
	return loader.Optional(loader.From(ctx).User.Load(ctx, v.PublishedBy))
}

func (moduleDraftResolver) Lessons(ctx context.Context, m *ent.Module, keys []string) ([]*ent.Lesson, error) {
	if keys == nil {
		return loader.From(ctx).Lessons.Load(ctx, m.ID)
	}
	return loader.From(ctx).Named.Load(ctx, loader.Named{Module: m.ID, Keys: strings.Join(keys, "\n")})
}

func (lessonDraftResolver) Asset(ctx context.Context, l *ent.Lesson) (*ent.Asset, error) {
	if l.AssetID == nil {
		return nil, nil //nolint:nilnil // the lesson has no file
	}
	return loader.Optional(loader.From(ctx).Asset.Load(ctx, *l.AssetID))
}

// Attachments are sorted by name, and leave out files that were since removed.
func (lessonDraftResolver) Attachments(ctx context.Context, l *ent.Lesson) ([]*model.Attachment, error) {
	names := slices.Sorted(maps.Keys(l.Assets))
	files, err := loader.Found(ctx, loader.From(ctx).Asset, each(names, func(name string) uuid.UUID { return l.Assets[name] }))
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]*ent.Asset, len(files))
	for _, file := range files {
		found[file.ID] = file
	}
	attachments := []*model.Attachment{}
	for _, name := range names {
		if file := found[l.Assets[name]]; file != nil {
			attachments = append(attachments, &model.Attachment{Name: name, Asset: file})
		}
	}
	return attachments, nil
}

func (lessonDraftResolver) Quiz(ctx context.Context, l *ent.Lesson) (*model.QuizDraft, error) {
	if l.Quiz == nil {
		return nil, nil //nolint:nilnil // the lesson is no quiz
	}
	questions, err := loader.From(ctx).Questions.Load(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	return &model.QuizDraft{
		PassMark: l.Quiz.PassMark, AttemptsAllowed: given(l.Quiz.AttemptsAllowed), TimeLimitSeconds: given(l.Quiz.TimeLimitSeconds),
		Shuffle: l.Quiz.Shuffle, Draw: given(l.Quiz.Draw), Questions: questions,
	}, nil
}
