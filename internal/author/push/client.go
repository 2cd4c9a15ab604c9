package push

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/internal/fault"
	"lyceum/internal/gen/authorapi"
)

// timeout bounds one request of the API. Uploads take as long as they take.
const timeout = 60 * time.Second

// dialTimeout bounds one attempt to connect.
const dialTimeout = 10 * time.Second

// Client talks to one tenant of one server.
type Client struct {
	api graphql.Client
	// files sends bytes to storage.
	files *http.Client
	// pause is how long the first wait is before something is tried again.
	pause time.Duration
}

// NewClient returns a client for the server's address ("https://acme.example.com") that signs its requests
// with the token, if there is one. A nil transport is the usual one.
func NewClient(server, token string, transport http.RoundTripper) *Client {
	if transport == nil {
		transport = usual()
	}
	return &Client{
		api: graphql.NewClient(strings.TrimSuffix(server, "/")+"/graphql", &http.Client{
			Timeout: timeout, Transport: signed{transport, token},
		}),
		files: &http.Client{Transport: transport},
		pause: firstPause,
	}
}

// usual is the usual transport, which finds *.localhost on this machine (RFC 6761, section 6.3) even where
// the system's resolver does not.
func usual() http.RoundTripper {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err == nil && strings.HasSuffix(host, ".localhost") {
				address = net.JoinHostPort("localhost", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
}

// signed adds the token to every request.
type signed struct {
	next  http.RoundTripper
	token string
}

// RoundTrip implements http.RoundTripper.
func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/graphql-response+json, application/json")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("reach the server: %w", err)
	}
	return response, nil
}

// SignedIn is what a sign-in gives.
type SignedIn struct {
	Token, Name, Role, Tenant string
	ExpiresAt                 time.Time
}

// SignIn opens a session. Tenant is needed only on a host that names none.
func (c *Client) SignIn(ctx context.Context, email, password, tenant string) (*SignedIn, error) {
	in := &authorapi.SignInInput{Email: email, Password: password}
	if tenant != "" {
		in.Tenant = &tenant
	}
	answer, err := authorapi.SignIn(ctx, c.api, in)
	if err != nil {
		return nil, told(err)
	}
	opened := answer.SignIn
	s := &SignedIn{
		Token: opened.Token, Role: string(opened.Viewer.Role), Tenant: opened.Viewer.Tenant.Name, ExpiresAt: opened.ExpiresAt,
	}
	if opened.Viewer.User != nil {
		s.Name = opened.Viewer.User.Name
	}
	return s, nil
}

// told turns an answer's errors into a fault, so that the author reads the server's own sentences.
func told(err error) error {
	var list gqlerror.List
	if !errors.As(err, &list) || len(list) == 0 {
		var refused *graphql.HTTPError
		if !errors.As(err, &refused) || len(refused.Response.Errors) == 0 {
			return fmt.Errorf("ask the server: %w", err)
		}
		list = refused.Response.Errors
	}
	first := list[0]
	f := fault.New(fault.Internal, first.Message)
	if code, ok := first.Extensions["code"].(string); ok {
		f.Code = fault.Code(code)
	}
	violations, _ := first.Extensions["violations"].([]any)
	for _, v := range violations {
		entry, _ := v.(map[string]any)
		field, _ := entry["field"].(string)
		message, _ := entry["message"].(string)
		f.Violations = append(f.Violations, fault.Violation{Field: field, Message: message})
	}
	return f
}
