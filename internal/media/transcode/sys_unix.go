//go:build unix

package transcode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// xfsz ends a process that writes a file beyond its limit.
const xfsz = syscall.SIGXFSZ

// openFlags refuse a link, and do not wait for the other end of a pipe.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// killGroup ends a process and everything in its group; one that is gone already is no error.
func killGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process group %d: %w", pid, err)
	}
	return nil
}

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

// ownerOf returns the user and the group that own a file.
func ownerOf(info fs.FileInfo) Account {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Account{}
	}
	return Account{UID: stat.Uid, GID: stat.Gid}
}

// namesOf returns how many names a file has.
func namesOf(info fs.FileInfo) uint64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(stat.Nlink) //nolint:unconvert // It has other types on other systems.
}
