// Package file keeps blobs in a directory, for one machine, and hands them out with signed URLs under the same
// rules as an S3-compatible store.
//
// An object is a directory: t/<tenant>/<path>@ with the bytes in "data" and their description in "meta.json". It is
// written under tmp/ and renamed into its place, so that it is there whole or not at all; renaming a directory
// onto another one fails, so that of two writers one wins. '@' is not allowed in keys, so that no
// object stands in the way of another. What is uploaded in parts waits under parts/ until it is complete.
package file

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"lyceum/internal/platform/blob"
)

const (
	dirMode  = 0o750
	fileMode = 0o640
)

const (
	objectSuffix = "@"
	dataName     = "data"
	metaName     = "meta.json"
	tmpDir       = "tmp"
)

// staleAfter is the age at which an unfinished upload can no longer be in progress.
const staleAfter = 24 * time.Hour

// Config says where the objects are and how they are reached.
type Config struct {
	// Dir is made when it does not exist. Nothing else may write into it.
	Dir string
	// BaseURL is where Handler is mounted, without a slash at its end: a path ("/blob"), or a path with
	// scheme and host ("https://files.example.com/blob").
	BaseURL string
	Signer  *blob.Signer
	// Log hears of requests to Handler that failed through no fault of the client; nil is silence.
	Log *slog.Logger
}

// Store implements blob.Store. Several processes may use one directory.
type Store struct {
	root    *os.Root
	baseURL string
	signer  *blob.Signer
	log     *slog.Logger
}

// errBody marks an error of the reader that gives the bytes.
var errBody = errors.New("read body of blob")

var _ blob.Store = (*Store)(nil)

// Open returns the store in the directory, and removes what interrupted writers left there. Close it.
func Open(cfg Config) (*Store, error) {
	if cfg.Signer == nil {
		return nil, errors.New("open blob directory: no signer")
	}
	if err := os.MkdirAll(cfg.Dir, dirMode); err != nil {
		return nil, fmt.Errorf("make blob directory: %w", err)
	}
	root, err := os.OpenRoot(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open blob directory: %w", err)
	}
	s := &Store{root: root, baseURL: strings.TrimSuffix(cfg.BaseURL, "/"), signer: cfg.Signer, log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(root.MkdirAll(tmpDir, dirMode), s.sweep(time.Now().Add(-staleAfter))); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare blob directory: %w", err), root.Close())
	}
	return s, nil
}

// Close releases the directory. Open objects stay readable.
func (s *Store) Close() error { return storeError("close blob directory", s.root.Close()) }

// Ping reports whether the directory can be written to.
func (s *Store) Ping(context.Context) error {
	dir, err := s.stage()
	if err != nil {
		return err
	}
	return storeError("remove empty blob", s.root.Remove(dir))
}

// sweep removes what was begun before the given time and never finished.
func (s *Store) sweep(before time.Time) error {
	entries, err := fs.ReadDir(s.root.FS(), tmpDir)
	if err != nil {
		return fmt.Errorf("list unfinished blobs: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.ModTime().Before(before) {
			err = s.root.RemoveAll(path.Join(tmpDir, entry.Name()))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// meta is the description of an object as it is stored.
type meta struct {
	ContentType string    `json:"contentType"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`
	Created     time.Time `json:"created"`
}

// want is what a body must be.
type want struct {
	contentType       string
	smallest, largest int64
	sha256            blob.Digest
}

// unbounded is the largest size of an object whose size nobody announced.
const unbounded = 1 << 62

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error) {
	if err := rule.Validate(); err != nil {
		return blob.Info{}, err
	}
	w := want{contentType: rule.ContentType, smallest: rule.Size, largest: rule.Size, sha256: rule.SHA256}
	if rule.Size == 0 {
		w.largest = unbounded
	}
	return s.put(ctx, key, body, w)
}

func (s *Store) put(ctx context.Context, key blob.Key, body io.Reader, w want) (blob.Info, error) {
	if key.IsZero() {
		return blob.Info{}, fmt.Errorf("store blob: %w", blob.ErrMalformedKey)
	}
	if _, err := s.root.Stat(objectDir(key)); err == nil {
		return blob.Info{}, blob.Exists(key)
	}
	dir, err := s.stage()
	if err != nil {
		return blob.Info{}, err
	}
	m, err := s.write(ctx, dir, key, body, w)
	if err == nil {
		err = s.publish(dir, key)
	}
	if err != nil {
		return blob.Info{}, errors.Join(err, s.root.RemoveAll(dir))
	}
	return m.info(key)
}

// stage makes a fresh directory under tmp.
func (s *Store) stage() (string, error) {
	dir := path.Join(tmpDir, rand.Text())
	if err := s.root.Mkdir(dir, dirMode); err != nil {
		return "", storeError("make blob", err)
	}
	return dir, nil
}

// write fills the staged directory and brings it to the disk.
func (s *Store) write(ctx context.Context, dir string, key blob.Key, body io.Reader, w want) (meta, error) {
	digest := sha256.New()
	size, err := s.writeData(ctx, path.Join(dir, dataName), io.TeeReader(body, digest), w.largest)
	if err != nil {
		return meta{}, err
	}
	if err := w.check(key, size, digest); err != nil {
		return meta{}, err
	}
	m := meta{
		ContentType: w.contentType, Size: size, SHA256: blob.Digest(digest.Sum(nil)).String(), Created: time.Now().UTC(),
	}
	text, err := json.Marshal(m)
	if err != nil {
		return meta{}, fmt.Errorf("encode blob description: %w", err)
	}
	if _, err := s.writeData(ctx, path.Join(dir, metaName), strings.NewReader(string(text)), unbounded); err != nil {
		return meta{}, err
	}
	return m, s.syncDir(dir)
}

// writeData copies at most one byte more than the largest size, so that excess shows.
func (s *Store) writeData(ctx context.Context, name string, body io.Reader, largest int64) (int64, error) {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return 0, storeError("make blob", err)
	}
	in := &source{ctx: ctx, body: io.LimitReader(body, largest+1)}
	size, err := io.Copy(f, in)
	switch {
	case in.err != nil:
		err = fmt.Errorf("%w: %w", errBody, in.err)
	case err == nil:
		err = storeError("sync blob", f.Sync())
	default:
		err = storeError("write blob", err)
	}
	return size, errors.Join(err, f.Close())
}

// source keeps the reader's own error apart from the disk's, and stops when the context ends.
type source struct {
	ctx  context.Context //nolint:containedctx // It lives for one copy.
	body io.Reader
	err  error
}

// Read implements io.Reader.
func (r *source) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.err = err
		return 0, err
	}
	n, err := r.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func (w want) check(key blob.Key, size int64, digest hash.Hash) error {
	switch {
	case size > w.largest:
		return blob.Mismatch(key, "The file is longer than was announced.")
	case size < w.smallest:
		return blob.Mismatch(key, "The file is shorter than was announced.")
	case !w.sha256.IsZero() && blob.Digest(digest.Sum(nil)) != w.sha256:
		return blob.Mismatch(key, "The file does not have the announced SHA-256.")
	default:
		return nil
	}
}

// publish moves the staged directory into its place.
func (s *Store) publish(dir string, key blob.Key) error {
	place := objectDir(key)
	parent := path.Dir(place)
	if err := s.root.MkdirAll(parent, dirMode); err != nil {
		return storeError("make blob directory", err)
	}
	err := s.root.Rename(dir, place)
	if errors.Is(err, fs.ErrExist) {
		return blob.Exists(key)
	}
	if err != nil {
		return storeError("publish blob", err)
	}
	return s.syncDir(parent)
}

// syncDir makes the names in a directory survive a power failure.
func (s *Store) syncDir(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return storeError("open blob directory", err)
	}
	return errors.Join(storeError("sync blob directory", f.Sync()), f.Close())
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key blob.Key) (*blob.Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(path.Join(objectDir(key), dataName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.NotFound(key)
	}
	if err != nil {
		return nil, storeError("open blob", err)
	}
	return &blob.Object{Body: f, Info: info}, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key blob.Key) (blob.Info, error) {
	if key.IsZero() {
		return blob.Info{}, fmt.Errorf("look up blob: %w", blob.ErrMalformedKey)
	}
	if err := ctx.Err(); err != nil {
		return blob.Info{}, fmt.Errorf("look up blob: %w", err)
	}
	text, err := s.root.ReadFile(path.Join(objectDir(key), metaName))
	if errors.Is(err, fs.ErrNotExist) {
		return blob.Info{}, blob.NotFound(key)
	}
	if err != nil {
		return blob.Info{}, storeError("look up blob", err)
	}
	var m meta
	if err := json.Unmarshal(text, &m); err != nil {
		return blob.Info{}, fmt.Errorf("read description of %s: %w", key, err)
	}
	return m.info(key)
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key blob.Key) error {
	if key.IsZero() {
		return fmt.Errorf("delete blob: %w", blob.ErrMalformedKey)
	}
	return s.remove(ctx, objectDir(key))
}

// DeletePrefix implements blob.Store.
func (s *Store) DeletePrefix(ctx context.Context, prefix blob.Prefix) error {
	if prefix.IsZero() {
		return fmt.Errorf("delete blobs: %w", blob.ErrMalformedKey)
	}
	return s.remove(ctx, path.Clean(prefix.String()))
}

// remove takes a directory out of sight in one step, and then apart.
func (s *Store) remove(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	gone := path.Join(tmpDir, rand.Text())
	err := s.root.Rename(dir, gone)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return storeError("delete blob", err)
	}
	return storeError("delete blob", s.root.RemoveAll(gone))
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, prefix blob.Prefix) iter.Seq2[blob.Entry, error] {
	return func(yield func(blob.Entry, error) bool) {
		if prefix.IsZero() {
			yield(blob.Entry{}, fmt.Errorf("list blobs: %w", blob.ErrMalformedKey))
			return
		}
		err := fs.WalkDir(s.root.FS(), path.Clean(prefix.String()), func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // Nothing is there, or somebody deleted it meanwhile.
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || !d.IsDir() || !strings.HasSuffix(name, objectSuffix) {
				return err
			}
			return s.visit(ctx, strings.TrimSuffix(name, objectSuffix), yield)
		})
		if err != nil {
			yield(blob.Entry{}, storeError("list blobs", err))
		}
	}
}

// visit gives one object to the caller of List.
func (s *Store) visit(ctx context.Context, name string, yield func(blob.Entry, error) bool) error {
	key, err := blob.ParseKey(name)
	if err != nil {
		return err
	}
	info, err := s.Stat(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return fs.SkipDir
	}
	if err != nil {
		return err
	}
	if !yield(blob.Entry{Key: key, Size: info.Size, Created: info.Created}, nil) {
		return fs.SkipAll
	}
	return fs.SkipDir
}

// info fails when the description was not written by write.
func (m meta) info(key blob.Key) (blob.Info, error) {
	digest, err := blob.ParseDigest(m.SHA256)
	if err != nil {
		return blob.Info{}, fmt.Errorf("read description of %s: %w", key, err)
	}
	return blob.Info{
		Key: key, Size: m.Size, ContentType: m.ContentType, ETag: m.SHA256, SHA256: digest, Created: m.Created,
	}, nil
}

func objectDir(key blob.Key) string { return key.String() + objectSuffix }

// storeError wraps what the file system said; a full disk is an unavailable store.
func storeError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return blob.Unavailable(fmt.Errorf("%s: %w", doing, err))
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}
