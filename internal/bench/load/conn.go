package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// answerTimeout is how long an answer may take before it counts as failed.
const answerTimeout = 30 * time.Second

// Conn asks one question at a time over one connection, which it keeps, and makes anew after a failure. It is used by one
// goroutine.
type Conn struct {
	// Address is a host and port.
	Address string
	// From is the address to ask from, nil for the machine's choice.
	From *net.TCPAddr

	conn   net.Conn
	reader *bufio.Reader
	body   bytes.Buffer
}

// readBuffer is as large as the answers that are asked for most.
const readBuffer = 64 << 10

// Ask writes the request, reads its answer to the end, and gives it to accept, which must not keep the body. Its error
// is returned as it is, and ends the connection as any failure does.
func (c *Conn) Ask(ctx context.Context, r Request, accept func(status int, body []byte) error) error {
	err := c.ask(ctx, r, accept)
	if err != nil {
		c.Close()
	}
	return err
}

func (c *Conn) ask(ctx context.Context, r Request, accept func(status int, body []byte) error) error {
	if c.conn == nil {
		conn, err := dial(ctx, c.Address, c.From)
		if err != nil {
			return err
		}
		c.conn, c.reader = conn, bufio.NewReaderSize(conn, readBuffer)
	}
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := c.conn.Write(r); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	c.body.Reset()
	if _, err := io.Copy(&c.body, answer.Body); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return accept(answer.StatusCode, c.body.Bytes())
}

// Close ends the connection; the next question makes another.
func (c *Conn) Close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// dial connects, from that address when there is one.
func dial(ctx context.Context, address string, from *net.TCPAddr) (net.Conn, error) {
	dialer := &net.Dialer{}
	if from != nil {
		dialer.LocalAddr = from
	}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}
