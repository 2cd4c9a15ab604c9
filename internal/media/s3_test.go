package media_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/blobtest"
	"lyceum/internal/platform/blob/delivery"
	"lyceum/internal/platform/blob/s3"
)

// bucketOf is a bucket of the test's own in a server that speaks S3.
func bucketOf(t *testing.T) *s3.Store {
	t.Helper()
	const bucket = "lyceum-media-test"
	gateway := blobtest.S3(t, bucket)
	store, err := s3.New(s3.Config{
		Endpoint: gateway.Endpoint, Bucket: bucket, AccessKey: gateway.AccessKey, SecretKey: gateway.SecretKey, PathStyle: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestStreamsFromS3 uploads a film into a bucket, converts it, edits its captions and fetches both as players do: lists
// from the server, everything else from the bucket.
func TestStreamsFromS3(t *testing.T) {
	t.Parallel()
	store := bucketOf(t)
	f, m := converting(t)
	m.captions, f.s.Blobs = spoken("ein"), store
	a := f.film(t, f.acme, "in a bucket")
	system := f.acme.System(t.Context())
	if err := f.s.Convert(system, a.ID, new(ends).finish); err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.SaveCaptions(f.acme.AsInstructor(t.Context()), a.ID, edit("en", "one")); err != nil {
		t.Fatal(err)
	}
	now := f.laid(t, a, "de", "en")
	if now.Conversion != asset.ConversionDONE {
		t.Fatalf("%+v", now)
	}
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&delivery.Handler{Signer: signer, Objects: store, Links: store})
	t.Cleanup(server.Close)
	p, err := f.s.Playback(f.acme.AsInstructor(t.Context()), now)
	if err != nil {
		t.Fatal(err)
	}
	get := func(address string) (from, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(address, f.s.Origin, server.URL, 1), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d %s (%v)", address, response.StatusCode, text, err)
		}
		return response.Request.URL.Host, string(text)
	}
	here := strings.TrimPrefix(server.URL, "http://")
	if from, list := get(p.HLSURL); from != here || !strings.Contains(list, `LANGUAGE="en"`) {
		t.Errorf("the playlist comes from %s:\n%s", from, list)
	}
	if _, vtt := get(p.Captions[1].URL); vtt != spoken("one") {
		t.Errorf("the captions are %q", vtt)
	}
	segment := strings.Replace(p.PosterURL, "poster.jpg", "v90/seg_1.m4s", 1)
	if from, body := get(segment); from == here || !strings.HasPrefix(body, "v90/seg_1.m4s") {
		t.Errorf("a segment comes from %s: %.40q", from, body)
	}
	f.agesSets(t)
	if _, err := f.s.RemoveCaptions(f.acme.AsInstructor(t.Context()), a.ID, "en"); err != nil {
		t.Fatal(err)
	}
	f.laid(t, a, "de")
	f.agesSets(t)
	if n, err := f.s.SweepSets(system); n != 1 || err != nil {
		t.Errorf("%d sets were swept (%v), want the captions that were edited", n, err)
	}
	for entry, err := range store.List(t.Context(), prefixOf(t, a)) {
		if err != nil || strings.Contains(entry.Key.String(), strings.TrimSuffix(now.Playback.Play, ".m3u8")) {
			t.Errorf("%s is left (%v)", entry.Key, err)
		}
	}
}
