//go:build unix && !linux

package transcode

import "syscall"

// canIsolate says that the system cannot start a process without a network: the whitelists must do.
const canIsolate = false

// attributes puts a process into a group of its own and runs it as the account. Only Linux tells a child that
// its parent has died.
func attributes(a *Account, _ bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.UID, Gid: a.GID}
	}
	return attr
}
