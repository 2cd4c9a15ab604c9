package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// maxNesting bounds how deep the JSON of a request may nest, maxValues how many values and keys it may hold: a
// text is read fast, however long it is, and a million zeros are not.
const (
	maxNesting = 64
	maxValues  = 50_000
)

// malformed is what is wrong with a request, in words for its sender that repeat nothing of it.
type malformed string

func (m malformed) Error() string { return string(m) }

// The members of a request, and of the extensions that are understood here.
const (
	keyQuery         = "query"
	keyOperationName = "operationName"
	keyVariables     = "variables"
	keyExtensions    = "extensions"
	keyDocumentID    = "documentId"
)

// decodeObject reads one JSON object, strictly: UTF-8, no key twice, nothing behind it. Numbers stay as
// they were written. The error is malformed.
func decodeObject(text []byte) (map[string]any, error) {
	if !utf8.Valid(text) {
		return nil, malformed("The request is not UTF-8.")
	}
	if !json.Valid(text) {
		return nil, malformed("The request is not valid JSON, or something follows it.")
	}
	decoder := objectDecoder{Decoder: json.NewDecoder(bytes.NewReader(text)), left: maxValues}
	decoder.UseNumber()
	value, err := decoder.value(0)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, malformed("The request must be one JSON object; batches are not supported.")
	}
	return object, nil
}

// objectDecoder decodes what json.Valid has approved.
type objectDecoder struct {
	*json.Decoder

	left int // values and keys that may still come
}

func (d *objectDecoder) value(depth int) (any, error) {
	if d.left--; d.left < 0 {
		return nil, malformed("The request holds too many values.")
	}
	token, err := d.Token()
	if err != nil {
		return nil, malformed("The request is not valid JSON.")
	}
	if depth > maxNesting {
		return nil, malformed("The request nests too deeply.")
	}
	switch token {
	case json.Delim('{'):
		return d.members(depth)
	case json.Delim('['):
		return d.items(depth)
	default:
		return token, nil
	}
}

func (d *objectDecoder) members(depth int) (map[string]any, error) {
	object := map[string]any{}
	for d.More() {
		key, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if _, twice := object[name]; twice {
			return nil, malformed("The request holds the same key twice.")
		}
		if object[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token() // the closing brace
	return object, err
}

func (d *objectDecoder) items(depth int) ([]any, error) {
	items := []any{}
	for d.More() {
		item, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := d.Token() // the closing bracket
	return items, err
}

// requestOf reads a GraphQL request from its decoded members; others are ignored. A document id goes into
// the extensions, where Persisted finds it on every transport. The error is malformed.
func requestOf(members map[string]any) (*graphql.RawParams, error) {
	params := &graphql.RawParams{}
	var documentID string
	err := cmp.Or(
		member(members, keyQuery, "a string", &params.Query),
		member(members, keyOperationName, "a string", &params.OperationName),
		member(members, keyVariables, "an object", &params.Variables),
		member(members, keyExtensions, "an object", &params.Extensions),
		member(members, keyDocumentID, "a string", &documentID),
	)
	if err != nil {
		return nil, err
	}
	if documentID != "" {
		if params.Extensions == nil {
			params.Extensions = map[string]any{}
		}
		params.Extensions[keyDocumentID] = documentID
	}
	if params.Query == "" && params.Extensions[keyDocumentID] == nil && params.Extensions[keyPersistedQuery] == nil {
		return nil, malformed(`The request must have a "query" or a "documentId".`)
	}
	return params, nil
}

// member copies a member of the right type, or none, or null.
func member[T any](members map[string]any, name, kind string, to *T) error {
	value, given := members[name]
	if !given || value == nil {
		return nil
	}
	typed, ok := value.(T)
	if !ok {
		return malformed(fmt.Sprintf("%q must be %s.", name, kind))
	}
	*to = typed
	return nil
}
