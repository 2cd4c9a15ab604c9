// Generate reads schema.graphql and writes docs/access-matrix.csv. It fails, naming the field, when a root field
// or a guarded field has no @access.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/access"
)

func main() {
	if err := generate("schema.graphql", "docs/access-matrix.csv"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: from, Input: string(text)})
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	matrix, err := access.Read(schema)
	if err != nil {
		return fmt.Errorf("%s:\n%w", from, err)
	}
	var table bytes.Buffer
	if err := matrix.Write(&table); err != nil {
		return err
	}
	if err := os.WriteFile(to, table.Bytes(), 0o644); err != nil { //nolint:gosec // committed, for everybody to read
		return fmt.Errorf("write access matrix: %w", err)
	}
	return nil
}
