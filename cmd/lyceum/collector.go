package main

import (
	"os"
	"runtime/debug"
)

// collectAt is how much the heap may grow between two collections, in percent. Answers are garbage as soon as they are
// sent: with Go's default of 100 a fifth of the time goes into collecting them. docs/performance.md has the figures.
const collectAt = 400

// tuneCollector makes garbage be collected less often, unless GOGC says how often. A limit in GOMEMLIMIT still holds.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}
