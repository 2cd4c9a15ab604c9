package delivery

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"lyceum/internal/platform/blob"
)

// Bounds of a list that is rewritten: a film of ten hours has some 6,000 segments of six seconds.
const (
	maxListBytes = 2 << 20
	maxListNames = 20_000
)

// errList: a stored list names what it must not.
var errList = errors.New("a list that cannot be handed out")

// linkOf signs the address of an object that a list names.
type linkOf func(blob.Key, kind) (string, error)

// attributeURI is the attribute of a playlist's tag that names an object: EXT-X-MAP, EXT-X-MEDIA and others have one.
var attributeURI = regexp.MustCompile(`([:,]URI=)"([^"]*)"`)

// picture is the line of a storyboard that names a part of a sheet.
var picture = regexp.MustCompile(`^([^\s#]+)(#xywh=[0-9,]+)$`)

// relink puts an address of the storage in the place of each name in a list: of segments and their headers in a
// playlist, of sheets in a storyboard. Names of playlists stay: they are asked for here again. Names are relative and
// lead down from the list, to objects of the same asset; the error is errList for any other.
func relink(text []byte, list blob.Key, link linkOf) ([]byte, error) {
	if len(text) > maxListBytes {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", errList, list, maxListBytes)
	}
	w := relinker{list: list, link: link}
	line := w.playlistLine
	if !strings.HasSuffix(list.String(), ".m3u8") {
		line = w.cueLine
	}
	var out strings.Builder
	for part := range strings.Lines(string(text)) {
		body := strings.TrimRight(part, "\r\n")
		replaced, err := line(body)
		if err != nil {
			return nil, err
		}
		out.WriteString(replaced)
		out.WriteString(part[len(body):])
	}
	return []byte(out.String()), nil
}

// relinker rewrites one list.
type relinker struct {
	list  blob.Key
	link  linkOf
	names int
}

func (w *relinker) playlistLine(line string) (string, error) {
	if line == "" {
		return line, nil
	}
	if !strings.HasPrefix(line, "#") {
		return w.address(line)
	}
	var failure error
	replaced := attributeURI.ReplaceAllStringFunc(line, func(found string) string {
		m := attributeURI.FindStringSubmatch(found)
		address, err := w.address(m[2])
		failure = errors.Join(failure, err)
		return m[1] + `"` + address + `"`
	})
	return replaced, failure
}

func (w *relinker) cueLine(line string) (string, error) {
	m := picture.FindStringSubmatch(line)
	if m == nil {
		return line, nil
	}
	address, err := w.address(m[1])
	return address + m[2], err
}

// address returns what stands for a name.
func (w *relinker) address(name string) (string, error) {
	if w.names++; w.names > maxListNames {
		return "", fmt.Errorf("%w: %s names more than %d objects", errList, w.list, maxListNames)
	}
	place := w.list.String()
	key, err := blob.ParseKey(place[:strings.LastIndexByte(place, '/')+1] + name)
	if err != nil {
		return "", fmt.Errorf("%w: %s names %.60q", errList, w.list, name)
	}
	kind, known := kindOf(key)
	switch {
	case !known:
		return "", fmt.Errorf("%w: %s names %.60q", errList, w.list, name)
	case kind.short:
		return name, nil
	default:
		return w.link(key, kind)
	}
}
