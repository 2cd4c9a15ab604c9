package meili

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"
	"github.com/sony/gobreaker/v2"

	"lyceum/search"
)

// filter is conditions all of which must hold, as Meilisearch reads them from a list.
type filter []string

// is and isNot are conditions. The value must be clean.
func is(attribute, value string) string    { return attribute + " = '" + value + "'" }
func isNot(attribute, value string) string { return attribute + " != '" + value + "'" }

// clean matches what can stand between quotes without an end to them: ids, names of enums, language tags,
// slugs, hashes. The words that people look for never come into a filter.
var clean = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// visible is what a visitor or a member may find in the tenant.
func visible(tenant uuid.UUID, members bool) filter {
	f := filter{is("tenant_id", tenant.String())}
	if members {
		return append(f, "visibility IN ['PUBLIC', 'MEMBERS']")
	}
	return append(f, is("visibility", "PUBLIC"))
}

func filterOf(tenant uuid.UUID, q search.Query) (filter, error) {
	f := visible(tenant, q.Members)
	for _, narrow := range []struct{ attribute, value string }{
		{"languages", q.Language}, {"level", q.Level}, {"categories", q.Category},
	} {
		switch {
		case narrow.value == "":
		case clean.MatchString(narrow.value):
			f = append(f, is(narrow.attribute, narrow.value))
		default:
			return nil, fmt.Errorf("meili: %.100q cannot stand in a filter by %s", narrow.value, narrow.attribute)
		}
	}
	return f, nil
}

// Query implements search.Engine. The error is search.ErrDown when Meilisearch was not asked. It reads ten
// words of a query, and leaves out the rest.
func (e *Engine) Query(ctx context.Context, q search.Query) (search.Found, error) {
	tenant, err := tenantOf(ctx)
	if err != nil {
		return search.Found{}, err
	}
	f, err := filterOf(tenant, q)
	if err != nil {
		return search.Found{}, err
	}
	found, err := e.breaker.Execute(func() (search.Found, error) { return e.query(ctx, q, f) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return search.Found{}, search.ErrDown
	}
	return found, err //nolint:wrapcheck // the breaker returns the error of query as it is
}

func (e *Engine) query(caller context.Context, q search.Query, f filter) (search.Found, error) {
	ctx, cancel := context.WithTimeout(caller, e.queryTimeout)
	defer cancel()
	response, err := e.client.Index(e.index).SearchWithContext(ctx, q.Text, &meilisearch.SearchRequest{
		Filter: f, Limit: int64(q.Limit), Offset: int64(q.Offset), MatchingStrategy: meilisearch.All,
		AttributesToRetrieve:  []string{"document_id", "course_id", "is_lesson"},
		AttributesToHighlight: []string{"title"},
		HighlightPreTag:       search.MarkStart, HighlightPostTag: search.MarkEnd,
	})
	if err != nil {
		return search.Found{}, failed("search", err)
	}
	return foundIn(response)
}

// hit is what is asked for of a document.
type hit struct {
	DocumentID uuid.UUID `json:"document_id"`
	CourseID   uuid.UUID `json:"course_id"`
	IsLesson   bool      `json:"is_lesson"`
	Formatted  struct {
		Title string `json:"title"`
	} `json:"_formatted"`
}

func foundIn(response *meilisearch.SearchResponse) (search.Found, error) {
	found := search.Found{Total: int(min(response.EstimatedTotalHits, search.MaxTotal))}
	for _, raw := range response.Hits {
		h, err := hitOf(raw)
		if err != nil {
			return search.Found{}, err
		}
		found.Hits = append(found.Hits, search.Hit{ID: h.DocumentID, Course: h.CourseID, Lesson: h.IsLesson, Title: h.Formatted.Title})
	}
	return found, nil
}

func hitOf(raw meilisearch.Hit) (hit, error) {
	var h hit
	encoded, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(encoded, &h)
	}
	if err != nil {
		return hit{}, fmt.Errorf("read hit: %w", err)
	}
	if h.DocumentID == uuid.Nil || h.CourseID == uuid.Nil {
		return hit{}, errors.New("read hit: it names no document")
	}
	return h, nil
}
