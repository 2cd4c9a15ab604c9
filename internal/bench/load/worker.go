package load

import (
	"context"
	"slices"
	"time"
)

// worker is one connection, and what it measured.
type worker struct {
	number  int
	options *Options
	conn    *Conn

	took   []time.Duration
	bytes  int
	failed int
	first  error
}

// run asks until ctx ends. After a failure it connects anew.
func (w *worker) run(ctx context.Context) {
	w.conn = &Conn{Address: w.options.Address}
	defer w.conn.Close()
	for n := 0; ctx.Err() == nil; n++ {
		started := time.Now()
		size := 0
		err := w.conn.Ask(ctx, w.options.Next(w.number, n), func(status int, body []byte) error {
			size = len(body)
			return w.options.Accept(status, body)
		})
		if err != nil {
			w.fail(err)
			continue
		}
		w.took = append(w.took, time.Since(started))
		w.bytes += size
	}
}

func (w *worker) fail(err error) {
	w.failed++
	if w.first == nil {
		w.first = err
	}
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
	result.P50, result.P99, result.Bytes = Percentile(took, 50), Percentile(took, 99), size/len(took)
	return result
}

// Percentile is the smallest value that at least p percent are not above, of values in order.
func Percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}
