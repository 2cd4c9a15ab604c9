package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lyceum/internal/bench/dataset"
)

// TestGrowth measures two tiny sizes from beginning to end: what is measured on a quiet machine is measured by this.
func TestGrowth(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts two clusters")
	}
	home := filepath.Join(t.TempDir(), "growth")
	f := growthFlags{
		rigFlags: rigFlags{home: home, wal: growthLog, environ: []string{runsLyceum + "=1"}},
		only:     "W1,W2,W3,W4,W5,W6", report: filepath.Join(t.TempDir(), "growth.json"),
		rounds: 1, connections: 4, visitors: 12, duration: 500 * time.Millisecond,
	}
	sizes := []dataset.Size{
		{Name: "tiny", Tenants: 1, Users: 60, Courses: 25, Modules: 2, Lessons: 3, Enrollments: 360, Progress: 720, Asking: 20},
		{Name: "larger", Tenants: 3, Users: 180, Courses: 75, Modules: 2, Lessons: 3, Enrollments: 1_080, Progress: 2_160, Asking: 20},
	}
	g, err := f.run(t.Context(), t.Output(), sizes)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Steps) != 2 || g.Steps[1].Progress <= g.Steps[0].Progress || g.Steps[1].Courses <= g.Steps[0].Courses || g.Steps[1].Bytes <= 0 {
		t.Errorf("the steps are %+v", g.Steps)
	}
	for i, step := range g.Steps {
		if len(step.Rows) != 6 {
			t.Errorf("%s: %d questions were measured", step.Name, len(step.Rows))
		}
		for _, row := range step.Rows {
			if row.Failed > 0 || row.PerSecond <= 0 || row.CPU() <= 0 || (i == 0) != (row.Ratio == 1) {
				t.Errorf("%s of %s: %+v", row.Question, step.Name, row)
			}
			// The machine may lack pg_stat_statements; where it counts, it counts pages too.
			if row.Statements > 0 && (row.Pages <= 0 || row.Found <= 0 || row.Found > 1) {
				t.Errorf("%s of %s took %v statements, %v pages, of which %v were found", row.Question, step.Name, row.Statements, row.Pages, row.Found)
			}
		}
	}
	if page, err := os.ReadFile(strings.TrimSuffix(f.report, "json") + "md"); err != nil || !strings.Contains(string(page), "| larger | 3 |") {
		t.Errorf("kept %s, %v", page, err)
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the rows are still there: %v", err)
	}
}
