package media

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/usage"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/sniff"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxName is the longest name of a file, in characters.
const maxName = 255

// Upload announces a file.
type Upload struct {
	Kind        asset.Kind
	FileName    string
	ContentType string
	// Size is in bytes.
	Size int64
	// SHA256 is in hex.
	SHA256 string
}

// noDigest says what a digest is.
const noDigest = "Give the file's SHA-256 as 64 hexadecimal digits."

// check returns the digest of a file that may be announced.
func (u Upload) check(largest int64) (blob.Digest, error) {
	var c input.Checker
	c.Line("fileName", u.FileName, 1, maxName)
	c.Check(asset.KindValidator(u.Kind) == nil, "kind", "There is no such kind of file.")
	c.Check(slices.Contains(allowed(u.Kind), u.ContentType), "contentType",
		"Files of this kind can be: "+strings.Join(allowed(u.Kind), ", ")+".")
	c.Check(u.Size > 0 && u.Size <= largest, "size", fmt.Sprintf("A file has 1 to %d bytes.", largest))
	digest, err := blob.ParseDigest(u.SHA256)
	c.Check(err == nil && !digest.IsZero(), "sha256", noDigest)
	return digest, c.Err()
}

// allowed lists the media types of a kind.
func allowed(kind asset.Kind) []string {
	switch kind {
	case asset.KindVIDEO:
		return sniff.Videos()
	case asset.KindAUDIO:
		return sniff.Sounds()
	case asset.KindIMAGE:
		return sniff.Images()
	case asset.KindCAPTION:
		return []string{"text/vtt", "application/x-subrip"}
	default:
		return sniff.Documents()
	}
}

// Request announces a file and returns where its bytes go. A file with the same content that is ready
// already is returned instead, with no ticket. A large file has no ticket either: see SignParts.
func (s *Service) Request(ctx context.Context, u Upload) (*ent.Asset, *blob.UploadTicket, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, nil, err
	}
	digest, err := u.check(s.MaxUpload)
	if err != nil {
		return nil, nil, err
	}
	there, err := s.DB.Asset.Query().
		Where(asset.Sha256(digest.String()), asset.KindEQ(u.Kind), asset.ContentType(u.ContentType), asset.StatusEQ(asset.StatusREADY)).
		Order(asset.ByID()).
		First(ctx)
	if err == nil {
		return there, nil, nil
	} else if !ent.IsNotFound(err) {
		return nil, nil, fmt.Errorf("look for the file: %w", err)
	}
	u.SHA256 = digest.String()
	if u.Size > s.partSize()*wholeParts {
		made, err := s.announceLarge(ctx, u)
		return made, nil, err
	}
	return s.announce(ctx, u, digest)
}

func (s *Service) announce(ctx context.Context, u Upload, digest blob.Digest) (*ent.Asset, *blob.UploadTicket, error) {
	v, _ := viewer.From(ctx)
	id := uuid.Must(uuid.NewV7())
	key, err := keyOf(v.Tenant, id, u.FileName)
	if err != nil {
		return nil, nil, err
	}
	ticket, err := s.Blobs.PresignUpload(ctx, key, blob.UploadRule{
		ContentType: u.ContentType, Size: u.Size, SHA256: digest, Expires: uploadLife,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("sign upload: %w", err)
	}
	var made *ent.Asset
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if err := s.reserve(ctx, tx, u.Size); err != nil {
			return err
		}
		made, err = u.creation(tx, v, id, key).SetExpiresAt(ticket.Expires).Save(ctx)
		if err != nil {
			return fmt.Errorf("keep asset: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("create upload: %w", err)
	}
	return made, &ticket, nil
}

// creation is the asset of an upload that the viewer announces.
func (u Upload) creation(tx *pg.Tx, v viewer.Viewer, id uuid.UUID, key blob.Key) *ent.AssetCreate {
	return tx.Asset.Create().
		SetID(id).SetOwnerID(v.User).SetKind(u.Kind).SetFileName(blob.CleanFilename(u.FileName)).
		SetContentType(u.ContentType).SetSize(u.Size).SetSha256(strings.ToLower(u.SHA256)).
		SetBlobKey(key.String())
}

// keyOf is where an asset lies: under its own id, with an extension that helps people who look there.
func keyOf(tenant, id uuid.UUID, fileName string) (blob.Key, error) {
	extension := strings.ToLower(path.Ext(fileName))
	if len(extension) > 8 || strings.Trim(strings.TrimPrefix(extension, "."), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		extension = ""
	}
	key, err := blob.NewKey(tenant, "assets", id.String()+extension)
	if err != nil {
		return blob.Key{}, fmt.Errorf("make blob key: %w", err)
	}
	return key, nil
}

// Complete checks what was sent for the asset and makes it ready, or rejects it and says why. Asking again
// changes nothing.
func (s *Service) Complete(ctx context.Context, id uuid.UUID) (*ent.Asset, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	pending, err := s.DB.Asset.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such file.")
	} else if err != nil {
		return nil, fmt.Errorf("find asset: %w", err)
	}
	if pending.Status != asset.StatusPENDING {
		return pending, nil
	}
	if pending.PartSize > 0 {
		return s.arrived(ctx, pending)
	}
	refusal, err := s.inspect(ctx, pending)
	if err != nil {
		return nil, err
	}
	return s.settle(ctx, pending, refusal)
}

// inspect returns why the bytes are not acceptable, or "". The size and the digest were pinned by the
// ticket; they are checked again, because a store may have been told more than it checks.
func (s *Service) inspect(ctx context.Context, a *ent.Asset) (refusal string, err error) {
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return "", fmt.Errorf("read blob key: %w", err)
	}
	object, err := s.Blobs.Open(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return "", fault.New(fault.Conflict, "The bytes have not arrived; send them first.")
	} else if err != nil {
		return "", fmt.Errorf("open upload: %w", err)
	}
	defer func() { err = errors.Join(err, object.Close()) }()
	if object.Info.Size != a.Size {
		return "The file does not have the announced size.", nil
	}
	if object.Info.ContentType != a.ContentType {
		return "The file does not have the announced type.", nil
	}
	if same, err := matches(object, a.Sha256); err != nil {
		return "", err
	} else if !same {
		return "The file does not have the announced content.", nil
	}
	report, err := sniff.Inspect(a.ContentType, object, a.Size)
	if err != nil {
		return "", fmt.Errorf("inspect upload: %w", err)
	}
	return sentence(report.Accept("file", allowed(a.Kind)))
}

// sentence is what a fault says, or "" for none. Any other error is no verdict on the file.
func sentence(err error) (string, error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Message, nil
	}
	return "", err
}

// convertible reports whether files of the kind are streamed.
func convertible(kind asset.Kind) bool { return kind == asset.KindVIDEO || kind == asset.KindAUDIO }

// settle writes the outcome once; of two that settle at the same time the first counts.
func (s *Service) settle(ctx context.Context, a *ent.Asset, refusal string) (*ent.Asset, error) {
	var settled *ent.Asset
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		locked, err := tx.Asset.Query().Where(asset.ID(a.ID)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no such file.") // it was swept meanwhile
		} else if err != nil {
			return fmt.Errorf("lock asset: %w", err)
		}
		if locked.Status != a.Status {
			settled = locked
			return nil
		}
		update := tx.Asset.UpdateOne(locked).SetStatus(asset.StatusREADY).ClearExpiresAt()
		switch {
		case refusal != "":
			update = tx.Asset.UpdateOne(locked).SetStatus(asset.StatusREJECTED).SetFailure(refusal).SetExpiresAt(time.Now())
		case convertible(locked.Kind):
			update.SetConversion(asset.ConversionWAITING)
		}
		if settled, err = update.Save(ctx); err != nil {
			return fmt.Errorf("keep outcome: %w", err)
		}
		s.wakeAfter(ctx, tx, settled)
		if settled.Status == asset.StatusREADY {
			if err := account(ctx, tx, usage.KindBYTES_STORED, settled.ID, settled.Size); err != nil {
				return err
			}
		}
		if settled.Conversion == asset.ConversionWAITING {
			if err := ask(ctx, tx, settled); err != nil {
				return err
			}
		}
		return tx.Record(ctx, pg.Entry{
			Action: "asset.settled", Subject: settled.GlobalID().String(), Data: map[string]string{"status": string(settled.Status)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("settle upload: %w", err)
	}
	return settled, nil
}
