package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"lyceum/e2e/stack"
)

// running is the one Lyceum that all journeys share: a first start takes tens of seconds.
var running *stack.Stack

func TestMain(m *testing.M) {
	os.Exit(func() int {
		home, err := os.MkdirTemp("", "lyceum-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(home) }()
		binary := os.Getenv("LYCEUM_TEST_BINARY")
		if binary == "" {
			if binary, err = stack.Build(context.Background(), home); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		running, err = stack.Start(context.Background(), binary, home+"/home")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		if err := running.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if code != 0 {
			fmt.Fprintln(os.Stderr, running.Output())
		}
		return code
	}())
}
