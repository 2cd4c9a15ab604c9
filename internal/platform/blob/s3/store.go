// Package s3 keeps blobs in a bucket of an S3-compatible store.
//
// It asks of the store: signatures of version 4, If-None-Match on PUT (Amazon has it since 2024), and for uploads of
// unknown size POST policies. Browsers that upload need a CORS rule on the bucket that allows PUT, POST and the
// headers Content-Type, If-None-Match and X-Amz-Checksum-Sha256.
package s3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"lyceum/internal/platform/blob"
)

const (
	// attempts is how often a request is made before the store counts as unavailable.
	attempts = 3
	// defaultRegion stands in requests to stores that know no regions.
	defaultRegion = "us-east-1"
)

// The headers that a presigned PUT pins.
const (
	headerChecksum    = "X-Amz-Checksum-Sha256"
	headerIfNoneMatch = "If-None-Match"
	metaSHA256        = "Sha256"
)

// Config says where the bucket is.
type Config struct {
	// Endpoint is the URL of the store: "https://s3.eu-central-1.amazonaws.com".
	Endpoint string
	// PublicEndpoint is the URL under which clients reach the same store; empty when it is Endpoint.
	PublicEndpoint string
	// Region may be empty for stores that know none.
	Region    string
	Bucket    string
	AccessKey string
	SecretKey string
	// PathStyle puts the bucket into the path instead of the host name. Amazon wants the host name, most others
	// the path.
	PathStyle bool
	// Transport is used for requests of the driver itself; nil is the library's own.
	Transport http.RoundTripper
}

// Store implements blob.Store.
type Store struct {
	client *minio.Client
	signer *minio.Client
	bucket string
}

var _ blob.Store = (*Store)(nil)

// New returns the store. It makes no request: ask Ping whether the bucket is there.
func New(cfg Config) (*Store, error) {
	if cfg.Bucket == "" || cfg.AccessKey == "" || cfg.SecretKey == "" {
		return nil, errors.New("configure S3: bucket, access key and secret key are needed")
	}
	client, err := connect(cfg, cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	signer := client
	if cfg.PublicEndpoint != "" {
		if signer, err = connect(cfg, cfg.PublicEndpoint); err != nil {
			return nil, err
		}
	}
	return &Store{client: client, signer: signer, bucket: cfg.Bucket}, nil
}

func connect(cfg Config, endpoint string) (*minio.Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (u.Path != "" && u.Path != "/") {
		return nil, fmt.Errorf("configure S3: %q is no URL of a store: want http(s)://host[:port]", endpoint)
	}
	region, lookup := cfg.Region, minio.BucketLookupDNS
	if region == "" {
		region = defaultRegion
	}
	if cfg.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: u.Scheme == "https",
		// With the region given, signing needs no request.
		Region:       region,
		BucketLookup: lookup,
		Transport:    cfg.Transport,
		MaxRetries:   attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("configure S3: %w", err)
	}
	return client, nil
}

// Ping reports whether the bucket can be reached.
func (s *Store) Ping(ctx context.Context) error {
	exists, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return s.explain("look for bucket", blob.Key{}, err)
	}
	if !exists {
		return blob.Unavailable(fmt.Errorf("there is no bucket %q", s.bucket))
	}
	return nil
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key blob.Key) (*blob.Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, key.String(), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.explain("open blob", key, err)
	}
	return &blob.Object{Body: object, Info: info}, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key blob.Key) (blob.Info, error) {
	if key.IsZero() {
		return blob.Info{}, fmt.Errorf("look up blob: %w", blob.ErrMalformedKey)
	}
	o, err := s.client.StatObject(ctx, s.bucket, key.String(), minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return blob.Info{}, s.explain("look up blob", key, err)
	}
	return blob.Info{
		Key: key, Size: o.Size, ContentType: o.ContentType, ETag: o.ETag, SHA256: digestOf(o), Created: o.LastModified,
	}, nil
}

// digestOf returns the SHA-256 that the store has checked, else the one that Put has.
func digestOf(o minio.ObjectInfo) blob.Digest {
	var d blob.Digest
	// The checksum of an object of several parts has a suffix, and is not of its bytes.
	if sum, err := base64.StdEncoding.DecodeString(o.ChecksumSHA256); err == nil && len(sum) == len(d) {
		return blob.Digest(sum)
	}
	d, err := blob.ParseDigest(o.UserMetadata[metaSHA256])
	if err != nil {
		return blob.Digest{}
	}
	return d
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key blob.Key) error {
	if key.IsZero() {
		return fmt.Errorf("delete blob: %w", blob.ErrMalformedKey)
	}
	err := s.client.RemoveObject(ctx, s.bucket, key.String(), minio.RemoveObjectOptions{})
	if err = s.explain("delete blob", key, err); errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// DeletePrefix implements blob.Store.
func (s *Store) DeletePrefix(ctx context.Context, prefix blob.Prefix) error {
	if prefix.IsZero() {
		return fmt.Errorf("delete blobs: %w", blob.ErrMalformedKey)
	}
	var listing error
	doomed := func(yield func(minio.ObjectInfo) bool) {
		for o := range s.objects(ctx, prefix) {
			if o.Err != nil {
				listing = o.Err
				return
			}
			if !yield(o) {
				return
			}
		}
	}
	results, err := s.client.RemoveObjectsWithIter(ctx, s.bucket, doomed, minio.RemoveObjectsOptions{})
	if err != nil {
		return s.explain("delete blobs", blob.Key{}, err)
	}
	var failures []error
	for result := range results {
		failures = append(failures, s.explain("delete blobs", blob.Key{}, result.Err))
	}
	return errors.Join(append(failures, s.explain("list blobs", blob.Key{}, listing))...)
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, prefix blob.Prefix) iter.Seq2[blob.Entry, error] {
	return func(yield func(blob.Entry, error) bool) {
		if prefix.IsZero() {
			yield(blob.Entry{}, fmt.Errorf("list blobs: %w", blob.ErrMalformedKey))
			return
		}
		for o := range s.objects(ctx, prefix) {
			entry, err := s.entry(o)
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

func (s *Store) objects(ctx context.Context, prefix blob.Prefix) iter.Seq[minio.ObjectInfo] {
	return s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix.String(), Recursive: true})
}

func (s *Store) entry(o minio.ObjectInfo) (blob.Entry, error) {
	if o.Err != nil {
		return blob.Entry{}, s.explain("list blobs", blob.Key{}, o.Err)
	}
	key, err := blob.ParseKey(o.Key)
	if err != nil {
		return blob.Entry{}, fmt.Errorf("list blobs: %.100q in the bucket is none of ours: %w", o.Key, err)
	}
	return blob.Entry{Key: key, Size: o.Size, Created: o.LastModified}, nil
}

// PresignUpload implements blob.Store: a PUT where the rule knows the size, else a POST, the only form in which
// S3 bounds a size.
func (s *Store) PresignUpload(ctx context.Context, key blob.Key, rule blob.UploadRule) (blob.UploadTicket, error) {
	if err := rule.Validate(); err != nil {
		return blob.UploadTicket{}, err
	}
	if key.IsZero() {
		return blob.UploadTicket{}, fmt.Errorf("sign upload: %w", blob.ErrMalformedKey)
	}
	if rule.Size > 0 {
		return s.presignPut(ctx, key, rule)
	}
	return s.presignPost(ctx, key, rule)
}

func (s *Store) presignPut(ctx context.Context, key blob.Key, rule blob.UploadRule) (blob.UploadTicket, error) {
	headers := map[string]string{"Content-Type": rule.ContentType, headerIfNoneMatch: "*"}
	if !rule.SHA256.IsZero() {
		headers[headerChecksum] = base64.StdEncoding.EncodeToString(rule.SHA256[:])
	}
	pinned := http.Header{"Content-Length": {strconv.FormatInt(rule.Size, 10)}}
	for name, value := range headers {
		pinned.Set(name, value)
	}
	expires := time.Now().Add(rule.Expires)
	u, err := s.signer.PresignHeader(ctx, http.MethodPut, s.bucket, key.String(), rule.Expires, nil, pinned)
	if err != nil {
		return blob.UploadTicket{}, fmt.Errorf("sign upload: %w", err)
	}
	return blob.UploadTicket{Method: http.MethodPut, URL: u.String(), Headers: headers, Expires: expires}, nil
}

func (s *Store) presignPost(ctx context.Context, key blob.Key, rule blob.UploadRule) (blob.UploadTicket, error) {
	smallest, largest := rule.Limit()
	expires := time.Now().Add(rule.Expires).UTC()
	policy := minio.NewPostPolicy()
	err := errors.Join(
		policy.SetBucket(s.bucket),
		policy.SetKey(key.String()),
		policy.SetContentType(rule.ContentType),
		policy.SetContentLengthRange(smallest, largest),
		policy.SetExpires(expires),
	)
	if !rule.SHA256.IsZero() {
		err = errors.Join(err, policy.SetChecksum(minio.NewChecksum(minio.ChecksumSHA256, rule.SHA256[:])))
	}
	if err != nil {
		return blob.UploadTicket{}, fmt.Errorf("write upload policy: %w", err)
	}
	u, fields, err := s.signer.PresignedPostPolicy(ctx, policy)
	if err != nil {
		return blob.UploadTicket{}, fmt.Errorf("sign upload: %w", err)
	}
	return blob.UploadTicket{Method: http.MethodPost, URL: u.String(), FormFields: fields, Expires: expires}, nil
}

// PresignDownload implements blob.Store.
func (s *Store) PresignDownload(ctx context.Context, key blob.Key, rule blob.DownloadRule) (string, error) {
	if err := rule.Validate(); err != nil {
		return "", err
	}
	if key.IsZero() {
		return "", fmt.Errorf("sign download: %w", blob.ErrMalformedKey)
	}
	query := url.Values{"response-content-disposition": {rule.Disposition()}}
	if rule.ContentType != "" {
		query.Set("response-content-type", rule.ContentType)
	}
	u, err := s.signer.PresignedGetObject(ctx, s.bucket, key.String(), rule.Expires, query)
	if err != nil {
		return "", fmt.Errorf("sign download: %w", err)
	}
	return u.String(), nil
}

// explain turns what the store or the network said into what blob.Store promises.
func (s *Store) explain(doing string, key blob.Key, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NoSuchKey:
		return blob.NotFound(key)
	case answer.StatusCode == http.StatusPreconditionFailed, answer.Code == minio.PreconditionFailed,
		answer.Code == "ConditionalRequestConflict":
		return blob.Exists(key)
	case answer.StatusCode >= http.StatusInternalServerError, answer.StatusCode == http.StatusTooManyRequests,
		isNetwork(err):
		return blob.Unavailable(fmt.Errorf("%s: %w", doing, err))
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// isNetwork reports whether no answer came at all.
func isNetwork(err error) bool {
	var broken *url.Error
	return errors.As(err, &broken)
}
