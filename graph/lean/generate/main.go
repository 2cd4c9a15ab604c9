// Generate reads gqlgen.yml and schema.graphql, writes what gqlgen writes, and beside it the code that writes plain
// objects straight to JSON; and it has gqlgen's code ask that first.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log" //nolint:depguard // gqlgen logs with it
	"os"
	"path/filepath"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/plugin"
)

// leanFile stands beside gqlgen's own.
const leanFile = "lean.go"

func main() {
	// gqlgen logs every field that it leaves to a resolver.
	log.SetOutput(io.Discard)
	if err := generate("gqlgen.yml"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(from string) error {
	c, err := config.LoadConfig(from)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	// What was generated before may not fit what gqlgen is about to write.
	written := filepath.Join(filepath.Dir(c.Exec.Filename), leanFile)
	if err := os.Remove(written); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what was generated before: %w", err)
	}
	keep := &keeper{}
	if err := api.Generate(c, api.AddPlugin(keep)); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	plain, err := plainOf(keep.data)
	if err != nil {
		return err
	}
	if err := plain.write(c, written); err != nil {
		return err
	}
	return plain.hook(c.Exec.Filename)
}

// keeper is a plugin of gqlgen that keeps what gqlgen found out: the schema with the Go types behind it.
type keeper struct{ data *codegen.Data }

var _ plugin.CodeGenerator = (*keeper)(nil)

// Name implements plugin.Plugin.
func (*keeper) Name() string { return "lean" }

// GenerateCode implements plugin.CodeGenerator.
func (k *keeper) GenerateCode(data *codegen.Data) error {
	k.data = data
	return nil
}
