package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
)

// together is how many files are put in their place at a time.
const together = 4

// dirOf is the asset's directory on this machine.
func (s *Service) dirOf(id uuid.UUID) (string, error) {
	dir, err := s.WorkDir()
	if err != nil {
		return "", fmt.Errorf("find work directory: %w", err)
	}
	return filepath.Join(dir, id.String()), nil
}

// makeDir makes the asset's directory. The converter's own user passes through it.
func (s *Service) makeDir(id uuid.UUID) (string, error) {
	dir, err := s.dirOf(id)
	if err != nil {
		return "", err
	}
	const passable = 0o711
	if err := os.MkdirAll(dir, passable); err != nil {
		return "", fmt.Errorf("make work directory: %w", err)
	}
	return dir, nil
}

// fetch brings the upload to this machine, whole or not at all, unless it is there.
func (s *Service) fetch(ctx context.Context, a *ent.Asset) (path string, err error) {
	dir, err := s.makeDir(a.ID)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "source")
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == a.Size {
		return path, nil
	}
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return "", fmt.Errorf("read blob key: %w", err)
	}
	object, err := s.Blobs.Open(ctx, key)
	if err != nil {
		// Not wrapped: that there is no such object is no answer to whether there is such an asset.
		return "", fmt.Errorf("open upload: %v", err) //nolint:errorlint // See above.
	}
	defer func() { err = errors.Join(err, object.Close()) }()
	return path, copyTo(path, object, a)
}

// copyTo writes the object to a file that appears when it is complete and what was announced.
func copyTo(path string, object io.Reader, a *ent.Asset) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "fetch-")
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, hash), object)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("fetch upload: %w", err)
	}
	if size != a.Size || hex.EncodeToString(hash.Sum(nil)) != a.Sha256 {
		return fmt.Errorf("fetch upload: %d bytes came that are not what was accepted", size)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("fetch upload: %w", err)
	}
	return nil
}

// setName follows from the files: the same files always have the same name, and others never.
func setName(files []transcode.File) string {
	hash := sha256.New()
	for _, f := range files {
		_, _ = fmt.Fprintf(hash, "%s %s\n", f.Name, f.SHA256)
	}
	const enough = 16
	return hex.EncodeToString(hash.Sum(nil)[:enough])
}

// keep puts the files in their place and returns the name of their set. What is there already is left alone.
func (s *Service) keep(ctx context.Context, a *ent.Asset, result *transcode.Result, p *pulse) (string, error) {
	name := setName(result.Files)
	if err := s.announceSet(ctx, a, name, result); err != nil {
		return "", err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together)
	var kept atomic.Int64
	for _, file := range result.Files {
		group.Go(func() error {
			open := func() (io.ReadCloser, error) { return os.Open(file.Path) }
			if err := s.put(ctx, a, name+"/"+file.Name, file, open); err != nil {
				return fmt.Errorf("keep %s: %w", file.Name, err)
			}
			p.at(convertShare + int(kept.Add(1))*(100-convertShare)/len(result.Files))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	return name, nil
}

// announceSet writes the set's row before its files, so that they are found should nobody come back for them.
func (s *Service) announceSet(ctx context.Context, a *ent.Asset, name string, result *transcode.Result) error {
	whole, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("keep result: %w", err)
	}
	var bytes int64
	for _, f := range result.Files {
		bytes += f.Bytes
	}
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if _, err := locked(ctx, tx, a.ID); err != nil { // one at a time
			return err
		}
		there, err := tx.RenditionSet.Query().Where(renditionset.AssetID(a.ID), renditionset.Name(name)).ForUpdate().Only(ctx)
		if err == nil {
			if there.Status == renditionset.StatusREADY || there.Status == renditionset.StatusCAPTIONS {
				return nil
			}
			// It is neither abandoned nor retired.
			return tx.RenditionSet.UpdateOne(there).SetStatus(renditionset.StatusBUILDING).Exec(ctx)
		} else if !ent.IsNotFound(err) {
			return fmt.Errorf("look for set: %w", err)
		}
		return tx.RenditionSet.Create().SetAssetID(a.ID).SetName(name).SetResult(whole).
			SetFiles(len(result.Files)).SetBytes(bytes).Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("announce rendition set: %w", err)
	}
	return nil
}

// keyBelow is where a file lies that was made of the asset. The name has slashes, and begins with that of a set.
func keyBelow(a *ent.Asset, name string) (blob.Key, error) {
	key, err := blob.NewKey(a.TenantID, append([]string{a.ID.String()}, strings.Split(name, "/")...)...)
	if err != nil {
		return blob.Key{}, fmt.Errorf("make blob key: %w", err)
	}
	return key, nil
}

// put stores one file under the name, unless it is there.
func (s *Service) put(
	ctx context.Context, a *ent.Asset, name string, file transcode.File, open func() (io.ReadCloser, error),
) (err error) {
	key, err := keyBelow(a, name)
	if err != nil {
		return err
	}
	want, err := blob.ParseDigest(file.SHA256)
	if err != nil {
		return fmt.Errorf("read digest: %w", err)
	}
	if there, err := s.Blobs.Stat(ctx, key); err == nil && there.Size == file.Bytes && there.SHA256 == want {
		return nil
	}
	body, err := open()
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	rule := blob.PutRule{ContentType: file.ContentType, Size: file.Bytes, SHA256: want}
	_, err = s.Blobs.Put(ctx, key, body, rule)
	if errors.Is(err, blob.ErrExists) {
		return s.same(ctx, key, file, want)
	}
	if err != nil {
		return fmt.Errorf("store file: %v", err) //nolint:errorlint // A store's codes say nothing about the film.
	}
	return nil
}

// same checks that an object which another process put there is the file.
func (s *Service) same(ctx context.Context, key blob.Key, file transcode.File, want blob.Digest) error {
	there, err := s.Blobs.Stat(ctx, key)
	if err != nil {
		return fmt.Errorf("look at stored file: %v", err) //nolint:errorlint // As above.
	}
	// A store that was never told the digest is believed: the name of the set follows from it.
	if there.Size != file.Bytes || !there.SHA256.IsZero() && there.SHA256 != want {
		return fmt.Errorf("another file is stored as %s", key)
	}
	return nil
}
