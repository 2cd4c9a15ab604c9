package main

import (
	"context"

	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/media"
)

// catalogFiles lets the catalog ask media where files can be read.
type catalogFiles struct{ media *media.Service }

// Addresses implements catalog.Files.
func (f catalogFiles) Addresses(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]catalog.Address, error) {
	signed, err := f.media.Addresses(ctx, ids)
	if err != nil {
		return nil, err
	}
	addresses := make(map[uuid.UUID]catalog.Address, len(signed))
	for id, address := range signed {
		addresses[id] = catalog.Address(address)
	}
	return addresses, nil
}

// quizFiles lets assessment ask media the same.
type quizFiles struct{ media *media.Service }

// URLs implements assessment.Files.
func (f quizFiles) URLs(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	signed, err := f.media.Addresses(ctx, ids)
	if err != nil {
		return nil, err
	}
	urls := make(map[uuid.UUID]string, len(signed))
	for id, address := range signed {
		urls[id] = address.URL
	}
	return urls, nil
}
