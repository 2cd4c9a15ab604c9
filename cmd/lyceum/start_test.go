package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/graph/transport"
	"lyceum/internal/platform/config"
)

// testSettings are what every server of a test is set to, as NAME=value; what stands later counts.
func testSettings(t testing.TB, databaseURL string, further ...string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Sources{Environ: append([]string{
		"DATABASE_URL=" + databaseURL, "LYCEUM_SIGNING_KEYS=test=literal:" + strings.Repeat("k", 64), "LYCEUM_HOME=" + t.TempDir(),
		"LYCEUM_LOG_LEVEL=error",
	}, further...)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// startApp opens all that the server needs, until the test is over.
func startApp(t testing.TB, c *config.Config) *app {
	t.Helper()
	a, err := newApp(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}

// openDoor serves the public door on loopback.
func openDoor(t testing.TB, a *app) *httptest.Server {
	t.Helper()
	handler, err := a.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}
