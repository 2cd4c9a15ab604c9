package s3

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"lyceum/internal/platform/blob"
)

// The headers and parameters of uploads in parts.
const (
	headerAlgorithm = "X-Amz-Checksum-Algorithm"
	paramPart       = "partNumber"
	paramUpload     = "uploadId"
)

// codeNoSuchUpload is what S3 calls an upload that was completed, given up, or never begun.
const codeNoSuchUpload = "NoSuchUpload"

// BeginParts implements blob.Store. Every part has to come with its SHA-256.
func (s *Store) BeginParts(ctx context.Context, key blob.Key, contentType string) (string, error) {
	if key.IsZero() {
		return "", fmt.Errorf("begin upload: %w", blob.ErrMalformedKey)
	}
	opts := minio.PutObjectOptions{ContentType: contentType, UserMetadata: map[string]string{headerAlgorithm: "SHA256"}}
	upload, err := s.core().NewMultipartUpload(ctx, s.bucket, key.String(), opts)
	if err != nil {
		return "", s.explain("begin upload", key, err)
	}
	return upload, nil
}

func (s *Store) core() minio.Core { return minio.Core{Client: s.client} }

// PresignPart implements blob.Store.
func (s *Store) PresignPart(ctx context.Context, key blob.Key, upload string, rule blob.PartRule) (blob.UploadTicket, error) {
	if err := rule.Validate(); err != nil {
		return blob.UploadTicket{}, err
	}
	if key.IsZero() || upload == "" {
		return blob.UploadTicket{}, fmt.Errorf("sign part: %w", blob.ErrMalformedKey)
	}
	headers := map[string]string{headerChecksum: base64.StdEncoding.EncodeToString(rule.SHA256[:])}
	pinned := http.Header{"Content-Length": {strconv.FormatInt(rule.Size, 10)}, headerChecksum: {headers[headerChecksum]}}
	query := url.Values{paramPart: {strconv.Itoa(rule.Number)}, paramUpload: {upload}}
	expires := time.Now().Add(rule.Expires)
	u, err := s.signer.PresignHeader(ctx, http.MethodPut, s.bucket, key.String(), rule.Expires, query, pinned)
	if err != nil {
		return blob.UploadTicket{}, fmt.Errorf("sign part: %w", err)
	}
	return blob.UploadTicket{Method: http.MethodPut, URL: u.String(), Headers: headers, Expires: expires}, nil
}

// Parts implements blob.Store.
func (s *Store) Parts(ctx context.Context, key blob.Key, upload string) ([]blob.Part, error) {
	if key.IsZero() || upload == "" {
		return nil, blob.NotFound(key)
	}
	found, err := s.core().ListObjectParts(ctx, s.bucket, key.String(), upload, 0, blob.MaxParts)
	if err != nil {
		return nil, s.explainUpload("list parts", key, err)
	}
	parts := make([]blob.Part, len(found.ObjectParts))
	for i, p := range found.ObjectParts {
		parts[i] = blob.Part{Number: p.PartNumber, Size: p.Size, ETag: strings.Trim(p.ETag, `"`)}
		if sum, err := base64.StdEncoding.DecodeString(p.ChecksumSHA256); err == nil && len(sum) == len(parts[i].SHA256) {
			parts[i].SHA256 = blob.Digest(sum)
		}
	}
	return parts, nil
}

// CompleteParts implements blob.Store.
func (s *Store) CompleteParts(ctx context.Context, key blob.Key, upload string, parts []blob.Part) (blob.Info, error) {
	if key.IsZero() || upload == "" {
		return blob.Info{}, blob.NotFound(key)
	}
	all := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		all[i] = minio.CompletePart{PartNumber: p.Number, ETag: p.ETag}
		if !p.SHA256.IsZero() {
			all[i].ChecksumSHA256 = base64.StdEncoding.EncodeToString(p.SHA256[:])
		}
	}
	var final minio.PutObjectOptions
	final.SetMatchETagExcept("*")
	if _, err := s.core().CompleteMultipartUpload(ctx, s.bucket, key.String(), upload, all, final); err != nil {
		return blob.Info{}, s.explainUpload("complete upload", key, err)
	}
	return s.Stat(ctx, key)
}

// AbortParts implements blob.Store.
func (s *Store) AbortParts(ctx context.Context, key blob.Key) error {
	if key.IsZero() {
		return fmt.Errorf("give up upload: %w", blob.ErrMalformedKey)
	}
	return s.explain("give up upload", key, s.client.RemoveIncompleteUpload(ctx, s.bucket, key.String()))
}

// explainUpload is explain for what is asked of an upload.
func (s *Store) explainUpload(doing string, key blob.Key, err error) error {
	if minio.ToErrorResponse(err).Code == codeNoSuchUpload {
		return blob.NotFound(key)
	}
	return s.explain(doing, key, err)
}
