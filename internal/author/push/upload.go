package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"lyceum/internal/author/course"
	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
	"lyceum/internal/gen/authorapi"
)

// askAtOnce is how many digests one request asks about.
const askAtOnce = 100

// digest reads the files that the course uses and returns their digests. Captions of a film travel inside its lesson, unless
// a text leads to their file as well.
func digest(c *course.Course, from folder.Opener) (digests, error) {
	found := digests{}
	for _, file := range withoutCaptions(c).MediaPaths() {
		sum, err := sumOf(from, file)
		if err != nil {
			return nil, err
		}
		found[file] = sum
	}
	return found, nil
}

// withoutCaptions is the course with films that have none.
func withoutCaptions(c *course.Course) *course.Course {
	bare := *c
	bare.Modules = slices.Clone(c.Modules)
	for i := range bare.Modules {
		lessons := slices.Clone(bare.Modules[i].Lessons)
		for j, l := range lessons {
			if l.Video != nil {
				film := *l.Video
				film.Captions = nil
				lessons[j].Video = &film
			}
		}
		bare.Modules[i].Lessons = lessons
	}
	return &bare
}

func sumOf(from folder.Opener, file string) (sum string, err error) {
	reader, err := from.Open(file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	hash := sha256.New()
	if _, err := io.Copy(hash, reader); err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// upload makes sure that every file is on the server, and returns the ids of the assets by digest. Files
// that are there already are not sent.
func (c *Client) upload(ctx context.Context, f *folder.Folder, files digests, p Progress) (map[string]string, error) {
	ids, err := c.there(ctx, files)
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, m := range f.Media {
		sizes[m.Path] = m.Size
	}
	var missing []string
	for file, sum := range files {
		if ids[sum] == "" {
			missing = append(missing, file)
		}
	}
	slices.Sort(missing)
	p.Begin("files", len(missing))
	for _, file := range missing {
		sum := files[file]
		if ids[sum] == "" {
			id, err := c.send(ctx, f, file, sum, sizes[file], p)
			if err != nil {
				return nil, fmt.Errorf("upload %s: %w", file, err)
			}
			ids[sum] = id
		}
		p.Step("files", file)
	}
	return ids, nil
}

func (c *Client) there(ctx context.Context, files digests) (map[string]string, error) {
	sums := make([]string, 0, len(files))
	for _, sum := range files {
		sums = append(sums, sum)
	}
	ids := map[string]string{}
	for some := range slices.Chunk(sums, askAtOnce) {
		answer, err := authorapi.AssetsByContent(ctx, c.api, some)
		if err != nil {
			return nil, told(err)
		}
		for _, asset := range answer.AssetsByContent {
			ids[asset.Sha256] = asset.Id
		}
	}
	return ids, nil
}

// send uploads one file straight to storage. An upload in parts goes on where an earlier one stopped.
func (c *Client) send(ctx context.Context, f *folder.Folder, file, sum string, size int64, p Progress) (id string, err error) {
	contentType, err := typeOf(f, file)
	if err != nil {
		return "", err
	}
	var asked *authorapi.RequestUploadResponse
	err = c.persist(ctx, func() (err error) {
		asked, err = authorapi.RequestUpload(ctx, c.api, &authorapi.RequestUploadInput{
			Kind: kindOf(contentType), FileName: path.Base(file), ContentType: contentType, Size: size, Sha256: sum,
		})
		if err != nil {
			return told(err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	asset, to := asked.RequestUpload.Asset, asked.RequestUpload.Upload
	o := &outgoing{from: f, path: file, asset: asset.Id, size: size, progress: p}
	switch {
	case asset.Status == authorapi.AssetStatusReady:
		return asset.Id, nil
	case asset.Parts != nil:
		err = c.sendParts(ctx, o, asset.Parts)
	case to != nil:
		err = c.sendWhole(ctx, o, to)
	}
	if err != nil {
		return "", err
	}
	return asset.Id, c.complete(ctx, asset.Id)
}

// complete says that all was sent, and waits for the verdict.
func (c *Client) complete(ctx context.Context, id string) error {
	var answer *authorapi.CompleteUploadResponse
	err := c.persist(ctx, func() (err error) {
		answer, err = authorapi.CompleteUpload(ctx, c.api, id)
		if err != nil {
			return told(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch done := answer.CompleteUpload.Asset; done.Status {
	case authorapi.AssetStatusReady:
		return nil
	case authorapi.AssetStatusChecking:
		return c.checked(ctx, id)
	default:
		return fault.New(fault.BadInput, done.Failure)
	}
}

// sendWhole sends a file in one piece. What is stored already was sent by an earlier try whose answer was lost.
func (c *Client) sendWhole(
	ctx context.Context, o *outgoing, to *authorapi.RequestUploadRequestUploadRequestUploadPayloadUploadUploadTicket,
) error {
	t := ticket{method: to.Method, url: to.Url}
	for _, h := range to.Headers {
		t.headers = append(t.headers, [2]string{h.Name, h.Value})
	}
	m := newMeter(o, 0)
	err := c.persist(ctx, func() error { return c.transfer(ctx, o, t, 0, o.size, m) })
	var refused answered
	if errors.As(err, &refused) && refused.code == http.StatusPreconditionFailed {
		return nil
	}
	return err
}

// ticket is where bytes go.
type ticket struct {
	method, url string
	// headers are names and values.
	headers [][2]string
}

// transfer sends a section of the file.
func (c *Client) transfer(ctx context.Context, o *outgoing, to ticket, at, length int64, m *meter) (err error) {
	section, err := o.section(at, length)
	if err != nil {
		return err
	}
	body := &metered{ReadCloser: section, m: m}
	defer func() {
		if err != nil {
			body.takeBack()
		}
	}()
	// The client closes the body.
	request, err := http.NewRequestWithContext(ctx, to.method, to.url, body)
	if err != nil {
		return errors.Join(fmt.Errorf("prepare upload: %w", err), body.Close())
	}
	request.ContentLength = length
	for _, header := range to.headers {
		request.Header.Set(header[0], header[1])
	}
	response, err := c.files.Do(request)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode/100 != 2 {
		return answered{response.StatusCode, response.Status}
	}
	return nil
}

// typeOf is the media type of a file: what its bytes show, made more precise by its name where they do not
// tell.
func typeOf(f *folder.Folder, file string) (contentType string, err error) {
	reader, err := f.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	found, err := mimetype.DetectReader(reader)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	base, _, _ := strings.Cut(found.String(), ";")
	if base != "text/plain" {
		return base, nil
	}
	switch strings.ToLower(path.Ext(file)) {
	case ".md":
		return "text/markdown", nil
	case ".csv":
		return "text/csv", nil
	default:
		return base, nil
	}
}

func kindOf(contentType string) authorapi.AssetKind {
	family, _, _ := strings.Cut(contentType, "/")
	switch family {
	case "video":
		return authorapi.AssetKindVideo
	case "audio":
		return authorapi.AssetKindAudio
	case "image":
		return authorapi.AssetKindImage
	default:
		return authorapi.AssetKindDocument
	}
}
