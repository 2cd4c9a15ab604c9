// Withservers runs a command with a Postgres and a Redis of its own, for tests:
//
//	go run ./internal/platform/pgtest/withservers go test ./...
//
// Their addresses are in LYCEUM_TEST_DATABASE_URL and LYCEUM_TEST_REDIS_URL; what is set already is used as
// it is. Both servers end with the command, whose exit code is passed on.
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

const (
	databaseVariable = "LYCEUM_TEST_DATABASE_URL"
	redisVariable    = "LYCEUM_TEST_REDIS_URL"
)

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
		defer func() { _ = errors.Join(postgres.Stop(context.WithoutCancel(ctx)), local.Remove(context.WithoutCancel(ctx), home)) }()
		environment = append(environment, databaseVariable+"="+postgres.SuperuserURL)
	}
	if os.Getenv(redisVariable) == "" {
		redis, err := local.StartRedis(ctx, local.RedisOptions{Home: home})
		if err != nil {
			return fmt.Errorf("start Redis: %w", err)
		}
		defer func() { _ = redis.Stop(context.WithoutCancel(ctx)) }()
		environment = append(environment, redisVariable+"="+redis.URL)
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr, child.Env = os.Stdin, os.Stdout, os.Stderr, environment
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	return child.Run()
}
