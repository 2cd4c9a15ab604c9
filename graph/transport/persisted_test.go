package transport

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/fault"
)

// shelf holds two documents.
type shelf map[string]string

func (s shelf) Lookup(_ context.Context, id string) (text string, found bool) {
	text, found = s[id]
	return text, found
}

// FuzzPersisted names documents in every way that extensions can. Who may run stored documents only never gets another
// text through, nobody gets the text of another document than the one named, and nothing is guessed.
func FuzzPersisted(f *testing.F) {
	f.Add("", []byte(`{"documentId":"hello"}`), true)
	f.Add("{other}", []byte(`{"documentId":"hello"}`), true)
	f.Add("{hello}", []byte(`{"persistedQuery":{"version":1,"sha256Hash":"c0ffee"}}`), false)
	f.Add("{other}", []byte(`{"persistedQuery":{"sha256Hash":["c0ffee"]},"documentId":null}`), true)
	f.Add("", []byte(`{"documentId":"sha256:c0ffee","persistedQuery":{"sha256Hash":"beef"}}`), false)
	f.Add("", []byte(`{"documentId":"../hello"}`), true)
	documents := shelf{"hello": "{hello}", "sha256:c0ffee": "{hello}", "bye": "{bye}", "": "{nameless}"}
	f.Fuzz(func(t *testing.T, query string, extensions []byte, only bool) {
		request := graphql.RawParams{Query: query}
		if json.Unmarshal(extensions, &request.Extensions) != nil {
			return
		}
		err := Persisted{Documents: documents, Only: func(context.Context) bool { return only }}.MutateOperationParameters(t.Context(), &request)
		if err != nil {
			if err.Extensions["code"] == nil && fault.CodeOf(err.Err) != fault.Forbidden {
				t.Errorf("%q %s: refused without a code: %v", query, extensions, err)
			}
			return
		}
		if !only && query != "" {
			if request.Query != query {
				t.Errorf("%q became %q", query, request.Query)
			}
			return
		}
		named := documents[nameIn(request.Extensions)]
		if request.Query == "" || request.Query != named || request.Query == "{nameless}" || (query != "" && query != named) {
			t.Errorf("%q %s runs %q", query, extensions, request.Query)
		}
	})
}

// nameIn says which document is named: by "documentId", else by its hash.
func nameIn(extensions map[string]any) string {
	if id, _ := extensions["documentId"].(string); id != "" {
		return id
	}
	apollo, _ := extensions["persistedQuery"].(map[string]any)
	hash, _ := apollo["sha256Hash"].(string)
	return "sha256:" + strings.Clone(hash)
}
