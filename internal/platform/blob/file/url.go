package file

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lyceum/internal/platform/blob"
)

// urlPurpose separates the signatures of these URLs from all others made with the same key.
const urlPurpose = "lyceum file v1"

// The parameters of a signed URL. All of them are signed, together with the method and the key.
const (
	paramSignature = "sig"
	paramType      = "type"
	paramName      = "name"
	paramSize      = "size"
	paramMax       = "max"
	paramSHA256    = "sha256"
)

// PresignUpload implements blob.Store. The ticket is a PUT, good for one upload.
func (s *Store) PresignUpload(_ context.Context, key blob.Key, rule blob.UploadRule) (blob.UploadTicket, error) {
	if err := rule.Validate(); err != nil {
		return blob.UploadTicket{}, err
	}
	if key.IsZero() {
		return blob.UploadTicket{}, fmt.Errorf("sign upload: %w", blob.ErrMalformedKey)
	}
	query := url.Values{paramType: {rule.ContentType}}
	if rule.Size > 0 {
		query.Set(paramSize, strconv.FormatInt(rule.Size, 10))
	} else {
		query.Set(paramMax, strconv.FormatInt(rule.MaxSize, 10))
	}
	if !rule.SHA256.IsZero() {
		query.Set(paramSHA256, rule.SHA256.String())
	}
	expires := time.Now().Add(rule.Expires)
	return blob.UploadTicket{
		Method:  http.MethodPut,
		URL:     s.sign(http.MethodPut, key, query, expires),
		Headers: map[string]string{"Content-Type": rule.ContentType},
		Expires: expires,
	}, nil
}

// PresignDownload implements blob.Store.
func (s *Store) PresignDownload(_ context.Context, key blob.Key, rule blob.DownloadRule) (string, error) {
	if err := rule.Validate(); err != nil {
		return "", err
	}
	if key.IsZero() {
		return "", fmt.Errorf("sign download: %w", blob.ErrMalformedKey)
	}
	query := url.Values{}
	if rule.ContentType != "" {
		query.Set(paramType, rule.ContentType)
	}
	if name := blob.CleanFilename(rule.Filename); name != "" {
		query.Set(paramName, name)
	}
	return s.sign(http.MethodGet, key, query, rule.End(time.Now())), nil
}

func (s *Store) sign(method string, key blob.Key, query url.Values, expires time.Time) string {
	query.Set(paramSignature, s.signer.Sign(urlPurpose, signedText(method, key, query), expires))
	return s.baseURL + "/" + key.String() + "?" + query.Encode()
}

// signedText is all of a URL but its signature and its base.
func signedText(method string, key blob.Key, query url.Values) string {
	return method + "\n" + key.String() + "\n" + query.Encode()
}

// verify returns what a request asks for, when somebody of ours has signed it. HEAD is allowed where GET is. The
// error is blob.ErrSignature or blob.ErrExpired.
func (s *Store) verify(method string, requested *url.URL, now time.Time) (blob.Key, url.Values, error) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	// A key needs no escapes, so a path with any was not signed here, whatever it decodes to.
	key, err := blob.ParseKey(requested.EscapedPath())
	if err != nil {
		return blob.Key{}, nil, blob.ErrSignature
	}
	query, err := url.ParseQuery(requested.RawQuery)
	if err != nil || query.Encode() != requested.RawQuery {
		return blob.Key{}, nil, blob.ErrSignature
	}
	signature := query.Get(paramSignature)
	query.Del(paramSignature)
	if err := s.signer.Verify(urlPurpose, signedText(method, key, query), signature, now); err != nil {
		return blob.Key{}, nil, err
	}
	return key, query, nil
}

// wanted reads back what PresignUpload signed.
func wanted(query url.Values) (want, error) {
	w := want{contentType: query.Get(paramType), smallest: 1}
	limit, name := &w.largest, paramMax
	if query.Has(paramSize) {
		name = paramSize
	}
	var err error
	if *limit, err = strconv.ParseInt(query.Get(name), 10, 64); err != nil {
		return want{}, fmt.Errorf("read signed size: %w", err)
	}
	if name == paramSize {
		w.smallest = w.largest
	}
	if query.Has(paramSHA256) {
		if w.sha256, err = blob.ParseDigest(query.Get(paramSHA256)); err != nil {
			return want{}, fmt.Errorf("read signed digest: %w", err)
		}
	}
	return w, nil
}
