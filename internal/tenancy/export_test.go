package tenancy

// NewDirectoryAt is NewDirectory with a clock.
var NewDirectoryAt = newDirectory

// DirectoryTTL is how long a name is remembered.
const DirectoryTTL = directoryTTL

// MaxKeys is how many keys a person may hold.
const MaxKeys = maxKeys

// Halls is how many tenants are looked after.
func (r *Rounds) Halls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.halls)
}
