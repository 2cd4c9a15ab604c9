package s3_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/blobtest"
	"lyceum/internal/platform/blob/s3"
)

const bucket = "lyceum-test"

func config(endpoint string) s3.Config {
	return s3.Config{Endpoint: endpoint, Bucket: bucket, AccessKey: "lyceum", SecretKey: "lyceum-secret", PathStyle: true}
}

func newStore(t *testing.T, cfg s3.Config) *s3.Store {
	t.Helper()
	store, err := s3.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return store
}

func newKey(t *testing.T) blob.Key {
	t.Helper()
	key, err := blob.NewKey(uuid.New(), "asset", "original")
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return key
}

// TestConformance runs against what blobtest.S3 finds.
func TestConformance(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	store := newStore(t, cfg)
	if err := store.Ping(t.Context()); err != nil {
		t.Fatalf("Ping: %v", err)
	}
	absent := cfg
	absent.Bucket = "no-such-bucket"
	if err := newStore(t, absent).Ping(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("Ping without a bucket = %v, want Unavailable", err)
	}
	blobtest.Run(t, store)
}

func testConfig(t *testing.T) s3.Config {
	t.Helper()
	gateway := blobtest.S3(t, bucket)
	cfg := config(gateway.Endpoint)
	cfg.AccessKey, cfg.SecretKey = gateway.AccessKey, gateway.SecretKey
	return cfg
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*s3.Config){
		"no bucket":     func(c *s3.Config) { c.Bucket = "" },
		"no access key": func(c *s3.Config) { c.AccessKey = "" },
		"no secret":     func(c *s3.Config) { c.SecretKey = "" },
		"no endpoint":   func(c *s3.Config) { c.Endpoint = "" },
		"no scheme":     func(c *s3.Config) { c.Endpoint = "s3.example.com" },
		"other scheme":  func(c *s3.Config) { c.Endpoint = "ftp://s3.example.com" },
		"with a path":   func(c *s3.Config) { c.Endpoint = "https://s3.example.com/bucket" },
		"public":        func(c *s3.Config) { c.PublicEndpoint = "s3.example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config("https://s3.example.com")
			change(&cfg)
			if _, err := s3.New(cfg); err == nil {
				t.Error("New = nil, want an error")
			}
		})
	}
}

// TestTicketPinsEverything needs no store: signing is done here.
func TestTicketPinsEverything(t *testing.T) {
	t.Parallel()
	cfg := config("http://127.0.0.1:1")
	cfg.PublicEndpoint = "https://files.example.com"
	store, key := newStore(t, cfg), newKey(t)
	rule := blob.UploadRule{ContentType: "video/mp4", Size: 1234, SHA256: sha256.Sum256([]byte("x")), Expires: time.Minute}
	ticket, err := store.PresignUpload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignUpload: %v", err)
	}
	u, err := url.Parse(ticket.URL)
	if err != nil {
		t.Fatalf("parse %q: %v", ticket.URL, err)
	}
	if ticket.Method != http.MethodPut || u.Host != "files.example.com" || u.Path != "/"+bucket+"/"+key.String() {
		t.Errorf("ticket = %s %s", ticket.Method, ticket.URL)
	}
	const signed = "content-length;content-type;host;if-none-match;x-amz-checksum-sha256"
	if got := u.Query().Get("X-Amz-SignedHeaders"); got != signed {
		t.Errorf("signed headers %q, want %q", got, signed)
	}
	want := map[string]string{
		"Content-Type": "video/mp4", "If-None-Match": "*", "X-Amz-Checksum-Sha256": "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
	}
	if fmt.Sprint(ticket.Headers) != fmt.Sprint(want) {
		t.Errorf("headers %v, want %v", ticket.Headers, want)
	}
	rule.Size, rule.MaxSize = 0, 5000
	form, err := store.PresignUpload(t.Context(), key, rule)
	if err != nil {
		t.Fatalf("PresignUpload: %v", err)
	}
	if form.Method != http.MethodPost || form.FormFields["key"] != key.String() || form.FormFields["Content-Type"] != "video/mp4" ||
		form.FormFields["policy"] == "" || form.FormFields["x-amz-signature"] == "" {
		t.Errorf("form ticket = %+v", form)
	}
}

// TestStoreDown covers a store that refuses connections and one that answers with errors.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(failing.Close)
	for name, endpoint := range map[string]string{"refuses": "http://" + blobtest.FreeAddress(t), "fails": failing.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, key := newStore(t, config(endpoint)), newKey(t)
			prefix, err := blob.NewPrefix(key.Tenant())
			if err != nil {
				t.Fatalf("NewPrefix: %v", err)
			}
			_, put := store.Put(t.Context(), key, strings.NewReader("x"), blob.PutRule{ContentType: "text/plain", Size: 1})
			_, open := store.Open(t.Context(), key)
			var list error
			for _, err := range store.List(t.Context(), prefix) {
				list = err
			}
			for operation, err := range map[string]error{
				"Ping": store.Ping(t.Context()), "Put": put, "Open": open, "List": list,
				"Delete": store.Delete(t.Context(), key), "DeletePrefix": store.DeletePrefix(t.Context(), prefix),
			} {
				if !errors.Is(err, blob.ErrUnavailable) || fault.CodeOf(err) != fault.Unavailable {
					t.Errorf("%s = %v, want ErrUnavailable", operation, err)
				}
			}
			// Playback and uploads that go past us are still signed.
			if _, err := store.PresignDownload(t.Context(), key, blob.DownloadRule{Expires: time.Minute}); err != nil {
				t.Errorf("PresignDownload = %v", err)
			}
		})
	}
}

// TestForeignObject has an object in the bucket that no key addresses.
func TestForeignObject(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		_, _ = fmt.Fprintf(w, `<ListBucketResult><Name>%s</Name><IsTruncated>false</IsTruncated><Contents>
			<Key>t/%s/Photo of me.JPG</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>`,
			bucket, tenant)
	}))
	t.Cleanup(server.Close)
	prefix, err := blob.NewPrefix(tenant)
	if err != nil {
		t.Fatalf("NewPrefix: %v", err)
	}
	for entry, err := range newStore(t, config(server.URL)).List(t.Context(), prefix) {
		if !errors.Is(err, blob.ErrMalformedKey) {
			t.Errorf("List gives %+v, %v; want ErrMalformedKey", entry, err)
		}
	}
}
