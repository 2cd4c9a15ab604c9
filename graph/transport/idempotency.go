package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/fault"
	"lyceum/internal/platform/idempotency"
	"lyceum/internal/viewer"
)

// The headers of idempotency keys. An answer that was made under a key says whether it is a repetition; one
// that was not has no such header.
const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotency-Replayed"
)

// Idempotency lets signed-in callers repeat a mutation with the same Idempotency-Key: it takes effect once, and
// its first answer is sent again.
//
// Nothing is kept of a request that took no effect and that can be mended or tried again: one with input that
// was refused, or that something of ours was not there for.
type Idempotency struct {
	Keys *idempotency.Keys
	// Secret are the mutations whose answers hold a secret that is shown once: they are not kept.
	Secret []string
	// Unkeyed are the mutations that take no key; each must be the only one of its operation.
	Unkeyed []string
}

// keyed returns the key that the operation is to be run under, or "" for none. The error is a fault.
func (i *Idempotency) keyed(ctx context.Context, op *graphql.OperationContext) (string, error) {
	values := op.Headers.Values(headerKey)
	v, _ := viewer.From(ctx)
	if i == nil || len(values) == 0 || op.Operation.Operation != ast.Mutation || !v.SignedIn() {
		return "", nil
	}
	if len(values) > 1 {
		return "", fault.New(fault.BadInput, "Send one Idempotency-Key.")
	}
	if err := idempotency.CheckKey(values[0]); err != nil {
		return "", err
	}
	switch selected := mutations(op); {
	case !selects(selected, i.Unkeyed):
		return values[0], nil
	case len(selected) == 1:
		return "", nil
	default:
		return "", fault.Newf(fault.BadInput, "%s takes no Idempotency-Key; send it by itself.", i.Unkeyed[0])
	}
}

// mutations are the root fields that the operation selects.
func mutations(op *graphql.OperationContext) []string {
	var names []string
	for _, field := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"}) {
		names = append(names, field.Name)
	}
	return names
}

func selects(selected, some []string) bool {
	return slices.ContainsFunc(selected, func(name string) bool { return slices.Contains(some, name) })
}

// once runs a mutation under its key, or repeats what the first one was answered.
func (t HTTP) once(ctx context.Context, w http.ResponseWriter, exec graphql.GraphExecutor, op *graphql.OperationContext, key, media string, execute execution) {
	request, err := json.Marshal([]any{op.RawQuery, op.OperationName, op.Variables})
	if err != nil {
		write(w, media, presented(ctx, exec, fmt.Errorf("encode request: %w", err)))
		return
	}
	claim, kept, err := t.Idempotency.Keys.Claim(ctx, key, request)
	if err != nil {
		write(w, media, presented(ctx, exec, err))
		return
	}
	w.Header().Set(headerReplayed, strconv.FormatBool(kept != nil))
	if kept != nil {
		deliver(w, media, kept.Status, kept.Body)
		return
	}
	answer := first(claim.Under(ctx), execute)
	t.Idempotency.settle(ctx, claim, op, media, answer)
	write(w, media, answer)
}

// settle keeps the answer before it is sent: what is lost on the way can be asked for again.
func (i *Idempotency) settle(ctx context.Context, claim *idempotency.Claim, op *graphql.OperationContext, media string, answer *graphql.Response) {
	secret := selects(mutations(op), i.Secret)
	switch {
	case !claim.TookEffect() && (secret || mendable(answer)):
		claim.Release(ctx)
	case secret || answer.Data == nil:
		claim.Keep(ctx, nil)
	default:
		pieces := envelope(answer)
		claim.Keep(ctx, &idempotency.Answer{Status: status(media, answer), Body: bytes.Join(pieces[:], nil)})
	}
}

// mends are the codes of failures that the caller can put right, or that pass.
var mends = []fault.Code{fault.BadInput, fault.Unauthenticated, fault.RateLimited, fault.Unavailable, fault.Internal}

// mendable reports whether the same request, or one that its caller has put right, may fare better.
func mendable(answer *graphql.Response) bool {
	for _, err := range answer.Errors {
		code, _ := err.Extensions["code"].(string)
		if slices.Contains(mends, fault.Code(code)) {
			return true
		}
	}
	return answer.Data == nil
}
