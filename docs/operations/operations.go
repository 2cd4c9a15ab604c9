// Package operations holds the ready documents of every persona. They are what persisted-document keys may
// run, what the examples in GraphiQL show, and what the tests execute.
package operations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed *.graphql
var files embed.FS

// Documents finds the documents by name ("catalog", the file without its ending) and by "sha256:" and the
// hash of the file's bytes in hex.
type Documents struct {
	byName map[string]string
	byID   map[string]string
}

// Load reads the embedded documents.
func Load() (*Documents, error) {
	d := &Documents{byName: map[string]string{}, byID: map[string]string{}}
	names, err := fs.Glob(files, "*.graphql")
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	for _, name := range names {
		body, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read document: %w", err)
		}
		sum := sha256.Sum256(body)
		short := strings.TrimSuffix(path.Base(name), ".graphql")
		d.byName[short] = string(body)
		d.byID[short] = string(body)
		d.byID["sha256:"+hex.EncodeToString(sum[:])] = string(body)
	}
	return d, nil
}

// Lookup implements transport.Documents.
func (d *Documents) Lookup(_ context.Context, id string) (text string, found bool) {
	text, found = d.byID[id]
	return text, found
}

// Names lists the documents, sorted.
func (d *Documents) Names() []string { return slices.Sorted(maps.Keys(d.byName)) }

// Text returns a document by name, "" when there is none.
func (d *Documents) Text(name string) string { return d.byName[name] }
