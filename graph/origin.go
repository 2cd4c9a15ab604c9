package graph

import (
	"context"

	"lyceum/internal/tenancy"
)

// Request is what resolvers may know about the HTTP request.
type Request struct {
	Origin tenancy.Origin
	// TenantNamed is false on a host that names no tenant, where signIn takes one.
	TenantNamed bool
	// Host is the name of the tenant's that the request came to, in one spelling; "" on a host that names no tenant.
	Host string
	// TenantSlug is the slug of the tenant that the host means, named or not.
	TenantSlug string
}

type requestKey struct{}

// WithRequest puts the request into the context.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

func requestOf(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}
