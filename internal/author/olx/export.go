package olx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// export is an open export: a folder that holds course.xml.
type export struct {
	// name is what the export is called, without its folder.
	name   string
	limits Limits
	root   *os.Root
	fsys   fs.FS
	// files are the sizes of all files, by path.
	files map[string]int64
	// texts counts the bytes of texts that were read, and touched holds the files.
	texts   int64
	touched map[string]bool
	remove  func() error
}

func (e *export) close() error {
	err := e.root.Close()
	if e.remove != nil {
		err = errors.Join(err, e.remove())
	}
	if err != nil {
		return fmt.Errorf("close export: %w", err)
	}
	return nil
}

// openFolder opens an export that is a folder, or holds one folder that is.
func openFolder(ctx context.Context, dir string, limits Limits) (*export, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, refuse("%s cannot be read.", dir).Because(err)
	}
	e := &export{name: filepath.Base(dir), limits: limits, root: root, fsys: root.FS(), touched: map[string]bool{}}
	if err := e.list(ctx); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	if err := e.descend(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return e, nil
}

// list finds all files. Hidden ones do not belong to an export.
func (e *export) list(ctx context.Context) error {
	e.files = map[string]int64{}
	count, total := 0, int64(0)
	err := fs.WalkDir(e.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if count++; count > e.limits.Files {
			return refuse("The export holds more than %d files.", e.limits.Files)
		}
		if d.IsDir() {
			return nil
		}
		return e.add(name, d, &total)
	})
	if err != nil {
		return fmt.Errorf("list export: %w", err)
	}
	return nil
}

func (e *export) add(name string, d fs.DirEntry, total *int64) error {
	if !d.Type().IsRegular() {
		return refuse("The export holds a link or a device, “%s”, and exports hold none.", name)
	}
	info, err := d.Info()
	if err != nil {
		return fmt.Errorf("look at %s: %w", name, err)
	}
	*total += info.Size()
	if info.Size() > e.limits.FileBytes || *total > e.limits.Bytes {
		return refuse("The export holds more than %d MB.", e.limits.Bytes>>20)
	}
	e.files[name] = info.Size()
	return nil
}

// descend moves into the folder that holds course.xml.
func (e *export) descend() error {
	const start = "course.xml"
	if _, here := e.files[start]; here {
		return nil
	}
	var dirs []string
	for name := range e.files {
		if dir, file, _ := strings.Cut(name, "/"); file == start {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) != 1 {
		return refuse("This is no Open edX export: it has no course.xml.")
	}
	sub, err := fs.Sub(e.fsys, dirs[0])
	if err != nil {
		return fmt.Errorf("open course: %w", err)
	}
	e.fsys = sub
	inside := map[string]int64{}
	for name, size := range e.files {
		if rest, found := strings.CutPrefix(name, dirs[0]+"/"); found {
			inside[rest] = size
		}
	}
	e.files = inside
	return nil
}

func (e *export) has(name string) bool {
	_, found := e.files[name]
	return found
}

// read reads a text file of the export. It must be UTF-8.
func (e *export) read(name string) ([]byte, error) {
	if e.files[name] > e.limits.TextBytes {
		return nil, refuse("The file “%s” is too large.", name)
	}
	if e.texts += e.files[name]; e.texts > e.limits.AllTextBytes {
		return nil, refuse("The export holds more than %d MB of texts.", e.limits.AllTextBytes>>20)
	}
	data, err := e.readBytes(name, e.limits.TextBytes)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, refuse("The file “%s” is not UTF-8 text.", name)
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// readBytes reads at most limit bytes of a file.
func (e *export) readBytes(name string, limit int64) ([]byte, error) {
	e.touched[name] = true
	file, err := e.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	data, err := io.ReadAll(io.LimitReader(file, limit))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// xml reads an XML file.
func (e *export) xml(name string) (*node, error) {
	data, err := e.read(name)
	if err != nil {
		return nil, err
	}
	return parseXML(name, data, e.limits)
}

// json reads a JSON file into v; a file that is not there changes nothing.
func (e *export) json(name string, v any) error {
	if !e.has(name) {
		return nil
	}
	data, err := e.read(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return refuse("The file “%s” is not well-formed JSON.", name).Because(err)
	}
	return nil
}

// below returns the files of a directory, without those deeper.
func (e *export) below(dir string) []string {
	var names []string
	for name := range e.files {
		if path.Dir(name) == dir {
			names = append(names, name)
		}
	}
	return sorted(names)
}
