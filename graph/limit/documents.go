package limit

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// bytesPerByte estimates what a parsed document weighs for each byte of its text, itself included.
const bytesPerByte = 32

// Documents caches validated documents by their text, bounded in bytes rather than in entries: a valid
// document may be padded to the size of the largest request.
type Documents struct {
	cache *otter.Cache[string, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = (*Documents)(nil)

// NewDocuments returns a cache that holds about maxBytes of documents.
func NewDocuments(maxBytes int) (*Documents, error) {
	cache, err := otter.New(&otter.Options[string, *ast.QueryDocument]{
		MaximumWeight: uint64(max(maxBytes, 0)),
		Weigher: func(text string, _ *ast.QueryDocument) uint32 {
			return uint32(min(bytesPerByte*(len(text)+1), plenty))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("create document cache: %w", err)
	}
	return &Documents{cache: cache}, nil
}

// Get implements graphql.Cache.
func (d *Documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	return d.cache.GetIfPresent(text)
}

// Add implements graphql.Cache.
func (d *Documents) Add(_ context.Context, text string, document *ast.QueryDocument) {
	d.cache.Set(text, document)
}
