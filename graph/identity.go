package graph

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// Identity puts the viewer into every request: from its session or key, else a visitor of the tenant that
// the host names.
type Identity struct {
	Directory *tenancy.Directory
	Tenancy   *tenancy.Service
	Guesses   Guesses
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Log hears of requests that could not be looked at.
	Log *slog.Logger
}

// Middleware refuses requests whose token is not good or belongs to another tenant than the host.
func (i Identity) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		identified, err := i.identify(r)
		if err != nil {
			i.refuse(r.Context(), w, err)
			return
		}
		next.ServeHTTP(w, identified)
	})
}

// identify returns the request with its viewer in its context.
func (i Identity) identify(r *http.Request) (*http.Request, error) {
	place, named, err := i.Directory.ByHost(r.Context(), r.Host)
	if err != nil {
		return nil, err
	}
	ctx := WithRequest(r.Context(), Request{
		Origin:      tenancy.Origin{IP: i.clientIP(r), UserAgent: r.UserAgent()},
		TenantNamed: named, TenantSlug: place.Slug, Host: place.Host,
	})
	v, err := authenticate(ctx, i.Tenancy, place, named, r.Header.Get("Authorization"))
	if err != nil {
		return nil, failed(ctx, i.Guesses, place.Tenant, err)
	}
	return r.WithContext(viewer.With(ctx, v)), nil
}

// authenticate returns the viewer behind an Authorization header, or a visitor when there is none. On a host
// that names a tenant, a token of another is refused like one that does not exist.
func authenticate(
	ctx context.Context, sessions *tenancy.Service, place tenancy.Place, named bool, authorization string,
) (viewer.Viewer, error) {
	if authorization == "" {
		visitor := viewer.Of(place.Tenant)
		visitor.School = place.School
		return visitor, nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return viewer.Viewer{}, fault.New(fault.Unauthenticated, "Send `Authorization: Bearer` and a token.")
	}
	v, err := sessions.Authenticate(ctx, strings.TrimSpace(token))
	if err != nil {
		return viewer.Viewer{}, err
	}
	if named && v.Tenant != place.Tenant {
		return viewer.Viewer{}, fault.New(fault.Unauthenticated, "The token is not valid; sign in again.")
	}
	return v, nil
}

// clientIP is the address that connected, or behind trusted proxies the last address that is not theirs.
func (i Identity) clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	// A proxy may add a line of its own below what the client sent: the last of all lines is the nearest hop.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for len(hops) > 0 && i.trusts(host) {
		last := strings.TrimSpace(hops[len(hops)-1])
		if _, err := netip.ParseAddr(last); err != nil {
			break
		}
		host, hops = last, hops[:len(hops)-1]
	}
	return host
}

func (i Identity) trusts(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(i.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

// initSocket authenticates a WebSocket from the token in its connection_init payload, since browsers cannot
// send headers with one. Without a token the viewer of the handshake stays.
func (s *Services) initSocket(ctx context.Context, payload map[string]any) (context.Context, error) {
	ctx = viaSocket(ctx)
	authorization, ok := payload["authorization"].(string)
	if !ok {
		authorization, ok = payload["Authorization"].(string)
	}
	if !ok || authorization == "" {
		return ctx, nil
	}
	here := tenancy.Place{Tenant: viewer.Tenant(ctx)}
	v, err := authenticate(ctx, s.Tenancy, here, requestOf(ctx).TenantNamed, authorization)
	if err != nil {
		return nil, failed(ctx, s.Guesses, here.Tenant, err)
	}
	return viewer.With(ctx, v), nil
}

// refusal is an answer without data, in the shape that GraphQL clients read.
type refusal struct {
	Errors [1]refusalError `json:"errors"`
}

type refusalError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code fault.Code `json:"code"`
		// RetryAfter is in seconds.
		RetryAfter int `json:"retryAfter,omitempty"`
	} `json:"extensions"`
}

// refuse answers a request that does not reach GraphQL.
func (i Identity) refuse(ctx context.Context, w http.ResponseWriter, err error) {
	f, told := errors.AsType[*fault.Error](err)
	if !told {
		i.Log.ErrorContext(ctx, "request not identified", "err", err)
		f = fault.New(fault.Internal, "Something went wrong on our side.")
	}
	status := refusalStatus(f.Code)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="lyceum"`)
	}
	var answer refusal
	if wait := int(math.Ceil(f.RetryAfter.Seconds())); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		answer.Errors[0].Extensions.RetryAfter = wait
	}
	answer.Errors[0].Message, answer.Errors[0].Extensions.Code = f.Message, f.Code
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		i.Log.DebugContext(ctx, "refusal not delivered", "err", err)
	}
}

// refusalStatus is the status of a refusal.
func refusalStatus(code fault.Code) int {
	switch code {
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.NotFound:
		return http.StatusNotFound
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
