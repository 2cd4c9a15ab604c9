package meili

import (
	"context"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/search"
)

// heldPage is how many documents are asked for at a time.
const heldPage = 1000

// Held implements search.Engine. It counts page by page: what is put meanwhile may be counted twice or not. The version of a
// course is that of its oldest document: where a part of what was put never arrived, the others must not hide it.
func (e *Engine) Held(ctx context.Context) (map[uuid.UUID]search.Held, error) {
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.Ready(ctx); err != nil {
		return nil, err
	}
	held := map[uuid.UUID]search.Held{}
	for offset, total := int64(0), int64(1); offset < total; offset += heldPage {
		var page meilisearch.DocumentsResult
		err := e.client.Index(e.index).GetDocumentsWithContext(ctx, &meilisearch.DocumentsQuery{
			Filter: filter{is("tenant_id", tenant.String())}, Fields: []string{"course_id", "version"},
			Limit: heldPage, Offset: offset,
		}, &page)
		if err != nil {
			return nil, failed("read documents", err)
		}
		if err := count(held, page.Results); err != nil {
			return nil, err
		}
		total = page.Total
	}
	return held, nil
}

func count(held map[uuid.UUID]search.Held, documents meilisearch.Hits) error {
	var some []struct {
		CourseID uuid.UUID `json:"course_id"`
		Version  int       `json:"version"`
	}
	if err := documents.DecodeInto(&some); err != nil {
		return failed("read documents", err)
	}
	for _, d := range some {
		h, known := held[d.CourseID]
		if !known || d.Version < h.Version {
			h.Version = d.Version
		}
		h.Documents++
		held[d.CourseID] = h
	}
	return nil
}
