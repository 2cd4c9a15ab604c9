package report

import (
	"fmt"
	"strings"
	"time"

	"lyceum/internal/bench/dataset"
)

// Bearable is by how much an answer may get dearer while the tables grow a hundred times.
const Bearable = 1.3

// Growth is the same questions over more and more rows.
type Growth struct {
	At      time.Time `json:"at"`
	Commit  string    `json:"commit"`
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"`
	// Connections asked at the same time.
	Connections int     `json:"connections"`
	Machine     Machine `json:"machine"`
	// Steps are the sizes in the order in which they were measured; ratios are to the first one.
	Steps []Step `json:"steps"`
}

// Step is one size, and what was measured at it.
type Step struct {
	dataset.Extent

	Name string `json:"name"`
	// Seeding is how long making the rows took.
	Seeding time.Duration `json:"seeding_ns"`
	Rows    []Grown       `json:"rows"`
}

// Grown is a question at one size, and how dear it is there.
type Grown struct {
	Row

	// Ratio is the CPU of a request, of server and Postgres together, in terms of the first step's.
	Ratio float64 `json:"ratio"`
}

// CPU is what a request took of server and Postgres together.
func (m Measure) CPU() time.Duration { return m.ServerCPU + m.PostgresCPU }

// Add appends a step, and compares it with the first.
func (g *Growth) Add(step Step, rows []Row) {
	for _, row := range rows {
		grown := Grown{Row: row, Ratio: 1}
		if first := g.first(row.Question); first != nil && first.CPU() > 0 {
			grown.Ratio = float64(row.CPU()) / float64(first.CPU())
		}
		step.Rows = append(step.Rows, grown)
	}
	g.Steps = append(g.Steps, step)
}

func (g *Growth) first(question string) *Grown {
	if len(g.Steps) == 0 {
		return nil
	}
	for i := range g.Steps[0].Rows {
		if g.Steps[0].Rows[i].Question == question {
			return &g.Steps[0].Rows[i]
		}
	}
	return nil
}

// Save writes the report as JSON.
func (g *Growth) Save(path string) error { return save(g, path) }

// Table is the report as Markdown, to be read by people.
func (g *Growth) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Growth, measured on %s\n\n", g.At.Format(time.DateOnly))
	fmt.Fprintf(&b, "%s, %d cores, %s, %s; %s, %s. Commit %s. %d connections, %d rounds of %.0f s, medians, no response cache.\n",
		g.Machine.CPU, g.Machine.Cores, g.Machine.Memory, g.Machine.System, g.Machine.Go, g.Machine.Postgres, g.Commit,
		g.Connections, g.Rounds, g.Seconds)
	fmt.Fprintf(&b, "Whoever asks is shown a whole page at every size. Dearer is the CPU of a request, server and Postgres, in terms of the first size: at most %.1f is wanted.\n", Bearable)
	b.WriteString("\n| size | tenants | courses | people | enrollments | progress rows | database MB | seeded in |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range g.Steps {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %s |\n", s.Name, s.Tenants, s.Courses, s.People, s.Enrollments, s.Progress,
			s.Bytes>>20, s.Seeding.Round(time.Second))
	}
	if len(g.Steps) > 0 {
		for i := range g.Steps[0].Rows {
			g.question(&b, &g.Steps[0].Rows[i])
		}
	}
	return b.String()
}

// question writes what one question took at each size.
func (g *Growth) question(b *strings.Builder, first *Grown) {
	fmt.Fprintf(b, "\n## %s: %s\n\n", first.Question, first.About)
	b.WriteString("| size | requests/s | p50 ms | p99 ms | CPU µs: server + Postgres | dearer | SQL | rows | pages | in shared buffers | answer KB | failed |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range g.Steps {
		for _, r := range s.Rows {
			if r.Question != first.Question {
				continue
			}
			dearer := fmt.Sprintf("%.2f", r.Ratio)
			if r.Ratio > Bearable {
				dearer = "**" + dearer + "**"
			}
			fmt.Fprintf(b, "| %s | %.0f | %.1f | %.1f | %d + %d | %s | %.1f | %.1f | %.1f | %.2f %% | %.1f | %d |\n", s.Name, r.PerSecond,
				milliseconds(r.P50), milliseconds(r.P99), microseconds(r.ServerCPU), microseconds(r.PostgresCPU), dearer,
				r.Statements, r.Rows, r.Pages, 100*r.Found, float64(r.Bytes)/1024, r.Failed)
		}
	}
}
