// Package media owns every file: its upload straight to blob storage, its checks, what is made of films and sounds
// for streaming, and the signed addresses all of it is read at. No byte of a file passes through the API.
package media

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// How long signed addresses are good for.
const (
	uploadLife   = time.Hour
	downloadLife = 15 * time.Minute
)

// Store is what media asks of blob storage.
type Store interface {
	Put(ctx context.Context, key blob.Key, body io.Reader, rule blob.PutRule) (blob.Info, error)
	Open(ctx context.Context, key blob.Key) (*blob.Object, error)
	Stat(ctx context.Context, key blob.Key) (blob.Info, error)
	Delete(ctx context.Context, key blob.Key) error
	DeletePrefix(ctx context.Context, prefix blob.Prefix) error
	List(ctx context.Context, prefix blob.Prefix) iter.Seq2[blob.Entry, error]
	PresignUpload(ctx context.Context, key blob.Key, rule blob.UploadRule) (blob.UploadTicket, error)
	PresignDownload(ctx context.Context, key blob.Key, rule blob.DownloadRule) (string, error)
	Parts
}

// Parts is what media asks of blob storage for large files.
type Parts interface {
	BeginParts(ctx context.Context, key blob.Key, contentType string) (string, error)
	PresignPart(ctx context.Context, key blob.Key, upload string, rule blob.PartRule) (blob.UploadTicket, error)
	Parts(ctx context.Context, key blob.Key, upload string) ([]blob.Part, error)
	CompleteParts(ctx context.Context, key blob.Key, upload string, parts []blob.Part) (blob.Info, error)
	AbortParts(ctx context.Context, key blob.Key) error
}

// Paths signs paths below which all files of one asset can be fetched: playlists name their segments relative to
// themselves.
type Paths interface {
	SignPath(prefix blob.Prefix, expires time.Time) (string, error)
}

// Bus wakes whoever watches an asset, in every process. Waking is a hint: what there is to know is in the asset's row.
type Bus interface {
	// Wake tells all who watch the asset that it changed.
	Wake(ctx context.Context, tenant, asset uuid.UUID)
	// Listen returns a channel that gets a value after each Wake, until ctx ends.
	Listen(ctx context.Context, tenant, asset uuid.UUID) <-chan struct{}
}

// Gate looks after viewers who were let in.
type Gate interface {
	// Gone returns a channel that is closed when the viewer is not welcome any more. They are looked after until ctx
	// ends.
	Gone(ctx context.Context, v viewer.Viewer) <-chan struct{}
}

// Holders says who uses a file.
type Holders interface {
	// Holding returns the titles of the courses that use the file, drafts and whatever was published.
	Holding(ctx context.Context, tx *pg.Tx, asset uuid.UUID) ([]string, error)
}

// Service is the media context.
type Service struct {
	DB    *pg.DB
	Blobs Store
	// MaxUpload is the size of the largest file, in bytes.
	MaxUpload int64
	// PartSize is that of the parts of large files, in bytes; zero is 16 MiB.
	PartSize int64
	// Quota is how many bytes the files of a tenant may take, and QuotaPerUser the uploads of one person, where the
	// tenant's row says nothing else; zero is no bound.
	Quota, QuotaPerUser int64
	// Grace is how long a deleted file can be restored.
	Grace time.Duration
	// Holders are asked before a file is deleted; nil is nobody.
	Holders Holders

	// Paths signs what is streamed from Origin, the scheme and host where signed paths are served. With nil nothing
	// is streamed, and films are played as they were uploaded.
	Paths  Paths
	Origin string

	// Converter converts films and sounds; with nil they are played as they were uploaded. WorkDir finds or makes the
	// directory where that happens, always the same, which the converter's own user can pass through.
	Converter Converter
	WorkDir   func() (string, error)

	Bus  Bus
	Gate Gate
	// Look is how often a watched asset is looked at without being woken. Zero is three seconds.
	Look time.Duration
	// Log hears of what goes wrong out of sight; nil is the default logger.
	Log *slog.Logger
}
