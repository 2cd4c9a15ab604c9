//go:build !linux

// Package proc reads what processes used of the machine, from /proc.
package proc

import (
	"errors"
	"time"
)

// Usage is what a family of processes used so far.
type Usage struct {
	// CPU is the time on all cores.
	CPU time.Duration
	// Resident is the memory, in bytes.
	Resident int64
}

// Of returns an error: only Linux tells.
func Of(int) (Usage, error) { return Usage{}, errors.New("what processes use is read on Linux only") }

// Machine is how long all cores together did something, and nothing.
type Machine struct{}

// OfMachine returns an error: only Linux tells.
func OfMachine() (Machine, error) {
	return Machine{}, errors.New("what the machine does is read on Linux only")
}

// Left is 0.
func (Machine) Left(Machine) float64 { return 0 }
