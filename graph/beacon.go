package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// What a page that is being left may send.
const (
	// maxBeacon is what browsers let such pages send, in bytes.
	maxBeacon = 64 << 10
	// beaconDocument is the one ready document that it runs.
	beaconDocument = "record-progress"
)

// Beacon takes what navigator.sendBeacon sends, and hands it to the GraphQL endpoint. A beacon has no header of
// its page's choice, so its body says whose it is: `{"token": "…", "variables": {…}}`, as text/plain, with the variables of
// the ready document record-progress, the only one it runs.
//
// A page of another site can send a beacon, too. It has no token to put into it; and nothing that the browser adds by
// itself, such as cookies, reaches the endpoint. So there is nothing to forge, and /graphql itself stays closed
// to text/plain.
func Beacon(endpoint http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "A beacon is a POST.", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBeacon))
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			http.Error(w, "A beacon may have 65536 bytes at most.", http.StatusRequestEntityTooLarge)
			return
		}
		var in struct {
			Token     string          `json:"token"`
			Variables json.RawMessage `json:"variables"`
		}
		if err != nil || json.Unmarshal(body, &in) != nil || len(in.Variables) == 0 {
			http.Error(w, "A beacon is JSON with a token and variables.", http.StatusBadRequest)
			return
		}
		if in.Token == "" {
			http.Error(w, "A beacon says whose it is.", http.StatusUnauthorized)
			return
		}
		forward, err := forwarded(r, in.Token, in.Variables)
		if err != nil {
			http.Error(w, "A beacon is JSON with a token and variables.", http.StatusBadRequest)
			return
		}
		endpoint.ServeHTTP(w, forward)
	})
}

// forwarded is the beacon as a request to the endpoint. Of its headers it keeps those that say where it comes from.
func forwarded(r *http.Request, token string, variables json.RawMessage) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{"documentId": beaconDocument, "variables": variables})
	if err != nil {
		return nil, err
	}
	forward := r.Clone(r.Context())
	forward.URL.RawQuery = ""
	forward.Header = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/graphql-response+json"}, "Authorization": {"Bearer " + token},
	}
	for _, kept := range []string{"User-Agent", "X-Forwarded-For"} {
		if values := r.Header.Values(kept); len(values) > 0 {
			forward.Header[kept] = values
		}
	}
	forward.Body, forward.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return forward, nil
}
