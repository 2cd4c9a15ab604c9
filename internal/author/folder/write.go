package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"lyceum/internal/author/course"
	"lyceum/internal/fault"
)

// Render returns the files of a course, media aside. Equal courses give equal bytes. The error is the
// BadInput fault of course.Validate for a course that is not well-formed.
func Render(c *course.Course) ([]File, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("validate course: %w", err)
	}
	e := &encoder{}
	e.file(courseFile, courseFields(c))
	for i, m := range c.Modules {
		dir := ordinal(i, len(c.Modules)) + "-" + m.Key
		e.file(join(dir, moduleFile), moduleFields(m))
		for j, l := range m.Lessons {
			e.lesson(join(dir, ordinal(j, len(m.Lessons))+"-"+l.Key), l)
		}
	}
	if e.err != nil {
		return nil, fmt.Errorf("encode course: %w", e.err)
	}
	return e.files, nil
}

// ordinal is the number in front of the name of the i-th of n things, with zeros so that names sort.
func ordinal(i, n int) string {
	return fmt.Sprintf("%0*d", max(2, len(strconv.Itoa(n))), i+1)
}

// Create writes a new folder: the files of the course, the media that it names, and extra files. Nothing is
// left behind when it fails, and a folder that stands there already is a Conflict unless it is empty.
func Create(ctx context.Context, dir string, c *course.Course, media Opener, extra ...File) error {
	files, err := Render(c)
	if err != nil {
		return err
	}
	return place(ctx, dir, append(files, extra...), c.MediaPaths(), media)
}

// place writes a new folder: into a folder beside it first, which takes its name when it is complete.
func place(ctx context.Context, dir string, files []File, paths []string, media Opener) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	if err := checkFree(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := fill(ctx, work, files, paths, media); err != nil {
		return errors.Join(err, os.RemoveAll(work))
	}
	if err := settle(work, dir); err != nil {
		return errors.Join(err, os.RemoveAll(work))
	}
	return nil
}

func checkFree(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.Newf(fault.Conflict, "%s is no folder that can be written.", dir).Because(err)
	case len(entries) > 0:
		return fault.Newf(fault.Conflict, "%s holds files already. Choose a folder that is new or empty.", dir)
	default:
		return nil
	}
}

// settle puts the finished folder in its place.
func settle(work, dir string) error {
	if err := os.Chmod(work, 0o750); err != nil { //nolint:gosec // a folder needs the x bit
		return fmt.Errorf("open folder to its group: %w", err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace empty folder: %w", err)
	}
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("put folder in place: %w", err)
	}
	return nil
}

func fill(ctx context.Context, dir string, files []File, paths []string, media Opener) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	return errors.Join(fillRoot(ctx, root, files, paths, media), root.Close())
}

func fillRoot(ctx context.Context, root *os.Root, files []File, paths []string, media Opener) error {
	for _, f := range files {
		if err := writeFile(root, f.Path, bytes.NewReader(f.Data)); err != nil {
			return err
		}
	}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := copyMedia(root, path, media); err != nil {
			return err
		}
	}
	return nil
}

func copyMedia(root *os.Root, path string, media Opener) error {
	from, err := media.Open(path)
	if err != nil {
		return fmt.Errorf("open media: %w", err)
	}
	defer from.Close()
	return writeFile(root, path, from)
}

func writeFile(root *os.Root, path string, from io.Reader) error {
	if dir := filepath.Dir(filepath.FromSlash(path)); dir != "." {
		if err := root.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	to, err := root.OpenFile(filepath.FromSlash(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	if _, err := io.Copy(to, from); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), to.Close())
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
