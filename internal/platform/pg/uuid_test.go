package pg_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// TestIDsTravel sends ids in every shape in which they are sent, and reads them back.
func TestIDsTravel(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.New(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	if err := pg.TeachTypes(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	id, other := uuid.New(), uuid.New()
	var (
		one           uuid.UUID
		there, absent *uuid.UUID
		text          string
		all           []uuid.UUID
		some          []*uuid.UUID
		kept          = other
		nullable      uuid.NullUUID
	)
	const echo = `SELECT $1::uuid, $1::uuid, $2::uuid, $1::uuid::text, $3::uuid[], $4::uuid[], $2::uuid, $1::uuid`
	err = conn.QueryRow(t.Context(), echo, id, (*uuid.UUID)(nil), []uuid.UUID{id, other}, []*uuid.UUID{&id, nil}).
		Scan(&one, &there, &absent, &text, &all, &some, &kept, &nullable)
	if err != nil {
		t.Fatal(err)
	}
	if one != id || there == nil || *there != id || absent != nil || text != id.String() || !nullable.Valid || nullable.UUID != id {
		t.Errorf("one id came back as %v, %v, %v, %q, %v", one, there, absent, text, nullable)
	}
	if len(all) != 2 || all[0] != id || all[1] != other || len(some) != 2 || *some[0] != id || some[1] != nil {
		t.Errorf("several ids came back as %v and %v", all, some)
	}
	if kept != other {
		t.Error("null changed an id")
	}
	// As text, ids go the way of pgx.
	if err := conn.QueryRow(t.Context(), `SELECT $1::uuid`, pgx.QueryExecModeSimpleProtocol, id).Scan(&one); err != nil || one != id {
		t.Errorf("as text the id came back as %v, %v", one, err)
	}
	var wrong uuid.UUID
	if err := conn.QueryRow(t.Context(), `SELECT 1`).Scan(&wrong); err == nil {
		t.Error("a number passed for an id")
	}
}
