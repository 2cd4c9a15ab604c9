package transport

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecodeObject looks for texts that decodeObject takes although encoding/json reads them otherwise.
func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{hello}","variables":{"a":[1,2.5,{"b":null}],"c":true}}`, `{"a":1,"a":2}`, `{"\u0061":1,"a":2}`,
		`[{}]`, `{}{}`, `{"a":[[[[[[]]]]]]}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"":""}`, `{"a":1e999}`, `nul`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeObject(text)
		if err != nil {
			return
		}
		var want map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
