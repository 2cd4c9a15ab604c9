// Package multirange carries Postgres' int4multirange through ent and pgx.
package multirange

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Range is the half-open interval [From, To).
type Range struct{ From, To int32 }

// Int4 is an int4multirange in its canonical form: sorted, disjoint, half-open ranges.
type Int4 []Range

// ErrMalformed is returned for what Postgres would not write.
var ErrMalformed = errors.New("malformed int4multirange")

// String returns the text form, "{[0,1000),[2000,3000)}".
func (m Int4) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, r := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "[%d,%d)", r.From, r.To)
	}
	b.WriteByte('}')
	return b.String()
}

// Len returns how much the ranges cover together.
func (m Int4) Len() int {
	n := 0
	for _, r := range m {
		n += int(r.To) - int(r.From)
	}
	return n
}

// Value implements driver.Valuer.
func (m Int4) Value() (driver.Value, error) { return m.String(), nil }

// Scan implements sql.Scanner for both forms in which Postgres answers.
func (m *Int4) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*m = nil
		return nil
	case string:
		return m.parse(v)
	case []byte:
		// As a count of ranges the brace would mean two thousand million of them.
		if len(v) > 0 && v[0] == '{' {
			return m.parse(string(v))
		}
		return m.parseBinary(v)
	default:
		return fmt.Errorf("scan %T: %w", src, ErrMalformed)
	}
}

func (m *Int4) parse(s string) error {
	inner, ok := strings.CutPrefix(s, "{")
	if !ok || !strings.HasSuffix(inner, "}") {
		return ErrMalformed
	}
	inner = strings.TrimSuffix(inner, "}")
	out := Int4{}
	for inner != "" {
		end := strings.IndexByte(inner, ')')
		if end < 0 || inner[0] != '[' {
			return ErrMalformed
		}
		from, to, ok := strings.Cut(inner[1:end], ",")
		if !ok {
			return ErrMalformed
		}
		lo, err := strconv.ParseInt(from, 10, 32)
		if err != nil {
			return ErrMalformed
		}
		hi, err := strconv.ParseInt(to, 10, 32)
		if err != nil {
			return ErrMalformed
		}
		out = append(out, Range{From: int32(lo), To: int32(hi)})
		inner = strings.TrimPrefix(inner[end+1:], ",")
	}
	// Numbers have several spellings, and so have lists: what Postgres writes is what String writes.
	if out.String() != s {
		return ErrMalformed
	}
	return m.take(out)
}

// take makes m the ranges, if they are canonical.
func (m *Int4) take(ranges Int4) error {
	for i, r := range ranges {
		if r.From >= r.To || (i > 0 && ranges[i-1].To >= r.From) {
			return ErrMalformed
		}
	}
	*m = ranges
	return nil
}
