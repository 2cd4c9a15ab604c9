package search

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/markup"
	"lyceum/internal/platform/pg"
)

// documentsOf reads what can be found of the course: nothing when it is not published, or not listed.
func documentsOf(ctx context.Context, tx *pg.Tx, course uuid.UUID) ([]Document, error) {
	published, err := tx.Publication.Query().Where(publication.CourseID(course)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("find publication: %w", err)
	}
	if published.Visibility == outline.Unlisted {
		return nil, nil
	}
	version, err := tx.CourseVersion.Get(ctx, published.VersionID)
	if err != nil {
		return nil, fmt.Errorf("find course version: %w", err)
	}
	lessons, err := tx.LessonVersion.Query().
		Where(lessonversion.VersionID(version.ID)).
		Order(lessonversion.ByLessonID()).
		Select(lessonversion.FieldLessonID, lessonversion.FieldTitle, lessonversion.FieldBodyText).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	of := courseDocument(published, version)
	documents := []Document{of}
	for _, lesson := range lessons {
		documents = append(documents, lessonDocument(of, lesson))
	}
	return documents, nil
}

func courseDocument(p *ent.Publication, v *ent.CourseVersion) Document {
	title := plain(v.Title)
	return Document{
		ID: v.CourseID, Course: v.CourseID, Version: v.Number,
		Title: title, CourseTitle: title, Summary: plain(v.Summary),
		Body:     plain(markup.Text(v.DescriptionHTML) + "\n" + strings.Join(v.Tags, ", ")),
		Language: v.Language, Level: string(v.Level), Categories: v.Categories,
		Visibility: string(p.Visibility), PublishedAt: p.PublishedAt,
	}
}

// lessonDocument is a lesson's, with what the course's document says of the course.
func lessonDocument(of Document, lesson *ent.LessonVersion) Document {
	of.ID, of.Lesson = lesson.LessonID, true
	of.Title, of.Summary, of.Body = plain(lesson.Title), "", plain(lesson.BodyText)
	return of
}

// plain is the text without what would end it early in a database or pass for a mark.
func plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '⟦':
			return '['
		case r == '⟧':
			return ']'
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(text, "")))
}
