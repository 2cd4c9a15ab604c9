//go:build unix

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// The signals that end a child: ask, insist, kill.
const (
	interrupt = syscall.SIGINT
	terminate = syscall.SIGTERM
	quit      = syscall.SIGQUIT
	kill      = syscall.SIGKILL
)

// tryLock takes the lock on f unless another open file holds it. The lock ends with the process.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return true, nil
}

// alive reports whether a process with this id exists, whoever owns it.
func alive(pid int) bool {
	if pid <= 0 {
		return false // To the kernel these mean groups of processes.
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// send gives a process a signal; one that is gone already is no error.
func send(pid int, signal syscall.Signal) error {
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
	return nil
}

// sendGroup gives a signal to a process and to everything in its process group.
func sendGroup(pid int, signal syscall.Signal) error { return send(-pid, signal) }

// ownerOf returns the user and group that own a file.
func ownerOf(info fs.FileInfo) account {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}
	}
	return account{uid: stat.Uid, gid: stat.Gid}
}

// attributes puts a child into its own process group, so that Ctrl-C reaches the parent alone, runs it as the
// account, and lets onOrphan reach it when the parent dies.
func attributes(a account, onOrphan syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	dieWithParent(attr, onOrphan)
	return attr
}
