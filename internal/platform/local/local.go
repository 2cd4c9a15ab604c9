// Package local finds or starts what the server stands on, for one machine and without a container: a private
// Postgres cluster, and a Redis. All state lives under one directory (LYCEUM_HOME), which may be deleted.
//
// A service that is already running there is used, not started a second time; it belongs to the process that
// started it. Children end with their parent. As root, they run under an unprivileged account.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// DefaultHome is the directory that holds all state unless told otherwise.
const DefaultHome = ".lyceum"

// startTimeout bounds one start, recovery after a crash included.
const startTimeout = 2 * time.Minute

// stopTimeout bounds every stop, whatever its context says.
const stopTimeout = 30 * time.Second

// Options say where the stack lives and which of its parts are given from outside.
type Options struct {
	// Home holds all state; empty means DefaultHome.
	Home string
	// Given names the services that exist already: they are used as they are.
	Given Given
	// Fast gives up durability for speed (fsync off): for tests only.
	Fast bool
}

// Given holds the addresses of services that somebody else runs. Empty means: find or start one.
type Given struct {
	DatabaseURL  string
	RedisURL     string
	SearchURL    string
	BlobEndpoint string
	MailURL      string
}

// Choice says what was chosen for one need, and why.
type Choice struct {
	// Need is what the server stands on: "Postgres", "Redis", "search", "mail" or "files".
	Need string
	// Chosen names the pick; addresses are shown without user, password and query.
	Chosen string
	// Why is the reason, as a clause: "DATABASE_URL is set".
	Why string
	// Limits says what the pick cannot do, as a sentence; empty when there is nothing to say.
	Limits string
}

// Stack is what Start found or started.
type Stack struct {
	// Postgres is nil when DatabaseURL was given: then nothing is known about a superuser.
	Postgres *Postgres
	// Redis is never nil.
	Redis *Redis
	// Choices explain every part, in the order in which they are best read.
	Choices []Choice
}

// Start finds or starts Postgres and Redis, and returns when both answer. On failure nothing that it started
// is left running. A machine without Postgres gives an error that wraps ErrNoPostgres and lists the lines
// that install it.
func Start(ctx context.Context, o Options) (*Stack, error) {
	var stack Stack
	group, groupCtx := errgroup.WithContext(ctx)
	if o.Given.DatabaseURL == "" {
		group.Go(func() error {
			var err error
			stack.Postgres, err = StartPostgres(groupCtx, PostgresOptions{Home: o.Home, Fast: o.Fast})
			return err
		})
	}
	group.Go(func() error {
		var err error
		stack.Redis, err = StartRedis(groupCtx, RedisOptions{Home: o.Home, URL: o.Given.RedisURL})
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, stack.Stop(context.WithoutCancel(ctx)))
	}
	stack.Choices = append(stack.choices(o.Given), Survey(o.Given)...)
	return &stack, nil
}

// Stop ends what Start started, Redis first. When ctx ends before they have, or after 30 s, they are killed.
func (s *Stack) Stop(ctx context.Context) error {
	var errs []error
	if s.Redis != nil {
		errs = append(errs, s.Redis.Stop(ctx))
	}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop(ctx))
	}
	return errors.Join(errs...)
}

// Remove deletes all that the services of a home have stored, wherever that lies; a server that was left behind
// is stopped first. It fails while another process is using one of them. Logs, and what others keep in home,
// stay.
func Remove(ctx context.Context, home string) error {
	if home == "" {
		home = DefaultHome
	}
	if _, err := os.Stat(home); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := removePostgres(ctx, home); err != nil {
		return fmt.Errorf("remove Postgres: %w", err)
	}
	if err := removeServer(ctx, home); err != nil {
		return fmt.Errorf("remove Redis: %w", err)
	}
	return nil
}

func (s *Stack) choices(given Given) []Choice {
	postgres := Choice{Need: "Postgres", Chosen: hostOf(given.DatabaseURL), Why: "DATABASE_URL is set"}
	if s.Postgres != nil {
		postgres = s.Postgres.choice()
	}
	return []Choice{postgres, s.Redis.choice()}
}

// Survey says what will serve the needs that no child process serves: search, mail and files.
func Survey(given Given) []Choice {
	return []Choice{
		pick(given.SearchURL, "MEILI_URL", Choice{
			Need: "search", Chosen: "Postgres full text", Why: "MEILI_URL is not set",
			Limits: "Typing mistakes are forgiven by trigrams only.",
		}),
		pick(given.MailURL, "SMTP_URL", Choice{
			Need: "mail", Chosen: "a folder under LYCEUM_HOME", Why: "SMTP_URL is not set",
			Limits: "Nothing is sent; operators see what would have been.",
		}),
		pick(given.BlobEndpoint, "S3_ENDPOINT", Choice{
			Need: "files", Chosen: "a directory under LYCEUM_HOME", Why: "S3_ENDPOINT is not set",
			Limits: "Files live on this machine and are served by it.",
		}),
	}
}

// pick prefers the address given in the named variable over the fallback.
func pick(address, variable string, fallback Choice) Choice {
	if address == "" {
		return fallback
	}
	return Choice{Need: fallback.Need, Chosen: hostOf(address), Why: variable + " is set"}
}

// hostOf shows an address without the parts that may be secret: user, password, query. A string that is no
// URL (a key=value connection string, say) may hold a password anywhere and is not shown at all.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "the given address"
	}
	return strings.TrimSuffix(fmt.Sprintf("%s://%s%s", u.Scheme, u.Host, u.Path), "/")
}
