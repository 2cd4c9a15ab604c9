// Package crowd is very many people at once, for a measurement: each keeps a stream open and reports what they watch,
// others read the catalog, sign in and publish. It knows what was acknowledged, and looks afterwards whether it is there.
package crowd

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
)

// Account is somebody who signs in.
type Account struct{ Slug, Email, Password string }

// Options say how many people do what.
type Options struct {
	// Address is the server's host and port; Port is the one in the names of its hosts.
	Address string
	Port    int
	// Learners keep a stream open each and report what they watch. Each must be another person.
	Learners []dataset.Visit
	Accounts []Account
	// Catalog, Reports, SignIns and Publishes are how often each happens in a minute, of all people together.
	Catalog, Reports, SignIns, Publishes int
	// Ramp is how long the streams take to open, For how long the crowd stays. For is MostFor at most.
	Ramp, For time.Duration
	// Say is told what is being done.
	Say io.Writer
	// Complete is called when all streams stand, before anybody does anything; Leaving when all is done, before they close.
	Complete, Leaving func() error
}

// MostFor is how long a crowd can stay: after that everybody has seen the film.
const MostFor = 3 * time.Minute

// Doing is one of the things that people do, and how it went. Latencies count from when it should have begun, so that a
// server that falls behind is seen to.
type Doing struct {
	Name string `json:"name"`
	// Wanted is how often a minute it should have happened, Done how often it did.
	Wanted int           `json:"wanted_per_minute"`
	Done   float64       `json:"done_per_minute"`
	P50    time.Duration `json:"p50_ns"`
	P99    time.Duration `json:"p99_ns"`
	Failed int           `json:"failed"`
	// First is the first failure.
	First error `json:"-"`
}

// Result is what came of it.
type Result struct {
	Doings []Doing `json:"doings"`
	// Streams were open at the end; Broken ended by themselves or never began. Events came over them.
	Streams     int   `json:"streams"`
	Broken      int   `json:"broken_streams"`
	Events      int64 `json:"events"`
	FirstBroken error `json:"-"`
	// Acknowledged is the watched time that the server said it keeps, of Learners. Lost is how many of them miss some of it.
	Acknowledged time.Duration `json:"acknowledged_ns"`
	Learners     int           `json:"learners"`
	Lost         int           `json:"lost"`
}

// Run lets the crowd in, waits until it leaves, and looks for what was lost. The session must be one that row-level
// security does not bind.
func Run(ctx context.Context, conn *pgx.Conn, o Options) (Result, error) {
	if o.For <= 0 || o.For > MostFor {
		return Result{}, fmt.Errorf("a crowd stays for a time up to %s, not %s", MostFor, o.For)
	}
	speak := speaker{question.Lyceum{Port: o.Port}}
	var result Result
	streams, leave := context.WithCancel(ctx)
	defer leave()
	s := &listeners{}
	var open sync.WaitGroup
	began := time.Now()
	for i, visit := range o.Learners {
		open.Go(func() { s.listen(streams, o, i, speak.stream(visit)) })
		if !until(ctx, began.Add(o.Ramp*time.Duration(i+1)/time.Duration(len(o.Learners)))) {
			return result, ctx.Err()
		}
	}
	_, _ = fmt.Fprintf(o.Say, "%d of %d streams are open\n", s.standing.Load(), len(o.Learners))
	if err := o.Complete(); err != nil {
		return result, err
	}
	watching := newWatching(o.Learners, speak)
	result.Doings = o.doAll(ctx, speak, watching)
	result.Streams = int(s.standing.Load())
	if err := o.Leaving(); err != nil {
		return result, err
	}
	leave()
	open.Wait()
	result.Broken, result.Events, result.FirstBroken = int(s.broken.Load()), s.events.Load(), s.first()
	var err error
	result.Learners, result.Acknowledged = watching.acknowledged()
	result.Lost, err = watching.lost(ctx, conn)
	return result, err
}

// doAll has everything done at the same time.
func (o Options) doAll(ctx context.Context, speak speaker, w *watching) []Doing {
	ctx, cancel := context.WithTimeout(ctx, o.For)
	defer cancel()
	all := []activity{
		{name: "catalog reads", perMinute: o.Catalog, workers: catalogReaders, do: o.readCatalog(speak)},
		{name: "progress reports", perMinute: o.Reports, workers: reporters, do: w.report},
		{name: "sign-ins", perMinute: o.SignIns, workers: signers, do: o.signIn(speak)},
		{name: "publishes", perMinute: o.Publishes, workers: publishers, do: o.publish(speak)},
	}
	doings := make([]Doing, len(all))
	var group sync.WaitGroup
	for i, a := range all {
		group.Go(func() { doings[i] = a.run(ctx, o.Address) })
	}
	group.Wait()
	return doings
}

// How many connections each activity has at most.
const (
	catalogReaders = 64
	reporters      = 128
	signers        = 8
	publishers     = 2
)

// listeners count what happens to streams.
type listeners struct {
	standing, broken, events atomic.Int64
	failure                  atomic.Pointer[error]
}

func (l *listeners) listen(ctx context.Context, o Options, n int, r load.Request) {
	stood := false
	err := load.Stream(ctx, o.Address, from(n), r, func() { stood = true; l.standing.Add(1) }, func([]byte) { l.events.Add(1) })
	if err == nil || (ctx.Err() != nil && !stood) {
		return
	}
	if stood {
		l.standing.Add(-1)
	}
	l.broken.Add(1)
	l.failure.CompareAndSwap(nil, &err)
}

func (l *listeners) first() error {
	if err := l.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// from is the address that the n-th person asks from: the loopback network has many, and a machine has only so many
// ports for each.
func from(n int) *net.TCPAddr {
	const addresses = 200
	return &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%addresses))}
}

// until waits, and reports whether the time came before ctx ended.
func until(ctx context.Context, at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
