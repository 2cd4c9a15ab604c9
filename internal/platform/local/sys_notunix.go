//go:build !unix

package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errNoUnix is what a start answers where there are no Unix processes; the rest of the program still works.
var errNoUnix = errors.New("the embedded services need Linux or macOS: set DATABASE_URL and REDIS_URL")

const (
	interrupt = syscall.SIGINT
	terminate = syscall.SIGTERM
	quit      = syscall.SIGQUIT
	kill      = syscall.SIGKILL
)

func tryLock(*os.File) (bool, error)                          { return false, errNoUnix }
func alive(int) bool                                          { return false }
func send(int, syscall.Signal) error                          { return errNoUnix }
func sendGroup(int, syscall.Signal) error                     { return errNoUnix }
func ownerOf(fs.FileInfo) account                             { return account{} }
func attributes(account, syscall.Signal) *syscall.SysProcAttr { return nil }
