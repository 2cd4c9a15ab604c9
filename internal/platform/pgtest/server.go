package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"

	"lyceum/internal/platform/local"
)

// ownServer starts one server for the whole process, which ends with it. `make` shares one among all test
// processes instead: see the package withservers.
var ownServer = sync.OnceValues(func() (string, error) {
	home, err := os.MkdirTemp("", "lyceum-test-")
	if err != nil {
		return "", fmt.Errorf("make test home: %w", err)
	}
	server, err := local.StartPostgres(context.Background(), local.PostgresOptions{Home: home, Fast: true})
	if err != nil {
		return "", fmt.Errorf("start Postgres: %w", err)
	}
	return server.SuperuserURL, nil
})
