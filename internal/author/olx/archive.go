package olx

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNameLen   = 500
	maxNameDepth = 20
)

// openArchive unpacks a .tar.gz into a folder of its own and opens that.
func openArchive(ctx context.Context, name string, limits Limits) (*export, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, refuse("%s cannot be read.", name).Because(err)
	}
	dir, err := os.MkdirTemp("", "lyceum-olx-*")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make folder to unpack in: %w", err), file.Close())
	}
	remove := func() error { return os.RemoveAll(dir) }
	err = unpackInto(ctx, file, dir, limits)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(err, remove())
	}
	e, err := openFolder(ctx, dir, limits)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	e.remove = remove
	return e, nil
}

func unpackInto(ctx context.Context, from io.Reader, dir string, limits Limits) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder to unpack in: %w", err)
	}
	return errors.Join(unpack(ctx, from, root, limits), root.Close())
}

// unpacker writes the entries of an archive below root, and counts.
type unpacker struct {
	root   *os.Root
	limits Limits
	// packed counts the bytes read from the archive; inflated those that came out of it.
	packed   *counter
	inflated int64
	entries  int
	files    map[string]bool
}

// counter counts the bytes that pass.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// unpack writes an archive below root. Whatever an export does not hold is refused: links, devices, names
// that lead elsewhere, names that stand twice, more than the limits allow.
func unpack(ctx context.Context, from io.Reader, root *os.Root, limits Limits) error {
	u := &unpacker{root: root, limits: limits, packed: &counter{from: from}, files: map[string]bool{}}
	unzipped, err := gzip.NewReader(u.packed)
	if err != nil {
		return refuse("The file is no .tar.gz archive.").Because(err)
	}
	archive := tar.NewReader(unzipped)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return finish(unzipped)
		}
		if err != nil {
			return refuse("The archive is damaged, or no .tar.gz archive.").Because(err)
		}
		if err := u.entry(header, archive); err != nil {
			return err
		}
	}
}

// finish reads what follows the last entry, which is padding: the checksum that tells whether the archive is
// whole stands at its very end.
func finish(unzipped io.Reader) error {
	const padding = 1 << 20
	n, err := io.Copy(io.Discard, io.LimitReader(unzipped, padding+1))
	if err != nil {
		return refuse("The archive is damaged.").Because(err)
	}
	if n > padding {
		return refuse("The archive is damaged: data follows its end.")
	}
	return nil
}

func (u *unpacker) entry(header *tar.Header, data io.Reader) error {
	u.entries++
	if u.entries > u.limits.Files {
		return refuse("The archive holds more than %d files.", u.limits.Files)
	}
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name := strings.TrimSuffix(strings.TrimPrefix(header.Name, "./"), "/")
	if problem := nameProblem(name); problem != "" {
		return refuse("The archive holds an entry whose name %s.", problem)
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return u.directory(name)
	case tar.TypeReg:
		return u.file(name, data)
	case tar.TypeSymlink, tar.TypeLink:
		return refuse("The archive holds a link, “%s”, and exports hold none.", name)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return refuse("The archive holds a device, “%s”, and exports hold none.", name)
	default:
		return refuse("The archive holds an entry of an unknown kind, “%s”.", name)
	}
}

// nameProblem says what is wrong with the name of an entry, as the end of a sentence, or "".
func nameProblem(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "holds control characters"
	case len(name) > maxNameLen, strings.Count(name, "/") >= maxNameDepth:
		return "is too long"
	case strings.HasPrefix(name, "/"), len(name) > 1 && name[1] == ':':
		return "is absolute"
	case strings.Contains(name, `\`):
		return "holds a backslash"
	case name != "" && path.Clean(name) != name, name == "..", strings.HasPrefix(name, "../"):
		return "leads out of the archive"
	}
	return ""
}

func (u *unpacker) directory(name string) error {
	if name == "" || name == "." {
		return nil
	}
	if err := u.root.MkdirAll(name, 0o700); err != nil {
		return refuse("The archive holds “%s” both as a file and as a folder.", name).Because(err)
	}
	return nil
}

func (u *unpacker) file(name string, data io.Reader) error {
	if name == "" || u.files[name] {
		return refuse("The archive holds “%s” twice.", name)
	}
	u.files[name] = true
	if err := u.directory(path.Dir(name)); err != nil {
		return err
	}
	to, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return refuse("The archive holds “%s” both as a file and as a folder.", name).Because(err)
	}
	if err := u.copy(name, to, data); err != nil {
		return errors.Join(err, to.Close())
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

// copy counts while it inflates: what a header says of a size proves nothing.
func (u *unpacker) copy(name string, to io.Writer, from io.Reader) error {
	buffer := make([]byte, 64<<10)
	var size int64
	for {
		n, err := from.Read(buffer)
		size += int64(n)
		u.inflated += int64(n)
		if problem := u.excess(name, size); problem != nil {
			return problem
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refuse("The archive is damaged in “%s”.", name).Because(err)
		}
	}
}

func (u *unpacker) excess(name string, size int64) error {
	switch {
	case size > u.limits.FileBytes:
		return refuse("The archive holds a file that is too large, “%s”.", name)
	case u.inflated > u.limits.Bytes:
		return refuse("The archive inflates to more than %d MB.", u.limits.Bytes>>20)
	case u.inflated > u.limits.Slack && u.inflated > u.limits.Ratio*u.packed.n:
		return refuse("The archive inflates to more than %d times its size, as archives do that are made to fill disks.", u.limits.Ratio)
	}
	return nil
}
