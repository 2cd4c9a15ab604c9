package graph

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"entgo.io/ent/privacy"
	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"lyceum/graph/access"
	"lyceum/graph/answer"
	"lyceum/graph/limit"
	"lyceum/graph/loader"
	"lyceum/graph/present"
	"lyceum/graph/transport"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/platform/idempotency"
	"lyceum/internal/viewer"
)

// documentCache is how much memory validated documents may take, in bytes.
const documentCache = 64 << 20

// Options are what the endpoint is made of.
type Options struct {
	Services  *Services
	Sources   loader.Sources
	Documents transport.Documents
	Limits    limit.Limits
	// MaxCost is what one operation may cost, in objects it can return.
	MaxCost int
	// Limiter counts what operations cost, and Rates say how much may be spent.
	Limiter limit.Limiter
	Rates   limit.Rates
	// MaxBody bounds a request, in bytes, MaxBodyAuthor one of somebody who writes courses; Timeout a query or mutation.
	MaxBody, MaxBodyAuthor int64
	Timeout                time.Duration
	// MaxStreams bounds the live connections of this process, StreamsPerUser those of one user, and
	// MaxSubscriptions what runs on one WebSocket.
	MaxStreams, StreamsPerUser, MaxSubscriptions int
	Streams                                      *transport.Streams
	// Idempotency keeps the keys that mutations are repeated under. Nil: they take none.
	Idempotency *idempotency.Keys
	// Answers says how answers for all visitors are kept. Nil: they are not.
	Answers *answer.Config
	// Origins are the web origins, besides our own, whose pages may open a WebSocket.
	Origins []string
	// Executor is "gqlgen" to leave every field to it; otherwise objects of plain fields are written straight to JSON.
	Executor string
	// Reading returns a context for reading what is at most so old, and as of when that is: pg.DB's, as a rule.
	Reading func(ctx context.Context, maxAge time.Duration) (context.Context, time.Time)
	// Introspect lets everybody read the schema; otherwise staff only.
	Introspect bool
	Log        *slog.Logger
}

// NewServer returns the GraphQL endpoint: transports, limits, access, loaders and resolvers, in the order in
// which a request meets them.
func NewServer(o Options) (http.Handler, error) {
	resolvers := NewResolver(o.Services)
	resolvers.executed = o.Executor == ExecutorGqlgen
	return newServer(o, resolvers)
}

// The executors of Options.
const (
	ExecutorLean   = "lean"
	ExecutorGqlgen = "gqlgen"
)

// newServer is NewServer for any resolvers.
func newServer(o Options, resolvers graphql.ResolverRoot) (http.Handler, error) {
	schema := graphql.NewExecutableSchema(graphql.Config{Resolvers: resolvers})
	fields, err := access.New(schema.Schema())
	if err != nil {
		return nil, fmt.Errorf("read access of the schema: %w", err)
	}
	fields.Owner, fields.Denied = ownerOf, noteDenied(o.Services, o.Log)
	if r, asks := resolvers.(interface{ guardedBy(*access.Access) }); asks {
		r.guardedBy(fields)
	}
	documents, err := limit.NewDocuments(documentCache)
	if err != nil {
		return nil, fmt.Errorf("make document cache: %w", err)
	}
	purses := limit.Purses{Limiter: o.Limiter, Rates: o.Rates, Network: networkOf}
	answers, err := o.answers(schema.Schema(), purses)
	if err != nil {
		return nil, err
	}
	server := handler.New(schema)
	admission := transport.NewCap(o.MaxStreams, o.StreamsPerUser, streamOwner)
	server.AddTransport(transport.WebSocket{
		Init: o.Services.initSocket, Origins: o.Origins, MaxRequest: o.MaxBody, MaxOperations: o.MaxSubscriptions,
		Timeout: o.Timeout, Admission: admission, Streams: o.Streams,
	})
	server.AddTransport(transport.HTTP{
		MaxRequest: o.MaxBody, MaxBody: o.maxBody, Timeout: o.Timeout, Admission: admission, Streams: o.Streams,
		Idempotency: underKeys(o.Idempotency, schema.Schema()), Answers: answers, Documents: o.Documents,
	})
	server.SetQueryCache(documents)
	server.SetParserTokenLimit(o.Limits.Tokens)
	server.SetValidationRulesFn(limit.ValidationRules)
	server.SetDisableSuggestion(true)
	presenter := present.Presenter{Classify: classify, Log: o.Log}
	server.SetErrorPresenter(presenter.Present)
	server.SetRecoverFunc(presenter.Recover)
	server.Use(present.Errors{})
	server.Use(transport.Persisted{Documents: o.Documents, Only: persistedOnly})
	server.Use(limit.Shape{Limits: o.Limits, Accepted: documents})
	server.Use(limit.Introspection{Allow: mayIntrospect(o.Introspect)})
	server.Use(limit.Cost{Maximum: o.MaxCost, Budget: purses})
	server.Use(limit.Size{Most: maxText})
	server.Use(standing{o.Services})
	server.Use(stale{o.Reading})
	consulted := postcondition{presenter}
	server.AroundOperations(consulted.operation)
	server.AroundOperations(withEventIDs)
	server.AroundResponses(consulted.response)
	server.AroundResponses(giveEventID)
	server.AroundResponses(func(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
		if operation := gqlgen.GetOperationContext(ctx).Operation; operation != nil && operation.Operation == ast.Mutation {
			return next(ctx) // its root fields have loaders of their own
		}
		return next(loader.With(ctx, o.Sources))
	})
	server.AroundRootFields(func(ctx context.Context, next gqlgen.RootResolver) gqlgen.Marshaler {
		// Mutations run one after another: what one has loaded, the next may have changed.
		if gqlgen.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
			ctx = loader.With(ctx, o.Sources)
		}
		return next(ctx)
	})
	server.AroundRootFields(consulted.field)
	server.AroundFields(fields.AroundFields)
	return server, nil
}

// answers returns what keeps answers, nil when nothing does.
func (o Options) answers(schema *ast.Schema, purses limit.Purses) (*answer.Cache, error) {
	hints, err := answer.NewHints(schema)
	if err != nil {
		return nil, fmt.Errorf("read hints of the schema: %w", err)
	}
	if o.Answers == nil {
		return nil, nil //nolint:nilnil // none is wanted
	}
	c := *o.Answers
	c.Hints, c.Generation = hints, c.Generation+" "+fingerprint(schema)
	c.MaxCost = cmp.Or(o.MaxCost, limit.DefaultMaximum)
	c.Host = func(ctx context.Context) string { return requestOf(ctx).Host }
	c.Charge = func(ctx context.Context) (*int, error) { return purses.Spend(ctx, answer.Price) }
	return answer.New(c)
}

// fingerprint tells schemas apart.
func fingerprint(schema *ast.Schema) string {
	sum := sha256.New()
	formatter.NewFormatter(sum).FormatSchema(schema)
	return hex.EncodeToString(sum.Sum(nil))
}

// persistedOnly reports whether the caller's key reads by persisted documents only. It may write besides: then
// its mutations are persisted too.
func persistedOnly(ctx context.Context) bool {
	v, _ := viewer.From(ctx)
	return v.Can(viewer.ScopePersisted) && !v.Can(viewer.ScopeRead)
}

func mayIntrospect(everybody bool) func(context.Context) bool {
	return func(ctx context.Context) bool {
		v, _ := viewer.From(ctx)
		return everybody || v.Staff()
	}
}

// maxBody is the size of a request that the caller may send. A lesson is saved in one request with the captions
// of its film in every language; nobody but those who write lessons has that much to say.
func (o Options) maxBody(ctx context.Context) int64 {
	if v, _ := viewer.From(ctx); v.Is(viewer.Instructor, viewer.TenantAdmin) {
		return max(o.MaxBody, o.MaxBodyAuthor)
	}
	return o.MaxBody
}

// The bounds of an answer's text, in bytes. Those who write courses read whole ones, with the captions of all films.
const (
	maxTextRead    = 16 << 20
	maxTextWritten = 64 << 20
)

// maxText is how much text one answer to the caller holds.
func maxText(ctx context.Context) int64 {
	if v, _ := viewer.From(ctx); v.Is(viewer.Instructor, viewer.TenantAdmin) {
		return maxTextWritten
	}
	return maxTextRead
}

// networkOf names where a request comes from, as far as visitors are told apart.
func networkOf(ctx context.Context) string { return requestOf(ctx).Origin.Network() }

// streamOwner names who holds a stream; visitors share one allowance for their address.
func streamOwner(ctx context.Context) string {
	v, _ := viewer.From(ctx)
	if v.SignedIn() {
		return v.User.String()
	}
	return "visitor " + networkOf(ctx)
}

// classify names the fault behind errors of storage. A denied row is reported as missing, so that its
// existence is not revealed.
func classify(err error) *fault.Error {
	if ent.IsNotFound(err) || errors.Is(err, privacy.Deny) {
		return fault.New(fault.NotFound, "Not found.").Because(err)
	}
	return nil
}
