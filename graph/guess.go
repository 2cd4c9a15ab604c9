package graph

import (
	"context"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

// Secret is a kind of text that opens something for whoever has it.
type Secret string

// The secrets that are tried from outside, besides passwords, which have limits of their own.
const (
	// SecretToken is the token of a session or an API key. Only tries that fail count.
	SecretToken Secret = "token"
	// SecretCode is the code of a certificate. Every look counts.
	SecretCode Secret = "certificate"
)

// Guesses slows down whoever tries one secret after another. Try counts one try from a network at the
// tenant's secrets, and returns a RateLimited fault when there were too many.
type Guesses interface {
	Try(ctx context.Context, tenant uuid.UUID, secret Secret, network string) error
}

// TryCode counts a look at a certificate by its code, each one of an operation by itself. The pages that show
// certificates call it, too.
func (s *Services) TryCode(ctx context.Context) error {
	return s.Guesses.Try(ctx, viewer.Tenant(ctx), SecretCode, networkOf(ctx))
}

// failed counts a token that opened nothing, and returns what its sender is told: err, or to wait. Tokens have 256
// random bits and are looked up all the same: nobody behind the same address is kept out by it.
func failed(ctx context.Context, guesses Guesses, tenant uuid.UUID, err error) error {
	if fault.CodeOf(err) != fault.Unauthenticated {
		return err
	}
	if limited := guesses.Try(ctx, tenant, SecretToken, networkOf(ctx)); limited != nil {
		return limited
	}
	return err
}
