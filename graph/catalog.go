package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/media/rendition"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) Courses(
	ctx context.Context, first *int, after *string, filter *model.CourseFilter, orderBy *model.CourseOrder,
) (*relay.CourseConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	order := catalog.Newest
	if orderBy != nil {
		order = catalog.Order(*orderBy)
	}
	narrowed := filterOf(filter)
	courses, err := r.services.Catalog.Courses(ctx, request, narrowed, order)
	if err != nil {
		return nil, err
	}
	set := loader.From(ctx)
	set.Keep(courses.Rows...)
	ahead(ctx, set.User, "instructor", courses.Rows, func(c *catalog.Course) uuid.UUID { return c.InstructorID })
	return &relay.CourseConnection{Page: relay.From(courses), Filter: narrowed}, nil
}

func filterOf(in *model.CourseFilter) catalog.Filter {
	f := value(in)
	return catalog.Filter{
		Category: value(f.Category), Tag: value(f.Tag), Language: value(f.Language), Level: value(f.Level), Free: f.Free,
	}
}

func (r courseConnectionResolver) TotalCount(ctx context.Context, c *relay.CourseConnection) (int, error) {
	return r.services.Catalog.Count(ctx, c.Filter)
}

func (r queryResolver) Course(ctx context.Context, id *gid.ID, slug *string) (*catalog.Course, error) {
	key, err := either(id, slug, ent.GIDCourse)
	if err != nil {
		return absent[catalog.Course](nil, err)
	}
	course, err := absent(byEither(ctx, key, r.services.Catalog.Course, r.services.Catalog.CourseBySlug))
	if course != nil {
		loader.From(ctx).Keep(course)
		placeAhead(ctx, course)
	}
	return course, err
}

func (r queryResolver) Lesson(ctx context.Context, courseID, id gid.ID) (*catalog.Lesson, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return absent[catalog.Lesson](nil, err)
	}
	lesson, err := idOf(id, ent.GIDLesson)
	if err != nil {
		return absent[catalog.Lesson](nil, err)
	}
	return absent(r.services.Catalog.Lesson(ctx, course, lesson))
}

func (r queryResolver) Categories(ctx context.Context) ([]*ent.Category, error) {
	return r.services.Catalog.Categories(ctx)
}

// selector is the one argument by which a thing was asked for.
type selector struct {
	id   uuid.UUID
	slug *string
}

// either returns the one that was given of an id and a slug.
func either(id *gid.ID, slug *string, typ string) (selector, error) {
	if (id == nil) == (slug == nil) {
		return selector{}, fault.Invalid("id", "Give either `id` or `slug`.")
	}
	if slug != nil {
		return selector{slug: slug}, nil
	}
	u, err := idOf(*id, typ)
	return selector{id: u}, err
}

// byEither looks up by what was given.
func byEither[T any](
	ctx context.Context, s selector,
	byID func(context.Context, uuid.UUID) (*T, error), bySlug func(context.Context, string) (*T, error),
) (*T, error) {
	if s.slug != nil {
		return bySlug(ctx, *s.slug)
	}
	return byID(ctx, s.id)
}

// absent turns NotFound into null, for fields that say so.
func absent[T any](found *T, err error) (*T, error) {
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil //nolint:nilnil // null is what absent means
	}
	return found, err
}

// Categories of a course leave out those that were since removed.
func (courseResolver) Categories(ctx context.Context, c *catalog.Course) ([]*ent.Category, error) {
	return loader.Found(ctx, loader.From(ctx).CategoryBySlug, c.Categories)
}

func (courseResolver) Instructor(ctx context.Context, c *catalog.Course) (*ent.User, error) {
	return instructorOf(ctx, loader.From(ctx), c)
}

func instructorOf(ctx context.Context, set *loader.Set, c *catalog.Course) (*ent.User, error) {
	return loader.Optional(set.User.Load(ctx, c.InstructorID))
}

// Prerequisites leaves out courses that are not published, or not for the viewer.
func (courseResolver) Prerequisites(ctx context.Context, c *catalog.Course) ([]*catalog.Course, error) {
	set := loader.From(ctx)
	asked, err := set.Prerequisites.Load(ctx, c.CourseID)
	if err != nil {
		return nil, err
	}
	return loader.Found(ctx, set.Published, required(asked))
}

func required(rows []*ent.Prerequisite) []uuid.UUID {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.RequiresID
	}
	return ids
}

func (courseResolver) Enrollment(ctx context.Context, c *catalog.Course) (*ent.Enrollment, error) {
	return enrollmentIn(ctx, loader.From(ctx), c)
}

// enrollmentIn is the viewer's own place in the course.
func enrollmentIn(ctx context.Context, set *loader.Set, c *catalog.Course) (*ent.Enrollment, error) {
	return loader.Optional(set.Place.Load(ctx, c.CourseID))
}

func (lessonResolver) Progress(ctx context.Context, l *catalog.Lesson) (*ent.LessonProgress, error) {
	set := loader.From(ctx)
	place, err := loader.Optional(set.Place.Load(ctx, l.Course.CourseID))
	if err != nil || place == nil {
		return nil, err
	}
	return loader.Optional(set.Progress.Load(ctx, loader.Step{Enrollment: place.ID, Lesson: l.ID}))
}

func (lessonResolver) Content(ctx context.Context, l *catalog.Lesson) (model.LessonContent, error) {
	content, err := loader.From(ctx).Content.Load(ctx, l.Ref())
	if err != nil {
		return nil, err
	}
	switch l.Kind {
	case outline.Video:
		return videoContent(content), nil
	case outline.Quiz:
		return quizContent(l, content), nil
	case outline.File:
		return fileContent(content)
	case outline.Link:
		return &model.LinkContent{URL: content.URL, HTML: content.HTML}, nil
	default:
		return &model.ArticleContent{HTML: content.HTML}, nil
	}
}

func videoContent(c *catalog.Content) *model.VideoContent {
	video := &model.VideoContent{
		HTML: c.HTML, ExternalURL: given(c.URL), Captions: captions(c.Captions), CaptionTracks: []*model.CaptionTrack{},
	}
	if c.File == nil {
		return video
	}
	video.URL, video.ExpiresAt, video.ContentType = &c.File.URL, utc(c.File.ExpiresAt), &c.File.Asset.ContentType
	if p := c.File.Playback; p != nil {
		video.HlsURL, video.PosterURL, video.StoryboardURL = given(p.HLSURL), given(p.PosterURL), given(p.StoryboardURL)
		video.CaptionTracks = captionTracks(p.Captions)
	}
	return video
}

func captionTracks(tracks []rendition.Track) []*model.CaptionTrack {
	found := make([]*model.CaptionTrack, len(tracks))
	for i, t := range tracks {
		found[i] = &model.CaptionTrack{Locale: t.Locale, Label: t.Label, URL: t.URL, Default: t.Default}
	}
	return found
}

func captions(tracks []outline.Caption) []*outline.Caption {
	pointers := make([]*outline.Caption, len(tracks))
	for i := range tracks {
		pointers[i] = &tracks[i]
	}
	return pointers
}

func quizContent(l *catalog.Lesson, c *catalog.Content) *model.QuizContent {
	settings := value(l.Quiz)
	count := len(settings.Questions)
	if settings.Draw > 0 {
		count = settings.Draw
	}
	return &model.QuizContent{
		HTML: c.HTML, PassMark: settings.PassMark, QuestionCount: count,
		AttemptsAllowed: given(settings.AttemptsAllowed), TimeLimitSeconds: given(settings.TimeLimitSeconds),
		Lesson: l,
	}
}

func fileContent(c *catalog.Content) (model.LessonContent, error) {
	if c.File == nil {
		return nil, fault.New(fault.NotFound, "The lesson's file is missing.")
	}
	asset := c.File.Asset
	return &model.FileContent{
		URL: c.File.URL, ExpiresAt: c.File.ExpiresAt.UTC(), HTML: c.HTML,
		FileName: asset.FileName, ContentType: asset.ContentType, Size: asset.Size,
	}, nil
}

// given is nil for the zero value, which says that there is none.
func given[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

func utc(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}
