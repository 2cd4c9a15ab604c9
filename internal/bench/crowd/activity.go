package crowd

import (
	"context"
	"slices"
	"sync"
	"time"

	"lyceum/internal/bench/load"
)

// activity is something that is done so many times a minute.
type activity struct {
	name               string
	perMinute, workers int
	// do does it for the n-th time. Worker n % workers does, so that nobody does two things at once.
	do func(ctx context.Context, conn *load.Conn, n int) error
}

// attempt is one time.
type attempt struct {
	took time.Duration
	err  error
}

// run does it until ctx ends, evenly spread. What comes late is done at once, and its delay counts.
func (a activity) run(ctx context.Context, address string) Doing {
	d := Doing{Name: a.name, Wanted: a.perMinute}
	if a.perMinute == 0 {
		return d
	}
	every := time.Minute / time.Duration(a.perMinute)
	began := time.Now()
	attempts := make([][]attempt, a.workers)
	var group sync.WaitGroup
	for worker := range a.workers {
		group.Go(func() {
			conn := &load.Conn{Address: address, From: from(worker)}
			defer conn.Close()
			for n := worker; ; n += a.workers {
				due := began.Add(every * time.Duration(n))
				if !until(ctx, due) {
					return
				}
				err := a.do(ctx, conn, n)
				// What the end cut off does not count, also when whoever asked noticed it a moment before the context.
				if end, bounded := ctx.Deadline(); ctx.Err() != nil || (bounded && !time.Now().Before(end)) {
					return
				}
				attempts[worker] = append(attempts[worker], attempt{time.Since(due), err})
			}
		})
	}
	group.Wait()
	d.measure(slices.Concat(attempts...), time.Since(began))
	return d
}

func (d *Doing) measure(all []attempt, elapsed time.Duration) {
	var took []time.Duration
	for _, one := range all {
		if one.err == nil {
			took = append(took, one.took)
			continue
		}
		d.Failed++
		if d.First == nil {
			d.First = one.err
		}
	}
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	d.P50, d.P99, d.Done = load.Percentile(took, 50), load.Percentile(took, 99), float64(len(took))/elapsed.Minutes()
}
