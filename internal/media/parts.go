package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// usualPart is the size of a part unless the service says another. A file of up to wholeParts of them is sent whole.
	usualPart  = 16 << 20
	wholeParts = 4
	// signAtOnce is how many parts one request signs.
	signAtOnce = 32
	// partsLife is how long an upload in parts is kept after addresses were asked for.
	partsLife = 24 * time.Hour
	// checkLife is how long an upload that has arrived may wait to be checked.
	checkLife = 7 * 24 * time.Hour
	// checkAgain is how long after an upload has arrived another check is asked for when its file is announced again: jobs
	// are given up when the storage is away for long. It is longer than one attempt takes; two at once do no harm.
	checkAgain = 2 * time.Hour
)

func (s *Service) partSize() int64 { return cmp.Or(s.PartSize, usualPart) }

// sizeFor is the size of the parts of a file: as small as the number of parts allows.
func (s *Service) sizeFor(size int64) int64 {
	part := s.partSize()
	for size > part*blob.MaxParts {
		part *= 2
	}
	return part
}

// partCount is in how many parts the asset is sent.
func partCount(a *ent.Asset) int { return int((a.Size + a.PartSize - 1) / a.PartSize) }

// partLength is how many bytes a part of the asset has.
func partLength(a *ent.Asset, number int) int64 {
	return min(a.PartSize, a.Size-int64(number-1)*a.PartSize)
}

// announceLarge returns the viewer's own upload of the same content that is under way, else a new one.
func (s *Service) announceLarge(ctx context.Context, u Upload) (*ent.Asset, error) {
	v, _ := viewer.From(ctx)
	var made *ent.Asset
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if err := s.queue(ctx, tx); err != nil {
			return err
		}
		there, err := tx.Asset.Query().
			Where(asset.OwnerID(v.User), asset.Sha256(u.SHA256), asset.KindEQ(u.Kind), asset.ContentType(u.ContentType),
				asset.Size(u.Size), asset.PartSizeGT(0), asset.StatusIn(asset.StatusPENDING, asset.StatusCHECKING)).
			Order(asset.ByID()).
			ForUpdate().
			First(ctx)
		switch {
		case err == nil && there.Status == asset.StatusCHECKING:
			made, err = s.remind(ctx, tx, there)
			return err
		case err == nil:
			made, err = tx.Asset.UpdateOne(there).SetExpiresAt(time.Now().Add(partsLife)).Save(ctx)
			return wrapped("renew upload", err)
		case !ent.IsNotFound(err):
			return fmt.Errorf("look for upload: %w", err)
		}
		if err := s.reserve(ctx, tx, u.Size); err != nil {
			return err
		}
		id := uuid.Must(uuid.NewV7())
		key, err := keyOf(v.Tenant, id, u.FileName)
		if err != nil {
			return err
		}
		made, err = u.creation(tx, v, id, key).
			SetPartSize(s.sizeFor(u.Size)).SetExpiresAt(time.Now().Add(partsLife)).Save(ctx)
		return wrapped("keep asset", err)
	})
	if err != nil {
		return nil, fmt.Errorf("create upload: %w", err)
	}
	return made, nil
}

func wrapped(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// PartAsked is a part that a client wants to send.
type PartAsked struct {
	// Number is from 1.
	Number int
	// SHA256 is in hex.
	SHA256 string
}

// PartTicket is where one part goes.
type PartTicket struct {
	Number int
	Ticket blob.UploadTicket
}

// SignParts returns where to send parts of the viewer's upload, or to an admin of anybody's, and keeps what has arrived for another day.
func (s *Service) SignParts(ctx context.Context, id uuid.UUID, asked []PartAsked) ([]PartTicket, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var c input.Checker
	c.Count("parts", len(asked), signAtOnce)
	c.Check(len(asked) > 0, "parts", "Name at least one part.")
	if err := c.Err(); err != nil {
		return nil, err
	}
	a, rules, err := s.renew(ctx, id, asked)
	if err != nil {
		return nil, err
	}
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return nil, fmt.Errorf("read blob key: %w", err)
	}
	tickets := make([]PartTicket, len(rules))
	for i, rule := range rules {
		ticket, err := s.Blobs.PresignPart(ctx, key, a.UploadID, rule)
		if err != nil {
			return nil, fmt.Errorf("sign part %d: %w", rule.Number, err)
		}
		tickets[i] = PartTicket{Number: rule.Number, Ticket: ticket}
	}
	return tickets, nil
}

// rulesOf are the rules under which parts are accepted.
func rulesOf(a *ent.Asset, asked []PartAsked) ([]blob.PartRule, error) {
	var c input.Checker
	rules := make([]blob.PartRule, len(asked))
	seen := map[int]bool{}
	for i, part := range asked {
		c.Between(input.Path("parts", i, "number"), part.Number, 1, partCount(a))
		c.Check(!seen[part.Number], input.Path("parts", i, "number"), "This part stands there twice.")
		seen[part.Number] = true
		digest, err := blob.ParseDigest(part.SHA256)
		c.Check(err == nil && !digest.IsZero(), input.Path("parts", i, "sha256"), noDigest)
		rules[i] = blob.PartRule{Number: part.Number, Size: partLength(a, part.Number), SHA256: digest, Expires: uploadLife}
	}
	return rules, c.Err()
}

// renew puts off the end of an upload of which parts are asked for, and begins it in the storage unless that was done.
func (s *Service) renew(ctx context.Context, id uuid.UUID, asked []PartAsked) (*ent.Asset, []blob.PartRule, error) {
	v, _ := viewer.From(ctx)
	var renewed *ent.Asset
	var rules []blob.PartRule
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case a.OwnerID != v.User && v.Role != viewer.TenantAdmin:
			return fault.New(fault.NotFound, "There is no such file.")
		case a.Status != asset.StatusPENDING:
			return fault.New(fault.Conflict, "This upload is over; nothing more can be sent.")
		case a.PartSize == 0:
			return fault.New(fault.Conflict, "This file is sent in one piece, as its upload says.")
		}
		if rules, err = rulesOf(a, asked); err != nil {
			return err
		}
		update := tx.Asset.UpdateOne(a).SetExpiresAt(time.Now().Add(partsLife))
		if a.UploadID == "" {
			// Should this transaction be lost, the upload is given up with all others of the key when the asset ends.
			upload, err := s.open(ctx, a)
			if err != nil {
				return err
			}
			update.SetUploadID(upload)
		}
		renewed, err = update.Save(ctx)
		return wrapped("renew upload", err)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("renew upload: %w", err)
	}
	return renewed, rules, nil
}

func (s *Service) open(ctx context.Context, a *ent.Asset) (string, error) {
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return "", fmt.Errorf("read blob key: %w", err)
	}
	upload, err := s.Blobs.BeginParts(ctx, key, a.ContentType)
	if err != nil {
		return "", fmt.Errorf("begin upload: %w", err)
	}
	return upload, nil
}

// Received returns the parts of an upload that have arrived; none for what is not sent in parts.
func (s *Service) Received(ctx context.Context, a *ent.Asset) ([]blob.Part, error) {
	if a.PartSize == 0 || a.UploadID == "" {
		return nil, nil
	}
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return nil, fmt.Errorf("read blob key: %w", err)
	}
	parts, err := s.Blobs.Parts(ctx, key, a.UploadID)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil // they are one object by now
	}
	return parts, wrapped("list parts", err)
}

// Sending reports whether the asset waits for parts, and in how many it is sent.
func Sending(a *ent.Asset) (count int, waits bool) {
	if a.PartSize == 0 || a.Status != asset.StatusPENDING {
		return 0, false
	}
	return partCount(a), true
}

// arrived makes an upload in parts wait to be checked, when all of it is there.
func (s *Service) arrived(ctx context.Context, a *ent.Asset) (*ent.Asset, error) {
	parts, err := s.Received(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := complete(a, parts); err != nil {
		return nil, err
	}
	var waiting *ent.Asset
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		now, err := locked(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if now.Status != asset.StatusPENDING {
			waiting = now
			return nil
		}
		waiting, err = s.askForCheck(ctx, tx, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("complete upload: %w", err)
	}
	return waiting, nil
}

// askForCheck makes the upload wait to be checked.
func (s *Service) askForCheck(ctx context.Context, tx *pg.Tx, a *ent.Asset) (*ent.Asset, error) {
	waiting, err := tx.Asset.UpdateOne(a).SetStatus(asset.StatusCHECKING).SetExpiresAt(time.Now().Add(checkLife)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("mark asset: %w", err)
	}
	s.wakeAfter(ctx, tx, waiting)
	return waiting, tx.Enqueue(ctx, UploadArrived{
		ID: uuid.Must(uuid.NewV7()), Tenant: a.TenantID, At: time.Now().UTC(), Asset: a.ID,
	})
}

// remind asks for the check of an upload again that has waited for so long that nobody seems to be at it.
func (s *Service) remind(ctx context.Context, tx *pg.Tx, a *ent.Asset) (*ent.Asset, error) {
	if time.Since(a.UpdatedAt) < checkAgain {
		return a, nil
	}
	return s.askForCheck(ctx, tx, a)
}

// complete returns a fault that names what is missing of the asset.
func complete(a *ent.Asset, parts []blob.Part) error {
	const named = 10
	there := map[int]bool{}
	for _, p := range parts {
		there[p.Number] = p.Size == partLength(a, p.Number)
	}
	var missing []string
	for number := range partCount(a) {
		if !there[number+1] {
			missing = append(missing, strconv.Itoa(number+1))
		}
	}
	if len(missing) == 0 && len(parts) == partCount(a) {
		return nil
	}
	list := strings.Join(missing[:min(len(missing), named)], ", ")
	if len(missing) > named {
		list += ", …"
	}
	return fault.Newf(fault.Conflict, "%d of %d parts have not arrived whole; send them first: %s.", len(missing), partCount(a), list)
}

// Check makes one object of an upload that has arrived, and settles it. Asking again changes nothing.
func (s *Service) Check(ctx context.Context, id uuid.UUID) error {
	a, err := s.DB.Asset.Get(ctx, id)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "There is no such file.")
	} else if err != nil {
		return fmt.Errorf("find asset: %w", err)
	}
	if a.Status != asset.StatusCHECKING {
		return nil
	}
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return fmt.Errorf("read blob key: %w", err)
	}
	if err := s.join(ctx, a, key); err != nil {
		return err
	}
	refusal, err := s.inspect(ctx, a)
	if fault.CodeOf(err) == fault.Conflict {
		refusal, err = "The storage has lost what was sent. Upload the file again.", nil
	}
	if err != nil {
		return err
	}
	if err := s.Blobs.AbortParts(ctx, key); err != nil {
		return fmt.Errorf("clear up after upload: %w", err)
	}
	_, err = s.settle(ctx, a, refusal)
	return err
}

// join makes one object of the parts, unless that was done.
func (s *Service) join(ctx context.Context, a *ent.Asset, key blob.Key) error {
	parts, err := s.Received(ctx, a)
	if err != nil || len(parts) == 0 {
		return err
	}
	slices.SortFunc(parts, func(x, y blob.Part) int { return x.Number - y.Number })
	_, err = s.Blobs.CompleteParts(ctx, key, a.UploadID, parts)
	if errors.Is(err, blob.ErrExists) || errors.Is(err, blob.ErrNotFound) {
		return nil // another process was quicker; what is there is looked at
	}
	return wrapped("make one object of the parts", err)
}
