package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// account is the user that a child runs as. The zero account is the user of this process.
type account struct {
	uid, gid uint32
	drop     bool // whether the child must change to uid and gid
}

// unprivileged returns the zero account for an ordinary user, and for root the first of the named users that
// the machine knows.
func unprivileged(names ...string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range names {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("read uid of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("read gid of %s: %w", name, err)
		}
		return account{uid: uint32(uid), gid: uint32(gid), drop: true}, nil
	}
	return account{}, fmt.Errorf("started as root, and none of the users %q exists to run a child as", names)
}

// ownerAccount returns the account that may use existing data: the data's owner. Root becomes that owner;
// anybody else must be it.
func ownerAccount(data string, info fs.FileInfo) (account, error) {
	owner := ownerOf(info)
	self := os.Geteuid()
	switch {
	case self == int(owner.uid):
		return account{}, nil
	case self == 0:
		owner.drop = true
		return owner, nil
	default:
		return account{}, fmt.Errorf("%s belongs to user %d and this is user %d: start as its owner, or choose another LYCEUM_HOME", data, owner.uid, self)
	}
}

// reaches reports whether the account may enter dir: every directory on the way must let it through.
func (a account) reaches(dir string) bool {
	if !a.drop {
		return true
	}
	at, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(at)
		if err != nil || !a.enters(info) {
			return false
		}
		parent := filepath.Dir(at)
		if parent == at {
			return true
		}
		at = parent
	}
}

// enters reports whether the permission bits let the account search a directory.
func (a account) enters(info fs.FileInfo) bool {
	owner := ownerOf(info)
	switch {
	case owner.uid == a.uid:
		return info.Mode()&0o100 != 0
	case owner.gid == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

// own makes a directory that only the account may enter. It is created if missing.
func (a account) own(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make directory: %w", err)
	}
	return a.give(dir)
}

// give hands a file or directory to the account. Links are not followed.
func (a account) give(path string) error {
	if !a.drop {
		return nil
	}
	if err := os.Lchown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("give to user %d: %w", a.uid, err)
	}
	return nil
}
