package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"

	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
	"lyceum/internal/bench/rig"
)

// Contender is a server that is asked.
type Contender struct {
	question.Speaker

	Process *rig.Process
	// Visitors are asked for in turn; every contender has the same, in the same order.
	Visitors []*question.Visitor
}

// next writes the requests of a question: connections begin at visitors of their own, and go around. Questions that
// read are written beforehand, so that asking costs little while it counts.
func (c *Contender) next(q question.Question, connections int) func(connection, n int) load.Request {
	visitor := func(connection, n int) int { return (connection + n*connections) % len(c.Visitors) }
	if q.Writes {
		return func(connection, n int) load.Request { return c.Ask(q.Name, c.Visitors[visitor(connection, n)], n) }
	}
	written := make([]load.Request, len(c.Visitors))
	for i, v := range c.Visitors {
		written[i] = c.Ask(q.Name, v, 0)
	}
	return func(connection, n int) load.Request { return written[visitor(connection, n)] }
}

// once asks a single question and returns the header and the body of its answer.
func (c *Contender) once(ctx context.Context, r load.Request) (http.Header, []byte, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Process.Address)
	if err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", c.Name(), err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(r); err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", c.Name(), err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", c.Name(), err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", c.Name(), err)
	}
	if err := question.Accept(response.StatusCode, body); err != nil {
		return nil, nil, fmt.Errorf("%s refuses %s: %w", c.Name(), bytes.TrimSpace(r), err)
	}
	return response.Header, body, nil
}

// compared is for how many visitors the answers are compared.
const compared = 8

// Answers fails when a contender answers the question with an error.
func Answers(ctx context.Context, q question.Question, contenders []*Contender) error {
	for _, c := range contenders {
		for n, v := range c.Visitors[:min(compared, len(c.Visitors))] {
			if _, _, err := c.once(ctx, c.Ask(q.Name, v, n)); err != nil {
				return fmt.Errorf("%s: %w", q.Name, err)
			}
		}
	}
	return nil
}

// Agree fails when two contenders answer a question differently: then they did not do the same work.
func Agree(ctx context.Context, q question.Question, contenders []*Contender) error {
	if q.Writes || len(q.Keys) == 0 {
		return nil
	}
	for i := range min(compared, len(contenders[0].Visitors)) {
		var first []string
		for n, c := range contenders {
			_, body, err := c.once(ctx, c.Ask(q.Name, c.Visitors[i], 0))
			if err != nil {
				return err
			}
			if c.Name() == question.FromMemory {
				continue // It answers one visitor's question, whoever asks.
			}
			values, err := question.Values(body, q.Keys)
			if err != nil {
				return fmt.Errorf("%s of %s: %w", q.Name, c.Name(), err)
			}
			if n == 0 {
				first = values
			}
			if !slices.Equal(values, first) {
				return fmt.Errorf("%s: %s and %s answer differently: %q and %q", q.Name, contenders[0].Name(), c.Name(), first, values)
			}
		}
	}
	return nil
}
