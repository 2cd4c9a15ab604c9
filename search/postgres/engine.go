// Package postgres searches with Postgres: full text in the language of each document, unaccented, with a
// prefix for the word being typed, and trigrams on titles for words that were mistyped.
//
// It is raw SQL throughout: text search, ranking, headlines and trigrams are Postgres' own.
package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
	"lyceum/search"
)

// Engine implements search.Store.
type Engine struct{ DB *pg.DB }

var _ search.Store = (*Engine)(nil)

const (
	// maxBody bounds the text of a document that is indexed, in bytes: a tsvector has a limit of its own.
	maxBody = 200_000
	// maxChunk bounds what one statement indexes, in bytes, well inside the time that a statement may take.
	maxChunk = 400_000
)

// row is a document as jsonb_to_recordset reads it.
type row struct {
	ID          uuid.UUID `json:"id"`
	Lesson      bool      `json:"is_lesson"`
	Version     int       `json:"version"`
	Title       string    `json:"title"`
	Body        string    `json:"body"`
	Language    string    `json:"language"`
	Dictionary  string    `json:"dictionary"`
	Level       string    `json:"level"`
	Categories  []string  `json:"categories"`
	Visibility  string    `json:"visibility"`
	PublishedAt time.Time `json:"published_at"`
	// CueStarts are places in the body, in characters from 1, CueTimes when they are said, in milliseconds.
	CueStarts []int `json:"cue_starts"`
	CueTimes  []int `json:"cue_times"`
}

func rowOf(d search.Document) row {
	body := cut(d.Text(), maxBody)
	starts, times := cuesIn(d, body)
	return row{
		ID: d.ID, Lesson: d.Lesson, Version: d.Version, Title: d.Title,
		Body: body, CueStarts: starts, CueTimes: times,
		Language: d.Language, Dictionary: dictionary(d.Language), Level: d.Level,
		// A nil slice would become null.
		Categories: append([]string{}, d.Categories...),
		Visibility: d.Visibility, PublishedAt: d.PublishedAt,
	}
}

// cuesIn returns where in the body the cues begin, and when they are said. The body may end before they do.
func cuesIn(d search.Document, body string) (starts, times []int) {
	starts, times = []int{}, []int{}
	before := d
	before.Cues = nil
	at := utf8.RuneCountInString(before.Text())
	total := utf8.RuneCountInString(body)
	for _, cue := range d.Cues {
		if at > 0 {
			at++ // the line break
		}
		if at >= total {
			break
		}
		starts, times = append(starts, at+1), append(times, int(cue.At.Milliseconds()))
		at += utf8.RuneCountInString(cue.Text)
	}
	return starts, times
}

// put indexes documents: $1 is the tenant, $2 the course, $3 the rows. Every word stands in the vector as
// its language stems it and as it is, at the same position: one text joined to the other keeps positions,
// which || would shift. A tsvector has 16383 positions, and 255 for one word.
const put = `
	WITH given AS MATERIALIZED (
		SELECT id, is_lesson, version, title, body, language, dictionary, level, categories, visibility, published_at,
			cue_starts, cue_times
		FROM jsonb_to_recordset($3::jsonb) AS g(
			id uuid, is_lesson boolean, version integer, title text, body text, language text, dictionary text,
			level text, categories text[], visibility text, published_at timestamptz, cue_starts integer[], cue_times integer[])
	), documents AS (
		INSERT INTO search_documents
			(tenant_id, id, course_id, is_lesson, version, title, body, language, dictionary, level, categories,
			 visibility, published_at, cue_starts, cue_times)
		SELECT $1, id, $2, is_lesson, version, title, body, language, dictionary, level, categories,
			visibility, published_at, cue_starts, cue_times
		FROM given
	), titles AS (
		INSERT INTO search_titles (tenant_id, course_id, id, title) SELECT $1, $2, id, lower(unaccent(title)) FROM given
	), vectors AS (
		SELECT id,
			(setweight(to_tsvector(dictionary::regconfig, title), 'A')::text || ' ' ||
			 setweight(to_tsvector('lyceum_simple', title), 'A')::text)::tsvector AS heading,
			setweight(to_tsvector(dictionary::regconfig, body), 'C')::text AS stems,
			setweight(to_tsvector('lyceum_simple', body), 'D') AS forms
		FROM given
	)
	INSERT INTO search_words (tenant_id, course_id, id, heading, words, is_cut)
	SELECT $1, $2, id, heading, heading || (stems || ' ' || forms::text)::tsvector,
		EXISTS (SELECT FROM unnest(forms) AS f
			WHERE cardinality(f.positions) >= 255 OR f.positions[cardinality(f.positions)] >= 16000)
	FROM vectors`

// Ready implements search.Engine.
func (*Engine) Ready(context.Context) error { return nil }

// Put implements search.Engine. It is part of the transaction, so there is nothing to settle.
func (*Engine) Put(ctx context.Context, tx *pg.Tx, course uuid.UUID, documents []search.Document) (search.Settle, error) {
	// What hangs on the documents goes with them.
	const forget = `DELETE FROM search_documents WHERE tenant_id = $1 AND course_id = $2`
	if _, err := tx.Exec(ctx, forget, viewer.Tenant(ctx), course); err != nil {
		return nil, fmt.Errorf("forget course: %w", err)
	}
	for _, chunk := range chunks(documents) {
		given, err := json.Marshal(chunk)
		if err != nil {
			return nil, fmt.Errorf("encode documents: %w", err)
		}
		if _, err := tx.Exec(ctx, put, viewer.Tenant(ctx), course, string(given)); err != nil {
			return nil, fmt.Errorf("index documents: %w", err)
		}
	}
	return search.Settled, nil
}

// chunks cuts the documents into lists of bounded size.
func chunks(documents []search.Document) [][]row {
	var (
		all  [][]row
		size = maxChunk
	)
	for _, d := range documents {
		r := rowOf(d)
		size += len(r.Title) + len(r.Body)
		if size > maxChunk {
			all, size = append(all, nil), len(r.Title)+len(r.Body)
		}
		all[len(all)-1] = append(all[len(all)-1], r)
	}
	return all
}

// cut shortens the text to n bytes at most, between two characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Held implements search.Engine.
func (e *Engine) Held(ctx context.Context) (map[uuid.UUID]search.Held, error) {
	const count = `SELECT course_id, min(version), count(*) FROM search_documents WHERE tenant_id = $1 GROUP BY course_id`
	return search.HeldFrom(e.DB.Query(ctx, count, viewer.Tenant(ctx)))
}

// Ping implements search.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	if _, err := e.DB.Exec(ctx, `SELECT 1 FROM search_documents WHERE tenant_id = $1 LIMIT 1`, viewer.Tenant(ctx)); err != nil {
		return fmt.Errorf("ask Postgres: %w", err)
	}
	return nil
}
