package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/internal/author/folder"
	"lyceum/internal/fault"
	"lyceum/internal/gen/authorapi"
)

const (
	// together is how many parts are sent at a time.
	together = 4
	// lookAgain is how often the server is asked whether it has checked a large file.
	lookAgain = time.Second
)

// parts is how a large file is sent.
type parts = authorapi.RequestUploadRequestUploadRequestUploadPayloadAssetPartsUploadParts

// outgoing is a file on its way.
type outgoing struct {
	from folder.Opener
	// path is in the folder, asset the id on the server.
	path, asset string
	size        int64
	progress    Progress
}

// sendParts sends the parts that are not there yet, some at a time, each with an address of its own.
func (c *Client) sendParts(ctx context.Context, o *outgoing, p *parts) error {
	there := map[int]bool{}
	var sent int64
	for _, part := range p.Received {
		there[part.Number] = part.Size == o.length(p, part.Number)
		if there[part.Number] {
			sent += part.Size
		}
	}
	meter := newMeter(o, sent)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together)
	for number := 1; number <= p.Count; number++ {
		if there[number] {
			continue
		}
		group.Go(func() error {
			if err := c.persist(ctx, func() error { return c.sendPart(ctx, o, p, number, meter) }); err != nil {
				return fmt.Errorf("part %d of %d: %w", number, p.Count, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// length is how many bytes a part has.
func (o *outgoing) length(p *parts, number int) int64 {
	return min(p.Size, o.size-int64(number-1)*p.Size)
}

func (c *Client) sendPart(ctx context.Context, o *outgoing, p *parts, number int, m *meter) error {
	at, length := int64(number-1)*p.Size, o.length(p, number)
	sum, err := o.sumOf(at, length)
	if err != nil {
		return err
	}
	answer, err := authorapi.SignParts(ctx, c.api, &authorapi.SignPartsInput{
		AssetId: o.asset, Parts: []*authorapi.SignPartInput{{Number: number, Sha256: sum}},
	})
	if err != nil {
		return told(err)
	}
	if len(answer.SignParts.Parts) != 1 {
		return fault.New(fault.Conflict, "The server did not say where the part goes.")
	}
	to := answer.SignParts.Parts[0].Upload
	ticket := ticket{method: to.Method, url: to.Url}
	for _, h := range to.Headers {
		ticket.headers = append(ticket.headers, [2]string{h.Name, h.Value})
	}
	return c.transfer(ctx, o, ticket, at, length, m)
}

// sumOf is the SHA-256 of a section of the file.
func (o *outgoing) sumOf(at, length int64) (sum string, err error) {
	body, err := o.section(at, length)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	hash := sha256.New()
	if n, err := io.Copy(hash, body); err != nil || n != length {
		return "", fmt.Errorf("read %s: %d bytes of %d: %w", o.path, n, length, errors.Join(err, errShrunk(n, length)))
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// errShrunk is the fault of a file that has become shorter.
func errShrunk(n, length int64) error {
	if n == length {
		return nil
	}
	return fault.New(fault.BadInput, "The file has changed while it was sent. Push again.")
}

// section opens the file at a place.
func (o *outgoing) section(at, length int64) (io.ReadCloser, error) {
	file, err := o.from.Open(o.path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.path, err)
	}
	if seeker, ok := file.(io.Seeker); ok {
		_, err = seeker.Seek(at, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, file, at)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", o.path, err), file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(file, length), file}, nil
}

// checked waits until the server has checked a large file, and returns what became of it.
func (c *Client) checked(ctx context.Context, id string) error {
	for {
		var answer *authorapi.ArrivalResponse
		err := c.persist(ctx, func() (err error) {
			answer, err = authorapi.Arrival(ctx, c.api, id)
			if err != nil {
				return told(err)
			}
			return nil
		})
		switch {
		case err != nil:
			return err
		case answer.Asset == nil:
			return fault.New(fault.NotFound, "The file was removed from the server while it was checked.")
		case answer.Asset.Status == authorapi.AssetStatusReady:
			return nil
		case answer.Asset.Status != authorapi.AssetStatusChecking:
			return fault.New(fault.BadInput, answer.Asset.Failure)
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", ctx.Err())
		}
	}
}
