// Package postgres searches with Postgres: full text in the language of each document, unaccented, with a
// prefix for the word being typed, and trigrams on titles for words that were mistyped.
package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
	"lyceum/search"
)

// Engine implements search.Engine.
type Engine struct{ DB *pg.DB }

var _ search.Engine = (*Engine)(nil)

// maxBody bounds the text of a document that is indexed, in bytes: a tsvector has a limit of its own.
const maxBody = 200_000

// Put implements search.Engine. The vector is made by Postgres' own dictionaries, so it is raw SQL; the
// words stand in it twice, as the language stems them and as they are.
func (*Engine) Put(ctx context.Context, tx *pg.Tx, course uuid.UUID, documents []search.Document) error {
	const forget = `DELETE FROM search_documents WHERE course_id = $1`
	if _, err := tx.Exec(ctx, forget, course); err != nil {
		return fmt.Errorf("forget course: %w", err)
	}
	const put = `
		INSERT INTO search_documents
			(tenant_id, id, course_id, is_lesson, version, title, body, language, level, categories, visibility, published_at, words)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
			setweight(to_tsvector($13::regconfig, unaccent($6)), 'A') || setweight(to_tsvector('simple', unaccent($6)), 'A') ||
			setweight(to_tsvector($13::regconfig, unaccent($7)), 'C') || setweight(to_tsvector('simple', unaccent($7)), 'D'))`
	for _, d := range documents {
		_, err := tx.Exec(ctx, put, viewer.Tenant(ctx), d.ID, d.Course, d.Lesson, d.Version, d.Title, cut(d.Body, maxBody),
			d.Language, d.Level, d.Categories, d.Visibility, d.PublishedAt, dictionary(d.Language))
		if err != nil {
			return fmt.Errorf("index document: %w", err)
		}
	}
	return nil
}

// dictionary is the text search configuration for a language, "simple" for those that Postgres does not know.
func dictionary(tag string) string {
	base, _ := language.Make(tag).Base()
	known := map[string]string{
		"ar": "arabic", "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
		"fr": "french", "hi": "hindi", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
		"pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
	}
	if name, ok := known[base.String()]; ok {
		return name
	}
	return "simple"
}

// dictionaries are those that a query is read with: a query does not say its language.
func dictionaries(narrowed string) []string {
	if narrowed != "" {
		return []string{dictionary(narrowed), "simple"}
	}
	return []string{"english", "german", "spanish", "french", "simple"}
}

// Held implements search.Engine.
func (e *Engine) Held(ctx context.Context) (map[uuid.UUID]search.Held, error) {
	const count = `SELECT course_id, max(version), count(*) FROM search_documents GROUP BY course_id`
	return search.HeldFrom(e.DB.Query(ctx, count))
}

// Ping implements search.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	if _, err := e.DB.Exec(ctx, `SELECT 1 FROM search_documents LIMIT 1`); err != nil {
		return fmt.Errorf("ask Postgres: %w", err)
	}
	return nil
}

func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}
