package sniff

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxDrawing is the size of the largest SVG that is looked into.
	maxDrawing = 8 << 20
	// maxDocument is the size of the largest PDF that is looked into, also when its objects are inflated.
	maxDocument = 32 << 20
)

// drawing looks into an SVG. One that is too large or not well-formed counts as active.
func drawing(r Report, _ []byte, file io.ReaderAt) ([]Flag, error) {
	if r.Detected != "image/svg+xml" && r.Declared != "image/svg+xml" {
		return nil, nil
	}
	if r.Size > maxDrawing {
		return []Flag{ActiveSVG}, nil
	}
	d := xml.NewDecoder(io.NewSectionReader(file, 0, r.Size))
	var in surroundings
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil || in.isActive(token) {
			return []Flag{ActiveSVG}, nil //nolint:nilerr // What cannot be read cannot be trusted: that is the finding.
		}
	}
}

// surroundings is where in a drawing a piece of it stands.
type surroundings struct {
	// inStyle is true between a style element's tags, and rules are what stands there so far: comments and CDATA
	// sections divide the text, but not the rules.
	inStyle bool
	rules   strings.Builder
}

// isActive looks at the next piece of the drawing.
func (in *surroundings) isActive(token xml.Token) bool {
	switch t := token.(type) {
	case xml.StartElement:
		// Rules have no elements inside; a browser would read on around them.
		if in.inStyle || isActiveElement(t) {
			return true
		}
		in.inStyle = strings.EqualFold(t.Name.Local, "style")
		in.rules.Reset()
		return false
	case xml.EndElement:
		active := in.inStyle && isActiveStyle(squeeze(in.rules.String()))
		in.inStyle = false
		return active
	case xml.CharData:
		if in.inStyle {
			in.rules.Write(t)
		}
		return false
	case xml.Directive:
		return true // Entities can spell what is not written; a drawing needs none.
	case xml.ProcInst:
		return t.Target != "xml"
	default:
		return false
	}
}

func isActiveElement(e xml.StartElement) bool {
	name := strings.ToLower(e.Name.Local)
	if slices.Contains([]string{
		"script", "foreignobject", "iframe", "object", "embed", "handler", "listener", "audio", "video", "meta", "link", "base",
	}, name) {
		return true
	}
	for _, attribute := range e.Attr {
		key, value := strings.ToLower(attribute.Name.Local), squeeze(attribute.Value)
		switch {
		case strings.HasPrefix(key, "on"):
			return true
		case key == "href" || key == "src":
			if !isHarmlessReference(name, value) {
				return true
			}
		case key == "attributename" && (strings.HasPrefix(value, "on") || strings.HasSuffix(value, "href")):
			return true
		case isActiveStyle(value):
			return true
		}
	}
	return false
}

// isActiveStyle finds style rules and attribute values that run something or fetch something.
func isActiveStyle(value string) bool {
	if strings.Contains(value, "javascript:") || strings.Contains(value, "@import") || strings.ContainsRune(value, '\\') {
		return true
	}
	for _, reference := range strings.Split(value, "url(")[1:] {
		if !isHarmlessReference("", strings.TrimLeft(reference, `"'`)) {
			return true
		}
	}
	return false
}

// isHarmlessReference allows references within the drawing, raster images written into it, and links to follow.
func isHarmlessReference(element, value string) bool {
	for _, start := range []string{"#", "data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"} {
		if strings.HasPrefix(value, start) {
			return true
		}
	}
	return element == "a" && (strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://"))
}

// squeeze drops what browsers drop before they read an address.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// document looks into a PDF. One that is too large, encrypted or packed in an unknown way counts as active.
func document(r Report, _ []byte, file io.ReaderAt) ([]Flag, error) {
	if r.Detected != "application/pdf" {
		return nil, nil
	}
	if r.Size > maxDocument {
		return []Flag{ActivePDF}, nil
	}
	content := make([]byte, r.Size)
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, r.Size), content); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if hasActiveName(content) || hidesActiveName(content) {
		return []Flag{ActivePDF}, nil
	}
	return nil, nil
}

// hasActiveName searches for the names of what a PDF can do. The short name /JS always goes with /JavaScript, and
// would be found by chance in any large image.
func hasActiveName(content []byte) bool {
	for rest := content; ; {
		i := bytes.IndexByte(rest, '/')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		switch pdfName(rest) {
		case "JavaScript", "Launch", "RichMedia", "EmbeddedFile", "EmbeddedFiles", "XFA":
			return true
		}
	}
}

// longestName is longer than any name searched for, with every character escaped.
const longestName = 48

// pdfName reads the name that begins here, with its #xx escapes resolved (ISO 32000-1 §7.3.5).
func pdfName(s []byte) string {
	var name []byte
	s = s[:min(len(s), longestName)]
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("()<>[]{}/%", c) >= 0 {
			break
		}
		if c == '#' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		name = append(name, c)
	}
	return string(name)
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}

// streamHeader is how far before the word "stream" its dictionary may begin.
const streamHeader = 512

// hidesActiveName looks into compressed object streams (ISO 32000-1 §7.5.7). It reports true also when one cannot be
// inflated, or all of them together are too large.
func hidesActiveName(content []byte) bool {
	budget := int64(maxDocument)
	for at := 0; ; {
		i := bytes.Index(content[at:], []byte("stream"))
		if i < 0 {
			return false
		}
		dictionary := content[max(at, at+i-streamHeader) : at+i]
		at += i + len("stream")
		if bytes.HasSuffix(dictionary, []byte("end")) || !holdsObjects(dictionary) {
			continue
		}
		objects, ok := inflate(content[at:], budget)
		if !ok || hasActiveName(objects) {
			return true
		}
		budget -= int64(len(objects))
	}
}

// holdsObjects reports whether the dictionary in front of a stream says that there are objects in it.
func holdsObjects(dictionary []byte) bool {
	if end := bytes.LastIndex(dictionary, []byte("obj")); end >= 0 {
		dictionary = dictionary[end:]
	}
	for rest := dictionary; ; {
		i := bytes.IndexByte(rest, '/')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		if pdfName(rest) == "ObjStm" {
			return true
		}
	}
}

func inflate(packed []byte, budget int64) ([]byte, bool) {
	packed = bytes.TrimPrefix(bytes.TrimPrefix(packed, []byte("\r")), []byte("\n"))
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	objects, err := io.ReadAll(io.LimitReader(z, budget+1))
	if err != nil || int64(len(objects)) > budget {
		return nil, false
	}
	return objects, z.Close() == nil
}
