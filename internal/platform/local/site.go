package local

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// pollEvery is how often a condition outside this process is looked at.
const pollEvery = 25 * time.Millisecond

// lasting is where root keeps what cannot be kept in home.
const lasting = "/var/lib/lyceum"

// site is where one service keeps its state, and who it runs as.
//
// The directory belongs to the user of this process and holds data/ (the account's own) and a lock. It lies
// under home, except when home cannot be entered by the account: then it lies outside, and the record in home
// says where.
type site struct {
	record

	home string
	name string
	dir  string
	user account
}

// record is what a later start must know. It is kept in home, readable by its owner only.
type record struct {
	// Directory is set when the state lies outside home.
	Directory string `json:"directory,omitempty"`
	Port      int    `json:"port,omitempty"`
	Password  string `json:"password"`
}

// settle finds or makes the site of a service. As root, the service will run as the first of the named users
// that exists, or as the owner of the data that is there already.
func settle(ctx context.Context, home, name string, users ...string) (*site, error) {
	home, err := MakeHome(home)
	if err != nil {
		return nil, err
	}
	s := &site{home: home, name: name}
	// Two processes that start at once must settle on one password and one place.
	lock, err := take(ctx, s.recordPath()+".lock", func() bool { return false })
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.settle(users), lock.Close()); err != nil {
		return nil, fmt.Errorf("settle %s: %w", name, err)
	}
	return s, nil
}

func (s *site) settle(users []string) error {
	if err := s.load(); err != nil {
		return err
	}
	known := s.record
	if err := s.locate(users); err != nil {
		return err
	}
	if s.Password == "" {
		s.Password = rand.Text()
	}
	if s.record == known {
		return nil
	}
	return s.save()
}

// MakeHome creates the directory that holds all state, unless it exists, and returns its real, absolute path;
// empty means DefaultHome. Root's is open to passers-by (0711), so that the accounts of the children can get to
// their own directories: what is secret in it must be closed by itself.
func MakeHome(home string) (string, error) {
	if home == "" {
		home = DefaultHome
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return "", fmt.Errorf("find home: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil { //nolint:gosec // Not ours: as mkdir -p makes it.
		return "", fmt.Errorf("make home: %w", err)
	}
	if err := makeOpen(home); err != nil {
		return "", err
	}
	home, err = filepath.EvalSymlinks(home)
	if err != nil {
		return "", fmt.Errorf("find home: %w", err)
	}
	return home, nil
}

// makeOpen creates a directory of our own: private, or for root one that others may pass through.
func makeOpen(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // The children's accounts pass through here.
		return fmt.Errorf("open directory: %w", err)
	}
	return nil
}

// locate decides on directory and account. Existing data settles both.
func (s *site) locate(users []string) error {
	for _, dir := range []string{s.Directory, filepath.Join(s.home, s.name)} {
		if dir == "" {
			continue
		}
		data := filepath.Join(dir, "data")
		info, err := os.Stat(data)
		if err == nil {
			s.dir = dir
			s.user, err = ownerAccount(data, info)
			return err
		}
	}
	var err error
	if s.user, err = unprivileged(users...); err != nil {
		return err
	}
	s.dir, s.Directory = filepath.Join(s.home, s.name), ""
	if !s.user.reaches(s.home) {
		if s.dir, err = s.outside(); err != nil {
			return err
		}
		s.Directory = s.dir
	}
	return makeOpen(s.dir)
}

// outside returns a directory for a service whose account cannot enter home: under /var/lib for what should
// last, under the temporary directory for a home that is itself temporary. The name follows from home.
func (s *site) outside() (string, error) {
	sum := sha256.Sum256([]byte(s.home))
	key := hex.EncodeToString(sum[:6])
	base := filepath.Join(lasting, key)
	if temporary, err := filepath.EvalSymlinks(os.TempDir()); err == nil && within(temporary, s.home) {
		base = filepath.Join(temporary, "lyceum-"+key)
	} else if err := makeOpen(lasting); err != nil {
		return "", err
	}
	if err := makeOpen(base); err != nil {
		return "", err
	}
	// Anybody can make a directory in a temporary one: only our own is to be trusted.
	info, err := os.Lstat(base)
	if err != nil {
		return "", fmt.Errorf("look at directory: %w", err)
	}
	if owner := ownerOf(info); !info.IsDir() || int(owner.uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s exists and is not a directory of ours", base)
	}
	return filepath.Join(base, s.name), nil
}

func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (s *site) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

func (s *site) recordPath() string { return filepath.Join(s.home, s.name+".json") }

func (s *site) load() error {
	text, err := os.ReadFile(s.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read record: %w", err)
	}
	if err := json.Unmarshal(text, &s.record); err != nil {
		return fmt.Errorf("read %s: %w", s.recordPath(), err)
	}
	return nil
}

// save writes the record whole or not at all.
func (s *site) save() error {
	text, err := json.MarshalIndent(s.record, "", "  ") //nolint:gosec // The file is for its owner only.
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	fresh, err := os.CreateTemp(s.home, s.name+".json.*") // mode 0600
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	_, err = fresh.Write(append(text, '\n'))
	err = errors.Join(err, fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), s.recordPath())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write record: %w", err), os.Remove(fresh.Name()))
	}
	return nil
}

// choosePort keeps the port of the last start if it is free, and else takes another one and remembers it.
func (s *site) choosePort(ctx context.Context) error {
	if s.Port != 0 && portIsFree(ctx, s.Port) {
		return nil
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		s.Port = address.Port
	}
	if err := listener.Close(); err != nil {
		return fmt.Errorf("free the port: %w", err)
	}
	return s.save()
}

func portIsFree(ctx context.Context, port int) bool {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// claim waits until this process owns the site or a service that another process owns is ready there. The lock
// is nil in the second case. Closing it gives the site up.
func (s *site) claim(ctx context.Context, ready func() bool) (*os.File, error) {
	lock, err := take(ctx, s.path("lock"), ready)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", s.dir, err)
	}
	return lock, nil
}

// take waits for the lock on a file and returns the file, or nil as soon as enough says that it need not be had.
func take(ctx context.Context, path string, enough func() bool) (*os.File, error) {
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		mine, err := tryLock(lock)
		if mine {
			return lock, nil
		}
		if err == nil && !enough() {
			if err = pause(ctx, pollEvery); err == nil {
				continue
			}
			err = fmt.Errorf("another process holds %s: %w", path, err)
		}
		return nil, errors.Join(err, lock.Close())
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", context.Cause(ctx))
	case <-timer.C:
		return nil
	}
}

// remove deletes the state of the service and the record that leads to it, after end has stopped a server that
// was left behind.
func (s *site) remove(ctx context.Context, end func() error) error {
	lock, err := s.claim(ctx, func() bool { return true })
	if err != nil {
		return err
	}
	if lock == nil {
		return fmt.Errorf("%s is in use by another process", s.dir)
	}
	if err := end(); err != nil {
		return errors.Join(err, lock.Close())
	}
	errs := []error{os.RemoveAll(s.dir), os.Remove(s.recordPath()), os.Remove(s.recordPath() + ".lock"), lock.Close()}
	if s.Directory != "" {
		// Fails while another service lives there too, which is as it should be.
		_ = os.Remove(filepath.Dir(s.Directory))
	}
	return errors.Join(errs...)
}
