// Package load asks servers questions over HTTP, as many as they answer, and measures what they take. It writes the
// bytes of each request as they are and reads no more of an answer than it must: the machine is shared with what is
// measured.
package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Request is one request, ready to be written: an HTTP/1.1 message with Content-Length, without Connection: close.
type Request []byte

// Options say how to ask.
type Options struct {
	// Address is a host and port.
	Address string
	// Connections are kept alive, and ask one question at a time each.
	Connections int
	// For is how long to ask.
	For time.Duration
	// Next returns the n-th question of a connection. It is called from many goroutines.
	Next func(connection, n int) Request
	// Accept looks at the status and the body of an answer, which it must not keep; an error counts as a failed request.
	Accept func(status int, body []byte) error
}

// Result is what came of it.
type Result struct {
	// Requests were answered well, in Elapsed.
	Requests int
	Elapsed  time.Duration
	// P50 and P99 are the times that so many percent of the answers took at most.
	P50, P99 time.Duration
	// Bytes is the size of an answer on average.
	Bytes int
	// Failed counts the others, of which First is the first.
	Failed int
	First  error
}

// PerSecond is the throughput.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Run asks until the time is over. The error is set when nothing could be asked at all; requests that fail are counted.
func Run(ctx context.Context, o Options) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, o.For)
	defer cancel()
	workers := make([]*worker, o.Connections)
	started := time.Now()
	var running sync.WaitGroup
	for i := range workers {
		workers[i] = &worker{number: i, options: &o}
		running.Go(func() { workers[i].run(ctx) })
	}
	running.Wait()
	result := merge(workers, time.Since(started))
	if result.Requests == 0 {
		return result, fmt.Errorf("ask %s: %w", o.Address, errors.Join(errors.New("nothing was answered"), result.First))
	}
	return result, nil
}
