package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"lyceum/internal/author/caption"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/markup"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
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
		Select(lessonversion.FieldLessonID, lessonversion.FieldTitle, lessonversion.FieldBodyHTML, lessonversion.FieldCaptions, lessonversion.FieldAssetID).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	films, err := filmCaptions(ctx, tx, lessons)
	if err != nil {
		return nil, err
	}
	of := courseDocument(published, version)
	documents := []Document{of}
	for _, lesson := range lessons {
		documents = append(documents, lessonDocument(of, lesson, films))
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
func lessonDocument(of Document, lesson *ent.LessonVersion, films map[uuid.UUID][]outline.Caption) Document {
	of.ID, of.Lesson = lesson.LessonID, true
	of.Title, of.Summary, of.Body = plain(lesson.Title), "", plain(markup.Text(lesson.BodyHTML))
	for _, track := range lesson.Captions {
		of.Cues = append(of.Cues, cuesOf(track.VTT)...)
	}
	if lesson.AssetID == nil {
		return of
	}
	for _, track := range films[*lesson.AssetID] {
		// What the lesson says itself stands for what its film says.
		if !slices.ContainsFunc(lesson.Captions, func(c outline.Caption) bool { return c.Locale == track.Locale }) {
			of.Cues = append(of.Cues, cuesOf(track.VTT)...)
		}
	}
	return of
}

// cuesOf reads a caption file. It was checked when it was saved; what cannot be read says nothing.
func cuesOf(vtt string) []Cue {
	track, err := caption.Parse([]byte(vtt))
	if err != nil {
		return nil
	}
	var cues []Cue
	for _, line := range track.Lines() {
		if text := plain(line.Text); text != "" {
			cues = append(cues, Cue{At: line.At, Text: text})
		}
	}
	return cues
}

// filmCaptions are the captions in force of the lessons' films, by film.
func filmCaptions(ctx context.Context, tx *pg.Tx, lessons []*ent.LessonVersion) (map[uuid.UUID][]outline.Caption, error) {
	var films []uuid.UUID
	for _, l := range lessons {
		if l.AssetID != nil {
			films = append(films, *l.AssetID)
		}
	}
	if len(films) == 0 {
		return map[uuid.UUID][]outline.Caption{}, nil
	}
	// The newest of each language, which ent cannot ask for.
	const newest = `
		SELECT asset_id, locale, vtt
		FROM (
			SELECT DISTINCT ON (asset_id, locale) asset_id, locale, vtt, removed
			FROM caption_revisions
			WHERE tenant_id = $1 AND asset_id = ANY ($2)
			ORDER BY asset_id, locale, number DESC
		) AS newest
		WHERE NOT removed ORDER BY asset_id, locale`
	rows, err := tx.Query(ctx, newest, viewer.Tenant(ctx), films)
	if err != nil {
		return nil, fmt.Errorf("find captions: %w", err)
	}
	defer rows.Close()
	found := map[uuid.UUID][]outline.Caption{}
	for rows.Next() {
		var (
			film  uuid.UUID
			track outline.Caption
		)
		if err := rows.Scan(&film, &track.Locale, &track.VTT); err != nil {
			return nil, fmt.Errorf("read captions: %w", err)
		}
		found[film] = append(found[film], track)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find captions: %w", err)
	}
	return found, nil
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
