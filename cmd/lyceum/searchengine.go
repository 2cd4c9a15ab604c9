package main

import (
	"context"
	"fmt"

	"lyceum/search"
	"lyceum/search/meili"
	"lyceum/search/postgres"
)

// searchService is search over Postgres, and over Meilisearch where one is configured.
func (a *app) searchService() (*search.Service, error) {
	s := &search.Service{DB: a.db, Local: &postgres.Engine{DB: a.db}, Log: a.log}
	if a.config.Search.URL == "" {
		return s, nil
	}
	engine, err := meili.Open(meili.Config{
		URL: a.config.Search.URL, PublicURL: a.config.Search.PublicURL, MasterKey: a.config.Search.MasterKey.Reveal(), Log: a.log,
	})
	if err != nil {
		return nil, fmt.Errorf("open search engine: %w", err)
	}
	a.onClose(func(context.Context) error { engine.Close(); return nil })
	s.Remote = engine
	return s, nil
}
