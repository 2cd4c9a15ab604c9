package meili_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/search/meili"
	"lyceum/search/searchtest"
)

// open returns an engine over an index of the test's own, on the server that MEILI_URL names.
func open(t *testing.T) *meili.Engine {
	t.Helper()
	engine, err := meili.Open(meili.Config{
		URL: os.Getenv("MEILI_URL"), MasterKey: os.Getenv("MEILI_MASTER_KEY"),
		Index:        "test_" + strings.ReplaceAll(uuid.NewString(), "-", ""),
		QueryTimeout: 5e9,
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(engine.Close)
	return engine
}

func TestEngine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	searchtest.Run(t, searchtest.Setup{
		DB: db.DB, Engine: open(t),
		Tenant: func(t *testing.T) uuid.UUID {
			t.Helper()
			return pgtest.NewTenant(t, db, "t"+uuid.NewString()[:8]).ID
		},
		Course: func(*testing.T, uuid.UUID) uuid.UUID { return uuid.Must(uuid.NewV7()) },
	})
	_ = viewer.System
}
