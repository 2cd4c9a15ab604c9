package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"lyceum/internal/platform/blob"
)

// partBytes is the memory that one Put takes. With S3's 10,000 parts it reaches objects of 160 GB.
const partBytes = 16 << 20

// abortLimit is how long giving up an upload may take.
const abortLimit = 10 * time.Second

// Put implements blob.Store. What fits into one part is sent when all of it was read and checked; larger objects go
// part by part, and become visible when the last one was checked.
func (s *Store) Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error) {
	if err := rule.Validate(); err != nil {
		return blob.Info{}, err
	}
	if key.IsZero() {
		return blob.Info{}, fmt.Errorf("store blob: %w", blob.ErrMalformedKey)
	}
	in := &input{body: body, key: key, rule: rule, digest: sha256.New()}
	first, last, err := in.next()
	if err != nil {
		return blob.Info{}, err
	}
	if last {
		err = s.putWhole(ctx, first, in)
	} else {
		err = s.putParts(ctx, first, in)
	}
	if err != nil {
		return blob.Info{}, err
	}
	return s.Stat(ctx, key)
}

func (s *Store) putWhole(ctx context.Context, content []byte, in *input) error {
	opts := in.options(in.sum())
	opts.DisableMultipart = true
	opts.SetMatchETagExcept("*")
	_, err := s.client.PutObject(ctx, s.bucket, in.key.String(), bytes.NewReader(content), int64(len(content)), opts)
	return s.explain("store blob", in.key, err)
}

// putParts does by hand what the library's PutObject does, because that forgets If-None-Match at the end.
func (s *Store) putParts(ctx context.Context, first []byte, in *input) error {
	core, key := minio.Core{Client: s.client}, in.key.String()
	upload, err := core.NewMultipartUpload(ctx, s.bucket, key, in.options(in.rule.SHA256))
	if err != nil {
		return s.explain("begin to store blob", in.key, err)
	}
	parts, err := s.sendParts(ctx, core, upload, first, in)
	if err == nil {
		var final minio.PutObjectOptions
		final.SetMatchETagExcept("*")
		_, err = core.CompleteMultipartUpload(ctx, s.bucket, key, upload, parts, final)
		err = s.explain("store blob", in.key, err)
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
		defer cancel()
		return errors.Join(err, core.AbortMultipartUpload(ctx, s.bucket, key, upload))
	}
	return nil
}

func (s *Store) sendParts(ctx context.Context, core minio.Core, upload string, part []byte, in *input) ([]minio.CompletePart, error) {
	var parts []minio.CompletePart
	for number, last := 1, false; ; number++ {
		sent, err := core.PutObjectPart(ctx, s.bucket, in.key.String(), upload, number, bytes.NewReader(part), int64(len(part)),
			minio.PutObjectPartOptions{})
		if err != nil {
			return nil, s.explain("store part of blob", in.key, err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: number, ETag: sent.ETag})
		if last {
			return parts, nil
		}
		if part, last, err = in.next(); err != nil {
			return nil, err
		}
		if len(part) == 0 {
			return parts, nil
		}
	}
}

// input cuts a body into parts and checks it against the rule.
type input struct {
	body   io.Reader
	key    blob.Key
	rule   blob.PutRule
	digest hash.Hash
	seen   int64
	buffer []byte
}

// next returns the next part, until the following call, and whether the body ends with it. Then the whole body has
// been checked.
func (in *input) next() (part []byte, last bool, err error) {
	if in.buffer == nil {
		in.buffer = make([]byte, in.bufferSize())
	}
	n, err := io.ReadFull(in.body, in.buffer)
	part = in.buffer[:n]
	in.seen += int64(n)
	_, _ = in.digest.Write(part)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return part, true, in.check()
	case err != nil:
		return nil, false, fmt.Errorf("read body of blob: %w", err)
	case in.rule.Size > 0 && in.seen > in.rule.Size:
		return nil, false, in.check()
	default:
		return part, false, nil
	}
}

// bufferSize leaves room for one byte more than announced, so that the end of a small body shows at once.
func (in *input) bufferSize() int64 {
	if in.rule.Size > 0 && in.rule.Size < partBytes {
		return in.rule.Size + 1
	}
	return partBytes
}

// options describes the object, with its digest when that is known.
func (in *input) options(digest blob.Digest) minio.PutObjectOptions {
	opts := minio.PutObjectOptions{ContentType: in.rule.ContentType}
	if !digest.IsZero() {
		opts.UserMetadata = map[string]string{metaSHA256: digest.String()}
	}
	return opts
}

func (in *input) sum() blob.Digest { return blob.Digest(in.digest.Sum(nil)) }

func (in *input) check() error {
	switch {
	case in.rule.Size > 0 && in.seen > in.rule.Size:
		return blob.Mismatch(in.key, "The file is longer than was announced.")
	case in.rule.Size > 0 && in.seen < in.rule.Size:
		return blob.Mismatch(in.key, "The file is shorter than was announced.")
	case !in.rule.SHA256.IsZero() && in.sum() != in.rule.SHA256:
		return blob.Mismatch(in.key, "The file does not have the announced SHA-256.")
	default:
		return nil
	}
}
