package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is a server that is measured.
type Process struct {
	Name string
	// Address is where it answers: host and port.
	Address string

	command *exec.Cmd
	log     *os.File
	ended   chan struct{}
}

// Command says how to run a server.
type Command struct {
	Name string
	// Argv is the program and its arguments; Environ is added to a bare environment.
	Argv, Environ []string
	// Port is where it will answer, on 127.0.0.1. Ready is the path that answers when it is ready, whatever its status
	// below 500.
	Port  int
	Ready string
}

const (
	startLimit = 2 * time.Minute
	stopLimit  = 20 * time.Second
	pollEvery  = 50 * time.Millisecond
)

// Run starts a server and returns when it answers. Close stops it.
func (r *Rig) Run(ctx context.Context, c Command) (*Process, error) {
	log, err := os.Create(filepath.Join(r.Logs, "bench-"+c.Name+".log"))
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	p := &Process{Name: c.Name, Address: fmt.Sprintf("127.0.0.1:%d", c.Port), log: log, ended: make(chan struct{})}
	p.command = exec.CommandContext(context.WithoutCancel(ctx), c.Argv[0], c.Argv[1:]...) //nolint:gosec // our own commands
	p.command.Env = append(r.Environ(), c.Environ...)
	p.command.Stdout, p.command.Stderr = log, log
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.Name, err), log.Close())
	}
	go func() {
		_ = p.command.Wait() // Stop asked for it, or await says what the log says.
		close(p.ended)
	}()
	r.running = append(r.running, p)
	if err := p.await(ctx, "http://"+p.Address+c.Ready); err != nil {
		return nil, err
	}
	return p, nil
}

// Environ is the environment that programs are run with, besides their own: as little of this one as they need.
func (r *Rig) Environ() []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, r.options.Environ...)
}

// PID is the process's id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Stop ends the process and those that it started.
func (p *Process) Stop() error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = syscall.Kill(-p.PID(), signal) // It may have ended.
		select {
		case <-p.ended:
			if err := p.log.Close(); err != nil {
				return fmt.Errorf("close the log of %s: %w", p.Name, err)
			}
			return nil
		case <-time.After(stopLimit):
		}
	}
	return fmt.Errorf("stop %s: process %d does not end", p.Name, p.PID())
}

// await returns when the address answers.
func (p *Process) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	ended, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-p.ended:
			stop(errEnded)
		case <-ended.Done():
		}
	}()
	if err := Await(ended, address); err != nil {
		return fmt.Errorf("%s does not answer; its log is %s: %w", p.Name, p.log.Name(), context.Cause(ended))
	}
	return nil
}

var errEnded = errors.New("it ended")

// Await returns when the address answers with a status below 500, or ctx ends.
func Await(ctx context.Context, address string) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	client := &http.Client{Timeout: time.Second}
	for !answers(ctx, client, address) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", address, ctx.Err())
		}
	}
	return nil
}

func answers(ctx context.Context, client *http.Client, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode < http.StatusInternalServerError
}

// FreePort returns a port that nobody listens on.
func FreePort(ctx context.Context) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("find a free port: %v has none", listener.Addr())
	}
	return address.Port, nil
}
