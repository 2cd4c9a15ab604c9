package attack

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/platform/gid"
)

// Finding is something of the victim's in what an attacker saw.
type Finding struct {
	// Name is what was found: the name of a marker, or of the table that a row's id belongs to.
	Name string
	// Form is how it was written: "plain", "base64", …
	Form string
	// Around is the text at that place.
	Around string
}

// String is the finding in a line.
func (f Finding) String() string { return fmt.Sprintf("%s (%s) in %q", f.Name, f.Form, f.Around) }

// Scanner finds markers and ids in any bytes. It is safe for concurrent use once everything has been added.
type Scanner struct {
	// exact and folded have the forms by their last eight bytes: ids of one minute begin alike.
	exact, folded map[uint64][]form
}

// form is one spelling of what is looked for.
type form struct {
	name, kind string
	text       []byte
}

// NewScanner returns a scanner that looks for nothing yet.
func NewScanner() *Scanner {
	return &Scanner{exact: map[uint64][]form{}, folded: map[uint64][]form{}}
}

// Marker makes the scanner find a text of at least 16 bytes, in any case, and in base64, base64url and hex.
func (s *Scanner) Marker(name, text string) {
	s.fold(name, "plain", text)
	s.encoded(name, "plain", []byte(text))
	if raw, err := hex.DecodeString(text); err == nil {
		s.encoded(name, "raw", raw)
	}
}

// ID makes the scanner find a row's id: as a UUID with and without dashes, as a global id of any type, and all of
// these encoded.
func (s *Scanner) ID(name string, id uuid.UUID) {
	dashed, plain, global := id.String(), hex.EncodeToString(id[:]), gid.Encode(id)
	s.fold(name, "uuid", dashed)
	s.fold(name, "uuid without dashes", plain)
	s.fold(name, "global id", global)
	for kind, text := range map[string]string{"uuid": dashed, "uuid without dashes": plain, "global id": global} {
		s.encoded(name, kind, []byte(text))
	}
	s.encoded(name, "raw", id[:])
}

// encoded adds the bytes in base64, in both alphabets and at each of the three places where they can begin, and in
// hex.
func (s *Scanner) encoded(name, kind string, raw []byte) {
	for offset := range 3 {
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s.add(s.exact, form{name, "base64 of " + kind, aligned(alphabet, raw, offset)})
		}
	}
	if kind != "raw" {
		s.fold(name, "hex of "+kind, hex.EncodeToString(raw))
	}
}

// aligned is the part of the base64 of something that has the bytes at the offset, that depends on them alone.
func aligned(alphabet *base64.Encoding, raw []byte, offset int) []byte {
	encoded := alphabet.EncodeToString(append(make([]byte, offset), raw...))
	begin := (offset*8 + 5) / 6
	end := (offset + len(raw)) * 8 / 6
	return []byte(encoded[begin:end])
}

func (s *Scanner) fold(name, kind, text string) {
	s.add(s.folded, form{name, kind, []byte(strings.ToLower(text))})
}

func (*Scanner) add(index map[uint64][]form, f form) {
	key := tail(f.text)
	for _, known := range index[key] {
		if bytes.Equal(known.text, f.text) {
			return
		}
	}
	index[key] = append(index[key], f)
}

// keyBytes is how many bytes at the end of a form are looked up.
const keyBytes = 8

// tail is the key of a form, which is longer than it.
func tail(text []byte) uint64 { return binary.LittleEndian.Uint64(text[len(text)-keyBytes:]) }

// Scan returns what is found in the text, each thing once. What stands in sent came from the attacker and is not
// counted where it stands as it was sent.
func (s *Scanner) Scan(text []byte, sent ...string) []Finding {
	found := map[string]Finding{}
	for _, view := range views(text) {
		for _, own := range sent {
			if len(own) >= keyBytes {
				view = bytes.ReplaceAll(view, []byte(own), []byte(" "))
			}
		}
		s.look(s.exact, view, view, found)
		s.look(s.folded, bytes.ToLower(view), view, found)
	}
	findings := make([]Finding, 0, len(found))
	for _, f := range found {
		findings = append(findings, f)
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.String(), b.String()) })
	return findings
}

func (*Scanner) look(index map[uint64][]form, in, shown []byte, found map[string]Finding) {
	for end := keyBytes; end <= len(in); end++ {
		for _, f := range index[binary.LittleEndian.Uint64(in[end-keyBytes:end])] {
			if bytes.HasSuffix(in[:end], f.text) && found[f.name].Name == "" {
				found[f.name] = Finding{f.name, f.kind, around(shown, end-len(f.text), end)}
			}
		}
	}
}

// around is the text from begin to end, and some more on both sides.
func around(text []byte, begin, end int) string {
	const more = 60
	if end > len(text) {
		return "" // a character whose lower case is of another length stands before
	}
	return string(text[max(0, begin-more):min(len(text), end+more)])
}

// unicodeEscape is a character as JSON may write it.
var unicodeEscape = regexp.MustCompile(`\\u[0-9a-fA-F]{4}`)

// views are the text as it is, and without the escapes of JSON, of URLs and of HTML where it has any.
func views(text []byte) [][]byte {
	all := [][]byte{text}
	if bytes.Contains(text, []byte(`\u`)) {
		all = append(all, unicodeEscape.ReplaceAllFunc(text, func(escape []byte) []byte {
			var plain string
			if json.Unmarshal(slices.Concat([]byte{'"'}, escape, []byte{'"'}), &plain) != nil {
				return escape
			}
			return []byte(plain)
		}))
	}
	if bytes.IndexByte(text, '%') >= 0 {
		all = append(all, unescapeURL(text))
	}
	if bytes.Contains(text, []byte("&#")) {
		all = append(all, []byte(html.UnescapeString(string(text))))
	}
	return all
}

// percent is an escaped byte of a URL.
var percent = regexp.MustCompile(`%[0-9a-fA-F]{2}`)

// unescapeURL replaces what is escaped, whatever stands around it.
func unescapeURL(text []byte) []byte {
	return percent.ReplaceAllFunc(text, func(escape []byte) []byte {
		plain, err := url.PathUnescape(string(escape))
		if err != nil {
			return escape
		}
		return []byte(plain)
	})
}
