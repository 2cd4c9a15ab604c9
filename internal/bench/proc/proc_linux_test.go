package proc_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"lyceum/internal/bench/proc"
)

func TestOfCountsTheProcessAndItsChildren(t *testing.T) {
	t.Parallel()
	before, err := proc.Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if before.Resident <= 0 {
		t.Errorf("this process has %d bytes", before.Resident)
	}
	const work = 300 * time.Millisecond
	for deadline := time.Now().Add(20 * work); ; {
		if err := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done").Run(); err != nil {
			t.Fatal(err)
		}
		after, err := proc.Of(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.CPU-before.CPU >= work {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("children worked, and %v were counted", after.CPU-before.CPU)
		}
	}
}

func TestOfNobody(t *testing.T) {
	t.Parallel()
	if _, err := proc.Of(1 << 30); err == nil {
		t.Error("a process that is not there used something")
	}
}
