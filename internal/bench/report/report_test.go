package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lyceum/internal/bench/report"
)

func TestMedianIsOfEachNumber(t *testing.T) {
	t.Parallel()
	m := report.Median([]report.Measure{
		{PerSecond: 30, P50: 1, P99: 9, Failed: 1}, {PerSecond: 10, P50: 3, P99: 7}, {PerSecond: 20, P50: 2, P99: 8, Failed: 2},
	})
	if m.PerSecond != 20 || m.P50 != 2 || m.P99 != 8 || m.Failed != 3 {
		t.Errorf("the median is %+v", m)
	}
	if two := report.Median([]report.Measure{{PerSecond: 2}, {PerSecond: 1}}); two.PerSecond != 1 {
		t.Errorf("of two, %v is taken", two.PerSecond)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := &report.Report{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Rows: []report.Row{
		{Question: "W1", About: "a page", Contender: "ours", Measure: report.Measure{
			PerSecond: 300, P50: 1500 * time.Microsecond, ServerCPU: 53_600 * time.Nanosecond, PostgresCPU: 6400 * time.Nanosecond,
		}},
		{Question: "W1", About: "a page", Contender: "theirs", Measure: report.Measure{PerSecond: 100, Statements: 3}},
	}}
	r.Check([]report.Target{
		{Question: "W1", Contender: "ours", Against: "theirs", AtLeast: 3},
		{Question: "W1", Contender: "ours", Against: "theirs", AtLeast: 3.5},
		{Question: "W2", Contender: "ours", Against: "theirs", AtLeast: 1},
	})
	if !r.Targets[0].Met || r.Targets[1].Met || r.Targets[1].Reached != 3 || r.Targets[2].Met {
		t.Errorf("checked: %+v", r.Targets)
	}
	table := r.Table()
	for _, want := range []string{
		"## W1: a page", "| ours | 300 | 1.5 | 0.0 | 0.0 | 54 + 6 |", "| theirs | 100 |", "| W1 | ours | theirs | 3.0 | 3.00 | met |",
		"| 3.5 | 3.00 | **missed** |", "not measured",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not hold %q:\n%s", want, table)
		}
	}
	path := filepath.Join(t.TempDir(), "report.json")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	if body, err := os.ReadFile(path); err != nil || !strings.Contains(string(body), `"p50_ns": 1500000`) {
		t.Errorf("kept %s, %v", body, err)
	}
}
