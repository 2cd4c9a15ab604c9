package zeroloss

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/fault"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// What the door's process reads from its environment.
const (
	databaseVariable = "LYCEUM_ZEROLOSS_DATABASE"
	addressVariable  = "LYCEUM_ZEROLOSS_ADDRESS"
)

// report is a batch and whose it is.
type report struct {
	Tenant, Learner, Place uuid.UUID
	Batch                  learning.Batch
}

func TestMain(m *testing.M) {
	if dsn := os.Getenv(databaseVariable); dsn != "" {
		if err := openDoor(dsn, os.Getenv(addressVariable)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// openDoor serves the learning service as the API does, but for GraphQL: one request a batch, answered when it is
// committed. It ends when it is killed.
func openDoor(dsn, address string) error {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("read database URL: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	silent := pg.Hooks{Announce: func(context.Context, *pg.Tx, []pg.Event) error { return nil }}
	service := &learning.Service{DB: pg.Open(pool, silent)}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in report
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		ctx := viewer.With(r.Context(), viewer.Viewer{Tenant: in.Tenant, User: in.Learner, Role: viewer.Learner})
		_, err := service.RecordProgress(ctx, in.Place, in.Batch)
		switch fault.CodeOf(err) {
		case "":
			w.WriteHeader(http.StatusOK)
		case fault.Unavailable:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})}
	return server.Serve(listener)
}
