// Package report writes down what a measurement found.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Measure is what one contender took for one question.
type Measure struct {
	PerSecond float64 `json:"per_second"`
	// P50 and P99 are in nanoseconds, as are the CPU times, which are of one request.
	P50         time.Duration `json:"p50_ns"`
	P99         time.Duration `json:"p99_ns"`
	ServerCPU   time.Duration `json:"server_cpu_ns"`
	PostgresCPU time.Duration `json:"postgres_cpu_ns"`
	// Statements is how many statements of SQL a request cost, 0 when nobody counted.
	Statements float64 `json:"statements"`
	// Rows is how many rows those returned or changed, Pages how many pages of 8 KiB they touched, and Found the share of
	// pages, from 0 to 1, that was in shared buffers.
	Rows  float64 `json:"rows,omitempty"`
	Pages float64 `json:"pages,omitempty"`
	Found float64 `json:"found,omitempty"`
	// Bytes is the size of an answer, Resident the memory of the server's processes.
	Bytes    int   `json:"bytes"`
	Resident int64 `json:"resident_bytes"`
	Failed   int   `json:"failed"`
}

// Row is a line of the table.
type Row struct {
	Measure

	Question  string `json:"question"`
	About     string `json:"about"`
	Contender string `json:"contender"`
}

// Machine is where it was measured.
type Machine struct {
	System string `json:"system"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Go     string `json:"go"`
	// Postgres is the version of the database.
	Postgres string `json:"postgres"`
}

// Report is one run.
type Report struct {
	At      time.Time `json:"at"`
	Commit  string    `json:"commit"`
	Size    string    `json:"size"`
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"`
	// Connections asked at the same time.
	Connections int     `json:"connections"`
	Machine     Machine `json:"machine"`
	Rows        []Row   `json:"rows"`
	Targets     []Check `json:"targets"`
}

// Median returns the medians of every number by itself; failures are added up.
func Median(measures []Measure) Measure {
	m := Measure{
		PerSecond: median(measures, func(m Measure) float64 { return m.PerSecond }),
		P50:       median(measures, func(m Measure) time.Duration { return m.P50 }),
		P99:       median(measures, func(m Measure) time.Duration { return m.P99 }),
		ServerCPU: median(measures, func(m Measure) time.Duration { return m.ServerCPU }), PostgresCPU: median(measures, func(m Measure) time.Duration { return m.PostgresCPU }),
		Statements: median(measures, func(m Measure) float64 { return m.Statements }),
		Rows:       median(measures, func(m Measure) float64 { return m.Rows }),
		Pages:      median(measures, func(m Measure) float64 { return m.Pages }),
		Found:      median(measures, func(m Measure) float64 { return m.Found }),
		Bytes:      median(measures, func(m Measure) int { return m.Bytes }),
		Resident:   median(measures, func(m Measure) int64 { return m.Resident }),
	}
	for _, one := range measures {
		m.Failed += one.Failed
	}
	return m
}

// median is the middle value, the lower of two.
func median[T cmp.Ordered](measures []Measure, of func(Measure) T) T {
	values := make([]T, len(measures))
	for i, m := range measures {
		values[i] = of(m)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// Save writes the report as JSON.
func (r *Report) Save(path string) error { return save(r, path) }

func save(report any, path string) error {
	body, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.WriteFile(path, append(body, '\n'), 0o644); err != nil { //nolint:gosec // to be read by everybody
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// find returns the row of a question and a contender, nil when it was not measured.
func (r *Report) find(question, contender string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Question == question && r.Rows[i].Contender == contender {
			return &r.Rows[i]
		}
	}
	return nil
}
