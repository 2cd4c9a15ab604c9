// Package catalog plants state, and writes its own entity.
package catalog

import "sync"

// table is no state.
var table = map[string]int{"a": 1}

var (
	count int
	lock  sync.Mutex
	wake  = make(chan struct{})
	seen  = map[string]bool{}
)

func Keep(name string) int {
	seen[name] = true
	count++
	delete(seen, name)
	return *(&count) + table[name]
}

// Read has locals that no rule minds.
func Read(name string) int {
	lock.Lock()
	defer lock.Unlock()
	close(wake)
	total := count
	total++
	return total
}
