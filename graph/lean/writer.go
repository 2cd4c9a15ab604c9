package lean

import (
	"io"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/platform/gid"
)

// Writer writes JSON, byte for byte as gqlgen's marshalers do.
type Writer struct{ text []byte }

// firstBytes is the room that an object gets at first.
const firstBytes = 256

// mostBytes is how much is written for one operation, and into one object or list. What is longer is left to gqlgen, whose
// fields are counted one by one: see limit.Size.
const mostBytes = 4 << 20

// write returns what fn writes, nil when it gives up or panics: then gqlgen does it over.
func write(fn func(w *Writer) bool) (written graphql.Marshaler) {
	defer func() {
		if recover() != nil {
			written = nil
		}
	}()
	w := &Writer{text: make([]byte, 0, firstBytes)}
	if !fn(w) {
		return nil
	}
	return w
}

// MarshalGQL implements graphql.Marshaler.
func (w *Writer) MarshalGQL(to io.Writer) { _, _ = to.Write(w.text) }

// Write implements io.Writer, for marshalers that write themselves.
func (w *Writer) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (w *Writer) WriteString(s string) (int, error) {
	w.text = append(w.text, s...)
	return len(s), nil
}

// Byte writes a brace or a bracket.
func (w *Writer) Byte(b byte) { w.text = append(w.text, b) }

// Key writes the key of the i-th field of an object.
func (w *Writer) Key(i int, key string) {
	w.Next(i)
	w.text = append(w.text, key...)
}

// Next begins the i-th element of a list.
func (w *Writer) Next(i int) {
	if i > 0 {
		w.text = append(w.text, ',')
	}
}

// Null writes null.
func (w *Writer) Null() { w.text = append(w.text, "null"...) }

// Text writes a string, as graphql.MarshalString does. Like all that write a value it reports whether that could be written.
func (w *Writer) Text(s string) bool {
	if len(w.text)+len(s) > mostBytes {
		return false
	}
	w.text = append(w.text, '"')
	start := 0
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '\\' || c == '"' {
			w.text = append(w.text, s[start:i]...)
			w.escape(c)
			start = i + 1
		}
	}
	w.text = append(append(w.text, s[start:]...), '"')
	return true
}

func (w *Writer) escape(c byte) {
	const hex = "0123456789ABCDEF"
	switch c {
	case '\t':
		w.text = append(w.text, `\t`...)
	case '\r':
		w.text = append(w.text, `\r`...)
	case '\n':
		w.text = append(w.text, `\n`...)
	case '\\', '"':
		w.text = append(w.text, '\\', c)
	default:
		w.text = append(w.text, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
	}
}

// Int writes a number of 32 bits; another is an error on the field, which gqlgen reports.
func (w *Writer) Int(n int) bool {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return false
	}
	return w.Bytes(int64(n))
}

// Bytes writes a number of 64 bits.
func (w *Writer) Bytes(n int64) bool {
	w.text = strconv.AppendInt(w.text, n, 10)
	return true
}

// Bool writes true or false.
func (w *Writer) Bool(b bool) bool {
	w.text = strconv.AppendBool(w.text, b)
	return true
}

// Time writes a time, as graphql.MarshalTime does; the zero time is null there, which may be an error.
func (w *Writer) Time(t time.Time) bool {
	if t.IsZero() {
		return false
	}
	w.text = append(t.AppendFormat(append(w.text, '"'), time.RFC3339Nano), '"')
	return true
}

// ID writes a global id.
func (w *Writer) ID(id gid.ID) bool {
	w.text = append(id.Append(append(w.text, '"')), '"')
	return true
}

// Own writes a value that knows how.
func (w *Writer) Own(m graphql.Marshaler) bool {
	m.MarshalGQL(w)
	return true
}
