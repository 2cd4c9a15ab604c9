// Package page pages through lists by key: a cursor holds the sort values of the row it stands at, bound
// to the order and the arguments it came from.
package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"

	"github.com/google/uuid"

	"lyceum/internal/fault"
)

// The bounds of `first`.
const (
	DefaultFirst = 20
	MaxFirst     = 100
)

// boundTo is how many bytes of the order's hash a cursor carries.
const boundTo = 6

// maxCursor bounds what is decoded, in bytes of text. The longest cursor that is written holds a title of 300
// characters, of which JSON spells some in six bytes each.
const maxCursor = 4096

// Request is what a client asked for.
type Request struct {
	// First is how many rows, 1 to MaxFirst.
	First int
	// After is the cursor to start behind; empty for the beginning.
	After string
}

// Parse reads the arguments of a connection. The error is a BadInput fault.
func Parse(first *int, after *string) (Request, error) {
	r := Request{First: DefaultFirst}
	if first != nil {
		r.First = *first
	}
	if r.First < 1 || r.First > MaxFirst {
		return Request{}, fault.Invalid("first", "`first` is from 1 to 100.")
	}
	if after != nil {
		r.After = *after
	}
	return r, nil
}

// Limit is how many rows to read: one more than asked for tells whether there is a next page.
func (r Request) Limit() int { return r.First + 1 }

// Position reads the cursor into the sort values, in order. It returns false at the beginning of the list.
// Order names the list, its order and its filter; a cursor of another is a BadInput fault.
func (r Request) Position(order string, into ...any) (bool, error) {
	if r.After == "" {
		return false, nil
	}
	refused := fault.Invalid("after", "This cursor does not belong to this list; start again without `after`.")
	if len(r.After) > maxCursor {
		return false, refused
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.After)
	if err != nil || len(raw) < boundTo || !bytes.Equal(raw[:boundTo], bind(order)) {
		return false, refused
	}
	decoder := json.NewDecoder(bytes.NewReader(raw[boundTo:]))
	var values []json.RawMessage
	if err := decoder.Decode(&values); err != nil || len(values) != len(into) {
		return false, refused
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return false, refused
	}
	for i, value := range values {
		if err := json.Unmarshal(value, into[i]); err != nil {
			return false, refused
		}
	}
	// JSON has many spellings of a value, and null stands for any: only the one that was written is a cursor.
	if cursor(order, into) != r.After {
		return false, refused
	}
	return true, nil
}

// Page is one page of rows with the cursor of each.
type Page[T any] struct {
	Rows        []T
	Cursors     []string
	HasNext     bool
	HasPrevious bool
}

// Of cuts the rows that were read (at most Limit of them) into a page. Key returns a row's sort values,
// as Position reads them back.
func Of[T any](rows []T, r Request, order string, key func(T) []any) Page[T] {
	p := Page[T]{Rows: rows, HasPrevious: r.After != ""}
	if len(rows) > r.First {
		p.Rows, p.HasNext = rows[:r.First], true
	}
	p.Cursors = make([]string, len(p.Rows))
	for i, row := range p.Rows {
		p.Cursors[i] = cursor(order, key(row))
	}
	return p
}

// ByID reads a page of a list whose rows are in the order of their ids. Behind narrows the query to what comes after an id;
// all runs it.
func ByID[T any](
	ctx context.Context, r Request, order string, all func(context.Context) ([]T, error), behind func(last uuid.UUID), id func(T) uuid.UUID,
) (Page[T], error) {
	var last uuid.UUID
	if later, err := r.Position(order, &last); err != nil {
		return Page[T]{}, err
	} else if later {
		behind(last)
	}
	rows, err := all(ctx)
	if err != nil {
		return Page[T]{}, err
	}
	return Of(rows, r, order, func(row T) []any { return []any{id(row)} }), nil
}

func cursor(order string, values []any) string {
	body, err := json.Marshal(values)
	if err != nil {
		// Sort values are strings, numbers, times and ids: they always encode.
		panic("page: must encode sort values: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(append(bind(order), body...))
}

func bind(order string) []byte {
	sum := sha256.Sum256([]byte(order))
	return sum[:boundTo:boundTo]
}
