package main

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/proc"
	workload "lyceum/internal/bench/question"
)

// BenchmarkQuestions asks the whole server what `make bench` asks, without a network: each operation is one request, and
// cpu-µs/op is what this process used for it. Statements run in Postgres, which is not counted.
func BenchmarkQuestions(b *testing.B) {
	size, err := dataset.ByName("small")
	if err != nil {
		b.Fatal(err)
	}
	a := openArena(b, size, 200)
	lyceum := a.lyceum(b)
	for _, q := range workload.All() {
		b.Run(q.Name, func(b *testing.B) {
			var asked atomic.Int64
			before := spent(b)
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := int(asked.Add(1))
					a.answer(b, lyceum.Ask(q.Name, lyceum.Visitors[n%len(lyceum.Visitors)], n/len(lyceum.Visitors)))
				}
			})
			b.ReportMetric(float64((spent(b)-before)/1000)/float64(b.N), "cpu-µs/op")
		})
	}
}

// spent is what this process used of the CPU, in nanoseconds.
func spent(b *testing.B) int64 {
	b.Helper()
	usage, err := proc.Of(os.Getpid())
	if err != nil {
		b.Skip(err)
	}
	return usage.CPU.Nanoseconds()
}

// answer answers a request without a network.
func (a *arena) answer(b *testing.B, text []byte) {
	b.Helper()
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		b.Error(err)
		return
	}
	request.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	a.server.Config.Handler.ServeHTTP(w, request.WithContext(b.Context()))
	if err := workload.Accept(w.Code, w.Body.Bytes()); err != nil {
		b.Error(err)
	}
}
