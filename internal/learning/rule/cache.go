package rule

import "sync"

// maxCompiled is how many compiled rules a process keeps.
const maxCompiled = 1000

// cache keeps compiled rules by their hash. A full one forgets any: rules are cheap to compile again.
type cache struct {
	mu    sync.RWMutex
	rules map[string]*Rule
}

// compiled is the process's cache.
var compiled = sync.OnceValue(func() *cache { return &cache{rules: map[string]*Rule{}} })

func (c *cache) get(hash string) (*Rule, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, ok := c.rules[hash]
	return r, ok
}

func (c *cache) put(hash string, r *Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for old := range c.rules {
		if len(c.rules) < maxCompiled {
			break
		}
		delete(c.rules, old)
	}
	c.rules[hash] = r
}
