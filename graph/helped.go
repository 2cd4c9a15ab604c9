package graph

import (
	"context"
	"log/slog"
	"strings"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/graph/access"
	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

// standing looks at the viewer before an operation runs: whether who opened the socket is still welcome, and
// whether what support is about to read has been written down. It stands behind the limits.
type standing struct{ services *Services }

var _ interface {
	gqlgen.HandlerExtension
	gqlgen.OperationContextMutator
} = standing{}

// ExtensionName implements graphql.HandlerExtension.
func (standing) ExtensionName() string { return "Standing" }

// Validate implements graphql.HandlerExtension.
func (standing) Validate(gqlgen.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (s standing) MutateOperationContext(ctx context.Context, operation *gqlgen.OperationContext) *gqlerror.Error {
	v, _ := viewer.From(ctx)
	if err := s.check(ctx, v, operation); err != nil {
		return &gqlerror.Error{Err: err, Message: "the operation may not run"}
	}
	return nil
}

func (s standing) check(ctx context.Context, v viewer.Viewer, operation *gqlgen.OperationContext) error {
	if onSocket(ctx) && v.SignedIn() {
		if good, err := s.services.Tenancy.Still(ctx, v); err != nil {
			return err
		} else if !good {
			return fault.New(fault.Unauthenticated, "The token is not valid; sign in again.")
		}
	}
	if !v.Granted() {
		return nil
	}
	return s.services.Compliance.Helped(ctx, operation.Operation.Name, rootFields(operation))
}

// rootFields are the names of the operation's root fields, with the type, as in "Query.users".
func rootFields(operation *gqlgen.OperationContext) []string {
	kind := string(operation.Operation.Operation)
	object := strings.ToUpper(kind[:1]) + kind[1:]
	var names []string
	for _, field := range gqlgen.CollectFields(operation, operation.Operation.SelectionSet, []string{object}) {
		names = append(names, object+"."+field.Name)
	}
	return names
}

type socketKey struct{}

// viaSocket marks the context of a socket: its viewer was looked at when it was opened, and not since.
func viaSocket(ctx context.Context) context.Context {
	return context.WithValue(ctx, socketKey{}, true)
}

func onSocket(ctx context.Context) bool {
	via, _ := ctx.Value(socketKey{}).(bool)
	return via
}

// noteDenied writes down who was turned away at a field of staff. That it cannot be written down changes nothing
// about the refusal.
func noteDenied(services *Services, log *slog.Logger) func(ctx context.Context, field access.Field) {
	return func(ctx context.Context, field access.Field) {
		if err := services.Compliance.Denied(ctx, field.String()); err != nil {
			log.ErrorContext(ctx, "refusal not recorded", "err", err)
		}
	}
}
