package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 8 << 20

// Through returns a transport that reaches the base domain and all hosts below it at addr, whatever the
// name service says: it knows *.localhost in few places only. All other hosts are reached as usual.
func Through(addr, base string) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, asked string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(asked)
			if err == nil && (host == base || strings.HasSuffix(host, "."+base)) {
				asked = addr
			}
			return dialer.DialContext(ctx, network, asked)
		},
		IdleConnTimeout: time.Minute,
	}
}

// caller is somebody who uses the API at one address.
type caller struct {
	http *http.Client
	// origin is the address of a tenant: "http://acme.localhost:8080".
	origin string
	// token is "" for a visitor.
	token string
}

// answer is what came back.
type answer struct {
	status int
	body   []byte
}

// send posts a document and returns whatever comes back.
func (c caller) send(ctx context.Context, document string, variables map[string]any) (answer, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return answer{}, fmt.Errorf("encode request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.origin+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	return c.do(request)
}

// get fetches an address, which may be a path.
func (c caller) get(ctx context.Context, address string) (answer, error) {
	if strings.HasPrefix(address, "/") {
		address = c.origin + address
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	return c.do(request)
}

func (c caller) do(request *http.Request) (a answer, err error) {
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("ask the server: %w", err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	return answer{status: response.StatusCode, body: body}, nil
}

// reply is a GraphQL answer.
type reply struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string `json:"message"`
		Extensions struct {
			Code string `json:"code"`
		} `json:"extensions"`
	} `json:"errors"`
}

func (a answer) reply() (reply, error) {
	var r reply
	if err := json.Unmarshal(a.body, &r); err != nil {
		return reply{}, fmt.Errorf("read answer with status %d: %w", a.status, err)
	}
	return r, nil
}

// run posts a document that must succeed, and reads its data into a value.
func (c caller) run(ctx context.Context, document string, variables map[string]any, into any) error {
	a, err := c.send(ctx, document, variables)
	if err != nil {
		return err
	}
	r, err := a.reply()
	if err != nil {
		return err
	}
	if len(r.Errors) > 0 {
		return fmt.Errorf("the server answers: %s (%s)", r.Errors[0].Message, r.Errors[0].Extensions.Code)
	}
	if err := json.Unmarshal(r.Data, into); err != nil {
		return fmt.Errorf("read data: %w", err)
	}
	return nil
}
