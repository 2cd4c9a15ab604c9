package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

// answerTimeout is how long an answer may take before it counts as failed.
const answerTimeout = 30 * time.Second

// worker is one connection.
type worker struct {
	number  int
	options *Options

	conn   net.Conn
	reader *bufio.Reader
	body   bytes.Buffer

	took   []time.Duration
	bytes  int
	failed int
	first  error
}

// run asks until ctx ends. After a failure it connects anew.
func (w *worker) run(ctx context.Context) {
	defer w.hangUp()
	for n := 0; ctx.Err() == nil; n++ {
		started := time.Now()
		if err := w.ask(ctx, w.options.Next(w.number, n)); err != nil {
			w.fail(err)
			continue
		}
		w.took = append(w.took, time.Since(started))
		w.bytes += w.body.Len()
	}
}

func (w *worker) fail(err error) {
	w.failed++
	if w.first == nil {
		w.first = err
	}
	w.hangUp()
}

func (w *worker) hangUp() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// ask writes the request and reads its answer to the end.
func (w *worker) ask(ctx context.Context, r Request) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	if err := w.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := w.conn.Write(r); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	answer, err := http.ReadResponse(w.reader, nil)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	w.body.Reset()
	if _, err := io.Copy(&w.body, answer.Body); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return w.options.Accept(answer.StatusCode, w.body.Bytes())
}

func (w *worker) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.options.Address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	w.conn, w.reader = conn, bufio.NewReaderSize(conn, 64<<10)
	return nil
}

// merge puts together what the workers measured.
func merge(workers []*worker, elapsed time.Duration) Result {
	result := Result{Elapsed: elapsed}
	var took []time.Duration
	var size int
	for _, w := range workers {
		took = append(took, w.took...)
		size += w.bytes
		result.Failed += w.failed
		if result.First == nil {
			result.First = w.first
		}
	}
	result.Requests = len(took)
	if len(took) == 0 {
		return result
	}
	slices.Sort(took)
	result.P50, result.P99, result.Bytes = percentile(took, 50), percentile(took, 99), size/len(took)
	return result
}

// percentile is the smallest value that at least p percent are not above, of values in order.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}
