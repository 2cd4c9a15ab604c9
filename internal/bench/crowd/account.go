package crowd

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/platform/auth"
)

// password is everybody's: it protects made-up people on a machine that measures.
const password = "correct horse battery staple"

// Accounts gives learners a password, and returns what they sign in with.
func Accounts(ctx context.Context, conn *pgx.Conn, learners []dataset.Visit) ([]Account, error) {
	hash, err := auth.NewHasher().Hash(ctx, password)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	accounts := make([]Account, len(learners))
	batch := &pgx.Batch{}
	for i, v := range learners {
		accounts[i] = Account{Slug: v.Slug, Password: password}
		batch.Queue(`UPDATE users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2 RETURNING email`, v.Tenant, v.Learner, hash).
			QueryRow(func(row pgx.Row) error { return row.Scan(&accounts[i].Email) })
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("give people passwords: %w", err)
	}
	return accounts, nil
}
