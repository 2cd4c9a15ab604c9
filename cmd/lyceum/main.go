// Command lyceum is the whole of Lyceum in one binary: the API, the workers, everything at once for one
// machine, and what operators and authors need beside them. It wires; rules live elsewhere.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	tuneCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lyceum:", explain(err))
		os.Exit(exitCode(err))
	}
}
