package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/captionrevision"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/lesson"
	"lyceum/internal/gen/ent/module"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
)

const maxNote = 1000

// PublishInput says what to publish.
type PublishInput struct {
	// Note says what changed, for colleagues.
	Note string
	// ExpectedRevision is what the draft must be at; nil does not care.
	ExpectedRevision *int
}

// Published is what publishing did.
type Published struct {
	Course *ent.Course
	// Version is in force now.
	Version *ent.CourseVersion
	// Created is false when there was nothing new to publish.
	Created bool
}

// Publish makes an immutable version of the draft and puts it in force. When the draft says what the newest
// version says already, that version is put in force, if it is not, and nothing is made. The error is a
// BadInput fault with everything that keeps the course from being published.
func (s *Service) Publish(ctx context.Context, courseID uuid.UUID, in PublishInput) (*Published, error) {
	var c input.Checker
	c.Line("note", in.Note, 0, maxNote)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var result Published
	course, err := s.onCourse(ctx, courseID, func(e *edit) error {
		if err := e.mustBeOpen(); err != nil {
			return err
		}
		if err := atRevision(in.ExpectedRevision, e.course.Revision); err != nil {
			return err
		}
		from, err := s.source(ctx, e)
		if err != nil {
			return err
		}
		next, err := compile(from)
		if err != nil {
			return err
		}
		result, err = e.publish(ctx, next, in.Note)
		return err
	})
	if err != nil {
		return nil, err
	}
	result.Course = course
	return &result, nil
}

// source reads the draft, in as many statements for a large course as for a small one.
func (s *Service) source(ctx context.Context, e *edit) (*source, error) {
	modules, err := e.tx.Module.Query().Where(module.CourseID(e.course.ID)).Order(module.ByPosition()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	lessons, err := e.tx.Lesson.Query().Where(lesson.CourseID(e.course.ID)).Order(lesson.ByPosition()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	var quizzes, files []uuid.UUID
	for _, l := range lessons {
		if l.Kind == outline.Quiz {
			quizzes = append(quizzes, l.ID)
		}
		if l.AssetID != nil {
			files = append(files, *l.AssetID)
		}
		for _, id := range l.Assets {
			files = append(files, id)
		}
	}
	pinned, err := s.Questions.Pin(ctx, e.tx, quizzes)
	if err != nil {
		return nil, fmt.Errorf("pin questions: %w", err)
	}
	ready, err := readyFiles(ctx, e.tx.Client, files)
	if err != nil {
		return nil, err
	}
	captioned, err := captionedFilms(ctx, e.tx, lessons)
	return &source{course: e.course, modules: modules, lessons: lessons, pinned: pinned, ready: ready, captioned: captioned}, err
}

// captionedFilms are the lessons' films that have captions in force; nil where the tenant does not ask for captions.
func captionedFilms(ctx context.Context, tx *pg.Tx, lessons []*ent.Lesson) (map[uuid.UUID]bool, error) {
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read publishing rules: %w", err)
	}
	if !tenant.CaptionsRequired {
		return nil, nil //nolint:nilnil // nobody asks
	}
	captioned := map[uuid.UUID]bool{}
	for batch := range slices.Chunk(films(lessons), idsPerStatement) {
		// Of each language the newest revision counts.
		removed := map[string]bool{}
		rows, err := tx.CaptionRevision.Query().Where(captionrevision.AssetIDIn(batch...)).
			Order(captionrevision.ByNumber()).
			Select(captionrevision.FieldAssetID, captionrevision.FieldLocale, captionrevision.FieldNumber, captionrevision.FieldRemoved).
			All(ctx)
		if err != nil {
			return nil, fmt.Errorf("find captions: %w", err)
		}
		for _, row := range rows {
			removed[row.AssetID.String()+row.Locale] = row.Removed
		}
		for _, row := range rows {
			captioned[row.AssetID] = captioned[row.AssetID] || !removed[row.AssetID.String()+row.Locale]
		}
	}
	return captioned, nil
}

const (
	// idsPerStatement keeps a statement below the 65,535 parameters that the protocol allows.
	idsPerStatement = 30_000
	// lessonsPerInsert keeps a statement below 50 MB, however long the lessons are.
	lessonsPerInsert = 250
)

// publish puts the compiled course in force, as a new version unless the newest one is equal.
func (e *edit) publish(ctx context.Context, next *compiled, note string) (Published, error) {
	revision := e.course.Revision
	newest, err := e.version(ctx, e.course.PublishedNumber)
	if err != nil && !ent.IsNotFound(err) {
		return Published{}, err
	}
	if err == nil && newest.ContentHash == next.version.ContentHash {
		return Published{Version: newest}, e.putInForce(ctx, newest, revision, "course.published", map[string]string{})
	}
	next.version.Note = note
	made, err := e.insertVersion(ctx, next)
	if err != nil {
		return Published{}, err
	}
	return Published{Version: made, Created: true}, e.putInForce(ctx, made, revision, "course.published", map[string]string{})
}

// version returns the course's version with the number; ent.IsNotFound says that there is none.
func (e *edit) version(ctx context.Context, number int) (*ent.CourseVersion, error) {
	v, err := e.tx.CourseVersion.Query().
		Where(courseversion.CourseID(e.course.ID), courseversion.Number(number)).
		Only(ctx)
	return v, wrap("find version", err)
}

// insertVersion writes the version and its lessons under the next number.
func (e *edit) insertVersion(ctx context.Context, c *compiled) (*ent.CourseVersion, error) {
	v := c.version
	made, err := e.tx.CourseVersion.Create().
		SetCourseID(e.course.ID).SetNumber(e.course.PublishedNumber + 1).SetPublishedBy(e.author.User).
		SetContentHash(v.ContentHash).SetNote(v.Note).
		SetSlug(v.Slug).SetTitle(v.Title).SetSummary(v.Summary).SetDescriptionHTML(v.DescriptionHTML).
		SetLanguage(v.Language).SetLevel(v.Level).SetCategories(v.Categories).SetTags(v.Tags).SetVisibility(v.Visibility).
		SetPriceAmount(v.PriceAmount).SetPriceCurrency(v.PriceCurrency).
		SetInstructorID(v.InstructorID).SetCertificate(v.Certificate).SetCertificateMonths(v.CertificateMonths).
		SetOutline(v.Outline).SetLessonCount(v.LessonCount).SetRequiredCount(v.RequiredCount).SetDurationMs(v.DurationMs).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("create version: %w", err)
	}
	for batch := range slices.Chunk(c.lessons, lessonsPerInsert) {
		rows := make([]*ent.LessonVersionCreate, len(batch))
		for i, l := range batch {
			rows[i] = e.tx.LessonVersion.Create().
				SetVersionID(made.ID).SetCourseID(l.CourseID).SetLessonID(l.LessonID).
				SetTitle(l.Title).SetKind(l.Kind).SetPreview(l.Preview).
				SetBodyHTML(l.BodyHTML).SetBodyText(l.BodyText).
				SetNillableAssetID(l.AssetID).SetURL(l.URL).SetCaptions(l.Captions).SetAssets(l.Assets)
		}
		if err := e.tx.LessonVersion.CreateBulk(rows...).Exec(ctx); err != nil {
			return nil, fmt.Errorf("create lesson versions: %w", err)
		}
	}
	return made, nil
}

// putInForce makes the version the one that learners get, and remembers the revision of the draft that it
// was made from. When it is in force already nobody is told.
func (e *edit) putInForce(ctx context.Context, v *ent.CourseVersion, revision int, action string, data map[string]string) error {
	moved, err := e.point(ctx, v)
	if err != nil {
		return err
	}
	if e.course.PublishedNumber != v.Number || e.course.PublishedRevision != revision {
		e.course, err = e.tx.Course.UpdateOne(e.course).
			SetPublishedNumber(v.Number).
			SetPublishedRevision(revision).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("remember version: %w", err)
		}
	}
	if !moved {
		return nil
	}
	event := CoursePublished{ID: newID(), Tenant: e.author.Tenant, At: time.Now(), Course: e.course.ID, Version: v.ID}
	if err := e.tx.Enqueue(ctx, event); err != nil {
		return fmt.Errorf("announce version: %w", err)
	}
	data["number"] = strconv.Itoa(v.Number)
	return e.record(ctx, action, data)
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// record appends to the audit log. It comes last: the log's end stays locked until the transaction ends.
func (e *edit) record(ctx context.Context, action string, data map[string]string) error {
	entry := pg.Entry{Action: action, Subject: e.course.GlobalID().String(), Data: data}
	return wrap("record "+action, e.tx.Record(ctx, entry))
}

// point makes the course's publication point at the version. It reports false when it does already.
func (e *edit) point(ctx context.Context, v *ent.CourseVersion) (bool, error) {
	there, err := e.tx.Publication.Query().Where(publication.CourseID(e.course.ID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		err = e.firstPublication(ctx, v)
	case err != nil:
		return false, fmt.Errorf("find publication: %w", err)
	case there.VersionID == v.ID:
		return false, nil
	default:
		update := e.tx.Publication.UpdateOne(there).SetVersionID(v.ID).SetNumber(v.Number).SetPublishedAt(time.Now())
		list(update.Mutation(), v)
		err = update.Exec(ctx)
	}
	if ent.IsConstraintError(err) {
		return false, fault.Newf(fault.Conflict, "Another published course has the slug %s.", v.Slug).Because(err)
	}
	return true, wrap("point at version", err)
}

// firstPublication makes the pointer. A course that comes back to the catalog keeps the date of its first
// version.
func (e *edit) firstPublication(ctx context.Context, v *ent.CourseVersion) error {
	create := e.tx.Publication.Create().SetCourseID(e.course.ID).SetVersionID(v.ID).SetNumber(v.Number)
	list(create.Mutation(), v)
	if v.Number > 1 {
		first, err := e.version(ctx, 1)
		if err != nil {
			return err
		}
		create.SetFirstPublishedAt(first.CreatedAt)
	}
	return wrap("create publication", create.Exec(ctx))
}

// list copies what catalog pages filter and sort by.
func list(m *ent.PublicationMutation, v *ent.CourseVersion) {
	m.SetSlug(v.Slug)
	m.SetTitle(v.Title)
	m.SetSummary(v.Summary)
	m.SetLanguage(v.Language)
	m.SetLevel(v.Level)
	m.SetCategories(v.Categories)
	m.SetTags(v.Tags)
	m.SetVisibility(v.Visibility)
	m.SetPriceAmount(v.PriceAmount)
	m.SetPriceCurrency(v.PriceCurrency)
	m.SetInstructorID(v.InstructorID)
}
