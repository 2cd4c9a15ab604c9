package transcode

import (
	"os"
	"syscall"
)

// canIsolate says that the system can start a process without a network.
const canIsolate = true

// attributes puts a process into a group of its own, has the kernel kill it when this program dies, runs it as
// the account, and in a network of its own, which has no interface that is up. An ordinary user needs a user
// namespace for that.
func attributes(a *Account, isolated bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.UID, Gid: a.GID}
	}
	if !isolated {
		return attr
	}
	attr.Cloneflags = syscall.CLONE_NEWNET
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	return attr
}
