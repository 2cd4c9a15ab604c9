package transcode

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lyceum/internal/fault"
)

// workspace is the directory of one job. In it, "steps" holds the finished ones, each a directory that appeared
// in one rename: its files, and a manifest of them. "tmp" holds what is being made, and nothing of value.
type workspace struct {
	dir     string
	account *Account
	lock    *os.File
}

// manifest says what a finished step made, and of what.
type manifest struct {
	Step string `json:"step"`
	// Key is a digest of everything that the files follow from.
	Key   string          `json:"key"`
	Files []File          `json:"files"`
	Data  json.RawMessage `json:"data"`
}

const manifestName = "manifest.json"

// openWorkspace makes the directory if it is missing, and takes it for this process. The error is a
// fault.Conflict while another process has it.
func openWorkspace(dir string, account *Account) (*workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find job directory: %w", err)
	}
	w := &workspace{dir: dir, account: account}
	if err := w.mkdir(dir); err != nil {
		return nil, err
	}
	if w.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	held, err := tryLock(w.lock)
	if err == nil && !held {
		err = fault.New(fault.Conflict, "This file is being converted already.")
	}
	if err == nil {
		err = w.clear()
	}
	if err != nil {
		return nil, errors.Join(err, w.lock.Close())
	}
	return w, nil
}

// clear removes what an earlier process left unfinished.
func (w *workspace) clear() error {
	if err := os.RemoveAll(w.path("tmp")); err != nil {
		return fmt.Errorf("clear job directory: %w", err)
	}
	return errors.Join(w.mkdir(w.path("tmp")), w.mkdir(w.path("steps")))
}

func (w *workspace) close() error { return w.lock.Close() } //nolint:wrapcheck // Only a lock.

func (w *workspace) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// mkdir makes a directory that this program and the account may enter, and nobody else.
func (w *workspace) mkdir(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	return w.share(dir, 0o750)
}

// share lets the account read a file or enter a directory.
func (w *workspace) share(path string, mode fs.FileMode) error {
	if w.account == nil {
		return nil
	}
	if err := os.Lchown(path, -1, int(w.account.GID)); err != nil {
		return fmt.Errorf("share with group %d: %w", w.account.GID, err)
	}
	if err := os.Chmod(path, mode); err != nil {
		return fmt.Errorf("share with group %d: %w", w.account.GID, err)
	}
	return nil
}

// lend gives a directory to the account to write in.
func (w *workspace) lend(dir string) error {
	if w.account == nil {
		return nil
	}
	if err := os.Lchown(dir, int(w.account.UID), int(w.account.GID)); err != nil {
		return fmt.Errorf("lend directory: %w", err)
	}
	return nil
}

// reclaim takes a lent directory back and returns the names in it. Whoever wrote there is not trusted: anything
// but regular files with one name is refused.
func (w *workspace) reclaim(dir string) ([]string, error) {
	if w.account != nil {
		if err := os.Lchown(dir, os.Geteuid(), int(w.account.GID)); err != nil {
			return nil, fmt.Errorf("take directory back: %w", err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list what was written: %w", err)
	}
	var names []string
	for _, e := range entries {
		if err := w.takeBack(filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("%s was written: %w", e.Name(), err)
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// takeBack makes a file ours, that the account may still read. It goes by the open file: a name could lead to
// another file by the time that it is used again.
func (w *workspace) takeBack(path string) error {
	file, info, err := open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	if namesOf(info) != 1 {
		return errors.New("the file has another name")
	}
	if w.account == nil {
		return nil
	}
	if err := errors.Join(file.Chown(os.Geteuid(), int(w.account.GID)), file.Chmod(0o640)); err != nil {
		return fmt.Errorf("take file back: %w", err)
	}
	return nil
}

// finished returns the manifest of a step that was made with the key and whose files are all there.
func (w *workspace) finished(step, key string) (manifest, bool) {
	var m manifest
	data, err := os.ReadFile(w.path("steps", step, manifestName))
	if err != nil || json.Unmarshal(data, &m) != nil || m.Step != step || m.Key != key {
		return manifest{}, false
	}
	for i := range m.Files {
		f := &m.Files[i]
		f.Path = w.path("steps", step, "files", filepath.FromSlash(f.Name))
		info, err := os.Lstat(f.Path)
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Bytes {
			return manifest{}, false
		}
	}
	return m, true
}

// step does the work unless it was done with the same key, and returns its manifest. It writes whole or not at
// all: the work happens in "tmp", and one rename makes it a finished step.
func (w *workspace) step(ctx context.Context, name, key string, do func(ctx context.Context, s *stage) (any, error)) (manifest, error) {
	if m, ok := w.finished(name, key); ok {
		return m, nil
	}
	tmp := w.path("tmp", name)
	if err := errors.Join(os.RemoveAll(tmp), os.RemoveAll(w.path("steps", name))); err != nil {
		return manifest{}, fmt.Errorf("clear step %s: %w", name, err)
	}
	s := &stage{workspace: w, dir: tmp}
	if err := errors.Join(w.mkdir(tmp), w.mkdir(s.file())); err != nil {
		return manifest{}, err
	}
	data, err := do(ctx, s)
	if err == nil {
		err = w.commit(ctx, s, name, key, data)
	}
	if err != nil {
		return manifest{}, errors.Join(fmt.Errorf("step %s: %w", name, err), os.RemoveAll(tmp))
	}
	m, ok := w.finished(name, key)
	if !ok {
		return manifest{}, fmt.Errorf("step %s: its files have vanished", name)
	}
	return m, nil
}

func (w *workspace) commit(ctx context.Context, s *stage, name, key string, data any) error {
	m := manifest{Step: name, Key: key}
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("keep data: %w", err)
	}
	m.Data = encoded
	if m.Files, err = list(ctx, s.file()); err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := os.RemoveAll(s.scratch()); err != nil {
		return fmt.Errorf("clear scratch: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, manifestName), text, 0o600); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := os.Rename(s.dir, w.path("steps", name)); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

// list returns the files under a directory, with their sizes and digests.
func list(ctx context.Context, root string) ([]File, error) {
	files := []File{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err //nolint:wrapcheck // Wrapped below.
		}
		size, sum, err := digest(ctx, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		files = append(files, File{Name: name, ContentType: contentType(name), Bytes: size, SHA256: sum})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	sortFiles(files)
	return files, nil
}

// digest returns the size and the SHA-256 of a regular file, in hex.
func digest(ctx context.Context, path string) (size int64, sum string, err error) {
	file, info, err := open(path)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	if err := readAll(ctx, hash, file); err != nil {
		return 0, "", err
	}
	return info.Size(), hex.EncodeToString(hash.Sum(nil)), nil
}

// prune removes the steps that are not among the names: those of another plan.
func (w *workspace) prune(names []string) error {
	entries, err := os.ReadDir(w.path("steps"))
	if err != nil {
		return fmt.Errorf("list steps: %w", err)
	}
	for _, e := range entries {
		if slices.Contains(names, e.Name()) {
			continue
		}
		if err := os.RemoveAll(w.path("steps", e.Name())); err != nil {
			return fmt.Errorf("remove old step: %w", err)
		}
	}
	return nil
}

// stage is where one step does its work.
type stage struct {
	workspace *workspace
	dir       string
}

// file is the path of a file that the step makes, or of the directory of all of them.
func (s *stage) file(parts ...string) string {
	return filepath.Join(append([]string{s.dir, "files"}, parts...)...)
}

// scratch is the directory that ffmpeg writes in.
func (s *stage) scratch(parts ...string) string {
	return filepath.Join(append([]string{s.dir, "scratch"}, parts...)...)
}

// write makes a file of the step.
func (s *stage) write(name string, data []byte) error {
	path := s.file(filepath.FromSlash(name))
	if err := s.workspace.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o640); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return s.workspace.share(path, 0o640)
}

// keep makes what ffmpeg wrote under a name a file of the step.
func (s *stage) keep(scratchName, name string) error {
	path := s.file(filepath.FromSlash(name))
	if err := s.workspace.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(s.scratch(scratchName), path); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// reachable checks that the account can enter the directory: every one on the way must let it through.
func reachable(dir string, a *Account) error {
	if a == nil {
		return nil
	}
	at, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("find directory: %w", err)
	}
	for {
		info, err := os.Stat(at)
		if err != nil {
			return fmt.Errorf("look at directory: %w", err)
		}
		if info.Mode()&entry(info, a) == 0 {
			return fmt.Errorf("user %d, whom ffmpeg runs as, cannot enter %s: choose another place for jobs, or chmod it", a.UID, at)
		}
		parent := filepath.Dir(at)
		if parent == at {
			return nil
		}
		at = parent
	}
}

// entry is the permission bit that lets the account enter a directory.
func entry(info fs.FileInfo, a *Account) fs.FileMode {
	switch owner := ownerOf(info); {
	case owner.UID == a.UID:
		return 0o100
	case owner.GID == a.GID:
		return 0o010
	default:
		return 0o001
	}
}

// keyOf is a digest of what a step's files follow from.
func keyOf(parts ...any) (string, error) {
	data, err := json.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// sums are the digests of a step's files, for the key of a step that builds on it.
func (m manifest) sums() string {
	var all []string
	for _, f := range m.Files {
		all = append(all, f.Name+" "+f.SHA256)
	}
	return strings.Join(append(all, string(m.Data)), "\n")
}
