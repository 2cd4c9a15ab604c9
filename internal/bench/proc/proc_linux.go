// Package proc reads what processes used of the machine, from /proc.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The kernel counts time in hundredths of a second towards programs, whatever it counts in itself (proc(5), USER_HZ).
const tick = 10 * time.Millisecond

// The fields of /proc/<pid>/stat behind the name of the program, counted from 0 (proc(5) counts from 3).
const (
	fieldParent      = 1
	fieldUser        = 11
	fieldSystem      = 12
	fieldChildUser   = 13
	fieldChildSystem = 14
)

// Usage is what a family of processes used so far.
type Usage struct {
	// CPU is the time on all cores.
	CPU time.Duration
	// Resident is the memory, in bytes; pages that are shared count for each process that has them.
	Resident int64
}

// Of returns what the process and its living descendants used, and those of their children that ended.
func Of(pid int) (Usage, error) {
	children, err := families()
	if err != nil {
		return Usage{}, err
	}
	var total Usage
	if err := total.add(pid, children); err != nil {
		return Usage{}, err
	}
	return total, nil
}

func (u *Usage) add(pid int, children map[int][]int) error {
	fields, err := stat(pid)
	if err != nil {
		return err
	}
	for _, field := range []int{fieldUser, fieldSystem, fieldChildUser, fieldChildSystem} {
		ticks, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return fmt.Errorf("read CPU time of process %d: %w", pid, err)
		}
		u.CPU += time.Duration(ticks) * tick
	}
	u.Resident += resident(pid)
	for _, child := range children[pid] {
		// A child that ended meanwhile is counted by its parent the next time.
		_ = u.add(child, children)
	}
	return nil
}

// families returns the children of each process.
func families() (map[int][]int, error) {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil {
			continue
		}
		fields, err := stat(pid)
		if err != nil {
			continue // It ended.
		}
		parent, err := strconv.Atoi(fields[fieldParent])
		if err != nil {
			return nil, fmt.Errorf("read parent of process %d: %w", pid, err)
		}
		children[parent] = append(children[parent], pid)
	}
	return children, nil
}

// stat returns the fields behind the program's name, which may itself hold spaces and parentheses.
func stat(pid int) ([]string, error) {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, fmt.Errorf("read process: %w", err)
	}
	end := bytes.LastIndexByte(body, ')')
	fields := strings.Fields(string(body[end+1:]))
	if end < 0 || len(fields) <= fieldChildSystem {
		return nil, fmt.Errorf("read process %d: /proc says %q", pid, body)
	}
	return fields, nil
}

// resident is the process's memory in bytes, 0 when it ended.
func resident(pid int) int64 {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(body))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
