package e2e

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lyceum/e2e/stack"
)

// Times of a stop and of a start of what is there already.
const (
	stopWithin  = 15 * time.Second
	startWithin = 5 * time.Second
)

// printed are the tables behind the token that every start prints: a session, and that it was opened.
var printed = []string{"sessions", "audit_entries", "audit_heads"}

// TestSecondStart stops the server while subscriptions are open and starts it again in the same home.
func TestSecondStart(t *testing.T) {
	learner := as(t, "acme", "learner")
	ports := []int{running.Port, running.AdminPort, postgresPort(t)}
	before := settled(t)
	stream := learner.Subscribe(t, `subscription { notificationReceived(after: 0) { seq } }`, nil, "")
	socket := openSocket(t, learner)

	stopped(t)
	for range stream.Events { // ends: the channel is closed when the stream is
	}
	if err := stream.Err(); err != nil {
		t.Errorf("the stream was cut off: %v", err)
	}
	if _, _, err := socket.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the socket was left with %v, want close code 1001", err)
	}
	gone(t, running.Home)
	free(t, ports)

	began := time.Now()
	if err := running.Again(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > startWithin {
		t.Errorf("the second start took %s, want %s at most", took, startWithin)
	} else {
		t.Logf("the second start took %s", took.Round(10*time.Millisecond))
	}
	after := settled(t)
	for name, hash := range before {
		if after[name] != hash && !slices.Contains(printed, name) {
			t.Errorf("the second start changed table %s", name)
		}
	}
	if answer := learner.Do(t, `{ viewer { role } }`, nil); answer.Code() != "" {
		t.Errorf("the session did not outlive the restart: %+v", answer.Errors)
	}
}

// postgresPort is where the private cluster listens.
func postgresPort(t *testing.T) int {
	t.Helper()
	address, err := running.OwnerURL()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// openSocket opens a subscription over graphql-transport-ws.
func openSocket(t *testing.T, who *stack.Persona) *websocket.Conn {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), strings.Replace(running.URL(""), "http", "ws", 1)+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	say(t, conn, `{"type":"connection_init","payload":{"authorization":"Bearer `+who.Token+`"}}`)
	if _, message, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(message), "connection_ack") {
		t.Fatalf("the socket answered %s, %v", message, err)
	}
	say(t, conn, `{"id":"1","type":"subscribe","payload":{"query":"subscription { notificationReceived { seq } }"}}`)
	return conn
}

func say(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

// stopped ends the server as an init system does.
func stopped(t *testing.T) {
	t.Helper()
	began := time.Now()
	if err := running.StopBy(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > stopWithin {
		t.Errorf("stopping took %s, want %s at most", took, stopWithin)
	}
}

// gone fails for every process that still works in the home, or was started for it.
func gone(t *testing.T, home string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return // elsewhere the ports have to do
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, _ := os.ReadFile("/proc/" + entry.Name() + "/cmdline")
		dir, _ := os.Readlink("/proc/" + entry.Name() + "/cwd")
		if strings.Contains(string(line), home) || strings.HasPrefix(dir, home) {
			t.Errorf("process %d is still there: %s in %s", pid, strings.ReplaceAll(string(line), "\x00", " "), dir)
		}
	}
}

// free fails for every port that somebody listens on.
func free(t *testing.T, ports []int) {
	t.Helper()
	for _, port := range ports {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Errorf("port %d is still taken: %v", port, err)
			continue
		}
		_ = listener.Close()
	}
}
