package report

import (
	"fmt"
	"strings"
	"time"
)

// Table is the report as Markdown, to be read by people.
func (r *Report) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Measured on %s\n\n", r.At.Format(time.DateOnly))
	fmt.Fprintf(&b, "%s, %d cores, %s, %s; %s, %s. Commit %s. Rows: %s. %d connections, %d rounds of %.0f s in turns, medians.\n",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.System, r.Machine.Go, r.Machine.Postgres, r.Commit, r.Size,
		r.Connections, r.Rounds, r.Seconds)
	b.WriteString("Server, database and load generator share the machine: only ratios mean anything.\n")
	question := ""
	for _, row := range r.Rows {
		if row.Question != question {
			question = row.Question
			fmt.Fprintf(&b, "\n## %s: %s\n\n", row.Question, row.About)
			b.WriteString("| | requests/s | p50 ms | p99 ms | SQL | CPU µs: server + Postgres | answer KB | memory MB | failed |\n")
			b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.1f | %.1f | %.1f | %d + %d | %.1f | %d | %d |\n", row.Contender, row.PerSecond,
			milliseconds(row.P50), milliseconds(row.P99), row.Statements, microseconds(row.ServerCPU), microseconds(row.PostgresCPU),
			float64(row.Bytes)/1024, row.Resident>>20, row.Failed)
	}
	r.writeTargets(&b)
	return b.String()
}

func (r *Report) writeTargets(b *strings.Builder) {
	if len(r.Targets) == 0 {
		return
	}
	b.WriteString("\n## Targets\n\n| question | contender | against | at least | reached | |\n|---|---|---|---:|---:|---|\n")
	for _, c := range r.Targets {
		verdict := "**missed**"
		switch {
		case c.Reached == 0:
			verdict = "not measured"
		case c.Met:
			verdict = "met"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %.1f | %.2f | %s |\n", c.Question, c.Contender, c.Against, c.AtLeast, c.Reached, verdict)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// microseconds rounds to the nearest: of 6.6 there are 7.
func microseconds(d time.Duration) int64 { return d.Round(time.Microsecond).Microseconds() }
