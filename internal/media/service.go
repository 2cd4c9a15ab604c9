// Package media owns every file: its upload straight to blob storage, its checks, and the signed addresses
// it is read at. No byte of a file passes through the API.
package media

import (
	"context"
	"time"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
)

// How long signed addresses are good for.
const (
	uploadLife   = time.Hour
	downloadLife = 15 * time.Minute
)

// Store is what media asks of blob storage.
type Store interface {
	Open(ctx context.Context, key blob.Key) (*blob.Object, error)
	Stat(ctx context.Context, key blob.Key) (blob.Info, error)
	Delete(ctx context.Context, key blob.Key) error
	PresignUpload(ctx context.Context, key blob.Key, rule blob.UploadRule) (blob.UploadTicket, error)
	PresignDownload(ctx context.Context, key blob.Key, rule blob.DownloadRule) (string, error)
}

// Service is the media context.
type Service struct {
	DB    *pg.DB
	Blobs Store
	// MaxUpload is the size of the largest file, in bytes.
	MaxUpload int64
}
