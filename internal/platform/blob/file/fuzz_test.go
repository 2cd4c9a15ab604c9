package file

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

// FuzzVerify signs a download and an upload, then offers other URLs. A signed URL is good for its method, its key and
// its rule, in the one spelling in which it was handed out.
func FuzzVerify(f *testing.F) {
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: make([]byte, 32)})
	if err != nil {
		f.Fatalf("NewSigner: %v", err)
	}
	store := &Store{baseURL: "/blob", signer: signer}
	key, err := blob.NewKey(uuid.UUID{1}, "asset", "film.mp4")
	if err != nil {
		f.Fatalf("NewKey: %v", err)
	}
	f.Add(key.String()+"?sig=1.k1.AAAA", "text/html", "a b&sig=1.html", int64(1), 1, byte('2'))
	f.Add(key.String()+"?type=a&type=b;sig=", "video/mp4", "", int64(5<<40), 70, byte('%'))
	f.Add("t/../"+key.String()+"?%73ig=", "", "\u202e", int64(0), -1, byte(0))
	f.Fuzz(func(t *testing.T, foreign, contentType, name string, size int64, at int, with byte) {
		expires := time.Unix(1_790_000_000, 0)
		now := expires.Add(-time.Minute)
		query := url.Values{paramType: {contentType}, paramName: {name}}
		if size > 0 {
			query = url.Values{paramType: {contentType}, paramSize: {"7"}, paramMax: {name}}
		}
		link := strings.TrimPrefix(store.sign(http.MethodGet, key, maps.Clone(query), expires), "/blob/")

		gotKey, gotQuery, err := verifyText(store, http.MethodHead, link, now)
		if err != nil || gotKey != key || gotQuery.Encode() != query.Encode() {
			t.Fatalf("%q is read as %v %v (%v)", link, gotKey, gotQuery, err)
		}
		if _, _, err := verifyText(store, http.MethodPut, link, now); !errors.Is(err, blob.ErrSignature) {
			t.Errorf("%q was signed for GET and is taken for PUT: %v", link, err)
		}
		if _, _, err := verifyText(store, http.MethodGet, link, expires); !errors.Is(err, blob.ErrExpired) {
			t.Errorf("%q at its end: %v, want ErrExpired", link, err)
		}
		if _, _, err := verifyText(store, http.MethodGet, foreign, now); foreign != link && err == nil {
			t.Errorf("%q was never signed", foreign)
		}
		if at < 0 || at >= len(link) || link[at] == with {
			return
		}
		changed := link[:at] + string([]byte{with}) + link[at+1:]
		if gotKey, gotQuery, err := verifyText(store, http.MethodGet, changed, now); err == nil {
			t.Errorf("%q was not signed, and is read as %v %v", changed, gotKey, gotQuery)
		}
	})
}

// verifyText asks for a path and query as a request line carries them.
func verifyText(store *Store, method, text string, now time.Time) (blob.Key, url.Values, error) {
	requested, err := url.ParseRequestURI("/" + text)
	if err != nil {
		return blob.Key{}, nil, blob.ErrSignature // a server refuses such a request line
	}
	requested.Path, requested.RawPath = strings.TrimPrefix(requested.Path, "/"), strings.TrimPrefix(requested.RawPath, "/")
	return store.verify(method, requested, now)
}
