// Package migrate holds the versioned SQL that makes and changes the database: tables as diff derives
// them from the entities, and by hand what ent does not model — row-level security, composite keys, grants.
package migrate

import "embed"

// Files are the migrations, in goose's format, applied in the order of their numbers.
//
//go:embed sql/*.sql
var Files embed.FS
