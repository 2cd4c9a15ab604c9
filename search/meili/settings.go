package meili

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/meilisearch/meilisearch-go"

	"lyceum/search"
)

// primaryKey is the field that tells documents apart.
const primaryKey = "id"

// settings are the index's. What search boxes see is listed: no body, for lessons are for who is enrolled,
// and nothing of who may see what.
func settings() *meilisearch.Settings {
	return &meilisearch.Settings{
		// By weight.
		SearchableAttributes: []string{"title", "summary", "body"},
		FilterableAttributes: []string{
			"tenant_id", "visibility", "course_id", "edition", "language", "languages", "level", "categories", "is_lesson",
		},
		DisplayedAttributes: []string{
			"document_id", "course_id", "is_lesson", "course", "lesson", "title", "course_title", "summary", "language", "level",
			"categories",
		},
		SortableAttributes: []string{"published_at"},
		RankingRules:       []string{"words", "typo", "proximity", "attribute", "sort", "exactness", "published_at:desc"},
		StopWords:          []string{},
		// Besides spaces and punctuation: "List<String>" is two words.
		SeparatorTokens: []string{"<", "=", ">", "|"},
		// Every field is said: those left out would be sent as zeros.
		TypoTolerance: &meilisearch.TypoTolerance{
			Enabled:             true,
			MinWordSizeForTypos: meilisearch.MinWordSizeForTypos{OneTypo: 5, TwoTypos: 9},
			DisableOnWords:      []string{},
			DisableOnAttributes: []string{},
			DisableOnNumbers:    true,
		},
		Pagination: &meilisearch.Pagination{MaxTotalHits: search.MaxTotal},
		Faceting: &meilisearch.Faceting{
			MaxValuesPerFacet: 100, SortFacetValuesBy: map[string]meilisearch.SortFacetType{"*": meilisearch.SortFacetTypeAlpha},
		},
		// Better the best so far than an answer for which nobody waits any more.
		SearchCutoffMs: 150,
	}
}

// digest is a hash of those settings that settings() chooses. Meilisearch keeps some lists sorted.
func digest(s *meilisearch.Settings) ([sha256.Size]byte, error) {
	chosen := meilisearch.Settings{
		SearchableAttributes: s.SearchableAttributes, DisplayedAttributes: s.DisplayedAttributes, RankingRules: s.RankingRules,
		FilterableAttributes: slices.Sorted(slices.Values(s.FilterableAttributes)),
		SortableAttributes:   slices.Sorted(slices.Values(s.SortableAttributes)),
		StopWords:            slices.Sorted(slices.Values(s.StopWords)),
		SeparatorTokens:      slices.Sorted(slices.Values(s.SeparatorTokens)),
		TypoTolerance:        s.TypoTolerance, Pagination: s.Pagination, Faceting: s.Faceting, SearchCutoffMs: s.SearchCutoffMs,
	}
	encoded, err := json.Marshal(chosen)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encode settings: %w", err)
	}
	return sha256.Sum256(encoded), nil
}

// Ready implements search.Engine: the index is there, with its settings. It asks once, for all that wait
// together.
func (e *Engine) Ready(ctx context.Context) error {
	if e.prepared.Load() {
		return nil
	}
	return e.together(ctx, "prepare", func(ctx context.Context) error {
		err := e.prepare(ctx, e.index)
		e.prepared.Store(err == nil)
		return err
	})
}

// together runs fn once for all who call it under the name at the same time. Each waits as long as its own
// context allows.
func (e *Engine) together(ctx context.Context, name string, fn func(context.Context) error) error {
	done := e.once.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		defer cancel()
		return nil, fn(ctx)
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return fmt.Errorf("%s index: %w", name, ctx.Err())
	}
}

// prepare makes the index unless it is there, and gives it its settings unless it has them. A document that
// is put into an index that is not there makes one without settings, so this comes first.
func (e *Engine) prepare(ctx context.Context, uid string) error {
	if err := e.create(ctx, uid); err != nil {
		return err
	}
	wanted, err := digest(settings())
	if err != nil {
		return err
	}
	held, err := e.client.Index(uid).GetSettingsWithContext(ctx)
	if err != nil {
		return failed("read settings", err)
	}
	if has, err := digest(held); err != nil || has == wanted {
		return err
	}
	task, err := e.client.Index(uid).UpdateSettingsWithContext(ctx, settings())
	if err != nil {
		return failed("change settings", err)
	}
	return e.await(ctx, "change settings", task.TaskUID)
}

func (e *Engine) create(ctx context.Context, uid string) error {
	_, err := e.client.GetIndexWithContext(ctx, uid)
	if err == nil {
		return nil
	}
	if err = failed("look for index", err); !refusedWith(err, "index_not_found") {
		return err
	}
	task, err := e.client.CreateIndexWithContext(ctx, &meilisearch.IndexConfig{Uid: uid, PrimaryKey: primaryKey})
	if err != nil {
		return failed("create index", err)
	}
	err = e.await(ctx, "create index", task.TaskUID)
	if refusedWith(err, "index_already_exists") {
		return nil // another process was first
	}
	return err
}
