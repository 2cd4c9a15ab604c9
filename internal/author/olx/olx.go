// Package olx imports courses that Open edX exported: OLX, as a .tar.gz archive or as a folder. The format
// is described at https://docs.openedx.org/en/latest/educators/references/olx.html.
//
// Chapters become modules, and every vertical becomes lessons: neighbouring pages one article, each video a
// video lesson, neighbouring problems one quiz. The sequential's name heads them as their section. What the
// import cannot carry stands in a Report, block by block, with its place and what was done about it.
//
// The input is nobody's friend: archives, XML and addresses are refused or dropped, with a sentence, as
// soon as they are not what an export holds.
package olx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
)

// Limits bound what an export may hold.
type Limits struct {
	// Bytes is how much an archive may inflate to, or a folder hold; FileBytes the same for one file.
	Bytes, FileBytes int64
	// Files counts files and directories.
	Files int
	// Ratio is how many times its size an archive may inflate to, once it is past Slack bytes.
	Ratio, Slack int64
	// TextBytes is the size of one XML, HTML or JSON file, and AllTextBytes of all of them together.
	TextBytes, AllTextBytes int64
	// Depth is how deep XML may nest, Nodes how many elements and texts a file may have, and AttrBytes how
	// long an attribute may be.
	Depth, Nodes, AttrBytes int
}

// DefaultLimits are far above real courses.
func DefaultLimits() Limits {
	return Limits{
		Bytes: 8 << 30, FileBytes: 4 << 30, Files: 50_000, Ratio: 200, Slack: 64 << 20,
		TextBytes: 8 << 20, AllTextBytes: 256 << 20, Depth: 100, Nodes: 200_000, AttrBytes: 1 << 20,
	}
}

// Import is an export that has been read: the course, its media, and what was lost.
type Import struct {
	Course *course.Course
	Report *Report

	export *export
	media  *shelf
}

// Read reads the archive or folder at path. The error is a BadInput fault with one sentence when that is no
// export, or one that should not be trusted, and NotFound when there is nothing. The caller closes what it
// returns.
func Read(ctx context.Context, path string, limits Limits) (*Import, error) {
	export, err := open(ctx, path, limits)
	if err != nil {
		return nil, err
	}
	result, err := convert(ctx, export)
	if err != nil {
		return nil, errors.Join(err, export.close())
	}
	return result, nil
}

// Open opens a media path of the course.
func (i *Import) Open(path string) (io.ReadCloser, error) { return i.media.open(path) }

// Close lets go of the export, and removes what was unpacked of it.
func (i *Import) Close() error { return i.export.close() }

// ToFolder reads the export at path and writes it as a new course folder at dir, with the report beside it
// as import-report.md and import-report.json. Nothing is written unless everything is.
func ToFolder(ctx context.Context, path, dir string, limits Limits) (*Report, error) {
	read, err := Read(ctx, path, limits)
	if err != nil {
		return nil, err
	}
	err = read.write(ctx, dir)
	if err := errors.Join(err, read.Close()); err != nil {
		return nil, err
	}
	return read.Report, nil
}

func (i *Import) write(ctx context.Context, dir string) error {
	data, err := i.Report.JSON()
	if err != nil {
		return err
	}
	err = folder.Create(ctx, dir, i.Course, i,
		folder.File{Path: "import-report.md", Data: []byte(i.Report.Markdown())},
		folder.File{Path: "import-report.json", Data: data})
	if err != nil {
		return fmt.Errorf("write course folder: %w", err)
	}
	return nil
}

// refuse is a BadInput fault.
func refuse(format string, args ...any) *fault.Error {
	return fault.Newf(fault.BadInput, format, args...)
}

// open finds out what stands at path.
func open(ctx context.Context, path string, limits Limits) (*export, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.Newf(fault.NotFound, "There is nothing at %s.", path).Because(err)
	}
	if err != nil {
		return nil, refuse("%s cannot be read.", path).Because(err)
	}
	if info.IsDir() {
		return openFolder(ctx, path, limits)
	}
	if !info.Mode().IsRegular() {
		return nil, refuse("%s is neither a file nor a folder.", path)
	}
	e, err := openArchive(ctx, path, limits)
	if err != nil {
		return nil, err
	}
	e.name = filepath.Base(path)
	return e, nil
}
