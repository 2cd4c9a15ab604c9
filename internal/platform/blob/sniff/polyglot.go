package sniff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// scanBytes is how much of a file is in memory at once.
	scanBytes = 256 * 1024
	// overlap is longer than what is searched, so that nothing hides on a boundary.
	overlap = 64
	// edgeBytes is how much of a film is searched at either end: browsers read no further to guess a type.
	edgeBytes = 256 * 1024
)

// polyglot finds what else a file could be taken for.
func polyglot(r Report, head []byte, file io.ReaderAt) ([]Flag, error) {
	var flags []Flag
	if isMedia(r.Detected) {
		found, err := hasMarkup(r, file)
		if err != nil {
			return nil, err
		}
		if found {
			flags = append(flags, MarkupInMedia)
		}
		if beginsScript(head) {
			flags = append(flags, ScriptHeader)
		}
	}
	if isMedia(r.Detected) || r.Detected == "application/pdf" {
		found, err := endsAsZip(file, r.Size)
		if err != nil {
			return nil, err
		}
		if found {
			flags = append(flags, AppendedArchive)
		}
	}
	return flags, nil
}

// hasMarkup searches an image in full, and of films and sounds both ends.
func hasMarkup(r Report, file io.ReaderAt) (bool, error) {
	if strings.HasPrefix(r.Detected, "image/") || r.Size <= 2*edgeBytes {
		return scanMarkup(io.NewSectionReader(file, 0, r.Size))
	}
	found, err := scanMarkup(io.NewSectionReader(file, 0, edgeBytes))
	if found || err != nil {
		return found, err
	}
	return scanMarkup(io.NewSectionReader(file, r.Size-edgeBytes, edgeBytes))
}

func scanMarkup(r io.Reader) (bool, error) {
	buffer := make([]byte, scanBytes)
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		window := bytes.ToLower(buffer[:kept+n])
		if containsMarkup(window) {
			return true, nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("search file: %w", err)
		}
		kept = copy(buffer, buffer[len(buffer)-overlap:])
	}
}

// containsMarkup looks for tags that make a browser take a file for a page. The character behind the name is needed:
// without it, one in some thousand photographs would hold "<html" by chance.
func containsMarkup(lower []byte) bool {
	for _, tag := range []string{
		"<script", "<html", "<body", "<iframe", "<object", "<embed", "<!doctype", "<?php", "<svg", "<foreignobject", "<meta",
	} {
		rest := lower
		for {
			i := bytes.Index(rest, []byte(tag))
			if i < 0 {
				break
			}
			rest = rest[i+len(tag):]
			if len(rest) > 0 && strings.IndexByte(" \t\r\n\f/>", rest[0]) >= 0 {
				return true
			}
		}
	}
	return false
}

// beginsScript finds images made to run when a page loads them as a script: the format's signature becomes a name, and
// the size that follows opens a comment ("GIF89a/*"), an assignment or a string.
func beginsScript(head []byte) bool {
	for signature, at := range map[string]int{"GIF87a": 6, "GIF89a": 6, "\xff\xd8\xff": 4, "BM": 2} {
		if !bytes.HasPrefix(head, []byte(signature)) || len(head) < at+2 {
			continue
		}
		if slices.Contains([]string{"/*", "//", "=\"", "='", "=/"}, string(head[at:at+2])) {
			return true
		}
	}
	return false
}

// The end of central directory record of a ZIP archive (APPNOTE.TXT §4.3.16): 22 bytes and a comment.
const (
	eocdBytes   = 22
	maxComment  = 1<<16 - 1
	commentAt   = 20
	centralSize = 12
)

// endsAsZip reports whether unpackers, which read from the end, would open the file.
func endsAsZip(file io.ReaderAt, size int64) (bool, error) {
	tail := make([]byte, min(size, eocdBytes+maxComment))
	if _, err := io.ReadFull(io.NewSectionReader(file, size-int64(len(tail)), int64(len(tail))), tail); err != nil {
		return false, fmt.Errorf("read tail of file: %w", err)
	}
	for i := len(tail) - eocdBytes; i >= 0; i-- {
		if !bytes.HasPrefix(tail[i:], []byte("PK\x05\x06")) {
			continue
		}
		comment := int(binary.LittleEndian.Uint16(tail[i+commentAt:]))
		central := int64(binary.LittleEndian.Uint32(tail[i+centralSize:]))
		// Four bytes may occur by chance; that the sizes fit as well does not.
		if i+eocdBytes+comment <= len(tail) && central <= size {
			return true, nil
		}
	}
	return false, nil
}
