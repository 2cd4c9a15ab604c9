package question

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Accept refuses what is no answer: another status than 200 or 304, and a GraphQL error. It does not parse, because it
// looks at every answer: errors of GraphQL stand at the beginning or the end of the body.
func Accept(status int, body []byte) error {
	if status == http.StatusNotModified {
		return nil
	}
	if status != http.StatusOK {
		return fmt.Errorf("status %d: %s", status, short(body))
	}
	if bytes.HasPrefix(body, []byte(`{"errors"`)) || bytes.Contains(tail(body), []byte(`"errors":[`)) {
		return fmt.Errorf("errors in %s", short(body))
	}
	return nil
}

// shown is how much of an answer is shown or searched for errors, in bytes.
const shown = 400

func short(body []byte) []byte { return body[:min(len(body), shown)] }

func tail(body []byte) []byte { return body[max(len(body)-shown, 0):] }

// Values returns what the answer holds under the keys, in alphabetical order: shapes differ between contenders, values
// must not.
func Values(body []byte, keys []string) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("read answer %s: %w", short(body), err)
	}
	var found []string
	collect(tree, keys, &found)
	if len(keys) > 0 && len(found) == 0 {
		return nil, errors.New("the answer holds nothing: " + string(short(body)))
	}
	slices.Sort(found)
	return found, nil
}

func collect(node any, keys []string, found *[]string) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			collect(child, keys, found)
		}
	case map[string]any:
		for key, child := range node {
			if slices.Contains(keys, key) {
				*found = append(*found, fmt.Sprintf("%s=%v", key, child))
				continue
			}
			collect(child, keys, found)
		}
	}
}
