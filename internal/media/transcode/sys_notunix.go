//go:build !unix

package transcode

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errNoUnix is what converting answers where there are no Unix processes; pass-through works everywhere.
var errNoUnix = errors.New("converting films needs Linux or macOS")

const (
	canIsolate = false
	xfsz       = syscall.Signal(0x19)
	openFlags  = 0
)

func attributes(*Account, bool) *syscall.SysProcAttr { return nil }
func killGroup(int) error                            { return errNoUnix }
func tryLock(*os.File) (bool, error)                 { return false, errNoUnix }
func ownerOf(fs.FileInfo) Account                    { return Account{} }
func namesOf(fs.FileInfo) uint64                     { return 1 }
