package file

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/platform/blob"
)

// Uploads in parts lie under parts/<key>@/<upload>/, each part as "<number>.<SHA-256>".
const (
	partsDir   = "parts"
	uploadName = "upload.json"
)

// The parameters of a signed URL for a part, beside those of an upload.
const (
	paramUpload = "upload"
	paramPart   = "part"
)

// uploadMeta is the description of an upload in parts.
type uploadMeta struct {
	ContentType string `json:"contentType"`
}

// uploadsDir holds all uploads in parts of one object.
func uploadsDir(key blob.Key) string { return path.Join(partsDir, objectDir(key)) }

// uploadDir holds one of them. What is no name of ours is the name of none.
func uploadDir(key blob.Key, upload string) (string, error) {
	if key.IsZero() || upload == "" || strings.Trim(upload, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", blob.NotFound(key)
	}
	return path.Join(uploadsDir(key), upload), nil
}

func partName(number int, digest blob.Digest) string {
	return strconv.Itoa(number) + "." + digest.String()
}

// BeginParts implements blob.Store.
func (s *Store) BeginParts(ctx context.Context, key blob.Key, contentType string) (string, error) {
	if key.IsZero() {
		return "", fmt.Errorf("begin upload: %w", blob.ErrMalformedKey)
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("begin upload: %w", err)
	}
	text, err := json.Marshal(uploadMeta{ContentType: contentType})
	if err != nil {
		return "", fmt.Errorf("encode upload description: %w", err)
	}
	upload := rand.Text()
	dir, err := uploadDir(key, upload)
	if err != nil {
		return "", err
	}
	if err := s.root.MkdirAll(dir, dirMode); err != nil {
		return "", storeError("make upload", err)
	}
	if err := s.root.WriteFile(path.Join(dir, uploadName), text, fileMode); err != nil {
		return "", storeError("make upload", err)
	}
	return upload, nil
}

// PresignPart implements blob.Store.
func (s *Store) PresignPart(_ context.Context, key blob.Key, upload string, rule blob.PartRule) (blob.UploadTicket, error) {
	if err := rule.Validate(); err != nil {
		return blob.UploadTicket{}, err
	}
	if _, err := uploadDir(key, upload); err != nil {
		return blob.UploadTicket{}, fmt.Errorf("sign part: %w", blob.ErrMalformedKey)
	}
	query := url.Values{
		paramUpload: {upload}, paramPart: {strconv.Itoa(rule.Number)},
		paramSize: {strconv.FormatInt(rule.Size, 10)}, paramSHA256: {rule.SHA256.String()},
	}
	expires := time.Now().Add(rule.Expires)
	return blob.UploadTicket{
		Method: http.MethodPut, URL: s.sign(http.MethodPut, key, query, expires), Headers: map[string]string{}, Expires: expires,
	}, nil
}

// receivePart keeps the body as a part, under the signed rule.
func (s *Store) receivePart(w http.ResponseWriter, r *http.Request, key blob.Key, query url.Values) {
	rule, err := wanted(query)
	number, numberErr := strconv.Atoi(query.Get(paramPart))
	if err := errors.Join(err, numberErr); err != nil || rule.sha256.IsZero() {
		s.refuse(w, r, blob.ErrSignature)
		return
	}
	if r.ContentLength >= 0 && r.ContentLength != rule.largest {
		s.refuse(w, r, blob.Mismatch(key, "The Content-Length is not the one that was announced."))
		return
	}
	awaitBody(w, rule.largest)
	if err := s.putPart(r.Context(), key, query.Get(paramUpload), number, r.Body, rule); err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("ETag", `"`+rule.sha256.String()+`"`)
	w.WriteHeader(http.StatusOK)
}

// putPart writes the part under tmp/ and moves it into its place, so that it is there whole or not at all.
func (s *Store) putPart(ctx context.Context, key blob.Key, upload string, number int, body io.Reader, w want) (err error) {
	dir, err := uploadDir(key, upload)
	if err != nil {
		return err
	}
	if _, err := s.root.Stat(dir); err != nil {
		return missing(key, "look up upload", err)
	}
	staged, err := s.stage()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, storeError("remove staged part", s.root.RemoveAll(staged))) }()
	digest := sha256.New()
	size, err := s.writeData(ctx, path.Join(staged, dataName), io.TeeReader(body, digest), w.largest)
	if err != nil {
		return err
	}
	if err := w.check(key, size, digest); err != nil {
		return err
	}
	if err := s.root.Rename(path.Join(staged, dataName), path.Join(dir, partName(number, w.sha256))); err != nil {
		return missing(key, "keep part", err)
	}
	return nil
}

// missing is the error of an upload that is not, or no longer, there.
func missing(key blob.Key, doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return blob.NotFound(key)
	}
	return storeError(doing, err)
}

// Parts implements blob.Store. Of two parts with one number, the younger counts.
func (s *Store) Parts(ctx context.Context, key blob.Key, upload string) ([]blob.Part, error) {
	dir, err := uploadDir(key, upload)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list parts: %w", err)
	}
	entries, err := fs.ReadDir(s.root.FS(), dir)
	if err != nil {
		return nil, missing(key, "list parts", err)
	}
	parts, born := map[int]blob.Part{}, map[int]time.Time{}
	for _, entry := range entries {
		before, after, found := strings.Cut(entry.Name(), ".")
		number, err := strconv.Atoi(before)
		if err != nil || !found {
			continue // its description
		}
		digest, err := blob.ParseDigest(after)
		if err != nil {
			return nil, fmt.Errorf("read part %q of %s: %w", entry.Name(), key, err)
		}
		info, err := entry.Info()
		if err != nil {
			return nil, missing(key, "look up part", err)
		}
		if info.ModTime().Before(born[number]) {
			continue
		}
		born[number] = info.ModTime()
		parts[number] = blob.Part{Number: number, Size: info.Size(), ETag: digest.String(), SHA256: digest}
	}
	return slices.SortedFunc(maps.Values(parts), func(a, b blob.Part) int { return a.Number - b.Number }), nil
}

// CompleteParts implements blob.Store.
func (s *Store) CompleteParts(ctx context.Context, key blob.Key, upload string, parts []blob.Part) (blob.Info, error) {
	dir, err := uploadDir(key, upload)
	if err != nil {
		return blob.Info{}, err
	}
	text, err := s.root.ReadFile(path.Join(dir, uploadName))
	if err != nil {
		return blob.Info{}, missing(key, "read upload description", err)
	}
	var m uploadMeta
	if err := json.Unmarshal(text, &m); err != nil {
		return blob.Info{}, fmt.Errorf("read upload description of %s: %w", key, err)
	}
	w := want{contentType: m.ContentType}
	for _, p := range parts {
		w.largest += p.Size
	}
	w.smallest = w.largest
	joined := &joint{s: s, key: key, dir: dir, parts: slices.Clone(parts)}
	info, err := s.put(ctx, key, joined, w)
	if err := errors.Join(err, joined.close()); err != nil {
		return blob.Info{}, err
	}
	return info, s.AbortParts(ctx, key)
}

// AbortParts implements blob.Store.
func (s *Store) AbortParts(ctx context.Context, key blob.Key) error {
	if key.IsZero() {
		return fmt.Errorf("give up upload: %w", blob.ErrMalformedKey)
	}
	return s.remove(ctx, uploadsDir(key))
}

// joint reads parts one after the other. It has one file open at a time.
type joint struct {
	s     *Store
	key   blob.Key
	dir   string
	parts []blob.Part
	open  io.ReadCloser
}

// Read implements io.Reader.
func (j *joint) Read(p []byte) (int, error) {
	for {
		if j.open == nil {
			if len(j.parts) == 0 {
				return 0, io.EOF
			}
			next := j.parts[0]
			f, err := j.s.root.Open(path.Join(j.dir, partName(next.Number, next.SHA256)))
			if err != nil {
				return 0, missing(j.key, "open part", err)
			}
			j.open, j.parts = f, j.parts[1:]
		}
		n, err := j.open.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, storeError("read part", err)
		}
		if err := j.close(); err != nil || n > 0 {
			return n, err
		}
	}
}

func (j *joint) close() error {
	if j.open == nil {
		return nil
	}
	err := j.open.Close()
	j.open = nil
	return storeError("close part", err)
}
