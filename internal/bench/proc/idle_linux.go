package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Machine is how long all cores together did something, and nothing, since the machine started, in ticks.
type Machine struct{ Busy, Idle int64 }

// The columns of the first line of /proc/stat that count waiting: idle and iowait (proc(5)).
const (
	columnIdle   = 3
	columnIOWait = 4
)

// OfMachine reads what the machine did so far.
func OfMachine() (Machine, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Machine{}, fmt.Errorf("read what the machine did: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	var m Machine
	for i, column := range strings.Fields(strings.TrimPrefix(first, "cpu")) {
		n, err := strconv.ParseInt(column, 10, 64)
		if err != nil {
			return Machine{}, fmt.Errorf("read what the machine did: %w", err)
		}
		if i == columnIdle || i == columnIOWait {
			m.Idle += n
		} else {
			m.Busy += n
		}
	}
	return m, nil
}

// Left is the share of the cores' time between two readings, from 0 to 1, in which nobody did anything.
func (m Machine) Left(before Machine) float64 {
	idle, busy := m.Idle-before.Idle, m.Busy-before.Busy
	if idle+busy == 0 {
		return 0
	}
	return float64(idle) / float64(idle+busy)
}
