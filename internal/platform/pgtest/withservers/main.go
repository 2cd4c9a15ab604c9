// Withservers runs a command with a Postgres of its own, for tests:
//
//	go run ./internal/platform/pgtest/withservers go test ./...
//
// Its address is in LYCEUM_TEST_DATABASE_URL; one that is set already is used as it is. The server ends with
// the command, whose exit code is passed on.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"lyceum/internal/platform/local"
)

// databaseVariable names the superuser's URL of the server.
const databaseVariable = "LYCEUM_TEST_DATABASE_URL"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "withservers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command []string) (err error) {
	if len(command) == 0 {
		return errors.New("name a command to run")
	}
	home, err := os.MkdirTemp("", "lyceum-test-")
	if err != nil {
		return fmt.Errorf("make test home: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	environment := os.Environ()
	if os.Getenv(databaseVariable) == "" {
		postgres, err := local.StartPostgres(ctx, local.PostgresOptions{Home: home, Fast: true})
		if err != nil {
			return fmt.Errorf("start Postgres: %w", err)
		}
		defer func() {
			_ = errors.Join(postgres.Stop(context.WithoutCancel(ctx)), local.Remove(context.WithoutCancel(ctx), home))
		}()
		environment = append(environment, databaseVariable+"="+postgres.SuperuserURL)
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr, child.Env = os.Stdin, os.Stdout, os.Stderr, environment
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	return child.Run()
}
